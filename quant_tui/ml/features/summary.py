"""What the values of a feature are: how many, how spread, and how that went over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant_tui.ml.statistics import known

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 40

MOST_PERIODS = 60
"""Periods that a course over time is cut into at most."""

_UNITS = {1: "months", 3: "quarters", 12: "years"}
"""By their length in months."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a sample.

    Attributes
    ----------
    count, missing
        Values that are known, and that are not though there is a bar.
    mean, std, least, greatest
        None without a value; ``std`` has one degree of freedom less, None of one value.
    quantiles
        By their fraction, interpolated linearly.
    edges, counts
        A histogram over the middle 98 %: K + 1 edges and K counts; empty where all
        values are alike.
    below, above
        Values outside the histogram.
    """

    count: int
    missing: int
    mean: float | None
    std: float | None
    least: float | None
    greatest: float | None
    quantiles: dict[float, float]
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int


@dataclass(frozen=True, slots=True)
class Course:
    """How the values went, period by period.

    Attributes
    ----------
    starts
        datetime64[D] (P,), first day of each period.
    unit
        ``months``, ``quarters`` or ``years``.
    low, median, high
        5 %, 50 % and 95 % quantile, (P,); NaN without a value.
    mean
        (P,).
    missing
        Fraction of the bars without a value, (P,).
    """

    starts: Dates
    unit: str
    low: Floats
    median: Floats
    high: Floats
    mean: Floats
    missing: Floats


def summarise(values: Floats, present: NDArray[np.bool_]) -> Summary:
    """Return the figures of a feature's values.

    Parameters
    ----------
    values
        (T, N), NaN where not known.
    present
        (T, N), where there is a bar.
    """
    sample = known(values[present])
    missing = int(present.sum()) - len(sample)
    if not len(sample):
        return Summary(0, missing, None, None, None, None, {}, (), (), 0, 0)
    quantiles = np.quantile(sample, QUANTILES)
    edges, counts, below, above = _histogram(sample, float(quantiles[0]), float(quantiles[-1]))
    return Summary(
        count=len(sample),
        missing=missing,
        mean=float(sample.mean()),
        std=float(sample.std(ddof=1)) if len(sample) > 1 else None,
        least=float(sample.min()),
        greatest=float(sample.max()),
        quantiles=dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
        edges=edges,
        counts=counts,
        below=below,
        above=above,
    )


def _histogram(
    sample: Floats, low: float, high: float
) -> tuple[tuple[float, ...], tuple[int, ...], int, int]:
    if not high > low:
        low, high = float(sample.min()), float(sample.max())
    if not high > low:
        return (), (), 0, 0
    counts, edges = np.histogram(sample, bins=BINS, range=(low, high))
    below, above = int((sample < low).sum()), int((sample > high).sum())
    return tuple(edges.tolist()), tuple(counts.tolist()), below, above


def course(dates: Dates, values: Floats, present: NDArray[np.bool_]) -> Course:
    """Return how the values went, in months, quarters or years, whichever are few enough.

    Parameters
    ----------
    dates
        (T,), rising.
    values, present
        As :func:`summarise`.
    """
    months = dates.astype("datetime64[M]").astype(np.int64)
    by_length = {length: months // length * length for length in _UNITS}
    few = [one for one in _UNITS if len(np.unique(by_length[one])) <= MOST_PERIODS]
    length = few[0] if few else max(_UNITS)
    periods = by_length[length]
    starts = np.unique(periods)
    first = np.searchsorted(periods, starts)
    last = [*first[1:].tolist(), len(dates)]
    rows: list[tuple[float, float, float, float, float]] = []
    for begin, end in zip(first.tolist(), last, strict=True):
        there = int(present[begin:end].sum())
        sample = known(values[begin:end][present[begin:end]])
        if not len(sample):
            rows.append((np.nan, np.nan, np.nan, np.nan, 1.0 if there else np.nan))
            continue
        low, median, high = np.quantile(sample, (0.05, 0.5, 0.95)).tolist()
        rows.append((low, median, high, float(sample.mean()), 1.0 - len(sample) / there))
    table = np.array(rows)
    return Course(
        starts=starts.astype("datetime64[M]").astype("datetime64[D]"),
        unit=_UNITS[length],
        low=table[:, 0],
        median=table[:, 1],
        high=table[:, 2],
        mean=table[:, 3],
        missing=table[:, 4],
    )
