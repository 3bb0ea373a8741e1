"""A form in a box that stays open until what it asks for could be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.domain.errors import QuantError
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.reporting import report
from quant_tui.ui.widgets.form import Check, Field, Form
from quant_tui.ui.workers import has_ended

if TYPE_CHECKING:
    from textual.worker import Worker

Values = dict[str, str]
Save = Callable[[Values], Awaitable[None]]


class SaveDialog(Dialog[bool]):
    """Gives true when it was saved, false when it was left.

    Parameters
    ----------
    title
        What is made or changed.
    fields
        Of the form; errors that name one of them stand beside it, or under the form where it
        is a :func:`long_field`.
    save
        Does it; what it refuses is shown, and the form stays open.
    check
        From values to messages by field, while one types.
    hint
        Lines under the form.
    """

    DEFAULT_CSS = """
    SaveDialog > .dialog { width: 92; }
    SaveDialog {
        & Field { height: auto; }
        & Field > .label { width: 17; }
        & Field > .note { height: auto; text-wrap: wrap; }
        & Field.-long > .note { display: none; }
        & .hint { margin-top: 1; }
        & .hint.-wrong { color: $text-error; }
    }
    """

    def __init__(
        self,
        title: str,
        *fields: Field,
        save: Save,
        check: Check | None = None,
        hint: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._save = save
        self._hint = hint
        self._saving: Worker[None] | None = None
        self.form = Form(*fields, check=check)
        self.note = Static(hint, classes="hint", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the form and the note under it."""
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            box.border_subtitle = "ctrl+s save · escape back"
            yield self.form
            yield self.note

    def on_mount(self) -> None:
        """Give the keys to the first field."""
        self.note.display = bool(self._hint)
        self.form.fields[0].control.focus()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Do it beside the screen; a second time only when the first has ended."""
        event.stop()
        if has_ended(self._saving):
            work = partial(self._try, event.values)
            self._saving = self.run_worker(work, group="save", exit_on_error=False)

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.dismiss(False)

    def on_form_changed(self, event: Form.Changed) -> None:
        """Take the message of the last try away."""
        event.stop()
        self._say(self._hint, wrong=False)

    async def _try(self, values: Values) -> None:
        try:
            await self._save(values)
        except QuantError as error:
            field = getattr(error, "field", "")
            beside = self.form.show_errors({field: error.message} if field else {})
            if not beside or self.form.field(field).has_class("-long"):
                self._say(str(error), wrong=True)
            elif error.hint:
                self._say(error.hint, wrong=True)
        except Exception as error:  # noqa: BLE001 -- reported, and logged when it is ours
            report(self, error)
        else:
            self.dismiss(True)

    def _say(self, text: str, *, wrong: bool) -> None:
        self.note.set_class(wrong, "-wrong")
        self.note.display = bool(text)
        self.note.update(Content(f"✗ {text}" if wrong and text else text))


def long_field(key: str, label: str, value: str = "") -> Field:
    """Make a text field as wide as the box, without room for a note beside it."""
    field = Field(key, label, value)
    field.add_class("-long")
    return field
