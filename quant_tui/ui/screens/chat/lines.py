"""The lines around the field of a chat: what is sent with a message, and how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from quant_tui.ui.format import duration

if TYPE_CHECKING:
    from textual import events

    from quant_tui.services.chat import ChatState
    from quant_tui.services.chat_selection import Selection


LEAST_TITLE = 16
"""Cells that a title has at least before its length is told."""


class SelectionLine(Static):
    """What of the workspace beside goes along; a click, like its key, leaves it out."""

    DEFAULT_CSS = """
    SelectionLine { height: auto; max-height: 10; padding: 0 1; display: none; color: $text-muted; overflow: hidden; }
    """  # noqa: E501 -- one rule a line

    def __init__(self) -> None:
        super().__init__("", id="selection", markup=False)
        self.left_out = False
        self._unfolded = False
        self._chosen: Selection | None = None
        self._drawn: tuple[Selection | None, bool, bool] | None = None

    def look(self, chosen: Selection | None) -> None:
        """Show what is chosen beside; nothing when there is nothing."""
        self._chosen = chosen
        drawn = (chosen, self.left_out, self._unfolded)
        if drawn != self._drawn:
            self._drawn = drawn
            self.display = chosen is not None and bool(chosen.title)
            if self.display:
                self.call_after_refresh(self._draw)

    def leave_out(self) -> None:
        """Leave it out, or send it after all."""
        self.left_out = not self.left_out
        self.look(self._chosen)

    def unfold(self) -> None:
        """Show what of it is sent, or fold it again."""
        self._unfolded = not self._unfolded
        self.look(self._chosen)

    def on_resize(self) -> None:
        """Fit the title into the new width."""
        self._draw()

    def _draw(self) -> None:
        """Write the line, and below it what is sent when that is unfolded."""
        chosen, sends = self._chosen, not self.left_out
        if chosen is None:
            return
        count = f"{len(chosen.text):,} characters"
        key = Content.assemble(
            "  ", ("^t", "bold $footer-key-foreground"), " leave out" if sends else " send it"
        )  # fmt: skip
        if sends:
            before, after = Content.styled("+ sends ", "$text-accent"), f"  {count}"
        else:
            before, after = Content("– without "), ""
        before += Content(f"{chosen.kind} ")
        room = self.size.width - before.cell_length - key.cell_length
        if room - len(after) < LEAST_TITLE:
            after = ""
        room -= len(after)
        name = Content.styled(chosen.title, "bold" if sends else "")
        name = name.truncate(max(8, room), ellipsis=True)
        head = Content.assemble(before, name, after, key)
        lines = [head]
        if self._unfolded and sends:
            lines += [Content("  " + one) for one in chosen.text.splitlines()]
        self.update(Content("\n").join(lines))

    def on_click(self, event: events.Click) -> None:
        """Do what its key does."""
        event.stop()
        self.leave_out()


@dataclass(frozen=True, slots=True)
class State:
    """How a conversation stands.

    Attributes
    ----------
    model
        Name of the model; empty without an endpoint.
    tokens, cost
        Of the whole conversation; the cost in US dollars, None when the price is unknown.
    context
        Part of the context window that is used, as a fraction; None when unknown.
    seconds
        How long the answer on its way has taken; None when there is none.
    note
        What is going on besides: a retry, a trimmed history.
    waits
        How many proposals wait to be decided.
    below
        Whether more stands below what can be seen.
    """

    model: str = ""
    tokens: int = 0
    cost: float | None = None
    context: float | None = None
    seconds: float | None = None
    note: str = ""
    waits: int = 0
    below: bool = False

    @classmethod
    def of(
        cls, known: ChatState | None, *, seconds: float | None, note: str, waits: int, below: bool
    ) -> State:
        """Put together what the service knows, when it was asked, and what goes on here."""
        model, tokens, cost, context = "", 0, None, None
        if known is not None:
            model, tokens, cost = known.model, known.tokens, known.cost
            context = known.context if known.tokens else None
        return cls(model, tokens, cost, context, seconds, note, waits, below)


class StateLine(Static):
    """Model, tokens, cost, context; and what is going on."""

    DEFAULT_CSS = """
    StateLine { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    """  # noqa: E501 -- one rule a line

    def __init__(self) -> None:
        super().__init__("", id="state", markup=False)
        self._drawn: State | None = None

    def show(self, state: State) -> None:
        """Draw it, if it is another."""
        if state == self._drawn:
            return
        self._drawn = state
        key = "bold $footer-key-foreground"
        parts: list[Content] = []
        if state.seconds is not None:
            parts.append(
                Content.assemble(
                    ("● ", "$text-accent"), f"answering {duration(state.seconds)}  ",
                    ("esc", key), " stops",
                )
            )  # fmt: skip
        if state.waits:
            waiting = f"{state.waits} proposals wait" if state.waits > 1 else "a proposal waits"
            parts.append(
                Content.assemble((f"{waiting}  ", "$text-warning"), ("esc", key), " to it")
            )
        if state.note:
            parts.append(Content(state.note))
        if state.below:
            parts.append(Content.assemble("↓ more below  ", ("^g", key)))
        parts.append(Content(state.model or "no model"))
        if state.tokens:
            parts.append(Content(f"{state.tokens:,} tokens"))
        if state.cost is not None:
            parts.append(Content(f"${state.cost:,.4f}"))
        if state.context is not None:
            parts.append(Content(f"context {state.context:.0%}"))
        self.update(Content("  ·  ").join(parts), layout=False)
