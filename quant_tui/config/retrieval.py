"""How texts are turned into vectors, and where the index of them is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from quant_tui.config.chat import DEFAULT_KEY, OPENAI_URL
from quant_tui.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """What finds the user's own objects by their texts.

    ``embedder`` is ``offline`` (an encoder on this machine) or ``endpoint`` (the embedding
    API at ``base_url``, empty for OpenAI's, with ``model``); ``key`` names the secret that
    holds its key, ``none`` for a server without keys. ``chroma`` is the address of a ChromaDB
    server, as http://host:8000; empty for a folder of one's own.
    """

    embedder: str = "offline"
    base_url: str = ""
    model: str = "text-embedding-3-small"
    key: str = DEFAULT_KEY
    chroma: str = ""

    @property
    def address(self) -> str:
        """Where the embedding API is."""
        return self.base_url.rstrip("/") or OPENAI_URL


def checked_address(key: str, value: str) -> None:
    """Refuse what is no address of a server.

    Raises
    ------
    InvalidInput
        The value cannot be used.
    """
    if key in ("base_url", "chroma") and value:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(
                f"retrieval.{key} begins with http:// or https:// and a host, not {value!r}.",
                field=f"retrieval.{key}",
            )
