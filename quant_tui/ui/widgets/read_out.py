"""What a chart's line of figures keeps where they are more than fit."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment


def whole(segments: Iterable[Segment], width: int) -> list[Segment]:
    """Return what of a read-out is in ``width`` cells, closer together where room is scarce.

    A part that ends with two blanks is left out rather than cut, so that no figure loses its
    last digits or its unit; "…" says so.
    """
    parts: list[list[Segment]] = [[]]
    for one in segments:
        parts[-1].append(one)
        if one.text.endswith("  "):
            parts.append([])
    if _length(parts) <= width:
        return [one for part in parts for one in part]
    close = [
        [
            Segment(f"{one.text.rstrip()} " if one.text.endswith("  ") else one.text, one.style)
            for one in part
        ]
        for part in parts
        if part
    ]
    if _length(close) > width:
        while close and _length(close) + 2 > width:
            close.pop()
        close.append([Segment("…")])
    return [one for part in close for one in part]


def _length(parts: list[list[Segment]]) -> int:
    """Cells of parts, the blanks at the end left out."""
    return cell_len("".join(one.text for part in parts for one in part).rstrip())
