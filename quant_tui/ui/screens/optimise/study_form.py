"""The form of a new study: ready to run as it opens, what it will take said before it starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quant_tui.domain.errors import QuantError
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.backtests.market_form import MarketForm
from quant_tui.ui.screens.backtests.run_fields import RunFields
from quant_tui.ui.screens.backtests.run_form import WARM_UPS, option_field
from quant_tui.ui.screens.backtests.run_options import (
    BASIC,
    MORE,
    SIZING_HELP,
    beside_form,
    written,
)
from quant_tui.ui.screens.optimise.range_text import count_text, read_range, write_range
from quant_tui.ui.screens.optimise.study_text import (
    FIELD_OF,
    RANGE,
    StudyTexts,
    read_study,
    write_objectives,
)
from quant_tui.ui.screens.optimise.view import write_value
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.worker import Worker

    from quant_tui.domain.base import Document
    from quant_tui.domain.trading import OptimizationStudy, Strategy
    from quant_tui.engine.rules import ParameterSpec
    from quant_tui.services.composition import Services
    from quant_tui.services.run_defaults import RunDefaults
    from quant_tui.services.study_report import StudyEstimate
    from quant_tui.services.study_request import StudyRequest

STUDY = "study:"
"""A jump to ``study:ID`` opens the form of a new study of that strategy."""

PAUSE = 0.5
"""Seconds without a change after which what the study will take is worked out."""

SAMPLERS = (("tpe", "TPE, learns"), ("grid", "grid, all"), ("cmaes", "CMA-ES, moves"),
            ("random", "random"), ("qmc", "QMC, even"),
            ("nsga2", "NSGA-II, front"))  # fmt: skip
SAMPLER_HELP = {
    "tpe": "from the good trials",
    "grid": "every combination",
    "cmaes": "moves to good numbers",
    "random": "independent draws",
    "qmc": "fills the space evenly",
    "nsga2": "front of several objectives",
}


def wanted_study(target: str) -> str | None:
    """Return the strategy of the study that a jump wants; None if it goes elsewhere."""
    if target.startswith(STUDY):
        return target.removeprefix(STUDY)
    return "" if target == "new" else None


@dataclass(frozen=True)
class Searchable:
    """A strategy whose parameters can be searched.

    Attributes
    ----------
    specs
        Its parameters.
    texts
        A range of each, as the form writes it.
    """

    strategy: Strategy
    specs: dict[str, ParameterSpec]
    texts: dict[str, str]


class StudyForm(MarketForm):
    """What to search: strategy, symbols, dates, split, objective, sampler, and the ranges.

    Parameters
    ----------
    strategies
        Those to choose from.
    defaults
        Symbols there are, and what to begin with.
    estimate
        Says what a study will take.
    strategy_id
        The one chosen at first.
    study
        An earlier study to begin with.
    more
        Whether the fields beyond the usual ones are shown from the start.
    """

    DEFAULT_CSS = """
    StudyForm > #estimate { height: 1; color: $text-muted; }
    """

    class Started(Message):
        """Everything is right and is to be run."""

        def __init__(self, form: StudyForm, request: StudyRequest) -> None:
            super().__init__()
            self.form = form
            self.request = request

    class Left(Message):
        """Left without running."""

    def __init__(
        self,
        strategies: Sequence[Searchable],
        defaults: RunDefaults,
        estimate: Callable[[StudyRequest], Awaitable[StudyEstimate]],
        *,
        strategy_id: str = "",
        study: OptimizationStudy | None = None,
        more: bool = False,
    ) -> None:
        super().__init__(
            defaults, "New study", "ctrl+s runs it", dates_given=study is not None, id="study-form"
        )
        config = study.config if study is not None else {}
        self._strategies = {one.strategy.id: one for one in strategies}
        chosen = strategy_id if strategy_id in self._strategies else next(iter(self._strategies))
        self._texts = StudyTexts(
            self._known, beside_form(config), {key: one.specs for key, one in
                                               self._strategies.items()},
        )  # fmt: skip
        self._estimate = estimate
        self._due: Timer | None = None
        self.said = Static("", id="estimate", markup=False)
        given = dict(config.get("study") or {})
        options = written(config, defaults.commission)
        rest = {**_rest(None, {}), **written({}, defaults.commission)}
        self.form = RunFields(
            [*self._basic_fields(chosen, config, given, study),
             *self._range_fields(chosen, study)],
            [*_rest_fields(_rest(study, given)),
             *(option_field(one, options) for one in (*BASIC, *MORE))],
            rest,
            check=lambda values: read_study(values, self._texts)[1],
            opened=more,
            about="walk-forward, least trades, constraints, seed, costs, fills",
        )  # fmt: skip

    def _basic_fields(
        self, chosen: str, config: Document, given: Document, study: OptimizationStudy | None
    ) -> list[Field]:
        symbols = config.get("symbols") or list(self._defaults.symbols)
        start, end = self._range(symbols)
        start, end = config.get("start_date") or start, config.get("end_date") or end
        objective = write_objectives(given["objectives"]) if given else "sharpe_ratio"
        sampler = study.sampler if study is not None else "tpe"
        trials = study.n_trials if study is not None and sampler != "grid" else 200
        return [
            Field("strategy", "Strategy", chosen, help_text="← → to choose",
                  choices=[(key, one.strategy.name) for key, one in self._strategies.items()]),
            Field("symbols", "Symbols", ", ".join(symbols), help_text="ctrl+t marks"),
            Field("start", "From", start, help_text="first session; empty: all"),
            Field("end", "To", end, help_text="last session"),
            Field("out", "Keep out", _out_text(given.get("out_of_sample", 0.3)),
                  help_text="% at the end, or a date"),
            Field("objective", "Objective", objective,
                  help_text="a metric or rule; a; b"),
            Field("sampler", "Sampler", sampler, choices=SAMPLERS,
                  help_text=SAMPLER_HELP[sampler]),
            Field("trials", "Trials", str(trials), help_text="a grid tries all"),
            Field("name", "Name", "", placeholder="strategy on symbols", help_text="optional"),
        ]  # fmt: skip

    def _range_fields(self, chosen: str, study: OptimizationStudy | None = None) -> list[Field]:
        one = self._strategies[chosen]
        fields = []
        for name, text in one.texts.items():
            if study is not None and study.strategy_id == chosen:
                text = _studied(study, name, text)
            field = Field(RANGE + name, name, text, help_text=self._range_help(chosen, name, text))
            field.add_class("-range")
            fields.append(field)
        return fields

    def _range_help(self, chosen: str, name: str, text: str) -> str:
        one = self._strategies[chosen]
        spec = one.specs[name]
        own = one.strategy.parameters.get(name, spec.default)
        try:
            count = count_text(read_range(text, spec, one.specs))
        except ValueError:
            count = ""
        return f"{count}; now {write_value(own)}" if count else f"now {write_value(own)}"

    def compose(self) -> ComposeResult:
        """Lay out fields, symbols, and what the study will take."""
        yield from super().compose()
        yield self.said

    def on_mount(self) -> None:
        """List the symbols, and work out what the study will take."""
        super().on_mount()
        self._estimate_soon()

    def focus_first(self) -> None:
        """Give the keys to the ranges where the strategy is chosen, for they are the search."""
        self.form.field("symbols").control.focus()

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Say what is wrong with a request, beside its fields where it has some."""
        specs = self._texts.specs.get(self.form.values["strategy"], {})
        super().refuse(
            {RANGE + key if key in specs else FIELD_OF.get(key, key): text
             for key, text in wrong.items()}
        )  # fmt: skip

    # -- what follows from what

    def field_changed(self, key: str, values: Mapping[str, str]) -> None:
        """Let ranges, help and estimate follow."""
        if key == "strategy":
            _putting: Worker[None] = self.run_worker(
                self._other_strategy, group="open", exclusive=True, exit_on_error=False
            )
        elif key == "sampler":
            self._help("sampler", SAMPLER_HELP[values["sampler"]])
        elif key == "sizing":
            self._help("sizing_value", SIZING_HELP[values["sizing"]])
        elif key.startswith(RANGE):
            name = key.removeprefix(RANGE)
            if name in self._strategies[values["strategy"]].specs:
                self._help(key, self._range_help(values["strategy"], name, values[key]))
        self._estimate_soon()

    def _help(self, key: str, text: str) -> None:
        field = self.form.field(key)
        field.help_text = text
        field.set_error(field.error)

    async def _other_strategy(self) -> None:
        chosen = self.form.values["strategy"]
        with self.app.batch_update():
            await self.form.query(".-range").remove()
            await self.form.mount_all(self._range_fields(chosen), before=self.form.line)
        self._estimate_soon()

    def _estimate_soon(self) -> None:
        if self._due is not None:
            self._due.stop()
        self._due = self.set_timer(PAUSE, self._start_estimate)

    def _start_estimate(self) -> None:
        _saying: Worker[None] = self.run_worker(
            self._say_estimate, group="estimate", exclusive=True, exit_on_error=False
        )

    async def _say_estimate(self) -> None:
        request, errors = read_study(self.form.values, self._texts)
        if request is None:
            what = f"✗ {len(errors)} field{'s' * (len(errors) != 1)} to put right"
            self.said.update(Content.styled(what, "$text-error"), layout=False)
            return
        self.said.update("◌ working out what it takes …", layout=False)
        try:
            found = await self._estimate(request)
        except QuantError as error:
            self.said.update(Content.styled(f"✗ {error}", "$text-error"), layout=False)
        else:
            self.said.update(estimate_line(found), layout=False)

    # -- keys

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Send the request on."""
        event.stop()
        request, _ = read_study(event.values, self._texts)
        if request is not None:
            self.post_message(self.Started(self, request))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.post_message(self.Left())


def estimate_line(found: StudyEstimate) -> Content:
    """Write what a study will take."""
    took = "" if found.seconds is None else f"about {fmt.duration(found.seconds)}"
    return Content.assemble(
        (f"{fmt.integer(found.combinations)} trials", "bold $text"),
        (f"  {took}" if took else "", "$text"),
        (f"  {fmt.memory(found.memory_bytes)} of memory", "$text-muted"),
        ("  ctrl+s starts", "$text-muted"),
    )


def _studied(study: OptimizationStudy, name: str, usual: str) -> str:
    """Return the range of a parameter in an earlier study, or the value it was kept at."""
    from quant_tui.engine.optimization.space import ParameterRange

    if name in study.parameter_space:
        return write_range(ParameterRange.from_document(study.parameter_space[name]))
    params = study.config.get("strategy", {}).get("params", {})
    return write_value(params[name]) if name in params else usual


def _out_text(out: object) -> str:
    if out is None:
        return ""
    return f"{out * 100:g}%" if isinstance(out, float | int) else str(out)


def _rest(study: OptimizationStudy | None, given: Document) -> dict[str, str]:
    """Return the texts of the less usual fields of a study."""
    plan = given.get("walk_forward", {"windows": 6, "anchored": False})
    windows = "" if plan is None else f"{plan['windows']}{' anchored' * bool(plan['anchored'])}"
    penalty = given.get("penalty")
    config = study.config if study is not None else {}
    return {
        "windows": windows,
        "min_trades": str(given.get("min_trades", 10)),
        "penalty": "" if penalty is None else f"{penalty:g}",
        "constraints": "; ".join(given.get("constraints", ())),
        "study_seed": str(study.seed if study is not None else 0),
        "workers": str(given.get("workers", 2)),
        "warm_up": "before" if config.get("warm_up") else "within",
    }


def _rest_fields(texts: Mapping[str, str]) -> list[Field]:
    return [
        Field("windows", "Walk-forward", texts["windows"],
              help_text="windows; “6 anchored”; empty: none"),
        Field("min_trades", "Least trades", texts["min_trades"],
              help_text="fewer cannot be chosen"),
        Field("penalty", "Penalty", texts["penalty"],
              help_text="a trade too few costs; empty: refused"),
        Field("constraints", "Constraints", texts["constraints"],
              help_text="beside the strategy's: a < b; …"),
        Field("study_seed", "Search seed", texts["study_seed"],
              help_text="same seed, same study"),
        Field("workers", "Workers", texts["workers"], help_text="threads"),
        Field("warm_up", "Warm-up", texts["warm_up"], choices=WARM_UPS,
              help_text="bars the rules need first"),
    ]  # fmt: skip


async def make_form(
    services: Services,
    strategy_id: str,
    study: OptimizationStudy | None,
    *,
    more: bool,
) -> StudyForm | None:
    """Make the form from what there is to choose from; None when there is no strategy."""
    from quant_tui.engine.optimization.space import usual_ranges
    from quant_tui.services.run_defaults import suggest_run
    from quant_tui.services.strategy_rules import rules_of

    strategies = []
    for one in await services.strategies.list():
        try:
            document = rules_of(one)
        except QuantError:
            continue  # its rules cannot be read: the strategy's own page says why
        texts = {name: write_range(given) for name, given in usual_ranges(document).items()}
        strategies.append(Searchable(one, dict(document.parameters), texts))
    if not strategies:
        return None
    companies = services.stores.repositories.companies
    defaults = await suggest_run(services.market_data, services.backtests, companies)
    return StudyForm(
        strategies, defaults, services.studies.estimate, strategy_id=strategy_id, study=study,
        more=more,
    )  # fmt: skip
