"""Functions that compare the symbols of one date with one another."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Condition

_FEW = 128
"""Symbols up to which comparing each with each is faster than sorting the dates."""


def rank(frame: Frame, x: FloatArray) -> FloatArray:
    """Place among the symbols of the date, 1 = highest; ties in the order of the names."""
    values = frame.spread(x)[:, frame.bars.by_name]
    places = _compared(values) if values.shape[1] <= _FEW else _sorted(values)
    places[np.isnan(values)] = np.nan
    out = np.empty(values.shape)
    out[:, frame.bars.by_name] = places
    return frame.pack(out)


def _sorted(values: FloatArray) -> FloatArray:
    """Place of each value in its row, from the order of the row."""
    order = np.argsort(-values, axis=1, kind="stable")
    places = np.empty(values.shape)
    ranks = np.broadcast_to(np.arange(1.0, values.shape[1] + 1.0), values.shape)
    np.put_along_axis(places, order, ranks, axis=1)
    return places


def _compared(values: FloatArray) -> FloatArray:
    """Place of each value in its row: where a later one is higher, the two change places."""
    columns = np.ascontiguousarray(values.T)
    columns = np.where(np.isnan(columns), -np.inf, columns)
    places = np.zeros(columns.shape, dtype=np.uint8)
    for step in range(1, len(columns)):
        higher = (columns[:-step] < columns[step:]).view(np.uint8)
        places[:-step] += higher
        places[step:] -= higher
    places += np.arange(1, len(columns) + 1, dtype=np.uint8)[:, None]
    return np.ascontiguousarray(places.T, dtype=np.float64)


def zscore(frame: Frame, x: FloatArray) -> FloatArray:
    """Distance from the mean of the date's symbols in their population standard deviations."""
    values = frame.spread(x)[:, frame.bars.by_name]
    there = np.isfinite(values)
    count = there.sum(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=1, keepdims=True) / count
        centred = np.where(there, values - mean, 0.0)
        spread = np.sqrt((centred * centred).sum(axis=1, keepdims=True) / count)
        highest = np.where(there, values, -np.inf).max(axis=1, keepdims=True)
        lowest = np.where(there, values, np.inf).min(axis=1, keepdims=True)
        scores = np.where(there & (highest > lowest), centred / spread, np.nan)
    out = np.empty(values.shape)
    out[:, frame.bars.by_name] = scores
    return frame.pack(out)


def equal_weight(frame: Frame, chosen: Condition) -> FloatArray:
    """Weight 1/k for the k chosen of the date; 0 for the rest, also for the undefined."""
    truth: BoolArray = frame.spread_truth(chosen.true)
    count = truth.sum(axis=1, keepdims=True)
    weights = np.where(truth, 1.0 / np.maximum(count, 1), 0.0)
    return frame.pack(weights)


def quantile(frame: Frame, x: FloatArray) -> FloatArray:
    """Share of the date's symbols with a value at most this one, above 0 to 1."""
    values = frame.spread(x)
    columns = np.arange(values.shape[1])
    order = np.argsort(values, axis=1)
    ascending = np.take_along_axis(values, order, axis=1)
    last = np.ones(values.shape, dtype=np.bool_)
    last[:, :-1] = ascending[:, 1:] != ascending[:, :-1]
    ends = np.where(last, columns, values.shape[1])
    ends = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]  # of each run of equals
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    shares = np.empty(values.shape)
    np.put_along_axis(shares, order, (ends + 1.0) / np.maximum(count, 1), axis=1)
    shares[np.isnan(values)] = np.nan
    return frame.pack(shares)


def demean(frame: Frame, x: FloatArray) -> FloatArray:
    """Distance from the mean of the date's symbols."""
    values = frame.spread(x)[:, frame.bars.by_name]
    there = np.isfinite(values)
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    mean = np.where(there, values, 0.0).sum(axis=1, keepdims=True) / count
    out = np.empty(values.shape)
    out[:, frame.bars.by_name] = values - mean
    return frame.pack(out)
