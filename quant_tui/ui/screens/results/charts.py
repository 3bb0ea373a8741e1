"""Four charts of a result: all at once where there is room, else one at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.chart import Chart

if TYPE_CHECKING:
    from textual import events

    from quant_tui.domain.base import Document
    from quant_tui.ui.screens.results.view import ResultView
    from quant_tui.ui.widgets.chart_data import ChartData

WINDOWS = ((1.0, "12 months"), (0.5, "6 months"), (0.25, "3 months"), (1 / 12, "1 month"),
           (2.0, "24 months"))  # fmt: skip
"""Rolling windows in years, in the order that the key goes through them."""

LEAST_WINDOW = 5
"""Fewest bars of a window."""

ROOM = (104, 26)
"""Columns and rows from which four charts are shown together."""


class ChartPanel(Vertical):
    """A chart with its name, and a text under it or in its place."""

    DEFAULT_CSS = """
    ChartPanel {
        height: 1fr;
        width: 1fr;
        border-top: solid $rule;
        border-title-color: $text-muted;
        border-title-style: bold;
        &:focus-within { border-top: solid $accent; border-title-color: $accent; }
        & > Static { height: auto; max-height: 7; display: none; }
        &.-text > Static { display: block; }
        &.-none > Chart { display: none; }
    }
    """

    def __init__(self, title: str, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.border_title = title
        self.chart = Chart()
        self.text = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out chart and text."""
        yield self.chart
        yield self.text

    def show(self, data: ChartData | None, text: Content | str = "", *, why: str = "") -> None:
        """Show a chart with a text under it; without one, ``why`` there is none."""
        self.set_class(data is None, "-none")
        shown = text if data is not None else Content.styled(why, "$text-muted")
        self.set_class(bool(shown), "-text")
        self.text.update(shown)
        self.chart.show(data)


class Charts(Grid):
    """Distribution, rolling Sharpe, drawdowns, excursions."""

    DEFAULT_CSS = """
    Charts {
        height: 1fr;
        grid-size: 2 2;
        grid-gutter: 0 2;
        &.-single {
            grid-size: 1 1;
            & > ChartPanel { display: none; }
            & > ChartPanel.-front { display: block; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next(1)", "Next chart", id="charts.next", tooltip="Go to the next chart"),
        Binding("shift+tab", "next(-1)", "Previous chart", id="charts.previous", show=False,
                tooltip="Go to the previous chart"),
        Binding("f", "full", "Full size", id="charts.full",
                tooltip="This chart alone in full size, or all four again"),
        Binding("w", "window", "Window", id="charts.window",
                tooltip="Another window for the rolling Sharpe ratio"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.distribution = ChartPanel("Distribution of returns", id="distribution")
        self.sharpe = ChartPanel("Rolling Sharpe", id="rolling")
        self.drawdowns = ChartPanel("Deepest drawdowns", id="drawdowns")
        self.excursions = ChartPanel("Round trips: MAE and MFE", id="excursions")
        self.panels = (self.distribution, self.sharpe, self.drawdowns, self.excursions)
        self.window: int | None = None
        """Which of the windows was chosen; None takes the first that fits in four times."""
        self._window_shown = 0
        self.full = False
        self._front = 0
        self._view: ResultView | None = None

    def compose(self) -> ComposeResult:
        """Lay out the panels."""
        yield from self.panels

    def on_mount(self) -> None:
        """Begin with the first."""
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        """Show four or one, whichever fits."""
        del event
        self._arrange()

    def _arrange(self) -> None:
        self.set_class(self.full or not self.roomy, "-single")
        for at, panel in enumerate(self.panels):
            panel.set_class(at == self._front, "-front")
            place = f"  {at + 1} of {len(self.panels)}" if self.has_class("-single") else ""
            panel.border_subtitle = place.strip()

    @property
    def roomy(self) -> bool:
        """Whether there is room for all of them."""
        return self.size.width >= ROOM[0] and self.size.height >= ROOM[1]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer one chart or all where both are possible."""
        return self.roomy if action == "full" else True

    def focus_first(self) -> None:
        """Give the keys to the chart in front."""
        self.panels[self._front].chart.focus()

    async def show_view(self, view: ResultView) -> None:
        """Draw the charts of a result."""
        self._view = view
        result, series = view.result, view.series
        if series is None:
            for panel in self.panels:
                panel.show(None, why="This result has no curve.")
            return
        from quant_tui.ui.screens.results import curves

        await self._show_sharpe()
        spread = await asyncio.to_thread(curves.distribution_chart, result, series)
        self.distribution.show(spread, why="No returns.")
        drawdowns: list[Document] = list(result.details.get("drawdowns") or ())
        under = await asyncio.to_thread(curves.drawdown_chart, result, series)
        self.drawdowns.show(under, drawdown_lines(drawdowns))
        trips = await asyncio.to_thread(curves.excursion_chart, result.round_trips)
        self.excursions.show(trips, why="No round trip to show.")

    async def _show_sharpe(self) -> None:
        view = self._view
        if view is None or view.series is None:
            return
        from quant_tui.ui.screens.results.curves import sharpe_chart

        series = view.series
        bars = [max(LEAST_WINDOW, round(series.annualization * years)) for years, _ in WINDOWS]
        if (at := self.window) is None:
            fitting = [at for at, one in enumerate(bars) if 4 * one <= len(series)]
            at = fitting[0] if fitting else bars.index(min(bars))
        self._window_shown = at
        whole = view.result.performance.get("sharpe_ratio")
        data = await asyncio.to_thread(sharpe_chart, series, bars[at], whole)
        self.sharpe.show(None if data.note else data, why=data.note)
        self.sharpe.border_title = f"Rolling Sharpe, {WINDOWS[at][1]} ({bars[at]} bars)"

    # -- keys

    def action_next(self, steps: int) -> None:
        """Go to the next or previous chart; it goes round."""
        focused = [at for at, one in enumerate(self.panels) if one.has_focus_within]
        if focused:
            self._front = focused[0]
        self._front = (self._front + steps) % len(self.panels)
        self._arrange()
        self.panels[self._front].chart.focus()

    def action_full(self) -> None:
        """Show the chart with the keys alone, or all of them."""
        self.full = not self.full
        self._front = next(
            (at for at, one in enumerate(self.panels) if one.has_focus_within), self._front
        )
        self._arrange()
        self.focus_first()

    async def action_window(self) -> None:
        """Take the next window, and show the chart that it is about."""
        self.window = (self._window_shown + 1) % len(WINDOWS)
        await self._show_sharpe()


def drawdown_lines(drawdowns: list[Document]) -> Content:
    """Write the deepest drawdowns: how deep, from when, until when, how long."""
    if not drawdowns:
        return Content.styled("The equity never fell from its peak.", "$text-muted")
    titles = f"  {'Depth':>8}  {'Peak':<10}  {'Valley':<10}  {'Recovered':<10}  {'Bars':>6}"
    lines = [Content.styled(titles, "bold $text-muted")]
    for number, one in enumerate(drawdowns, 1):
        days = "  ".join(
            str(one.get(key) or "not yet")[:10].ljust(10)
            for key in ("peak_date", "valley_date", "recovery_date")
        )
        lines.append(
            Content.assemble(
                (f"{number} ", "bold"),
                (fmt.percent(one.get("depth")).rjust(8), "$down"),
                f"  {days}  {fmt.integer(one.get('bars')):>6}",
            )
        )
    return Content("\n").join(lines)
