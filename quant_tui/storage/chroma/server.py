"""The vector index at a ChromaDB server, which several machines share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from quant_tui.domain.errors import QuantError, StoreUnavailable

if TYPE_CHECKING:
    from chromadb.api import ClientAPI


class ChromaServer:
    """The vector index at a server; it does its own locking, and mends itself.

    Parameters
    ----------
    address
        As ``http://host:8000``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._turn = threading.RLock()
        self._client: ClientAPI | None = None

    @property
    def epoch(self) -> str:
        """Always the same: a server keeps what it was given."""
        return ""

    def begin_epoch(self) -> None:
        """Do nothing: others find out by themselves."""

    @contextlib.contextmanager
    def opened(self, *, writing: bool) -> Iterator[ClientAPI]:  # noqa: ARG002 - as the folder's
        """Give a client of the server.

        Raises
        ------
        StoreUnavailable
            It cannot be reached, or refuses.
        """
        with self._turn:
            try:
                if self._client is None:
                    self._client = self._new_client()
                yield self._client
            except QuantError:
                raise
            except Exception as error:
                self.close()
                raise StoreUnavailable(
                    f"The ChromaDB server {self._address} cannot be used: "
                    f"{str(error)[:300].rstrip('.')}.",
                    hint="Is it running, and is retrieval.chroma its address?",
                ) from error

    def ping(self) -> str:
        """Return the server's version.

        Raises
        ------
        StoreUnavailable
            It does not answer.
        """
        with self.opened(writing=False) as client:
            client.heartbeat()
            return str(client.get_version())

    def rebuild(self) -> None:
        """Do nothing: a server's files are its own."""

    def close(self) -> None:
        """Let go of the client; it opens again by itself."""
        with self._turn:
            self._client = None

    def _new_client(self) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        parts = urlsplit(self._address)
        secure = parts.scheme == "https"
        return chromadb.HttpClient(
            host=str(parts.hostname),
            port=parts.port or (443 if secure else 8000),
            ssl=secure,
            settings=Settings(anonymized_telemetry=False),
        )
