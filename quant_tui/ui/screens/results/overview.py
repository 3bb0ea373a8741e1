"""The first glance: ten figures, and the equity over its drawdown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.glossary import CARDS, SIGNED
from quant_tui.ui.widgets.chart import TimeChart
from quant_tui.ui.widgets.metric_card import MetricCard

if TYPE_CHECKING:
    from quant_tui.domain.trading import BacktestResult
    from quant_tui.ui.widgets.chart_data import ChartData, Floats


ROOMY = 100
"""Columns from which a card has room for a comparison."""


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
        & > TimeChart { height: 1fr; }
    }
    .-wide Overview > #cards { grid-size: 10; }
    .-short Overview > #cards { margin-bottom: 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.cards = {key: MetricCard(title) for key, title, _ in CARDS}
        self.chart = TimeChart(id="equity")

    def compose(self) -> ComposeResult:
        """Lay out cards and chart."""
        yield Grid(*self.cards.values(), id="cards")
        yield self.chart

    def show_result(self, result: BacktestResult, benchmark: str) -> None:
        """Show a result; ``benchmark`` is the symbol it is compared with."""
        undefined = result.details.get("undefined") or {}
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
                note = f"{benchmark} {fmt.percent(other, 0)}"
            role = fmt.direction(value) if key in SIGNED else ""
            self.cards[key].show(write(value), note=note, role=role)
        self.chart.show(equity_chart(result, benchmark))


def equity_chart(result: BacktestResult, benchmark: str) -> ChartData | None:
    """Return equity and benchmark over drawdown; None when there is no curve."""
    import numpy as np

    from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series

    curve = result.portfolio_value
    if not curve.get("date"):
        return None
    dates = np.array([str(day)[:19] for day in curve["date"]], dtype="datetime64[s]")
    value = _floats(curve["value"])
    lines = [Series("Strategy", value, "first")]
    other = result.benchmark
    if benchmark and other.get("value") and len(other["value"]) == len(dates):
        lines.insert(0, Series(benchmark, _floats(other["value"]), "second", thin=True))
    drawdown = (result.details.get("series") or {}).get("drawdown")
    depth = _floats(drawdown) if drawdown else value / np.maximum.accumulate(value) - 1.0
    return ChartData(
        dates,
        (
            Pane(tuple(lines), weight=3, write=fmt.compact, may_log=True),
            Pane(
                (Series("Drawdown", depth, "down"),),
                weight=1,
                write=partial(fmt.percent, decimals=1),
                kind="area",
            ),
        ),
    )


def _floats(values: list[float | None]) -> Floats:
    import numpy as np

    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)
