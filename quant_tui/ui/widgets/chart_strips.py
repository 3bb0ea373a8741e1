"""From a grid of characters to strips that the terminal shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.style import Style

    from quant_tui.ui.widgets.chart_raster import Grid


def strips_of(grid: Grid, style_of: Callable[[str], Style]) -> list[Strip]:
    """Return a strip for each row of a grid.

    Parameters
    ----------
    style_of
        From a role to how it looks; asked once for each role.
    """
    found = {role for row in grid.roles for role in row}
    styles = {role: style_of(role) for role in found}
    return [
        Strip(_runs(characters, roles, styles))
        for characters, roles in zip(grid.characters, grid.roles, strict=True)
    ]


def _runs(characters: list[str], roles: list[str], styles: dict[str, Style]) -> list[Segment]:
    """Join neighbouring cells of the same role into segments."""
    segments: list[Segment] = []
    begin = 0
    for at in range(1, len(characters) + 1):
        if at == len(characters) or roles[at] != roles[begin]:
            segments.append(Segment("".join(characters[begin:at]), styles[roles[begin]]))
            begin = at
    return segments
