"""The fields of a new backtest: what most runs are about, and the rest under one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quant_tui.ui.widgets.form import Check, Field, Form


class MoreLine(Static):
    """The heading of the fields that are not always shown; a click does as its key."""

    DEFAULT_CSS = """
    MoreLine {
        height: 1;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &:hover { color: $text-accent; }
    }
    """

    class Clicked(Message):
        """It was clicked."""

    def on_click(self) -> None:
        """Say so."""
        self.post_message(self.Clicked())


class RunFields(Form):
    """The fields; saving is called running here.

    Parameters
    ----------
    basic
        Fields that are always shown.
    more
        Those that are shown after a key, under a line that names what in them is not as usual.
    usual
        Text of every one of ``more`` in a run that changes nothing.
    check
        From all values to messages by field.
    opened
        Whether they are shown from the start.
    about
        What ``more`` is about, while nothing in it is unusual.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Run", id="run.start", tooltip="Check and run as a job"),
        Binding("ctrl+t", "pick", "Symbols", id="run.symbols",
                tooltip="Mark symbols in the table"),
        Binding("ctrl+o", "more", "More", id="run.more",
                tooltip="Show or hide the fields for costs, fills, short sales and leverage"),
    ]  # fmt: skip

    class Pick(Message):
        """Go to the table of symbols."""

    def __init__(
        self,
        basic: Sequence[Field],
        more: Sequence[Field],
        usual: Mapping[str, str],
        *,
        check: Check,
        opened: bool,
        about: str = "costs, fills, short sales, leverage",
    ) -> None:
        super().__init__(*basic, check=check)
        self._about = about
        self.opened = opened
        self.line = MoreLine("", markup=False)
        self._more = more
        self._usual = usual

    def compose(self) -> ComposeResult:
        """Lay out the fields, the line between them, and the rest."""
        yield from super().compose()
        yield self.line
        for field in self._more:
            field.display = self.opened
            yield field

    def on_mount(self) -> None:
        """Write the line."""
        self.write_line()

    def write_line(self) -> None:
        """Say what the fields under the line are, or which of them are not as usual."""
        mark = "▾" if self.opened else "▸"
        unusual = [one for one in self._more if one.value != self._usual[one.key]]
        said = "  ".join(f"{one.label} {one.shown or 'none'}" for one in unusual)
        if not said or self.opened:
            said = self._about
        about = (said, "$text-warning" if unusual and not self.opened else "$text-muted")
        self.line.update(Content.assemble((f"{mark} More  ", "$accent"), "ctrl+o  ", about))

    def action_pick(self) -> None:
        """Go to the table of symbols."""
        self.post_message(self.Pick())

    def action_more(self) -> None:
        """Show the other fields and go to them, or hide them."""
        if self.opened and any(one.control.has_focus for one in self._more):
            self.fields[0].control.focus()
        self.show_more(not self.opened)
        if self.opened:
            self._more[0].control.focus(scroll_visible=False)
            self.call_after_refresh(self.scroll_to_widget, self.line, top=True, animate=False)

    def show_more(self, opened: bool) -> None:
        """Show or hide the other fields."""
        self.opened = opened
        for field in self._more:
            field.display = opened
        self.write_line()

    def show_errors(self, errors: Mapping[str, str]) -> bool:
        """Put messages beside their fields, and show those that were hidden."""
        if not self.opened and any(one.key in errors for one in self._more):
            self.show_more(True)
        return super().show_errors(errors)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Everything can be done at any time."""
        return True

    def on_more_line_clicked(self, event: MoreLine.Clicked) -> None:
        """Do as the key does."""
        event.stop()
        self.action_more()
