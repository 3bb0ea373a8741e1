"""What a key in a table sends, and that a detail beside it is never another row's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ComposeResult
from textual.content import Content
from textual.screen import Screen

from quant_tui.ui import themes
from quant_tui.ui.erasing import erases_in_colour
from quant_tui.ui.painter import Painter
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table

MOST_BYTES = 3000
COLUMNS = tuple(
    Column(f"Column {at}", 14, role=lambda _value, at=at: "muted" if at % 2 else "up")  # type: ignore[misc]  # at is bound
    for at in range(12)
)


class Host(App[None]):
    """A table of the whole terminal, painted as the app paints."""

    def __init__(self) -> None:
        super().__init__()
        self.painter = Painter()
        self.table = Table(COLUMNS)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.DEFAULTS

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        rows = [Row(str(n), [f"{n * at} of row {n}" for at in range(12)]) for n in range(5000)]
        self.table.set_rows(rows)
        self.table.focus()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, LayoutUpdate | ChopsUpdate):
            self.painter.take(renderable, self.size, self.console)
        super()._display(screen, renderable)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_a_key_that_scrolls_sends_the_new_lines_alone(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.painter.send()
        moved = 0
        for key in ["down"] * 3 * size[1] + ["up"] * 3 * size[1]:
            await pilot.press(key)
            sent = app.painter.send()
            assert len(sent.encode()) <= MOST_BYTES
            moved += "M\x1b[r" in sent or "L\x1b[r" in sent
        assert moved >= 4


class PageHost(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.layouts = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.DEFAULTS

    def compose(self) -> ComposeResult:
        yield self.page

    def lines(self) -> list[str]:
        return [
            "".join(segment.text for segment in strip).rstrip()
            for strip in self.screen._compositor.render_strips()
        ]


async def test_a_page_shows_its_last_text_whether_longer_shorter_or_of_another_style() -> None:
    app = PageHost()
    async with app.run_test(size=(30, 5)) as pilot:
        for count in (2, 12, 3, 0, 5):
            app.page.show(lambda _width, n=count: [Content(f"{n}: {at}") for at in range(n)])  # type: ignore[misc]  # n is bound
            await pilot.pause()
            wanted = [f"{count}: {at}" for at in range(min(count, 5))]
            found = [line.rstrip("▁▂▃▄▅▆▇█ ") for line in app.lines()]
            assert found == wanted + [""] * (5 - len(wanted))
            assert app.page.max_scroll_y == max(0, count - 5)
        app.page.show(lambda _width: [Content.styled("5: 0", "bold")])
        await pilot.pause()
        assert app.page.render_line(0)._segments[0].style.bold  # type: ignore[union-attr]  # it has one


async def test_a_page_breaks_lines_that_are_too_long_and_keeps_its_place_on_the_text() -> None:
    app = PageHost()
    async with app.run_test(size=(20, 5)) as pilot:
        app.page.show(lambda _width: [Content("word " * 40), Content("two\nlines")])
        await pilot.pause()
        assert all(line.cell_length < 20 for line in app.page.lines)
        assert [line.plain for line in app.page.lines[-2:]] == ["two", "lines"]
        app.page.focus()
        await pilot.press("end")
        await pilot.pause()
        assert app.lines()[-1].startswith("lines")


def test_tmux_erases_in_colour() -> None:
    assert erases_in_colour({"TERM": "tmux-256color", "TMUX": "/tmp/tmux-1/default,1,0"})
    assert erases_in_colour({"TERM": "screen-256color", "TMUX": "/tmp/tmux-1/default,1,0"})


@pytest.mark.parametrize("terminal", ["no-such-terminal", ""])
def test_an_unknown_terminal_does_not_erase_in_colour(terminal: str) -> None:
    """In a process of its own: curses reads one terminal's description, and only once."""
    program = "import sys; from quant_tui.ui.erasing import erases_in_colour as e; sys.exit(e())"
    environment = {"PATH": os.environ["PATH"], "TERM": terminal}
    assert subprocess.run([sys.executable, "-c", program], env=environment).returncode == 0
