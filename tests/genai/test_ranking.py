"""Ranking by letters: n-grams of two scripts, BM25, excerpts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_tui.genai.ranking import (
    ALSO_WEIGHT,
    KeywordScores,
    excerpt,
    merged,
    mixed_scores,
    terms_of,
)

TEXTS = (
    "Trend following",
    "과매도 반등 전략",
    "",
    "ＲＳＩ oversold",
    "breakout, breakout, breakout",
)


@pytest.fixture
def scores() -> KeywordScores:
    return KeywordScores([terms_of(one) for one in TEXTS])


@pytest.mark.parametrize(
    ("question", "best"),
    [("trending", 0), ("TREND", 0), ("과매도에서", 1), ("반등을 노리는", 1), ("rsi", 3),
     ("breakouts", 4)],
)  # fmt: skip
def test_words_are_found_in_any_case_width_and_with_particles(
    scores: KeywordScores, question: str, best: int
) -> None:
    found = scores.of(question)
    assert found.shape == (len(TEXTS),)
    assert int(np.argmax(found)) == best
    assert found[best] > 0
    assert found[2] == 0


def test_what_holds_nothing_of_the_question_scores_nothing(scores: KeywordScores) -> None:
    assert not scores.of("xyzzy").any()
    assert not scores.of("").any()
    assert not scores.of(" .,- ").any()
    assert KeywordScores([]).of("x").shape == (0,)
    assert not KeywordScores([terms_of("")]).of("x").any()


def test_other_words_count_less(scores: KeywordScores) -> None:
    also = scores.of("xyzzy", "oversold")
    assert also[3] == pytest.approx(ALSO_WEIGHT * scores.of("oversold")[3])


def test_parts_count_as_one_text() -> None:
    one = merged([terms_of("RSI period"), terms_of("oversold RSI")])
    assert list(one.numbers) == sorted({*terms_of("RSI period oversold").numbers})
    assert one.counts.max() == 2


def test_weak_letters_do_not_count_in_full() -> None:
    meaning = np.array([0.2, 0.5], dtype=np.float32)
    weak = np.array([0.05, 0.0], dtype=np.float32)
    assert mixed_scores(meaning, weak).tolist() == pytest.approx([0.15, 0.25])
    strong = np.array([0.9, 0.0], dtype=np.float32)
    assert mixed_scores(meaning, strong).tolist() == pytest.approx([0.6, 0.25])


@settings(max_examples=25)
@given(st.text(max_size=60), st.text(max_size=300))
def test_any_text_is_taken(question: str, text: str) -> None:
    found = KeywordScores([terms_of(text), terms_of("Trend")]).of(question, text)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert len(excerpt(text, question, width=40)) <= 42


def test_an_excerpt_shows_where_the_words_are() -> None:
    text = "Filler words. " * 30 + "Here 과매도 is what was asked for. " + "More filler. " * 30
    assert "과매도" in excerpt(text, "과매도에서 사는")
    assert excerpt(text, "nothing of it").startswith("Filler")
    assert excerpt("short\n text", "x") == "short text"
