"""Features of many symbols over time, and the samples that models learn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.errors import InvalidInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]

GATHERED_AT_ONCE = 32_768
"""Samples copied before other threads get a turn: numpy keeps the interpreter while it copies."""


def distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Return the different ones of ascending rows, and which of them each is.

    As :func:`numpy.unique`, without the sorting: that would keep the interpreter for a
    tenth of a second and more.
    """
    begins = np.diff(rows, prepend=-1) > 0
    return rows[begins], np.cumsum(begins) - 1


@dataclass(frozen=True, eq=False)
class Panel:
    """What was known about each symbol on each date.

    Attributes
    ----------
    symbols
        N names.
    dates
        ``datetime64`` (T,), ascending.
    columns
        F names of features.
    values
        Features (T, N, F); NaN where one is not known. Row t holds nothing from after t.
    close
        Prices (T, N); NaN where a symbol has no bar.
    """

    symbols: tuple[str, ...]
    dates: Dates
    columns: tuple[str, ...]
    values: Floats
    close: Floats

    def __post_init__(self) -> None:
        rows, names = len(self.dates), len(self.symbols)
        if self.values.shape != (rows, names, len(self.columns)):
            raise InvalidInput(
                f"Features have the shape {self.values.shape}, not"
                f" {(rows, names, len(self.columns))}.",
                field="features",
            )
        if self.close.shape != (rows, names):
            raise InvalidInput(f"Prices have the shape {self.close.shape}.", field="close")

    def gather(self, rows: Ints, columns: Ints) -> NDArray[np.float32]:
        """Return the features of samples, (n, F)."""
        found = np.empty((len(rows), len(self.columns)), np.float32)
        for start in range(0, len(rows), GATHERED_AT_ONCE):
            part = slice(start, start + GATHERED_AT_ONCE)
            found[part] = self.values[rows[part], columns[part]]
        return found

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Where a symbol has a bar and at least one feature, (T, N)."""
        found = np.isfinite(self.close)
        for row in range(len(self.dates)):
            found[row] &= np.isfinite(self.values[row]).any(axis=1)
        return found


@dataclass(frozen=True, eq=False)
class Samples:
    """Places of a panel that have a label, in the order of their dates.

    Attributes
    ----------
    rows, columns
        Date and symbol of each, (n,).
    values
        The label: a number, or the place of its class, (n,).
    ends
        Row of the last price that the label looks at, (n,).
    """

    rows: Ints
    columns: Ints
    values: Floats
    ends: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: Ints) -> Samples:
        """Return some of them."""
        return Samples(
            self.rows[places], self.columns[places], self.values[places], self.ends[places]
        )
