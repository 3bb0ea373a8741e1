"""The form of a part: a heading, its fields, and what is told when they are right or left."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Static

from quant_tui.domain.errors import QuantError
from quant_tui.ui.widgets.form import Form


class LastOfList(Suggester):
    """Offers the rest of the last of several names with commas between."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole text with its last name completed."""
        before, comma, last = value.rpartition(",")
        typed = last.lstrip()
        if not typed:
            return None
        for name in self._names:
            if name.casefold().startswith(typed.casefold()):
                return f"{before}{comma}{last[: len(last) - len(typed)]}{name}"
        return None


class PartForm(Vertical):
    """Base of the forms of features, trainings and scenarios.

    Parameters
    ----------
    heading
        What stands over the fields.
    form
        The fields.
    long
        Those that hold many words, and are wider.
    """

    DEFAULT_CSS = """
    PartForm {
        height: 1fr;
        & > .heading { color: $accent; text-style: bold; height: 2; }
        & Field > .label { width: 13; }
        & Field.-long > Input { width: 3fr; }
        & Field.-long > .note { width: 2fr; }
    }
    """

    class Submitted(Message):
        """Everything is right."""

        def __init__(self, form: PartForm, values: dict[str, str]) -> None:
            super().__init__()
            self.form = form
            self.values = values

    class Left(Message):
        """Left without saving."""

    def __init__(
        self,
        heading: str,
        form: Form,
        *,
        id: str,  # noqa: A002 -- Textual's name
        long: Collection[str] = (),
    ) -> None:
        super().__init__(id=id)
        self.form = form
        self._heading = heading
        self._long = long

    def compose(self) -> ComposeResult:
        """Lay out heading and fields."""
        yield Static(self._heading, classes="heading", markup=False)
        yield self.form

    def on_mount(self) -> None:
        """Widen what holds many words."""
        for field in self.form.fields:
            field.set_class(field.key in self._long, "-long")

    def focus_first(self) -> None:
        """Begin with the name."""
        self.form.field("name").control.focus()

    def refuse(self, error: QuantError) -> None:
        """Show why it was not taken."""
        raise NotImplementedError

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Hand it on."""
        event.stop()
        self.post_message(self.Submitted(self, event.values))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.post_message(self.Left())
