"""Tools about evaluation scenarios: reading them, and proposing to run one."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.ml_platform import EvaluationScenario
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import added, facts, table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.runs import finished
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool
from quant_tui.services.scenario_documents import scenario_document, scenario_summary


class AllScenarios(ToolArguments):
    """Nothing."""


class OneScenario(ToolArguments):
    """Which scenario."""

    reference: str = Field(description="Name or id of a scenario.", min_length=1)


class RunScenario(OneScenario):
    """Which scenario, with which models."""

    models: list[str] = Field(
        default_factory=list, max_length=20, description="Models; those that it has without."
    )


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_scenarios", "List evaluation scenarios",
            "List the user's evaluation scenarios: windows, models, which was best.",
            AllScenarios, partial(_list, context),
        ),
        ReadingTool(
            "show_scenario", "Show an evaluation scenario",
            "Show a scenario with what its models came to, out of sample, against baselines.",
            OneScenario, partial(_show, context),
        ),
        ChangingTool(
            "run_scenario", "Run an evaluation",
            "Propose to evaluate models in a scenario. The user decides.",
            RunScenario, Permission.COST, partial(_run, context),
        ),
    )  # fmt: skip


def cite(scenario: EvaluationScenario) -> Citation:
    """Return what an answer about a scenario points at."""
    return Citation("scenario", scenario.id, scenario.name)


async def _list(context: ToolContext, given: AllScenarios) -> ToolResult:
    del given
    found = await context.scenarios.list()
    rows = [scenario_summary(one) for one in found]
    return table("Scenarios", rows, [cite(one) for one in found], kind="scenarios")


async def _show(context: ToolContext, given: OneScenario) -> ToolResult:
    scenario = await context.scenarios.get(given.reference)
    return facts("Scenario", scenario_document(scenario), [cite(scenario)], kind="scenario")


async def _run(context: ToolContext, given: RunScenario) -> Change:
    scenario = await context.scenarios.get(given.reference)
    models = [(await context.models.get(one)).title for one in given.models]
    if not models and not scenario.model_ids:
        raise InvalidInput(f"{scenario.name} has no models.", field="models", hint="Name some.")

    async def make() -> ToolResult:
        job = await context.scenarios.start(scenario.id, given.models)
        done = await finished(job)
        if done is None:
            return facts("Started; it still runs, see Jobs", {"scenario_id": scenario.id},
                         [cite(scenario)], runs_on=True)  # fmt: skip
        return facts("Scenario", scenario_document(done), [cite(done)], kind="scenario")

    asked = ", ".join(models) or f"its {len(scenario.model_ids)} models"
    shown = [f"scenario: {scenario.name}", f"models: {asked}"]
    state = scenario.updated_at.isoformat()
    return Change(f"Run evaluation {scenario.name}", added(shown), make, state)
