"""A form over the screen: asked, checked, saved, and closed once that has worked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.domain.errors import InvalidInput
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.reporting import describe
from quant_tui.ui.widgets.form import Check, Field, Form

T = TypeVar("T")

Save = Callable[[dict[str, str]], Awaitable[T]]


class FormDialog(Dialog[T | None], Generic[T]):
    """Asks for a few values; the result is what saving them returned, None when left.

    Parameters
    ----------
    title
        In the border.
    text
        What it is about, above the fields.
    fields
        What is asked; one with the class ``-long`` is as wide as the box.
    save
        Gets the values; an error of ours is shown, beside its field where it names one,
        and the dialog stays.
    check
        As in :class:`~quant_tui.ui.widgets.form.Form`.
    verb
        What ``ctrl+s`` does: "Change".
    """

    DEFAULT_CSS = """
    FormDialog > .dialog { width: 92; }
    FormDialog Field.-long > .note { display: none; }
    FormDialog .text { height: auto; margin-bottom: 1; }
    FormDialog .wrong { height: auto; color: $text-error; display: none; margin-top: 1; }
    FormDialog .keys { height: auto; margin-top: 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="dialog.back", tooltip="Leave without saving"),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        *fields: Field,
        save: Save[T],
        check: Check | None = None,
        verb: str = "Save",
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._save = save
        self._verb = verb
        self.form = Form(*fields, check=check)
        self._wrong = Static("", classes="wrong", markup=False)
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out text, fields, and what is wrong in full."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            if self._text:
                yield Static(Content(self._text), classes="text")
            yield self.form
            yield self._wrong
            yield Static(
                Content.assemble(
                    ("ctrl+s", "bold $footer-key-foreground"), f"  {self._verb}      ",
                    ("escape", "bold $footer-key-foreground"), "  Cancel",
                ),
                classes="keys",
            )  # fmt: skip

    def on_mount(self) -> None:
        """Begin with the first field."""
        self.form.fields[0].control.focus()

    def on_form_changed(self, event: Form.Changed) -> None:
        """Say in full what is wrong with the field, which may have less room."""
        event.stop()
        self._say(self.form.field(event.key).error)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say in full what is wrong with the field that one comes to."""
        field = event.widget.parent
        if isinstance(field, Field) and field.error:
            self._say(field.error)

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Save, once at a time."""
        event.stop()
        if not self._busy:
            self._busy = True
            self.run_worker(self._work(event.values), exit_on_error=False)

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        """Leave without saving."""
        if not self._busy:
            self.dismiss(None)

    async def _work(self, values: dict[str, str]) -> None:
        try:
            result = await self._save(values)
        except Exception as error:  # noqa: BLE001 -- shown, and logged when it is ours
            self.show_error(error)
        else:
            self.dismiss(result)
        finally:
            self._busy = False

    def show_error(self, error: BaseException) -> None:
        """Show what went wrong, beside its field where it names one."""
        title, message = describe(error)
        named = isinstance(error, InvalidInput) and self.form.show_errors({error.field: message})
        self._say(message if named else f"{title}: {message}")

    def _say(self, message: str) -> None:
        self._wrong.update(Content(f"✗ {message}" if message else ""))
        self._wrong.display = bool(message)
