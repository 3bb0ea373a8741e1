"""A model on pages: what it is, how it learned, what it foretold, what it says now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from quant_tui.domain.errors import QuantError
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import figure
from quant_tui.ui.screens.models.model_charts import (
    curve_chart,
    forecast_chart,
    information_chart,
    residual_chart,
)
from quant_tui.ui.screens.models.model_listing import TITLE, about_lines, fact
from quant_tui.ui.screens.models.model_log import drift_lines, log_lines
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.paged import PagedView

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel
    from quant_tui.services.composition import Services
    from quant_tui.ui.widgets.chart_data import ChartData

BAR_WIDTH = 24


class ChartOfModel(Vertical):
    """One chart, or why there is none."""

    DEFAULT_CSS = """
    ChartOfModel {
        & > Chart { height: 1fr; }
        & > MessagePanel { display: none; }
        &.-none > Chart { display: none; }
        &.-none > MessagePanel { display: block; }
    }
    """

    def __init__(
        self,
        draw: Callable[[MLModel], ChartData | None],
        why: str,
        *,
        id: str,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self._draw = draw
        self.chart = Chart()
        self._none = MessagePanel(Notice("Nothing to draw", why))

    def compose(self) -> ComposeResult:
        """Lay out the chart, and the notice in its place."""
        yield self.chart
        yield self._none

    def show_model(self, model: MLModel) -> None:
        """Show a model's chart."""
        data = self._draw(model) if model.is_ready else None
        self.set_class(data is None, "-none")
        self.chart.show(data)

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        (self._none if self.has_class("-none") else self.chart).focus()


Lines = Callable[[int], Iterable[Content]]
"""Given a width."""


class TextOfModel(Page):
    """Lines of a model, some of which are fetched first."""

    def show_lines(self, lines: Lines) -> None:
        """Show lines."""
        self.show(lambda width: [*lines(width)])

    def fetch(self, work: Callable[[], Awaitable[Lines]]) -> None:
        """Fetch lines beside what is going on, and show them or why there are none."""

        async def fetched() -> None:
            try:
                self.show_lines(await work())
            except QuantError as error:
                said = Content.styled(str(error), "$text-warning")
                self.show_lines(lambda _width: [said])

        self.show_lines(lambda _width: [Content.styled("Loading …", "$text-muted")])
        self.run_worker(fetched(), group="lines", exclusive=True, exit_on_error=False)

    def focus_first(self) -> None:
        """Give the keys to the text."""
        self.focus()


class ModelPage(PagedView):
    """A model, its charts, and what it said while it was deployed.

    Parameters
    ----------
    services
        Gives the services.
    """

    BINDING_GROUP_TITLE = "Model"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next page", id="model.next",
                key_display="[ ]", tooltip="Next page of the model"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="model.previous",
                show=False, tooltip="Previous page of the model"),
    ]  # fmt: skip
    page_titles = (
        ("overview", "Overview"),
        ("curve", "Learning"),
        ("forecasts", "Forecasts"),
        ("residuals", "Residuals"),
        ("information", "IC"),
        ("log", "Log"),
        ("drift", "Drift"),
    )
    noun = "model"

    def __init__(self, services: Callable[[], Services], *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._services = services
        self.model: MLModel | None = None
        self._leaking: Sequence[str] = ()

    async def show_model(self, model: MLModel, leaking: Sequence[str]) -> None:
        """Show a model, from its first page on when it is another.

        Parameters
        ----------
        leaking
            Its features that look ahead.
        """
        if self.model is None or self.model.id != model.id:
            self.show_first_page()
        self.model, self._leaking = model, leaking
        await self.show_pages()

    @property
    def filled(self) -> bool:
        """Whether there is a model."""
        return self.model is not None

    async def fill_page(self, page: Widget) -> None:
        """Show the model on a page."""
        model = self.model
        if model is None:
            return
        if isinstance(page, ChartOfModel):
            page.show_model(model)
        elif isinstance(page, TextOfModel):
            if page.id == "overview" or not model.is_ready:
                page.show_lines(partial(overview_lines, model, self._leaking))
            else:
                page.fetch(partial(self._lines_of, str(page.id), model))

    async def _lines_of(self, page: str, model: MLModel) -> Lines:
        services = self._services()
        if page == "log":
            return partial(log_lines, await services.prediction_logs.read(model.id))
        return partial(drift_lines, await services.scoring.drift(model.id))

    def build_page(self, name: str) -> Widget:
        """Make a page."""
        if name == "curve":
            return ChartOfModel(
                lambda model: curve_chart(model.report.get("curve", {})),
                "This type of model does not learn in rounds.",
                id=name,
            )
        if name == "forecasts":
            return ChartOfModel(forecast_chart, "It was judged on too few samples.", id=name)
        if name == "residuals":
            why = "Classes have none: the confusion on the first page says how they were missed."
            return ChartOfModel(residual_chart, why, id=name)
        if name == "information":
            why = "Correlations across symbols need three symbols or more on a date."
            return ChartOfModel(information_chart, why, id=name)
        return TextOfModel(id=name)

    def write_head(self) -> None:
        """Write which model it is, and the pages."""
        if self.model is None:
            self.head.update("")
            return
        width = max(20, self.size.width - 2)
        title = Content.assemble(
            (self.model.title, "bold $accent"), f"  {self.model.model_type}"
        ).truncate(width, ellipsis=True)
        self.head.update(Content("\n").join((title, self.page_tabs(width))), layout=False)


def overview_lines(model: MLModel, leaking: Sequence[str], width: int) -> Iterator[Content]:
    """Say everything of a model that is no chart; ``leaking`` as in its lines in the list."""
    yield from about_lines(model, leaking, width)
    if not model.is_ready:
        return
    report, lineage = model.report, model.lineage
    if report.get("importance"):
        yield from _section("Importance")
        yield from _shares(report["importance"])
    if report.get("confusion"):
        yield from _section("Confusion: a row for what came, a column for what was foretold")
        yield from _confusion(report["confusion"])
    yield from _section("Split")
    for number, fold in enumerate(report["folds"], start=1):
        title = f"{model.split['kind']} {number}"
        learned = f"learned {' to '.join(fold['train'])},"
        rounds = f"{fmt.integer(fold['rounds'])} round{'s' if fold['rounds'] != 1 else ''}"
        judged = f"judged {' to '.join(fold['test'])}, {rounds}"
        if len(learned) + len(judged) + TITLE < width:
            yield fact(title, f"{learned} {judged}")
        else:
            yield fact(title, learned)
            yield fact("", judged)
    yield from _section("Parameters")
    yield from _pairs(model.parameters, width)
    if model.search:
        trials, best = model.search["trials"], model.search["best"]
        value = figure(trials[best]["value"])
        yield fact("search", f"{len(trials)} trials for {model.search['metric']}, best {value}")
        if model.search["judged_on_test"]:
            yield fact("", "chosen on the samples it is judged on: its figures are too good")
    yield from _section("Lineage")
    tradable = "since the first tested date" if lineage["is_tradable"] else "after that date alone"
    code = ", ".join(f"{name} {number}" for name, number in lineage["code_version"].items())
    for title, text in (
        ("data", f"{lineage['first_date']} to {lineage['last_date']}, {lineage['interval']},"
                 f" {lineage['data_fingerprint'][:16]}"),
        ("learned until", f"{lineage['known_until']}; strategies get its forecasts {tradable}"),
        ("artifact", f"{lineage['artifact_hash'][:16]}, {fmt.integer(lineage['artifact_bytes'])}"
                     " bytes"),
        ("code", code),
        ("seed", f"{lineage['seed']}, {fmt.integer(report['samples'])} samples"),
    ):  # fmt: skip
        yield fact(title, text).truncate(width, ellipsis=True)


def _section(title: str) -> Iterator[Content]:
    yield Content("")
    yield Content.styled(title, "bold")


def _shares(found: Mapping[str, float]) -> Iterator[Content]:
    ordered = sorted(found.items(), key=lambda one: -one[1])
    most = max(ordered[0][1], 1e-12)
    room = min(30, max(cell_len(name) for name, _ in ordered)) + 2
    for name, share in ordered:
        bar = fmt.bar(share / most, BAR_WIDTH)
        yield Content.assemble(
            (set_cell_size(name, room), "$text-muted"),
            (bar, "$accent"),
            f" {fmt.percent(share, 1)}",
        )


def _confusion(table: list[list[int]]) -> Iterator[Content]:
    names = ("falls", "rises") if len(table) == 2 else ("loss", "neither", "gain")
    yield Content.styled("".ljust(10) + "".join(name.rjust(10) for name in names), "$text-muted")
    for name, row in zip(names, table, strict=True):
        counts = "".join(fmt.integer(one).rjust(10) for one in row)
        yield Content.assemble((name.ljust(10), "$text-muted"), counts)


def _pairs(values: Mapping[str, object], width: int) -> Iterator[Content]:
    line = ""
    for name, value in values.items():
        text = figure(value) if isinstance(value, float) else str(value)
        part = f"{name} {text}"
        if line and len(line) + len(part) + 3 > width:
            yield Content(line)
            line = ""
        line = f"{line}   {part}" if line else part
    if line:
        yield Content(line)
