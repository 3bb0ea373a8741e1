"""Figures against other people's code and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as peer

from quant_tui.ml.metrics import (
    Daily,
    Forecasts,
    calibration,
    classification,
    confusion,
    correlations_by_date,
    figures_of,
    information,
    predicted_against_actual,
    regression,
    residuals,
    score_of,
)
from quant_tui.ml.training import information_over_time

CHANCE = np.random.default_rng(11)
COUNT = 400


def test_regression_agrees_with_scikit_learn() -> None:
    values, predicted = CHANCE.normal(size=COUNT), CHANCE.normal(size=COUNT)
    found = regression(predicted, values)
    assert found["rmse"] == pytest.approx(peer.root_mean_squared_error(values, predicted))
    assert found["mae"] == pytest.approx(peer.mean_absolute_error(values, predicted))
    assert found["r2"] == pytest.approx(peer.r2_score(values, predicted))
    assert regression(predicted, np.ones(COUNT))["r2"] is None
    assert regression(predicted[:0], values[:0])["rmse"] is None


@pytest.mark.parametrize("classes", [2, 3])
def test_classification_agrees_with_scikit_learn(classes: int) -> None:
    probabilities = CHANCE.multinomial(20, np.ones(classes) / classes, COUNT) / 20  # with ties
    probabilities = np.clip(probabilities, 1e-6, 1)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    came = CHANCE.integers(0, classes, COUNT).astype(float)
    found = classification(probabilities, came)
    assert found["log_loss"] == pytest.approx(peer.log_loss(came, probabilities), rel=1e-5)
    assert found["accuracy"] == peer.accuracy_score(came, probabilities.argmax(axis=1))
    area = (
        peer.roc_auc_score(came, probabilities[:, 1])
        if classes == 2
        else peer.roc_auc_score(came, probabilities, multi_class="ovr")
    )
    assert found["auc"] == pytest.approx(area)
    table = peer.confusion_matrix(came, probabilities.argmax(axis=1))
    assert confusion(probabilities, came) == table.tolist()
    assert classification(probabilities, np.zeros(COUNT))["auc"] is None


def test_calibration_is_forecast_beside_frequency() -> None:
    chance = np.array([0.05, 0.05, 0.95, 0.95, 0.95, 0.95])
    came = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    pairs = np.column_stack((1 - chance, chance))
    bins = calibration(pairs, came)
    assert [(one["observed"], one["count"]) for one in bins] == [(0.5, 2), (0.75, 4)]
    assert [one["predicted"] for one in bins] == pytest.approx([0.05, 0.95])
    expected = (0.45 * 2 + 0.2 * 4) / 6
    assert classification(pairs, came)["calibration_error"] == pytest.approx(expected)


def test_information_is_across_symbols_or_else_over_time() -> None:
    rows = np.repeat(np.arange(40), 10)
    outcome = CHANCE.normal(size=400)
    score = outcome + CHANCE.normal(size=400)
    columns = np.tile(np.arange(10), 40)
    found = told(Forecasts(score, outcome, outcome, rows, columns))
    each = [stats.pearsonr(score[rows == one], outcome[rows == one])[0] for one in range(40)]
    ranked = [stats.spearmanr(score[rows == one], outcome[rows == one])[0] for one in range(40)]
    assert found["ic"] == pytest.approx(np.mean(each))
    assert found["icir"] == pytest.approx(np.mean(each) / np.std(each, ddof=1))
    assert found["rank_ic"] == pytest.approx(np.mean(ranked))
    alone = told(Forecasts(score, outcome, outcome, np.arange(400), np.zeros(400, np.int64)))
    assert alone["ic"] == pytest.approx(stats.pearsonr(score, outcome)[0])
    assert alone["rank_ic"] == pytest.approx(stats.spearmanr(score, outcome)[0])
    assert alone["icir"] is None
    same = told(Forecasts(np.full(400, 0.1), outcome, outcome, rows, columns))
    assert set(same.values()) == {None}
    nothing = told(Forecasts(score[:0], outcome[:0], outcome[:0], rows[:0], columns[:0]))
    assert set(nothing.values()) == {None}


def told(forecasts: Forecasts) -> dict[str, float | None]:
    """Return the information coefficients."""
    return information(correlations_by_date(forecasts), forecasts)


def test_a_forecast_that_is_the_same_for_all_symbols_of_a_date_has_no_correlation_across() -> None:
    rows, columns = np.repeat(np.arange(40), 4), np.tile(np.arange(4), 40)
    by_date = np.repeat(np.linspace(-1.0, 1.0, 40), 4)  # as the mean of each part of a split is
    came = by_date + CHANCE.normal(size=160)
    everything = Forecasts(by_date, came, came, rows, columns)
    assert set(told(everything).values()) == {None}
    two = rows[columns < 2], columns[columns < 2]
    alone = Forecasts(by_date[columns < 2], came[columns < 2], came[columns < 2], *two)
    assert told(alone)["ic"] is not None  # over time, as for any forecast of two symbols


def test_information_over_time_counts_every_date_whatever_is_kept() -> None:
    daily = Daily(np.arange(10, 33), CHANCE.normal(size=23), CHANCE.normal(size=23), across=True)
    whole = information_over_time(daily, 500)
    assert (whole["rank_ic"], set(whole["dates"])) == (pytest.approx(daily.rank_ic), {1})
    kept = information_over_time(daily, 6)
    assert (kept["dates"], kept["row"]) == ([4, 4, 4, 4, 4, 3], [13, 17, 21, 25, 29, 32])
    assert kept["ic"][1] == pytest.approx(daily.ic[4:8].mean())
    assert np.dot(kept["rank_ic"], kept["dates"]) == pytest.approx(daily.rank_ic.sum())
    assert (
        information_over_time(Daily(np.empty(0, np.int64), *np.empty((2, 0)), across=False))["ic"]
        == []
    )


def test_charts_hold_every_sample_and_a_score_is_one_number() -> None:
    predicted, values = CHANCE.normal(size=101), CHANCE.normal(size=101)
    assert sum(one["count"] for one in predicted_against_actual(predicted, values)) == 101
    assert sum(residuals(predicted, values)["counts"]) == 101
    assert score_of(np.array([[0.3, 0.7]]), (0.0, 1.0)).tolist() == pytest.approx([0.2])
    assert score_of(np.array([[0.5, 0.3, 0.2]]), (-1.0, 0.0, 1.0)).tolist() == pytest.approx([-0.3])
    both = figures_of(Forecasts(predicted, values, values, np.zeros(101, np.int64), np.arange(101)))
    assert set(both) == {"rmse", "mae", "r2", "ic", "icir", "rank_ic", "rank_icir"}
