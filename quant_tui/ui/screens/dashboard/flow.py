"""Widgets from left to right in twelve columns, wrapping; one column on a narrow terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, cast

from textual.containers import VerticalScroll
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement

from quant_tui.services.dashboard_layout import COLUMNS

if TYPE_CHECKING:
    from textual.widget import Widget

    from quant_tui.services.dashboard_layout import WidgetPlace

ONE_COLUMN_BELOW = 98
"""Cells of the body under which every widget takes the whole width."""


class Span(NamedTuple):
    """How many columns out of twelve, and how many lines."""

    width: int
    height: int


class Placed(Protocol):
    """A widget that knows its place in the layout."""

    place: WidgetPlace


def flow(spans: Sequence[Span], size: Size) -> list[Region]:
    """Return where each widget goes.

    Rows are filled to the right edge by their last widget, and where lines are left over
    below, the rows share them in proportion to their heights.

    Parameters
    ----------
    spans
        In the order of the layout.
    size
        Room, in cells and lines.
    """
    narrow = size.width < ONE_COLUMN_BELOW
    rows: list[list[int]] = []
    used = COLUMNS
    for at, span in enumerate(spans):
        width = COLUMNS if narrow else span.width
        if used + width > COLUMNS:
            rows.append([])
            used = 0
        rows[-1].append(at)
        used += width
    heights = [max(spans[at].height for at in row) for row in rows]
    regions = [Region()] * len(spans)
    y = 0
    for row, height in zip(rows, _stretched(heights, size.height), strict=True):
        column = 0
        for place, at in enumerate(row):
            left = size.width * column // COLUMNS
            column += COLUMNS if narrow else spans[at].width
            last = place == len(row) - 1
            right = size.width if last else size.width * column // COLUMNS
            regions[at] = Region(left, y, right - left, height)
        y += height
    return regions


def _stretched(heights: Sequence[int], room: int) -> list[int]:
    total = sum(heights)
    if not heights or total >= room:
        return list(heights)
    ends = [sum(heights[: at + 1]) * room // total for at in range(len(heights))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


class FlowLayout(Layout):
    """Arranges the widgets of a dashboard by :func:`flow`."""

    name: ClassVar[str] = "flow"

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,
        greedy: bool = True,  # noqa: ARG002 -- Textual's signature
    ) -> ArrangeResult:
        """Return a placement for every widget."""
        parent.pre_layout(self)
        places = [cast("Placed", child).place for child in children]
        regions = flow([Span(place.width, place.height) for place in places], size)
        return [
            WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, child)
            for child, region in zip(children, regions, strict=True)
        ]


class Cards(VerticalScroll):
    """The widgets of a dashboard."""

    @property
    def layout(self) -> Layout:
        """How they are arranged; the styles know Textual's own layouts only."""
        return _FLOW


_FLOW = FlowLayout()
