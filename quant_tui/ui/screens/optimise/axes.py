"""Axes of the charts of a study: trials, parameters side by side, values of a choice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.chart_axes import value_ticks
from quant_tui.ui.widgets.chart_data import column_of


@dataclass(frozen=True, slots=True)
class TrialAxis:
    """The numbers of the trials."""

    count: int
    cells: ClassVar[bool] = True

    def __len__(self) -> int:
        return self.count

    def write(self, position: int) -> str:
        """Return a trial's number."""
        return f"trial {fmt.integer(position)}"

    def ticks(self, start: int, stop: int, width: int) -> list[tuple[int, str]]:
        """Return columns and round numbers."""
        room = len(fmt.integer(stop)) + 3
        found = value_ticks(float(start), float(stop - 1), max(2, width // room))
        return [
            (column_of(at - start, stop - start, width, cells=True), fmt.integer(at))
            for at in found
            if at == int(at)
        ]


@dataclass(frozen=True, slots=True)
class NamedAxis:
    """A few places with names, from the left edge to the right."""

    names: tuple[str, ...]
    cells: ClassVar[bool] = False

    def __len__(self) -> int:
        return len(self.names)

    def write(self, position: int) -> str:
        """Return the name of a place."""
        return self.names[position]

    def ticks(self, start: int, stop: int, width: int) -> list[tuple[int, str]]:
        """Return columns and names, cut to the room between two."""
        count = max(1, stop - start - 1)
        room = max(3, (width - 1) // count - 2)
        return [
            ((at - start) * (width - 1) // count, self.names[at][:room])
            for at in range(start, stop)
        ]


@dataclass(frozen=True, slots=True)
class LevelAxis:
    """Values of a parameter at even distances."""

    texts: tuple[str, ...]
    cells: ClassVar[bool] = True

    def __len__(self) -> int:
        return len(self.texts)

    def write(self, position: int) -> str:
        """Return the value at a place."""
        return self.texts[position]

    def ticks(self, start: int, stop: int, width: int) -> list[tuple[int, str]]:
        """Return columns and values, as many as there is room for."""
        count = stop - start
        room = max(len(text) for text in self.texts) + 2
        every = max(1, math.ceil(count * room / max(1, width)))
        return [
            (min(width - 1, int((at - start + 0.5) * width / count)), self.texts[at])
            for at in range(start, stop, every)
        ]
