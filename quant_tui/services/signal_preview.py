"""Where a strategy's rules would enter and leave on one symbol, for a look while they are written.

It shows what the rules say, bar by bar: no costs, no stops, no sizing. A backtest has those.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.rules import StrategyDocument

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.engine import Bars
    from quant_tui.services.market_data import MarketDataService

SHOWN_BARS = 504
"""Newest bars that are shown: two years of sessions."""


@dataclass(frozen=True, slots=True)
class SignalPreview:
    """Signals on the newest bars of one symbol.

    Attributes
    ----------
    symbol
        Whose bars.
    dates, closes
        (T,) sessions and closes.
    entries, exits, short_entries, short_exits
        Rising rows at which a position would be opened and closed.
    weights
        (T,) target weight of a strategy that gives one, otherwise None.
    """

    symbol: str
    dates: NDArray[np.datetime64]
    closes: NDArray[np.float64]
    entries: NDArray[np.int64]
    exits: NDArray[np.int64]
    short_entries: NDArray[np.int64]
    short_exits: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None


class SignalPreviews:
    """Previews on stored bars; the bars of the last symbol are kept at hand."""

    def __init__(self, market_data: MarketDataService) -> None:
        self._market_data = market_data
        self._bars: Bars | None = None

    async def first_symbol(self) -> str:
        """Return a symbol that has bars, "" when there is none."""
        found = await self._market_data.symbols()
        daily = [one for one in found if one.interval == "1d"] or found
        return max(daily, key=lambda one: one.rows).symbol if daily else ""

    async def preview(self, document: StrategyDocument, symbol: str) -> SignalPreview:
        """Return the signals of checked rules with their default parameters.

        Raises
        ------
        NotFound, InsufficientData
            The symbol has no bars.
        QuantError
            The rules need what the bars do not have.
        """
        if self._bars is None or self._bars.symbols[0] != symbol:
            self._bars = await self._market_data.load_bars([symbol])
        return await asyncio.to_thread(signals, self._bars, document)


def signals(bars: Bars, document: StrategyDocument) -> SignalPreview:
    """Return what the rules say on the newest bars of the first symbol.

    Raises
    ------
    InsufficientData
        The bars are too few for the first signal.
    """
    from quant_tui.engine.rules.frame import Frame
    from quant_tui.engine.rules.interpreter import Interpreter

    warm_up = document.warm_up()
    if len(bars) <= warm_up:
        raise InsufficientData(
            f"{bars.symbols[0]} has {len(bars):,} bars; the first signal needs {warm_up + 1:,}."
        )
    rules = document.rules
    interpreter = Interpreter(
        Frame(bars), document.lets, document.default_parameters(), roots=rules.values()
    )
    first = max(0, len(bars) - SHOWN_BARS)
    nowhere = np.zeros(len(bars), dtype=np.bool_)

    def known(key: str) -> NDArray[np.bool_]:
        return interpreter.signal(rules[key])[:, 0] if key in rules else nowhere

    allowed = known("universe") if "universe" in rules else ~nowhere
    entries, exits = _changes(known("entry") & allowed, known("exit"), first)
    shorts, covers = _changes(known("short_entry") & allowed, known("short_exit"), first)
    return SignalPreview(
        bars.symbols[0],
        bars.dates[first:],
        bars.close[first:, 0],
        entries,
        exits,
        shorts,
        covers,
        interpreter.series(rules["weight"])[first:, 0] if "weight" in rules else None,
    )


def _changes(
    enter: NDArray[np.bool_], leave: NDArray[np.bool_], first: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows, from ``first`` on, at which one would get in and get out in turn."""
    opened: list[int] = []
    closed: list[int] = []
    inside = False
    for row in np.flatnonzero(enter | leave).tolist():
        if not inside and enter[row] and not leave[row]:
            inside = True
            opened.append(row - first)
        elif inside and leave[row]:
            inside = False
            closed.append(row - first)
    rows = [np.array(one, dtype=np.int64) for one in (opened, closed)]
    return rows[0][rows[0] >= 0], rows[1][rows[1] >= 0]
