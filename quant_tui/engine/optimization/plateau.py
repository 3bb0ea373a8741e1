"""Where to stand in a space: the centre of a plateau rather than the top of a peak.

What a trial's neighbourhood keeps of its merit *f* is one less the relative change from it to
the neighbourhood's median *n*::

    kept = 1 - (f - n) / scale        scale = max(|f|, f - median of all trials that count)

With *f* as the scale it is *n / f*, the robustness of type II of Deb & Gupta (2006,
"Introducing robustness in multi-objective optimization", Evolutionary Computation 14(4)):
their relative change of the objective in a neighbourhood. A merit near 0 has no relative
change, whatever its neighbours; there the lead of the trial over the middle one is the
scale. So the share is defined for metrics of any sign, for those that are minimised (their
merit is the metric with its sign turned), and it does not jump where the merit crosses 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.optimization.space import Combination, ParameterRange

NEAR = 0.1
"""Share of a range within which trials are neighbours, where the step is finer than that:
one bar more on an average of 200 is the same strategy, and would call any peak a plateau."""

KEPT = 0.7
"""Share of the centre's merit that its plateau keeps."""

MOST_CENTRES = 500
"""Best trials that may be the centre."""

CENTRE_SHARE = 0.2
"""The centre is among this best share of the trials: the middle of a wide mediocre plain
is nobody's choice."""


@dataclass(frozen=True)
class Plateau:
    """The centre, and what surrounds it and the best.

    Attributes
    ----------
    best, centre
        Places among the trials.
    members
        Places of the neighbours of the centre that keep most of its value, itself included.
    neighbours
        How many neighbours the centre has.
    best_kept, centre_kept
        Share of the trial's own merit that its median neighbour keeps, as the module
        defines it: 1 or more where that is as good, below 0 where it is worse by more than
        the scale; None without a neighbour.
    """

    best: int
    centre: int
    members: tuple[int, ...]
    neighbours: int
    best_kept: float | None
    centre_kept: float | None


def find_plateau(
    ranges: Mapping[str, ParameterRange], rows: Sequence[Combination], merits: FloatArray
) -> Plateau | None:
    """Return the trial whose neighbourhood does best.

    The merit of a neighbourhood is the median of the trial's and its neighbours' merits;
    one that may not be chosen counts as the worst. Neighbours differ by at most one step,
    or a tenth of the range, in every parameter and in no choice; where a trial has fewer
    than two a parameter, the nearest of the same choices stand in. A combination that was
    tried again is no neighbour of itself, and counts once.

    Parameters
    ----------
    ranges
        Of the searched parameters.
    rows
        K combinations.
    merits
        (K,), more is better, NaN for trials that may not be chosen.

    Returns
    -------
    Plateau or None
        None where no trial may be chosen.
    """
    usable = np.flatnonzero(~np.isnan(merits))
    if not len(usable):
        return None
    places, kinds = positions(ranges, rows)
    order = usable[np.argsort(-merits[usable], kind="stable")]
    most = int(np.clip(np.ceil(CENTRE_SHARE * len(usable)), min(10, len(usable)), MOST_CENTRES))
    counted = np.where(np.isnan(merits), -np.inf, merits)
    _, firsts = np.unique(places, axis=0, return_index=True)
    once = np.zeros(len(rows), dtype=np.bool_)
    once[firsts] = True
    reach = np.array(
        [max(one.spacing * 1.001, NEAR) if one.kind != "cat" else 0.0 for one in ranges.values()]
    )
    best, centre, top = int(order[0]), int(order[0]), -np.inf
    for place in order[:most].tolist():
        near = _neighbours(places, kinds, once, reach, place)
        value = float(np.median(np.append(counted[near], counted[place])))
        if value > top:
            centre, top = place, value
    around = _neighbours(places, kinds, once, reach, centre)
    middle = float(np.median(merits[usable]))
    floor = merits[centre] - (1.0 - KEPT) * _scale(float(merits[centre]), middle)
    members = [centre, *around[counted[around] >= floor].tolist()]
    return Plateau(
        best=best,
        centre=centre,
        members=tuple(sorted(members)),
        neighbours=len(around),
        best_kept=_kept(counted, best, _neighbours(places, kinds, once, reach, best), middle),
        centre_kept=_kept(counted, centre, around, middle),
    )


def positions(
    ranges: Mapping[str, ParameterRange], rows: Sequence[Combination]
) -> tuple[FloatArray, BoolArray]:
    """Return where combinations lie in the space, (K, D) from 0 to 1, and which D are choices."""
    places = np.array(
        [[given.place(row[name]) for name, given in ranges.items()] for row in rows],
        dtype=np.float64,
    ).reshape(len(rows), len(ranges))
    kinds = np.array([one.kind == "cat" for one in ranges.values()], dtype=np.bool_)
    return places, kinds


def _neighbours(
    places: FloatArray, kinds: BoolArray, once: BoolArray, reach: FloatArray, own: int
) -> IntArray:
    apart = np.abs(places - places[own])
    alike = (apart[:, kinds] == 0.0).all(axis=1)
    alike &= once & (apart > 0.0).any(axis=1)
    near = np.flatnonzero(alike & (apart <= reach + 1e-12).all(axis=1))
    least = 2 * max(int((~kinds).sum()), 1)
    if len(near) >= least:
        return near.astype(np.int64)
    others = np.flatnonzero(alike)
    distance = np.sqrt((apart[others] ** 2).sum(axis=1))
    return others[np.argsort(distance, kind="stable")[:least]].astype(np.int64)


def _kept(merits: FloatArray, own: int, near: IntArray, middle: float) -> float | None:
    if not len(near):
        return None
    merit, around = float(merits[own]), float(np.median(merits[near]))
    if not np.isfinite(around):  # most of them may not be chosen: nothing is kept
        return 0.0
    scale = _scale(merit, middle)
    return 1.0 - (merit - around) / scale if scale > 0.0 else 1.0


def _scale(merit: float, middle: float) -> float:
    """Return what a change from a merit is measured by; 0 where all trials are 0."""
    return max(abs(merit), merit - middle)
