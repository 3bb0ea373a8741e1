"""The line under a table that filters it as one types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """A text field that says in the footer how to leave it.

    Parameters
    ----------
    text
        The filter so far.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "To the rows", id="filter.keep",
                tooltip="Go to the rows that are left"),
        Binding("down", "leave(True)", "To the rows", id="filter.down", show=False,
                tooltip="Go to the rows that are left"),
        Binding("escape", "leave(False)", "Clear filter", id="filter.clear",
                tooltip="Show all rows again"),
    ]  # fmt: skip

    @dataclass
    class Left(Message):
        """The person wants back to the rows, keeping the filter or clearing it."""

        keep: bool

    def __init__(self, text: str) -> None:
        super().__init__(text, placeholder="filter", select_on_focus=False, compact=True)

    def action_leave(self, keep: bool) -> None:
        """Go back to the rows."""
        self.post_message(self.Left(keep))
