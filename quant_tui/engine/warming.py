"""Have the machine code of the engine's loops ready before somebody waits for it.

``python -m quant_tui.engine.warming`` compiles what the disk does not hold yet, in a
process of its own that yields to every other: compiling holds the interpreter's lock for
seconds. Afterwards :func:`warm` loads it where it is needed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from quant_tui.engine.bars import Bars
from quant_tui.engine.compiled import loops
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.kept_code import SUFFIX
from quant_tui.engine.run import run_backtest
from quant_tui.engine.simulation import kernel
from quant_tui.engine.templates import TEMPLATES

_STRATEGIES = [one for one in TEMPLATES if one != "ML_SIGNAL"]
"""What is run: everything that needs bars alone."""

_ROWS = 700
"""Bars of the runs that call the loops: more than the templates' warm-up."""


def warm(cancel: Callable[[], bool] = lambda: False) -> None:
    """Compile, or load from the disk, the loops that backtests run, as backtests call them.

    Parameters
    ----------
    cancel
        Asked between steps of some tenths of a second; true ends the work.
    """
    bars = _bars()
    for loop in loops("quant_tui"):
        if cancel():
            return
        _ = loop.compiled
    for strategy in _STRATEGIES:
        if cancel():
            return
        run_backtest(bars, strategy, config=BacktestConfig(commission=0.001))


def is_kept() -> bool:
    """Whether the disk holds a kernel younger than its source and the compiler.

    Tells without loading the compiler; false also where numba keeps its files elsewhere
    than beside the source.
    """
    compiler = importlib.util.find_spec("numba")
    if compiler is None or compiler.origin is None:
        return False
    source = Path(kernel.execute.source)
    changed = max(Path(compiler.origin).stat().st_mtime, source.stat().st_mtime)
    kept = (source.parent / "__pycache__").glob(f"{source.stem}.{kernel.execute.kept_as}-*{SUFFIX}")
    return any(path.stat().st_mtime > changed for path in kept)


def _bars() -> Bars:
    """Two symbols that rise and fall, the second listed late."""
    steps = np.arange(_ROWS)[:, None]
    close = 100.0 + 10.0 * np.sin(steps / np.array([9.0, 14.0])) + 0.01 * steps
    close[:30, 1] = np.nan
    volume = np.where(np.isnan(close), np.nan, 1e6)
    dates = np.datetime64("2020-01-01") + np.arange(_ROWS)
    return Bars(("A", "B"), dates, close, close * 1.01, close * 0.99, close, volume)


if __name__ == "__main__":
    if sys.platform != "win32":
        os.nice(19)
    warm()
