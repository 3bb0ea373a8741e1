"""Vectors from an embedding API: any server that speaks OpenAI's ``/embeddings``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from quant_tui.domain.errors import EmbeddingFailed
from quant_tui.genai.embedding import Vectors, unit_vectors

if TYPE_CHECKING:
    import httpx2

TIMEOUT_SECONDS = 60.0
LONGEST_SAID = 200
"""Characters of a server's own words that are shown."""


class EndpointEmbedder:
    """An embedding model at a server. It sends the texts of the user's objects there.

    Parameters
    ----------
    address
        With the path before ``/embeddings``, as ``https://api.openai.com/v1``.
    model
        Its name there.
    key
        Gives the key, empty for a server without; called in the thread that asks.
    key_name
        The secret that holds it, for messages.
    transport
        Stands in for the network in tests.
    """

    batch = 100

    def __init__(
        self,
        address: str,
        model: str,
        key: Callable[[], str],
        *,
        key_name: str = "",
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._address = address.rstrip("/")
        self._host = urlsplit(address).netloc.rpartition("@")[2]
        self._model = model
        self._key = key
        self._key_name = key_name
        self._transport = transport
        self.name = f"{model}@{self._host}"
        self.dimensions: int | None = None

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts, shape ``(texts, dimensions)``.

        Raises
        ------
        EmbeddingFailed
            The server could not be reached, refused, or gave no usable answer.
        """
        found = [
            vector
            for start in range(0, len(texts), self.batch)
            for vector in self._ask(texts[start : start + self.batch])
        ]
        if len({len(one) for one in found} | ({self.dimensions} - {None})) > 1:
            raise self._failed("its vectors are of different lengths")
        vectors = np.array(found, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise self._failed("its vectors hold what is no number")
        if found:
            self.dimensions = len(found[0])
        return unit_vectors(vectors.reshape(len(found), -1))

    def embed_query(self, text: str) -> Vectors:
        """Return the vector of what is looked for, shape ``(dimensions,)``."""
        found: Vectors = self.embed_documents([text])[0]
        return found

    def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        import httpx2

        key = self._key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        body = {"model": self._model, "input": [*texts], "encoding_format": "float"}
        try:
            with httpx2.Client(timeout=TIMEOUT_SECONDS, transport=self._transport) as client:
                answer = client.post(f"{self._address}/embeddings", json=body, headers=headers)
        except httpx2.TimeoutException:
            raise self._failed(
                f"it did not answer within {TIMEOUT_SECONDS:g} seconds", "Try again later."
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._failed(
                f"it cannot be reached ({type(error).__name__})",
                f"Is the server running, and is {self._address} its address?",
            ) from error
        if answer.status_code != 200:
            raise self._refused(answer.status_code, answer.text)
        return self._read(answer, len(texts))

    def _read(self, answer: httpx2.Response, count: int) -> list[list[float]]:
        try:
            rows = sorted(answer.json()["data"], key=lambda row: int(row["index"]))
            vectors = [[float(number) for number in row["embedding"]] for row in rows]
        except (ValueError, KeyError, TypeError) as error:
            raise self._failed(
                "its answer is not that of an embedding API",
                "Does retrieval.base_url end as it should, often in /v1?",
            ) from error
        if len(vectors) != count or not all(vectors):
            raise self._failed(f"it answered {len(vectors)} vectors for {count} texts")
        return vectors

    def _refused(self, status: int, body: str) -> EmbeddingFailed:
        words = " ".join(body.split())[:LONGEST_SAID]
        if status == 401:
            secret = self._key_name or "openai_api_key"
            return self._failed(
                "it refused the key (401)", f"Set it: quant-tui secret set {secret}"
            )
        if status == 404:
            return self._failed(
                f"it has no model {self._model!r} at {self._address} (404)",
                "Set retrieval.model and retrieval.base_url.",
            )
        if status == 429:
            return self._failed("it gets too many requests (429)", "Try again later.")
        return self._failed(f"it answered {status}: {words}")

    def _failed(self, what: str, hint: str = "") -> EmbeddingFailed:
        return EmbeddingFailed(
            f"{self._host} made no vectors: {what}.",
            hint=hint or "Try again, or set retrieval.embedder to offline.",
        )
