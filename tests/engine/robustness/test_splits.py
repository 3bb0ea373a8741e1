"""Purged splits against the definition, sample by sample."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine.robustness.splits import backtest_paths, combinatorial_splits, purged_k_fold


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(8, 60),
    st.integers(2, 6),
    st.integers(1, 3),
    st.integers(0, 5),
)
def test_no_training_sample_touches_a_tested_one(
    seed: int, count: int, groups: int, tested: int, embargo: int
) -> None:
    tested = min(tested, groups - 1)
    rows = np.arange(count)
    ends = rows + np.random.default_rng(seed).integers(0, 5, count)
    splits = combinatorial_splits(ends, groups, tested, embargo)
    assert len(splits) == math.comb(groups, tested)
    times_tested = np.zeros(count, dtype=int)
    for split in splits:
        times_tested[split.test] += 1
        for train in split.train:
            for test in split.test:
                assert ends[train] < test or ends[test] < train, "labels overlap"
                assert not 0 < train - ends[test] <= embargo or train < test
    # Every sample is tested in each path once.
    assert (times_tested == backtest_paths(groups, tested)).all()


def test_the_numbers_of_the_book() -> None:
    # Chapter 12: N = 6, k = 2 gives 15 splits and 5 paths.
    assert len(combinatorial_splits(np.arange(60), 6, 2)) == 15
    assert backtest_paths(6, 2) == 5


def test_only_what_overlaps_is_left_out() -> None:
    ends = np.minimum(np.arange(20) + 2, 19)
    splits = purged_k_fold(ends, 4, embargo=1)
    second = splits[1]
    assert second.test.tolist() == [5, 6, 7, 8, 9]
    # 3 and 4 look into the test, 10 and 11 are looked at by it, 12 is the embargo.
    assert second.train.tolist() == [0, 1, 2, 13, 14, 15, 16, 17, 18, 19]


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="label_end"):
        purged_k_fold(np.zeros(10))
    with pytest.raises(InvalidInput, match="fewer than all"):
        combinatorial_splits(np.arange(10), 3, 3)
    with pytest.raises(InvalidInput, match="embargo"):
        purged_k_fold(np.arange(10), embargo=-1)
    with pytest.raises(InsufficientData, match="5 groups"):
        purged_k_fold(np.arange(4))
