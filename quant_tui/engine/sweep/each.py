"""Many sweeps of the same combinations, shared out among threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.sweep.plan import Plan
from quant_tui.engine.sweep.run import LEAST_MEMORY, Sweep, check_whole
from quant_tui.engine.sweep.schedule import Progress, Watch, parts, run_parts
from quant_tui.engine.sweep.table import SweepTable


def tables_of_each(
    every: Sequence[Bars],
    plan: Plan,
    config: BacktestConfig | None,
    names: tuple[str, ...],
    *,
    threads: int,
    progress: Progress | None,
    cancel: Callable[[], bool] | None,
    memory_bytes: int,
) -> list[SweepTable]:
    """Compute the metrics of every combination on each of many bars.

    A thread takes one of the bars at a time; fewer bars than threads get several each.

    Parameters
    ----------
    every, config, threads, progress, cancel, memory_bytes
        As in :func:`~quant_tui.engine.sweep.sweep_each`.
    plan
        Strategy and combinations.
    names
        Metrics.
    """
    check_whole("threads", threads, 1)
    check_whole("memory_bytes", memory_bytes, LEAST_MEMORY)
    if not every:
        return []
    side_by_side = min(threads, len(every))
    memory = max(memory_bytes // side_by_side, LEAST_MEMORY)
    watch = Watch(progress, cancel, len(every))
    found: dict[int, SweepTable] = {}

    def work(start: int, stop: int) -> None:
        for place in range(start, stop):
            found[place] = Sweep(
                every[place], plan, config, threads=threads // side_by_side,
                progress=None, cancel=watch.is_stopped, memory_bytes=memory, inputs=None, begin=0,
            ).table(names)  # fmt: skip

    run_parts(work, parts(len(every), 1), side_by_side, watch)
    return [found[place] for place in range(len(every))]
