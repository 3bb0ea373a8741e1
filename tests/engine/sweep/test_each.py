"""The same combinations over many bars: the tables of a sweep of each."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, InvalidInput
from quant_tui.engine import BacktestConfig, sweep, sweep_each

GRID = {"short_window": [5, 10, 30], "long_window": [10, 20, 150]}
CONFIG = BacktestConfig(commission=0.001)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_every_table_is_that_of_a_sweep(bars_of, threads) -> None:
    every = [bars_of(seed, 100 + 40 * seed, gaps=seed % 2 == 1) for seed in range(4)]
    every.append(bars_of(4, 200, 3, gaps=True))
    lazy = {name: iter(values) for name, values in GRID.items()}
    tables = sweep_each(every, "SMA_CROSSOVER", lazy, CONFIG, threads=threads)
    for bars, table in zip(every, tables, strict=True):
        alone = sweep(bars, "SMA_CROSSOVER", GRID, CONFIG)
        assert table.columns == alone.columns
        for name in alone:
            np.testing.assert_array_equal(table[name], alone[name])
        assert dict(table.invalid) == dict(alone.invalid)
    assert sorted({len(table.invalid) for table in tables}) == [3, 6]  # long enough, or not


def test_metrics_of_full_runs(bars_of) -> None:
    every = [bars_of(seed, 120) for seed in range(2)]
    names = ("ulcer_index", "sqn")
    for bars, table in zip(
        every, sweep_each(every, "SMA_CROSSOVER", GRID, CONFIG, names), strict=True
    ):
        alone = sweep(bars, "SMA_CROSSOVER", GRID, CONFIG, names)
        for name in names:
            np.testing.assert_array_equal(table[name], alone[name])


def test_progress_counts_bars_in_the_calling_thread(bars_of) -> None:
    told = []
    sweep_each(
        [bars_of(seed, 100) for seed in range(3)], "SMA_CROSSOVER", GRID,
        progress=lambda fraction, _: told.append((fraction, threading.current_thread())),
    )  # fmt: skip
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {thread for _, thread in told} == {threading.current_thread()}


@pytest.mark.parametrize("threads", [1, 2])
def test_cancelling_ends_every_thread(bars_of, threads) -> None:
    long_one = {"short_window": range(1, 200), "long_window": range(200, 1400)}  # a second
    began = time.perf_counter()
    with pytest.raises(Cancelled):
        sweep_each(
            [bars_of(seed, 1500) for seed in range(threads)], "SMA_CROSSOVER", long_one,
            threads=threads, cancel=lambda: time.perf_counter() - began > 0.05,
        )  # fmt: skip
    assert not [one for one in threading.enumerate() if one.name.startswith("sweep")]


def test_bad_input_names_its_field_and_no_bars_give_no_table(bars_of) -> None:
    with pytest.raises(InvalidInput) as refused:
        sweep_each([bars_of(1, 100)], "SMA_CROSSOVER", GRID, threads=0)
    assert refused.value.field == "threads"
    with pytest.raises(InvalidInput) as refused:
        sweep_each([bars_of(1, 100)], "SMA_CROSSOVER", {"window": [1]})
    assert refused.value.field == "window"
    assert sweep_each([], "SMA_CROSSOVER", GRID) == []
