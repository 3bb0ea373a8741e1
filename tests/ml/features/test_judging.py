"""Summary, course over time, information, drift and leakage of a feature's values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from quant_tui.ml.features.drift import drift
from quant_tui.ml.features.information import forward_returns, information
from quant_tui.ml.features.leakage import compare, cut_rows
from quant_tui.ml.features.summary import course, summarise

RANDOM = np.random.default_rng(11)
DATES = np.arange("2019-01-01", "2021-01-01", dtype="datetime64[D]")


def test_a_summary_is_pandas() -> None:
    """Figures of the known values; the rest is counted."""
    values = RANDOM.normal(size=(50, 4))
    present = np.ones((50, 4), dtype=bool)
    values[:5] = np.nan
    present[:2, 0] = False
    found = summarise(values, present)
    sample = pd.Series(values[present]).dropna()
    assert (found.count, found.missing) == (180, 18)
    assert found.mean == pytest.approx(sample.mean())
    assert found.std == pytest.approx(sample.std())
    assert found.quantiles[0.95] == pytest.approx(sample.quantile(0.95))
    assert sum(found.counts) + found.below + found.above == 180
    assert len(found.edges) == len(found.counts) + 1


def test_a_summary_without_values_or_spread() -> None:
    """Nothing is NaN: what does not exist is None or empty."""
    nothing = summarise(np.full((3, 1), np.nan), np.ones((3, 1), dtype=bool))
    assert (nothing.count, nothing.missing, nothing.mean, nothing.quantiles) == (0, 3, None, {})
    alike = summarise(np.ones((3, 1)), np.ones((3, 1), dtype=bool))
    assert (alike.mean, alike.std, alike.counts) == (1.0, 0.0, ())


def test_a_course_is_by_month_then_by_quarter() -> None:
    """As fine as fits, with the fraction that is missing."""
    values = np.arange(len(DATES), dtype=float)[:, None]
    values[:31] = np.nan
    found = course(DATES, values, np.ones_like(values, dtype=bool))
    assert (found.unit, len(found.starts), str(found.starts[1])) == ("months", 24, "2019-02-01")
    assert found.missing[:2].tolist() == [1.0, 0.0]
    assert np.isnan(found.median[0])
    assert found.median[1] == np.median(np.arange(31, 59))
    long = np.arange("2010-01-01", "2020-01-01", dtype="datetime64[D]")
    longer = course(long, np.ones((len(long), 1)), np.ones((len(long), 1), dtype=bool))
    assert (longer.unit, len(longer.starts)) == ("quarters", 40)


def test_forward_returns_follow_a_symbols_own_bars() -> None:
    """A gap is no bar: the next one that there is counts."""
    close = np.array([[1.0, 10.0], [2.0, np.nan], [4.0, 20.0], [8.0, 30.0]])
    found = forward_returns(close, 1)
    np.testing.assert_allclose(found[:, 0], [1.0, 1.0, 1.0, np.nan])
    np.testing.assert_allclose(found[:, 1], [1.0, np.nan, 0.5, np.nan])
    assert np.isnan(forward_returns(close, 4)).all()


def test_information_across_symbols_is_scipys() -> None:
    """IC and rank-IC are the mean of the correlations date by date."""
    close = np.exp(np.cumsum(RANDOM.normal(0, 0.02, size=(60, 8)), axis=0))
    values = forward_returns(close, 1) + RANDOM.normal(0, 0.02, size=close.shape)
    found = information(values, close, (1, 5))
    ahead = forward_returns(close, 5)[:-5]
    wanted = [stats.spearmanr(values[t], ahead[t]).statistic for t in range(55)]
    assert found.across
    assert found.rank[1].mean == pytest.approx(np.mean(wanted))
    assert found.rank[1].ratio == pytest.approx(np.mean(wanted) / np.std(wanted, ddof=1))
    assert found.rank[0].mean is not None
    assert found.rank[0].mean > 0.4
    assert (found.rank[0].count, found.rank[1].count, len(found.series)) == (59, 55, 60)


def test_information_of_few_symbols_is_over_time() -> None:
    """One symbol has no cross-section."""
    close = np.exp(np.cumsum(RANDOM.normal(0, 0.02, size=(200, 1)), axis=0))
    values = forward_returns(close, 1)
    found = information(values, close, (1,))
    assert not found.across
    assert found.pearson[0].mean == pytest.approx(1.0)
    assert (found.pearson[0].count, found.pearson[0].t_statistic, len(found.series)) == (1, None, 0)
    assert information(values[:10], close[:10], (1,)).pearson[0].mean is None


def test_drift_is_seen_where_it_is() -> None:
    """Same distribution: stable; a shifted one: much, year by year."""
    values = RANDOM.normal(size=(len(DATES), 3))
    assert drift(DATES, values).verdict == "stable"
    values[365:] += 2.0
    found = drift(DATES, values)
    assert (found.verdict, str(found.split), [year for year, _ in found.years]) == (
        "much", "2020-01-01", [2020],
    )  # fmt: skip
    assert found.whole.ks is not None
    assert found.whole.ks > 0.5
    assert drift(DATES, np.full((len(DATES), 1), np.nan)).verdict == "unknown"


def test_a_value_that_changes_when_the_future_goes_is_found() -> None:
    """Also one that appears or vanishes, and none of rounding."""
    dates, whole = DATES[:10], RANDOM.normal(size=(10, 2))
    same = compare(("A", "B"), dates, whole, ("A", "B"), whole[:6] * (1 + 1e-13))
    assert (same.compared, same.changed, same.first) == (12, 0, None)
    cut = whole[:6, 1:].copy()
    cut[4, 0] = np.nan
    found = compare(("A", "B"), dates, whole, ("B",), cut)
    assert found.first is not None
    assert (found.changed, found.first.symbol, str(found.first.date), str(found.first.cut)) == (
        1, "B", "2019-01-05", "2019-01-06",
    )  # fmt: skip
    assert (found.first.whole, found.first.truncated) == (whole[4, 1], None)


def test_cuts_reach_from_the_warm_up_to_the_last_bar_but_one_and_lie_before_great_moves() -> None:
    """Few bars give few cuts."""
    still = np.ones((100, 2))
    assert cut_rows(still, 20)[0] == 21
    assert cut_rows(still, 20)[-1] == 99
    assert len(cut_rows(still, 20)) == 12, "nothing moves: the ends that are spread, alone"
    assert cut_rows(still[:3], 50) == [2]
    assert cut_rows(still[:1], 0) == []
    moved = still.copy()
    moved[57:, 1] = 2.0
    moved[30:33, 1] = np.nan
    assert set(cut_rows(moved, 20)) - set(cut_rows(still, 20)) == {57}
