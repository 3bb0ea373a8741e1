"""What a model learns to foretell: labels of each symbol and date, and when each is known.

A label of row t looks at prices up to row ``ends[t]`` and at none after; whoever splits the
samples needs that row to keep labels of the training part out of the test part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.ml.panel import Floats, Ints, Panel, Samples
from quant_tui.ml.statistics import row_ranks

TARGETS: Mapping[str, str] = {
    "return": "simple return over the next bars",
    "direction": "whether the close is higher after the next bars",
    "volatility": "standard deviation of the next bars' log returns",
    "triple_barrier": "which is touched first: a gain, a loss, or the end of the next bars",
    "ranking": "place of the return among those of all symbols, -0.5 to 0.5",
}
"""Kinds of target, and what each is."""

CLASSES: Mapping[str, tuple[float, ...]] = {
    "direction": (0.0, 1.0),
    "triple_barrier": (-1.0, 0.0, 1.0),
}
"""Values of the targets that are classes."""

MOST_BARS_AHEAD = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be foretold.

    Attributes
    ----------
    kind
        One of :data:`TARGETS`.
    horizon
        Bars ahead, of the symbol's own.
    barrier
        Distance of both barriers of ``triple_barrier``, in standard deviations of a return
        over the horizon.
    window
        Bars over which that deviation is taken, the last being the label's own.
    """

    kind: str = "return"
    horizon: int = 5
    barrier: float = 1.0
    window: int = 20

    def __post_init__(self) -> None:
        if self.kind not in TARGETS:
            raise InvalidInput(
                f"There is no target {self.kind!r}.",
                field="target",
                hint=f"There are {', '.join(TARGETS)}.",
            )
        least = 2 if self.kind == "volatility" else 1
        if not least <= self.horizon <= MOST_BARS_AHEAD:
            raise InvalidInput(
                f"A {self.kind} target looks {least} to {MOST_BARS_AHEAD} bars ahead,"
                f" not {self.horizon}.",
                field="horizon",
            )
        if not self.barrier > 0:
            raise InvalidInput("A barrier is more than 0 deviations away.", field="barrier")
        if self.window < 2:
            raise InvalidInput("A deviation needs 2 bars or more.", field="window")

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target of ``kind`` or ``kind:horizon``.

        Raises
        ------
        InvalidInput
            It is neither.
        """
        kind, colon, bars = text.strip().partition(":")
        if not colon:
            return cls(kind)
        if not bars.isdecimal():
            raise InvalidInput(
                f"{text!r} is no target.", field="target", hint="Write kind:bars, as return:5."
            )
        return cls(kind, int(bars))

    @classmethod
    def from_document(cls, document: Document) -> Target:
        """Return the target of :meth:`to_document`."""
        return cls(**document)

    def to_document(self) -> Document:
        """Return it as plain data."""
        return asdict(self)

    @property
    def classes(self) -> tuple[float, ...]:
        """Its classes; empty where it is a number."""
        return CLASSES.get(self.kind, ())

    @property
    def title(self) -> str:
        """A short name, ``return:5``."""
        return f"{self.kind}:{self.horizon}"


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of a panel, all (T, N).

    Attributes
    ----------
    values
        The number, or the place of the class in :attr:`Target.classes`; NaN without a label.
    ends
        Row of the last price that each looks at; -1 without a label.
    last_known
        The label of ``horizon`` bars before, which is known on the date; NaN without one.
    outcome
        What a forecast is to go along with: the return over the horizon; of a volatility the
        label itself.
    """

    values: Floats
    ends: Ints
    last_known: Floats
    outcome: Floats

    def samples(self, panel: Panel) -> Samples:
        """Return the places that have a label and features, in the order of their dates.

        Raises
        ------
        InvalidInput
            There is none.
        """
        rows, columns = np.nonzero(np.isfinite(self.values) & panel.known)
        if not len(rows):
            raise InvalidInput(
                "No date has both the features and the target.",
                field="target",
                hint="Take more bars, fewer bars ahead, or features with a shorter warm-up.",
            )
        return Samples(rows, columns, self.values[rows, columns], self.ends[rows, columns])


def labels_of(close: Floats, target: Target) -> Labels:
    """Return the labels of prices.

    Parameters
    ----------
    close
        (T, N); NaN where a symbol has no bar. Bars ahead are counted in a symbol's own.
    target
        ``triple_barrier`` is that of López de Prado, *Advances in Financial Machine Learning*
        (2018), chapter 3, with both barriers at ``barrier`` times the deviation of daily
        log returns times the root of the horizon, and closes alone looked at.
    """
    shape = close.shape
    values, outcome = np.full(shape, np.nan), np.full(shape, np.nan)
    ends = np.full(shape, -1, np.int64)
    for column in range(shape[1]):
        bars = np.flatnonzero(np.isfinite(close[:, column]))
        if len(bars) <= target.horizon:
            continue
        label, end, later = _of_one(close[bars, column], target)
        values[bars, column], outcome[bars, column] = label, later
        ends[bars, column] = np.where(np.isfinite(label), bars[end], -1)
    if target.kind == "ranking":
        values = _places(values)
        # A place is known once the last of the symbols' returns is.
        ends = np.where(np.isfinite(values), ends.max(axis=1, keepdims=True), -1)
    last_known = _lagged(values, ends, close, target.horizon)
    return Labels(
        values, ends, last_known, values.copy() if target.kind == "volatility" else outcome
    )


def _of_one(price: Floats, target: Target) -> tuple[Floats, Ints, Floats]:
    """Return label, place of its end, and return over the horizon of one symbol's bars."""
    count, ahead = len(price), target.horizon
    later = np.full(count, np.nan)
    later[:-ahead] = price[ahead:] / price[:-ahead] - 1.0
    end = np.minimum(np.arange(count) + ahead, count - 1)
    if target.kind in ("return", "ranking"):
        return later.copy(), end, later
    if target.kind == "direction":
        return np.where(np.isfinite(later), (later > 0.0).astype(float), np.nan), end, later
    steps = np.diff(np.log(price))
    if target.kind == "volatility":
        label = np.full(count, np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(steps, ahead)
        label[: len(windows)] = windows.std(axis=1, ddof=1)
        return label, end, later
    return (*_triple_barrier(price, steps, target), later)


def _triple_barrier(price: Floats, steps: Floats, target: Target) -> tuple[Floats, Ints]:
    count, ahead, window = len(price), target.horizon, target.window
    label, end = np.full(count, np.nan), np.minimum(np.arange(count) + ahead, count - 1)
    first = window  # the first bar with a whole window of returns behind it
    if count <= first + ahead:
        return label, end
    deviation = np.lib.stride_tricks.sliding_window_view(steps, window).std(axis=1, ddof=1)
    starts = np.arange(first, count - ahead)
    width = target.barrier * deviation[starts - window] * np.sqrt(ahead)
    paths = np.log(np.lib.stride_tricks.sliding_window_view(price, ahead)[starts + 1])
    moved = paths - np.log(price[starts])[:, None]
    up, down = moved >= width[:, None], moved <= -width[:, None]
    touched = up | down
    place = np.where(touched.any(axis=1), touched.argmax(axis=1), ahead - 1)
    rows = np.arange(len(starts))
    # Places of the classes: a loss 0, neither 1, a gain 2. A flat price touches nothing.
    side = 1.0 + up[rows, place].astype(float) - down[rows, place].astype(float)
    label[starts] = np.where(width > 0.0, side, np.nan)
    end[starts] = starts + 1 + place
    return label, end


def _places(returns: Floats) -> Floats:
    """Return each return's place in its row, ties sharing theirs; NaN where it is alone."""
    count = np.isfinite(returns).sum(axis=1, keepdims=True)
    place = (row_ranks(returns) - 0.5) / np.maximum(count, 1) - 0.5
    found: Floats = np.where(count > 1, place, np.nan)
    return found


def _lagged(values: Floats, ends: Ints, close: Floats, bars: int) -> Floats:
    """Return the label of so many bars before, where it is known by then."""
    found = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        own = np.flatnonzero(np.isfinite(close[:, column]))
        if len(own) <= bars:
            continue
        before, now = own[:-bars], own[bars:]
        known = (ends[before, column] >= 0) & (ends[before, column] <= now)
        found[now, column] = np.where(known, values[before, column], np.nan)
    return found
