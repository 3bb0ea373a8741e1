"""A page that is one chart of a study, or one of several that ``tab`` goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice

if TYPE_CHECKING:
    from quant_tui.ui.screens.optimise.view import StudyView
    from quant_tui.ui.widgets.chart_data import ChartData

Draw = Callable[["StudyView", int], "ChartData | None"]
"""From a study and the number of the chart to the chart; called in a thread."""

Why = Callable[["StudyView"], Notice]
"""From a study of which nothing can be drawn to what is said in the chart's place."""

Titles = Callable[["StudyView"], Sequence[str]]


def one_chart(_view: StudyView) -> Sequence[str]:
    """Name the only chart of a page."""
    return ("",)


class ChartPart(Vertical):
    """A chart, over it which of several it is, and in its place why there is none.

    Parameters
    ----------
    draw
        Makes the chart.
    titles
        Names the charts that ``tab`` goes through.
    why
        Says why there is nothing to draw.
    """

    DEFAULT_CSS = """
    ChartPart {
        height: 1fr;
        & > .which { height: 1; display: none; }
        &.-several > .which { display: block; }
        & > MessagePanel { display: none; }
        &.-none > Chart { display: none; }
        &.-none > MessagePanel { display: block; }
    }
    """
    BINDING_GROUP_TITLE = "Chart of a study"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next(1)", "Next chart", id="study.next_chart",
                tooltip="Next parameter, or next pair of objectives"),
        Binding("shift+tab", "next(-1)", "Previous chart", id="study.previous_chart", show=False,
                tooltip="Previous parameter, or previous pair of objectives"),
    ]  # fmt: skip

    def __init__(self, draw: Draw, why: Why, titles: Titles = one_chart, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.chart = Chart()
        self.which = Static("", classes="which", markup=False)
        self.panel = MessagePanel()
        self.at = 0
        self._draw = draw
        self._why = why
        self._titles = titles
        self._drawn: tuple[str, int] | None = None
        self._view: StudyView | None = None

    def compose(self) -> ComposeResult:
        """Lay out name, chart, and the panel that stands in for it."""
        yield self.which
        yield self.chart
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        (self.panel if self.has_class("-none") else self.chart).focus()

    async def show_view(self, view: StudyView) -> None:
        """Draw a study."""
        self._view = view
        names = self._titles(view)
        self.at = min(self.at, max(0, len(names) - 1))
        data = await asyncio.to_thread(self._draw, view, self.at)
        had_focus = self.has_focus_within
        self.set_class(data is None, "-none")
        self.set_class(data is not None and len(names) > 1, "-several")
        if self.has_class("-several"):
            self.which.update(f"{names[self.at]}  ({self.at + 1} of {len(names)}, tab)")
        if data is None:
            self.panel.show(self._why(view))
        drawn = (view.report.study.id, self.at)
        if drawn != self._drawn:  # another chart is shown whole
            self.chart.show(None)
        self.chart.show(data, grown=drawn == self._drawn)
        self._drawn = drawn
        if had_focus:
            self.focus_first()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer the next chart only where there are several."""
        return self.has_class("-several") if action == "next" else True

    async def action_next(self, steps: int) -> None:
        """Draw the next or previous chart; it goes round."""
        if self._view is not None:
            self.at = (self.at + steps) % len(self._titles(self._view))
            await self.show_view(self._view)
