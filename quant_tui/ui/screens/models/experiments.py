"""The experiments part: every run in a table of parameters and figures, and some compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from quant_tui.ml.metrics import DIRECTION, METRIC_TITLES
from quant_tui.services.experiments import run_parameters
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import figure, muted
from quant_tui.ui.screens.models.model_charts import curves_chart, measure_different_losses
from quant_tui.ui.screens.models.notes import experiment_dialog
from quant_tui.ui.screens.models.parts import ModelsPart
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel
    from quant_tui.services.experiments import ExperimentRuns
    from quant_tui.ui.screens.models.workspace import Models

LIST, COMPARE = "run-list", "run-compare"
MOST_COMPARED = 6
EMPTY = Notice(
    "No runs yet",
    "Every model that is trained is a run: here they stand side by side, with the parameters "
    "that differ and the figures that came of them.",
    (("}", "To the models"),),
)


def _figure(value: object) -> str:
    return figure(value if isinstance(value, float | int) else None)


class ExperimentsPart(ModelsPart):
    """Runs of the user."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    ExperimentsPart {
        & > ContentSwitcher { height: 1fr; }
        & #run-head { height: auto; max-height: 4; color: $text-muted; }
        & #run-compare > Chart { height: 2fr; }
        & #run-compare > Page { height: 3fr; border-top: solid $rule; padding-left: 1; }
        & #run-compare.-plain > Chart { display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Experiments"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "Compare", id="experiments.compare",
                tooltip="Lay the marked runs side by side: space marks"),
        Binding("w", "experiment", "Experiment", id="experiments.choose",
                tooltip="Show the runs of the next experiment, or all"),
        Binding("e", "edit", "Notes", id="experiments.edit",
                tooltip="Name and notes of the experiment"),
        Binding("escape", "back", "Back", id="experiments.back", tooltip="Back to the runs"),
    ]  # fmt: skip

    def __init__(self, place: Models, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(place, id=id)
        self.table = Table((Column("Run", 20),), empty=EMPTY, markable=True, id="run-table")
        self.head = Static("", id="run-head", markup=False)
        self.chart = Chart()
        self.text = Page(widest=200)
        self.pages = ContentSwitcher(initial=LIST)
        self._runs: ExperimentRuns | None = None
        self._experiment = ""

    def compose(self) -> ComposeResult:
        """Lay out the runs and the comparison."""
        with self.pages:
            with Vertical(id=LIST):
                yield self.head
                yield self.table
            with Vertical(id=COMPARE):
                yield self.chart
                yield self.text

    async def load(self) -> None:
        """Fetch the runs."""
        self._runs = runs = await self.services.experiments.runs(self._experiment)
        self._say(runs)
        differing = [name for name in runs.parameters if name in runs.differing]
        self.table.set_columns(
            (
                Column("Run", 18, grow=1),
                *(Column(METRIC_TITLES[one], 9, "right", write=_figure,
                         first="descending" if DIRECTION[one] else "ascending")
                  for one in runs.metrics),
                *(Column(_title(one), _width(one), "right", write=_written, role=muted)
                  for one in differing),
            ),
            [
                Row(
                    model.id,
                    (
                        model.title,
                        *(model.metrics.get(one) for one in runs.metrics),
                        *(run_parameters(model).get(one) for one in differing),
                    ),
                    also=" ".join((*model.tags, str(model.model_type))),
                )
                for model in runs.models
            ],
        )  # fmt: skip
        self.refresh_bindings()

    def focus_first(self) -> None:
        """Give the keys to the page that is shown."""
        if self.pages.current == COMPARE:
            self.text.focus()
        else:
            self.table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action == "back":
            return self.pages.current == COMPARE
        if action == "compare":
            return self.pages.current == LIST and bool(self._runs and len(self._runs.models) > 1)
        if action in ("experiment", "edit"):
            return self.pages.current == LIST and bool(self._runs and self._runs.models)
        return super().check_action(action, parameters)

    def _say(self, runs: ExperimentRuns) -> None:
        """Say whose runs these are."""
        self.head.display = bool(runs.models)
        count = len(runs.models)
        self.head.update(
            Content.assemble(
                (runs.experiment.name, "bold $accent"),
                f"  {fmt.integer(count)} run{'s' * (count != 1)}  {runs.experiment.notes}",
            )
        )

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open the model."""
        event.stop()
        self.place.visit(f"models:{event.key}")

    def action_experiment(self) -> None:
        """Show the next experiment's runs; after the last one all runs."""
        self.place.spawn(self._next_experiment, keys_wait=True)

    async def _next_experiment(self) -> None:
        names = ["", *(one.name for one in await self.services.experiments.list())]
        at = names.index(self._experiment) if self._experiment in names else 0
        self._experiment = names[(at + 1) % len(names)]
        await self.load()
        self.place.toast(f"Runs of {self._experiment or 'all experiments'}.")

    def action_compare(self) -> None:
        """Lay the marked runs side by side."""
        if self._runs is None:
            return
        chosen = [one.id for one in self._runs.models if one.id in self.table.marked]
        if 2 <= len(chosen) <= MOST_COMPARED:
            self.place.spawn(partial(self._compare, chosen), keys_wait=True)
        else:
            self.place.toast(f"Mark two to {MOST_COMPARED} runs with space, then c compares them.")

    def action_edit(self) -> None:
        """Ask for name and notes of the experiment: that which is shown, or the run's."""
        self.place.spawn(self._edit, keys_wait=True)

    async def _edit(self) -> None:
        experiments = self.services.experiments
        wanted = self._experiment
        if not wanted and self._runs is not None:
            shown = {one.id: one.experiment_id or "" for one in self._runs.models}
            wanted = shown.get(self.table.cursor_key, "")
        if not wanted:
            self.place.toast("This run is of no experiment; the form of a training names one.")
            return
        dialog = experiment_dialog(await experiments.get(wanted), experiments)
        if (kept := await self.place.host.push_screen_wait(dialog)) is not None:
            self._experiment = kept.name if self._experiment else ""
            await self.load()

    async def _compare(self, chosen: Sequence[str]) -> None:
        found = [await self.services.models.find(one) for one in chosen]
        marked = [one for one in found if one is not None]
        chart = curves_chart(marked)
        self.chart.show(chart)
        self.query_one(f"#{COMPARE}").set_class(chart is None, "-plain")
        self.text.show(partial(_compared, marked))
        self.pages.current = COMPARE
        self.text.focus()
        self.refresh_bindings()

    def action_back(self) -> None:
        """Back to the runs."""
        self.pages.current = LIST
        self.table.focus()
        self.refresh_bindings()


def _compared(models: Sequence[MLModel], width: int) -> list[Content]:
    """Return the runs side by side; what differs is bright, the best figure marked."""
    first = 18
    room = max(10, min(20, (width - first) // max(1, len(models))))
    lines = []
    if measure_different_losses(models):
        lines.append(Content.styled("Losses above are shares of each run's first.", "$text-muted"))
    lines.append(_line("", [one.title for one in models], first, room, "bold"))
    for name in dict.fromkeys(key for one in models for key in one.metrics):
        values = [one.metrics.get(name) for one in models]
        known = [one for one in values if one is not None]
        texts = [figure(one) for one in values]
        # digits that nobody sees make none the best
        best = figure((max if DIRECTION[name] else min)(known)) if known else ""
        marked = [f"{one} ◆" if one == best and not _same(texts) else f"{one}  " for one in texts]
        lines.append(_line(METRIC_TITLES[name], marked, first, room, ""))
        lines += _baselines(models, name, first, room)
    lines += [Content(""), Content.styled("Importance", "bold")]
    lines += _importances(models, first, room)
    lines += [Content(""), Content.styled("Parameters", "bold")]
    parameters = [run_parameters(one) for one in models]
    for name in dict.fromkeys(key for one in parameters for key in one):
        texts = [_written(one.get(name)) for one in parameters]
        lines.append(_line(name, texts, first, room, "$text-muted" if _same(texts) else "bold"))
    return lines


def _baselines(models: Sequence[MLModel], metric: str, first: int, room: int) -> Iterator[Content]:
    """Write the best figure that each run's baselines have; nothing where none has any."""
    best = max if DIRECTION[metric] else min
    texts = []
    for one in models:
        known = [found[metric] for found in one.baselines.values() if found.get(metric) is not None]
        texts.append(figure(best(known) if known else None) + "  ")
    if any(text.strip() != fmt.NOTHING for text in texts):
        yield _line("  without a model", texts, first, room, "$text-muted")


def _importances(models: Sequence[MLModel], first: int, room: int) -> Iterator[Content]:
    found = [one.report.get("importance") or {} for one in models]
    for name in dict.fromkeys(key for one in found for key in one):
        texts = [
            (fmt.percent(one[name], 1) if name in one else fmt.NOTHING) + "  " for one in found
        ]
        yield _line(name, texts, first, room, "")


def _line(title: str, texts: Sequence[str], first: int, room: int, style: str) -> Content:
    cells = "".join(text[: room - 1].rjust(room) for text in texts)
    return Content.assemble((set_cell_size(title, first), "$text-muted"), (cells, style))


def _same(texts: Sequence[str]) -> bool:
    return len(set(texts)) < 2


def _written(value: object) -> str:
    if isinstance(value, float):
        return figure(value)
    return fmt.NOTHING if value is None else str(value)


def _title(name: str) -> str:
    return name.replace("_", " ")


def _width(name: str) -> int:
    return 12 if name in ("type", "target", "split") else max(8, min(14, len(name)))
