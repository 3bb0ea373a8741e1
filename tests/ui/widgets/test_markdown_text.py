"""Markdown as one widget: what it looks like, that growing gives the same, and its links."""

from __future__ import annotations

import threading

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from quant_tui.ui.widgets.markdown_lines import MarkdownLines, end_of, laid_out
from quant_tui.ui.widgets.markdown_text import LARGE, MarkdownText

SOURCE = """\
# 골든 크로스

A *word*, **strong `code`** and [a link](quant:backtest/1), broken
softly.

> quoted
> - a
>   - b

9. nine
10. ten
    - inside

| 그림 | Value | 비고 |
|:--|--:|:-:|
| 세션 | 252 | 1년 |
| Made up | 98.7 %[?] | words that are wrapped in here |

---
```python
def f(x):
\treturn x  # a line that is longer than there is room
```

<b>as it is</b>
"""
DRAWN = """\
골든 크로스
A word, strong code and a link, broken
softly.

▌ quoted
▌ • a
▌   ▪ b

 9. nine
10. ten
    ▪ inside

그림         Value          비고
───────  ─────────  ────────────────────
세션           252          1년
Made up  98.7 %[?]     words that are
                      wrapped in here

────────────────────────────────────────

 def f(x):
     return x  # a line that is longer
 than there is room

<b>as it is</b>
"""


def drawn(text: MarkdownLines, width: int) -> list[str]:
    return [line.plain.rstrip() for block in text.blocks for line in block.lines(width)]


def test_every_part_is_drawn_within_its_width() -> None:
    text = MarkdownLines(SOURCE)
    for width in (1, 7, 40, 200):
        lines = [line for block in text.blocks for line in block.lines(width)]
        assert width < 40 or max(line.rstrip().cell_length for line in lines) <= width
    assert drawn(text, 40) == [*DRAWN.splitlines(), ""]


def test_a_text_that_grows_is_the_same_as_one_that_came_whole() -> None:
    for size in (1, 3, 50):
        text = MarkdownLines("")
        for at in range(0, len(SOURCE), size):
            before = list(text.blocks)
            first = text.append(SOURCE[at : at + size])
            assert all(one is two for one, two in zip(before[:first], text.blocks, strict=False))
            assert first >= len(before) - 1, "only the last block is read again"
        assert drawn(text, 40) == drawn(MarkdownLines(SOURCE), 40)


class Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.text = MarkdownText("")
        self.followed: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.text

    def on_markdown_text_link_clicked(self, event: MarkdownText.LinkClicked) -> None:
        self.followed.append(event.address)


async def test_it_grows_and_its_links_are_followed() -> None:
    app = Host()
    async with app.run_test(size=(40, 20)) as pilot:
        app.text.append("see")
        app.text.append(" [this](quant:backtest/1)")
        await pilot.pause()
        assert app.text.size.height == 2
        await pilot.click(offset=(5, 0))
        assert app.followed == ["quant:backtest/1"]
        app.text.append("\n\nand more")
        await pilot.pause()
        assert app.text.size.height == 4
        assert app.text.render_line(2).text.startswith("and more")
        app.screen.text_select_all()
        assert app.screen.get_selected_text() == "see this\n\nand more"

        # a large one is laid out in a thread: what was there stays, what comes meanwhile is added
        large = SOURCE * (LARGE // len(SOURCE) + 1)
        app.text.update(large)
        app.text.append("\n\nthe end")
        assert app.text.render_line(2).text.startswith("and more")

        async def shows(source: str) -> None:
            for _ in range(500):
                wanted = drawn(MarkdownLines(source), app.text.size.width)
                lines = [one.plain.rstrip() for one in app.text._lines]
                if lines == wanted and app.text.size.height == len(wanted):
                    return
                await pilot.pause(0.01)
            raise AssertionError("it was never laid out")

        await shows(large + "\n\nthe end")
        width = app.text.size.width
        app.text.append(", not quite")
        await shows(large + "\n\nthe end, not quite")
        await pilot.resize_terminal(30, 20)
        await shows(large + "\n\nthe end, not quite")
        assert app.text.size.width < width
        app.text.update("small")
        await shows("small")


def test_the_end_of_a_text_begins_with_a_paragraph() -> None:
    assert end_of("one\n\ntwo\n\nthree", 6) == "two\n\nthree"
    assert end_of("one\n\ntwo\n\nthree", 5) == "three"
    assert end_of("one long line", 4) == "one long line"
    code = "see\n\n```python\na = 1\n\nb = 2\n```\n\nso"
    assert end_of(code, 12) == "```\nb = 2\n```\n\nso"
    assert end_of(code, 2) == "so"


async def test_of_a_very_long_text_the_end_is_seen_first(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_may_go_on = threading.Event()
    asked: list[int] = []

    def held(text: str | MarkdownLines, width: int) -> MarkdownLines:
        asked.append(len(text if isinstance(text, str) else text.source))
        if len(asked) > 1:
            whole_may_go_on.wait(30)
        return laid_out(text, width)

    monkeypatch.setattr("quant_tui.ui.widgets.markdown_text.laid_out", held)
    source = "".join(f"paragraph {at}\n\n" for at in range(4_000)) + "the end"
    app = Host()
    app.text = MarkdownText(source)
    async with app.run_test(size=(40, 20)) as pilot:

        async def has_lines(least: int) -> None:
            for _ in range(3_000):
                if len(app.text._lines) >= least:
                    return
                await pilot.pause(0.01)
            raise AssertionError("it was never laid out")

        try:
            await has_lines(1)
            first = app.text._lines
            assert first[-2].plain.rstrip() == "the end"
            assert len(first) < 2_000
            app.text.append(", or not")
        finally:
            whole_may_go_on.set()
        await has_lines(8_000)
        assert app.text._lines[0].plain.rstrip() == "paragraph 0"
        assert app.text._lines[-2].plain.rstrip() == "the end, or not"


def test_a_table_too_wide_cuts_no_figure() -> None:
    """Where a word or a figure would be cut in two, rows are written one below the other."""
    text = MarkdownLines(
        "| Strategy | Return | Sharpe | 시장 |\n|---|---:|---:|---|\n"
        "| RSI_MEAN on SPX | 4.02%[?] | -0.4125[?] | 평균회귀 전략 |\n| SMA | +9.1% | 0.32 | |\n"
    )

    def at(width: int) -> list[str]:
        return [line.plain for block in text.blocks for line in block.lines(width)]

    wide, narrow = at(60), at(24)
    assert wide[0].split() == ["Strategy", "Return", "Sharpe", "시장"]
    assert narrow[:5] == [
        "RSI_MEAN on SPX", "  Return: 4.02%[?]", "  Sharpe: -0.4125[?]", "  시장: 평균회귀 전략",
        "SMA",
    ]  # fmt: skip
    for width in range(20, 70):
        lines = at(width)
        assert all(cell_len(line) <= width for line in lines)
        assert all(any(one in line for line in lines) for one in ("4.02%[?]", "-0.4125[?]"))
