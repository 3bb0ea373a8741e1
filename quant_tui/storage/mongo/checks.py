"""What the checks of a user's strategies and backtests found, the newest of each version."""

from __future__ import annotations

from quant_tui.domain.trading import StrategyCheck
from quant_tui.storage.mongo.repository import OwnedRepository, Where
from quant_tui.storage.mongo.store import MetadataStore

_NEWEST = [("checked_at", -1)]


class CheckRepository(OwnedRepository[StrategyCheck]):
    """A user's checks."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, StrategyCheck, user_id)

    async def keep(self, check: StrategyCheck) -> StrategyCheck:
        """Store a check in place of the earlier ones of the same rules of the same thing.

        The new one is there before the old ones go: a crash in between loses nothing.

        Raises
        ------
        InvalidInput
            It belongs to another user.
        """
        kept = await self.create(check)
        earlier = {
            "strategy_id": check.strategy_id,
            "backtest_id": check.backtest_id,
            "rules_hash": check.rules_hash,
            "checked_at": {"$lt": check.checked_at},
        }
        await self._delete_many(self._query(earlier))
        return kept

    async def of_strategy(self, strategy_id: str, rules_hash: str = "") -> StrategyCheck | None:
        """Return the newest of a strategy or of its backtests, of given rules; None for none."""
        where = {"strategy_id": strategy_id}
        return await self._newest(where | ({"rules_hash": rules_hash} if rules_hash else {}))

    async def of_backtest(self, backtest_id: str) -> StrategyCheck | None:
        """Return the newest of a backtest, None when there is none."""
        return await self._newest({"backtest_id": backtest_id})

    async def _newest(self, where: Where) -> StrategyCheck | None:
        found = await self.list(where=where, sort=_NEWEST, limit=1)
        return found[0] if found else None
