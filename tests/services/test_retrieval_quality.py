"""How good the ranking is: the right object among the first three, in Korean and English."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import pytest

from quant_tui.genai.embedding import OfflineEmbedder
from quant_tui.genai.ranking import KeywordScores, fits, merged, mixed_scores, terms_of
from quant_tui.services.retrieval_glossary import other_words
from tests.services.retrieval_set import FRESH, HELD_OUT, OBJECTS, TUNING, Question


class Ranking:
    """The objects of the set, ranked as the service ranks them, without a store."""

    def __init__(self, embedder: OfflineEmbedder) -> None:
        self._embedder = embedder
        parts = [[one.content for one in text.documents("u", embedder.name)] for text in OBJECTS]
        self._owners = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
        self._vectors = embedder.embed_documents([one for part in parts for one in part])
        self._letters = KeywordScores([merged([terms_of(one) for one in part]) for part in parts])

    def order(self, question: str) -> list[str]:
        cosines = self._vectors @ self._embedder.embed_query(question)
        meaning = np.full(len(OBJECTS), -1, dtype=np.float32)
        np.maximum.at(meaning, self._owners, cosines)
        letters = self._letters.of(question, other_words(question))
        fitting = fits(meaning, letters, f"{question} {other_words(question)}")
        best = np.argsort(-mixed_scores(meaning, letters))
        return [OBJECTS[place].object_id for place in best if fitting[place]]

    def recall(self, questions: Sequence[Question], first: int = 3) -> float:
        missed = [
            (question, self.order(question)[:first])
            for question, wanted in questions
            if not set(wanted) & set(self.order(question)[:first])
        ]
        sys.stdout.write(f"missed: {missed}\n")  # shown when it fails
        return 1 - len(missed) / len(questions)


@pytest.fixture(scope="module")
def ranking(encoder: OfflineEmbedder) -> Ranking:
    return Ranking(encoder)


@pytest.mark.parametrize("questions", [TUNING, HELD_OUT, FRESH], ids=["tuning", "held", "fresh"])
def test_the_right_object_is_among_the_first_three(
    ranking: Ranking, questions: Sequence[Question]
) -> None:
    assert ranking.recall(questions) >= 0.9


NONSENSE = (
    "zzzzqqq",
    "qwxz",
    "asdf",
    "qwerty",
    "asd",
    "foobar",
    "hello",
    "ㅁㄴㅇㄹ",
    "뷁뷁뷁",
    "12345678",
    "!!!",
)


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_what_nothing_fits_finds_nothing(ranking: Ranking, nonsense: str) -> None:
    assert ranking.order(nonsense) == []


@pytest.mark.parametrize("word", ["donch", "donchain", "momentm", "volatilty", "sharp"])
def test_the_beginning_of_a_word_and_one_that_is_mistyped_find(ranking: Ranking, word: str) -> None:
    assert ranking.order(word)
