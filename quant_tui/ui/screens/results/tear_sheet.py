"""Every figure of a result, grouped, in as many columns as the width allows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.glossary import SIGNED, Figure, figures_of
from quant_tui.ui.widgets.page import Page, heading

if TYPE_CHECKING:
    from quant_tui.ui.screens.results.view import ResultView

COLUMN = 36
"""Least cells of a column; title, value and the space between."""

GAP = 3
MOST_COLUMNS = 5


class TearSheet(Page):
    """The sheet; it scrolls where the terminal is low."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id, widest=MOST_COLUMNS * (COLUMN + 8))

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()

    async def show_view(self, view: ResultView) -> None:
        """Show a result's figures."""
        self.show(partial(sheet_lines, view))


def sheet_lines(view: ResultView, width: int) -> list[Content]:
    """Write the figures of a result."""
    result = view.result
    return figure_lines(result.performance, result.risk_metrics, view.undefined, width)


def figure_lines(
    performance: Document, risk_metrics: Document, undefined: Document, width: int
) -> list[Content]:
    """Write the groups side by side, then why some figures do not exist.

    Parameters
    ----------
    performance, risk_metrics
        The engine's figures by name.
    undefined
        Figure → why it does not exist.
    width
        Cells there are.
    """
    width -= 1  # the scrollbar touches no figure
    columns = max(1, min(MOST_COLUMNS, (width + GAP) // (COLUMN + GAP)))
    cells = (width + GAP) // columns - GAP
    found = figures_of(performance, risk_metrics)
    blocks = [
        [heading(group, cells), *(_line(figure, value, cells) for _, figure, value in members)]
        for group, members in groupby(found, key=lambda one: one[0])
    ]
    lines = side_by_side(_packed(blocks, columns), cells)
    missing: dict[str, list[str]] = {}
    for _, figure, value in found:
        if value is None:
            reason = str(undefined.get(figure.key) or "no value")
            missing.setdefault(reason, []).append(figure.title)
    if missing:
        lines += [Content(""), heading(f"{fmt.NOTHING} Undefined, and why", width)]
    for reason, titles in missing.items():
        line = Content.assemble((f"{reason}: ", "bold"), (", ".join(titles), "$text-muted"))
        lines += line.wrap(width)
    return lines


def _line(figure: Figure, value: float | None, cells: int) -> Content:
    written = figure.write(value)
    role = fmt.direction(value) if figure.key in SIGNED else ""
    room = cells - len(written) - 1
    title = Content(figure.title)
    if figure.note and title.cell_length + 1 + len(figure.note) <= room:
        title = Content.assemble(title, " ", (figure.note, "$text-muted"))
    title = title.truncate(room, ellipsis=True)
    shown = Content.styled(written, f"bold ${role}" if role else "bold")
    if value is None:
        shown = Content.styled(written, "$text-muted")
    return Content.assemble(title, " " * (cells - title.cell_length - len(written)), shown)


def _packed(blocks: Sequence[list[Content]], columns: int) -> list[list[Content]]:
    """Put each block, in order, under the shortest column."""
    stacks: list[list[Content]] = [[] for _ in range(columns)]
    for block in blocks:
        shortest = min(stacks, key=len)
        shortest += [Content(""), *block] if shortest else block
    return stacks


def side_by_side(columns: Sequence[list[Content]], cells: int) -> list[Content]:
    """Join columns of lines, each ``cells`` wide."""
    lines = []
    for row in range(max((len(column) for column in columns), default=0)):
        parts = []
        for at, column in enumerate(columns):
            line = column[row] if row < len(column) else Content("")
            last = at == len(columns) - 1
            parts.append(line if last else line.pad_right(cells + GAP - line.cell_length))
        lines.append(Content("").join(parts))
    return lines
