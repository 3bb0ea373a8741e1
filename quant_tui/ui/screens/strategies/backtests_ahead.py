"""Backtests of the strategies around the cursor, fetched before they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from quant_tui.services.backtest_report import BacktestSummary
    from quant_tui.services.backtests import BacktestService

SHOWN_BACKTESTS = 12
"""Newest backtests of a strategy that its detail lists."""

FRESH_SECONDS = 15.0
"""How old the backtests of the strategy under the cursor may be: others may run it too."""


class BacktestsOf(NamedTuple):
    """How many backtests a strategy has, and the newest of them."""

    total: int
    newest: list[BacktestSummary]


class _Kept(NamedTuple):
    asked_at: float
    backtests: BacktestsOf


class BacktestsAhead:
    """What is known of the strategies' backtests, and what is to be asked for next.

    Parameters
    ----------
    clock
        Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._changed_at = clock()

    def known(self, strategy_id: str) -> BacktestsOf | None:
        """Return a strategy's backtests as they were when last asked for, or None."""
        kept = self._kept.get(strategy_id)
        return None if kept is None else kept.backtests

    def changed(self) -> None:
        """Ask again for everything, in its turn: a backtest was made, ended or deleted."""
        self._changed_at = self._clock()

    def next(self, strategy_ids: Iterable[str]) -> str | None:
        """Return the first strategy whose backtests are to be asked for, or None.

        Parameters
        ----------
        strategy_ids
            The strategy under the cursor, then those around it, the nearest first.
        """
        oldest = max(self._changed_at, self._clock() - FRESH_SECONDS)
        for strategy_id in strategy_ids:
            kept = self._kept.get(strategy_id)
            if kept is None or kept.asked_at < oldest:
                return strategy_id
            oldest = self._changed_at  # the age counts under the cursor alone
        return None

    async def fetch(self, strategy_id: str, service: BacktestService) -> bool:
        """Ask for a strategy's backtests; return whether they differ from what was known."""
        asked_at = self._clock()
        newest = await service.list(strategy_id=strategy_id, limit=SHOWN_BACKTESTS)
        total = len(newest)
        if total == SHOWN_BACKTESTS:
            total = await service.count(strategy_id=strategy_id)
        before, found = self.known(strategy_id), BacktestsOf(total, newest)
        self._kept[strategy_id] = _Kept(asked_at, found)
        return found != before
