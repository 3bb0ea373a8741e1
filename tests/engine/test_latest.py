"""The newest value for many symbols at once is that of the 1-D indicator, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.indicators.latest import latest_rsi, latest_sma
from quant_tui.engine.indicators.rolling import sma
from quant_tui.engine.indicators.smoothed import rsi


@pytest.fixture
def columns() -> list[FloatArray]:
    """Random walks of different lengths, one that stands still and one that has no bar."""
    random = np.random.default_rng(11)
    walks = [
        100.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, size)))
        for size in (287, 287, 250, 200, 199, 51, 50, 15, 14, 2, 1)
    ]
    return [*walks, np.full(120, 10.0), np.empty(0)]


def _side_by_side(columns: list[FloatArray]) -> FloatArray:
    size = max(map(len, columns))
    matrix = np.full((size, len(columns)), np.nan)
    for at, column in enumerate(columns):
        matrix[size - len(column) :, at] = column
    return matrix


@pytest.mark.parametrize("window", [1, 2, 14, 20, 50, 200])
def test_sma_is_that_of_the_engine(columns: list[FloatArray], window: int) -> None:
    """Every column ends on the last value of the 1-D average."""
    expected = [sma(column, window)[-1] if len(column) else np.nan for column in columns]
    found = latest_sma(_side_by_side(columns), window)
    np.testing.assert_array_equal(found, expected)
    assert np.isfinite(found).sum() == sum(len(column) >= window for column in columns)


@pytest.mark.parametrize("window", [1, 2, 14, 50])
def test_rsi_is_that_of_the_engine(columns: list[FloatArray], window: int) -> None:
    """Every column ends on the last value of the 1-D strength."""
    expected = [rsi(column, window)[-1] if len(column) else np.nan for column in columns]
    found = latest_rsi(_side_by_side(columns), window)
    np.testing.assert_array_equal(found, expected)
    assert np.isfinite(found).sum() == sum(len(column) > window for column in columns)


def test_no_symbols_at_all() -> None:
    """Nothing goes in, nothing comes out."""
    assert latest_rsi(np.empty((0, 0)), 14).shape == (0,)
    assert latest_sma(np.empty((5, 0)), 3).shape == (0,)
