"""Markdown as lines of text for a width, block by block, without a widget for each part.

A growing text is cheap this way: only its last block is read again, and what is laid out is
one widget, however many paragraphs, rows and cells there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content, Span
from textual.style import Style

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

BULLETS = ("• ", "▪ ", "‣ ")
"""By how deep a list lies in others."""

BETWEEN = 2
"""Cells between two columns of a table."""

LEAST_COLUMN = 6
"""Cells that a column of a table is narrowed to at most."""

STYLES = {"strong": "bold", "em": "italic", "s": "strike", "code_inline": "$text-accent on $panel"}


@dataclass
class Block:
    """One block of the top level: a paragraph, a list or a table, for example.

    Attributes
    ----------
    line
        At which line of the source it begins.
    """

    node: SyntaxTreeNode
    line: int
    _lines: dict[int, list[Content]] = field(default_factory=dict, repr=False)

    def lines(self, width: int) -> Sequence[Content]:
        """Return it for a width in cells, with the blank line that follows it."""
        if width not in self._lines:
            made = _lines(self.node, width, 0)
            self._lines = {width: made if self.node.type == "heading" else [*made, Content("")]}
        return self._lines[width]


class MarkdownLines:
    """A text in Markdown that may grow at its end."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.blocks = _blocks(source, 0)

    def append(self, text: str) -> int:
        """Add to the text and return which block is the first that may be another now."""
        self.source += text
        if not self.blocks:
            self.blocks = _blocks(self.source, 0)
            return 0
        kept, last = self.blocks[:-1], self.blocks[-1].line
        rest = "\n".join(self.source.split("\n")[last:])
        self.blocks = [*kept, *_blocks(rest, last)]
        return len(kept)


def laid_out(text: str | MarkdownLines, width: int) -> MarkdownLines:
    """Return a text with its lines for a width; for a thread, when it is long."""
    made = MarkdownLines(text) if isinstance(text, str) else text
    for block in made.blocks:
        block.lines(width)
    return made


def end_of(source: str, least: int) -> str:
    """Return the last paragraphs of a text, so many characters; code that is cut stays code."""
    at = source.rfind("\n\n", 0, max(len(source) - least, 0)) + 2
    if at < 2:
        return source
    fences = sum(line.lstrip().startswith("```") for line in source[:at].splitlines())
    return "```\n" * (fences % 2) + source[at:]


def prepare() -> None:
    """Import what reads and colours, which takes a moment; in a thread, before the first text."""
    MarkdownLines("```python\nx = 1\n```").blocks[0].lines(20)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("gfm-like")


def _blocks(source: str, line: int) -> list[Block]:
    from markdown_it.tree import SyntaxTreeNode

    nodes = SyntaxTreeNode(_parser().parse(source)).children
    return [Block(one, line + (one.map[0] if one.map else 0)) for one in nodes]


def _lines(node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
    width = max(width, 1)
    match node.type:
        case "heading":
            return inline(node).stylize_before("bold $text-primary").wrap(width)
        case "paragraph":
            return inline(node).wrap(width)
        case "fence" | "code_block":
            return _code(node, width)
        case "bullet_list" | "ordered_list":
            return _list(node, width, depth)
        case "blockquote":
            inner = _children(node, width - 2, depth)
            bar = Content.styled("▌ ", "$text-muted")
            return [bar + one for one in inner]
        case "table":
            return _table(node, width)
        case "hr":
            return [Content.styled("─" * width, "$text-muted")]
        case _:
            return [piece for one in node.content.split("\n") for piece in Content(one).wrap(width)]


def _children(node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
    return [line for one in node.children for line in _lines(one, width, depth)]


def _list(node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
    first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
    last = len(str(first + len(node.children) - 1))
    made: list[Content] = []
    for place, item in enumerate(node.children):
        ordered = node.type == "ordered_list"
        mark = f"{first + place:>{last}}. " if ordered else BULLETS[min(depth, len(BULLETS) - 1)]
        lines = _children(item, width - len(mark), depth + 1) or [Content("")]
        made += _hanging(Content.styled(mark, "$text-accent"), lines)
    return made


def _hanging(mark: Content, lines: Iterable[Content]) -> list[Content]:
    blank = Content(" " * mark.cell_length)
    return [(blank if place else mark) + one for place, one in enumerate(lines)]


def _code(node: SyntaxTreeNode, width: int) -> list[Content]:
    from textual.highlight import highlight

    language = node.info.split(" ")[0] if node.type == "fence" else ""
    code = node.content.rstrip("\n").expandtabs(4)
    content = highlight(code, language=language) if language else Content(code)
    room = max(width - 2, 1)
    pieces = [piece for one in content.split(allow_blank=True) for piece in one.fold(room)]
    return [
        (Content(" ") + one.rstrip_end(room)).pad_right(width - 1 - one.cell_length)
        .stylize_before("$foreground on $panel")
        for one in pieces
    ]  # fmt: skip


def _table(node: SyntaxTreeNode, width: int) -> list[Content]:
    rows = [row.children for part in node.children for row in part.children]
    cells = [[inline(cell) for cell in row] for row in rows]
    aligned = [str(cell.attrs.get("style", "")).rpartition(":")[2] for cell in rows[0]]
    widths = _widths(cells, width)
    lines: list[Content] = []
    if widths is None:
        for row in cells[1:]:
            lines += _row_as_block(cells[0], row, width)
        return lines
    for place, row in enumerate(cells):
        lines += _row(row, widths, aligned, "bold" if place == 0 else "")
        if place == 0:
            rule = (" " * BETWEEN).join("─" * one for one in widths)
            lines.append(Content.styled(rule, "$text-muted"))
    return lines


def _widths(cells: Sequence[Sequence[Content]], width: int) -> list[int] | None:
    """Return the columns' widths: what they need, the widest narrowed until all fit.

    None where that would cut a word or a figure in two, and there are rows to write one
    below the other.
    """
    columns = [[row[place] for row in cells if place < len(row)] for place in range(len(cells[0]))]
    widths = [max(max(1, cell.cell_length) for cell in column) for column in columns]
    words = [
        max(cell_len(word) for cell in column for word in cell.plain.split() or [""])
        for column in columns
    ]
    room = width - BETWEEN * (len(widths) - 1)
    if sum(words) > room and len(cells) > 1 and len(columns) > 1:
        return None
    least = [max(1, min(word, LEAST_COLUMN)) if sum(words) > room else word for word in words]
    while sum(widths) > room and any(one > low for one, low in zip(widths, least, strict=True)):
        widest = max(
            (place for place, one in enumerate(widths) if one > least[place]),
            key=lambda place: widths[place],
        )
        widths[widest] -= 1
    return widths


def _row_as_block(names: Sequence[Content], row: Sequence[Content], width: int) -> list[Content]:
    """Return a row of a table too wide: its first cell, and the others below with their names."""
    lines = [one.rstrip().stylize_before("bold") for one in row[0].wrap(width)]
    for name, cell in zip(names[1:], row[1:], strict=False):
        if cell.plain.strip():
            line = Content.assemble((f"{name.plain.strip()}: ", "$text-muted"), cell)
            lines += [one.rstrip().pad_left(2) for one in line.wrap(max(width - 2, 1))]
    return lines


def _row(
    row: Sequence[Content], widths: Sequence[int], aligned: Sequence[str], style: str
) -> list[Content]:
    wrapped = [cell.wrap(size) or [Content("")] for cell, size in zip(row, widths, strict=False)]
    gap = Content(" " * BETWEEN)
    return [
        gap.join(
            _cell(cell[at] if at < len(cell) else Content(""), size, side).stylize_before(style)
            for cell, size, side in zip(wrapped, widths, aligned, strict=False)
        )
        for at in range(max(len(one) for one in wrapped))
    ]


def _cell(content: Content, width: int, side: str) -> Content:
    content = content.rstrip()
    spare = max(width - content.cell_length, 0)
    left = {"right": spare, "center": spare // 2}.get(side, 0)
    return content.pad_left(left).pad_right(spare - left)


def inline(node: SyntaxTreeNode) -> Content:
    """Return the text of a block with its styles and links."""
    pieces: list[str] = []
    spans: list[Span] = []
    at = 0

    def walk(parts: Sequence[SyntaxTreeNode]) -> None:
        nonlocal at
        for part in parts:
            begin = at
            match part.type:
                case "softbreak":
                    text = " "
                case "hardbreak":
                    text = "\n"
                case "text":
                    text = re.sub(r"\s+", " ", part.content)
                case "image":
                    text = "".join(one.content for one in part.children) or "picture"
                case _:
                    text = part.content if not part.children else ""
            pieces.append(text)
            at += len(text)
            if part.children and part.type != "image":
                walk(part.children)
            if style := STYLES.get(part.type):
                spans.append(Span(begin, at, style))
            if address := part.attrs.get("href") or part.attrs.get("src"):
                spans.append(Span(begin, at, Style.from_meta({"@click": f"link({address!r})"})))

    walk(node.children)
    return Content("".join(pieces), spans=spans)
