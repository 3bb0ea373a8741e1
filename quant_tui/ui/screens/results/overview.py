"""The first glance: ten figures, and the equity over its drawdown."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.glossary import CARDS, SIGNED
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.metric_card import MetricCard

if TYPE_CHECKING:
    from quant_tui.ui.screens.results.view import ResultView

ROOMY = 100
"""Columns from which a card has room for a comparison."""

FEW_FILLS = 100
"""Most fills that are marked on the curve before one asks for them; more hide it."""


class Overview(Vertical):
    """Cards above, chart below."""

    # the rule for short terminals begins with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    Overview {
        height: 1fr;
        & > #cards {
            height: auto;
            margin-bottom: 1;
            grid-size: 5;
            grid-rows: 2;
            grid-gutter: 0 1;
        }
        & MetricCard { padding: 0; min-width: 8; }
        & > Chart { height: 1fr; }
    }
    .-wide Overview > #cards { grid-size: 10; }
    .-short Overview > #cards { margin-bottom: 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.cards = {key: MetricCard(title) for key, title, _ in CARDS}
        self.chart = Chart(id="equity")
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Lay out cards and chart."""
        yield Grid(*self.cards.values(), id="cards")
        yield self.chart

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        self.chart.focus()

    async def show_view(self, view: ResultView) -> None:
        """Show a result."""
        self._show_cards(view)
        if view.series is None:
            self.chart.show(None)
            return
        from quant_tui.ui.screens.results.curves import equity_chart

        result = view.result
        data = await asyncio.to_thread(equity_chart, result, view.series, view.benchmark)
        if result is not self._shown:
            self._shown = result
            self.chart.markers_shown = len(result.trades) <= FEW_FILLS
        self.chart.show(data)

    def _show_cards(self, view: ResultView) -> None:
        result, undefined = view.result, view.undefined
        roomy = self.app.size.width >= ROOMY
        for key, _, write in CARDS:
            value = result.performance.get(key)
            note = ""
            if value is None:
                note = str(undefined.get(key) or "undefined")
            elif key == "total_trades" and result.performance.get("open_trades"):
                note = f"+{result.performance['open_trades']} open"
            elif (
                key == "total_return"
                and roomy
                and (other := result.performance.get("benchmark_return"))
            ):
                note = f"{view.benchmark} {fmt.percent(other, 0)}"
            role = fmt.direction(value) if key in SIGNED else ""
            self.cards[key].show(write(value), note=note, role=role)
