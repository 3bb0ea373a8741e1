"""The shape of a sweep's result, what it refuses, and how it ends."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, InvalidInput
from quant_tui.engine import BacktestConfig, run_backtest, sweep, sweep_returns
from quant_tui.engine.sweep.schedule import Watch, run_parts
from quant_tui.engine.sweep.single import Singles

GRID = {"short_window": [5, 10, 30], "long_window": [10, 20]}


def test_rows_come_in_the_order_of_the_product_with_parameters_first(bars_of) -> None:
    table = sweep(bars_of(1, 120), "SMA_CROSSOVER", GRID)
    assert table.columns == (
        "short_window", "long_window", "total_return", "sharpe_ratio", "max_drawdown",
        "total_trades",
    )  # fmt: skip
    assert table["short_window"].tolist() == [5, 5, 10, 10, 30, 30]
    assert table["long_window"].tolist() == [10, 20] * 3
    assert len(table) == 6
    assert table.shape == (6, 6)
    assert list(table) == list(table.columns)
    assert "sharpe_ratio" in table
    assert "close" not in table
    assert table.get("close") is None
    with pytest.raises(KeyError, match="did you mean sharpe_ratio"):
        table["sharpe"]


def test_paired_lists_give_one_row_a_pair(bars_of) -> None:
    pairs = {"short_window": np.array([5, 10, 30]), "long_window": np.array([10, 20, 60])}
    table = sweep(bars_of(1, 120), "SMA_CROSSOVER", pairs, product=False)
    assert table["short_window"].tolist() == [5, 10, 30]
    assert not table.invalid
    with pytest.raises(InvalidInput, match="one length"):
        sweep(bars_of(1, 120), "SMA_CROSSOVER", GRID, product=False)


def test_what_cannot_run_keeps_its_row_and_says_why(bars_of) -> None:
    table = sweep(bars_of(1, 120), "SMA_CROSSOVER", {**GRID, "long_window": [10, 20, 500]})
    assert list(table.invalid) == [2, 3, 5, 6, 7, 8]
    assert "less than long_window" in table.invalid[3]
    assert "more than 500 bars" in table.invalid[2]
    assert np.isnan(table["sharpe_ratio"][2])
    assert table.row(2)["sharpe_ratio"] is None
    assert table.row(0)["short_window"] == 5
    with pytest.raises(KeyError):
        table.invalid[0]


def test_a_frame_has_the_same_columns_and_misses_what_is_undefined(bars_of) -> None:
    table = sweep(bars_of(1, 120), "SMA_CROSSOVER", GRID)
    frame = table.to_frame()
    assert list(frame.columns) == list(table.columns)
    assert frame["short_window"].dtype == np.int64
    assert frame["total_return"].isna().sum() == len(table.invalid) == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grid": {"short": [5]}}, "short"),
        ({"grid": {"short_window": [5.5]}}, "short_window"),
        ({"grid": {"short_window": []}}, "short_window"),
        ({"grid": {"short_window": "5"}}, "short_window"),
        ({"grid": {"short_window": [0]}}, "short_window"),
        ({"metrics": ("sharp_ratio",)}, "metrics"),
        ({"threads": 0}, "threads"),
        ({"grid": [("short_window", [5])]}, "grid"),
        ({"config": {"commission": 0.001}}, "config"),
        ({"memory_bytes": 10}, "memory_bytes"),
        ({"grid": {"short_window": range(1, 1001), "long_window": list(range(2, 2001)) * 60}},
         "grid"),
    ],
)  # fmt: skip
def test_bad_input_names_its_field(bars_of, change, field) -> None:
    with pytest.raises(InvalidInput) as refused:
        sweep(bars_of(1, 60), "SMA_CROSSOVER", **{"grid": GRID, **change})
    assert refused.value.field == field


def test_no_parameter_gives_one_row(bars_of) -> None:
    table = sweep(bars_of(1, 60), "BUY_AND_HOLD", {})
    assert table.shape[1] == 4
    assert table["total_return"].shape == (1,)


def test_the_common_shape_never_takes_the_simulator(bars_of, monkeypatch) -> None:
    monkeypatch.setattr(Singles, "of_curve", None)
    monkeypatch.setattr(Singles, "measure", None)
    for symbols in (1, 3):
        sweep(bars_of(2, 200, symbols, gaps=True), "SMA_CROSSOVER", GRID)


def test_little_memory_changes_nothing(bars_of) -> None:
    bars = bars_of(2, 700, 4)
    grid = {"short_window": range(1, 30, 2), "long_window": range(30, 60)}
    plenty = sweep(bars, "SMA_CROSSOVER", grid)
    little = sweep(bars, "SMA_CROSSOVER", grid, memory_bytes=1 << 20, threads=1)
    for name in plenty:
        np.testing.assert_array_equal(plenty[name], little[name])


def test_progress_ends_at_one_in_the_calling_thread(bars_of) -> None:
    told = []
    sweep(
        bars_of(2, 200), "SMA_CROSSOVER", {"short_window": range(1, 40), "long_window": [50, 60]},
        progress=lambda fraction, _: told.append((fraction, threading.current_thread())),
    )  # fmt: skip
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {thread for _, thread in told} == {threading.current_thread()}


@pytest.mark.parametrize("threads", [1, 2])
def test_cancelling_ends_the_sweep(bars_of, threads) -> None:
    asked = iter(range(1_000_000))
    with pytest.raises(Cancelled):
        sweep(
            bars_of(2, 1500), "SMA_CROSSOVER",
            {"short_window": range(1, 60), "long_window": range(61, 120)},
            threads=threads, cancel=lambda: next(asked) > 2,
        )  # fmt: skip


def test_parts_on_threads_end_when_their_caller_cancels() -> None:
    begun = threading.Event()
    watch = Watch(None, begun.is_set, 4)

    def work(_start: int, _stop: int) -> None:
        begun.set()
        while True:
            watch.pause()

    with pytest.raises(Cancelled):
        run_parts(work, [(0, 1), (1, 2), (2, 3), (3, 4)], 2, watch)


def test_returns_of_chosen_combinations(bars_of) -> None:
    bars, config = bars_of(4, 150, 2, gaps=True), BacktestConfig(commission=0.001)
    found = sweep_returns(bars, "SMA_CROSSOVER", GRID, config, rows=[1, 2, 3])
    assert found.shape == (150, 3)
    assert np.isnan(found[:, 1]).all()
    for place, values in ((0, (5, 20)), (2, (10, 20))):
        params = dict(zip(GRID, values, strict=True))
        single = run_backtest(bars, "SMA_CROSSOVER", params, config)
        np.testing.assert_array_equal(found[:, place], single.metrics.returns)
    with pytest.raises(InvalidInput, match="memory"):
        sweep_returns(bars, "SMA_CROSSOVER", {"short_window": [5] * 1000}, memory_bytes=1 << 20)
    with pytest.raises(InvalidInput, match="rows"):
        sweep_returns(bars, "SMA_CROSSOVER", GRID, rows=[6])


def test_importing_the_engine_imports_no_part_of_a_sweep() -> None:
    code = (
        "import sys, quant_tui.engine;"
        "print([m for m in sys.modules if m.startswith('quant_tui.engine.sweep.')"
        " or m in ('numba', 'pandas', 'concurrent.futures')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
