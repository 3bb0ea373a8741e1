"""Splits of samples into training and testing that do not leak the future into the past.

Source: López de Prado (2018), "Advances in Financial Machine Learning", chapters 7
(purging, embargo, purged k-fold) and 12 (combinatorial purged cross-validation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine.arrays import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Split:
    """One way to train and test.

    Attributes
    ----------
    train, test
        Rows of the samples, ascending.
    groups
        The groups that are tested.
    """

    train: IntArray
    test: IntArray
    groups: tuple[int, ...]


def purged_k_fold(label_end: ArrayLike, folds: int = 5, embargo: int = 0) -> list[Split]:
    """Return k splits, each testing one run of samples.

    Parameters
    ----------
    label_end
        (T,) row up to which each sample's label looks, at least its own row: 5 rows ahead
        for a five-day return.
    folds
        k, from 2 to T.
    embargo
        Rows after each tested run that are not trained on either.

    Raises
    ------
    InvalidInput
        A number is out of its range.
    InsufficientData
        Fewer samples than folds.
    """
    return combinatorial_splits(label_end, folds, 1, embargo)


def combinatorial_splits(
    label_end: ArrayLike, groups: int = 6, tested: int = 2, embargo: int = 0
) -> list[Split]:
    """Return a split for every choice of ``tested`` out of ``groups`` runs of samples (CPCV).

    A sample is trained on when its label's rows overlap no tested sample's and it is not
    within the embargo after a tested run. Put together they give
    :func:`backtest_paths` whole paths through all samples.

    Parameters
    ----------
    label_end, embargo
        As in :func:`purged_k_fold`.
    groups
        N, from 2 to T.
    tested
        k, from 1 to N − 1.

    Raises
    ------
    InvalidInput
        A number is out of its range.
    InsufficientData
        Fewer samples than groups.
    """
    ends = np.asarray(label_end, dtype=np.int64)
    rows = np.arange(len(ends))
    if ends.ndim != 1 or (ends < rows).any():
        raise InvalidInput(
            "label_end must give each sample a row that is not before its own.", field="label_end"
        )
    if groups < 2 or not 1 <= tested < groups:
        raise InvalidInput("Take 2 or more groups and test fewer than all of them.", field="groups")
    if embargo < 0:
        raise InvalidInput("embargo must be zero or more.", field="embargo")
    if len(ends) < groups:
        raise InsufficientData(f"{groups} groups need as many samples; there are {len(ends)}.")
    edges = np.linspace(0, len(ends), groups + 1).round().astype(np.int64)
    runs = [slice(int(edges[place]), int(edges[place + 1])) for place in range(groups)]
    forbidden = [_forbidden(ends, run, embargo) for run in runs]
    splits = []
    for chosen in combinations(range(groups), tested):
        out = np.logical_or.reduce([forbidden[place] for place in chosen])
        test = np.concatenate([rows[runs[place]] for place in chosen])
        splits.append(Split(np.flatnonzero(~out), test, chosen))
    return splits


def backtest_paths(groups: int, tested: int) -> int:
    """Return how many whole paths the splits give: k/N·(N choose k)."""
    return math.comb(groups, tested) * tested // groups


def _forbidden(ends: IntArray, run: slice, embargo: int) -> BoolArray:
    """Samples that cannot be trained on when ``run`` is tested."""
    rows = np.arange(len(ends))
    last = int(ends[run].max())
    overlaps = (rows <= last) & (ends >= run.start)
    within = (rows >= run.stop) & (rows <= last + embargo)
    out: BoolArray = overlaps | within
    return out
