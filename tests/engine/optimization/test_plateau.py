"""The plateau's centre beside a peak, and how figures hold over time."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine.optimization.plateau import find_plateau
from quant_tui.engine.optimization.space import Combination, ParameterRange
from quant_tui.engine.optimization.stability import rank_correlation, stretches

RANGES = {"x": ParameterRange("int", 0, 20), "y": ParameterRange("int", 0, 20)}
ROWS: list[Combination] = [{"x": x, "y": y} for x in range(21) for y in range(21)]


def surface(peak: tuple[int, int], hill: tuple[int, int]) -> np.ndarray:
    """A lone peak of 3 and a broad hill of 2."""
    values = [
        2.0 * np.exp(-((row["x"] - hill[0]) ** 2 + (row["y"] - hill[1]) ** 2) / 40.0)  # type: ignore[operator]
        for row in ROWS
    ]
    found = np.array(values)
    found[peak[0] * 21 + peak[1]] = 3.0
    return found


def test_the_centre_of_a_hill_beats_a_lone_peak() -> None:
    merits = surface(peak=(2, 2), hill=(14, 13))
    found = find_plateau(RANGES, ROWS, merits)
    assert found is not None
    assert ROWS[found.best] == {"x": 2, "y": 2}
    centre = ROWS[found.centre]
    assert abs(int(centre["x"]) - 14) <= 1
    assert abs(int(centre["y"]) - 13) <= 1
    assert found.centre in found.members
    assert found.best not in found.members
    assert found.best_kept is not None
    assert found.best_kept < 0.1
    assert found.centre_kept is not None
    assert found.centre_kept > 0.8


def test_neighbours_that_may_not_be_chosen_count_as_the_worst() -> None:
    merits = np.full(len(ROWS), np.nan)
    merits[[0, 30, 200]] = [1.0, 2.0, 3.0]
    found = find_plateau(RANGES, ROWS, merits)
    assert found is not None
    assert found.centre == found.best == 200
    assert found.best_kept == 0.0
    assert find_plateau(RANGES, ROWS, np.full(len(ROWS), np.nan)) is None


@pytest.mark.parametrize("shift", [-1.0, -2.5, -8.0])
def test_a_plateau_is_known_where_every_value_is_below_0(shift: float) -> None:
    merits = surface(peak=(2, 2), hill=(14, 13)) + shift - 1.0
    found = find_plateau(RANGES, ROWS, merits)
    assert found is not None
    assert ROWS[found.best] == {"x": 2, "y": 2}
    assert abs(int(ROWS[found.centre]["x"]) - 14) <= 1
    assert found.best_kept is not None
    assert found.centre_kept is not None
    assert found.centre_kept > 0.8 > found.best_kept
    assert 1 < len(found.members) < len(ROWS) // 2


def test_what_is_kept_of_a_minimised_metric_is_its_relative_change() -> None:
    volatility = np.full(len(ROWS), 0.20)
    for row in range(8, 13):
        volatility[row * 21 + 8 : row * 21 + 13] = 0.11
    volatility[10 * 21 + 10] = 0.10
    found = find_plateau(RANGES, ROWS, -volatility)
    assert found is not None
    assert ROWS[found.best] == {"x": 10, "y": 10}
    assert found.best_kept == pytest.approx(0.9)


def test_what_is_kept_does_not_jump_where_the_best_value_crosses_0() -> None:
    hill = surface(peak=(14, 13), hill=(14, 13))
    shares = []
    for best in (-1e-9, 1e-9):
        found = find_plateau(RANGES, ROWS, hill - 3.0 + best)
        assert found is not None
        assert found.best_kept is not None
        shares.append(found.best_kept)
    assert shares[0] == pytest.approx(shares[1], abs=1e-6)
    assert 0.0 < shares[0] < 1.0


def test_what_is_kept_of_a_good_best_is_the_ratio_of_the_values() -> None:
    merits = np.full(len(ROWS), 1.0)
    merits[220] = 2.0
    found = find_plateau(RANGES, ROWS, merits)
    assert found is not None
    assert found.best_kept == pytest.approx(0.5)
    nothing = find_plateau(RANGES, ROWS, np.zeros(len(ROWS)))
    assert nothing is not None
    assert nothing.best_kept == nothing.centre_kept == 1.0


def test_a_combination_tried_again_is_no_neighbour_of_itself() -> None:
    merits = np.full(len(ROWS), 1.0)
    merits[220] = 4.0
    rows = [*ROWS, *[ROWS[220]] * 50]
    found = find_plateau(RANGES, rows, np.concatenate([merits, np.full(50, 4.0)]))
    alone = find_plateau(RANGES, ROWS, merits)
    assert found is not None
    assert found == alone
    assert found.best_kept == pytest.approx(0.25)


def test_neighbours_share_their_choices() -> None:
    ranges = {"x": ParameterRange("int", 0, 9), "way": ParameterRange("cat", choices=(1, 2))}
    rows: list[Combination] = [{"x": x, "way": way} for way in (1, 2) for x in range(10)]
    merits = np.array([1.0] * 10 + [0.0] * 9 + [5.0])
    found = find_plateau(ranges, rows, merits)
    assert found is not None
    assert rows[found.best]["way"] == 2
    assert rows[found.centre]["way"] == 1


def test_stretches_cover_every_return_once() -> None:
    returns = np.random.default_rng(0).normal(0.001, 0.01, 605)
    parts = stretches(returns, 252.0)
    assert (parts[0].first, parts[0].stop) == (0, 101)
    assert parts[-1].stop == 605
    assert len(parts) == 6
    assert len(stretches(returns[:30], 252.0)) == 1


def test_rank_correlation_is_spearmans() -> None:
    from scipy.stats import spearmanr

    random = np.random.default_rng(1)
    x = random.integers(0, 9, 50).astype(float)
    y = x + random.integers(0, 9, 50)
    found = rank_correlation(x, y)
    assert found == pytest.approx(float(spearmanr(x, y).statistic), abs=1e-12)
    x[:46] = np.nan
    assert rank_correlation(x, y) is None
    assert rank_correlation(np.ones(9), y[:9]) is None
