"""Tools about optimisation studies: reading them, and proposing to run or apply one."""

from __future__ import annotations

import json
from functools import partial
from typing import Literal

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import OptimizationStudy
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.space import ParameterRange
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import added, difference, facts, table, taken
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.run_words import search_lines
from quant_tui.services.chat_tools.runs import RunArguments, dated, refuse_wrong, subject_of
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool
from quant_tui.services.strategy_rules import rules_of
from quant_tui.services.study_apply import chosen_trial
from quant_tui.services.study_report import StudyReport, summary_document
from quant_tui.services.study_request import StudyRequest, WalkForwardPlan

BEST_TRIALS = 20
"""Trials that a model is shown of a study."""

MOST_TRIALS = 5_000
"""Trials that a model may propose."""


class ListStudies(ToolArguments):
    """What to list."""

    search: str = Field("", description="Part of a name.")
    limit: int = Field(20, ge=1, le=100, description="Most studies to list.")


class OneStudy(ToolArguments):
    """Which study."""

    study_id: str = Field(description="Id of a study, as list_studies gives it.")


class ApplyStudy(OneStudy):
    """Which trial of which study."""

    trial: int | None = Field(None, ge=0, description="Number of a trial; the suggested without.")


class SearchRange(ToolArguments):
    """Values that a search may give to a parameter."""

    kind: Literal["int", "float", "cat"] = "int"
    low: float | None = None
    high: float | None = None
    step: float | None = Field(None, gt=0)
    choices: list[str | int | float | bool] = Field(
        default_factory=list, max_length=50, description="Values of a cat."
    )

    def range(self) -> ParameterRange:
        """Return it as the engine takes it."""
        return ParameterRange(
            self.kind, self.low, self.high, step=self.step, choices=tuple(self.choices)
        )


class RunStudy(RunArguments):
    """What a search runs on, and what it searches."""

    ranges: dict[str, SearchRange] = Field(
        default_factory=dict, max_length=20,
        description="Range of each searched parameter; the usual ranges of all without.",
    )  # fmt: skip
    objective: str = Field("sharpe_ratio", description="What is looked for, as sharpe_ratio.")
    direction: Literal["maximize", "minimize"] = "maximize"
    sampler: str = Field("tpe", description="As tpe, random, grid or cmaes.")
    trials: int = Field(100, ge=5, le=MOST_TRIALS, description="How many combinations to try.")
    walk_forward: bool = Field(True, description="Whether to walk forward too, which takes longer.")
    seed: int = Field(0, ge=0)

    def study(self) -> StudyRequest:
        """Return the study that is asked for."""
        return StudyRequest(
            symbols=tuple(self.symbols),
            strategy_id=self.strategy_id,
            strategy_type=self.strategy_type,
            document=self.document(),
            params=self.parameters,
            start=self.start,
            end=self.end,
            config=self.config(),
            benchmark=self.benchmark,
            name=self.name,
            space={name: one.range() for name, one in self.ranges.items()},
            objectives=(Objective(self.objective, self.direction),),
            sampler=self.sampler,
            trials=self.trials,
            seed=self.seed,
            walk_forward=WalkForwardPlan() if self.walk_forward else None,
        )


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_studies", "List studies",
            "List the user's optimisation studies, the newest first.",
            ListStudies, partial(_list, context),
        ),
        ReadingTool(
            "show_study", "Show a study",
            f"Show a study: what it searched, its best {BEST_TRIALS} trials, the suggested one, "
            "importance of the parameters, out-of-sample figures and trust.",
            OneStudy, partial(_show, context),
        ),
        ChangingTool(
            "run_study", "Run an optimisation",
            "Propose to search a strategy's parameters. The user sees what would run and decides.",
            RunStudy, Permission.COST, partial(_run, context),
        ),
        ChangingTool(
            "apply_study", "Apply a study's parameters",
            "Propose to put a trial's parameters into the strategy. The user decides.",
            ApplyStudy, Permission.WRITE, partial(_apply, context),
        ),
    )  # fmt: skip


def cite(study: OptimizationStudy) -> Citation:
    """Return what an answer about a study points at."""
    return Citation("study", study.id, study.name)


async def _list(context: ToolContext, given: ListStudies) -> ToolResult:
    found = await context.studies.list(given.search, limit=given.limit)
    rows = [summary_document(one) for one in found]
    note = "There may be more: raise the limit." if len(found) == given.limit else ""
    return table("Studies", rows, [cite(one) for one in found], kind="studies", note=note)


async def _show(context: ToolContext, given: OneStudy) -> ToolResult:
    report = await context.studies.report(given.study_id)
    return facts("Study", study_facts(report), [cite(report.study)], kind="study")


def study_facts(report: StudyReport) -> Document:
    """Return what a model is told of a study: the best trials, not all of them."""
    document = report.to_document()
    trials = document.pop("trials")
    walk = document.pop("walk_forward") or {}
    config = document.pop("config")
    maximise = document["objectives"][0]["direction"] == "maximize"
    known = [one for one in trials if one["values"]]
    known.sort(key=lambda one: float(one["values"][0]), reverse=maximise)
    strategy = config.get("strategy", {})
    trust = document.pop("trust") or {}
    return {
        **{key: value for key, value in document.items() if key not in ("pareto", "plateau")},
        "strategy": strategy.get("name"),
        "start_date": config.get("start_date"),
        "end_date": config.get("end_date"),
        "trust": trust.get("verdict"),
        "trust_summary": trust.get("summary"),
        "walk_forward": {key: walk.get(key) for key in ("sharpe", "growth", "efficiency")},
        "best_trials": known[:BEST_TRIALS],
    }


async def _run(context: ToolContext, given: RunStudy) -> Change:
    given = await dated(context, given)
    request = given.study()
    refuse_wrong(await context.studies.validate(request))
    known = await context.studies.list(given.name) if given.name else []
    notes = taken("study", given.name, (one.name for one in known))
    subject = await subject_of(context, given, search_lines(given), notes=notes)

    async def make() -> ToolResult:
        job = await context.studies.start(request)
        document = {"study_id": job.target, "status": "started", "trials": given.trials}
        citation = Citation("study", job.target, job.title)
        note = "show_study tells how far it is."
        return facts("Started", document, [citation], note=note, runs_on=True)

    return subject.proposes("Run an optimisation", make)


async def _apply(context: ToolContext, given: ApplyStudy) -> Change:
    report = await context.studies.report(given.study_id)
    study, trial = report.study, chosen_trial(report, given.trial)
    if study.strategy_id:
        strategy = await context.strategies.get(study.strategy_id)
        before = {**rules_of(strategy).default_parameters(), **strategy.parameters}
        change = difference(_lines(before), _lines({**before, **trial.params}))
        title = f"Set parameters of {strategy.name}: trial {trial.number} of {study.name}"
        state = f"{study.updated_at.isoformat()} {strategy.updated_at.isoformat()}"
    else:
        change = added(_lines(trial.params).splitlines())
        title = f"Create a strategy: trial {trial.number} of {study.name}"
        state = study.updated_at.isoformat()
    if not change:
        raise InvalidInput(f"Trial {trial.number} is what the strategy has already.", field="trial")

    async def make() -> ToolResult:
        made = await context.studies.apply(study.id, trial.number)
        document = {"strategy_id": made.id, "name": made.name, "parameters": made.parameters}
        return facts("Applied", document, [Citation("strategy", made.id, made.name)])

    return Change(title, change, make, state)


def _lines(parameters: Document) -> str:
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in parameters.items())
