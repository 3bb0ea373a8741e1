"""How a symbol's returns are spread, beside a normal distribution."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from quant_tui.services.price_statistics import ReturnShape, return_shape
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.charts import ChartPanel
from quant_tui.ui.screens.results.curves import histogram_chart
from quant_tui.ui.screens.symbol.view import NO_BARS

if TYPE_CHECKING:
    import numpy as np

    from quant_tui.ui.screens.symbol.view import SymbolView

CELL = 38


class ReturnsPage(Vertical):
    """The histogram over its figures."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.panel = ChartPanel("Returns from close to close", id="spread")

    def compose(self) -> ComposeResult:
        """Lay out the chart."""
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        self.panel.chart.focus()

    async def show_view(self, view: SymbolView) -> None:
        """Show the returns of a symbol."""
        prices = view.prices
        shape = None
        if prices is not None:
            shape = await asyncio.to_thread(return_shape, prices)
        if shape is None or shape.histogram is None:
            self.panel.show(None, why=NO_BARS if shape is None else "The close never changed.")
            return
        marks = {"VaR": shape.value_at_risk, "CVaR": shape.conditional_value_at_risk}
        chart = histogram_chart(shape.histogram, shape.flat, marks)
        self.panel.show(chart, figure_lines(shape, self.size.width or CELL * 2))


def figure_lines(shape: ReturnShape, width: int) -> Content:
    """Write the figures in as many columns as fit."""
    far, expected = shape.beyond
    pairs = [
        ("Mean", fmt.percent(shape.mean, 3)),
        ("Standard deviation", fmt.percent(shape.deviation, 3)),
        ("Growth a year", fmt.percent(shape.annual_return)),
        ("Volatility a year", fmt.percent(shape.annual_volatility)),
        ("Skew", fmt.number(shape.skew)),
        ("Excess kurtosis", fmt.number(shape.kurtosis)),
        ("VaR 5%", fmt.percent(shape.value_at_risk)),
        ("CVaR 5%", fmt.percent(shape.conditional_value_at_risk)),
        ("Best", _dated(shape.best)),
        ("Worst", _dated(shape.worst)),
        ("Bars that rose", fmt.percent(shape.risen, 1)),
        ("Beyond 3σ", f"{far:,} (normal: {expected:,.1f})"),
    ]
    columns = max(1, min(4, width // CELL))
    rows = -(-len(pairs) // columns)
    lines = []
    for row in range(rows):
        cells = [pairs[at] for at in range(row, len(pairs), rows)]
        parts = [
            Content.assemble((f"{name:<19}", "$text-muted"), f"{value:<{CELL - 19}}")
            for name, value in cells
        ]
        lines.append(Content("").join(parts))
    return Content("\n").join(lines)


def _dated(one: tuple[np.datetime64, float]) -> str:
    return f"{fmt.change(one[1])} {str(one[0])[:10]}"
