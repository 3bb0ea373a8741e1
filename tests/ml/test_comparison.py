"""Comparing forecasts, beside scipy and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from quant_tui.ml.comparison import diebold_mariano, two_sided_t


@pytest.mark.parametrize(
    ("statistic", "degrees"), [(0.0, 5), (1.5, 3), (2.2, 99), (-7.0, 20), (30.0, 500), (0.001, 7)]
)
def test_students_t_is_scipys(statistic: float, degrees: int) -> None:
    expected = 2.0 * stats.t.sf(abs(statistic), degrees)
    assert two_sided_t(statistic, degrees) == pytest.approx(expected, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_the_statistic_is_that_of_statsmodels_corrected(horizon: int) -> None:
    from statsmodels.regression.linear_model import OLS

    chance = np.random.default_rng(1)
    first = chance.normal(size=200) ** 2
    second = 0.8 * first + 0.3 * chance.normal(size=200) ** 2
    first[[7, 90]] = np.nan  # dates without a forecast
    found = diebold_mariano(first, second, horizon)
    assert found is not None
    known = np.isfinite(first)
    count = int(known.sum())
    # the same long-run variance: a regression on a constant with truncated autocovariances
    fit = OLS((first - second)[known], np.ones(count)).fit(
        cov_type="HAC",
        cov_kwds={"maxlags": horizon - 1, "kernel": "uniform", "use_correction": False},
    )
    correction = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    assert found.dates == count
    assert found.statistic == pytest.approx(fit.tvalues[0] * math.sqrt(correction), rel=1e-10)
    swapped = diebold_mariano(second, first, horizon)
    assert swapped is not None
    assert (swapped.statistic, swapped.p_value) == (-found.statistic, found.p_value)  # type: ignore[operator]


def test_what_cannot_be_compared() -> None:
    losses = np.arange(30.0)
    assert diebold_mariano(losses[:7], losses[:7] + 1.0, 1) is None
    assert diebold_mariano(losses, losses + 1.0, 11) is None
    same = diebold_mariano(losses, losses + 1.0, 1)
    assert same is not None
    assert (same.difference, same.statistic, same.p_value) == (-1.0, None, None)
    # truncated autocovariances of a series that swings come to less than nothing
    swinging = np.tile([1.0, -1.0], 20) + np.linspace(0.0, 0.01, 40)
    found = diebold_mariano(swinging, np.zeros(40), 2)
    assert found is not None
    assert found.statistic is not None
    assert math.isfinite(found.statistic)
