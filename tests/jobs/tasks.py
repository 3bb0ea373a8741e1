"""Tasks for the executors' tests: functions of a module, as workers must find them."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.arrays import FloatArray

PYTHON = ".".join(map(str, sys.version_info[:2]))
ENGINE = "TASKS_TEST_ENGINE"


def mean_of(data: FloatArray, part: tuple[int, int], _cancel: CancelCheck) -> float:
    """Return the mean of some rows."""
    return float(data[part[0] : part[1]].mean())


def process_of(_data: object, part: int, _cancel: CancelCheck) -> tuple[int, int, int]:
    """Return the part, the process that ran it, and its niceness."""
    return part, os.getpid(), os.nice(0)


def can_write(data: FloatArray, _part: int, _cancel: CancelCheck) -> bool:
    """Return whether the data may be changed."""
    return data.flags.writeable


def fail_at(data: set[int], part: int, _cancel: CancelCheck) -> int:
    """Fail in some parts."""
    if part in data:
        raise InvalidInput(f"part {part} is wrong", field="part", hint="Leave it out.")
    return part


class Awkward(Exception):
    """An error that cannot be made of its message."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def fail_awkwardly(_data: None, part: int, _cancel: CancelCheck) -> int:
    """Fail with an error that does not survive being copied."""
    raise Awkward(part, part)


def die_once(data: Path, part: int, _cancel: CancelCheck) -> int:
    """End the worker in the middle of part 3, the first time only."""
    if part == 3:
        mark = data / "died"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return part * part


def die(_data: None, part: int, _cancel: CancelCheck) -> int:
    """End every worker that runs part 3."""
    if part == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def wait_for_cancel(data: Path, part: int, cancel: CancelCheck) -> int:
    """Say that it began, run until it is cancelled, and say that it heard."""
    (data / f"began-{part}").touch()
    until = time.monotonic() + 60.0
    while not cancel():
        if time.monotonic() > until:
            raise TimeoutError("nobody cancelled")
        time.sleep(0.01)  # the work that there is
    (data / f"heard-{part}").touch()
    return part


def hear_nothing(data: Path, part: int, _cancel: CancelCheck) -> int:
    """Say that it began and never ask whether it was cancelled."""
    (data / f"began-{part}").write_text(str(os.getpid()))
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        time.sleep(0.01)  # the work that there is
    return part


def wait_for_file(data: Path, part: int, cancel: CancelCheck) -> int:
    """Say that it began, with which process, and go on once a file is there."""
    (data / f"began-{part}").write_text(str(os.getpid()))
    until = time.monotonic() + 60.0
    while not (data / "go").exists():
        if cancel() or time.monotonic() > until:
            raise TimeoutError("nobody said go")
        time.sleep(0.01)  # the work that there is
    return part * part


def versions() -> dict[str, str]:
    """Return versions that an environment variable can change."""
    return {"python": PYTHON, "numpy": np.__version__, "engine": os.environ.get(ENGINE, "1")}


def versions_of_the_process() -> dict[str, str]:
    """Return versions that are others in every process."""
    return {"engine": str(os.getpid())}
