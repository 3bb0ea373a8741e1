"""The trial ledger: what a user has tried of each strategy."""

from __future__ import annotations

from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import StrategyTrials
from quant_tui.storage.mongo.codec import to_document
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.repository import OwnedRepository
from quant_tui.storage.mongo.store import MetadataStore


@dataclass(frozen=True, slots=True)
class TrialCount:
    """What a strategy's trials come to.

    Attributes
    ----------
    trials
        How many.
    variance
        Sample variance of their annual Sharpe ratios; None with fewer than two of them.
    """

    trials: int = 0
    variance: float | None = None


class TrialRepository(OwnedRepository[StrategyTrials]):
    """A user's trial ledger."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, StrategyTrials, user_id)

    async def record(self, entry: StrategyTrials) -> None:
        """Add an entry, unless the same was tried before; one atomic call however many trials.

        Raises
        ------
        InvalidInput
            It belongs to another user, or counts more Sharpe ratios than trials.
        """
        if not self._is_owner(entry):
            raise self._not_owner()
        if entry.sharpe_count > entry.trials:
            raise InvalidInput("More Sharpe ratios than trials.", field="sharpe_count")
        key = {"strategy_key": entry.strategy_key, "fingerprint": entry.fingerprint}
        fields = {
            name: value
            for name, value in to_document(entry).items()
            if name not in key and name != "user_id"
        }
        with translated(self.noun):
            await self._collection.update_one(
                self._query(key), {"$setOnInsert": fields}, upsert=True
            )

    async def carry_over(self, strategy_key: str, to: str) -> None:
        """Enter all trials of a strategy for another one too."""
        for entry in await self.list(where={"strategy_key": strategy_key}, limit=None):
            await self.record(entry.model_copy(update={"id": "", "strategy_key": to}))

    async def count_of(self, strategy_key: str) -> TrialCount:
        """Return what the trials of a strategy, by id or rule hash, come to."""
        return (await self._sums(strategy_key, "")).count

    async def count_with(self, entry: StrategyTrials) -> TrialCount:
        """Return what the trials of a strategy come to with an entry, recorded or not."""
        others = await self._sums(entry.strategy_key, entry.fingerprint)
        return others.plus(entry).count

    async def _sums(self, strategy_key: str, without: str) -> _Sums:
        match = self._query({"strategy_key": strategy_key, "fingerprint": {"$ne": without}})
        names = ("trials", "sharpe_count", "sharpe_sum", "sharpe_squares")
        pipeline: list[Document] = [
            {"$match": match},
            {"$group": {"_id": None, **{name: {"$sum": f"${name}"} for name in names}}},
        ]
        with translated(self.noun):
            found = await (await self._collection.aggregate(pipeline)).to_list()
        return _Sums(**{name: found[0][name] for name in names}) if found else _Sums()


@dataclass(frozen=True, slots=True)
class _Sums:
    trials: int = 0
    sharpe_count: int = 0
    sharpe_sum: float = 0.0
    sharpe_squares: float = 0.0

    def plus(self, entry: StrategyTrials) -> _Sums:
        return _Sums(
            self.trials + entry.trials,
            self.sharpe_count + entry.sharpe_count,
            self.sharpe_sum + entry.sharpe_sum,
            self.sharpe_squares + entry.sharpe_squares,
        )

    @property
    def count(self) -> TrialCount:
        number = self.sharpe_count
        if number < 2:
            return TrialCount(self.trials)
        spread = self.sharpe_squares - self.sharpe_sum**2 / number
        return TrialCount(self.trials, max(spread, 0.0) / (number - 1))
