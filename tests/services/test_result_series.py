"""The arrays that charts are drawn from are those of the result."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.trading import BacktestResult
from quant_tui.services import result_series
from quant_tui.services.result_series import ResultSeries, to_dates, to_floats


def result(**changes: object) -> BacktestResult:
    given = {
        "backtest_id": "b",
        "execution_id": "e",
        "user_id": "u",
        "performance": {"initial_capital": 100.0, "annualization": 252.0},
        "portfolio_value": {
            "date": ["2020-01-02", "2020-01-03", "2020-01-06"],
            "value": [110.0, 99.0, 99.0],
        },
        "benchmark": {"value": [100.0, None, 120.0]},
        "details": {"config": {"risk_free": 0.02}},
    }
    return BacktestResult.model_validate({**given, **changes})


def test_the_curves_are_read_with_returns_from_the_capital() -> None:
    series = ResultSeries.of(result())
    assert series is not None
    assert series.returns.tolist() == pytest.approx([0.1, -0.1, 0.0])
    assert series.drawdown.tolist() == pytest.approx([0.0, -0.1, -0.1])
    assert series.benchmark is not None
    assert np.isnan(series.benchmark[1])
    assert series.risk_free == pytest.approx(1.02 ** (1 / 252) - 1)
    histogram = series.histogram()
    assert histogram is not None
    assert histogram.counts.sum() == 2  # the bar without a move is left out


def test_without_a_curve_there_are_no_series() -> None:
    assert ResultSeries.of(result(portfolio_value={})) is None
    series = ResultSeries.of(result(benchmark={}))
    assert series is not None
    assert series.benchmark is None


def test_a_date_between_bars_belongs_to_the_bar_before() -> None:
    series = ResultSeries.of(result())
    assert series is not None
    wanted = to_dates(["2019-01-01", "2020-01-03", "2020-01-05", "2020-01-06T14:30", "2030-01-01"])
    assert series.rows_of(wanted).tolist() == [0, 1, 1, 2, 2]


def test_long_lists_are_turned_in_pieces_without_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_series, "PIECE", 3)
    values = [1.0, None, 3.0, 4.0, 5.0, None, 7.0]
    assert np.isnan(to_floats(values)).tolist() == [one is None for one in values]
    assert np.nansum(to_floats(values)) == 20.0
    dates = [f"2020-01-{day:02d}T00:00:00+00:00" for day in range(1, 9)]
    assert (
        to_dates(dates).tolist()
        == np.arange("2020-01-01", "2020-01-09", dtype="datetime64[D]")
        .astype("datetime64[s]")
        .tolist()
    )
