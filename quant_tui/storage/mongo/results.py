"""Backtest results of one user, whole whatever their size, and light for lists."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, QuantError
from quant_tui.domain.trading import BacktestResult
from quant_tui.storage.mongo import result_parts
from quant_tui.storage.mongo.codec import object_id, to_document, to_entity
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.repository import OwnedRepository, Sort, Where, order
from quant_tui.storage.mongo.store import MetadataStore, Session

_LIGHT = {
    "backtest_id": 1,
    "execution_id": 1,
    "performance": 1,
    "risk_metrics": 1,
    "fingerprint": 1,
    "executed_at": 1,
    "trades_count": 1,
    "round_trips_count": 1,
}


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """What a list shows of a result: its figures, without fills and series."""

    id: str
    backtest_id: str
    execution_id: str
    executed_at: datetime
    performance: Document
    risk_metrics: Document
    fingerprint: Document
    trades_count: int
    round_trips_count: int


@dataclass(frozen=True, slots=True)
class PreparedResult:
    """A result whose large parts are written and whose document is not yet."""

    result: BacktestResult
    document: Document


class ResultRepository(OwnedRepository[BacktestResult]):
    """Backtest results of one user.

    A result is written once: what a run found does not change.
    """

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, BacktestResult, user_id)

    async def create(
        self, entity: BacktestResult, *, session: Session | None = None
    ) -> BacktestResult:
        """Store a result of any size and return it with its id.

        Raises
        ------
        Conflict
            The execution has a result already.
        InvalidInput
            It cannot be stored as it is.
        """
        prepared = await self.prepare(entity)
        try:
            return await self.insert(prepared, session=session)
        except BaseException:
            await self.discard(prepared)
            raise

    async def prepare(self, entity: BacktestResult) -> PreparedResult:
        """Write the large parts of a result; nobody sees them until :meth:`insert`."""
        if not self._is_owner(entity):
            raise self._not_owner()
        key = object_id(entity.id, self.noun) if entity.id else ObjectId()
        if entity.id and await self._is_taken(key):
            # its parts would be written among those of the other, and go with this one
            raise Conflict(f"This {self.noun} exists already.")
        # In threads here and on loading: a large result takes a tenth of a second.
        whole = {"_id": key, **await asyncio.to_thread(to_document, entity)}
        try:
            with translated(self.noun):
                document = await result_parts.split(self._store, whole)
        except QuantError:
            # Where the store is away this fails too; recover() then sweeps what is left.
            with contextlib.suppress(QuantError), translated(self.noun):
                await result_parts.delete_parts(self._store, str(key))
            raise
        return PreparedResult(entity.model_copy(update={"id": str(key)}), document)

    async def insert(
        self, prepared: PreparedResult, *, session: Session | None = None
    ) -> BacktestResult:
        """Write the document of a prepared result: from now on it exists."""
        if not self._is_owner(prepared.result):
            raise self._not_owner()
        with translated(self.noun):
            await self._collection.insert_one(prepared.document, session=session)
        return prepared.result

    async def discard(self, prepared: PreparedResult) -> None:
        """Delete the parts of a result that was not inserted; of one that was, none."""
        if await self._is_taken(object_id(prepared.result.id, self.noun)):
            return
        with translated(self.noun):
            await result_parts.delete_parts(self._store, prepared.result.id)

    async def _is_taken(self, key: ObjectId) -> bool:
        """Return whether there is a result with this id, whosoever it is."""
        with translated(self.noun):
            return await self._collection.find_one({"_id": key}, {"_id": 1}) is not None

    async def update(
        self, entity: BacktestResult, *, session: Session | None = None
    ) -> BacktestResult:
        """Refuse: results are written once.

        Raises
        ------
        Conflict
            Always.
        """
        del session
        raise Conflict(
            f"The result {entity.id!r} is not changed after it was written.",
            hint="Run the backtest again.",
        )

    async def of_backtest(self, backtest_id: str) -> BacktestResult | None:
        """Return the latest result of a backtest, or None."""
        found = await self.list(
            where={"backtest_id": backtest_id}, sort=[("executed_at", -1)], limit=1
        )
        return found[0] if found else None

    async def of_execution(self, execution_id: str) -> BacktestResult | None:
        """Return the result of one execution, or None."""
        return await self.find_one({"execution_id": execution_id})

    async def exists(self, id: str) -> bool:  # noqa: A002 - its name everywhere
        """Return whether a result is stored, without loading it."""
        return await self.count({"id": id}) > 0

    async def last_performances(self, backtest_ids: Sequence[str]) -> dict[str, Document]:
        """Return the performance of the latest result of each backtest that has one."""
        pipeline: builtins.list[Document] = [
            {"$match": self._query({"backtest_id": {"$in": [*backtest_ids]}})},
            {"$project": {"backtest_id": 1, "executed_at": 1, "performance": 1}},
            {"$sort": {"executed_at": -1, "_id": -1}},
            {"$group": {"_id": "$backtest_id", "performance": {"$first": "$performance"}}},
        ]
        with translated(self.noun):
            found = await (await self._collection.aggregate(pipeline)).to_list()
        return {str(one["_id"]): dict(one["performance"]) for one in found}

    async def summaries(
        self,
        *,
        where: Where | None = None,
        sort: Sort | None = None,
        skip: int = 0,
        limit: int | None = 100,
    ) -> builtins.list[ResultSummary]:
        """Return a page of results without fills and series; the newest first by default."""
        with translated(self.noun):
            documents = await (
                self._collection.find(self._query(where), _LIGHT)
                .sort(order(sort or [("executed_at", -1)]))
                .skip(skip)
                .limit(limit or 0)
                .to_list()
            )
        return [ResultSummary(id=str(document.pop("_id")), **document) for document in documents]

    async def _load(self, document: Document) -> BacktestResult:
        with translated(self.noun):
            whole = await result_parts.join(self._store, document)
        return await asyncio.to_thread(to_entity, BacktestResult, whole, self.noun)
