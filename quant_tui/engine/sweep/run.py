"""One sweep: which combinations can run, which way they are computed, and the table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from quant_tui.domain.errors import InvalidInput, QuantError
from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.calendars import periods_per_year
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics import compute_metrics
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.validation import resolve_parameters, warm_up
from quant_tui.engine.run import check_length, document_of
from quant_tui.engine.sweep import accounts, metrics
from quant_tui.engine.sweep.conditions import RowTables, Unbounded
from quant_tui.engine.sweep.dependencies import Dependencies
from quant_tui.engine.sweep.figures import Figures
from quant_tui.engine.sweep.grid import Grid
from quant_tui.engine.sweep.market import market_of
from quant_tui.engine.sweep.numbers import Numbers
from quant_tui.engine.sweep.schedule import Progress, Watch, parts, run_parts
from quant_tui.engine.sweep.single import Singles, as_figure
from quant_tui.engine.sweep.table import SweepTable
from quant_tui.engine.sweep.terms import are_known

_PART_BARS = 2 << 20
"""Bars, over combinations and symbols, of one part of the work."""

_NEVER = ast.Name("false", ast.Load())


class Sweep:
    """A strategy over a grid, ready to be computed.

    Parameters
    ----------
    bars, strategy, grid, config, product
        As in :func:`~quant_tui.engine.sweep.sweep`.
    threads
        Most threads.
    progress, cancel
        As in :func:`~quant_tui.engine.sweep.sweep`.
    memory_bytes
        Most bytes of figures that are held at once.
    """

    def __init__(
        self,
        bars: Bars,
        strategy: str | StrategyDocument,
        grid: Mapping[str, Iterable[object]],
        config: BacktestConfig | None,
        *,
        product: bool,
        threads: int,
        progress: Progress | None,
        cancel: Callable[[], bool] | None,
        memory_bytes: int,
    ) -> None:
        _check_whole("threads", threads, 1)
        _check_whole("memory_bytes", memory_bytes, 1 << 20)
        self.bars = bars
        self.document = document_of(strategy)
        self.grid = Grid(self.document, grid, product=product)
        self.config = (config or BacktestConfig()).resolve(
            symbols=len(bars.symbols),
            annualization=periods_per_year(bars.dates),
            sizing=self.document.sizing,
        )
        self._threads = threads
        self._memory_bytes = memory_bytes
        self._dependencies = Dependencies(self.document.lets, self.grid.names)
        self._numbers = Numbers(self.document, self.grid, self._dependencies)
        self.usable = self._numbers.usable(int(bars.present.sum(axis=0).max()))
        self._watch = Watch(progress, cancel, int(self.usable.sum()))
        self._figures = Figures(
            Frame(bars), self.document, self.grid, self._dependencies, self._numbers,
            self._watch.pause, memory_bytes // 4,
        )  # fmt: skip
        self._singles = Singles(bars, self.document, self.config, self._figures, self._watch.pause)

    def table(self, names: tuple[str, ...]) -> SweepTable:
        """Compute metrics of every combination."""
        names = _checked_metrics(names)
        rows = np.flatnonzero(self.usable)
        columns = {name: np.full(len(self.grid), np.nan) for name in names}
        if len(rows):
            for name, values in self._computed(rows, names).items():
                columns[name][rows] = values
        return SweepTable(
            {name: self.grid.column(name) for name in self.grid.names},
            columns,
            np.flatnonzero(~self.usable),
            self.reason,
        )

    def returns(self, chosen: IntArray) -> FloatArray:
        """Return the simple returns (T, K) of the chosen rows of the grid."""
        found = np.zeros((len(self.bars.dates), len(chosen)))

        def work(start: int, stop: int) -> None:
            for place in range(start, stop):
                found[:, place] = self._singles.returns(int(chosen[place]))

        run_parts(work, parts(len(chosen), self._part(len(chosen))), self._threads, self._watch)
        return found

    def reason(self, row: int) -> str:
        """Return why a combination cannot run, in the words of a single run."""
        try:
            values = resolve_parameters(self.document, self.grid.values(row))
            check_length(self.bars, warm_up(self.document, values))
        except QuantError as error:
            return str(error)
        return ""

    def _computed(self, rows: IntArray, names: tuple[str, ...]) -> dict[str, FloatArray]:
        if not set(names) <= set(metrics.COLUMNS):
            return self._one_by_one(rows, names, every=True)
        if not are_known(self.config, self.document, len(self.bars.symbols)):
            return self._one_by_one(rows, names, every=False)
        try:
            found = self._by_bits(rows)
        except Unbounded:
            return self._one_by_one(rows, names, every=False)
        figures = metrics.Figures.of(found, len(self.bars.dates), self.config)
        columns = {name: metrics.COLUMNS[name](figures) for name in names}
        uncertain = np.flatnonzero(figures.uncertain)
        if len(uncertain):
            for name, values in self._one_by_one(rows[uncertain], names, every=False).items():
                columns[name][uncertain] = values
        return columns

    def _by_bits(self, rows: IntArray) -> FloatArray:
        """Return the figures (K, ``accounts.FIGURES``) that the loops find."""
        market = market_of(self.bars, self.config)
        entry, exit_ = self.document.rules["entry"], self.document.rules.get("exit", _NEVER)
        tables = RowTables(
            [entry, exit_], self.grid, self._dependencies, self._numbers, self._figures
        )
        found = np.empty((len(rows), accounts.FIGURES))
        start, size = 0, len(rows)
        while start < len(rows):
            part = rows[start : start + size]
            while len(part) > 1 and tables.bytes_needed(part) > self._memory_bytes // 2:
                size = -(-len(part) // 2)
                part = part[:size]
            tables.fill(part, self._spread)
            into = found[start : start + len(part)]

            def work(first: int, last: int, into: FloatArray = into) -> None:
                chunk = tables.chunk(first, last)
                enters, leaves = chunk.bits(entry), chunk.bits(exit_)
                market.measure(enters.true, enters.case, leaves.true, leaves.case, into[first:last])

            run_parts(work, parts(len(part), self._part(len(part))), self._threads, self._watch)
            start += len(part)
        return found

    def _spread(self, work: Callable[[int, int], None], count: int) -> None:
        """Do a work that is not counted as progress."""
        run_parts(
            work, parts(count, -(-count // self._threads)), self._threads, self._watch.silent()
        )

    def _part(self, count: int) -> int:
        """Return how many combinations make a part of the work."""
        fair = -(-count // (4 * self._threads))
        return max(1, min(_PART_BARS // self.bars.close.size, fair))

    def _one_by_one(
        self, rows: IntArray, names: tuple[str, ...], *, every: bool
    ) -> dict[str, FloatArray]:
        columns = {name: np.empty(len(rows)) for name in names}

        def work(start: int, stop: int) -> None:
            for place in range(start, stop):
                row = int(rows[place])
                if every:
                    found = self._singles.every(self.grid.values(row))
                else:
                    found = self._singles.of_curve(row)
                for name in names:
                    columns[name][place] = as_figure(found[name])

        run_parts(work, parts(len(rows), self._part(len(rows))), self._threads, self._watch)
        return columns


def _checked_metrics(names: tuple[str, ...]) -> tuple[str, ...]:
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


def _check_whole(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInput(
            f"{name} must be a whole number, at least {least}, not {value!r}.", field=name
        )
