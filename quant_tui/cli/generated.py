"""``quant-tui chat generate`` and ``chat generated``: strategies that a model writes."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from quant_tui.cli import backtest_options as options
from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import percent, print_json, print_table, ratio
from quant_tui.cli.plain import plain
from quant_tui.cli.prompts import Values, read_values
from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.genai import GeneratedStrategy
from quant_tui.domain.vocabulary import GenerationStatus
from quant_tui.services.composition import Services

generated = typer.Typer(help="Strategies that a model has written.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
GeneratedId = Annotated[str, typer.Argument(help="Id of a generated strategy.")]
SymbolList = Annotated[
    str, typer.Option(help="Symbols to try it on, with commas between; the usual ones without.")
]

GENERATE_EPILOG = (
    "Examples:  quant-tui chat generate 'RSI 전략 만들어줘' --symbols SPX  ·  "
    "quant-tui chat generate --prompt rsi.ko --value window=10"
)


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group ``chat``."""
    group.command("generate", epilog=GENERATE_EPILOG)(generate)
    group.add_typer(generated, name="generated")


def generate(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What the strategy is to do.")] = "",
    prompt: Annotated[str, typer.Option(help="A prompt to fill in instead.")] = "",
    value: Values = None,
    symbols: SymbolList = "",
    benchmark: Annotated[str, typer.Option(help="A symbol to compare with.")] = "",
    start: options.Start = "",
    end: options.End = "",
    profile: Annotated[str, typer.Option(help="An endpoint; the one in use without.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Have the configured model write a strategy; it is checked, tried and kept, not yet yours.

    Exit code 1 when no answer can be used; approve it with: chat generated approve ID.
    """
    command: CommandContext = context.obj
    if bool(text.strip()) == bool(prompt):
        raise typer.BadParameter("Give the text, or --prompt with its values.")
    values = read_values(value)
    first, last = options.parse_date(start, "start"), options.parse_date(end, "end")

    def told(said: str) -> None:
        print(plain(said), file=sys.stderr)

    async def work(services: Services) -> Document:
        from quant_tui.services.generation_model import EndpointModel

        endpoints = services.chat.endpoints
        model = EndpointModel(endpoints, endpoints.get(profile), told)
        wanted, template_id = text, ""
        if prompt:
            found = await services.prompts.get(prompt)
            wanted, template_id = services.prompts.fill(found, values), found.id
        made = await services.generation.generate(
            wanted,
            complete=model,
            model=model.name,
            symbols=_split(symbols),
            benchmark=benchmark,
            start=first,
            end=last,
            prompt_template_id=template_id,
            told=told,
        )
        spent, cost = model.spent, model.spent.cost
        price = "" if cost is None else f", cost {cost:.4f}"
        about = "about " if spent.estimated else ""
        told(f"{about}{spent.input:,} tokens read, {spent.output:,} written{price}")
        return _document(made)

    _finish(command.run(work), as_json=as_json)


@generated.command("list", epilog="Example:  quant-tui chat generated list --status checked")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name or request.")] = "",
    status: Annotated[GenerationStatus | None, typer.Option(help="Only those that are so.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List what models have written, the newest first."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        return [_document(one) for one in await services.generation.list(search, status=status)]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "status", "model", "rounds", "return", "Sharpe", "made"),
        [
            (
                one["id"],
                one["name"],
                one["status"],
                one["model_used"],
                len(one["rounds"]),
                percent(one["preview"].get("figures", {}).get("total_return")),
                ratio(one["preview"].get("figures", {}).get("sharpe_ratio")),
                one["created_at"][:10],
            )
            for one in found
        ],
        "No model has written a strategy yet.",
    )


@generated.command("show", epilog="Example:  quant-tui chat generated show 6741…")
def show(context: typer.Context, generated_id: GeneratedId, as_json: JsonOption = False) -> None:
    """Show a generated strategy: rules, checks, and what the preview came to."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(await services.generation.get(generated_id))

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        _print(found)


@generated.command("approve", epilog="Example:  quant-tui chat generated approve 6741… --name Dip")
def approve(
    context: typer.Context,
    generated_id: GeneratedId,
    name: Annotated[str, typer.Option(help="What the strategy is called.")] = "",
    backtest: Annotated[bool, typer.Option(help="Keep its preview as a backtest of yours.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Make a strategy of it."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        made = await services.generation.approve(generated_id, name=name, keep_backtest=backtest)
        kept = await services.generation.get(generated_id)
        await asyncio.gather(
            *(job.wait() for job in services.jobs.active if job.target == kept.backtest_id)
        )
        return {
            "generated_id": kept.id,
            "strategy_id": made.id,
            "name": made.name,
            "backtest_id": kept.backtest_id or None,
        }

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    ran = f", backtest {found['backtest_id']}" if found["backtest_id"] else ""
    print(plain(f"Made strategy {found['name']} ({found['strategy_id']}){ran}."))


@generated.command("reject", epilog="Example:  quant-tui chat generated reject 6741…")
def reject(context: typer.Context, generated_id: GeneratedId, as_json: JsonOption = False) -> None:
    """Say that it is not wanted; it stays to be read."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(await services.generation.reject(generated_id))

    _say(command.run(work), "Rejected", as_json=as_json)


@generated.command("delete", epilog="Example:  quant-tui chat generated delete 6741…")
def delete(context: typer.Context, generated_id: GeneratedId, as_json: JsonOption = False) -> None:
    """Delete it; a strategy that was made of it stays."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _document(await services.generation.delete(generated_id))

    _say(command.run(work), "Deleted", as_json=as_json)


def _document(generated: GeneratedStrategy) -> Document:
    return generated.model_dump(mode="json", exclude={"user_id", "prompt"})


def _split(symbols: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in symbols.split(",") if one.strip())


def _finish(found: Document, *, as_json: bool) -> None:
    failed = found["status"] == GenerationStatus.FAILED
    if as_json:
        print_json(found)
    else:
        _print(found)
    if failed:
        raise InvalidInput(
            f"No answer of {found['model_used'] or 'the model'} could be used.",
            hint=f"What was wrong: quant-tui chat generated show {found['id']}",
        )
    if not as_json:
        print(plain(f"Make it yours: quant-tui chat generated approve {found['id']}"))


def _print(found: Document) -> None:
    print(plain(f"{found['name']}  ({found['id']}, {found['status']}, {found['model_used']})"))
    print(plain(f"{found['request']}\n\n{found['code']}"))
    for place, one in enumerate(found["rounds"], 1):
        for finding in one["findings"]:
            print(plain(f"round {place}: {finding['text']}"))
    print_table(
        ("check", "verdict", "what it says"),
        [(one["title"], one["verdict"], one["text"]) for one in found["validation"]],
        "Nothing was checked.",
    )
    preview = found["preview"]
    if preview:
        figures = preview["figures"]
        print(
            plain(
                f"{', '.join(preview['symbols'])} from {preview['first']} to {preview['last']}: "
                f"{percent(figures['total_return'])}, Sharpe {ratio(figures['sharpe_ratio'])}, "
                f"max drawdown {percent(figures['max_drawdown'])}; {preview['benchmark']} "
                f"{percent(figures['benchmark_return'])}."
            )
        )


def _say(found: Document, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print(plain(f"{done} {found['name']} ({found['id']})."))
