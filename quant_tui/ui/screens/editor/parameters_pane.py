"""The parameters of the text as fields; what is typed into one changes the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from quant_tui.engine.rules import ParameterSpec, StrategyDocument

NONE = """\
No parameters yet. Write some under params: in the text, such as

  window: {int: [5, 200], default: 50}

They show here once the text is right."""


class ParametersPane(Vertical):
    """One field for each parameter, in step with the text; takes the keys itself when empty."""

    DEFAULT_CSS = """
    ParametersPane {
        height: 1fr;
        & > Static { height: auto; color: $text-muted; }
        & Field { height: auto; }
        & Field > .label { width: 14; }
        & Field > .note { height: auto; text-wrap: wrap; }
    }
    """

    class Chosen(Message):
        """A parameter was given another value."""

        def __init__(self, name: str, value: str) -> None:
            super().__init__()
            self.name = name
            self.value = value

    def __init__(self) -> None:
        super().__init__(id="parameters")
        self.form = Form()
        self._none = Static(NONE, markup=False)
        self._specs: dict[str, ParameterSpec] = {}

    def compose(self) -> ComposeResult:
        """Lay out the text for none, and the fields."""
        yield self._none
        yield self.form

    async def show_document(self, document: StrategyDocument) -> None:
        """Show the parameters of a text that can be read."""
        before, self._specs = self._specs, dict(document.parameters)
        self._none.display = not self._specs
        if {key: _shape(one) for key, one in before.items()} != {
            key: _shape(one) for key, one in self._specs.items()
        }:
            await self.form.replace_fields(*map(_field, self._specs.values()))
            return
        for key, spec in self._specs.items():
            field = self.form.field(key)
            value = rules_text.write(spec.default)
            if field.value != value and not field.control.has_focus:
                field.known = value
                field.value = value
                field.set_error("")

    def on_form_changed(self, event: Form.Changed) -> None:
        """Send a value on that the parameter can take; say what is wrong with another."""
        event.stop()
        spec, field = self._specs[event.key], self.form.field(event.key)
        try:
            value = rules_text.write(spec.coerce(field.value))
        except ValueError as error:
            field.set_error(str(error))
            return
        field.set_error("")
        self.post_message(self.Chosen(event.key, value))

    def focus_first(self) -> None:
        """Give the keys to the first field, or to the text that says there is none."""
        fields = self.form.fields
        self.can_focus = not fields
        (fields[0].control if fields else self).focus()


def _shape(spec: ParameterSpec) -> object:
    return (spec.kind, spec.low, spec.high, spec.step, spec.choices, spec.description)


def _field(spec: ParameterSpec) -> Field:
    choices: list[tuple[str, str]] | None = None
    if spec.kind == "choice":
        choices = [(str(one), str(one).replace("_", " ")) for one in spec.choices]
    elif spec.kind == "bool":
        choices = [("true", "yes"), ("false", "no")]
    hints = [] if choices else [rules_text.range_of(spec)]
    return Field(
        spec.name,
        spec.name,
        rules_text.write(spec.default),
        choices=choices,
        help_text=" · ".join(hint for hint in [*hints, spec.description] if hint),
    )
