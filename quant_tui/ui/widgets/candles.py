"""Candles and their volume on a canvas: rising ones hollow or thin, falling ones filled.

Prices are drawn to half a row. Where a bar has one column, a rising candle is a heavy
line and a falling one a full block; from four columns a bar on, a rising one is a box.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.ui.widgets.chart_canvas import Canvas
    from quant_tui.ui.widgets.chart_data import Floats

    Ints = NDArray[np.int64]

WIDE = 4
"""Columns a bar has from which its body is wider than one."""

WIDEST = 3
"""Most columns of a body on either side of its middle."""

_THIN = ("", "╷", "╻", "╵", "│", "╽", "╹", "╿", "┃")
"""Rising candles by upper and lower half of a cell: 3 · upper + lower, where a half is
nothing (0), wick (1) or body (2)."""


@dataclass(frozen=True, slots=True)
class Candles:
    """Open, high, low, close and volume of bars, (T,) each."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def role(self, position: int) -> Literal["rise", "fall"]:
        """Return the colour of a bar: it rises when it closes no lower than it opened."""
        return "rise" if self.close[position] >= self.open[position] else "fall"


def reduced(candles: Candles, start: int, stop: int, width: int) -> tuple[Candles, Ints]:
    """Put bars together until each has a column of its own.

    Parameters
    ----------
    start, stop
        Which bars.
    width
        Columns there are.

    Returns
    -------
    candles, columns
        At most ``width`` bars, and the column of each. The volume of several is the
        greatest of theirs, so that its height means the same at every zoom.
    """
    count = stop - start
    shown = Candles(
        candles.open[start:stop],
        candles.high[start:stop],
        candles.low[start:stop],
        candles.close[start:stop],
        candles.volume[start:stop],
    )
    if count <= width:
        columns = ((np.arange(count) + 0.5) * width / max(1, count)).astype(np.int64)
        return shown, np.minimum(columns, width - 1)
    first = np.arange(width) * count // width
    last = np.append(first[1:], count) - 1
    together = Candles(
        shown.open[first],
        np.fmax.reduceat(shown.high, first),
        np.fmin.reduceat(shown.low, first),
        shown.close[last],
        np.fmax.reduceat(shown.volume, first),
    )
    return together, np.arange(width)


def draw_candles(
    canvas: Canvas, candles: Candles, view: tuple[int, int], part: Callable[[Floats], Floats]
) -> None:
    """Draw the bars of a view.

    Parameters
    ----------
    view
        First bar and the one after the last.
    part
        From prices to how far down they lie: 0 at the top, 1 at the bottom.
    """
    start, stop = view
    shown, columns = reduced(candles, start, stop, canvas.width)
    reach = min(WIDEST, (canvas.width // max(1, stop - start) - 2) // 2)
    rises = shown.close >= shown.open
    high, opened, closed, low = (
        _halves(part(one), canvas.height)
        for one in (shown.high, shown.open, shown.close, shown.low)
    )
    top, bottom = np.minimum(opened, closed), np.maximum(opened, closed)
    for at, column in enumerate(columns.tolist()):
        if high[at] < 0:
            continue  # not on a logarithmic axis
        wick, body = (int(high[at]), int(low[at])), (int(top[at]), int(bottom[at]))
        if not rises[at]:
            _filled(canvas, column, wick, body, max(0, reach))
        elif reach < 1:
            _thin(canvas, column, wick, body)
        else:
            _box(canvas, column, wick, body, reach)


def _halves(part: Floats, height: int) -> Ints:
    """Return the half row of each place, from 0; -1 where there is none."""
    known = np.isfinite(part)
    halves = np.floor(np.where(known, part, 0.0) * 2 * height).astype(np.int64)
    return np.where(known, np.clip(halves, 0, 2 * height - 1), -1)


def _put(canvas: Canvas, row: int, column: int, text: str, role: str) -> None:
    if 0 <= column < canvas.width:
        canvas.characters[row][column], canvas.roles[row][column] = text, role


def _thin(canvas: Canvas, column: int, wick: tuple[int, int], body: tuple[int, int]) -> None:
    def half(place: int) -> int:
        if body[0] <= place <= body[1]:
            return 2
        return 1 if wick[0] <= place <= wick[1] else 0

    for row in range(wick[0] // 2, wick[1] // 2 + 1):
        mark = _THIN[3 * half(2 * row) + half(2 * row + 1)]
        if mark:
            _put(canvas, row, column, mark, "rise")


def _filled(
    canvas: Canvas, column: int, wick: tuple[int, int], body: tuple[int, int], reach: int
) -> None:
    for row in range(wick[0] // 2, wick[1] // 2 + 1):
        halves = [body[0] <= place <= body[1] for place in (2 * row, 2 * row + 1)]
        around = [wick[0] <= place <= wick[1] for place in (2 * row, 2 * row + 1)]
        if not any(halves):
            _put(canvas, row, column, _THIN[3 * around[0] + around[1]], "fall")
            continue
        mark = "█" if all(halves) else "▀" if halves[0] else "▄"
        for place in range(column - reach, column + reach + 1):
            # a wick that begins within the cell of a narrow body would leave a hole
            joined = reach == 0 and all(around)
            _put(canvas, row, place, "█" if joined else mark, "fall")


def _box(
    canvas: Canvas, column: int, wick: tuple[int, int], body: tuple[int, int], reach: int
) -> None:
    top, bottom = body[0] // 2, body[1] // 2
    for row in range(wick[0] // 2, wick[1] // 2 + 1):
        if not top <= row <= bottom:
            _put(canvas, row, column, "│", "rise")
    above, below = wick[0] // 2 < top, wick[1] // 2 > bottom
    side = "─" * (reach - 1)
    if top == bottom:
        middle = "┼" if above and below else "┴" if above else "┬" if below else "─"
        text = f"╶{side}{middle}{side}╴"
        rows = {top: text}
    else:
        rows = dict.fromkeys(range(top + 1, bottom), f"│{' ' * (2 * reach - 1)}│")
        rows[top] = f"┌{side}{'┴' if above else '─'}{side}┐"
        rows[bottom] = f"└{side}{'┬' if below else '─'}{side}┘"
    for row, text in rows.items():
        for at, mark in enumerate(text, column - reach):
            _put(canvas, row, at, mark, "rise")


def draw_volume(canvas: Canvas, candles: Candles, view: tuple[int, int], most: float) -> None:
    """Draw the volume of the bars of a view, as high as the canvas at ``most``."""
    start, stop = view
    shown, columns = reduced(candles, start, stop, canvas.width)
    side = max(0, (canvas.width // max(1, stop - start) - 2) // 2)
    rises = shown.close >= shown.open
    for role, chosen in (("up", rises), ("down", ~rises)):
        height = np.zeros(canvas.width)
        for at in np.flatnonzero(chosen).tolist():
            column = int(columns[at])
            height[max(0, column - side) : column + side + 1] = shown.volume[at] / most
        canvas.bars(height * canvas.height, role)
