"""The luck of a search, and the verdict on a study."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.optimization import lines
from quant_tui.engine.optimization.card import study_card
from quant_tui.engine.optimization.luck import reality_check
from quant_tui.engine.robustness.card import DECISIVE, TrustCard, TrustLine, Verdict


def best_of(returns: np.ndarray) -> int:
    return int((returns.mean(axis=0) / returns.std(axis=0)).argmax())


def test_luck_is_as_seldom_as_it_says() -> None:
    p_values = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        common = random.normal(0, 0.01, (500, 1))
        returns = 0.6 * common + random.normal(0, 0.008, (500, 20))
        p_values.append(reality_check(returns, best_of(returns), draws=200, seed=seed))
    found = np.array(p_values)
    assert (found <= 0.05).mean() <= 0.09
    assert (found <= 0.5).mean() == pytest.approx(0.5, abs=0.12)


def test_copies_of_one_trial_are_one_trial() -> None:
    random = np.random.default_rng(3)
    own = random.normal(0.0007, 0.01, (1000, 1))
    alone = reality_check(own, 0, seed=1)
    copied = reality_check(np.repeat(own, 50, axis=1), 7, seed=1)
    assert copied == alone
    others = np.hstack([own, random.normal(0.0, 0.01, (1000, 49))])
    assert reality_check(others, 0, seed=1) > 2 * alone


def test_a_strong_effect_is_no_luck_and_nothing_is_unjudged() -> None:
    random = np.random.default_rng(5)
    returns = random.normal(0.0, 0.01, (1500, 30))
    returns[:, 4] += 0.0015
    returns[:, 9] = np.nan
    returns[:, 10] = 0.0
    assert reality_check(returns, 4) < 0.01
    assert reality_check(returns, 4, seed=2) == reality_check(returns, 4, seed=2)
    with pytest.raises(InsufficientData, match="never moved"):
        reality_check(returns, 10)


def card(**verdicts: Verdict) -> TrustCard:
    """A study's card whose lines are good but for those given."""
    keys = ("luck", "out_of_sample", "overfitting", "study_plateau", "stability", "walk_forward")

    def line(key: str) -> TrustLine:
        return TrustLine(key, key, verdicts.get(key, Verdict.GOOD), 1.0, f"{key}.", "")

    own = TrustCard(Verdict.GOOD, "", 1, tuple(line(key) for key in DECISIVE))
    return study_card(own, tuple(line(key) for key in keys), 40)


def test_what_makes_a_study_good_doubtful_and_bad() -> None:
    assert card().verdict is Verdict.GOOD
    for key in ("luck", "out_of_sample", "deflated_sharpe", "look_ahead"):
        assert card(**{key: Verdict.BAD}).verdict is Verdict.BAD
    assert card(stability=Verdict.BAD).verdict is Verdict.DOUBTFUL
    assert card(stability=Verdict.BAD, overfitting=Verdict.BAD).verdict is Verdict.BAD
    assert card(luck=Verdict.DOUBTFUL).verdict is Verdict.DOUBTFUL
    doubts = dict.fromkeys(("overfitting", "stability", "walk_forward"), Verdict.DOUBTFUL)
    assert card(**doubts).verdict is Verdict.GOOD
    assert study_card(None, (), 3).verdict is Verdict.UNKNOWN


def test_lines_say_what_they_do_not_know() -> None:
    assert lines.luck_line(None, 3, 0, 500).verdict is Verdict.UNKNOWN
    assert lines.sample_line(1.0, None, None, 0).verdict is Verdict.UNKNOWN
    assert lines.sample_line(1.0, 0.8, 0.2, 300).verdict is Verdict.BAD
    assert lines.sample_line(1.0, 0.8, 0.6, 300).verdict is Verdict.GOOD
    assert lines.walk_forward_line(None, None, 6).verdict is Verdict.BAD
    assert lines.walk_forward_line(None, None, 0, "It was left out.").text == "It was left out."
