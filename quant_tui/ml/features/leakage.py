"""Whether a feature looks ahead: its values again, on bars that end earlier, must be equal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

TOLERANCE = 1e-9
"""Relative difference that rounding may make; against the size of the symbol's values."""

CUTS = 12
"""How many ends are spread over the bars; between each two, one more is tried."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A value that changes when later bars are taken away.

    Attributes
    ----------
    symbol, date
        Whose, and when.
    cut
        Last date of the bars that were left.
    whole, truncated
        Value with all bars, and without the later ones; None where not known.
    """

    symbol: str
    date: np.datetime64
    cut: np.datetime64
    whole: float | None
    truncated: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Values of all bars against those of bars that end earlier.

    Attributes
    ----------
    compared
        How many values were.
    changed
        How many of them differ.
    first
        The first that differs, by date; None when none does.
    """

    compared: int
    changed: int
    first: Leak | None


def cut_rows(close: Floats, warm_up: int, cuts: int = CUTS) -> list[int]:
    """Return how many rows to leave: spread evenly, and before the greatest moves.

    What looks ahead seldom does so seldom for nothing: the bars before a great move are those
    on which it pays. So between each two of the ends that are spread, the one is tried too
    that has the greatest move of any symbol behind it.

    Parameters
    ----------
    close
        Prices (T, N); NaN where a symbol has no bar.
    warm_up
        Rows before the first value.
    """
    rows = len(close)
    first, last = min(warm_up + 1, rows - 1), rows - 1
    if last < 1:
        return []
    # up to the last row but one: what peeks one bar ahead shows at every end
    spread = np.linspace(max(1, first), last, max(2, cuts)).round().astype(int).tolist()
    moves = _moves(close)
    found = {int(one) for one in spread}
    for begin, end in itertools.pairwise(sorted(found)):
        # a row's move is the first thing left out where as many rows are left as its number
        found.add(begin + int(moves[begin:end].argmax()))
    return sorted(found)


def _moves(close: Floats) -> Floats:
    """Return the greatest move that any symbol made on each row, (T,), 0 where none did."""
    moves = np.zeros(close.shape)
    for column in range(close.shape[1]):
        bars = np.flatnonzero(np.isfinite(close[:, column]))
        price = close[bars, column]
        with np.errstate(divide="ignore", over="ignore"):
            moves[bars[1:], column] = np.abs(price[1:] / price[:-1] - 1.0)
    greatest: Floats = moves.max(axis=1, initial=0.0)
    return greatest


def compare(
    symbols: Sequence[str],
    dates: Dates,
    whole: Floats,
    truncated_symbols: Sequence[str],
    truncated: Floats,
) -> Comparison:
    """Compare values of all bars with those of the first bars alone.

    Parameters
    ----------
    symbols, dates, whole
        N names, (T,) dates and (T, N) values of all bars.
    truncated_symbols, truncated
        Names and (S, M) values of the first S dates; symbols without a bar in them are
        left out there.
    """
    rows = len(truncated)
    places = [list(symbols).index(name) for name in truncated_symbols]
    full = whole[:rows][:, places]
    scale = np.abs(np.where(np.isfinite(full), full, 0.0)).max(axis=0, initial=0.0)
    with np.errstate(invalid="ignore"):
        same = np.abs(full - truncated) <= TOLERANCE * np.maximum(scale, 1e-300)
    same |= np.isnan(full) & np.isnan(truncated)
    compared = int((np.isfinite(full) | np.isfinite(truncated)).sum())
    changed = int((~same).sum())
    if not changed:
        return Comparison(compared, 0, None)
    row = int(np.flatnonzero((~same).any(axis=1))[0])
    column = int(np.flatnonzero(~same[row])[0])
    leak = Leak(
        symbol=truncated_symbols[column],
        date=dates[row],
        cut=dates[rows - 1],
        whole=_plain(full[row, column]),
        truncated=_plain(truncated[row, column]),
    )
    return Comparison(compared, changed, leak)


def _plain(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
