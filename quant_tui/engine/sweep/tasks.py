"""A sweep cut into tasks that run wherever tasks run, with the figures of one that is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.tasks import Progress, RunTasks
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.sweep.grid import Column
from quant_tui.engine.sweep.plan import Plan
from quant_tui.engine.sweep.run import Sweep, checked_metrics
from quant_tui.engine.sweep.schedule import parts
from quant_tui.engine.sweep.table import SweepTable

PART_RUNS, PART_RUN_BARS = 100, 1 << 20
"""Most combinations of a part whose combinations are run one by one, and most bars over
symbols and combinations: some tenths of a second."""

PART_BARS = 1 << 28
"""Most bars of a part whose combinations are computed by the bit loops, for as long."""


LEAST_PARTS = 4
"""Parts of which work must consist to be worth handing out: processes take a second to start."""


def part_size(bars: int, *, by_bits: bool) -> int:
    """Return how many combinations make a part, some tenths of a second of work.

    Parameters
    ----------
    bars
        Bars of all symbols.
    by_bits
        Whether the bit loops compute them; otherwise they are run one by one.
    """
    if by_bits:
        return max(PART_BARS // bars, 1)
    return max(min(PART_RUN_BARS // bars, PART_RUNS), 1)


@dataclass(frozen=True, slots=True)
class SweepData:
    """What every part of a sweep needs."""

    bars: Bars
    document: StrategyDocument
    config: BacktestConfig
    metrics: tuple[str, ...]
    inputs: Mapping[str, ArrayLike] | None
    begin: int
    memory_bytes: int


SweepPart = dict[str, Column]
"""Values of each parameter, paired: one combination an entry."""


def sweep_part(data: SweepData, part: SweepPart, cancel: Callable[[], bool]) -> FloatArray:
    """Return the metrics (M, K) of K combinations, computed on one thread."""
    table = Sweep(
        data.bars, Plan(data.document, part, product=False), data.config, threads=1,
        progress=None, cancel=cancel, memory_bytes=data.memory_bytes, inputs=data.inputs,
        begin=data.begin,
    ).table(data.metrics)  # fmt: skip
    return np.stack([table[name] for name in data.metrics])


def table_by_tasks(
    sweep: Sweep,
    names: tuple[str, ...],
    run: RunTasks,
    *,
    progress: Progress | None,
    cancel: Callable[[], bool] | None,
) -> SweepTable:
    """Compute a sweep's table by tasks; small sweeps here and now.

    Parameters
    ----------
    sweep
        The whole sweep, ready.
    names
        Metrics.
    run, progress, cancel
        As :class:`~quant_tui.domain.tasks.RunTasks` has them.
    """
    names = checked_metrics(names)
    rows = np.flatnonzero(sweep.usable)
    size = part_size(sweep.history.close.size, by_bits=sweep.by_bits(names))
    ranges = parts(len(rows), size)
    if len(ranges) < LEAST_PARTS:
        return sweep.table(names)
    columns = {name: sweep.grid.column(name) for name in sweep.grid.names}
    cut = [
        {name: values[rows[start:stop]] for name, values in columns.items()}
        for start, stop in ranges
    ]
    data = SweepData(
        sweep.history, sweep.document, sweep.config, names, sweep.inputs, sweep.begin,
        sweep.memory_bytes,
    )  # fmt: skip
    figures = np.full((len(names), len(sweep.grid)), np.nan)
    figures[:, rows] = np.concatenate(
        run(sweep_part, data, cut, progress=progress, cancel=cancel), axis=1
    )
    return sweep.filled(dict(zip(names, figures, strict=True)))
