"""Ranking texts for what is looked for: by the letters that they share, and by meaning.

Letters are compared as n-grams, which needs no dictionary and finds Korean words whatever
particle hangs on them: three letters of a word with its boundaries, and two where a word is
Korean, Chinese or Japanese. They are weighted by BM25 (Robertson and Zaragoza, "The
Probabilistic Relevance Framework: BM25 and Beyond", 2009).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 18
"""Numbers that n-grams are hashed to."""

SATURATION = 1.2
LENGTH_WEIGHT = 0.5
"""``k1`` and ``b`` of BM25; the lengths of our texts say little about them."""

MEANING_WEIGHT = 0.5
"""Share of the meaning in a score; the letters have the rest."""

ALSO_WEIGHT = 0.7
"""What a word counts that means what was asked for, against one that was asked for."""

MUCH = 0.5
"""Score by letters from which a text is taken to hold what was asked for."""

NEAR_ENOUGH = 0.12
ENOUGH_LETTERS = 0.1
"""Cosine, and score by letters, below both of which a text has nothing to do with a question.

Chosen by the questions of the tests: words of no language mostly stay below.
"""

NEAR_ALONE = 0.25
"""The same cosine for a few Latin words that stand in no text: chance brings some up to 0.22."""

FEW_WORDS = 4
"""A longer question holds words that every text has."""

NEARLY = 0.7
"""Share of its n-grams with which a word that was mistyped stands in a text."""

_SEPARATOR = re.compile(r"[\W_]+")
_EAST_ASIAN = ((0x1100, 0x11FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF))
_SPACE = ord(" ")
_SAYS_MORE = re.compile(r"[^\W\d_\x00-\x7f\u3131-\u318e]")
"""A letter that is neither Latin without marks nor half a Korean syllable."""

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Terms:
    """The n-grams of one text.

    Attributes
    ----------
    numbers
        Their hashes, ascending, each once.
    counts
        How often each occurs, at most 255.
    """

    numbers: Numbers
    counts: npt.NDArray[np.uint8]


def merged(parts: Sequence[Terms]) -> Terms:
    """Return the n-grams of several texts as if they were one."""
    if len(parts) == 1:
        return parts[0]
    numbers, places = np.unique(np.concatenate([one.numbers for one in parts]), return_inverse=True)
    counts = np.bincount(places, weights=np.concatenate([one.counts for one in parts]))
    return Terms(numbers, np.minimum(counts, 255).astype(np.uint8))


def terms_of(text: str) -> Terms:
    """Return the n-grams of a text, in any case, width and composition."""
    numbers, counts = np.unique(_numbers_of(f" {_folded(text)} "), return_counts=True)
    return Terms(numbers, np.minimum(counts, 255).astype(np.uint8))


def is_plain(question: str) -> bool:
    """Return whether a question has no letters but A to Z: of such, many are typed by chance."""
    return _SAYS_MORE.search(unicodedata.normalize("NFC", question)) is None


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SEPARATOR.sub(" ", folded).strip()


def _numbers_of(spaced: str) -> Numbers:
    letters = np.frombuffer(spaced.encode("utf-32-le", "replace"), dtype=np.uint32).astype(
        np.uint64
    )
    first, second, third = letters[:-2], letters[1:-1], letters[2:]
    inside = (second != _SPACE) & ~((first == _SPACE) & (third == _SPACE) & (second < 128))
    threes = _hashed(first, second, third)[inside]
    left, right = letters[:-1], letters[1:]
    twos = _hashed(left, right, np.zeros_like(left))[_is_east_asian(left) & _is_east_asian(right)]
    return np.concatenate([threes, twos])


def _hashed(
    first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64], third: npt.NDArray[np.uint64]
) -> Numbers:
    mixed = first * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ second) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed = (mixed ^ third) * np.uint64(0x165667B19E3779F9)
    return ((mixed >> np.uint64(40)) % np.uint64(BUCKETS)).astype(np.uint32)


def _is_east_asian(letters: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(letters), dtype=np.bool_)
    for low, high in _EAST_ASIAN:
        found |= (letters >= low) & (letters <= high)
    return found


class KeywordScores:
    """Scores of many texts by BM25 over their n-grams.

    All texts are looked through for each question: with ten thousand of them that takes some
    ten milliseconds, and there is no index to be kept in step.

    Parameters
    ----------
    documents
        The n-grams of each text.
    """

    def __init__(self, documents: Sequence[Terms]) -> None:
        self._count = len(documents)
        lengths = np.array([len(one.numbers) for one in documents], dtype=np.int64)
        self._filled = np.flatnonzero(lengths)
        self._starts = (np.cumsum(lengths) - lengths)[self._filled]
        empty = np.zeros(0, dtype=np.uint32)
        self._numbers = np.concatenate([empty, *(one.numbers for one in documents)])
        counts = np.concatenate(
            [np.zeros(0, dtype=np.uint8), *(one.counts for one in documents)]
        ).astype(np.float32)
        sizes = np.array([one.counts.sum(dtype=np.int64) for one in documents], dtype=np.float32)
        mean = max(float(sizes.mean()), 1.0) if self._count else 1.0
        slowing = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * sizes / mean)
        self._impact = counts * (SATURATION + 1) / (counts + np.repeat(slowing, lengths))
        occurs = np.bincount(self._numbers, minlength=BUCKETS)
        self._rarity = np.log1p((self._count - occurs + 0.5) / (occurs + 0.5)).astype(np.float32)

    def of(self, question: str, also: str = "") -> Floats:
        """Return the score of each text, shape ``(texts,)``.

        1 is what a text would have that holds every n-gram of the question often. A few
        Latin words that stand in no text score nothing: what they share is chance.

        Parameters
        ----------
        also
            Other words for what is asked; what they score is added, at
            :data:`ALSO_WEIGHT`.
        """
        if not also and is_plain(question) and not self.holds(question):
            return np.zeros(self._count, dtype=np.float32)
        scores = self._of(question)
        return scores + np.float32(ALSO_WEIGHT) * self._of(also) if also else scores

    def holds(self, question: str) -> bool:
        """Return whether a text holds one of a few words, the beginning of one, or nearly one."""
        words = [one for one in _folded(question).split(" ") if len(one) > 1]
        if len(words) > FEW_WORDS:
            return True
        return any(
            self._share(_numbers_of(f" {one}")) == 1
            or self._share(_numbers_of(f" {one} ")) >= NEARLY
            for one in words
        )

    def _share(self, numbers: Numbers) -> float:
        """Return the largest share of some n-grams that one text holds."""
        wanted = np.unique(numbers)
        if not len(wanted) or not len(self._filled):
            return 0.0
        asked = np.zeros(BUCKETS, dtype=np.int32)
        asked[wanted] = 1
        return float(np.add.reduceat(asked[self._numbers], self._starts).max()) / len(wanted)

    def _of(self, question: str) -> Floats:
        scores = np.zeros(self._count, dtype=np.float32)
        asked = terms_of(question).numbers
        if not len(asked) or not len(self._filled):
            return scores
        weights = np.zeros(BUCKETS, dtype=np.float32)
        weights[asked] = self._rarity[asked]
        most = float(weights[asked].sum()) * (SATURATION + 1)
        gained = weights[self._numbers] * self._impact
        scores[self._filled] = np.add.reduceat(gained, self._starts) / most
        return scores


def mixed_scores(meaning: Floats, letters: Floats) -> Floats:
    """Return one score a text from those by meaning and by letters, 0 to 1, shape unchanged.

    Parameters
    ----------
    meaning
        Cosines with the question, -1 to 1.
    letters
        What :meth:`KeywordScores.of` gives, of the same texts.
    """
    # Against the best, unless even that holds little of the question.
    share = letters / max(float(letters.max(initial=0.0)), MUCH)
    closeness = np.clip(meaning, 0, 1)
    return np.asarray(MEANING_WEIGHT * closeness + (1 - MEANING_WEIGHT) * share, dtype=np.float32)


def fits(meaning: Floats, letters: Floats, question: str = "") -> npt.NDArray[np.bool_]:
    """Return which texts have anything to do with a question, shape unchanged.

    Parameters
    ----------
    meaning, letters
        As :func:`mixed_scores` takes them.
    question
        In words, where there is one.
    """
    alone = bool(question) and is_plain(question) and not letters.any()
    near = NEAR_ALONE if alone else NEAR_ENOUGH
    return np.asarray((meaning >= near) | (letters >= ENOUGH_LETTERS), dtype=np.bool_)


def places_of(text: str, question: str) -> list[int]:
    """Return where the words of a question stand in a text, each once, in order."""
    folded = text.casefold()
    words = {one for one in _SEPARATOR.split(question.casefold()) if len(one) > 1}
    return sorted(place for word in words if (place := _place_of(word, folded)) >= 0)


def excerpt(text: str, question: str, *, width: int = 160) -> str:
    """Return the part of a text that holds the most words of the question, on one line.

    Parameters
    ----------
    width
        At most so many characters; what is left out is shown by ``…``.
    """
    line = " ".join(text.split())
    if len(line) <= width:
        return line
    places = places_of(line, question)
    room = width - 2
    best = max(places, key=lambda at: sum(at <= one < at + room for one in places), default=0)
    start = 0 if best < room // 2 else min(best - room // 4, len(line) - room)
    end = start + room
    return f"{'…' if start else ''}{line[start:end].strip()}{'…' if end < len(line) else ''}"


def _place_of(word: str, text: str) -> int:
    """Return where a word stands, a Korean one also without its particle; -1 for nowhere."""
    shortest = max(2, len(word) - 3) if word[0] >= "가" else len(word)
    for length in range(len(word), shortest - 1, -1):
        if (place := text.find(word[:length])) >= 0:
            return place
    return -1
