"""One contender of one row in a process of its own: ``python -m tests.benchmarks.measure R C``.

Prints one JSON document: seconds of the first and of every later run, the peak of the
memory in use, and the figures found, so that the table compares like with like.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
KEEPS_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(2**28),
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
}
"""Tells glibc to keep what a run frees for the next one, for every contender alike.

Else it keeps or gives back by where some small object happens to lie above the arrays, and
one contender pays a fifth of its time for fetching the same memory again, another nothing.
"""

ENOUGH_SECONDS, MOST_RUNS = 2.0, 200
LONG_SECONDS = 5.0
"""A first run that takes so long is the only one: contenders compile before it."""


@dataclass(frozen=True)
class Measured:
    """What one contender took.

    Attributes
    ----------
    best, median
        Seconds of a run when everything is warm.
    cpu
        Least processor seconds of a run, all threads together: on a busy machine the
        truer figure.
    first
        Seconds of the first run, with what is loaded or compiled only then.
    peak_bytes
        Greatest resident memory of the process, imports and data included.
    figures
        What it found, by name.
    """

    best: float
    median: float
    cpu: float
    first: float
    peak_bytes: int
    figures: dict[str, Any]


def measure(row: str, contender: str) -> Measured:
    """Run a contender in a fresh process and return what it took."""
    command = [sys.executable, "-m", "tests.benchmarks.measure", row, contender]
    environment = {**os.environ, **KEEPS_MEMORY, "RAPTORBT_NO_VERSION_CHECK": "1", "CI": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{row} {contender} failed:\n{done.stderr[-3000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _peak_bytes() -> int:
    """Most memory that this program held; getrusage would count its parent's before the exec."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _main(row: str, contender: str) -> None:
    from tests.benchmarks.rows import ROWS

    run = ROWS[row].contenders[contender]()
    began = time.perf_counter()
    figures = run()
    first = time.perf_counter() - began
    taken: list[float] = []
    worked: list[float] = []
    while first < LONG_SECONDS and sum(taken) < ENOUGH_SECONDS and len(taken) < MOST_RUNS:
        began, spent = time.perf_counter(), time.process_time()
        figures = run()
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - spent)
    if not taken:
        taken = worked = [first]
    peak = _peak_bytes()
    plain = {key: np.asarray(values).tolist() for key, values in figures.items()}
    found = (min(taken), float(np.median(taken)), min(worked), first, peak, plain)
    print(json.dumps(dict(zip(Measured.__annotations__, found, strict=True))))  # noqa: T201


if __name__ == "__main__":
    _main(*sys.argv[1:])
