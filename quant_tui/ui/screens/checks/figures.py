"""One check in full: what it found, what it rests on, and its figures with bars."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.trust_card import verdict_of
from quant_tui.ui.widgets.page import heading
from quant_tui.ui.widgets.table_grid import fit

FIGURE_WIDTH = 9
"""Cells of a figure with the space before it."""

WIDEST_BAR, SHORTEST_BAR = 32, 8
OWN = "›"
"""Before the run as it is."""


def check_lines(line: Document | None, width: int) -> list[Content]:
    """Write one line of a card in full."""
    if line is None:
        return []
    verdict = verdict_of(line.get("verdict"))
    rests = f"Rests on {line.get('rests_on') or 'nothing stated'}"
    found = [
        Content.assemble(
            (str(line.get("title")), "bold $accent"), "  ", (verdict.text, f"bold {verdict.style}")
        ),
        Content(""),
        *Content(str(line.get("text") or "")).wrap(width),
        *Content.styled(rests, "$text-muted").wrap(width),
    ]
    table = line.get("table")
    if table and table["rows"]:
        found += [Content(""), heading("Figures", width), *table_lines(table, width)]
    return found


def table_lines(table: Document, width: int) -> list[Content]:
    """Write the figures of a check, the drawn column with a bar where there is room.

    A label that is longer than the room for it stands in lines of its own, over its figures.
    """
    columns, rows = table["columns"], table["rows"]
    figures = [at for at, one in enumerate(columns) if at and one["unit"] != "text"]
    words = [at for at, one in enumerate(columns) if at and one["unit"] == "text"]
    drawn = next((at for at in figures if columns[at]["key"] == table.get("drawn")), None)
    longest = max(Content(str(row[0])).cell_length for row in rows)
    longest = max(longest, len(columns[0]["title"]))
    room = width - 2 - FIGURE_WIDTH * len(figures)
    bar = min(WIDEST_BAR, room - longest - 2) if drawn is not None else 0
    if bar < SHORTEST_BAR:
        bar = 0  # what was changed comes first
    words_room = 2 + max(FIGURE_WIDTH * 2, room // 2 - bar) if words else 0
    label = max(1, min(longest, room - words_room - (bar + 2 if bar else 0)))
    header = "  " + fit(str(columns[0]["title"]), label, "left")
    header += "".join(fit(str(columns[at]["title"]), FIGURE_WIDTH, "right") for at in figures)
    header += " " * (bar + 2 if bar else 0)
    header += "".join("  " + str(columns[at]["title"]) for at in words)
    scale = _Scale([row[drawn] for row in rows], bar) if drawn is not None and bar else None
    lines = [Content.styled(header, "$text-muted").truncate(width)]
    for place, row in enumerate(rows):
        own = place == table.get("own")
        head, name = f"{OWN if own else ' '} ", str(row[0])
        if Content(name).cell_length > label:
            for part in Content(name).wrap(width - 2):
                lines.append(Content.assemble(head, part).stylize("bold" if own else ""))
                head = "  "
            name = ""
        parts: list[Content | tuple[str, str]] = [
            (head + fit(name, label, "left"), "bold" if own else ""),
            ("".join(_written(row[at], columns[at]["unit"]) for at in figures),
             "bold" if own else ""),
        ]  # fmt: skip
        if scale is not None and drawn is not None:
            parts += [("  ", ""), scale.bar(row[drawn])]
        parts += [(f"  {row[at]}", "$text-muted") for at in words]
        lines.append(Content.assemble(*parts).truncate(width, ellipsis=True))
    return lines


def _written(value: float | None, unit: str) -> str:
    write = {"share": lambda one: fmt.percent(one, 1), "count": fmt.integer}.get(unit, fmt.number)
    return fit(write(value), FIGURE_WIDTH, "right")


class _Scale:
    """Bars from 0 to a figure, to half a cell; those of figures below 0 go to the left."""

    def __init__(self, values: Sequence[float | None], width: int) -> None:
        known = [value for value in values if value is not None]
        self._low, self._high = -min([0.0, *known]), max([0.0, *known])
        span = self._low + self._high
        self._below = round(self._low / span * width) if span else 0
        if 0.0 < self._low < span:
            self._below = min(max(self._below, 1), width - 1)
        self._above = width - self._below

    def bar(self, value: float | None) -> Content:
        """Draw one, as wide as all of them."""
        if not value:
            return Content(" " * (self._below + self._above))
        if value > 0.0:
            drawn = _half_cells(value / self._high, self._above, "╸")
            return Content.styled(" " * self._below + drawn.ljust(self._above), "$up")
        drawn = _half_cells(-value / self._low, self._below, "╺")[::-1]
        return Content.styled(drawn.rjust(self._below) + " " * self._above, "$down")


def _half_cells(share: float, width: int, half: str) -> str:
    full, rest = divmod(max(1, round(share * width * 2)), 2)
    return "━" * full + half * rest
