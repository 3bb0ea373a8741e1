"""``quant-tui chat find`` and ``chat index``: the user's own objects, found by their texts."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json, print_table
from quant_tui.domain.base import Document
from quant_tui.services.composition import Services
from quant_tui.services.retrieval_found import Found
from quant_tui.services.retrieval_texts import KINDS

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group ``chat``."""
    group.command(
        "find",
        epilog="Examples:  quant-tui chat find '과매도에서 사는 전략' --type strategy  ·  "
        "quant-tui chat find 'deep drawdown in 2008' --json",
    )(find)
    group.command("index", epilog="Example:  quant-tui chat index --json")(index)


def find(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What to look for, in any language.")],
    kinds: Annotated[
        list[str] | None,
        typer.Option("--type", help=f"Only of this kind: {', '.join(KINDS)}. May be repeated."),
    ] = None,
    strategy_type: Annotated[
        str, typer.Option("--strategy-type", help="Only of this type of strategy, as MOMENTUM.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="At most so many.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Find your strategies, backtests, studies, models, experiments and news by what they say."""
    command: CommandContext = context.obj

    async def work(services: Services) -> tuple[list[Found], str]:
        await services.retrieval.catch_up(_Progress())
        found = await services.retrieval.search(
            text, limit=limit, types=kinds or (), strategy_type=strategy_type
        )
        return found, services.retrieval.problem

    found, problem = command.run(work)
    if problem:
        print(f"quant-tui: {problem} Searched without it.", file=sys.stderr)
    if as_json:
        print_json([one.to_document() for one in found])
        return
    print_table(
        ("score", "kind", "title", "text", "id"),
        [(one.score, one.kind, one.title, one.excerpt, one.object_id) for one in found],
        "Nothing fits.",
    )


def index(context: typer.Context, as_json: JsonOption = False) -> None:
    """Make the texts and the index of everything anew."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        await finished(services.jobs, services.retrieval.reindex())
        return (await services.retrieval.state()).to_document()

    state = command.run(work)
    if as_json:
        print_json(state)
        return
    counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(state["objects"].items()))
    print(f"Indexed {counts or 'nothing: there is nothing yet'}, by {state['embedder']}.")
    if state["problem"]:
        print(f"quant-tui: {state['problem']}", file=sys.stderr)
        raise typer.Exit(1)


class _Progress:
    """How far the indexing of what changed is, on stderr and on a terminal only."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __call__(self, done: int, of_all: int) -> None:
        if self._shown:
            end = "\r" if done < of_all else "\r\033[K"
            sys.stderr.write(f"\rindexing {done:,} of {of_all:,}{end}")
            sys.stderr.flush()
