"""The connection to MongoDB: journaled writes, aware times, transactions where there are any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl

import pymongo
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import InvalidURI, PyMongoError

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, QuantError, StoreUnavailable
from quant_tui.storage.mongo.failures import translated, unavailable
from quant_tui.storage.mongo.waiting import repair
from quant_tui.storage.mongo.writes import Writes

Session = AsyncClientSession
"""A session inside a transaction; pass it to every call that belongs to it."""

T = TypeVar("T")

SELECTION_TIMEOUT_MS = 5_000
"""How long a call waits for a server: longer than the private one takes to come back."""

_TRANSACTION_SECONDS = 20.0
_REPEATABLE = "TransientTransactionError"

_DEFAULTS: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "wTimeoutMS": 20_000,
    "serverSelectionTimeoutMS": SELECTION_TIMEOUT_MS,
    "connectTimeoutMS": 5_000,
    "retryWrites": True,
    "appname": "quant-tui",
}


class MetadataStore:
    """An open MongoDB database. Make it with :meth:`open`.

    Attributes
    ----------
    supports_transactions
        Whether several writes can be made as one. A standalone server cannot; what has
        to survive a crash is then written in an order that can be mended.
    writes
        Who wants to know of every object that is written.
    """

    def __init__(
        self, client: AsyncMongoClient[Document], database: str, *, supports_transactions: bool
    ) -> None:
        self._client = client
        self._database = client.get_database(
            database, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC)
        )
        self.supports_transactions = supports_transactions
        self.writes = Writes()

    @classmethod
    async def open(cls, uri: str, database: str = "quant_tui") -> Self:
        """Connect and make sure that the server answers.

        Parameters
        ----------
        uri
            A ``mongodb://`` address; an option in it wins over our default.
        database
            Name of the database.

        Raises
        ------
        StoreUnavailable
            The address is wrong, or nobody answers there within five seconds.
        """
        if not uri.startswith(("mongodb://", "mongodb+srv://")):
            # The driver would take any word for the name of a host.
            raise StoreUnavailable(
                "The address of MongoDB must begin with mongodb:// or mongodb+srv://.",
                hint="Check mongodb.uri in config.toml, --set and QUANT_TUI_MONGODB_URI.",
            )
        given = {name.lower() for name, _ in parse_qsl(uri.partition("?")[2])}
        given |= {"journal"} if "j" in given else set()
        options = {name: value for name, value in _DEFAULTS.items() if name.lower() not in given}
        try:
            repair()
            client: AsyncMongoClient[Document] = AsyncMongoClient(uri, tz_aware=True, **options)
        except (InvalidURI, PyMongoError, ValueError) as error:
            wrong = error if isinstance(error, PyMongoError) else InvalidURI(str(error))
            raise unavailable(wrong) from error
        try:
            with translated("store"):
                hello = await client.admin.command("hello")
        except BaseException:
            await client.close()
            raise
        transactions = "setName" in hello or hello.get("msg") == "isdbgrid"
        return cls(client, database, supports_transactions=transactions)

    @property
    def database(self) -> AsyncDatabase[Document]:
        """The database; its dates are aware and in UTC."""
        return self._database

    def collection(self, name: str) -> AsyncCollection[Document]:
        """Return one collection."""
        return self._database[name]

    async def ping(self) -> str:
        """Return the server's version.

        Raises
        ------
        StoreUnavailable
            It does not answer.
        """
        with translated("store"):
            reply = await self._client.admin.command("buildInfo")
        return str(reply["version"])

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session | None]:
        """Make the writes of a block all or none; pass what this yields to each of them.

        Yields None where the server has no transactions: the writes then happen one by
        one, so order them such that each prefix can be mended.
        """
        if not self.supports_transactions:
            yield None
            return
        with translated("change"):
            async with self._client.start_session() as session, await session.start_transaction():
                yield session

    async def in_transaction(self, work: Callable[[Session | None], Awaitable[T]]) -> T:
        """Run ``work`` as :meth:`transaction` does, again when another transaction won.

        ``work`` may therefore run more than once, for up to twenty seconds.

        Raises
        ------
        Conflict
            The other transaction had not ended by then. One of a program that was killed ends
            after a minute, on a server of ours within these twenty seconds.
        """
        if not self.supports_transactions:
            return await work(None)
        contested = False

        async def attempt(session: Session) -> T:
            nonlocal contested
            try:
                return await work(session)
            except QuantError as error:
                # The driver repeats what it recognises: hand it its own error again.
                cause = error.__cause__
                if isinstance(cause, PyMongoError) and cause.has_error_label(_REPEATABLE):
                    contested = True
                    raise cause from None
                raise

        try:
            with translated("change"), pymongo.timeout(_TRANSACTION_SECONDS):
                async with self._client.start_session() as session:
                    return await session.with_transaction(attempt)
        except StoreUnavailable as error:
            if not contested:
                raise
            raise Conflict(
                "Another program has been changing this for some time.",
                hint="Try again in a minute.",
            ) from error
