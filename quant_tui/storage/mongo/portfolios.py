"""Portfolios and their transactions, which change together or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bson import ObjectId
from pymongo import ReplaceOne

from quant_tui.domain.base import Document
from quant_tui.domain.trading import Portfolio, PortfolioTransaction
from quant_tui.storage.mongo.codec import object_id, to_document
from quant_tui.storage.mongo.failures import repeated, translated
from quant_tui.storage.mongo.repository import OwnedRepository
from quant_tui.storage.mongo.store import MetadataStore, Session

PIECE = 250
"""Transactions that are encoded or decoded at a time: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of a portfolio's transactions.

    Attributes
    ----------
    add
        New ones, with their ids where they had one before.
    replace
        Changed ones.
    remove
        Ids.
    """

    add: Sequence[PortfolioTransaction] = ()
    replace: Sequence[PortfolioTransaction] = ()
    remove: Sequence[str] = ()


class TransactionRepository(OwnedRepository[PortfolioTransaction]):
    """A user's transactions."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, PortfolioTransaction, user_id)

    async def documents(self, portfolio_id: str) -> list[Document]:
        """Return the transactions of a portfolio as stored, in the order of date and sequence.

        They may be many, and are wanted as columns: they are not made into entities here.
        """

        async def read() -> list[Document]:
            found: list[Document] = []
            cursor = self._collection.find(
                self._query({"portfolio_id": portfolio_id}), batch_size=PIECE
            ).sort([("date", 1), ("sequence", 1), ("_id", 1)])
            async with cursor:
                while piece := await cursor.to_list(PIECE):
                    found += piece
            return found

        with translated(self.noun):
            return await repeated(read)

    @staticmethod
    def with_ids(transactions: Sequence[PortfolioTransaction]) -> list[PortfolioTransaction]:
        """Return new transactions with the ids that they will be stored under."""
        return [
            one if one.id else one.model_copy(update={"id": str(ObjectId())})
            for one in transactions
        ]

    async def write(self, changes: Changes, session: Session | None) -> None:
        """Make changes; those of another user's transactions change nothing."""
        added = await asyncio.to_thread(_inserts, changes.add, self.noun)
        for transaction in (*changes.add, *changes.replace):
            if not self._is_owner(transaction):
                raise self._not_owner()
        with translated(self.noun):
            for at in range(0, len(added), PIECE):
                await self._collection.insert_many(added[at : at + PIECE], session=session)
            if changes.replace:
                operations = [
                    ReplaceOne(self._query({"id": one.id}), to_document(one))
                    for one in changes.replace
                ]
                await self._collection.bulk_write(operations, session=session)
            for at in range(0, len(changes.remove), PIECE):
                ids = list(changes.remove[at : at + PIECE])
                await self._collection.delete_many(
                    self._query({"id": {"$in": ids}}), session=session
                )


class PortfolioRepository(OwnedRepository[Portfolio]):
    """A user's portfolios."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, Portfolio, user_id)
        self._transactions = TransactionRepository(store, user_id)

    async def change(self, portfolio: Portfolio, changes: Changes) -> Portfolio:
        """Store a portfolio together with changes of its transactions, all or nothing.

        Raises
        ------
        Conflict
            The portfolio was changed by someone else since it was read.
        NotFound
            It is gone, or another user's.
        """

        async def work(session: Session | None) -> Portfolio:
            # First the portfolio: who comes second is refused before anything is written.
            kept = await self.update(portfolio, session=session)
            await self._transactions.write(changes, session)
            return kept

        return await self._store.in_transaction(work)

    async def add(
        self, portfolio: Portfolio, transactions: Sequence[PortfolioTransaction]
    ) -> Portfolio:
        """Store a new portfolio with its transactions, all or nothing."""

        async def work(session: Session | None) -> Portfolio:
            kept = await self.create(portfolio, session=session)
            mine = [one.model_copy(update={"portfolio_id": kept.id}) for one in transactions]
            await self._transactions.write(Changes(add=mine), session)
            return kept

        return await self._store.in_transaction(work)


def _inserts(transactions: Sequence[PortfolioTransaction], noun: str) -> list[Document]:
    return [
        {"_id": object_id(one.id, noun) if one.id else ObjectId(), **to_document(one)}
        for one in transactions
    ]
