"""One sweep: which combinations can run, which way they are computed, and the table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import InvalidInput, QuantError
from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics import compute_metrics
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.validation import resolve_parameters, warm_up
from quant_tui.engine.run import check_length, config_of, traded
from quant_tui.engine.sweep import accounts, metrics
from quant_tui.engine.sweep.conditions import RowTables, Unbounded
from quant_tui.engine.sweep.figures import Figures
from quant_tui.engine.sweep.market import market_of
from quant_tui.engine.sweep.plan import Plan
from quant_tui.engine.sweep.schedule import Progress, Watch, parts, run_parts
from quant_tui.engine.sweep.single import Singles
from quant_tui.engine.sweep.table import SweepTable
from quant_tui.engine.sweep.terms import are_known

_PART_BARS = 2 << 20
"""Bars, over combinations and symbols, of one part of the work."""

_LEAST_BARS = 1 << 20
"""Bars up to which one thread is done before others have begun."""

_TURN = 1 << 16
"""Most combinations of which figures are held before they become metrics."""

LEAST_MEMORY = 1 << 20
"""Least bytes that a sweep may be told to make do with."""

_SINGLES = 16
"""Combinations of one part of the work where each is run by itself."""

_NEVER = ast.Name("false", ast.Load())


class Sweep:
    """A strategy over a grid, ready to be computed.

    Parameters
    ----------
    bars, config, threads, progress, cancel, inputs, begin
        As in :func:`~quant_tui.engine.sweep.sweep`.
    plan
        Strategy and combinations.
    memory_bytes
        Most bytes of figures that are held at once.
    """

    def __init__(
        self,
        bars: Bars,
        plan: Plan,
        config: BacktestConfig | None,
        *,
        threads: int,
        progress: Progress | None,
        cancel: Callable[[], bool] | None,
        memory_bytes: int,
        inputs: Mapping[str, ArrayLike] | None,
        begin: int,
    ) -> None:
        check_whole("threads", threads, 1)
        check_whole("memory_bytes", memory_bytes, LEAST_MEMORY)
        self.history = bars
        self.inputs = inputs
        self.bars = traded(bars, begin)
        self.document, self.grid = plan.document, plan.grid
        self.config = config_of(config).resolve(
            symbols=len(bars.symbols),
            annualization=self.bars.periods_per_year,
            sizing=self.document.sizing,
        )
        self.begin = begin
        self._threads = threads
        self.memory_bytes = memory_bytes
        self._dependencies, self._numbers = plan.dependencies, plan.numbers
        self.usable = self._numbers.usable(int(bars.present.sum(axis=0).max()))
        self._watch = Watch(progress, cancel, int(self.usable.sum()))
        self._figures = Figures(
            Frame(bars), self.document, self.grid, self._dependencies, self._numbers,
            self._watch.pause, memory_bytes // 4, inputs,
        )  # fmt: skip
        self._singles = Singles(
            bars, begin, self.document, self.config, inputs, self._figures, self._watch.pause
        )

    def table(self, names: tuple[str, ...]) -> SweepTable:
        """Compute metrics of every combination."""
        names = checked_metrics(names)
        rows = np.flatnonzero(self.usable)
        columns = {name: np.full(len(self.grid), np.nan) for name in names}
        if not set(names) <= set(metrics.COLUMNS):
            self._one_by_one(rows, columns, self._singles.every)
        else:
            for part, found in self._measured(rows):
                self._take(part, found, columns)
        return self.filled(columns)

    def filled(self, metrics: Mapping[str, FloatArray]) -> SweepTable:
        """Return the table with metrics (K,) of every combination."""
        return SweepTable(
            {name: self.grid.column(name) for name in self.grid.names},
            metrics,
            np.flatnonzero(~self.usable),
            self.reason,
        )

    def by_bits(self, names: tuple[str, ...]) -> bool:
        """Whether the bit loops compute these metrics, unless a figure is infinite."""
        return by_bits(self.config, self.document, len(self.bars.symbols), names)

    def returns(self, chosen: IntArray) -> FloatArray:
        """Return the simple returns (T, K) of the chosen rows of the grid."""
        found = np.zeros((len(self.bars.dates), len(chosen)))

        def work(start: int, stop: int) -> None:
            for place in range(start, stop):
                found[:, place] = self._singles.returns(int(chosen[place]))

        run_parts(work, parts(len(chosen), _SINGLES), self._threads, self._watch)
        return found

    def reason(self, row: int) -> str:
        """Return why a combination cannot run, in the words of a single run."""
        try:
            values = resolve_parameters(self.document, self.grid.values(row))
            check_length(self.history, warm_up(self.document, values))
        except QuantError as error:
            return str(error)
        return ""

    def _measured(self, rows: IntArray) -> Iterator[tuple[IntArray, FloatArray]]:
        """Go through combinations and their accounts' figures (K, ``accounts.FIGURES``)."""
        done = 0
        if are_known(self.config, self.document, len(self.bars.symbols)):
            try:
                for part, found in self._by_bits(rows):
                    yield part, found
                    done += len(part)
                return
            except Unbounded:
                rows = rows[done:]
        for start, stop in parts(len(rows), _TURN):
            part = rows[start:stop]
            found = np.empty((len(part), accounts.FIGURES))

            def work(
                first: int, last: int, part: IntArray = part, found: FloatArray = found
            ) -> None:
                for place in range(first, last):
                    self._singles.measure(int(part[place]), found[place])

            run_parts(work, parts(len(part), _SINGLES), self._threads, self._watch)
            yield part, found

    def _take(self, rows: IntArray, found: FloatArray, columns: dict[str, FloatArray]) -> None:
        """Put the metrics of some combinations into the columns."""
        figures = metrics.Figures.of(found, len(self.bars.dates), self.config)
        for name, values in columns.items():
            values[rows] = metrics.COLUMNS[name](figures)
        self._one_by_one(rows[figures.uncertain], columns, self._singles.of_curve)

    def _by_bits(self, rows: IntArray) -> Iterator[tuple[IntArray, FloatArray]]:
        market = market_of(self.history, self.config, self.begin)
        entry, exit_ = self.document.rules["entry"], self.document.rules.get("exit", _NEVER)
        tables = RowTables(
            [entry, exit_], self.grid, self._dependencies, self._numbers, self._figures
        )
        start, size = 0, _TURN
        while start < len(rows):
            part = rows[start : start + size]
            while len(part) > 1 and tables.bytes_needed(part) > self.memory_bytes // 2:
                size = -(-len(part) // 2)
                part = part[:size]
            tables.fill(part, self._spread)
            found = np.empty((len(part), accounts.FIGURES))

            def work(first: int, last: int, found: FloatArray = found) -> None:
                chunk = tables.chunk(first, last)
                market.measure(chunk.bits(entry), chunk.bits(exit_), found[first:last])

            run_parts(work, parts(len(part), self._part(len(part))), self._threads, self._watch)
            yield part, found
            start += len(part)

    def _spread(self, work: Callable[[int, int], None], count: int) -> None:
        """Do a work that is not counted as progress."""
        fair = -(-count // self._threads)
        bars = self.history.close.size
        size = min(max(fair, _LEAST_BARS // bars), _PART_BARS // bars)
        run_parts(work, parts(count, max(size, 1)), self._threads, self._watch.silent())

    def _part(self, count: int) -> int:
        """Return how many combinations make a part of the work."""
        size = self.history.close.size
        if count * size <= _LEAST_BARS:
            return count
        pieces = 2 if self._threads == 1 else 4 * self._threads
        return max(1, min(_PART_BARS // size, -(-count // pieces)))

    def _one_by_one(
        self,
        rows: IntArray,
        columns: dict[str, FloatArray],
        run: Callable[[int], Mapping[str, float | None]],
    ) -> None:
        """Put the metrics of some combinations, each run by itself, into the columns."""

        def work(start: int, stop: int) -> None:
            for row in rows[start:stop].tolist():
                found = run(row)
                for name, values in columns.items():
                    value = found[name]
                    values[row] = np.nan if value is None else value

        run_parts(work, parts(len(rows), _SINGLES), self._threads, self._watch)


def by_bits(
    config: BacktestConfig, document: StrategyDocument, symbols: int, names: tuple[str, ...]
) -> bool:
    """Whether the bit loops compute metrics of a strategy, with a resolved configuration."""
    return set(names) <= set(metrics.COLUMNS) and are_known(config, document, symbols)


def checked_metrics(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return each name once.

    Raises
    ------
    InvalidInput
        There is no metric of a name.
    """
    unknown = [name for name in names if name not in metrics.COLUMNS]
    if unknown:
        day = np.array(["2000-01-03", "2000-01-04"], dtype="datetime64[D]")
        example = compute_metrics(day, np.ones(2), initial_capital=1.0, annualization=1.0)
        known = {**example.performance, **example.risk}
        for name in unknown:
            if name not in known:
                raise InvalidInput(
                    f"There is no metric {str(name)[:64]!r}.",
                    field="metrics",
                    hint=did_you_mean(str(name), known).capitalize()
                    or f"Metrics: {', '.join(sorted(known))}.",
                )
    return tuple(dict.fromkeys(names))


def check_whole(name: str, value: int, least: int) -> None:
    """Refuse what is no whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInput(
            f"{name} must be a whole number, at least {least}, not {value!r}.", field=name
        )
