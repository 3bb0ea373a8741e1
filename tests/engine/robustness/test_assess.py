"""The trust card: what it says of luck and of a real effect, its ranges, and its speed limits."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.robustness import assess as assess_module
from quant_tui.engine.robustness.assess import assess, luck
from quant_tui.engine.robustness.card import TrustCard, TrustLine, Verdict
from quant_tui.engine.robustness.lines import trials_line
from quant_tui.engine.robustness.sharpe import expected_maximum_sharpe
from tests.engine.robustness.studies import RULES, WITHOUT_INPUTS, calibrate, daily, prices, study

EFFECT = 0.003
"""Drift of a day in the planted regimes: an annual Sharpe ratio of about 1.7 to be had."""


@pytest.mark.parametrize(
    ("trials", "said"),
    [(1, "3.0 years of data (one trial needs no minimum)"), (10, "3.0 years of data (need 2.5)")],
)
def test_the_length_that_trials_need_is_said_where_there_is_one(trials: int, said: str) -> None:
    line = trials_line(trials, 3.0)
    assert line.verdict is Verdict.GOOD
    assert line.rests_on.endswith(said)


def test_the_best_of_twenty_random_tries_is_not_good() -> None:
    assert calibrate(25, 20, 0.0) <= 1


def test_a_planted_effect_is_good() -> None:
    assert calibrate(15, 20, EFFECT) >= 12


def test_more_tries_make_the_same_result_worse() -> None:
    _, best = study(3, 5, EFFECT)
    values = [
        assess(best, trials=trials, trial_variance=0.001, costly=False)
        .line("deflated_sharpe")
        .value
        for trials in (1, 10, 100, 10_000)
    ]
    assert all(value is not None for value in values)
    assert values == sorted(values, key=lambda value: -(value or 0.0))


def test_the_luck_of_trials_is_that_of_the_paper_but_not_less_than_that_of_strangers() -> None:
    # The paper's example: 1,250 days, 100 trials, annual variance one half.
    assert luck(100, 0.5 / 250, 1250) == pytest.approx(0.1132, abs=5e-5)
    assert luck(1, None, 1250) == luck(1, 4.0, 1250) == 0.0
    strangers = expected_maximum_sharpe(100, 1 / 1249)
    assert luck(100, 1e-9, 1250) == luck(100, None, 1250) == strangers
    assert luck(10_000, 1e-9, 1250) == strangers, "near copies are not counted as strangers"
    hurdles = [luck(trials, 0.0005, 1250) for trials in (1, 2, 10, 99, 100, 101, 1000)]
    assert hurdles == sorted(hurdles), "one more trial never helps"


def test_the_same_run_gives_the_same_card() -> None:
    first, best = study(1, 3)
    again = assess(best, trials=3, trial_variance=0.001)
    assert assess(best, trials=3, trial_variance=0.001) == again
    assert first.trials == again.trials == 3


def test_progress_goes_on_to_the_end_and_a_cancel_stops_it() -> None:
    _, best = study(1, 1)
    told: list[tuple[float, str]] = []
    assess(best, progress=lambda *one: told.append(one))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {"checking cost stress", "checking look-ahead"} <= {message for _, message in told}
    for after in range(0, 60, 5):
        asked = iter(range(10**6))
        with pytest.raises(Cancelled):
            assess(best, cancel=lambda asked=asked, after=after: next(asked) >= after)


def test_large_data_are_left_unchecked_and_never_called_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, best = study(1, 1, EFFECT)
    monkeypatch.setattr(assess_module, "QUICK_BARS", 100)
    card = assess(best)
    skipped = [line.key for line in card.lines if not line.checked]
    assert skipped == [
        "bootstrap",
        "cost_stress",
        "start_dates",
        "plateau",
        "look_ahead",
        "warm_up",
    ]
    assert card.verdict is Verdict.UNKNOWN
    assert "not checked" in card.summary
    assert all(line.checked for line in assess(best, costly=True).lines)


def test_a_run_without_costs_is_told_so() -> None:
    bars = daily(prices(1, EFFECT))
    line = assess(run_backtest(bars, RULES)).line("cost_stress")
    assert line.verdict is Verdict.DOUBTFUL
    assert "No costs" in line.text


def test_costs_that_eat_everything_are_bad() -> None:
    # A rule that trades every other day, with just enough drift to pay for it once.
    wave = np.where(np.arange(1000) % 2 == 0, 1.0, 1.01) * 100
    rules = "name: x\nentry: close < lag(close, 1)\nexit: close > lag(close, 1)\n"
    report = run_backtest(daily(wave), rules, config=BacktestConfig(fill="close", commission=0.004))
    line = assess(report).line("cost_stress")
    assert line.verdict is Verdict.BAD
    assert assess(report).verdict is Verdict.BAD


def test_a_strategy_that_never_trades_cannot_be_judged() -> None:
    rules = "name: never\nentry: close < 0\nexit: close > 0\n"
    card = assess(run_backtest(daily(prices(1)), rules, config=BacktestConfig(commission=0.001)))
    assert card.line("deflated_sharpe").verdict is Verdict.UNKNOWN
    assert card.line("plateau").verdict is Verdict.UNKNOWN
    assert card.verdict in (Verdict.UNKNOWN, Verdict.BAD)
    assert finite(card)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 10**6),
    st.integers(2, 150),
    st.sampled_from(WITHOUT_INPUTS),
    st.integers(1, 10**9),
    st.one_of(st.none(), st.floats(0, 1e6)),
    st.sampled_from([1e-12, 0.01, 0.5]),
)
def test_no_figure_is_ever_nan(
    seed: int, rows: int, strategy: str, trials: int, variance: float | None, scale: float
) -> None:
    close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, scale, rows)))
    params = {"short_window": 2, "long_window": 5} if strategy == "SMA_CROSSOVER" else None
    bars = daily(np.clip(close, 1e-6, 1e9))
    try:
        report = run_backtest(bars, strategy, params, BacktestConfig(commission=0.001))
    except InsufficientData:
        return
    card = assess(report, trials=trials, trial_variance=variance)
    assert finite(card)
    assert card.trials == trials
    assert len({line.key for line in card.lines}) == 11
    for key in ("probabilistic_sharpe", "deflated_sharpe", "start_dates"):
        value = card.line(key).value
        assert value is None or 0.0 <= value <= 1.0


def finite(card: TrustCard) -> bool:
    """Whether a card can be written, and says why where there is no figure."""
    json.dumps(card.to_document(), allow_nan=False)
    return bool(card.summary) and all(
        line.text
        and "nan" not in line.text
        and "inf" not in line.text.split()
        and (line.value is None or math.isfinite(line.value))
        for line in card.lines
    )


def lines_of(**verdicts: str) -> tuple[TrustLine, ...]:
    keys = (
        "trials", "probabilistic_sharpe", "deflated_sharpe", "minimum_track_record", "bootstrap",
        "cost_stress", "start_dates", "plateau", "look_ahead", "warm_up", "trades",
    )  # fmt: skip
    return tuple(
        TrustLine(
            key,
            key,
            Verdict(verdicts.get(key, "good").removesuffix("!")),
            None,
            f"{key} says so.",
            "",
            not verdicts.get(key, "").endswith("!"),
        )
        for key in keys
    )


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        ({}, "good"),
        ({"plateau": "unknown"}, "good"),
        ({"plateau": "doubtful", "trades": "doubtful"}, "good"),
        ({"plateau": "doubtful", "trades": "doubtful", "trials": "doubtful"}, "doubtful"),
        ({"bootstrap": "doubtful"}, "doubtful"),
        ({"deflated_sharpe": "doubtful"}, "doubtful"),
        ({"trades": "bad"}, "doubtful"),
        ({"look_ahead": "bad"}, "bad"),
        ({"deflated_sharpe": "bad"}, "bad"),
        ({"cost_stress": "bad"}, "bad"),
        ({"deflated_sharpe": "unknown"}, "unknown"),
        ({"look_ahead": "unknown!"}, "unknown"),
        ({"look_ahead": "unknown!", "deflated_sharpe": "bad"}, "bad"),
    ],
)
def test_the_whole_follows_from_the_lines(verdicts: dict[str, str], wanted: str) -> None:
    card = TrustCard.of(lines_of(**verdicts), 3)
    assert str(card.verdict) == wanted
    assert card.summary.endswith(".")


def test_bad_numbers_are_named() -> None:
    _, best = study(1, 1)
    with pytest.raises(InvalidInput, match="trials"):
        assess(best, trials=0)
    with pytest.raises(InvalidInput, match="variance"):
        assess(best, trials=20, trial_variance=-1.0)
