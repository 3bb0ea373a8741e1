"""Forms: one line a field, its message beside it, checked before anything is run.

Example
-------
::

    form = Form(
        Field("name", "Name", "Golden cross"),
        Field("fill", "Fill at", "next_open", choices=(("next_open", "next open"), …)),
        check=lambda values: {"name": "is taken"},     # field -> message; {} is fine
    )
    def on_form_submitted(self, event: Form.Submitted) -> None: event.values["name"]
    def on_form_abandoned(self, event: Form.Abandoned) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from quant_tui.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from textual.widgets import TextArea

    from quant_tui.ui.widgets.text_field import TextField

Check = Callable[[dict[str, str]], Mapping[str, str]]


class Field(Horizontal):
    """A label, a control, and beside them either help or what is wrong.

    Parameters
    ----------
    key
        Name in the form's values.
    label
        What people read.
    choices
        Pairs of value and label for a field with few values; None for free text.
    help_text
        Unit, range, an example; gives way to the message when something is wrong.
    suggester
        Offers the rest of what is typed, which the right arrow takes; for free text.
    lines
        Lines of text that are seen; from two on, ``enter`` begins another.
    """

    DEFAULT_CSS = """
    Field {
        height: 1;
        margin-bottom: 0;
        & > .label { width: 18; color: $text-muted; }
        & > Input { width: 2fr; height: 1; border: none; padding: 0 1; background: $panel; }
        & > Input:focus { background: $block-cursor-blurred-background; }
        & > Choice { width: 2fr; }
        & > TextField { width: 5fr; height: 1fr; }
        & > .note { width: 3fr; padding-left: 2; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-wrong { height: auto; }
        &.-wrong > .note { color: $text-error; height: auto; text-wrap: wrap; }
        &.-wrong > .label { color: $text-error; }
        &:focus-within > .label { color: $text-accent; text-style: bold; }
    }
    """  # noqa: E501 -- one rule a line

    def __init__(
        self,
        key: str,
        label: str,
        value: str = "",
        *,
        choices: Sequence[tuple[str, str]] | None = None,
        help_text: str = "",
        placeholder: str = "",
        password: bool = False,
        suggester: Suggester | None = None,
        lines: int = 1,
    ) -> None:
        super().__init__(id=f"field-{key.replace('.', '-')}")
        self.key = key
        self.label = label
        self.help_text = help_text
        self.error = ""
        self.control: Input | Choice | TextField
        if lines > 1:
            from quant_tui.ui.widgets.text_field import TextField

            self.control = TextField(value, placeholder=placeholder)
            self.styles.height = lines
        elif choices is not None:
            self.control = Choice(choices, value)
        else:
            self.control = Input(
                value,
                placeholder=placeholder,
                compact=True,
                password=password,
                suggester=suggester,
            )
        self.known = self.control.value
        """The value last reacted to; a text field announces its first one as if it were new."""
        self._note = Static("", classes="note", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out label, control, note."""
        yield Static(Content(self.label), classes="label")
        yield self.control
        yield self._note

    def on_mount(self) -> None:
        """Show the help."""
        self.set_error(self.error)

    @property
    def value(self) -> str:
        """What is typed or chosen."""
        return self.control.value

    @value.setter
    def value(self, value: str) -> None:
        self.control.value = value

    def clear(self) -> None:
        """Empty a text field without that counting as a change: what is said of it stays."""
        self.known = self.control.value = ""

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return self.control.label if isinstance(self.control, Choice) else self.control.value

    def set_error(self, message: str) -> None:
        """Say beside the field what is wrong with it; "" when nothing is."""
        self.error = message
        self.set_class(bool(message), "-wrong")
        self._note.update(Content(f"✗ {message}" if message else self.help_text))


class Form(VerticalScroll, can_focus=False):
    """Fields with checking: up and down or tab move, ctrl+s or enter on the last saves.

    Parameters
    ----------
    check
        From all values to messages by field; run at every change for fields that were
        touched, and for all before :class:`Submitted` is sent.
    """

    DEFAULT_CSS = """
    Form { height: auto; max-height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Save", id="form.save", tooltip="Check and save"),
        Binding("down", "step(1)", "Next field", id="form.next", show=False,
                tooltip="Go to the next field"),
        Binding("up", "step(-1)", "Previous field", id="form.previous", show=False,
                tooltip="Go to the previous field"),
        Binding("escape", "abandon", "Back", id="form.back", tooltip="Leave without saving"),
    ]  # fmt: skip

    @dataclass
    class Submitted(Message):
        """Everything is right and was to be saved."""

        form: Form
        values: dict[str, str]

    @dataclass
    class Abandoned(Message):
        """Left without saving."""

        form: Form

    @dataclass
    class Changed(Message):
        """A value changed."""

        form: Form
        key: str
        values: dict[str, str]

    def __init__(
        self,
        *fields: Field,
        check: Check | None = None,
        id: str | None = None,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self._given = fields
        self.check = check
        self._touched: set[str] = set()
        self.changed = False

    def compose(self) -> ComposeResult:
        """Lay out the fields."""
        yield from self._given

    @property
    def fields(self) -> list[Field]:
        """The fields, in order."""
        return list(self.query(Field))

    @property
    def _reachable(self) -> list[Field]:
        return [field for field in self.fields if field.display]

    @property
    def values(self) -> dict[str, str]:
        """What every field holds."""
        return {field.key: field.value for field in self.fields}

    def field(self, key: str) -> Field:
        """Return one field."""
        return next(field for field in self.fields if field.key == key)

    async def replace_fields(self, *fields: Field) -> None:
        """Put other fields in."""
        self._touched.clear()
        self.changed = False
        await self.remove_children(Field)
        await self.mount_all(fields)

    def show_errors(self, errors: Mapping[str, str]) -> bool:
        """Put messages beside their fields and go to the first; return whether any fitted."""
        first: Widget | None = None
        for field in self.fields:
            field.set_error(errors.get(field.key, ""))
            if field.error and first is None:
                first = field.control
        if first is not None:
            first.focus()
        return first is not None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check what was typed."""
        event.stop()
        self._value_changed(event.input)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Check what was typed."""
        event.stop()
        self._value_changed(event.text_area)

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """Check what was chosen."""
        event.stop()
        self._value_changed(event.choice)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next field; from the last one, save."""
        event.stop()
        self._next_or_submit()

    def on_key(self, event: events.Key) -> None:
        """Let ``enter`` on a choice do as in a text field."""
        if event.key == "enter" and isinstance(self.screen.focused, Choice):
            event.stop()
            self._next_or_submit()

    def _next_or_submit(self) -> None:
        fields = self._reachable
        if fields and fields[-1].control.has_focus:
            self.action_submit()
        else:
            self.action_step(1)

    def _value_changed(self, control: Widget) -> None:
        field = control.parent
        if not isinstance(field, Field) or field.value == field.known:
            return
        field.known = field.value
        self._touched.add(field.key)
        self.changed = True
        values = self.values
        if self.check is not None:
            errors = self.check(values)
            for one in self.fields:
                if one.key in self._touched:
                    one.set_error(errors.get(one.key, ""))
        self.post_message(self.Changed(self, field.key, values))

    def action_step(self, steps: int) -> None:
        """Go from field to field, and stop at the ends."""
        fields = self._reachable
        at = next((i for i, field in enumerate(fields) if field.control.has_focus), 0)
        fields[max(0, min(len(fields) - 1, at + steps))].control.focus()

    def action_submit(self) -> None:
        """Check everything; send it on, or show what is wrong."""
        values = self.values
        errors = dict(self.check(values)) if self.check is not None else {}
        self._touched |= values.keys()
        if not self.show_errors(errors):
            self.post_message(self.Submitted(self, values))

    def action_abandon(self) -> None:
        """Leave."""
        self.post_message(self.Abandoned(self))
