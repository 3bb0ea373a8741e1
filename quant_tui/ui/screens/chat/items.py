"""The parts of a conversation that the cursor goes to: questions, answers, calls, citations."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from quant_tui.services.chat_export import MARK
from quant_tui.ui.screens.chat.reading import Call, Cited, Turn, marked
from quant_tui.ui.widgets.markdown_text import MarkdownText

if TYPE_CHECKING:
    from textual import events

    from quant_tui.ui.app import QuantApp

PAINTS = 8.0
"""Times a second that an answer on its way is painted."""

SLOW_PAINTS = 2.0
"""The same on a slow line, and where its end is not to be seen."""

REST = 9.0
"""Times that a painting took until the next one: keys seldom come into one."""

LONGEST_REST = 1.0
"""Seconds between two paintings at most."""


class Item(Vertical, can_focus=True):
    """One part; a bar at its left says that it has the keys."""

    DEFAULT_CSS = """
    Item {
        height: auto;
        width: 1fr;
        padding: 0 1 0 0;
        border-left: blank;
        &:focus { border-left: outer $accent; }
        & > Static { height: auto; width: 1fr; }
    }
    """
    message_id = ""

    @property
    def plain(self) -> str:
        """Text that is copied."""
        return ""

    def open(self) -> None:
        """Do what ``enter`` is for."""


class Asked(Item):
    """What the person wrote."""

    DEFAULT_CSS = """
    Asked { margin-top: 1; color: $text-accent; }
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn
        self.message_id = turn.id

        self._notes = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Show the text as it was typed, and what was sent with it."""
        yield Static(Content.assemble(("› ", "bold $accent"), Content(self.turn.text)))
        yield self._notes

    def on_mount(self) -> None:
        """Say what was sent with it."""
        self.take(self.turn)

    def take(self, turn: Turn) -> None:
        """Be this message, as it is kept."""
        self.turn, self.message_id = turn, turn.id
        notes = [f"with {turn.sent}"] if turn.sent else []
        if turn.places > 1:
            notes.append(f"‹ {turn.place} of {turn.places} ›")
        self._notes.update(Content.styled("  " + "  ·  ".join(notes), "$text-muted"))
        self._notes.display = bool(notes)

    @property
    def plain(self) -> str:
        """The text."""
        return self.turn.text


class Answer(Item):
    """What the model wrote, or is writing."""

    DEFAULT_CSS = """
    Answer {
        margin-top: 1;
        & > .error { color: $text-error; }
        & > .foot { color: $text-muted; }
    }
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn
        self.message_id = turn.id
        self._shown = marked(turn.text, turn.figures)
        self.markdown = MarkdownText(self._shown)
        self._error = Static("", classes="error", markup=False)
        self._foot = Static("", classes="foot", markup=False)
        self._waiting: list[str] = []
        self._written = turn.text
        self._took = 0.0
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out text, error, and what is to be known about it."""
        yield self.markdown
        yield self._error
        yield self._foot

    def on_mount(self) -> None:
        """Say what is known."""
        self._say()

    @property
    def plain(self) -> str:
        """The text as it came, in Markdown."""
        return self._written

    @property
    def streaming(self) -> bool:
        """Whether more is expected."""
        return self.turn.status == "streaming"

    def write(self, delta: str) -> None:
        """Take a piece of text; it is painted with the others that come meanwhile."""
        self._written += delta
        self._waiting.append(delta)
        if self._timer is None:
            above = isinstance(self.parent, Widget) and not self.parent.is_vertical_scroll_end
            slow = above or cast("QuantApp", self.app).slow_line
            self._paint_after(1 / (SLOW_PAINTS if slow else PAINTS))

    def _paint_after(self, seconds: float) -> None:
        self._timer = self.set_timer(max(seconds, REST * self._took), self._paint)

    def _paint(self) -> None:
        began = monotonic()
        text, self._waiting = "".join(self._waiting), []
        if text and self.streaming:
            self._shown += text
            self.markdown.append(text)
        self.call_after_refresh(self._painted, began)

    def _painted(self, began: float) -> None:
        """Rest for some times as long as the painting took: keys come in between."""
        self._took = min(monotonic() - began, LONGEST_REST / REST)
        self._timer = None
        if self._waiting:
            self.write("")

    def take(self, turn: Turn) -> None:
        """Be this message, as it is kept; shown anew where its text or its marks are others."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._waiting = []
        self.turn, self._written, self.message_id = turn, turn.text, turn.id
        if (wanted := marked(turn.text, turn.figures)) != self._shown:
            self._shown = wanted
            self.markdown.update(wanted)
        self._say()

    def _say(self) -> None:
        turn = self.turn
        self._error.update(Content(f"✗ {turn.error}"))
        self._error.display = bool(turn.error)
        foot = "\n".join([*(f"! {one}" for one in turn.notes), *filter(None, [_foot(turn)])])
        self._foot.update(Content(foot))
        self._foot.display = bool(foot)


def _foot(turn: Turn) -> str:
    if turn.status == "streaming":
        return ""
    parts = [f"‹ {turn.place} of {turn.places} ›"] if turn.places > 1 else []
    if turn.status == "stopped":
        parts.append("■ stopped")
    if turn.unmatched:
        parts.append(f"{MARK} matches no stored result")
    if turn.model:
        parts.append(turn.model)
    if turn.tokens:
        parts.append(f"{turn.tokens:,} tokens")
    if turn.cost is not None:
        parts.append(f"${turn.cost:,.4f}")
    return "  ·  ".join(parts)


class ToolLine(Item):
    """A call of a tool on one line; ``enter`` opens all that it gave."""

    DEFAULT_CSS = """
    ToolLine {
        & > .head { color: $text-muted; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > .inside { display: none; padding-left: 2; color: $text-muted; }
        &.-open > .inside { display: block; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "unfold", "Open or fold", id="chat.unfold",
                tooltip="Show all that this call gave, or fold it again"),
    ]  # fmt: skip

    def __init__(self, call: Call, message_id: str = "") -> None:
        super().__init__()
        self.call = call
        self.message_id = message_id
        self._head = Static("", classes="head", markup=False)
        self._inside = Static("", classes="inside", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the line, and what it opens."""
        yield self._head
        yield self._inside

    def on_mount(self) -> None:
        """Say what was called."""
        self.show(self.call)

    def show(self, call: Call) -> None:
        """Show the call as it is now."""
        self.call = call
        sign = "▾" if self.has_class("-open") else "▸"
        state = "…" if not call.ended else "✗" if call.failed else "✓"
        first = next((one for one in call.result.splitlines() if one.strip()), "")
        said = f"{sign} {state} {call.name}({call.arguments})"
        self._head.update(Content(f"{said}  {first}" if first else said))
        self._inside.update(Content(call.result or "No result yet."))

    @property
    def plain(self) -> str:
        """What the tool gave."""
        return self.call.result

    def open(self) -> None:
        """Unfold, or fold again."""
        self.toggle_class("-open")
        self.show(self.call)

    def action_unfold(self) -> None:
        """Do so."""
        self.open()

    def on_click(self, event: events.Click) -> None:
        """Do the same with the mouse."""
        event.stop()
        self.open()


class CitationLine(Item):
    """An object that the answer rests on; ``enter`` goes there."""

    DEFAULT_CSS = """
    CitationLine > Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "follow", "Open", id="chat.open_cited", tooltip="Open this object"),
    ]

    @dataclass
    class Followed(Message):
        """The person wants to see the object."""

        cited: Cited
        line: CitationLine

    def __init__(self, cited: Cited, message_id: str = "") -> None:
        super().__init__()
        self.cited = cited
        self.message_id = message_id

    def compose(self) -> ComposeResult:
        """Show kind and title."""
        yield Static(self._written(gone=False))

    def say_gone(self) -> None:
        """Mark that the object is no more."""
        self.query_one(Static).update(self._written(gone=True))

    def _written(self, *, gone: bool) -> Content:
        sign = "✗" if gone else "↗" if self.cited.place is not None else "·"
        return Content.assemble(
            (f"{sign} {self.cited.kind}  ", "$text-muted"),
            (self.cited.title, "underline $text-accent" if sign == "↗" else ""),
            (" (deleted)" if gone else "", "$text-muted"),
        )

    @property
    def plain(self) -> str:
        """The title."""
        return self.cited.title

    def open(self) -> None:
        """Go there."""
        self.post_message(self.Followed(self.cited, self))

    def action_follow(self) -> None:
        """Go there."""
        self.open()

    def on_click(self, event: events.Click) -> None:
        """Do the same with the mouse."""
        event.stop()
        self.open()
