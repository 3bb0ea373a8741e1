"""Expressions of the rule language on the newest bars of the symbols of a list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput, StrategyError
from quant_tui.storage.duck.daily import DailyBarRepository
from quant_tui.storage.duck.records import SymbolSummary, is_intraday

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.engine.rules.single import SingleRule
    from quant_tui.jobs.manager import Job, JobContext, JobManager

CHUNK = 50
"""Symbols whose bars are held at once: 2 MB an array of twenty years, some forty of them."""

DAYS_A_BAR = {"1d": 1.5, "1wk": 7.5, "1mo": 31.5}
"""Calendar days that hold at least one bar each, holidays counted in."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest values of one rule on one symbol, oldest first.

    Attributes
    ----------
    dates, closes
        Sessions of its newest bars, and their closes.
    values
        As many; True or False of a condition, numbers of anything else, None where the
        rule is not defined.
    why
        Why the last value is None; "" when it is not.
    """

    dates: tuple[date, ...] = ()
    closes: tuple[float, ...] = ()
    values: tuple[float | bool | None, ...] = ()
    why: str = ""

    @property
    def last(self) -> float | bool | None:
        """The value on the last bar."""
        return self.values[-1] if self.values else None


ByRule = list[dict[str, Newest]]
"""For every rule, its newest values by symbol."""


def check_rule(text: str, *, condition: bool = False) -> SingleRule:
    """Read an expression and check that it can be evaluated on the bars of a list.

    Raises
    ------
    StrategyError
        It cannot; ``findings`` say where and why.
    """
    from quant_tui.engine.rules.single import parse_single

    rule = parse_single(text, "rule", condition=condition)
    if rule.outside:
        raise StrategyError(
            f"{rule.outside[0]} needs figures from outside the bars; lists do not load them.",
            hint="Use it in a strategy, and write the rule of prices and volume here.",
        )
    return rule


def rule_problem(text: str, *, condition: bool = False) -> str:
    """Return what is wrong with an expression, for the note beside its field; "" if nothing."""
    try:
        check_rule(text, condition=condition)
    except StrategyError as error:
        return first_finding(error)
    return ""


def first_finding(error: StrategyError) -> str:
    """Return the first thing that is wrong, for the note beside a field."""
    if not error.findings:
        return error.message
    first = error.findings[0]
    place = f"column {first.column}: " if first.column > 1 else ""
    return f"{place}{first.message}{f'; {first.suggestion}' if first.suggestion else ''}"


class RuleValues:
    """Evaluates rules over daily bars.

    Parameters
    ----------
    bars
        Where they are.
    jobs
        Runs what takes long.
    """

    def __init__(self, bars: DailyBarRepository, jobs: JobManager) -> None:
        self._bars = bars
        self._jobs = jobs

    async def summaries(self, symbols: Iterable[str]) -> list[SymbolSummary]:
        """Say what the daily bars of symbols come from, one line a symbol that has any."""
        return await asyncio.to_thread(self._bars.summaries, tuple(symbols))

    def start(
        self,
        title: str,
        rules: Sequence[SingleRule],
        symbols: Sequence[str],
        *,
        found: Callable[[ByRule], None] | None = None,
        newest: int = 1,
    ) -> Job[ByRule]:
        """Evaluate rules as a job; ``found`` is told on the event loop of every chunk."""

        async def work(context: JobContext) -> ByRule:
            return await self._evaluate(
                rules, symbols, newest, found, context.progress, context.cancel
            )

        return self._jobs.start("watchlist", title, work)

    async def evaluate(
        self, rules: Sequence[SingleRule], symbols: Sequence[str], *, newest: int = 1
    ) -> ByRule:
        """Evaluate rules on few symbols, away from the event loop."""
        return await self._evaluate(rules, symbols, newest)

    async def _evaluate(
        self,
        rules: Sequence[SingleRule],
        symbols: Sequence[str],
        newest: int,
        found: Callable[[ByRule], None] | None = None,
        progress: Callable[[float, str], None] | None = None,
        cancel: CancelCheck | None = None,
    ) -> ByRule:
        stored = await self.summaries(symbols)
        everything: ByRule = [{} for _ in rules]
        absent = {one: Newest(why=f"no daily bars of {one}") for one in symbols}
        for one in stored:
            absent.pop(one.symbol, None)
        _add(everything, [absent for _ in rules], found)
        chunks = list(_chunks(stored, rules))
        for at, chunk in enumerate(chunks):
            raise_if_cancelled(cancel)
            if progress is not None:
                progress(at / len(chunks), f"{chunk[0].symbol} …")
            part = await self._jobs.run_in_thread(self._of_chunk, rules, chunk, newest, cancel)
            _add(everything, part, found)
        return everything

    def _of_chunk(
        self,
        rules: Sequence[SingleRule],
        chunk: Sequence[SymbolSummary],
        newest: int,
        cancel: CancelCheck | None,
    ) -> ByRule:
        names = tuple(one.symbol for one in chunk)
        try:
            bars = self._load(names, _start(chunk, rules, newest), cancel)
        except (InvalidInput, InsufficientData) as error:
            if len(chunk) == 1:
                return [{names[0]: Newest(why=str(error))} for _ in rules]
            # One symbol's bars cannot be used: the others' can.
            alone = [self._of_chunk(rules, [one], newest, cancel) for one in chunk]
            return [
                {symbol: value for one in alone for symbol, value in one[at].items()}
                for at in range(len(rules))
            ]
        return [_newest(rule, bars, newest, cancel) for rule in rules]

    def _load(self, names: tuple[str, ...], start: date | None, cancel: CancelCheck | None) -> Bars:
        from quant_tui.engine import Bars

        table = self._bars.load(names, start, cancel=cancel)
        return Bars(
            symbols=table.symbols,
            dates=table.dates,
            open=table.open,
            high=table.high,
            low=table.low,
            close=table.close,
            volume=table.volume,
        )


def _add(everything: ByRule, part: ByRule, found: Callable[[ByRule], None] | None) -> None:
    for known, new in zip(everything, part, strict=True):
        known.update(new)
    if found is not None and any(part):
        found(part)


def _chunks(
    stored: Sequence[SymbolSummary], rules: Sequence[SingleRule]
) -> Iterator[list[SymbolSummary]]:
    """Yield symbols that end at about the same time together, so that little is loaded."""
    in_time = sorted(stored, key=lambda one: (one.interval, one.last, one.symbol))
    size = len(in_time) if any(rule.across for rule in rules) else CHUNK
    for at in range(0, len(in_time), max(1, size)):
        yield in_time[at : at + size]


def _start(chunk: Sequence[SymbolSummary], rules: Sequence[SingleRule], newest: int) -> date | None:
    """Return the first session that the newest values of all rules rest on."""
    if any(rule.bars_needed is None for rule in rules):
        return None
    needed = max((rule.bars_needed or 0 for rule in rules), default=0) + newest
    first = min(one.last for one in chunk)
    days = needed * max(_days_a_bar(one.interval) for one in chunk) + 10
    return first - timedelta(days=min(int(days), (first - date.min).days))


def _days_a_bar(interval: str) -> float:
    return DAYS_A_BAR["1d" if is_intraday(interval) else interval]


def _newest(
    rule: SingleRule, bars: Bars, newest: int, cancel: CancelCheck | None
) -> dict[str, Newest]:
    import numpy as np

    values = rule.evaluate(bars, pause=lambda: raise_if_cancelled(cancel))
    found: dict[str, Newest] = {}
    for column, symbol in enumerate(bars.symbols):
        rows = np.flatnonzero(bars.present[:, column])
        last = rows[-newest:]
        figures = values[len(rows) - len(last) : len(rows), column].tolist()
        written = tuple(_value(figure, rule.is_condition) for figure in figures)
        why = ""
        if written[-1] is None:
            why = "not defined on the last bar"
            if len(rows) <= rule.warm_up:
                why = f"needs {rule.warm_up + 1} bars, there are {len(rows)}"
        found[symbol] = Newest(
            tuple(bars.dates[last].tolist()), tuple(bars.close[last, column].tolist()), written, why
        )
    return found


def _value(figure: float, is_condition: bool) -> float | bool | None:
    if figure != figure:  # NaN
        return None
    return bool(figure) if is_condition else figure
