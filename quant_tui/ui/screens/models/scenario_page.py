"""A scenario on pages: what came of it, skill over time, curves, costs, the comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from quant_tui.domain.base import Document
from quant_tui.ui.screens.models.scenario_charts import cost_chart, equity_chart, skill_chart
from quant_tui.ui.screens.models.scenario_listing import (
    comparison_lines,
    cost_lines,
    result_lines,
)
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.paged import PagedView

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import EvaluationScenario
    from quant_tui.ui.widgets.chart_data import ChartData

NOT_RUN = Notice(
    "Not run yet",
    "Choose the models in the form, and run them over the windows.",
    (("r", "Run it"), ("e", "Choose models")),
)
NOTHING_DRAWN = Notice(
    "Nothing to draw", "No model has forecasts out of sample in this window; w is the next one."
)


class ShowsScenario(Protocol):
    """What every page can do."""

    def show_scenario(self, scenario: EvaluationScenario, window: int) -> None:
        """Show what came of a scenario, the charts that of one window."""


class TextOfScenario(Page):
    """A page of lines."""

    def __init__(
        self,
        write: Callable[[EvaluationScenario, int], Iterable[Content]],
        *,
        id: str,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self._lines = write

    def show_scenario(self, scenario: EvaluationScenario, window: int) -> None:  # noqa: ARG002 -- all windows stand here
        """Show what came of a scenario."""
        self.show(lambda width: [*self._lines(scenario, width)])

    def focus_first(self) -> None:
        """Give the keys to the text."""
        self.focus()


class ChartOfScenario(Vertical):
    """One chart of one window, and lines under it where there are some."""

    DEFAULT_CSS = """
    ChartOfScenario {
        & > Chart { height: 1fr; }
        & > Page { height: 1fr; border-top: solid $rule; display: none; }
        & > MessagePanel { display: none; }
        &.-lines > Page { display: block; }
        &.-none > Chart { display: none; }
        &.-none > MessagePanel { display: block; }
        &.-none > Page { display: none; }
    }
    """

    def __init__(
        self,
        draw: Callable[[Document], ChartData | None],
        lines: Callable[[Document, int], Iterable[Content]] | None = None,
        *,
        id: str,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self._draw, self._lines = draw, lines
        self.chart, self._text = Chart(), Page()
        self._none = MessagePanel(NOTHING_DRAWN)
        self.set_class(lines is not None, "-lines")

    def compose(self) -> Iterable[Widget]:
        """Lay out chart, lines, and the notice in their place."""
        yield self.chart
        yield self._text
        yield self._none

    def show_scenario(self, scenario: EvaluationScenario, window: int) -> None:
        """Show what came of one window."""
        found = scenario.results["windows"][window]
        data = self._draw(found)
        self.set_class(data is None, "-none")
        self.chart.show(data)
        if (lines := self._lines) is not None:
            self._text.show(lambda width: [*lines(found, width)])

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        (self._none if self.has_class("-none") else self.chart).focus()


class ScenarioPage(PagedView):
    """A scenario, and what came of it."""

    BINDING_GROUP_TITLE = "Scenario"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next page", id="scenario.next",
                key_display="[ ]", tooltip="Next page of the scenario"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="scenario.previous",
                show=False, tooltip="Previous page of the scenario"),
        Binding("w", "window", "Window", id="scenario.window",
                tooltip="Draw the next window of the scenario"),
    ]  # fmt: skip
    page_titles = (
        ("result", "Result"),
        ("skill", "Skill"),
        ("equity", "Equity"),
        ("costs", "Costs"),
        ("tests", "Comparison"),
    )
    noun = "scenario"

    def __init__(self, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.scenario: EvaluationScenario | None = None
        self.window = 0
        self.running = ""

    async def show_scenario(self, scenario: EvaluationScenario, *, focus: bool = False) -> None:
        """Show a scenario, from its first window on when it is another or was run again."""
        before, self.scenario = self.scenario, scenario
        if before is None or before.id != scenario.id:
            self.show_first_page()
        if before is None or before.results != scenario.results:
            self.window = 0
        if scenario.results:
            await self.show_pages(focus=focus)
        else:
            self.write_head()
            self.show_notice(NOT_RUN)

    def show_progress(self, text: str) -> None:
        """Say in the heading how far a run is."""
        if text != self.running:
            self.running = text
            self.write_head()

    def action_window(self) -> None:
        """Draw the next window."""
        if self.scenario is not None and self.scenario.results:
            self.window = (self.window + 1) % len(self.scenario.results["windows"])
            self.stale_pages()
            self.run_worker(self.refill(), exit_on_error=False)

    @property
    def filled(self) -> bool:
        """Whether there is something on the pages."""
        return self.scenario is not None and bool(self.scenario.results)

    async def fill_page(self, page: Widget) -> None:
        """Show the scenario on a page."""
        if self.scenario is not None:
            cast("ShowsScenario", page).show_scenario(self.scenario, self.window)

    def build_page(self, name: str) -> Widget:
        """Make a page."""
        if name == "skill":
            return ChartOfScenario(skill_chart, id=name)
        if name == "equity":
            return ChartOfScenario(equity_chart, id=name)
        if name == "costs":
            return ChartOfScenario(cost_chart, cost_lines, id=name)
        return TextOfScenario(result_lines if name == "result" else comparison_lines, id=name)

    def write_head(self) -> None:
        """Write which scenario it is, and the pages."""
        if self.scenario is None:
            self.head.update("")
            return
        width = max(20, self.size.width - 2)
        said = f"  {self.running}" if self.running else f"  {len(self.scenario.model_ids)} models"
        title = Content.assemble((self.scenario.name, "bold $accent"), (said, "$text-muted"))
        lines = [title.truncate(width, ellipsis=True)]
        if self.filled:
            lines.append(self.page_tabs(width))
        self.head.update(Content("\n").join(lines), layout=False)
