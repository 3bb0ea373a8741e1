"""The text of the rules: under it the search, and what is wrong or right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.editor.code_area import CodeArea, Offers

if TYPE_CHECKING:
    from textual.timer import Timer

    from quant_tui.ui.screens.editor.look import Look

PAUSE_SECONDS = 0.12
"""Pause in typing after which the text is read, kept as a draft, and drawn."""


class TextSide(Vertical):
    """Code, line of the search, line of the first mistake.

    Parameters
    ----------
    offers
        Where words on offer are shown.
    """

    class Typed(Message):
        """The text changed."""

    class Paused(Message):
        """Nothing was typed for a moment after a change."""

    def __init__(self, offers: Offers) -> None:
        super().__init__(id="text-side")
        self.code = CodeArea(offers)
        self.find = Input(placeholder="find, enter for the next", compact=True, id="find")
        self.problem = Static("", id="problem", markup=False)
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the three under one another."""
        yield self.code
        yield self.find
        yield self.problem

    @property
    def text(self) -> str:
        """What is typed."""
        return self.code.text

    def open(self, text: str) -> None:
        """Put in the text of another strategy; what was undone before is forgotten."""
        self.code.load_text(text)
        self.code.move_cursor((0, 0))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Wait for the next pause."""
        event.stop()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._paused)
        self.post_message(self.Typed())

    def _paused(self) -> None:
        self.post_message(self.Paused())

    # -- what is known of the text

    def show_look(self, look: Look) -> None:
        """Underline what is wrong, offer what is defined, and say both in the line below."""
        if look.document is not None:
            self.code.know((), look.parameters, tuple(look.document.lets))
            bars = look.document.warm_up()
            after = f"first signal after {bars:,} bars" if bars else "signals from the first bar"
            self._say(f"✓ right  ·  {after}", "$text-success")
            return
        self.code.know(look.mistakes)
        if not look.mistakes:
            self._say(
                "ctrl+space offers what can be written here  ·  ctrl+g shows how", "$text-muted"
            )
            return
        first = look.mistakes[0]
        finding = first.finding
        hint = f" – {finding.suggestion}" if finding.suggestion else ""
        more = f"  (+{len(look.mistakes) - 1})" if len(look.mistakes) > 1 else ""
        place = f"{first.line + 1}:{first.column + 1} " if first.stands else finding.place
        self._say(f"✗ {place} {finding.message}{hint}{more}", "$text-error")

    def show_no_preview(self, why: str) -> None:
        """Say why right rules are not drawn."""
        self._say(f"✓ right  ·  no preview: {why}", "$text-muted")

    def go_to_mistake(self, look: Look) -> None:
        """Put the cursor on the first mistake."""
        if look.mistakes:
            self.code.move_cursor((look.mistakes[0].line, look.mistakes[0].column))

    def _say(self, text: str, style: str) -> None:
        self.problem.update(Content.styled(text, style))

    # -- search

    def on_code_area_find_asked(self, event: CodeArea.FindAsked) -> None:
        """Open the line of the search."""
        event.stop()
        self.find.display = True
        self.find.focus()

    def close_find(self) -> bool:
        """Close the line of the search; return whether it was open."""
        was_open = self.find.display
        self.find.display = False
        if was_open:
            self.code.focus()
        return was_open

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        event.stop()
        self.code.find_next(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next place."""
        event.stop()
        if not self.code.find_next(event.value):
            toast(self.app, f"“{event.value}” is not in the text")
