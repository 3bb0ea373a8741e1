"""A rectangle of characters and their roles, and the marks that are drawn on it.

Lines are dots of braille, two across and four down a cell; areas and bars are eighths of
a cell. All of it is work on arrays: a line of a 200x60 terminal takes a millisecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.ui.widgets.chart_data import Floats, Pattern

FILLED = "-filled"
"""Ends the role of a cell whose background has the role's colour."""

ON = "-on-"
"""Stands between the role of a character and that of the filled cell it is on."""

_BRAILLE = 0x2800
_LOWER_BLOCKS = " ▁▂▃▄▅▆▇"
_BITS = np.array(((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)))
_LEFT_DOTS = 0x47
"""Bits of a braille cell's left column: a line of these alone is drawn thinner."""

_PATTERNS: dict[Pattern, tuple[int, int]] = {
    "dashed": (8, 6), "dotted": (4, 2), "long": (18, 14), "sparse": (10, 2),
}  # fmt: skip
"""Dots across after which a pattern begins again, and how many of them are drawn."""

PATTERN_MARKS: dict[Pattern, str] = {
    "solid": "━", "thin": "┈", "dashed": "╍", "dotted": "┉", "long": "╾", "sparse": "·",
}  # fmt: skip
"""What stands for a pattern in a legend."""


class Canvas:
    """``height`` rows of ``width`` characters, and the role of each."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.characters = [[" "] * width for _ in range(height)]
        self.roles = [[""] * width for _ in range(height)]

    def put(self, row: int, column: int, text: str, role: str, *, over: bool = True) -> None:
        """Write a text; with ``over`` false, only where nothing but the background is."""
        if not 0 <= row < self.height:
            return
        for at, character in enumerate(text, column):
            if 0 <= at < self.width and (over or self._is_background(row, at)):
                self.characters[row][at], self.roles[row][at] = character, self._on(row, at, role)

    def _on(self, row: int, column: int, role: str) -> str:
        """Return a role for what stands on a filled cell, which stays filled."""
        below = self.roles[row][column]
        if below.endswith(FILLED) and not role.endswith(FILLED):
            return f"{role}{ON}{below.removesuffix(FILLED)}"
        return role

    def _is_background(self, row: int, column: int) -> bool:
        return self.roles[row][column] in ("", "grid")

    def grid_row(self, row: int) -> None:
        """Draw the quiet line of a tick."""
        for column in range(0, self.width, 2):
            self.put(row, column, "·", "grid")

    def level(self, row: int) -> None:
        """Draw the line of a level."""
        self.put(row, 0, "─" * self.width, "axis")

    def vertical(self, column: int, role: str) -> None:
        """Draw a line from the top down to what is drawn there."""
        for row in range(self.height):
            self.put(row, column, "│", role, over=False)

    def line(self, x: Floats, y: Floats, role: str, pattern: Pattern = "solid") -> None:
        """Join points by a line of dots.

        Parameters
        ----------
        x, y
            (K,) in dots: 0 to 2 · width - 1 from the left, 0 to 4 · height - 1 from the top.
        """
        if not len(x):
            return
        dots = _dots(x, y, 2 * self.width, 4 * self.height)
        if pattern in _PATTERNS:
            period, drawn = _PATTERNS[pattern]
            dots[:, np.arange(2 * self.width) % period >= drawn] = False
        cells = dots.reshape(self.height, 4, self.width, 2)
        codes = (cells * _BITS[None, :, None, :]).sum(axis=(1, 3))
        if pattern == "thin":
            codes = np.where(codes & _LEFT_DOTS, codes & _LEFT_DOTS, codes)
        for row, column in zip(*(part.tolist() for part in np.nonzero(codes)), strict=True):
            code = int(codes[row, column])
            below = ord(self.characters[row][column]) - _BRAILLE
            if 0 < below < 256:
                code |= below  # dots of two lines in one cell are joined
            self.characters[row][column] = chr(_BRAILLE + code)
            self.roles[row][column] = self._on(row, column, role)

    def area(self, depth: Floats, role: str) -> None:
        """Fill downwards from the top; ``depth`` (width,) is in rows."""
        for column, eighths in enumerate(np.ceil(np.nan_to_num(depth) * 8 - 0.25).astype(int)):
            full, part = divmod(int(eighths), 8)
            self._fill(column, range(min(full, self.height)), role)
            if part > 0 and full < self.height:
                # the lower rest of the cell in the background's colour: reversed
                self.put(full, column, _LOWER_BLOCKS[8 - part], role + FILLED)

    def bars(self, height: Floats, role: str) -> None:
        """Fill upwards from the bottom; ``height`` (width,) is in rows."""
        for column, eighths in enumerate(np.ceil(np.nan_to_num(height) * 8 - 0.25).astype(int)):
            full, part = divmod(int(eighths), 8)
            full = min(full, self.height)
            self._fill(column, range(self.height - full, self.height), role)
            if part > 0 and full < self.height:
                self.put(self.height - 1 - full, column, _LOWER_BLOCKS[part], role)

    def _fill(self, column: int, rows: range, role: str) -> None:
        for row in rows:
            # a coloured background: block characters leave seams in some fonts
            self.put(row, column, " ", role + FILLED)


def _dots(x: Floats, y: Floats, width: int, height: int) -> NDArray[np.bool_]:
    """Return (height, width) dots: every segment between two points, one dot a step."""
    dots = np.zeros((height, width), dtype=np.bool_)
    across, down = np.diff(x), np.diff(y)
    steps = np.maximum(1, np.ceil(np.maximum(np.abs(across), np.abs(down)))).astype(np.int64)
    segment = np.repeat(np.arange(len(steps)), steps)
    step = np.arange(len(segment)) - np.repeat(np.cumsum(steps) - steps, steps)
    part = step / steps[segment]
    columns = np.append(x[segment] + across[segment] * part, x[-1])
    rows = np.append(y[segment] + down[segment] * part, y[-1])
    dots[
        np.clip(np.rint(rows), 0, height - 1).astype(np.int64),
        np.clip(np.rint(columns), 0, width - 1).astype(np.int64),
    ] = True
    return dots
