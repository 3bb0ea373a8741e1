"""The list of figures names all that the engine computes."""

from __future__ import annotations

from collections import Counter

import numpy as np

from quant_tui.engine import BacktestConfig, Bars, run_backtest
from quant_tui.services.backtest_figures import FIGURES, OTHER, figures_in


def test_every_figure_of_a_run_is_known_and_none_is_listed_twice() -> None:
    closes = 100.0 * np.exp(np.cumsum(np.random.default_rng(5).normal(0.0, 0.01, 400)))
    days = np.arange("2020-01-01", 400, dtype="datetime64[D]")
    bars = Bars(["A"], days, closes, closes * 1.01, closes * 0.99, closes)
    report = run_backtest(
        bars,
        "SMA_CROSSOVER",
        {"short_window": 5, "long_window": 20},
        BacktestConfig(),
        benchmark=closes,
    )
    found = [figure for figure, _ in figures_in(report.performance, report.risk_metrics)]
    assert not [figure.key for figure in found if figure.group == OTHER]
    assert {figure.key for figure in found} == {*report.performance, *report.risk_metrics}
    assert max(Counter(figure.key for figure in FIGURES).values()) == 1


def test_a_figure_that_is_not_known_is_kept_last_with_a_title_of_its_key() -> None:
    found = list(figures_in({"new_figure": 1.5, "cagr": 0.1}, {"skew": None, "text": "no"}))
    assert [(figure.key, value) for figure, value in found] == [
        ("cagr", 0.1),
        ("skew", None),
        ("new_figure", 1.5),
    ]
    assert (found[-1][0].title, found[-1][0].group) == ("New figure", OTHER)
