"""Vectors from an embedding API: batches, order, and every failure as one clear error."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import numpy as np
import pytest

from quant_tui.domain.errors import EmbeddingFailed
from quant_tui.genai.embedding_endpoint import EndpointEmbedder

Answer = Callable[[httpx2.Request], httpx2.Response]


def embedder(answer: Answer, key: str = "sk-1234") -> EndpointEmbedder:
    transport = httpx2.MockTransport(answer)
    return EndpointEmbedder(
        "http://127.0.0.1:8080/v1/", "small", lambda: key, key_name="my_key", transport=transport
    )


def test_texts_are_asked_in_batches_and_come_back_in_order() -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        texts = json.loads(request.content)["input"]
        rows = [{"index": at, "embedding": [3.0 * int(one), 4.0 * int(one)]}
                for at, one in enumerate(texts, 0)]  # fmt: skip
        return httpx2.Response(200, json={"data": rows[::-1]})

    encoder = embedder(answer)
    assert (encoder.name, encoder.dimensions) == ("small@127.0.0.1:8080", None)
    vectors = encoder.embed_documents([str(number) for number in range(250)])
    assert vectors.shape == (250, 2)
    assert np.allclose(vectors[1:], [0.6, 0.8])
    assert np.allclose(vectors[0], 0)
    assert [len(json.loads(one.content)["input"]) for one in asked] == [100, 100, 50]
    assert str(asked[0].url) == "http://127.0.0.1:8080/v1/embeddings"
    assert asked[0].headers["Authorization"] == "Bearer sk-1234"
    assert encoder.dimensions == 2
    embedder(answer, key="").embed_query("7")
    assert "Authorization" not in asked[-1].headers


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, "no", "refused the key (401). Set it: quant-tui secret set my_key"),
        (404, "no", "has no model 'small' at http://127.0.0.1:8080/v1 (404)"),
        (429, "no", "too many requests (429)"),
        (500, "out of\nmemory", "answered 500: out of memory"),
        (200, "<html>", "not that of an embedding API"),
        (200, '{"data": null}', "not that of an embedding API"),
        (200, '{"data": []}', "0 vectors for 2 texts"),
        (200, '{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]}',
         "different lengths"),
        (200, '{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1e999]}]}',
         "no number"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_with_what_to_do(status: int, body: str, said: str) -> None:
    encoder = embedder(lambda _request: httpx2.Response(status, text=body))
    with pytest.raises(EmbeddingFailed) as caught:
        encoder.embed_documents(["a", "b"])
    assert said in str(caught.value)
    assert str(caught.value).startswith("127.0.0.1:8080 made no vectors: ")
    assert caught.value.hint
    assert "sk-1234" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx2.ConnectError("refused"), "cannot be reached (ConnectError)"),
        (httpx2.ReadTimeout("slow"), "did not answer within 60 seconds"),
    ],
)
def test_a_server_that_is_not_there_is_said(error: Exception, said: str) -> None:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(EmbeddingFailed) as caught:
        embedder(answer).embed_query("a")
    assert said in str(caught.value)
