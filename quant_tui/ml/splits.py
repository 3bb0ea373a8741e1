"""Which samples a model learns from and on which it is judged, without one touching the other.

Purging and embargo are those of López de Prado, *Advances in Financial Machine Learning*
(2018), chapter 7: a training sample whose label overlaps the time of the test samples is
dropped (purged), and so is one that begins within some bars after them (embargo).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.ml.panel import Ints, Samples, distinct

SPLITS: Mapping[str, str] = {
    "holdout": "learns from the first part, is judged on the last",
    "purged_kfold": "each part judged once by a model of all others, purged, with an embargo",
    "walk_forward": "trained again before each of several parts, on what was known by then",
}
"""Schemes, and what each does."""

LEAST_SAMPLES = 20
"""Samples that each side of a split needs."""


@dataclass(frozen=True, slots=True)
class Split:
    """How samples are split.

    Attributes
    ----------
    kind
        One of :data:`SPLITS`.
    folds
        Parts of ``purged_kfold`` and ``walk_forward``.
    test_share
        Share of the dates in all test parts together; ``purged_kfold`` tests all.
    embargo
        Bars after a test part from which nothing is learned.
    anchored
        Whether the training parts of ``walk_forward`` begin at the first date, and so grow,
        instead of rolling on.
    validation_share
        Share of the dates of a training part, at its end, that decides when to stop.
    """

    kind: str = "holdout"
    folds: int = 5
    test_share: float = 0.3
    embargo: int = 0
    anchored: bool = True
    validation_share: float = 0.15

    def __post_init__(self) -> None:
        if self.kind not in SPLITS:
            raise InvalidInput(
                f"There is no split {self.kind!r}.",
                field="split",
                hint=f"There are {', '.join(SPLITS)}.",
            )
        if not 2 <= self.folds <= 50:
            raise InvalidInput(f"2 to 50 folds, not {self.folds}.", field="folds")
        if not 0.05 <= self.test_share <= 0.9:
            raise InvalidInput(
                f"A test share of 0.05 to 0.9, not {self.test_share:g}.", field="test_share"
            )
        if not 0 <= self.embargo <= 1000:
            raise InvalidInput(
                f"An embargo of 0 to 1000 bars, not {self.embargo}.", field="embargo"
            )
        if not 0.0 <= self.validation_share <= 0.5:
            raise InvalidInput(
                f"A validation share of 0 to 0.5, not {self.validation_share:g}.",
                field="validation_share",
            )

    @classmethod
    def from_document(cls, document: Document) -> Split:
        """Return the split of :meth:`to_document`."""
        return cls(**document)

    def to_document(self) -> Document:
        """Return it as plain data."""
        return asdict(self)

    @property
    def is_causal(self) -> bool:
        """Whether no model is judged on dates before some that it learned from.

        Only then could its test predictions have been traded.
        """
        return self.kind != "purged_kfold"


@dataclass(frozen=True, eq=False)
class Fold:
    """Places of samples: to learn from, to stop by, to be judged on."""

    train: Ints
    validation: Ints
    test: Ints


def folds_of(samples: Samples, split: Split) -> list[Fold]:
    """Split samples.

    Parameters
    ----------
    samples
        In the order of their dates.
    split
        How.

    Raises
    ------
    InsufficientData
        A part would hold fewer than 20 samples.
    """
    dates, _ = distinct(samples.rows)
    if split.kind == "purged_kfold":
        parts = np.array_split(dates, split.folds)
    else:
        first = len(dates) - max(1, round(len(dates) * split.test_share))
        count = split.folds if split.kind == "walk_forward" else 1
        parts = np.array_split(dates[max(first, 0) :], count)
    if any(not len(part) for part in parts):
        raise InsufficientData(
            f"{len(dates)} dates cannot be split into {len(parts)} parts.",
            hint="Take more bars or fewer folds.",
        )
    found = []
    length = int(np.searchsorted(dates, parts[0][0]))
    for number, part in enumerate(parts, start=1):
        first_row, last_row = int(part[0]), int(part[-1])
        tested = (samples.rows >= first_row) & (samples.rows <= last_row)
        learned = _untouched(samples, tested, first_row, split.embargo)
        if split.is_causal:
            learned &= samples.ends < first_row
            if not split.anchored and split.kind == "walk_forward" and length:
                begin = int(np.searchsorted(dates, first_row)) - length
                learned &= samples.rows >= dates[begin]
        fold = _with_validation(samples, learned, tested, split.validation_share)
        if min(len(fold.train), len(fold.test)) < LEAST_SAMPLES:
            raise InsufficientData(
                f"Part {number} of the split has {len(fold.train)} samples to learn from and"
                f" {len(fold.test)} to be judged on; each needs {LEAST_SAMPLES}.",
                hint="Take more bars or symbols, fewer folds, or a shorter target.",
            )
        found.append(fold)
    return found


def with_validation(samples: Samples, share: float) -> Fold:
    """Return all samples to learn from but the last, which decide when to stop."""
    everything = np.ones(len(samples), bool)
    return _with_validation(samples, everything, np.zeros(len(samples), bool), share)


def _untouched(
    samples: Samples, tested: NDArray[np.bool_], first_row: int, embargo: int
) -> NDArray[np.bool_]:
    """Return what neither reaches into the test samples' time nor begins soon after."""
    last_end = int(samples.ends[tested].max()) if tested.any() else first_row
    before = samples.ends < first_row
    after = samples.rows > last_end + embargo
    untouched: NDArray[np.bool_] = before | after
    return untouched


def _with_validation(
    samples: Samples, learned: NDArray[np.bool_], tested: NDArray[np.bool_], share: float
) -> Fold:
    test = np.flatnonzero(tested)
    dates, _ = distinct(samples.rows[learned])
    held = round(len(dates) * share)
    if not held:
        return Fold(np.flatnonzero(learned), np.empty(0, np.int64), test)
    first_row = int(dates[-held])
    validation = learned & (samples.rows >= first_row)
    train = learned & (samples.ends < first_row)
    if min(int(validation.sum()), int(train.sum())) < LEAST_SAMPLES:
        return Fold(np.flatnonzero(learned), np.empty(0, np.int64), test)
    return Fold(np.flatnonzero(train), np.flatnonzero(validation), test)
