"""How far a symbol's close was below its peak, and its deepest falls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical

from quant_tui.services.price_statistics import Falls, falls
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.charts import ChartPanel, drawdown_lines
from quant_tui.ui.screens.symbol.header import price_writer
from quant_tui.ui.screens.symbol.view import NO_BARS
from quant_tui.ui.widgets.chart_axes import TimeAxis
from quant_tui.ui.widgets.chart_data import ChartData, Markers, Pane, Series

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.services.price_series import PriceSeries
    from quant_tui.ui.screens.symbol.view import SymbolView


class DrawdownPage(Vertical):
    """The close over its drawdown, the deepest falls numbered, and a line for each."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.panel = ChartPanel("Close and drawdown", id="falls")

    def compose(self) -> ComposeResult:
        """Lay out the chart."""
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        self.panel.chart.focus()

    async def show_view(self, view: SymbolView) -> None:
        """Show the falls of a symbol."""
        prices = view.prices
        if prices is None or len(prices) < 2:
            self.panel.show(None, why=NO_BARS)
            return
        found = await asyncio.to_thread(falls, prices)
        self.panel.show(
            drawdown_chart(prices, found), drawdown_lines(fall_documents(prices, found))
        )


def drawdown_chart(prices: PriceSeries, found: Falls) -> ChartData:
    """Draw up the close over its fall from the peak."""
    valleys = np.array([one.valley_row for one in found.deepest], dtype=np.int64)
    order = np.argsort(valleys, kind="stable")
    rows = valleys[order]
    numbers = "".join(str(at + 1) for at in order.tolist())
    deep = np.full(len(prices), np.nan)
    for one in found.deepest:
        last = len(prices) - 1 if one.recovery_row is None else one.recovery_row
        deep[one.peak_row : last + 1] = found.series[one.peak_row : last + 1]
    marks = [
        Markers("deepest", rows, values[rows], numbers, "text", above)
        for values, above in ((prices.close, -1), (found.series, 0))
        if numbers
    ]
    close = Pane(
        (Series("Close", prices.close, "first"),),
        write=price_writer(prices.close),
        may_log=True,
        markers=tuple(marks[:1]),
    )
    under = Pane(
        (
            Series("Drawdown", found.series, "axis", kind="area"),
            Series("of the five", deep, "down", kind="area"),
        ),
        write=fmt.percent,
        markers=tuple(marks[1:]),
    )
    return ChartData(TimeAxis(prices.dates), (close, under))


def fall_documents(prices: PriceSeries, found: Falls) -> list[Document]:
    """Return the deepest falls as plain data, with their dates."""

    def day(row: int | None) -> str | None:
        return None if row is None else str(prices.dates[row].astype("datetime64[D]"))

    return [
        {
            "depth": one.depth,
            "peak_date": day(one.peak_row),
            "valley_date": day(one.valley_row),
            "recovery_date": day(one.recovery_row),
            "bars": one.bars,
        }
        for one in found.deepest
    ]
