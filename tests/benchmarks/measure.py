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
ENOUGH_SECONDS, MOST_SECONDS, MOST_RUNS = 2.0, 60.0, 200


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
        Seconds of the first run, compiling and loading included.
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
    environment = {**os.environ, "RAPTORBT_NO_VERSION_CHECK": "1", "CI": "1"}
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
    while first < MOST_SECONDS and sum(taken) < ENOUGH_SECONDS and len(taken) < MOST_RUNS:
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
