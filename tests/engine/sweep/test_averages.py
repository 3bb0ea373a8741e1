"""Averages of a sweep are those of a single run to the last bit, so that ties fall alike."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine.indicators import rolling
from quant_tui.engine.indicators.lift import by_run
from quant_tui.engine.sweep.averages import moving_averages


@pytest.mark.parametrize("gaps", [False, True])
def test_every_bit(gaps) -> None:
    random = np.random.default_rng(11)
    values = 100.0 * np.exp(np.cumsum(random.normal(0, 0.02, (400, 2)), axis=0))
    values[random.random(values.shape) < (0.02 if gaps else 0.0)] = np.nan
    windows = np.array([1, 2, 7, 50, 399, 500])
    table = np.empty((len(windows), 2, 400))
    moving_averages(np.ascontiguousarray(values.T), windows, table)
    for row, window in zip(table, windows.tolist(), strict=True):
        expected = by_run(lambda run, window=window: rolling.sma(run, window), values)
        np.testing.assert_array_equal(row.T, expected)
