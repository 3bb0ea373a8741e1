"""The closes of one symbol."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.dashboard.content import Cause, Choice, Curve, Place, Source
from quant_tui.ui.widgets.message_panel import Notice

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.services.composition import Services

SPANS = {"3m": ("3 months", 92), "1y": ("1 year", 366), "5y": ("5 years", 1827), "": ("all", 0)}
"""Periods to choose from, with their days before the last bar."""

USUAL_SPAN = "1y"


class SymbolChart(Source):
    """Closes of a symbol over a period, with its change over that."""

    empty: ClassVar[Notice] = Notice("No bars yet", keys=(("0", "Data: load or import some"),))
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"bars"})

    def __init__(self) -> None:
        self._symbol = ""

    async def load(self, services: Services, settings: Mapping[str, str]) -> Curve | None:
        """Load the bars of the symbol chosen, or of the first one there is."""
        found = await services.market_data.symbols()
        if not found:
            return None
        wanted = settings.get("symbol", "")
        if wanted:
            await services.market_data.require([wanted], field="symbol")
        one = next((s for s in found if s.symbol == wanted), found[0])
        self._symbol = one.symbol
        _, days = SPANS.get(settings.get("span", USUAL_SPAN), SPANS[USUAL_SPAN])
        start = one.last - timedelta(days=days) if days else None
        bars = await services.market_data.load_bars([one.symbol], start)
        return await asyncio.to_thread(closes_chart, bars)

    async def choices(self, services: Services) -> tuple[Choice, ...]:
        """Let the symbol and the period be chosen."""
        spans = tuple((code, label) for code, (label, _) in SPANS.items())
        return (
            Choice("symbol", "Symbol", "empty for the first one there is"),
            Choice("span", "Period", "up to the last bar", spans, USUAL_SPAN),
        )

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place | None:
        """Lead to the symbol."""
        return Place("symbol", self._symbol) if self._symbol else None


def closes_chart(bars: Bars) -> Curve:
    """Return the closes of the first symbol as a line."""
    from quant_tui.ui.widgets.chart_axes import TimeAxis
    from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series

    closes = bars.close[:, 0]
    symbol = bars.symbols[0]
    change = float(closes[-1] / closes[0] - 1)
    pane = Pane((Series(symbol, closes, "first"),), may_log=True)
    title = f"{symbol}  {fmt.number(float(closes[-1]))}  {fmt.change(change, 1)}"
    return Curve(title, ChartData(TimeAxis(bars.dates), (pane,)))
