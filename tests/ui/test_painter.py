"""The painter must leave the terminal showing what Textual's own output would."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from quant_tui.ui.painter import Painter, runs

STYLES = [
    Style.parse(text)
    for text in ("red on blue", "white on blue", "bold on black", "underline green on black")
]
WORDS = ["abc", " ", "   ", "삼성전자", "é", "x 한 y", "▲ +1.2%", "        ", "日本"]
WIDTH, HEIGHT = 30, 6


def make_console() -> Console:
    return Console(color_system="truecolor", force_terminal=True, file=None, _environ={})


def random_strip(rnd: random.Random, width: int) -> Strip:
    segments: list[Segment] = []
    while sum(segment.cell_length for segment in segments) < width:
        segments.append(Segment(rnd.choice(WORDS), rnd.choice(STYLES)))
    return Strip(segments).crop(0, width)


def layout(rnd: random.Random) -> LayoutUpdate:
    lines = [[random_strip(rnd, 12), random_strip(rnd, WIDTH - 12)] for _ in range(HEIGHT)]
    return LayoutUpdate(lines, Region(0, 0, WIDTH, HEIGHT))


def chops(rnd: random.Random) -> ChopsUpdate:
    made: list[dict[int, Strip | None]] = []
    spans: list[tuple[int, int, int]] = []
    for y in range(HEIGHT):
        left = random_strip(rnd, 12) if rnd.random() < 0.7 else None
        made.append({0: left, 12: random_strip(rnd, WIDTH - 12)})
        if rnd.random() < 0.6:
            spans.append((y, 0 if left else 12, WIDTH))
    spans = spans or [(0, 12, WIDTH)]
    return ChopsUpdate(made, spans, [[12, WIDTH]] * HEIGHT)


def shown(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Return what a person sees: on a blank that nothing is drawn on, only the background."""
    cells = []
    for y in range(HEIGHT):
        row = []
        for x in range(WIDTH):
            cell = screen.buffer[y][x]
            blank = cell.data == " " and not cell.underscore
            row.append((cell.data, cell.bg) if blank else tuple(cell))
        cells.append(row)
    return cells


@pytest.mark.parametrize("erases", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_terminal_shows_the_same_as_with_textuals_output(seed: int, erases: bool) -> None:
    rnd = random.Random(seed)
    console = make_console()
    painter = Painter(erases=erases)
    usual, thrifty = pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    usual_stream, thrifty_stream = pyte.Stream(usual), pyte.Stream(thrifty)
    for step in range(12):
        update = layout(rnd) if step == 0 or rnd.random() < 0.2 else chops(rnd)
        usual_stream.feed(update.render_segments(console).replace("\n", ""))
        thrifty_stream.feed(painter.paint(update, Size(WIDTH, HEIGHT), console))
        assert shown(thrifty) == shown(usual), f"step {step}"


def test_nothing_is_sent_for_what_is_shown_already() -> None:
    painter, console = Painter(), make_console()
    update = layout(random.Random(1))
    assert painter.paint(update, Size(WIDTH, HEIGHT), console)
    assert painter.paint(update, Size(WIDTH, HEIGHT), console) == ""


def test_everything_is_sent_again_after_a_resize_or_when_told_to_forget() -> None:
    painter, console = Painter(), make_console()
    update = layout(random.Random(1))
    first = painter.paint(update, Size(WIDTH, HEIGHT), console)
    painter.forget()
    assert painter.paint(update, Size(WIDTH, HEIGHT), console) == first
    assert painter.paint(update, Size(WIDTH, HEIGHT + 1), console) == first


def test_one_changed_letter_costs_one_letter() -> None:
    painter, console = Painter(), make_console()
    size = Size(WIDTH, 1)
    for text in ("price 100.25", "price 100.26"):
        line = [Strip([Segment(text.ljust(WIDTH), STYLES[0])])]
        sent = painter.paint(LayoutUpdate([line], Region(0, 0, WIDTH, 1)), size, console)
    assert "6" in sent
    assert "price" not in sent
    assert len(sent) < 40


def test_near_changes_are_joined_and_far_ones_are_not() -> None:
    assert list(runs([1, 2, 5, 30, 31])) == [(1, 5), (30, 31)]


@pytest.mark.parametrize("seed", range(25))
def test_moved_lines_show_the_same_for_less(seed: int) -> None:
    rnd = random.Random(seed)
    console, size = make_console(), Size(WIDTH, HEIGHT)
    moving, still = Painter(), Painter()
    usual, thrifty = pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    usual_stream, thrifty_stream = pyte.Stream(usual), pyte.Stream(thrifty)
    lines = [[random_strip(rnd, WIDTH)] for _ in range(60)]
    top, with_moves, without = 20, 0, 0
    for step in range(12):
        lines_up = rnd.choice((-2, -1, 1, 2)) if step else 0
        top += lines_up
        update = LayoutUpdate([lines[0], *lines[top : top + HEIGHT - 1]], Region(0, 0, *size))
        usual_stream.feed(update.render_segments(console).replace("\n", ""))
        moving.scrolled(1, HEIGHT, lines_up)
        sent = moving.paint(update, size, console)
        with_moves += len(sent)
        without += len(still.paint(update, size, console))
        thrifty_stream.feed(sent)
        assert shown(thrifty) == shown(usual), f"step {step}"
    assert with_moves < without


def test_pieces_are_sent_look_by_look_where_that_is_shorter() -> None:
    painter, console = Painter(), make_console()
    columns = [Segment("12345  ", style) for style in STYLES[:4]]
    rows = [[Strip(columns)] for _ in range(HEIGHT)]
    sent = painter.paint(LayoutUpdate(rows, Region(0, 0, 28, HEIGHT)), Size(28, HEIGHT), console)
    assert sent.count("m12345") == 4
    assert sent.count("12345") == 4 * HEIGHT


def test_long_blanks_are_erased_but_not_where_they_are_underlined() -> None:
    console, size = make_console(), Size(WIDTH, 1)
    for style, erased in ((STYLES[0], True), (STYLES[3], False)):
        painter = Painter(erases=True)
        line = [Strip([Segment("a" + " " * (WIDTH - 1), style)])]
        sent = painter.paint(LayoutUpdate([line], Region(0, 0, WIDTH, 1)), size, console)
        assert (f"\x1b[{WIDTH - 1}X" in sent) is erased
