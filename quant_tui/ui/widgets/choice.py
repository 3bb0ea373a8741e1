"""One of a few: a single line, changed with left and right, or by its first letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """``‹ next open ›``: the choices of a field with few.

    Parameters
    ----------
    choices
        Pairs of value and label.
    value
        The one chosen; the first when it is not among them.
    """

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; padding: 0 1; background: $panel; }
    Choice:focus { background: $block-cursor-blurred-background; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space", "turn(1)", "Next choice", id="choice.next", show=False,
                tooltip="Take the next choice"),
        Binding("left,h", "turn(-1)", "Previous choice", id="choice.previous", show=False,
                tooltip="Take the previous choice"),
    ]  # fmt: skip

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        choice: Choice
        value: str

    def __init__(
        self,
        choices: Sequence[tuple[str, str]],
        value: str = "",
        *,
        id: str | None = None,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self.choices = tuple(choices)
        self._at = next((i for i, (v, _) in enumerate(self.choices) if v == value), 0)

    @property
    def value(self) -> str:
        """The value chosen; "" when there is nothing to choose."""
        return self.choices[self._at][0] if self.choices else ""

    @value.setter
    def value(self, value: str) -> None:
        self._take(next((i for i, (v, _) in enumerate(self.choices) if v == value), self._at))

    @property
    def label(self) -> str:
        """What people read for it."""
        return self.choices[self._at][1] if self.choices else ""

    def set_choices(self, choices: Sequence[tuple[str, str]], value: str = "") -> None:
        """Offer other choices."""
        self.choices = tuple(choices)
        self._at = next((i for i, (v, _) in enumerate(self.choices) if v == value), 0)
        self.refresh()

    def _take(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self.refresh()
            self.post_message(self.Changed(self, self.value))

    def action_turn(self, steps: int) -> None:
        """Take the next or previous choice; it goes round."""
        if self.choices:
            self._take((self._at + steps) % len(self.choices))

    def on_click(self, event: events.Click) -> None:
        """Take the next one; the left edge takes the previous."""
        self.action_turn(-1 if event.x <= 1 else 1)

    def on_key(self, event: events.Key) -> None:
        """Take the next choice whose label begins with the letter."""
        letter = (event.character or "").casefold()
        if not letter.isalpha() or letter in "hl":
            return
        after = [(self._at + i) % len(self.choices) for i in range(1, len(self.choices) + 1)]
        found = next((i for i in after if self.choices[i][1].casefold().startswith(letter)), None)
        if found is not None:
            event.stop()
            self._take(found)

    def render(self) -> Content:
        """Draw the chosen label between its arrows."""
        label = self.label or "–"
        room = max(1, self.size.width - 4)
        return Content.assemble(
            ("‹ ", "$text-muted"),
            Content(label).truncate(room, ellipsis=True),
            (" ›", "$text-muted"),
        )
