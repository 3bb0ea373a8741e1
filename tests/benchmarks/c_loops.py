"""The C loops of sweep.c, compiled by ``cc`` when there is one."""

from __future__ import annotations

import ctypes
import itertools
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

_SOURCE = Path(__file__).with_name("sweep.c")
_DOUBLES = np.ctypeslib.ndpointer(np.float64, flags="C")
_INTEGERS = np.ctypeslib.ndpointer(np.int64, flags="C")


def there_is_a_compiler() -> bool:
    """Tell whether ``cc`` can be run."""
    return shutil.which("cc") is not None


@cache
def library() -> ctypes.CDLL:
    """Compile sweep.c for this machine and load it."""
    target = Path(tempfile.mkdtemp(prefix="sweep-")) / "sweep.so"
    flags = ["-O3", "-march=native", "-fno-math-errno", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, "-o", str(target), str(_SOURCE), "-lm"], check=True)
    loaded = ctypes.CDLL(str(target))
    shutil.rmtree(target.parent)
    loaded.averages.argtypes = [_DOUBLES, ctypes.c_long, _INTEGERS, ctypes.c_long, _DOUBLES]
    for name in ("plain", "tuned"):
        getattr(loaded, name).argtypes = [
            _DOUBLES, ctypes.c_long, _DOUBLES, _DOUBLES, _INTEGERS, _INTEGERS, ctypes.c_long,
            ctypes.c_double, ctypes.c_double, _DOUBLES,
        ]  # fmt: skip
    return loaded


def averages(close: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Averages (W, T) of W windows."""
    out = np.empty((len(windows), len(close)))
    library().averages(close, len(close), windows, len(windows), out)
    return out


def sweep(
    loop: str, close: np.ndarray, pairs: np.ndarray, *, fee: float, year: float, threads: int
) -> np.ndarray:
    """Four figures (K, 4) of K pairs of windows: return, Sharpe, drawdown, round trips."""
    short, first = np.unique(pairs[:, 0], return_inverse=True)
    long, second = np.unique(pairs[:, 1], return_inverse=True)
    fast, slow = averages(close, short), averages(close, long)
    out = np.empty((len(pairs), 4))
    run = getattr(library(), loop)

    def part(span: slice) -> None:
        a, b = np.ascontiguousarray(first[span]), np.ascontiguousarray(second[span])
        run(close, len(close), fast, slow, a, b, len(a), fee, year, out[span])

    borders = np.linspace(0, len(pairs), threads + 1).astype(int)
    spans = [slice(a, b) for a, b in itertools.pairwise(borders)]
    if threads == 1:
        part(spans[0])
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, spans))
    return out
