"""Checking bars, and fixing them by recorded choices that can be taken back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quant_tui.domain.base import utc_now
from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.market_data import MOST_AHEAD
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.freshness import SEVERAL_SESSIONS, Freshness, FreshnessService
from quant_tui.services.quality_findings import (
    CHANGE_BARS,
    CHECKS,
    QualityFinding,
    QualityReport,
    finding_of,
    overdue_finding,
    split_finding,
)
from quant_tui.services.stores import Stores
from quant_tui.services.symbol_calendars import Calendars, SymbolCalendars
from quant_tui.services.trading_calendars import TradingCalendars
from quant_tui.storage.duck.fixes import NewFix, RecordedFix, UndoneFix
from quant_tui.storage.duck.quality import (
    CheckedSymbol,
    Days,
    FoundDates,
    FoundJumps,
    QualityLimits,
)
from quant_tui.storage.duck.records import SymbolSummary, is_intraday

BARS_AT_ONCE = 200_000
"""Bars looked at in one lease: about 60 MB, and a cancel is heard after half a second."""

RECORDED_SPLIT_TOLERANCE = 0.2
"""How far, in logarithms, a jump may lie from a split that is recorded for its date."""

_ORDER = {name: place for place, name in enumerate(CHECKS)}


@dataclass(frozen=True, slots=True)
class QuestionedBar:
    """A date of a finding with its bar, and what another source said; None without a bar."""

    date: date
    before: float | None
    prices: tuple[float, float, float, float] | None
    volume: int | None
    source: str
    other: tuple[float, float, float, float] | None = None
    other_source: str = ""


class DataQualityService:
    """Findings, fixes and calendars of bars; shared by all users of a store, as the bars are."""

    def __init__(
        self,
        *,
        stores: Stores,
        jobs: JobManager,
        arrivals: Arrivals,
        calendars: TradingCalendars,
        symbol_calendars: SymbolCalendars,
        freshness: FreshnessService,
    ) -> None:
        self._bars = stores.bars
        self._quality = stores.bar_quality
        self._fixes = stores.bar_fixes
        self._jobs = jobs
        self._arrivals = arrivals
        self._calendars = calendars
        self._symbol_calendars = symbol_calendars
        self._freshness = freshness

    # -- checking

    def start_check(self, symbols: Sequence[str] | None = None) -> Job[QualityReport]:
        """Check symbols, or all of them, as a job."""

        async def work(context: JobContext) -> QualityReport:
            return await self.check(symbols, context)

        title = "all symbols" if symbols is None else ", ".join(symbols[:5])
        return self._jobs.start("quality", f"Data quality of {title}", work)

    async def check(self, symbols: Sequence[str] | None, context: JobContext) -> QualityReport:
        """Look for everything odd in the daily bars of symbols.

        Parameters
        ----------
        symbols
            Which; None for all.
        context
            Told about progress, asked whether to stop.

        Raises
        ------
        NotFound
            When a symbol has no bars.
        InvalidInput
            When there are no bars at all.
        """
        began = time.monotonic()
        names = None if symbols is None else tuple(dict.fromkeys(symbols))
        summaries = await asyncio.to_thread(self._bars.summaries, names)
        present = {one.symbol for one in summaries}
        absent = [name for name in names or () if name not in present]
        if absent:
            raise NotFound(
                f"No bars are stored of {', '.join(absent)}.", hint="See: quant-tui data list"
            )
        if not summaries:
            raise InvalidInput(
                "There are no bars yet.",
                field="symbols",
                hint="Import a file or load the sample data.",
            )
        known = await self._symbol_calendars.known(sorted(present))
        return await context.run_in_thread(self._check, summaries, known, context, began)

    def _check(
        self,
        summaries: list[SymbolSummary],
        calendars: Calendars,
        context: JobContext,
        began: float,
    ) -> QualityReport:
        daily = [one for one in summaries if not is_intraday(one.interval)]
        unknown = [one for one in daily if one.symbol not in calendars]
        if unknown:
            calendars = calendars | self._symbol_calendars.infer(
                unknown,
                lambda share, message: context.progress(0.15 * share, message),
                context.cancel,
            )
        sessions = self._sessions(daily, calendars)
        findings: list[QualityFinding] = []
        rows: Counter[str] = Counter()
        for one in daily:
            rows[one.symbol] += one.rows
        done, total = 0, rows.total()
        for chunk in _chunks(daily):
            raise_if_cancelled(context.cancel)
            context.progress(
                0.15 + 0.85 * done / max(1, total), f"{done:,} of {total:,} bars checked"
            )
            findings += self._look(chunk, calendars, sessions, context)
            done += sum(one.rows for one in chunk)
        findings += self._overdue(daily, calendars)
        findings.sort(key=lambda one: (_ORDER[one.check], one.symbol, one.first))
        return QualityReport(
            bars_of=dict(rows),
            findings=tuple(findings),
            calendars={
                one.symbol: calendars[one.symbol] for one in daily if one.symbol in calendars
            },
            seconds=time.monotonic() - began,
        )

    def _sessions(self, daily: Sequence[SymbolSummary], calendars: Calendars) -> dict[str, Days]:
        first: dict[str, date] = {}
        for one in daily:
            code = calendars[one.symbol][0]
            first[code] = min(one.first, first.get(code, one.first))
        return {code: self._calendars.sessions(code, day).days for code, day in first.items()}

    def _look(
        self,
        chunk: Sequence[SymbolSummary],
        calendars: Calendars,
        sessions: dict[str, Days],
        context: JobContext,
    ) -> Iterator[QualityFinding]:
        wanted = [
            CheckedSymbol(
                one.symbol, "" if one.interval in SEVERAL_SESSIONS else calendars[one.symbol][0]
            )
            for one in chunk
        ]
        found, jumps = self._quality.check(wanted, sessions, _limits(), cancel=context.cancel)
        for each in found:
            yield finding_of(each, calendars[each.symbol][0])
        yield from self._judged(jumps, [one.symbol for one in chunk])

    def _judged(self, found: FoundJumps, symbols: Sequence[str]) -> Iterator[QualityFinding]:
        """Say which jumps are errors or splits, as the engine judges them."""
        from quant_tui.engine.data_quality import Jumps, judge_jumps

        if not found.symbol:
            return
        spikes, ratios = judge_jumps(
            Jumps(
                found.earlier,
                found.before,
                found.open,
                found.close,
                found.after,
                found.usual_move,
                found.turnover,
            )
        )
        moves = np.log(found.close / found.before)
        recorded = np.abs(moves + np.log(found.known_ratio)) < RECORDED_SPLIT_TOLERANCE
        ratios = np.where(recorded, found.known_ratio, ratios)
        ignored = self._quality.ignored_dates("unadjusted_split", symbols)
        for place in np.flatnonzero(np.isfinite(ratios)).tolist():
            symbol, day = found.symbol[place], found.date[place]
            if (symbol, day) not in ignored:
                yield split_finding(
                    symbol,
                    day,
                    float(ratios[place]),
                    recorded=bool(recorded[place]),
                    change=float(np.expm1(moves[place])),
                )
        ignored = self._quality.ignored_dates("spike", symbols)
        by_symbol: dict[str, list[date]] = {}
        for place in np.flatnonzero(spikes & ~recorded).tolist():
            symbol, day = found.symbol[place], found.date[place]
            if (symbol, day) not in ignored:
                by_symbol.setdefault(symbol, []).append(day)
        for symbol, days in by_symbol.items():
            spike = FoundDates(symbol, "spike", len(days), days[0], days[-1], tuple(days))
            yield finding_of(spike, "")

    def _overdue(
        self, daily: Sequence[SymbolSummary], calendars: Calendars
    ) -> Iterator[QualityFinding]:
        found: list[Freshness] = self._freshness.compare(daily, calendars, utc_now())
        stale = [one for one in found if one.stale]
        if not stale:
            return
        ignored = self._quality.ignored_dates("overdue", [one.symbol for one in stale])
        for one in stale:
            if (one.symbol, one.last) not in ignored and one.expected is not None:
                yield overdue_finding(one.symbol, one.last, one.expected, one.behind, one.calendar)

    async def look_closer(self, finding: QualityFinding) -> list[QuestionedBar]:
        """Return the bars on a finding's listed dates, with what another source said."""
        bars = await asyncio.to_thread(self._quality.bars_on, finding.symbol, finding.dates)
        others: dict[date, tuple[tuple[float, float, float, float], str]] = {}
        if finding.check == "conflict":
            for day, *prices, _volume, source in await asyncio.to_thread(
                self._quality.other_values, finding.symbol, finding.dates
            ):
                others[day] = ((prices[0], prices[1], prices[2], prices[3]), source)
        there = {
            row[0]: QuestionedBar(
                date=row[0],
                before=row[1],
                prices=(row[2], row[3], row[4], row[5]),
                volume=row[6],
                source=row[7],
                other=others[row[0]][0] if row[0] in others else None,
                other_source=others[row[0]][1] if row[0] in others else "",
            )
            for row in bars
        }
        absent = QuestionedBar
        return [there.get(day) or absent(day, None, None, None, "") for day in finding.dates]

    # -- fixing

    async def fix(
        self,
        finding: QualityFinding,
        kind: str,
        *,
        made_by: str,
        reason: str = "",
        dates: Sequence[date] | None = None,
    ) -> RecordedFix:
        """Fix what was found, by one recorded choice that :meth:`undo` takes back.

        Parameters
        ----------
        finding
            What it is about.
        kind
            One that the finding's check offers.
        made_by, reason
            Who, and why.
        dates
            Only these dates of the finding; None for all of them.

        Raises
        ------
        InvalidInput
            When the check does not offer this kind, or a date is not among the finding's.
        """
        offered = CHECKS[finding.check].fixes
        if kind not in offered:
            raise InvalidInput(
                f"{kind!r} does not fix {CHECKS[finding.check].title!r}.",
                field="fix",
                hint=f"Choose one of {', '.join(offered)}.",
            )
        whole = await self._all_dates(finding)
        chosen = whole if dates is None else tuple(dates)
        if strange := sorted(set(chosen) - set(whole)):
            raise InvalidInput(
                f"{strange[0]} is not among the dates of this finding.", field="dates"
            )
        fix = NewFix(
            symbol=finding.symbol,
            check=finding.check,
            kind=kind,
            dates=chosen,
            made_by=made_by,
            reason=reason,
            split_ratio=finding.split_ratio,
        )
        made = await asyncio.to_thread(self._fixes.make, fix)
        self._tell(made)
        return made

    async def undo(self, fix_id: str, *, undone_by: str) -> UndoneFix:
        """Take a fix back; see :meth:`BarFixRepository.undo`.

        Raises
        ------
        NotFound, Conflict
            When there is no such fix, it was taken back already, or a later one builds on it.
        """
        undone = await asyncio.to_thread(self._fixes.undo, fix_id, undone_by)
        self._tell(undone.fix)
        return undone

    async def fixes(self, symbols: Sequence[str] | None = None) -> list[RecordedFix]:
        """Return the fixes of symbols, or all, those taken back included, newest first."""
        return await asyncio.to_thread(self._fixes.list_fixes, symbols)

    def _tell(self, fix: RecordedFix) -> None:
        if fix.kind in CHANGE_BARS:
            self._arrivals.publish(BarsArrived((fix.symbol,), "1d"))

    async def _all_dates(self, finding: QualityFinding) -> tuple[date, ...]:
        """Every date of a finding: it lists the first of them alone."""
        if finding.count <= len(finding.dates) or finding.check == "overdue":
            return finding.dates
        wanted = [CheckedSymbol(finding.symbol, finding.calendar)]
        sessions: dict[str, Days] = {}
        if finding.calendar:
            known = await asyncio.to_thread(
                self._calendars.sessions, finding.calendar, finding.first
            )
            sessions[finding.calendar] = known.days
        found, _ = await asyncio.to_thread(
            lambda: self._quality.check(wanted, sessions, _limits(), listed=None)
        )
        for one in found:
            if one.check == finding.check:
                return one.dates
        return ()

    # -- calendars and freshness

    async def choose_calendar(self, symbols: Sequence[str], code: str) -> str:
        """Set the exchange of symbols, remembered from now on; return its code.

        Raises
        ------
        InvalidInput
            When there is no such calendar.
        """
        return await self._symbol_calendars.choose(symbols, code)

    async def freshness(self, symbols: Sequence[str] | None = None) -> list[Freshness]:
        """Return last date, expected date and sessions due, by symbol and interval."""
        return await self._freshness.of_symbols(symbols)


def _chunks(summaries: Sequence[SymbolSummary]) -> Iterator[list[SymbolSummary]]:
    chunk: list[SymbolSummary] = []
    bars = 0
    for one in summaries:
        if chunk and bars + one.rows > BARS_AT_ONCE:
            yield chunk
            chunk, bars = [], 0
        chunk.append(one)
        bars += one.rows
    if chunk:
        yield chunk


def _limits() -> QualityLimits:
    """The engine's thresholds: one definition for a run's warnings and for this."""
    from quant_tui.engine import data_quality as engine

    return QualityLimits(
        jump_deviations=engine.OUTLIER_DEVIATIONS,
        jump_return=engine.OUTLIER_RETURN,
        local_bars=engine.LOCAL_BARS,
        turnover_bars=engine.TURNOVER_BARS,
        stale_bars=engine.STALE_DAYS,
        latest=utc_now().date() + MOST_AHEAD,
    )
