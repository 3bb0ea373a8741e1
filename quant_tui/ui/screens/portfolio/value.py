"""Value: the first glance, the growth beside the benchmark, the money, the drawdown."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.chart_axes import TimeAxis
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series
from quant_tui.ui.widgets.metric_card import MetricCard

if TYPE_CHECKING:
    from quant_tui.services.portfolio_report import PortfolioReport

_return = partial(fmt.change, decimals=1)
_share = partial(fmt.percent, decimals=1)
CARDS = (
    ("value", "Value", fmt.number),
    ("day_pnl", "Day", fmt.signed),
    ("total_pnl", "P&L", fmt.signed),
    ("time_weighted_return", "Time-weighted", _return),
    ("money_weighted_return", "Money-weighted", _return),
    ("cash", "Cash", fmt.number),
    ("unrealised", "Unrealised", fmt.signed),
    ("realised", "Realised", fmt.signed),
    ("sharpe_ratio", "Sharpe", fmt.number),
    ("max_drawdown", "Max drawdown", _share),
)
SIGNED = frozenset(
    {"day_pnl", "total_pnl", "time_weighted_return", "money_weighted_return", "unrealised",
     "realised"}
)  # fmt: skip
TALL = 30
"""Lines of the terminal from which the money has a pane of its own."""

NOT_YET = "Nothing was recorded yet: the curve begins with the first transaction."


class ValuePart(Vertical):
    """Cards above, curves below."""

    # the rules for wide and short terminals begin with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    ValuePart {
        height: 1fr;
        & > Grid {
            height: auto;
            margin-bottom: 1;
            grid-size: 5;
            grid-rows: 2;
            grid-gutter: 0 1;
        }
        & MetricCard { padding: 0; min-width: 8; }
        & > Chart { height: 1fr; }
    }
    .-wide ValuePart > Grid { grid-size: 10; }
    .-short ValuePart > Grid { margin-bottom: 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.cards = {key: MetricCard(title) for key, title, _ in CARDS}
        self.chart = Chart(id="value-chart")

    def compose(self) -> ComposeResult:
        """Lay out cards and chart."""
        yield Grid(*self.cards.values())
        yield self.chart

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        self.chart.focus()

    async def show_report(self, report: PortfolioReport) -> None:
        """Show what a portfolio is worth and was worth."""
        for key, _, write in CARDS:
            value = report.figures.get(key)
            role = fmt.direction(value) if key in SIGNED else ""
            self.cards[key].show(write(value), role=role)
        tall = self.app.size.height >= TALL
        self.chart.show(await asyncio.to_thread(value_chart, report, tall=tall))


def value_chart(report: PortfolioReport, *, tall: bool) -> ChartData | None:
    """Return growth beside the benchmark, the value over what was paid in, and drawdown."""
    history = report.history
    if history is None:
        return None
    valuation = history.valuation
    growth = 100.0 * report.index
    lines = [Series("Portfolio", growth, "first")]
    benchmark = history.benchmark
    if benchmark is not None and np.isfinite(benchmark).any():
        first = int(np.flatnonzero(np.isfinite(benchmark))[0])
        rebased = benchmark / benchmark[first] * growth[first]
        lines.insert(0, Series(report.portfolio.benchmark, rebased, "second", pattern="thin"))
    panes = [Pane(tuple(lines), weight=3, write=fmt.number, may_log=True)]
    if tall:
        paid = np.cumsum(valuation.flows)
        panes.append(
            Pane(
                (
                    Series("Paid in", paid, "third", pattern="thin"),
                    Series("Value", valuation.value, "fourth"),
                ),
                weight=2,
                write=fmt.compact,
            )
        )
    peaks = np.maximum.accumulate(np.maximum(report.index, 1.0))
    drawdown = report.index / peaks - 1.0
    panes.append(Pane((Series("Drawdown", drawdown, "down", kind="area"),), weight=1, write=_share))
    return ChartData(TimeAxis(valuation.dates.astype("datetime64[s]")), tuple(panes))
