"""Variables of prompt templates: what each may be, and how a value of it is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.genai.prompt_text import names_in

LONGEST_VALUE = 20_000
MOST_VARIABLES = 30
LARGEST_STORED = 2**63
"""A whole number from here on is kept as its digits: the store has eight bytes."""


class VariableType(StrEnum):
    """What a value is."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    SYMBOLS = "symbols"


class Variable(BaseModel):
    """One variable of a template.

    Attributes
    ----------
    title
        What a form calls it; its name without.
    default
        Value that is taken where none is given; None when one must be.
    choices
        What a ``choice`` is one of.
    low, high
        Bounds of a number, both included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: VariableType = VariableType.TEXT
    title: str = Field("", max_length=200)
    default: str | int | float | None = None
    choices: tuple[str, ...] = Field((), max_length=100)
    low: float | None = Field(None, allow_inf_nan=False)
    high: float | None = Field(None, allow_inf_nan=False)

    def to_document(self) -> Document:
        """Return it as it is kept, without what is not said."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"type": str(self.type)}


def range_text(low: float | None, high: float | None) -> str:
    """Write bounds: ``2 to 200``, ``2 or more``, ``200 or less``; "" without any."""
    if low is None:
        return "" if high is None else f"{exactly(high)} or less"
    return f"{exactly(low)} or more" if high is None else f"{exactly(low)} to {exactly(high)}"


def exactly(value: float) -> str:
    """Write a number so that it reads back as the same one, whole ones without a point."""
    text = repr(float(value))
    return text.removesuffix(".0")


def laid_over(template: str, known: Document, given: Document) -> Document:
    """Return descriptions of variables with others laid over them.

    What is not given of a variable stays, unless it becomes of another type; what is given
    as None goes. Those that the template does not have any more go too.

    Parameters
    ----------
    known, given
        Descriptions by the variable's name.
    """
    names = names_in(template)
    found: Document = {name: about for name, about in known.items() if name in names}
    for name, about in given.items():
        before = found.get(name, {})
        if before.get("type", VariableType.TEXT) != about.get("type", before.get("type")):
            before = {"title": before["title"]} if "title" in before else {}
        merged = {**before, **about}
        found[name] = {key: value for key, value in merged.items() if value is not None}
    return found


def read_variables(template: str, given: Mapping[str, object]) -> dict[str, Variable]:
    """Return the variables of a template in their order; those not described are texts.

    Raises
    ------
    InvalidInput
        The template or a description is wrong, or describes what the template lacks.
    """
    names = names_in(template)
    if len(names) > MOST_VARIABLES:
        raise InvalidInput(
            f"There are {len(names)} variables; {MOST_VARIABLES} may be.", field="template"
        )
    for name in given:
        if name not in names:
            raise InvalidInput(
                f"{name} is described and not in the template.",
                field=name,
                hint=f"Write {{{name}}} where it belongs, or leave it out.",
            )
    found = {name: _variable(name, given.get(name, {})) for name in names}
    for name, variable in found.items():
        if variable.default not in (None, ""):
            write_value(name, variable, variable.default)
    return found


def write_value(name: str, variable: Variable, given: object) -> str:
    """Return a value as the prompt has it.

    Raises
    ------
    InvalidInput
        It is not what the variable may be; the message names the variable.
    """
    text = str(given).strip()
    if len(text) > LONGEST_VALUE:
        raise InvalidInput(f"{name} is longer than {LONGEST_VALUE:,} characters.", field=name)
    match variable.type:
        case VariableType.INTEGER | VariableType.NUMBER:
            return _number(name, variable, text)
        case VariableType.DATE:
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise _not(name, text, "a date", "Write it as 2020-01-31.") from None
        case VariableType.CHOICE:
            for choice in variable.choices:
                if choice.casefold() == text.casefold():
                    return choice
            raise _not(name, text, "one of its choices", f"It is {_listed(variable.choices)}.")
        case VariableType.SYMBOLS:
            symbols = [one for one in text.replace(",", " ").split() if one]
            if not symbols:
                raise InvalidInput(f"{name} has no value.", field=name, hint="Name a symbol.")
            return ", ".join(dict.fromkeys(symbols))
    if not text:
        raise InvalidInput(f"{name} has no value.", field=name, hint="Give it one.")
    return text


def _variable(name: str, given: object) -> Variable:
    try:
        variable = Variable.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join([name, *(str(one) for one in first["loc"])])
        raise InvalidInput(f"{place}: {first['msg']}.", field=name) from error
    if isinstance(variable.default, int) and abs(variable.default) >= LARGEST_STORED:
        variable = variable.model_copy(update={"default": str(variable.default)})
    if (variable.type is VariableType.CHOICE) is not bool(variable.choices):
        hint = "A choice has choices, and nothing else has."
        raise InvalidInput(f"{name}: type and choices do not go together.", field=name, hint=hint)
    bounds = [one for one in (variable.low, variable.high) if one is not None]
    if bounds and variable.type not in (VariableType.INTEGER, VariableType.NUMBER):
        raise InvalidInput(f"{name}: only numbers have bounds.", field=name)
    if bounds != sorted(bounds):
        raise InvalidInput(f"{name}: low is above high.", field=name)
    return variable


def _number(name: str, variable: Variable, text: str) -> str:
    whole = variable.type is VariableType.INTEGER
    try:
        value = float(int(text)) if whole else float(text)
    except OverflowError:
        value = math.inf
    except ValueError:
        what = "a whole number" if whole else "a number"
        raise _not(name, text, what, "Write digits, as 14.") from None
    low = -math.inf if variable.low is None else variable.low
    high = math.inf if variable.high is None else variable.high
    if not math.isfinite(value) or not low <= value <= high:
        bounds = range_text(variable.low, variable.high) or "not endless"
        raise _not(name, text, "in its range", f"It is {bounds}.")
    return text


def _not(name: str, text: str, what: str, hint: str) -> InvalidInput:
    return InvalidInput(f"{name}: {text[:60]!r} is not {what}.", field=name, hint=hint)


def _listed(choices: tuple[str, ...]) -> str:
    return ", ".join(choices[:-1]) + f" or {choices[-1]}" if len(choices) > 1 else choices[0]
