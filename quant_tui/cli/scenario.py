"""``quant-tui model scenario``: models compared in fixed windows."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli.context import CommandContext
from quant_tui.cli.model_options import JsonOption, names_of
from quant_tui.cli.output import finished, print_deleted, print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.cli.scenario_output import print_scenario, print_scenarios
from quant_tui.cli.shared_options import with_options
from quant_tui.domain.base import Document
from quant_tui.domain.ml_platform import EvaluationScenario
from quant_tui.services.composition import Services

N = TypeVar("N", int, float)

commands = typer.Typer(help="Compare models in fixed windows, out of sample.", no_args_is_help=True)
Scenario = Annotated[str, typer.Argument(help="Its name or id.", metavar="SCENARIO")]
Models = Annotated[
    str, typer.Option(help="Models with commas between: signal, other@1.2.0, signal@prod.")
]


@dataclass(frozen=True)
class Definition:
    """What is said of a scenario; what is not stays, or is as usual."""

    symbols: options.Symbols = ""
    window: Annotated[
        list[str] | None,
        typer.Option(
            help="A known one by its name, or NAME=2008-01-01..2009-03-31; may be given again."
        ),
    ] = None
    models: Models = ""
    costs: Annotated[
        str, typer.Option(help="Commissions with commas between, fractions: 0,0.001.")
    ] = ""
    horizons: Annotated[str, typer.Option(help="Bars ahead with commas between: 1,5,21.")] = ""
    rank_by: Annotated[
        Literal["skill", "ic", "rank_ic", "sharpe_ratio"] | None,
        typer.Option(
            help="skill: squared error saved against the running mean; sharpe_ratio: at the"
            " middle cost."
        ),
    ] = None
    seed: Annotated[int | None, typer.Option(help="Of the bootstrap.")] = None
    gate: Annotated[
        bool | None,
        typer.Option("--gate/--no-gate", help="Judge promotions in it; one alone is."),
    ] = None
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None

    def changes(self) -> Document:
        """Return what is given, as the definition of a scenario has it; windows apart.

        Raises
        ------
        typer.BadParameter
            Something is not a number.
        """
        found: Document = {
            "symbols": names_of(self.symbols) or None,
            "costs": _numbers(self.costs, float, "--costs", "numbers") or None,
            "horizons": _numbers(self.horizons, int, "--horizons", "whole numbers") or None,
            "ranked_by": self.rank_by,
            "seed": self.seed,
            "is_gate": self.gate,
        }
        return {name: value for name, value in found.items() if value is not None}


@commands.command("list", epilog="Example:  quant-tui model scenario list --json")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """List your scenarios, the last changed first."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        from quant_tui.services.scenario_documents import scenario_summary

        return [scenario_summary(one) for one in await services.scenarios.list()]

    print_scenarios(command.run(work), as_json=as_json)


@commands.command("show", epilog='Example:  quant-tui model scenario show "Crises"')
def show(context: typer.Context, scenario: Scenario, as_json: JsonOption = False) -> None:
    """Show a scenario and what came of it."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        from quant_tui.services.scenario_documents import scenario_document

        return scenario_document(await services.scenarios.get(scenario))

    print_scenario(command.run(work), as_json=as_json)


@commands.command(
    "windows",
    epilog="Examples:  quant-tui model scenario windows  ·  "
    "quant-tui model scenario windows --symbols SPX",
)
def windows(
    context: typer.Context,
    symbols: Annotated[
        str, typer.Option(help="Those that lie in their bars, and bull and bear markets in them.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List windows that can be named: crises and calm times."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        found = await services.scenarios.windows(names_of(symbols))
        return [one.to_document() | {"text": one.text} for one in found]

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        rows = [(one["name"], one["start"], one["end"], one["text"]) for one in found]
        print_table(("window", "from", "to", "--window"), rows, "No window lies in these bars.")


@commands.command(
    "create",
    epilog='Examples:  quant-tui model scenario create Crises --symbols SPX,IXIC'
    ' --window "Financial crisis" --window "2015=2015-01-02..2015-12-31"  ·  '
    'quant-tui model scenario create "Last year" --symbols SPX --window 2018-01-02..2018-12-31'
    " --costs 0,0.001,0.005 --gate",
)  # fmt: skip
@with_options(Definition)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What to call it.", metavar="NAME")],
    given: Definition,
    as_json: JsonOption = False,
) -> None:
    """Make a scenario: windows, symbols, costs and horizons."""
    command: CommandContext = context.obj
    if not names_of(given.symbols):
        raise typer.BadParameter("Give --symbols.")
    changes = given.changes()

    async def work(services: Services) -> Document:
        from quant_tui.services.scenario_definition import ScenarioDefinition
        from quant_tui.services.scenario_documents import scenario_document

        windows = await _windows(services, given.window, names_of(given.symbols))
        definition = ScenarioDefinition(**{"windows": windows, **changes})
        gate = await services.scenarios.gate()
        made = await services.scenarios.create(
            name, definition, description=given.description or "", models=names_of(given.models)
        )
        _say_gate(gate, made)
        return scenario_document(made)

    print_scenario(command.run(work), as_json=as_json)


@commands.command(
    "change", epilog="Example:  quant-tui model scenario change Crises --costs 0,0.002 --gate"
)
@with_options(Definition)
def change(
    context: typer.Context,
    scenario: Scenario,
    given: Definition,
    name: Annotated[str, typer.Option(help="Another name.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Change a scenario; what came of another definition is dropped."""
    command: CommandContext = context.obj
    changes = given.changes()

    async def work(services: Services) -> Document:
        from quant_tui.services.scenario_definition import ScenarioDefinition
        from quant_tui.services.scenario_documents import scenario_document

        before = ScenarioDefinition.from_document((await services.scenarios.get(scenario)).config)
        if given.window:
            symbols_now = names_of(given.symbols) or before.symbols
            changes["windows"] = await _windows(services, given.window, symbols_now)
        gate = await services.scenarios.gate()
        changed = await services.scenarios.change(
            scenario,
            name=name,
            definition=replace(before, **changes) if changes else None,
            description=given.description,
            models=names_of(given.models) or None,
        )
        _say_gate(gate, changed)
        return scenario_document(changed)

    print_scenario(command.run(work), as_json=as_json)


@commands.command(
    "run", epilog="Example:  quant-tui model scenario run Crises --models signal@prod,signal"
)
def run(
    context: typer.Context, scenario: Scenario, models: Models = "", as_json: JsonOption = False
) -> None:
    """Run models over a scenario, and keep what came of it."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        from quant_tui.services.scenario_documents import scenario_document

        job = await services.scenarios.start(scenario, names_of(models))
        return scenario_document(await finished(services.jobs, job))

    print_scenario(command.run(work), as_json=as_json)


@commands.command("delete", epilog="Example:  quant-tui model scenario delete Crises")
def delete(context: typer.Context, scenario: Scenario, as_json: JsonOption = False) -> None:
    """Delete a scenario with what came of it."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        gone = await services.scenarios.delete(scenario)
        return {"deleted": gone.id, "name": gone.name}

    print_deleted(command.run(work), as_json=as_json)


async def _windows(
    services: Services, texts: list[str] | None, symbols: tuple[str, ...]
) -> tuple[object, ...]:
    from quant_tui.services.scenario_windows import Window

    if not texts:
        raise typer.BadParameter(
            "Give --window; quant-tui model scenario windows says which are known."
        )
    known = await services.scenarios.windows()
    if any(".." not in one for one in texts) and symbols:
        known += await services.scenarios.windows(symbols)
    return tuple(Window.parse(one, known) for one in texts)


def _say_gate(before: EvaluationScenario | None, now: EvaluationScenario) -> None:
    """Say which scenario is not the gate any more, where this one is it instead."""
    if before is not None and now.config["is_gate"] and before.id != now.id:
        said = f"Promotions are judged in {now.name} from now on, no longer in {before.name}."
        print(plain(said), file=sys.stderr)


def _numbers(text: str, read: type[N], option: str, what: str) -> tuple[N, ...]:
    try:
        return tuple(read(one) for one in names_of(text))
    except ValueError:
        raise typer.BadParameter(f"{option} takes {what}, not {text!r}.") from None
