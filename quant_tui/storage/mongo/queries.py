"""Questions beyond get and list, each named after what it answers."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import datetime

from quant_tui.domain.base import Document
from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.trading import Backtest, BacktestExecution, Strategy, StrategyTemplate
from quant_tui.domain.user import User, folded
from quant_tui.domain.vocabulary import ModelStatus, RunStatus
from quant_tui.storage.mongo.codec import to_document
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.repository import OwnedRepository, Repository
from quant_tui.storage.mongo.store import MetadataStore


class UserAccountRepository(Repository[User]):
    """Accounts."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store, User)

    async def by_username(self, username: str) -> User | None:
        """Return the account with that name in any case and width, or None."""
        return await self.find_one({"username_key": folded(username)})

    async def by_email(self, email: str) -> User | None:
        """Return the account with that address in any case, or None."""
        return await self.find_one({"email": folded(email)})

    async def active(self) -> builtins.list[User]:
        """Return the active accounts, the oldest first."""
        return await self.list(where={"is_active": True}, sort=[("created_at", 1)], limit=None)


class StrategyTemplateRepository(Repository[StrategyTemplate]):
    """Templates, shared by all users."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store, StrategyTemplate)

    async def by_type(self, strategy_type: str) -> StrategyTemplate | None:
        """Return the template of that type, or None."""
        return await self.find_one({"strategy_type": strategy_type})

    async def put(self, template: StrategyTemplate) -> StrategyTemplate:
        """Store a template under its name: make it, or bring it up to date.

        Its id, its age and its count of uses are kept. Two instances that put the same
        template at the same moment leave one.
        """
        document = to_document(template)
        kept = {name: document.pop(name) for name in ("created_at", "usage_count")}
        with translated(self.noun):
            await self._collection.update_one(
                {"name": template.name}, {"$set": document, "$setOnInsert": kept}, upsert=True
            )
        found = await self.find_one({"name": template.name})
        return found or template


class CompanyRepository(Repository[Company]):
    """Companies."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store, Company)

    async def by_symbol(self, symbol: str) -> Company | None:
        """Return the company behind a symbol, or None."""
        return await self.find_one({"symbol": symbol})


class EconomicIndicatorRepository(Repository[EconomicIndicator]):
    """Values of macro-economic series."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store, EconomicIndicator)

    async def summarise(self) -> builtins.list[Document]:
        """Return what series there are, by name.

        Each has ``_id`` (the indicator's type), ``first`` and ``last`` (dates), ``values``
        (how many), and ``unit`` and ``source`` of the newest value.
        """
        pipeline: builtins.list[Document] = [
            {"$sort": {"indicator_type": 1, "date": 1}},
            {
                "$group": {
                    "_id": "$indicator_type",
                    "first": {"$first": "$date"},
                    "last": {"$last": "$date"},
                    "unit": {"$last": "$unit"},
                    "source": {"$last": "$source"},
                    "values": {"$sum": 1},
                }
            },
            {"$sort": {"_id": 1}},
        ]
        with translated(self.noun):
            return await (await self._collection.aggregate(pipeline)).to_list()

    async def figures(
        self, indicator_type: str
    ) -> dict[str, tuple[builtins.list[datetime], builtins.list[float]]]:
        """Return the dates and values of a series by source, the oldest first."""
        found: dict[str, tuple[builtins.list[datetime], builtins.list[float]]] = {}
        with translated(self.noun):
            rows = self._collection.find(
                self._query({"indicator_type": indicator_type}),
                {"_id": 0, "date": 1, "value": 1, "source": 1},
            ).sort("date", 1)
            async for row in rows:
                times, values = found.setdefault(str(row["source"]), ([], []))
                times.append(row["date"])
                values.append(float(row["value"]))
        return found


class NewsRepository(Repository[NewsData]):
    """News items."""

    def __init__(self, store: MetadataStore) -> None:
        super().__init__(store, NewsData)

    async def scores(
        self, symbols: builtins.list[str]
    ) -> dict[str, tuple[builtins.list[datetime], builtins.list[float]]]:
        """Return when rated news were published, and their scores, by symbol, oldest first."""
        found: dict[str, tuple[builtins.list[datetime], builtins.list[float]]] = {}
        where: Document = {"symbol": {"$in": symbols}, "sentiment_score": {"$ne": None}}
        with translated(self.noun):
            rows = self._collection.find(
                self._query(where),
                {"_id": 0, "symbol": 1, "published_at": 1, "sentiment_score": 1},
            ).sort([("published_at", 1), ("_id", 1)])
            async for row in rows:
                times, values = found.setdefault(str(row["symbol"]), ([], []))
                times.append(row["published_at"])
                values.append(float(row["sentiment_score"]))
        return found

    async def daily_sentiment(
        self, symbol: str, since: datetime | None, until: datetime | None
    ) -> builtins.list[Document]:
        """Return the mean score of each UTC day with rated news, the oldest first.

        Each has ``_id`` (the day as ``2026-01-31``), ``sentiment`` (-1 to 1) and ``items``
        (how many were rated).
        """
        bounds = {"$gte": since, "$lte": until}
        where: Document = {"symbol": symbol, "sentiment_score": {"$ne": None}}
        if given := {key: value for key, value in bounds.items() if value is not None}:
            where["published_at"] = given
        day = {"$dateToString": {"date": "$published_at", "format": "%Y-%m-%d"}}
        pipeline: builtins.list[Document] = [
            {"$match": self._query(where)},
            {
                "$group": {
                    "_id": day,
                    "sentiment": {"$avg": "$sentiment_score"},
                    "items": {"$sum": 1},
                }
            },
            {"$sort": {"_id": 1}},
        ]
        with translated(self.noun):
            return await (await self._collection.aggregate(pipeline)).to_list()


class StrategyRepository(OwnedRepository[Strategy]):
    """A user's strategies."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, Strategy, user_id)

    async def active(self, *, skip: int = 0, limit: int | None = 100) -> builtins.list[Strategy]:
        """Return the active ones, the newest first."""
        return await self.list(
            where={"is_active": True}, sort=[("created_at", -1)], skip=skip, limit=limit
        )

    async def by_name(self, name: str) -> Strategy | None:
        """Return the active strategy with that name, or None."""
        return await self.find_one({"name": name, "is_active": True})


class BacktestRepository(OwnedRepository[Backtest]):
    """A user's backtests."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, Backtest, user_id)

    async def newest(self, *, skip: int = 0, limit: int | None = 100) -> builtins.list[Backtest]:
        """Return a page of backtests, the newest first."""
        return await self.list(sort=[("created_at", -1)], skip=skip, limit=limit)

    async def of_strategy(
        self, strategy_id: str, *, skip: int = 0, limit: int | None = 100
    ) -> builtins.list[Backtest]:
        """Return the backtests of a strategy, the newest first."""
        return await self.list(
            where={"strategy_id": strategy_id}, sort=[("created_at", -1)], skip=skip, limit=limit
        )


class ExecutionRepository(OwnedRepository[BacktestExecution]):
    """Runs of a user's backtests."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, BacktestExecution, user_id)

    async def of_backtest(self, backtest_id: str) -> builtins.list[BacktestExecution]:
        """Return the runs of a backtest, the newest first."""
        return await self.list(
            where={"backtest_id": backtest_id}, sort=[("started_at", -1)], limit=None
        )

    async def last_of(self, backtest_id: str) -> BacktestExecution | None:
        """Return the last run of a backtest, or None."""
        found = await self.list(
            where={"backtest_id": backtest_id}, sort=[("started_at", -1)], limit=1
        )
        return found[0] if found else None

    async def last_errors(self, backtest_ids: Sequence[str]) -> dict[str, str]:
        """Return why the latest failed run of each backtest failed; those that have one."""
        pipeline: builtins.list[Document] = [
            {
                "$match": self._query(
                    {"backtest_id": {"$in": [*backtest_ids]}, "status": RunStatus.FAILED}
                )
            },
            {"$sort": {"started_at": -1, "_id": -1}},
            {"$group": {"_id": "$backtest_id", "error": {"$first": "$error_details"}}},
        ]
        with translated(self.noun):
            found = await (await self._collection.aggregate(pipeline)).to_list()
        return {str(one["_id"]): str(one["error"].get("message", "")) for one in found}

    async def running(self) -> builtins.list[BacktestExecution]:
        """Return the runs that go on now."""
        return await self.list(where={"status": RunStatus.RUNNING}, limit=None)


class ModelRepository(OwnedRepository[MLModel]):
    """A user's machine-learning models."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, MLModel, user_id)

    async def in_training(self, limit: int | None = None) -> builtins.list[MLModel]:
        """Return those that are, or were when their process ended, being trained."""
        where = {"status": str(ModelStatus.TRAINING), "trained_at": None}
        return await self.list(where=where, limit=limit)
