"""Tools about backtests: reading and comparing them, and proposing to run one."""

from __future__ import annotations

from functools import partial
from typing import Literal

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.backtest_figures import figures_in
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.chat_tools.answers import facts, table, taken
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.runs import (
    RunArguments,
    dated,
    finished,
    refuse_wrong,
    subject_of,
)
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool

ID = Field(description="Id of a backtest, as list_backtests gives it.")

CURVE_POINTS = 60
"""Values of an equity curve that a model is given."""


FINGERPRINT_LENGTH = 64
FINGERPRINT_SHOWN = 12
"""Characters of a fingerprint that tell it from others."""


class ListBacktests(ToolArguments):
    """What to list."""

    search: str = Field("", description="Part of a name.")
    strategy_id: str = Field("", description="Only those of this strategy.")
    limit: int = Field(20, ge=1, le=100, description="Most backtests to list.")


class OneBacktest(ToolArguments):
    """Which backtest."""

    backtest_id: str = ID


class Trades(ToolArguments):
    """Whose round trips, in which order."""

    backtest_id: str = ID
    order: Literal["date", "best", "worst"] = "date"
    limit: int = Field(20, ge=1, le=100, description="Most round trips to list.")


class CompareBacktests(ToolArguments):
    """Which backtests."""

    backtest_ids: list[str] = Field(description="Two to six ids.", min_length=2, max_length=6)


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_backtests", "List backtests",
            "List the user's backtests with their main figures, the newest first.",
            ListBacktests, partial(_list, context),
        ),
        ReadingTool(
            "show_backtest", "Show a backtest",
            "Show what a backtest ran on, all of its figures, and how far to trust them. "
            "Fractions, not percent: 0.35 is 35 %.",
            OneBacktest, partial(_show, context),
        ),
        ReadingTool(
            "backtest_trades", "Show a backtest's trades",
            "List round trips of a backtest: by date, or the best or worst first.",
            Trades, partial(_trades, context),
        ),
        ReadingTool(
            "backtest_curve", "Show a backtest's equity curve",
            f"Show the portfolio's value over time, at most {CURVE_POINTS} points.",
            OneBacktest, partial(_curve, context),
        ),
        ReadingTool(
            "compare_backtests", "Compare backtests",
            "Compare two to six backtests: every figure, and what differs in their set-up.",
            CompareBacktests, partial(_compare, context),
        ),
        ChangingTool(
            "run_backtest", "Run a backtest",
            "Propose to run a backtest. The user sees what would run and decides.",
            RunArguments, Permission.COST, partial(_run, context),
        ),
    )  # fmt: skip


def cite(report: BacktestReport) -> Citation:
    """Return what an answer about a backtest points at."""
    return Citation("backtest", report.backtest.id, report.backtest.name)


def report_facts(report: BacktestReport) -> Document:
    """Return what a model is told of a backtest: set-up, figures, trust, without series."""
    config = dict(report.backtest.config)
    strategy = config.pop("strategy", {})
    result = report.result
    figures = {} if result is None else {
        figure.key: value for figure, value in figures_in(result.performance, result.risk_metrics)
    }  # fmt: skip
    trust = {} if result is None else result.details.get("trust") or {}
    error = report.execution.error_details if report.execution else {}
    return {
        "backtest_id": report.backtest.id or None,
        "name": report.backtest.name,
        "status": str(report.backtest.status),
        "strategy": strategy.get("name"),
        "strategy_type": strategy.get("strategy_type"),
        "parameters": strategy.get("params", {}),
        **config,
        **figures,
        "trust": trust.get("verdict"),
        "trust_summary": trust.get("summary"),
        "trust_lines": [
            f"{one['title']}: {one['verdict']} - {one['text']}" for one in trust.get("lines", [])
        ],
        "warnings": _warnings(report),
        "error": error.get("message"),
    }


async def _list(context: ToolContext, given: ListBacktests) -> ToolResult:
    found = await context.backtests.list(
        given.search, strategy_id=given.strategy_id, limit=given.limit
    )
    citations = [Citation("backtest", one.id, one.name) for one in found]
    note = "There may be more: raise the limit." if len(found) == given.limit else ""
    rows = [one.to_document() for one in found]
    return table("Backtests", rows, citations, kind="backtests", note=note)


async def _show(context: ToolContext, given: OneBacktest) -> ToolResult:
    report = await context.backtests.show(given.backtest_id)
    return facts("Backtest", report_facts(report), [cite(report)], kind="backtest")


async def _trades(context: ToolContext, given: Trades) -> ToolResult:
    report = await _with_result(context, given.backtest_id)
    found = list(report.result.round_trips) if report.result else []
    total = len(found)
    if given.order != "date":
        known = [one for one in found if one.get("return") is not None]
        found = sorted(known, key=lambda one: float(one["return"]), reverse=given.order == "best")
    rows = found[: given.limit]
    return table("Round trips", rows, [cite(report)], total=total, kind="trades")


async def _curve(context: ToolContext, given: OneBacktest) -> ToolResult:
    report = await _with_result(context, given.backtest_id)
    series = report.result.portfolio_value if report.result else {}
    dates, values = series.get("date") or [], series.get("value") or []
    last = len(dates) - 1
    count = min(CURVE_POINTS, len(dates))
    at = sorted({round(place * last / max(count - 1, 1)) for place in range(count)})
    rows = [{"date": dates[one], "value": values[one]} for one in at]
    note = f"{len(rows)} of {len(dates)} days are shown, evenly spaced."
    return table("Portfolio value", rows, [cite(report)], kind="curve", note=note)


async def _compare(context: ToolContext, given: CompareBacktests) -> ToolResult:
    found = await context.backtests.compare(given.backtest_ids)
    names = [f"{place}: {one.backtest.name}" for place, one in enumerate(found.reports, 1)]
    rows = [
        {"figure": one.figure.key}
        | {str(place): value for place, value in enumerate(one.values, 1)}
        for one in found.figures
        if any(value is not None for value in one.values)
    ]
    differs = {
        f"{one.area}: {one.field}": " / ".join(_worded(value) for value in one.values)
        for one in found.differences
        if not one.field.startswith("params.")  # what they are set to is told
    }
    beside = {"runs": names, "differences": [f"{field}: {text}" for field, text in differs.items()]}
    result = table(
        "Comparison, fractions and not percent", rows, [cite(one) for one in found.reports],
        kind="comparison", beside=beside,
    )  # fmt: skip
    setup = facts("What differs", beside, kind="differences")
    return ToolResult(f"{result.text}\n{setup.text}", result.data, result.citations)


def _worded(value: object) -> str:
    """Write a value of one run; of a fingerprint the beginning."""
    if value is None:
        return "–"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    is_fingerprint = len(text) == FINGERPRINT_LENGTH and set(text) <= set("0123456789abcdef")
    return text[:FINGERPRINT_SHOWN] if is_fingerprint else text


async def _run(context: ToolContext, given: RunArguments) -> Change:
    given = await dated(context, given)
    request = given.request()
    refuse_wrong(await context.backtests.validate(request))
    known = await context.backtests.list(given.name) if given.name else []
    notes = taken("backtest", given.name, (one.name for one in known))
    subject = await subject_of(context, given, notes=notes)

    async def make() -> ToolResult:
        job = await context.backtests.start(request)
        report = await finished(job)
        if report is None:
            document = {"backtest_id": job.target, "status": "started"}
            citation = Citation("backtest", job.target, job.title)
            return facts("Started; it still runs, see Jobs", document, [citation], runs_on=True)
        return facts("Backtest", report_facts(report), [cite(report)], kind="backtest")

    return subject.proposes("Run a backtest", make)


async def _with_result(context: ToolContext, backtest_id: str) -> BacktestReport:
    report = await context.backtests.show(backtest_id)
    if report.result is None:
        raise InvalidInput(
            f"{report.backtest.name} has no result: it is {report.backtest.status}.",
            field="backtest_id",
            hint="Run it first.",
        )
    return report


def _warnings(report: BacktestReport) -> list[str]:
    details = report.result.details if report.result else {}
    found = details.get("warnings") or []
    return [str(one.get("message", one)) if isinstance(one, dict) else str(one) for one in found]
