"""Ranks, correlations and distances of samples: the same as scipy, pandas and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from quant_tui.ml.statistics import (
    correlation,
    kolmogorov_smirnov,
    mean_t_statistic,
    population_stability,
    row_correlations,
    row_rank_correlations,
    row_ranks,
    sample_difference,
)

RANDOM = np.random.default_rng(7)


def gappy(rows: int, columns: int) -> np.ndarray:
    """Return figures with ties and gaps."""
    values = np.round(RANDOM.normal(size=(rows, columns)), 1)
    values[RANDOM.random(values.shape) < 0.2] = np.nan
    return values


def test_ranks_are_pandas() -> None:
    """Ties share their mean rank; gaps have none."""
    values = gappy(30, 9)
    np.testing.assert_allclose(row_ranks(values), pd.DataFrame(values).rank(axis=1))
    assert row_ranks(np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("ranked", [False, True])
def test_row_correlations_are_scipys(ranked: bool) -> None:
    """Over the pairs that are known, in every row."""
    first, second = gappy(25, 12), gappy(25, 12)
    first[3] = 1.0
    second[4, 2:] = np.nan
    found = (row_rank_correlations if ranked else row_correlations)(first, second)
    for row in range(25):
        both = np.isfinite(first[row]) & np.isfinite(second[row])
        if row in (3, 4):
            assert np.isnan(found[row])
            continue
        a, b = first[row][both], second[row][both]
        wanted = (stats.spearmanr(a, b) if ranked else stats.pearsonr(a, b)).statistic
        assert found[row] == pytest.approx(wanted, abs=1e-12)


def test_a_correlation_of_extreme_figures_is_a_number() -> None:
    """Squares must not overflow or vanish."""
    line = np.arange(10.0)
    assert correlation(line * 1e200, line * 1e-200) == pytest.approx(1.0)
    assert correlation(line, np.ones(10)) is None
    assert correlation(line, -(line**3), ranked=True) == pytest.approx(-1.0)


@pytest.mark.parametrize("lag", [0, 1, 9])
def test_the_t_statistic_is_statsmodels(lag: int) -> None:
    """Newey-West with Bartlett's weights, without a correction for small samples."""
    noise = RANDOM.normal(size=210)
    series = 0.1 + np.convolve(noise, np.ones(10) / 10, "valid")
    fit = sm.OLS(series, np.ones(len(series))).fit(
        cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": False}
    )
    assert mean_t_statistic(series, lag) == pytest.approx(fit.tvalues[0], rel=1e-10)
    assert mean_t_statistic(np.full(50, 0.1), lag) is None
    assert mean_t_statistic(series[:2], lag) is None


def test_kolmogorov_smirnov_is_scipys() -> None:
    """The distance exactly; the p-value by the limiting distribution."""
    first, second = RANDOM.normal(size=300), RANDOM.normal(0.2, 1.3, size=170)
    found = kolmogorov_smirnov(first, second)
    assert found is not None
    wanted = stats.ks_2samp(first, second, method="asymp")
    assert found[0] == pytest.approx(wanted.statistic)
    scaled = np.sqrt(300 * 170 / 470) * found[0]
    assert found[1] == pytest.approx(stats.kstwobign.sf(scaled), abs=1e-12)
    assert kolmogorov_smirnov(first, first) == (0.0, 1.0)
    assert kolmogorov_smirnov(first, np.empty(0)) is None


def test_population_stability_by_hand() -> None:
    """Two classes 50:50 that become 25:75; the same sample; a class that went empty."""
    first = np.repeat([0.0, 1.0], 50)
    second = np.repeat([0.0, 1.0], [25, 75])
    wanted = (0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5)
    assert population_stability(first, second) == pytest.approx(wanted)
    assert population_stability(first, first) == 0.0
    gone = population_stability(first, np.zeros(100))
    assert gone is not None
    assert np.isfinite(gone)
    assert gone > 1.0
    assert population_stability(first[:5], second) is None


def test_a_difference_leaves_gaps_out() -> None:
    """NaN is not a value; an empty sample gives no figures."""
    values = RANDOM.normal(size=100)
    with_gaps = np.concatenate([values, [np.nan] * 20])
    assert sample_difference(with_gaps, values).ks == 0.0
    nothing = sample_difference(values, np.full(4, np.nan))
    assert (nothing.psi, nothing.ks, nothing.p_value, nothing.second) == (None, None, None, 0)
