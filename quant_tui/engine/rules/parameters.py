"""Parameters of a strategy: their kinds, ranges, and the check of given values."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from quant_tui.engine.rules import limits
from quant_tui.engine.rules.expression import is_name
from quant_tui.engine.rules.findings import Findings, did_you_mean
from quant_tui.engine.rules.functions import CONSTANTS, FIELDS, FUNCTIONS
from quant_tui.engine.rules.kinds import Kind

ParameterValue = int | float | bool | str
"""What a parameter can hold."""

KINDS = ("int", "float", "choice", "bool")
_KEYS = frozenset({*KINDS, "type", "low", "high", "choices", "default", "step", "description"})


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter of a strategy.

    Attributes
    ----------
    name
        As expressions write it.
    kind
        ``int``, ``float``, ``choice`` or ``bool``.
    default
        Value when none is given.
    low, high
        Bounds, both included; None for choice and bool.
    step
        Distance between neighbouring values in searches; None leaves it open.
    choices
        Allowed values: numbers, or names of conditions such as ``month_start``.
    description
        What it does, for people.
    """

    name: str
    kind: str
    default: ParameterValue
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[ParameterValue, ...] = ()
    description: str = ""

    def to_document(self) -> dict[str, Any]:
        """Return the parameter as plain data: type, default, low, high, step, choices."""
        document: dict[str, Any] = {"type": self.kind, "default": self.default}
        for key in ("low", "high", "step"):
            value = getattr(self, key)
            if value is not None:
                document[key] = int(value) if self.kind == "int" else value
        if self.choices:
            document["choices"] = list(self.choices)
        if self.description:
            document["description"] = self.description
        return document

    def coerce(self, value: object) -> ParameterValue:
        """Return ``value`` in the parameter's own type.

        Raises
        ------
        ValueError
            The value cannot be used; the message says what would be.
        """
        if self.kind == "bool":
            return _as_bool(value)
        if self.kind == "choice":
            for choice in self.choices:
                if value == choice or str(value) == str(choice):
                    return choice
            raise ValueError(f"must be one of {', '.join(map(str, self.choices))}")
        number = _as_number(value)
        if self.kind == "int":
            if not number.is_integer():
                raise ValueError("must be a whole number")
            number = int(number)
        low = -limits.NUMBER if self.low is None else self.low
        high = limits.NUMBER if self.high is None else self.high
        if not low <= number <= high:
            raise ValueError(f"must be from {low:g} to {high:g}")
        return number

    @property
    def value_kind(self) -> Kind:
        """Kind of the parameter in expressions."""
        named = self.kind == "choice" and isinstance(self.default, str)
        return Kind.CONDITION if self.kind == "bool" or named else Kind.NUMBER


def _as_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "yes", "1"):
        return True
    if text in ("false", "no", "0"):
        return False
    raise ValueError("must be true or false")


def _as_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real | str):
        raise ValueError("must be a number")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a number") from error
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


def read_parameters(
    section: object, findings: Findings, keys: Collection[str] = ()
) -> dict[str, ParameterSpec]:
    """Read the ``params`` of a document.

    Each is ``name: {int: [low, high], default: 20}`` (or ``float``, ``choice: [a, b]``,
    ``bool: true``), or the longer ``{type: int, low: 1, high: 9, default: 5}``. ``keys`` are
    those of a document: one that is indented too far is among the parameters by mistake.
    """
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        findings.add("params", 0, "must be a mapping of names to parameters")
        return {}
    if len(section) > limits.PARAMETERS:
        findings.add("params", 0, f"more than {limits.PARAMETERS} parameters")
        return {}
    specs: dict[str, ParameterSpec] = {}
    for name, entry in section.items():
        place = f"params.{str(name)[: limits.NAME_CHARACTERS]}"
        if not isinstance(name, str) or not is_name(name):
            findings.add(place, 0, "a name is lower-case letters, digits and single underscores")
        elif name in FUNCTIONS or name in FIELDS or name in CONSTANTS:
            findings.add(place, 0, f"{name} is a word of the rule language", f"try my_{name}")
        elif not isinstance(entry, Mapping):
            slipped = f"{name} as a rule begins at the left, not under params"
            findings.add(
                place,
                0,
                "must be a mapping such as {int: [5, 50], default: 20}",
                slipped if name in keys else "",
            )
        else:
            spec = _read_one(name, entry, place, findings)
            if spec is not None:
                specs[name] = spec
    return specs


def _read_one(
    name: str, entry: Mapping[Any, Any], place: str, findings: Findings
) -> ParameterSpec | None:
    for key in entry:
        if key not in _KEYS:
            findings.add(place, 0, f"unknown key {str(key)[:64]!r}", did_you_mean(str(key), _KEYS))
            return None
    kinds = [kind for kind in KINDS if kind in entry]
    kind = str(entry.get("type", kinds[0] if kinds else ""))
    if kind not in KINDS or len(kinds) > 1:
        findings.add(place, 0, f"needs one of the kinds {', '.join(KINDS)}")
        return None
    try:
        spec = _build(name, kind, entry)
        default = spec.coerce(spec.default)
    except ValueError as error:
        findings.add(place, 0, str(error))
        return None
    return ParameterSpec(
        name, kind, default, spec.low, spec.high, spec.step, spec.choices, spec.description
    )


def _build(name: str, kind: str, entry: Mapping[Any, Any]) -> ParameterSpec:
    description = str(entry.get("description", ""))[:1000]
    if kind == "bool":
        default = entry.get("default", entry.get("bool", False))
        return ParameterSpec(name, kind, _as_bool(default), description=description)
    if "default" not in entry:
        raise ValueError("needs a default")
    if kind == "choice":
        choices = entry.get("choice", entry.get("choices"))
        if not isinstance(choices, list | tuple) or not 1 <= len(choices) <= limits.CHOICES:
            raise ValueError(f"choice needs a list of 1 to {limits.CHOICES} values")
        checked = tuple(_choice(value) for value in choices)
        if len({isinstance(value, str) for value in checked}) > 1:
            raise ValueError("choices must be all numbers or all names of conditions")
        return ParameterSpec(name, kind, entry["default"], choices=checked, description=description)
    bounds = entry.get(kind)
    if bounds is None and "low" in entry and "high" in entry:
        bounds = [entry["low"], entry["high"]]
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        raise ValueError(f"{kind} needs its range, [low, high]")
    low, high = (_as_number(bound) for bound in bounds)
    if low > high:
        raise ValueError("the range's low is above its high")
    step = None if entry.get("step") is None else _as_number(entry["step"])
    if step is not None and step <= 0.0:
        raise ValueError("step must be above zero")
    if kind == "int" and not (low.is_integer() and high.is_integer() and (step or 1.0) % 1 == 0):
        raise ValueError("the range and step of an int are whole numbers")
    return ParameterSpec(name, kind, entry["default"], low, high, step, description=description)


def _choice(value: object) -> ParameterValue:
    if isinstance(value, str):
        spec = FIELDS.get(value)
        if spec is None or spec.kind is not Kind.CONDITION:
            known = [name for name, field in FIELDS.items() if field.kind is Kind.CONDITION]
            raise ValueError(
                f"the choice {value[:64]!r} is no number and no condition; conditions are"
                f" {', '.join(known)}"
            )
        return value
    number = _as_number(value)
    if abs(number) > limits.NUMBER:
        raise ValueError(f"a choice is greater than {limits.NUMBER:g}")
    return int(number) if isinstance(value, int) else number
