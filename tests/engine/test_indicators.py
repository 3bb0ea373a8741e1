"""Indicator loops: the same bits interpreted and compiled, and right for any window."""

from __future__ import annotations

from itertools import accumulate, chain

import numpy as np
import pytest

from quant_tui.engine import compiled
from quant_tui.engine.indicators import crossings, moments, ordered, rolling, smoothed

WINDOWS = (1, 2, 3, 7, 40, 150, 299, 300)
FUNCTIONS = {
    "sum": rolling.rolling_sum, "sma": rolling.sma, "wma": rolling.wma, "max": rolling.rolling_max,
    "min": rolling.rolling_min, "since max": rolling.bars_since_max,
    "since min": rolling.bars_since_min, "ema": smoothed.ema,
    "macd": lambda values, window: smoothed.macd_line(values, window, window + 5),
    "signal": lambda values, window: smoothed.macd_signal(values, window, window + 5, 9),
    "rsi": smoothed.rsi, "variance": moments.variance, "stddev": moments.stddev,
    "skew": moments.skew, "zscore": moments.zscore, "median": ordered.median,
    "quantile": lambda values, window: ordered.quantile(values, window, 0.3),
    "correlation": lambda values, window: moments.correlation(values, values[::-1].copy(), window),
    "momentum": lambda values, window: rolling.momentum(values[:, None], window)[:, 0],
    "atr": lambda values, window: smoothed.atr(values + 1, values - 1, values, window),
}  # fmt: skip


def walk(seed: int, size: int = 300) -> np.ndarray:
    """A walk with ties, flat stretches and a jump that leaves the window again."""
    random = np.random.default_rng(seed)
    values = 100.0 + np.round(np.cumsum(random.normal(0, 1, size)), 1)
    values[50:95] = values[50]
    values[120] = 1e7
    return values


@pytest.mark.parametrize("name", FUNCTIONS)
def test_interpreted_and_compiled_give_the_same_bits(name, monkeypatch):
    values, function = walk(1), FUNCTIONS[name]
    monkeypatch.setattr(compiled.Loop, "sized", lambda loop, steps: loop.interpreted)
    plain = [function(values, window) for window in WINDOWS]
    monkeypatch.setattr(compiled.Loop, "sized", lambda loop, steps: loop.compiled)
    for window, expected in zip(WINDOWS, plain, strict=True):
        np.testing.assert_array_equal(function(values, window), expected)


def windows(values: np.ndarray, window: int) -> list[np.ndarray]:
    return [values[row - window + 1 : row + 1] for row in range(window - 1, len(values))]


def skew(values: np.ndarray) -> float:
    apart = values - values.mean()
    spread = (apart**2).mean()
    return (apart**3).mean() / spread**1.5 if np.ptp(values) else float("nan")


PLAIN = {
    "sum": np.sum, "sma": np.mean, "max": np.max, "min": np.min, "median": np.median,
    "variance": np.var, "stddev": np.std, "skew": skew,
    "quantile": lambda values: np.quantile(values, 0.3),
    "wma": lambda values: np.average(values, weights=np.arange(1, len(values) + 1)),
    "since max": lambda values: np.argmax(values[::-1]),
    "since min": lambda values: np.argmin(values[::-1]),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("window", [*WINDOWS, 301])
def test_each_window_equals_the_plain_way(name, window):
    values = walk(2)
    found = FUNCTIONS[name](values, window)
    expected = [PLAIN[name](one) for one in windows(values, window)]
    assert np.isnan(found[: window - 1]).all()
    rtol, atol = (1e-6, 1e-6) if name == "skew" else (1e-9, 1e-7)
    np.testing.assert_allclose(found[window - 1 :], expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("window", [2, 14, 100])
def test_smoothing_gives_what_the_plain_recurrences_give(window):
    """Those of the RSI to the last bit; the others round elsewhere, to be quicker."""
    values = walk(3)
    seed = float(np.cumsum(values[:window])[-1]) / window
    factor, keep, share = 2.0 / (window + 1.0), float(window - 1), 1.0 / window
    rest = values[window:].tolist()
    ema = accumulate(chain((seed,), rest), lambda last, value: (value - last) * factor + last)
    np.testing.assert_allclose(smoothed.ema(values, window)[window - 1 :], list(ema), rtol=1e-13)

    def wilder(changes: np.ndarray) -> np.ndarray:
        mean = float(np.cumsum(changes[:window])[-1]) * share
        rest = changes[window:].tolist()
        return np.array([*accumulate(chain((mean,), rest), lambda a, b: (a * keep + b) * share)])

    changes = np.diff(values)
    gain, loss = wilder(np.maximum(changes, 0.0)), wilder(np.maximum(-changes, 0.0))
    np.testing.assert_array_equal(
        smoothed.rsi(values, window)[window:], 100.0 * (gain / (gain + loss))
    )
    ranges = smoothed.true_range(values + 1, values - 1, values)[1:]
    atr = wilder(ranges)
    found = smoothed.atr(values + 1, values - 1, values, window)[window:]
    np.testing.assert_allclose(found, atr, rtol=1e-13)


@pytest.mark.parametrize("window", [1, 2, 14, 100])
def test_averages_of_what_stands_still_do_not_move_and_the_future_changes_nothing(window):
    values = np.r_[walk(3)[:1], walk(3), np.full(3_000, 64.0)]
    still = smoothed.ema(np.full(501, 0.5), window)[window - 1 :]
    np.testing.assert_array_equal(still, 0.5)
    np.testing.assert_array_equal(smoothed.ema(values, window)[-500:], 64.0)
    line = smoothed.macd_line(values, window, 2 * window)
    signal = smoothed.macd_signal(values, window, 2 * window, 9)
    for size in range(len(values) - 7, len(values) + 1):
        for whole, function, how in (
            (smoothed.ema(values, window), smoothed.ema, (window,)),
            (line, smoothed.macd_line, (window, 2 * window)),
            (signal, smoothed.macd_signal, (window, 2 * window, 9)),
        ):
            np.testing.assert_array_equal(function(values[:size], *how), whole[:size])


@pytest.mark.parametrize("jump", [1e12, 1e-12])
def test_a_jump_of_the_level_costs_the_averages_no_digits(jump):
    values = walk(3)
    values[700:] *= jump
    plain = np.full(len(values), np.nan)
    plain[19] = values[:20].mean()
    for row in range(20, len(values)):
        plain[row] = plain[row - 1] + (values[row] - plain[row - 1]) * (2.0 / 21.0)
    np.testing.assert_allclose(smoothed.ema(values, 20)[19:], plain[19:], rtol=1e-12)


def test_a_level_far_from_zero_and_a_spike_long_gone_cost_no_digits():
    random = np.random.default_rng(4)
    small = random.normal(0, 1, 5000)
    spiked = small + 1e9
    spiked[1000] = 1e15
    for window in (20, 700):
        expected = [one.std() for one in windows(small, window)]
        found = moments.stddev(spiked, window)[window - 1 :]
        clean = np.r_[: 1000 - window + 1, 1001 : len(found)]
        np.testing.assert_allclose(found[clean], np.array(expected)[clean], rtol=1e-5)


def test_momentum_of_many_columns_with_undefined_and_boundless_differences():
    values = np.array([[1.0, np.nan], [2.0, 5.0], [4.0, 1.7e308], [7.0, -1.7e308], [1.0, 6.0]])
    expected = [[np.nan] * 2, [1.0, np.nan], [2.0, 1.7e308], [3.0, np.nan], [-6.0, 1.7e308]]
    np.testing.assert_array_equal(rolling.momentum(values, 1), expected)
    np.testing.assert_array_equal(rolling.momentum(values[:, ::-1], 1), np.fliplr(expected))
    assert np.isnan(rolling.momentum(values, 7)).all()


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("strict", [True, False])
def test_crossings_equal_their_definition(above, strict):
    random = np.random.default_rng(5)
    difference = random.integers(-1, 2, (400, 3)).astype(float)
    difference[random.random(difference.shape) < 0.2] = np.nan
    true, known = crossings.cross(difference, above=above, strict=strict)
    for column in range(3):
        signs = difference[:, column] * (1 if above else -1)
        for row in range(400):
            past = signs[:row][np.isfinite(signs[:row])]
            apart = past[past != 0]
            before = signs[row - 1] if strict and row else (apart[-1] if len(apart) else np.nan)
            assert known[row, column] == (np.isfinite(signs[row]) and len(past) > 0)
            assert true[row, column] == (signs[row] > 0 and before < 0)
