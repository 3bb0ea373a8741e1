"""What holds on any machine, also a busy one: figures alike, and far ahead of a peer."""

from __future__ import annotations

import time

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, sweep
from tests.benchmarks import c_loops, sweeps
from tests.benchmarks.data import FEE, YEAR, grid, pairs, walk


@pytest.mark.skipif(not c_loops.there_is_a_compiler(), reason="there is no cc to compile sweep.c")
@pytest.mark.parametrize("loop", ["plain", "tuned"])
def test_the_c_loops_find_the_same_figures(loop: str) -> None:
    bars = walk(3_000)
    config = BacktestConfig(commission=FEE, fill="close", annualization=YEAR)
    table = sweep(
        bars, "SMA_CROSSOVER", grid(400), config=config, metrics=sweeps.FIGURES, threads=2
    )
    close = np.ascontiguousarray(bars.close[:, 0])
    theirs = c_loops.sweep(loop, close, pairs(400), fee=FEE, year=YEAR, threads=2)
    for place, name in enumerate(sweeps.FIGURES):
        np.testing.assert_allclose(table[name], theirs[:, place], rtol=1e-10, atol=1e-12)


def _least_work(run, times: int) -> float:
    """Seconds of all processors: others that want them take nothing from it."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return min(taken)


def test_a_sweep_is_far_ahead_of_raptorbt() -> None:
    """The full table asks for fifty times; a fifth of the work for less."""
    ours, theirs = sweeps.ours(1_000, threads=2), sweeps.raptorbt(1_000)
    found, expected = ours(), theirs()
    for name in sweeps.FIGURES:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-9)
    assert _least_work(theirs, 2) > 20 * _least_work(ours, 5)
