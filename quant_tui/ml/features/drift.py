"""Whether a feature's values still are what they were: PSI and KS between periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant_tui.ml.statistics import SampleDifference, sample_difference

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

LITTLE = 0.1
MUCH = 0.25
"""Below the first PSI little has changed, above the second much (Siddiqi 2006)."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the values of later periods differ from earlier ones.

    Attributes
    ----------
    split
        First date of the later period, datetime64[D].
    whole
        Later period against earlier one.
    years
        Each calendar year of the later period against the whole earlier one.
    """

    split: np.datetime64
    whole: SampleDifference
    years: tuple[tuple[int, SampleDifference], ...]

    @property
    def verdict(self) -> str:
        """``stable``, ``some``, ``much``, or ``unknown`` where there is too little."""
        if self.whole.psi is None:
            return "unknown"
        if self.whole.psi < LITTLE:
            return "stable"
        return "some" if self.whole.psi <= MUCH else "much"


def drift(dates: Dates, values: Floats, split: np.datetime64 | None = None) -> Drift:
    """Compare the values from a date on with those before it.

    Parameters
    ----------
    dates
        (T,), rising.
    values
        (T, N), NaN where not known.
    split
        The date; without one, that of the middle row with a value.
    """
    if split is None:
        rows = np.flatnonzero(np.isfinite(values).any(axis=1))
        middle = int(rows[len(rows) // 2]) if len(rows) else len(dates) // 2
        split = dates[middle]
    at = int(np.searchsorted(dates, split))
    before = values[:at]
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    found = [
        (int(year), sample_difference(before, values[at:][years[at:] == year]))
        for year in np.unique(years[at:])
    ]
    day = split.astype("datetime64[D]")
    return Drift(day, sample_difference(before, values[at:]), tuple(found))
