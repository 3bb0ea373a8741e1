"""A strategy over many parameter values at once, with the figures of single runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.rules.document import StrategyDocument

if TYPE_CHECKING:
    from quant_tui.domain.tasks import RunTasks
    from quant_tui.engine.sweep.schedule import Progress
    from quant_tui.engine.sweep.table import SweepTable

DEFAULT_METRICS = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades")
"""Metrics of a sweep that asks for none."""

DEFAULT_MEMORY = 128 << 20
"""Most bytes of figures that a sweep holds at once unless told otherwise."""


def sweep(
    bars: Bars,
    strategy: str | StrategyDocument,
    grid: Mapping[str, Iterable[object]],
    config: BacktestConfig | None = None,
    metrics: Sequence[str] = DEFAULT_METRICS,
    threads: int = 2,
    product: bool = True,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
    memory_bytes: int = DEFAULT_MEMORY,
    inputs: Mapping[str, ArrayLike] | None = None,
    begin: int = 0,
    run: RunTasks | None = None,
) -> SweepTable:
    """Run a strategy over many combinations of parameter values.

    Every figure is that of :func:`~quant_tui.engine.run_backtest` with the same values,
    to 1e-12 of max(1, |figure|); counts are equal.

    Parameters
    ----------
    bars
        T dates, N symbols; several symbols share one cash account, as in a single run.
    strategy
        Type of a template, text of a strategy in the rule language, or a parsed one.
    grid
        Values of each parameter; parameters left out keep their defaults.
    config
        Capital, costs, fills, sizing; defaults when left out.
    metrics
        Names of metrics of ``Report.performance`` and ``Report.risk_metrics``.
        ``final_value``, ``total_return``, ``cagr``, ``annual_volatility``,
        ``sharpe_ratio``, ``sortino_ratio``, ``omega_ratio``, ``downside_deviation``,
        ``max_drawdown``, ``calmar_ratio``, ``total_trades`` and ``open_trades`` take
        microseconds a combination where entry and exit decide alone; any other makes
        every combination a full run.
    threads
        Most threads.
    product
        Whether the lists are crossed, the last one changing fastest, or paired.
    progress
        Told how far the sweep is, in the calling thread.
    cancel
        Asked now and then; true ends the sweep.
    memory_bytes
        Most bytes of indicators that are held at once. More combinations than fit are
        computed in turns.
    inputs, begin
        As in :func:`~quant_tui.engine.run_backtest`.
    run
        Runs the parts of a sweep that takes longer than some tenths of a second, in the
        place of threads: each part on one thread, wherever that is. The figures are the
        same bit by bit.

    Returns
    -------
    SweepTable
        One row a combination, in the order of the grid: parameters, then metrics. A
        combination that cannot run (a constraint is broken, a window does not fit the
        bars) keeps its row with undefined metrics, and ``invalid`` says why.

    Raises
    ------
    InvalidInput
        A parameter, a value, a metric or a bound cannot be used; ``field`` names it.
    StrategyError
        The strategy cannot be used.
    Cancelled
        ``cancel`` said so.
    """
    from quant_tui.engine.sweep.plan import Plan
    from quant_tui.engine.sweep.run import Sweep

    names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    ready = Sweep(
        bars, Plan(strategy, grid, product=product), config, threads=threads, progress=progress,
        cancel=cancel, memory_bytes=memory_bytes, inputs=inputs, begin=begin,
    )  # fmt: skip
    if run is None:
        return ready.table(names)
    from quant_tui.engine.sweep.tasks import table_by_tasks

    return table_by_tasks(ready, names, run, progress=progress, cancel=cancel)


def sweep_each(
    every: Sequence[Bars],
    strategy: str | StrategyDocument,
    grid: Mapping[str, Iterable[object]],
    config: BacktestConfig | None = None,
    metrics: Sequence[str] = DEFAULT_METRICS,
    threads: int = 2,
    product: bool = True,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
    memory_bytes: int = DEFAULT_MEMORY,
) -> list[SweepTable]:
    """Sweep the same combinations over many bars, each with an account of its own.

    The figures are those of :func:`sweep` on each, bit by bit; the bars are shared out among
    the threads, which for many small sweeps takes less than the threads of each.

    Parameters
    ----------
    every
        Bars, each as :func:`sweep` takes them: mostly those of one symbol.
    strategy, grid, config, metrics, threads, product, cancel
        As in :func:`sweep`.
    progress
        Told which fraction of the bars is done, in the calling thread.
    memory_bytes
        Most bytes of indicators that are held at once, all threads together.

    Returns
    -------
    list of SweepTable
        One for each, in their order.

    Raises
    ------
    InvalidInput, StrategyError, Cancelled
        As in :func:`sweep`.
    """
    from quant_tui.engine.sweep.each import tables_of_each
    from quant_tui.engine.sweep.plan import Plan

    names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    return tables_of_each(
        every, Plan(strategy, grid, product=product), config, names, threads=threads,
        progress=progress, cancel=cancel, memory_bytes=memory_bytes,
    )  # fmt: skip


def sweep_returns(
    bars: Bars,
    strategy: str | StrategyDocument,
    grid: Mapping[str, Iterable[object]],
    config: BacktestConfig | None = None,
    rows: Sequence[int] | None = None,
    threads: int = 2,
    product: bool = True,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
    memory_bytes: int = DEFAULT_MEMORY,
    inputs: Mapping[str, ArrayLike] | None = None,
    begin: int = 0,
) -> FloatArray:
    """Return the accounts' simple returns in some combinations of a grid.

    Parameters
    ----------
    bars, strategy, grid, config, threads, product, progress, cancel, inputs, begin
        As in :func:`sweep`.
    rows
        Rows of the grid; all where left out.
    memory_bytes
        Most bytes of the result, and of indicators held at once.

    Returns
    -------
    FloatArray
        (T, K), the first return against the initial capital; NaN throughout a
        combination that cannot run.

    Raises
    ------
    InvalidInput
        As in :func:`sweep`; a row is outside the grid, or the result would not fit.
    """
    import numpy as np

    from quant_tui.domain.errors import InvalidInput
    from quant_tui.engine.sweep.plan import Plan
    from quant_tui.engine.sweep.run import Sweep

    ready = Sweep(
        bars, Plan(strategy, grid, product=product), config, threads=threads, progress=progress,
        cancel=cancel, memory_bytes=memory_bytes, inputs=inputs, begin=begin,
    )  # fmt: skip
    count = len(ready.grid)
    chosen = np.arange(count) if rows is None else np.asarray(rows, dtype=np.int64).reshape(-1)
    if len(chosen) and (chosen.min() < 0 or chosen.max() >= count):
        raise InvalidInput(f"rows must lie from 0 to {count - 1}.", field="rows")
    needed = len(ready.bars) * len(chosen) * 8
    if needed > memory_bytes:
        raise InvalidInput(
            f"The returns of {len(chosen):,} combinations take {needed >> 20} MiB, more than"
            f" the {memory_bytes >> 20} that memory_bytes allows.",
            field="memory_bytes",
            hint="Choose fewer rows, or allow more memory.",
        )
    found = np.full((len(ready.bars), len(chosen)), np.nan)
    usable = np.flatnonzero(ready.usable[chosen])
    found[:, usable] = ready.returns(chosen[usable])
    return found
