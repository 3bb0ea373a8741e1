"""The form of a feature: name, expression with completion, description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Static

from quant_tui.domain.errors import InvalidInput, QuantError, StrategyError
from quant_tui.domain.vocabulary import FeatureType
from quant_tui.ui.screens.models.part_form import LastOfList, PartForm
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import Feature, FeatureVersion

_WORD = re.compile(r"[A-Za-z_]\w*$")
EXAMPLE = "close / sma(close, 20) - 1"
SHOWN = 6
"""Words of the rule language that are offered at once."""


class RuleSuggester(Suggester):
    """Offers the rest of the word that is being typed."""

    def __init__(self) -> None:
        super().__init__(case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole text with the word completed."""
        found = candidates(value)
        word = _WORD.search(value)
        if not found or word is None:
            return None
        return value[: word.start()] + found[0][0]


def candidates(text: str) -> list[tuple[str, str, str]]:
    """Return what the word at the end of a text may become: text, signature, what it is."""
    from quant_tui.ui.screens.editor.completion import words_of_the_language

    word = _WORD.search(text)
    if word is None:
        return []
    typed = word.group()
    found = [one for one in words_of_the_language() if one.insert.startswith(typed)]
    return [(one.insert, one.shown, one.about) for one in found[:SHOWN]]


class FeatureForm(PartForm):
    """Makes or changes one feature.

    Parameters
    ----------
    feature, version
        The one to change and its newest version; None for a new one.
    functions
        Functions that installed packages give.
    taken
        Names that other features have.
    """

    DEFAULT_CSS = """
    FeatureForm {
        & Field { height: auto; margin-bottom: 1; }
        & Field > .note { height: auto; text-wrap: wrap; }
        & #field-expression > Input { width: 1fr; }
        & #field-expression > .note { display: none; }
        & > .says { height: auto; margin-left: 13; padding-left: 1; }
    }
    """

    def __init__(
        self,
        feature: Feature | None,
        version: FeatureVersion | None,
        functions: Sequence[str],
        taken: Sequence[str],
    ) -> None:
        self.feature = feature
        self._functions = functions
        self._taken = set(taken)
        self._says = Static("", classes="says", markup=False)
        kind = str(version.feature_type) if version is not None else "expression"
        fields = [Field("name", "Name", feature.name if feature else "",
                        help_text="letters, figures and _: momentum_20")]  # fmt: skip
        if functions or kind == FeatureType.FUNCTION:
            pairs = (("expression", "expression"), ("function", "package's function"))
            fields.append(Field("feature_type", "Computed by", kind, choices=pairs))
        fields += [
            Field("expression", "Expression", version.expression if version else "",
                  placeholder=EXAMPLE, suggester=RuleSuggester()),
            Field("description", "Description", version.description if version else "",
                  help_text="what it measures, in your own words"),
        ]  # fmt: skip
        heading = f"Edit {feature.name}" if feature else "New feature"
        super().__init__(heading, Form(*fields, check=self._wrong), id="feature-form")

    def compose(self) -> ComposeResult:
        """Lay out the form, and under it what the expression is."""
        yield from super().compose()
        yield self._says

    def on_resize(self) -> None:
        """Say what the expression is, in the width there is."""
        self._say(self.form.values)

    def focus_first(self) -> None:
        """Begin with the name of a new one, and the expression of one that is there."""
        self.form.field("expression" if self.feature else "name").control.focus()

    def refuse(self, error: QuantError) -> None:
        """Show why it could not be kept."""
        field = error.field if isinstance(error, InvalidInput) else ""
        if isinstance(error, StrategyError):
            field = "expression"
        self.form.show_errors({field or "name": str(error)})

    def _wrong(self, values: dict[str, str]) -> dict[str, str]:
        from quant_tui.services.features import checked_feature_name

        wrong: dict[str, str] = {}
        try:
            name = checked_feature_name(values["name"])
        except InvalidInput as error:
            wrong["name"] = str(error)
        else:
            if name in self._taken:
                wrong["name"] = "another feature has this name"
        if problem := self._problem(values):
            wrong["expression"] = problem
        return wrong

    def _problem(self, values: dict[str, str]) -> str:
        from quant_tui.services.feature_definitions import expression_problem

        if values.get("feature_type") == FeatureType.FUNCTION:
            if values["expression"].strip() in self._functions:
                return ""
            return f"no such function; there are {', '.join(self._functions) or 'none'}"
        return expression_problem(values["expression"])

    def on_form_changed(self, event: Form.Changed) -> None:
        """Say what the expression is now."""
        event.stop()
        if event.key == "feature_type":
            self._ask_for(event.values["feature_type"])
        self._say(event.values)

    def on_mount(self) -> None:
        """Ask for what the feature is computed by."""
        super().on_mount()
        self._ask_for(self.form.values.get("feature_type", FeatureType.EXPRESSION))

    def _ask_for(self, kind: str) -> None:
        """Have the second field offer rules, or functions."""
        control = self.form.field("expression").control
        if isinstance(control, Input):
            by_function = kind == FeatureType.FUNCTION
            control.placeholder = (self._functions or [""])[0] if by_function else EXAMPLE
            control.suggester = LastOfList(self._functions) if by_function else RuleSuggester()

    def _say(self, values: dict[str, str]) -> None:
        text = values["expression"]
        problem = self._problem(values) if text.strip() else ""
        if problem:
            lines = [Content.styled(f"✗ {problem}", "$text-error")]
        elif text.strip() and values.get("feature_type") != FeatureType.FUNCTION:
            lines = [_what_it_is(text)]
        else:
            lines = []
        if values.get("feature_type") == FeatureType.FUNCTION:
            names = ", ".join(self._functions)
            lines.append(Content.styled(f"functions of installed packages: {names}", "$text-muted"))
        else:
            lines += [
                Content.assemble((shown, "bold"), (f"  {about}", "$text-muted"))
                for _, shown, about in candidates(text)
            ]
        width = max(20, self.size.width - 16)
        self._says.update(Content("\n").join(one.truncate(width, ellipsis=True) for one in lines))


def _what_it_is(text: str) -> Content:
    from quant_tui.services.feature_definitions import check_expression

    found = check_expression(text)
    kind = "true or false" if found.kind == "condition" else "a number"
    across = ", compares the symbols" if found.across else ""
    return Content.assemble(
        ("✓ ", "$text-success"), (found.expression, "bold"),
        (f"  {kind}{across}, first after {found.warm_up} bars", "$text-muted"),
    )  # fmt: skip
