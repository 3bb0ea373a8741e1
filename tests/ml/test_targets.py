"""Labels: what they are, and that none looks further than it says."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.ml.targets import TARGETS, Target, labels_of
from tests.ml.panels import made_panel

PRICES = np.array([[100.0], [110.0], [99.0], [99.0], [120.0], [60.0]])


def test_returns_directions_and_volatilities_are_of_the_next_bars() -> None:
    found = labels_of(PRICES, Target("return", 2))
    assert found.values[:, 0].tolist()[:4] == pytest.approx(
        [-0.01, -0.1, 120 / 99 - 1, 60 / 99 - 1]
    )
    assert np.isnan(found.values[4:]).all()
    assert found.ends[:, 0].tolist() == [2, 3, 4, 5, -1, -1]
    assert found.last_known[2:, 0] == pytest.approx(found.values[:4, 0])
    assert np.isnan(found.last_known[:2]).all()
    rises = labels_of(PRICES, Target("direction", 1)).values[:, 0]
    assert rises[:5].tolist() == [1.0, 0.0, 0.0, 1.0, 0.0]
    spread = labels_of(PRICES, Target("volatility", 2)).values[:, 0]
    assert spread[0] == pytest.approx(np.std(np.log([1.1, 0.9]), ddof=1))


def test_the_triple_barrier_takes_what_is_touched_first() -> None:
    # Two returns of +-1 % make a deviation; then a jump up, a jump down, or nothing.
    calm = [100.0 * (1.01 if place % 2 else 1.0) for place in range(7)]
    paths = {2.0: [100.0, 108.0, 80.0], 0.0: [100.0, 92.0, 130.0], 1.0: [100.0, 100.5, 100.2]}
    for label, later in paths.items():
        close = np.array([*calm, *later])[:, None]
        found = labels_of(close, Target("triple_barrier", 3, barrier=2.0, window=4))
        assert found.values[6, 0] == label
        assert found.ends[6, 0] == (9 if label == 1.0 else 8)
    flat = labels_of(np.full((30, 1), 5.0), Target("triple_barrier", 3, window=4))
    assert np.isnan(flat.values).all()


def test_ranking_places_each_return_among_the_others_and_is_known_with_the_last() -> None:
    close = np.array([[1.0, 1.0, 1.0, 1.0], [4.0, 2.0, 2.0, np.nan], [5.0, 1.0, 3.0, 9.0]])
    found = labels_of(close, Target("ranking", 1))
    assert found.values[0].tolist() == [0.125, -0.25, -0.25, 0.375]
    # The fourth symbol's next bar is the last one, so the whole date waits for it.
    assert found.ends[0].tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize("kind", list(TARGETS))
def test_no_label_looks_past_its_end_and_bars_ahead_are_the_symbols_own(kind: str) -> None:
    panel = made_panel(3, 80)
    close = panel.close.copy()
    if kind != "ranking":  # whose labels wait for every symbol
        close[30:34, 1] = np.nan
    target = Target(kind, 4, window=5)
    whole = labels_of(close, target)
    for cut in (20, 33, 41, 79):
        part = labels_of(close[:cut], target)
        known = (whole.ends[:cut] >= 0) & (whole.ends[:cut] < cut)
        there = np.isfinite(part.values)
        assert not (there & ~known).any()
        # A barrier touched early still waits for the horizon's end.
        assert kind == "triple_barrier" or np.array_equal(there, known)
        assert np.array_equal(part.values[there], whole.values[:cut][there])
        assert np.array_equal(part.ends[there], whole.ends[:cut][there])
        # What a baseline uses on a date was known on it.
        assert np.array_equal(part.last_known, whole.last_known[:cut], equal_nan=True)
    assert np.isnan(whole.values[np.isnan(close)]).all()
    if kind == "return":
        assert whole.values[28, 1] == pytest.approx(close[36, 1] / close[28, 1] - 1)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("returns", "target"),
        ("return:x", "target"),
        ("return:0", "horizon"),
        ("volatility:1", "horizon"),
    ],
)
def test_a_wrong_target_says_what_is_wrong(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Target.parse(text)
    assert caught.value.field == field


def test_a_target_is_the_same_after_its_document() -> None:
    target = Target.parse("triple_barrier:10")
    assert Target.from_document(target.to_document()) == target
    assert target.title == "triple_barrier:10"
