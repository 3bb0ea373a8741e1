"""``quant-tui data quality``: what is odd in the bars, fixing it, taking fixes back."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.services.composition import Services
from quant_tui.services.quality_findings import CHECKS, QualityFinding, QualityReport
from quant_tui.storage.duck.fixes import RecordedFix

SHOWN_FINDINGS = 200
EPILOG = (
    "Examples:  quant-tui data quality  ·  quant-tui data quality NVDA --json  ·  "
    "quant-tui data quality NVDA --check unadjusted_split --fix adjust_split --reason “10:1”  ·  "
    "quant-tui data quality --fixes  ·  quant-tui data quality --undo 3f2a  ·  "
    "quant-tui data quality 005930 --calendar XKRX"
)


def quality(
    context: typer.Context,
    symbols: Annotated[list[str] | None, typer.Argument(help="Which; all without.")] = None,
    check: Annotated[
        list[str] | None, typer.Option("--check", help=f"Only these: {', '.join(CHECKS)}.")
    ] = None,
    fix: Annotated[
        str,
        typer.Option(
            help="Fix what --check finds: adjust_split, drop, fill, closure, take_other, ignore."
        ),
    ] = "",
    dates: Annotated[
        list[str] | None, typer.Option("--date", help="Fix only this date; may be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, kept with the fix.")] = "",
    fixes: Annotated[bool, typer.Option("--fixes", help="List the fixes that were made.")] = False,
    undo: Annotated[str, typer.Option(help="Take back the fix with this id.")] = "",
    calendar: Annotated[
        str, typer.Option(help="Set the symbols' exchange: XNYS, XKRX, 24/7 …")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look for what is odd in daily bars; nothing is changed unless a fix is asked for.

    Missing and unexpected sessions by the exchange's calendar, bars that repeat, spikes,
    splits that are not adjusted for, stale closes, sources that disagree, overdue symbols.
    """
    command: CommandContext = context.obj
    names = list(dict.fromkeys(symbols or ()))
    _refuse_contradictions(names, check or [], fix=fix, dates=dates, undo=undo, calendar=calendar)
    if undo:
        _undo(command, undo, as_json=as_json)
    elif fixes:
        made = command.run(lambda services: services.data_quality.fixes(names or None))
        _print_fixes(made, as_json=as_json)
    elif calendar:
        code = command.run(lambda services: services.data_quality.choose_calendar(names, calendar))
        if as_json:
            print_json({"calendar": code, "symbols": names})
        else:
            print(f"{plain(', '.join(names))}: {code}.")
    elif fix:
        _fix(command, names, check or [], kind=fix, dates=_days(dates), reason=reason,
             as_json=as_json)  # fmt: skip
    else:
        report = command.run(lambda services: _checked(services, names))
        _print_report(report, check or [], as_json=as_json)


def _refuse_contradictions(
    names: list[str], check: list[str], *, fix: str, dates: list[str] | None, undo: str,
    calendar: str,
) -> None:  # fmt: skip
    unknown = [one for one in check if one not in CHECKS]
    if unknown:
        raise typer.BadParameter(f"--check is one of {', '.join(CHECKS)}, not {unknown[0]!r}.")
    if fix and not (names and check):
        raise typer.BadParameter("--fix needs the symbols and --check: nothing is fixed at large.")
    if dates and not fix:
        raise typer.BadParameter("--date goes with --fix.")
    if calendar and not names:
        raise typer.BadParameter("--calendar needs the symbols.")
    if sum(map(bool, (fix, undo, calendar))) > 1:
        raise typer.BadParameter("--fix, --undo and --calendar: one at a time.")


async def _checked(services: Services, names: list[str]) -> QualityReport:
    job = services.data_quality.start_check(names or None)
    return await finished(services.jobs, job)


def _days(texts: list[str] | None) -> list[date] | None:
    if texts is None:
        return None
    try:
        return [date.fromisoformat(one) for one in texts]
    except ValueError as error:
        raise InvalidInput(f"{error}.", field="date", hint="Write dates as 2024-06-10.") from error


def _print_report(report: QualityReport, check: list[str], *, as_json: bool) -> None:
    found = [one for one in report.findings if not check or one.check in check]
    if as_json:
        print_json(
            {
                "symbols": report.symbols,
                "bars": report.bars,
                "seconds": report.seconds,
                "findings": [one.to_document() for one in found],
                "calendars": {
                    symbol: {"calendar": code, "origin": origin}
                    for symbol, (code, origin) in report.calendars.items()
                },
            }
        )
        return
    looked = f"{report.symbols:,} symbol(s), {report.bars:,} bars, {report.seconds:.1f} s"
    print_table(
        ("symbol", "finding", "check", "what"),
        [
            (one.symbol, CHECKS[one.check].title, one.check, one.text)
            for one in found[:SHOWN_FINDINGS]
        ],
        f"Nothing is wrong: {looked}.",
    )
    if len(found) > SHOWN_FINDINGS:
        print(f"… {len(found) - SHOWN_FINDINGS:,} more: --json has all of them.")
    if found:
        print(f"{len(found):,} finding(s) in {looked}.")


def _fix(
    command: CommandContext, names: list[str], check: list[str], *, kind: str,
    dates: list[date] | None, reason: str, as_json: bool,
) -> None:  # fmt: skip
    async def work(services: Services) -> list[RecordedFix]:
        report = await _checked(services, names)
        found = [one for one in report.findings if one.check in check]
        made = []
        for one in found:
            chosen = _chosen(one, dates)
            if chosen is None or chosen:
                made.append(
                    await services.data_quality.fix(
                        one,
                        kind,
                        made_by=services.user.username if services.user else "",
                        reason=reason,
                        dates=chosen,
                    )
                )
        if not made:
            raise NotFound(
                f"Nothing to fix: {', '.join(check)} of {', '.join(names)} finds nothing"
                f"{' on these dates' if dates else ''}."
            )
        return made

    _print_fixes(command.run(work), as_json=as_json)


def _chosen(finding: QualityFinding, dates: list[date] | None) -> list[date] | None:
    """Which of the dates asked for can belong to a finding; None for all of its dates."""
    if dates is None:
        return None
    if finding.count > len(finding.dates):
        return [day for day in dates if finding.first <= day <= finding.last]
    return [day for day in dates if day in finding.dates]


def _undo(command: CommandContext, fix_id: str, *, as_json: bool) -> None:
    undone = command.run(
        lambda services: services.data_quality.undo(
            fix_id, undone_by=services.user.username if services.user else ""
        )
    )
    if as_json:
        print_json({"fix": _document(undone.fix), "restored": undone.restored,
                    "kept": undone.kept})  # fmt: skip
        return
    kept = f"; {undone.kept:,} imported anew since stay" if undone.kept else ""
    print(
        f"Undone: {undone.fix.kind} of {plain(undone.fix.symbol)}, "
        f"{undone.restored:,} bar(s) as before{kept}."
    )


def _document(fix: RecordedFix) -> Document:
    return dataclasses.asdict(fix)


def _print_fixes(fixes: list[RecordedFix], *, as_json: bool) -> None:
    if as_json:
        print_json([_document(one) for one in fixes])
        return
    print_table(
        ("id", "when", "who", "symbol", "fix", "first", "last", "bars", "what", "why", "undone"),
        [
            (
                one.id[:8],
                f"{one.made_at:%Y-%m-%d %H:%M}",
                one.made_by,
                one.symbol,
                one.kind,
                one.first,
                one.last,
                one.bars,
                one.detail or CHECKS[one.check].title,
                one.reason,
                f"{one.undone_at:%Y-%m-%d %H:%M} {one.undone_by}" if one.undone_at else None,
            )
            for one in fixes
        ],
        "No fixes were made.",
    )
