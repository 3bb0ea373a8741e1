"""The form of a strategy: name, description, every parameter, and what one says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.names import checked_name
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from quant_tui.domain.trading import Strategy, StrategyTemplate
    from quant_tui.engine.rules import ParameterSpec, StrategyDocument

PREFIX = "param."

ParameterCheck = Callable[[Mapping[str, object]], Mapping[str, str]]


class StrategyForm(Vertical):
    """Makes or changes one strategy.

    Parameters
    ----------
    document
        The rules, which say what the parameters are.
    check
        From parameters to messages by parameter.
    strategy
        The one to change; None for a new one.
    template
        What a new one is made from.
    name
        What to begin with for a new one.
    taken
        Names that other strategies have.
    """

    DEFAULT_CSS = """
    StrategyForm {
        height: 1fr;
        & > .heading { color: $accent; text-style: bold; height: 2; }
        & Field { height: auto; }
        & Field > .label { width: 16; }
        & Field > .note { height: auto; text-wrap: wrap; }
        & > .constraints { height: auto; color: $text-muted; margin: 1 0 0 0; }
    }
    """

    class Saved(Message):
        """Everything is right and is to be kept."""

        def __init__(self, form: StrategyForm, values: Document) -> None:
            super().__init__()
            self.form = form
            self.values = values
            """By the strategy's own names of them."""

    class Left(Message):
        """Left without saving."""

        def __init__(self, form: StrategyForm) -> None:
            super().__init__()
            self.form = form

    def __init__(
        self,
        document: StrategyDocument,
        check: ParameterCheck,
        *,
        strategy: Strategy | None = None,
        template: StrategyTemplate | None = None,
        name: str = "",
        taken: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(id="strategy-form")
        self.strategy = strategy
        self.template = template
        self._document = document
        self._check_parameters = check
        self._taken = taken
        self._values: Mapping[str, object] = strategy.parameters if strategy else {}
        self._given_name = strategy.name if strategy else name
        self.form = Form(*self._fields(), check=self._check)

    def compose(self) -> ComposeResult:
        """Lay out heading, fields, and what must hold between parameters."""
        doing = f"Edit {self._given_name}" if self.strategy else "New strategy"
        of = self.strategy or self.template
        kind = of.strategy_type if of is not None else ""
        yield Static(
            Content.assemble(doing, (f"  {kind}", "$text-muted not bold")),
            classes="heading",
            markup=False,
        )
        yield self.form
        constraints = rules_text.constraints(self._document.to_document())
        if constraints:
            yield Static(Content("\n").join(constraints), classes="constraints", markup=False)

    def focus_first(self) -> None:
        """Give the keys to the first field."""
        self.form.fields[0].control.focus()

    @property
    def specs(self) -> Mapping[str, ParameterSpec]:
        """The parameters."""
        return self._document.parameters

    def _fields(self) -> list[Field]:
        fields = [
            Field("name", "Name", self._given_name, help_text="how you will find it again"),
            Field(
                "description",
                "Description",
                self.strategy.description if self.strategy else "",
                help_text="optional",
            ),
        ]
        for key, spec in self.specs.items():
            value = rules_text.write(self._values.get(key, spec.default))
            choices: list[tuple[str, str]] | None = None
            if spec.kind == "choice":
                choices = [(str(one), str(one).replace("_", " ")) for one in spec.choices]
            elif spec.kind == "bool":
                choices = [("true", "yes"), ("false", "no")]
            hints = [] if choices else [rules_text.range_of(spec)]
            default = rules_text.write(spec.default)
            hints += [f"default {default}", spec.description]
            fields.append(
                Field(
                    PREFIX + key,
                    key,
                    value,
                    choices=choices,
                    help_text=" · ".join(hint for hint in hints if hint),
                )
            )
        if self.strategy is not None:
            tags = ", ".join(self.strategy.tags)
            fields += [
                Field("tags", "Tags", tags, help_text="commas between; / in the list finds them"),
                Field("notes", "Notes", self.strategy.notes, help_text="what it showed"),
            ]
        return fields

    def _check(self, values: dict[str, str]) -> dict[str, str]:
        wrong = {
            PREFIX + key: message
            for key, message in self._check_parameters(_parameters(values)).items()
        }
        try:
            name = checked_name(values["name"])
        except InvalidInput as error:
            wrong["name"] = str(error)
            return wrong
        if not name:
            wrong["name"] = "needs a name"
        elif name in self._taken:
            wrong["name"] = "another strategy has this name"
        return wrong

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Send it on, the parameters in their own types."""
        event.stop()
        given = _parameters(event.values)
        values: Document = {
            "name": event.values["name"],
            "description": event.values["description"].strip(),
            "parameters": {key: spec.coerce(given[key]) for key, spec in self.specs.items()},
        }
        if self.strategy is not None:
            values |= {"tags": event.values["tags"].split(","), "notes": event.values["notes"]}
        self.post_message(self.Saved(self, values))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.post_message(self.Left(self))

    def on_form_changed(self, event: Form.Changed) -> None:
        """Keep it to ourselves."""
        event.stop()


def _parameters(values: Mapping[str, str]) -> dict[str, object]:
    return {
        key.removeprefix(PREFIX): text.strip()
        for key, text in values.items()
        if key.startswith(PREFIX)
    }
