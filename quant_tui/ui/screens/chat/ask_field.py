"""Where a message is written: enter sends, ctrl+j begins a line, up brings back the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

MOST_KEPT = 100
"""Messages that up brings back."""


class AskField(TextArea):
    """A text area for one message, as high as what is in it."""

    DEFAULT_CSS = """
    AskField {
        height: auto;
        min-height: 1;
        max-height: 8;
        border: none;
        padding: 0 1;
        background: $panel;
        scrollbar-size-vertical: 1;
        &:focus { background: $block-cursor-blurred-background; border: none; }
    }
    .-short AskField { max-height: 4; }
    """
    SCOPED_CSS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="chat.send", tooltip="Send this message"),
        Binding("ctrl+j,alt+enter,shift+enter", "new_line", "New line", id="chat.new_line",
                key_display="^j", tooltip="Begin another line"),
        Binding("up", "older", "Earlier message", id="chat.older", show=False,
                tooltip="Line up; from the first line, the message sent before"),
        Binding("down", "newer", "Later message", id="chat.newer", show=False,
                tooltip="Line down; from the last line, the message sent after"),
        Binding("tab", "complete", "Complete", id="chat.complete", show=False,
                tooltip="Complete a command; otherwise the next part of the screen"),
    ]  # fmt: skip

    @dataclass
    class Sent(Message):
        """A message was finished."""

        field: AskField
        text: str

    @dataclass
    class CompletionAsked(Message):
        """Tab was pressed in a command."""

        field: AskField

    def __init__(self) -> None:
        super().__init__(
            placeholder="Ask, or / for a command",
            compact=True, tab_behavior="focus", show_line_numbers=False,
            highlight_cursor_line=False, soft_wrap=True, id="ask",
        )  # fmt: skip
        self.sent: list[str] = []
        self._at: int | None = None
        self._draft = ""

    def put(self, text: str) -> None:
        """Replace the text; the cursor goes behind it."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def remember(self, text: str) -> None:
        """Keep a message for :meth:`action_older`."""
        if not self.sent or self.sent[-1] != text:
            self.sent = [*self.sent, text][-MOST_KEPT:]
        self._at, self._draft = None, ""

    async def _on_key(self, event: events.Key) -> None:
        """Leave enter to its binding: a text area would begin a line."""
        if event.key == "enter":
            event.prevent_default()

    def action_send(self) -> None:
        """Send what is written, if there is anything."""
        text = self.text.strip()
        if text:
            self.post_message(self.Sent(self, text))

    def action_new_line(self) -> None:
        """Begin a line."""
        start, end = self.selection
        self._replace_via_keyboard("\n", start, end)

    def action_older(self) -> None:
        """Go a line up, or to the message sent before."""
        if not self.cursor_at_first_line or not self.sent:
            self.action_cursor_up()
            return
        if self._at is None:
            self._at, self._draft = len(self.sent), self.text
        if self._at > 0:
            self._at -= 1
            self.put(self.sent[self._at])

    def action_newer(self) -> None:
        """Go a line down, or to the message sent after, at last to what was being written."""
        if not self.cursor_at_last_line or self._at is None:
            self.action_cursor_down()
            return
        self._at += 1
        if self._at < len(self.sent):
            self.put(self.sent[self._at])
        else:
            self._at = None
            self.put(self._draft)

    def action_complete(self) -> None:
        """Complete a command's words, or go on to the next part of the screen."""
        if self.text.startswith("/") and "\n" not in self.text:
            self.post_message(self.CompletionAsked(self))
        else:
            self.screen.focus_next()
