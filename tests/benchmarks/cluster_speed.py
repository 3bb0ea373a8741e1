"""What a study gains from two workers: on threads, processes and a Dask cluster of this machine.

    python -m tests.benchmarks.cluster_speed [--trials 320] [--runs 1]

One study of full runs, drawn at random (100 symbols in one account, whole shares, a cap on the
share of a bar's volume: the bit loops know none of it), on one thread, two threads, two
processes, and a cluster of two workers, each after a short one that starts and sends all.

On a machine with other work the clock says little. So the seconds of CPU are read too, of the
program and of every worker: on free cores a study takes as long as its busiest worker, and
what the program does while that waits. ``free`` is the speed-up that this comes to.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import psutil

from quant_tui.config.settings import JobSettings
from quant_tui.domain.tasks import HoldTasks
from quant_tui.engine import BacktestConfig, Bars
from quant_tui.engine.optimization.evaluate import TrialData
from quant_tui.jobs.executors import Executors
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_run import StudyRun
from tests.engine.robustness.studies import daily, prices
from tests.jobs import tasks
from tests.jobs.dask_cluster import DaskCluster, wait_until
from tests.studies import prepared_study

ROWS, SYMBOLS = 5040, 100
CONFIG = BacktestConfig(commission=0.0005, shares="whole", participation_cap=0.1)


def cpu_of(processes: Sequence[psutil.Process]) -> list[float]:
    """Return the seconds of CPU that processes have taken."""
    return [sum(one.cpu_times()[:2]) for one in processes]


def bars() -> Bars:
    """Return bars of symbols that drift up and down by turns."""
    columns = [prices(seed, 0.002, ROWS) for seed in range(SYMBOLS)]
    close = np.column_stack(columns)
    names = [f"S{column}" for column in range(SYMBOLS)]
    volume = np.full(close.shape, 1e6)
    return Bars(names, daily(columns[0]).dates, close, close, close, close, volume)


def timed(
    folder: Path,
    trials: int,
    threads: int,
    hold: HoldTasks | None,
    workers: Sequence[psutil.Process],
) -> tuple[float, float, list[float]]:
    """Return seconds, seconds of CPU of the program, and those of each worker, of a study."""
    prepared = prepared_study("random", trials, workers=threads, out_of_sample=None)
    data = TrialData(bars(), prepared.space.document, CONFIG)
    assert not data.is_quick
    run = StudyRun(StudyFiles(folder), "study", prepared, data, lambda _: None, lambda: False, hold)
    before, own, start = cpu_of(workers), time.process_time(), time.perf_counter()
    assert len(run.run()) == trials
    took, used = time.perf_counter() - start, time.process_time() - own
    return took, used, [after - first for after, first in zip(cpu_of(workers), before, strict=True)]


def children(named: str) -> list[psutil.Process]:
    """Return the processes of a pool, or the workers of a cluster."""
    found = psutil.Process().children(recursive=True)
    return [one for one in found if named in " ".join(one.cmdline())]


def main() -> None:
    """Print a line a kind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=320)
    parser.add_argument("--runs", type=int, default=1)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        dask = stack.enter_context(closing(DaskCluster(folder)))
        pool = stack.enter_context(closing(Executors(JobSettings(2, "processes"), tasks.versions)))
        cluster = stack.enter_context(
            closing(Executors(JobSettings(2, cluster=dask.address), tasks.versions))
        )
        wait_until(lambda: cluster.describe()["workers"] == 2)
        kinds: tuple[tuple[str, int, HoldTasks | None], ...] = (
            ("one thread", 1, None), ("two threads", 2, None),
            ("two processes", 2, pool.hold), ("Dask, two workers", 2, cluster.hold),
        )  # fmt: skip
        found: dict[str, list[tuple[float, float, list[float]]]] = {}
        for turn in range(given.runs + 1):
            for place, (name, threads, hold) in enumerate(kinds):
                workers = []
                if hold is not None:
                    ours = children(
                        "quant_tui.jobs.worker" if "processes" in name else "dask_worker"
                    )
                    workers = [one for one in ours if one.is_running()]
                trials = given.trials if turn else 32  # the first one starts and sends all
                here = folder / f"{place}-{turn}"
                measured = timed(here, trials, threads, hold, workers)
                if turn:
                    found.setdefault(name, []).append(measured)
    print(  # noqa: T201
        f"{given.trials:,} full runs of {SYMBOLS} symbols x {ROWS:,} bars;"
        f" load {psutil.getloadavg()[0]:.1f}"
    )
    alone = min(used for _, used, _ in found["one thread"])
    for name, runs in found.items():
        took = min(one[0] for one in runs)
        _, used, workers = min(runs, key=lambda one: one[1] + sum(one[2]))
        ideal = used / 2 if name == "two threads" else used + max(workers, default=0.0)
        shown = " + ".join(f"{one:.1f}" for one in workers)
        print(  # noqa: T201
            f"{name:<18} {took:6.1f} s  cpu {used:5.1f} s here, workers {shown or 'none':<12}"
            f" free {alone / ideal:4.2f}x"
        )


if __name__ == "__main__":
    main()
