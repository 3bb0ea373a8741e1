"""The figures of the papers, and the properties that hold for any returns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.robustness.sharpe import (
    SharpeMoments,
    deflated_sharpe,
    expected_maximum_of_normals,
    expected_maximum_sharpe,
    minimum_backtest_years,
    minimum_track_record,
    normal_cdf,
    normal_quantile,
    probabilistic_sharpe,
)

DAYS = 250
FOUND = SharpeMoments(2.5 / math.sqrt(DAYS), 1250, -3.0, 10.0)
"""The strategy of the worked example of Bailey & López de Prado (2014)."""


def test_the_worked_example_of_the_deflated_sharpe_ratio() -> None:
    variance = 0.5 / DAYS
    assert expected_maximum_sharpe(100, variance) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(FOUND, 100, variance) == pytest.approx(0.9004, abs=5e-5)
    # "Had the strategist made his discovery after running only 46 trials …": 95 % again;
    # with normal returns 88 trials would have left as much.
    assert deflated_sharpe(FOUND, 46, variance) == pytest.approx(0.9505, abs=5e-5)
    normal = SharpeMoments(FOUND.sharpe, FOUND.count)
    assert deflated_sharpe(normal, 88, variance) == pytest.approx(0.9505, abs=5e-5)


def test_the_hedge_fund_of_the_probabilistic_sharpe_ratio() -> None:
    # 2012, section 5: 24 months, Sharpe 0.458, skew −2.448, kurtosis 10.164.
    fund = SharpeMoments(0.458, 24, -2.448, 10.164)
    assert probabilistic_sharpe(fund) == pytest.approx(0.913, abs=5e-4)
    assert probabilistic_sharpe(SharpeMoments(0.458, 24)) == pytest.approx(0.982, abs=5e-4)


@pytest.mark.parametrize(("periods", "years"), [(250, 2.73), (52, 2.83), (12, 3.24)])
def test_the_track_records_of_the_paper(periods: int, years: float) -> None:
    # 2012, section 6: to tell an annual Sharpe ratio of 2 from 1 at 95 %, normal returns.
    root = math.sqrt(periods)
    needed = minimum_track_record(SharpeMoments(2 / root, 100), 1 / root)
    assert needed is not None
    assert needed / periods == pytest.approx(years, abs=5e-3)


def test_a_typical_hedge_fund_needs_five_years() -> None:
    # 2012, section 6: monthly, skew −0.72, kurtosis 5.78: 4.99 years.
    root = math.sqrt(12)
    needed = minimum_track_record(SharpeMoments(2 / root, 100, -0.72, 5.78), 1 / root)
    assert needed is not None
    assert needed / 12 == pytest.approx(4.99, abs=5e-3)


def test_five_years_allow_forty_five_tries() -> None:
    # Notices of the AMS 61(5): "no more than 45 independent model configurations".
    assert minimum_backtest_years(45) == pytest.approx(5.0, abs=5e-3)
    assert minimum_backtest_years(1) == 0.0


def test_the_track_record_is_where_the_probability_reaches_its_confidence() -> None:
    needed = minimum_track_record(FOUND, 0.1)
    assert needed is not None
    at_it = SharpeMoments(FOUND.sharpe, math.ceil(needed), FOUND.skew, FOUND.kurtosis)
    before = SharpeMoments(FOUND.sharpe, math.floor(needed), FOUND.skew, FOUND.kurtosis)
    assert (
        (probabilistic_sharpe(at_it, 0.1) or 0) >= 0.95 > (probabilistic_sharpe(before, 0.1) or 1)
    )
    assert minimum_track_record(FOUND, FOUND.sharpe) is None


@given(st.floats(1e-300, 1 - 1e-15))
def test_the_normal_distribution_is_that_of_scipy(probability: float) -> None:
    quantile = normal_quantile(probability)
    assert quantile == pytest.approx(float(stats.norm.ppf(probability)), rel=1e-12, abs=1e-15)
    assert normal_cdf(quantile) == pytest.approx(float(stats.norm.cdf(quantile)), rel=1e-13)


def test_the_expected_maximum_is_near_that_of_simulated_draws() -> None:
    random = np.random.default_rng(1)
    for trials in (10, 100, 1000):
        simulated = random.standard_normal((4000, trials)).max(axis=1).mean()
        assert expected_maximum_of_normals(trials) == pytest.approx(simulated, rel=0.03)
    assert expected_maximum_of_normals(1) == 0.0
    assert math.isfinite(expected_maximum_of_normals(10**15))


@given(
    st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=60),
    st.integers(1, 10**6),
    st.floats(0, 10),
)
def test_figures_are_in_their_ranges(values: list[float], trials: int, variance: float) -> None:
    moments = SharpeMoments.of(np.array(values))
    if moments is None:
        return
    assert moments.spread > -1e-6 * (1 + moments.sharpe**2 * moments.kurtosis)
    found = probabilistic_sharpe(moments)
    deflated = deflated_sharpe(moments, trials, variance)
    assert (found is None) == (deflated is None)
    if found is not None and deflated is not None:
        assert 0.0 <= deflated <= found <= 1.0
    needed = minimum_track_record(moments)
    assert needed is None or (math.isfinite(needed) and needed >= 1.0 - 1e-6 * abs(needed))


def test_returns_that_never_differ_have_no_moments() -> None:
    assert SharpeMoments.of(np.zeros(50)) is None
    assert SharpeMoments.of(np.array([0.1])) is None


def test_bad_numbers_are_named() -> None:
    with pytest.raises(InvalidInput, match="trials") as caught:
        expected_maximum_sharpe(0, 1.0)
    assert caught.value.field == "trials"
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(InvalidInput, match="variance"):
            expected_maximum_sharpe(3, wrong)
    with pytest.raises(InvalidInput, match="confidence"):
        minimum_track_record(FOUND, confidence=0.4)
    with pytest.raises(InvalidInput, match="sharpe"):
        minimum_backtest_years(5, 0.0)
