"""``quant-tui data fetch``, ``search``, ``providers`` and ``budget``."""

from __future__ import annotations

import dataclasses
import sys
from datetime import date
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.providers.base import Budget
from quant_tui.services.composition import Services
from quant_tui.services.fetching import FetchPlan, FetchReport, FetchRequest

FETCH_EPILOG = (
    "Examples:  quant-tui data fetch IBM AAPL --start 2020-01-01  ·  "
    "quant-tui data fetch IBM --interval 5m --start 2026-10-01  ·  "
    "quant-tui data fetch IBM --kind company --kind news  ·  "
    "quant-tui data fetch CPI TREASURY_YIELD_10Y --kind economic  ·  "
    "quant-tui data fetch IBM --plan"
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ProviderOption = Annotated[
    str, typer.Option("--provider", help="From where; see: quant-tui data providers")
]
SHOWN_MATCHES = 200


def fetch(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYM]...", help="Symbols; series with --kind economic alone."),
    ] = None,
    provider: ProviderOption = "alpha_vantage",
    start: Annotated[str, typer.Option(help="First day, as 2020-01-31; all without.")] = "",
    end: Annotated[str, typer.Option(help="Last day, included.")] = "",
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", help="bars, company, news or economic; may be repeated."),
    ] = None,
    interval: Annotated[str, typer.Option(help="1d, 1m, 5m, 15m, 30m or 1h.")] = "1d",
    adjusted: Annotated[
        bool | None,
        typer.Option(
            "--adjusted/--raw",
            help="For splits and dividends; without, as the stored bars are, adjusted when new.",
        ),
    ] = None,
    extended: Annotated[
        bool, typer.Option("--extended-hours", help="Intraday: also before and after sessions.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Fetch also what is stored and not due.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be fetched; send nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch market data: only what is missing, each symbol whole or not at all."""
    command: CommandContext = context.obj
    chosen = tuple(kinds or ("bars",))
    alone = chosen == ("economic",)
    request = FetchRequest(
        symbols=() if alone else tuple(names or ()),
        series=tuple(names or ()) if alone else (),
        provider=provider,
        kinds=chosen,
        start=_day(start, "--start"),
        end=_day(end, "--end"),
        interval=interval,
        adjusted=adjusted,
        extended_hours=extended,
        again=again,
    )
    if plan:
        _print_plan(command.run(lambda services: services.fetching.plan(request)), as_json=as_json)
        return

    async def work(services: Services) -> FetchReport:
        if sys.stderr.isatty():
            print(_plan_text(await services.fetching.plan(request)), file=sys.stderr)
        job = services.fetching.start(request)
        return await finished(services.jobs, job)

    report = command.run(work)
    if as_json:
        print_json(_report_document(report))
    else:
        _print_report(report)
    if report.failed:
        raise typer.Exit(1)


def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="Part of a symbol or of a company's name.")] = "",
    provider: ProviderOption = "alpha_vantage",
    listed: Annotated[
        bool, typer.Option("--listed", help="Every symbol listed that holds the text.")
    ] = False,
    on: Annotated[str, typer.Option(help="With --listed: as of this day.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Look symbols up at a provider; takes one of its requests."""
    command: CommandContext = context.obj
    if on and not listed:
        raise typer.BadParameter("--on goes with --listed.")
    if listed:
        found = command.run(lambda services: services.fetching.listed(provider, _day(on, "--on")))
        wanted = text.casefold()
        found = [one for one in found if wanted in f"{one.symbol} {one.name}".casefold()]
    else:
        found = command.run(lambda services: services.fetching.search(text, provider))
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    columns = ("symbol", "name", "kind", "region", "currency", "score", "since", "until")
    rows = [[getattr(one, column) for column in columns] for one in found[:SHOWN_MATCHES]]
    shown = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    print_table(
        [columns[place] for place in shown],
        [[row[place] for place in shown] for row in rows],
        f"No symbol matches {text!r}.",
    )
    if len(found) > SHOWN_MATCHES:
        print(f"… and {len(found) - SHOWN_MATCHES:,} more; name them more closely, or use --json.")


def providers(context: typer.Context, as_json: JsonOption = False) -> None:
    """List where data come from, what each gives, and whether its key is set."""
    command: CommandContext = context.obj
    found = command.run(lambda services: services.fetching.providers())
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    print_table(
        ("provider", "title", "gives", "ready"),
        [(one.name, one.title, ", ".join(one.capabilities), one.problem or "yes") for one in found],
        "No providers.",
    )


def budget(
    context: typer.Context,
    provider: ProviderOption = "alpha_vantage",
    as_json: JsonOption = False,
) -> None:
    """Show how many requests a provider's plan still allows today."""
    command: CommandContext = context.obj
    found = command.run(lambda services: services.fetching.budget(provider))
    if as_json:
        print_json(_budget_document(found))
    elif found is None:
        print(f"{plain(provider)} has no limits.")
    else:
        print(f"{_budget_text(found)}.")


def _print_plan(plan: FetchPlan, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "provider": plan.provider,
                "steps": [
                    {"kind": step.kind, "name": step.name, "requests": step.requests,
                     "start": step.query.start if step.query else None,
                     "end": step.query.end if step.query else None}
                    for step in plan.steps
                ],
                "up_to_date": list(plan.up_to_date),
                "requests": plan.requests,
                "eta_seconds": plan.eta_seconds,
                "fits": plan.fits,
                "budget": _budget_document(plan.budget),
            }
        )  # fmt: skip
        return
    print_table(
        ("kind", "name", "from", "to", "requests"),
        [
            (
                step.kind,
                step.name,
                (step.query.start if step.query else None) or "",
                (step.query.end if step.query else None) or "",
                step.requests,
            )
            for step in plan.steps
        ],
        "Everything is up to date.",
    )
    print(_plan_text(plan))


def _plan_text(plan: FetchPlan) -> str:
    if not plan.steps:
        return "Everything is up to date: no request is needed."
    text = f"{plan.requests} request{'' if plan.requests == 1 else 's'}"
    text += f", at least {_duration(plan.eta_seconds)}"
    if plan.budget is not None:
        text += f"; {_budget_text(plan.budget)}"
    if not plan.fits:
        text += ". That is not enough for all: what comes first is fetched, the rest another day"
    return f"{text}."


def _budget_text(budget: Budget) -> str:
    pace = f"one request every {budget.spacing:.2g} s"
    if budget.left is None:
        return f"{budget.used:,} requests today, no daily limit, {pace}"
    local = budget.resets_at.astimezone()
    allowed = f" of {budget.per_day:,}" if budget.per_day else ""
    return f"{budget.left:,}{allowed} requests left until {local:%Y-%m-%d %H:%M}, {pace}"


def _budget_document(budget: Budget | None) -> Document | None:
    return dataclasses.asdict(budget) if budget is not None else None


def _report_document(report: FetchReport) -> Document:
    return {
        **dataclasses.asdict(report),
        "items": [dataclasses.asdict(one) for one in report.items],
        "stored": report.stored,
        "failed": len(report.failed),
    }


def _print_report(report: FetchReport) -> None:
    for item in report.items:
        about = plain(f"{item.kind} of {item.name}")
        if item.error:
            print(f"✗ {about}: {plain(item.error)}", file=sys.stderr)
            continue
        span = f", {item.first} to {item.last}" if item.first else ""
        revised = f", {item.revisions:,} revised" if item.revisions else ""
        print(
            f"✓ {about}: {item.inserted:,} new, {item.updated:,} changed, "
            f"{item.unchanged:,} unchanged{revised}{span}"
        )
        for note in item.notes:
            print(f"  {plain(note)}", file=sys.stderr)
    if report.up_to_date:
        shown = ", ".join(report.up_to_date[:5])
        more = f" and {len(report.up_to_date) - 5} more" if len(report.up_to_date) > 5 else ""
        print(f"Up to date: {plain(shown)}{more}.")
    sent = f"{report.requests} request{'' if report.requests == 1 else 's'}"
    left = f"; {_budget_text(report.budget)}" if report.budget else ""
    print(f"{sent} in {report.seconds:.1f} s{left}.")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _day(text: str, option: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is a day as 2020-01-31, not {text!r}.") from None
