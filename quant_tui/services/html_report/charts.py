"""Charts as inline SVG: lines over time and bars, coloured by the page's own style."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from quant_tui.services.html_report.markup import Markup, tag
from quant_tui.services.html_report.scale import Floats, Scale, date_ticks, scale_of, thinned

WIDTH = 960
LEFT, RIGHT = 74, 14

Write = Callable[[float], str]
"""From a value to the text of a tick."""


class TimeChart:
    """Lines and areas over common dates, one panel under another.

    Parameters
    ----------
    dates
        ISO dates or times (T,).
    label
        What the chart shows, for people who do not see it.
    """

    def __init__(self, dates: Sequence[str], label: str) -> None:
        self._dates = dates
        self._label = label
        self._x = Scale(0.0, max(1.0, len(dates) - 1.0), LEFT, WIDTH - RIGHT)
        self._height = 6.0
        self._parts: list[Markup] = []

    def panel(
        self,
        height: float,
        lines: Sequence[tuple[str, Floats]],
        write: Write,
        *,
        floor: float | None = None,
        filled: bool = False,
    ) -> None:
        """Add a panel under the others.

        Parameters
        ----------
        height
            Of the panel.
        lines
            Class and values (T,) of each line; NaN where there is none.
        write
            How its ticks are written.
        floor
            A value that the panel must show, with a line of its own.
        filled
            Whether the space between the lines and ``floor`` is filled.
        """
        top = self._height
        y = scale_of(np.concatenate([one for _, one in lines]), top + height, top, floor=floor)
        for value in y.ticks(max(3, round(height / 48))):
            place = y.at(value)
            self._parts.append(
                tag("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(place), y2=_n(place))
            )
            self._parts.append(
                tag("text", write(value), class_="tick end", x=LEFT - 8, y=_n(place + 4))
            )
        if floor is not None:
            place = y.at(floor)
            self._parts.append(
                tag("line", class_="base", x1=LEFT, x2=WIDTH - RIGHT, y1=_n(place), y2=_n(place))
            )
        for name, values in lines:
            rows, kept = thinned(values)
            if not len(rows):
                continue
            path = self._path(rows.tolist(), kept.tolist(), y)
            if filled and floor is not None:
                ground = _n(y.at(floor))
                first, last = (_n(self._x.at(float(row))) for row in (rows[0], rows[-1]))
                area = f"{path}L{last},{ground}L{first},{ground}Z"
                self._parts.append(tag("path", class_=f"area {name}", d=area))
            self._parts.append(tag("path", class_=f"line {name}", d=path))
        self._height += height + 20.0

    def svg(self) -> Markup:
        """Return the chart with its dates along the bottom."""
        bottom = self._height - 14.0
        for row, label in date_ticks(self._dates):
            place = self._x.at(float(row))
            if place > WIDTH - RIGHT - 24:
                continue
            self._parts.append(
                tag("line", class_="grid", x1=_n(place), x2=_n(place), y1=6, y2=_n(bottom))
            )
            self._parts.append(
                tag("text", label, class_="tick middle", x=_n(place), y=_n(bottom + 14))
            )
        return _svg(self._height + 8.0, self._label, self._parts)

    def _path(self, rows: list[int], values: list[float], y: Scale) -> str:
        points = (
            f"{_n(self._x.at(row))},{_n(y.at(value))}"
            for row, value in zip(rows, values, strict=True)
        )
        return "M" + "L".join(points)


def histogram(
    edges: Floats, counts: Sequence[int], marks: Sequence[tuple[str, float]], label: str
) -> Markup:
    """Return bars of counts between edges, falls and rises in their colours.

    Parameters
    ----------
    edges
        B + 1 rising values, fractions.
    counts
        B counts.
    marks
        Names and values at which a line stands.
    """
    height = 220.0
    x = Scale(float(edges[0]), float(edges[-1]), LEFT, WIDTH - RIGHT)
    y = Scale(0.0, max(1.0, max(counts) * 1.08), height, 22.0)
    parts = []
    for value in y.ticks(4):
        place = _n(y.at(value))
        parts.append(tag("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=place, y2=place))
        parts.append(
            tag("text", f"{value:,.0f}", class_="tick end", x=LEFT - 8, y=_n(y.at(value) + 4))
        )
    for at, count in enumerate(counts):
        if not count:
            continue
        low, high = x.at(float(edges[at])), x.at(float(edges[at + 1]))
        side = "down" if (edges[at] + edges[at + 1]) / 2 < 0 else "up"
        top = y.at(float(count))
        parts.append(
            tag("rect", class_=f"bar {side}", x=_n(low + 0.5), y=_n(top),
                width=_n(max(0.5, high - low - 1.0)), height=_n(height - top))
        )  # fmt: skip
    below = _n(height + 16)
    parts += [
        tag("text", f"{value * 100:g}%", class_="tick middle", x=_n(x.at(value)), y=below)
        for value in x.ticks(8)
    ]
    for at, (name, value) in enumerate(marks):
        if edges[0] <= value <= edges[-1]:
            place = _n(x.at(value))
            parts.append(tag("line", class_="mark", x1=place, x2=place, y1=22, y2=_n(height)))
            side = "end" if at == 0 else "start"
            shift = -5 if at == 0 else 5
            parts.append(tag("text", name, class_=f"tick {side}", x=_n(x.at(value) + shift), y=16))
    return _svg(height + 26.0, label, parts)


def _svg(height: float, label: str, parts: Sequence[Markup]) -> Markup:
    return tag(
        "svg", tag("title", label), list(parts),
        viewBox=f"0 0 {WIDTH} {_n(height)}", role="img", aria_label=label,
    )  # fmt: skip


def _n(value: float) -> str:
    return f"{value:.1f}"
