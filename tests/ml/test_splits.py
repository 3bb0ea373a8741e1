"""Splits: no label learned from reaches into what is judged."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.ml.panel import Samples
from quant_tui.ml.splits import SPLITS, Split, folds_of

AHEAD = 7


def samples(dates: int = 300, symbols: int = 3) -> Samples:
    """Return samples whose labels look 7 bars ahead."""
    rows = np.repeat(np.arange(dates), symbols)
    return Samples(rows, np.tile(np.arange(symbols), dates), np.zeros(len(rows)), rows + AHEAD)


@pytest.mark.parametrize("kind", list(SPLITS))
def test_training_labels_end_before_or_begin_after_the_test_part(kind: str) -> None:
    given = samples()
    embargo = 4
    folds = folds_of(given, Split(kind, folds=4, embargo=embargo))
    tested = np.concatenate([fold.test for fold in folds])
    assert len(np.unique(tested)) == len(tested)
    for fold in folds:
        first, last = given.rows[fold.test].min(), given.rows[fold.test].max()
        learned = given.take(np.concatenate((fold.train, fold.validation)))
        before = learned.ends < first
        after = learned.rows > last + AHEAD + embargo
        assert (before | after).all()
        assert kind == "purged_kfold" or before.all()
        assert len(fold.validation)
        held = given.rows[fold.validation].min()
        assert given.ends[fold.train].max() < held
    if kind == "purged_kfold":
        assert len(tested) == len(given)
        # A fold in the middle learns from both sides of it.
        middle = folds[1]
        assert given.rows[middle.train].min() < given.rows[middle.test].min()
        assert given.rows[middle.validation].max() > given.rows[middle.test].max()
    else:
        assert given.rows[tested].max() == 299
        assert given.rows[tested].min() == 210


def test_walk_forward_grows_or_rolls() -> None:
    given = samples()
    growing = folds_of(given, Split("walk_forward", folds=3, validation_share=0.0))
    assert [given.rows[fold.train].min() for fold in growing] == [0, 0, 0]
    rolling = folds_of(given, Split("walk_forward", folds=3, validation_share=0.0, anchored=False))
    assert [given.rows[fold.train].min() for fold in rolling] == [0, 30, 60]
    lengths = {len(np.unique(given.rows[fold.train])) for fold in rolling}
    assert lengths == {210 - AHEAD}


def test_too_few_samples_and_wrong_numbers_are_refused() -> None:
    with pytest.raises(InsufficientData, match="each needs 20"):
        folds_of(samples(20, 1), Split())
    with pytest.raises(InvalidInput, match="2 to 50 folds"):
        Split("purged_kfold", folds=1)
    with pytest.raises(InvalidInput, match="There are holdout"):
        Split("kfold")
    assert Split.from_document(Split("walk_forward", folds=7).to_document()).folds == 7
