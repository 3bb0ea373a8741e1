"""Which types of model there are: ours, and those of packages that announce theirs.

Another package adds a type by an entry point of the group ``quant_tui.models`` that names
an object with the attributes and methods of
:class:`~quant_tui.ml.models.protocol.ModelKind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import cast

from quant_tui.domain.errors import InvalidInput
from quant_tui.ml.models.protocol import ModelKind, Parameter, Value

GROUP = "quant_tui.models"

_OURS: Mapping[str, str] = {
    "LightGBM": "quant_tui.ml.models.lightgbm:LightGBM",
    "CatBoost": "quant_tui.ml.models.catboost:CatBoost",
    "Prophet": "quant_tui.ml.models.prophet:Prophet",
    "LSTM": "quant_tui.ml.models.lstm:Lstm",
}


@cache
def _places() -> dict[str, EntryPoint]:
    ours = {name: EntryPoint(name, place, GROUP) for name, place in _OURS.items()}
    return {one.name: one for one in entry_points(group=GROUP)} | ours


def model_types() -> tuple[str, ...]:
    """Return the names of all types; none of them is imported for it."""
    return tuple(_places())


def model_type(name: str) -> str:
    """Return a type's name as it is written, however it was typed.

    Raises
    ------
    InvalidInput
        There is no such type.
    """
    for known in _places():
        if known.casefold() == name.strip().casefold():
            return known
    raise InvalidInput(
        f"There is no type of model {name!r}.",
        field="type",
        hint=f"There are {', '.join(_places())}.",
    )


@cache
def model_kind(name: str) -> ModelKind:
    """Return a type of model.

    Raises
    ------
    InvalidInput
        There is no such type.
    """
    place = _places()[model_type(name)]
    made = getattr(import_module(place.module), place.attr)
    return cast(ModelKind, made())


def is_installed(name: str) -> bool:
    """Whether the package that a type needs is there."""
    return find_spec(model_kind(name).package) is not None


def require_installed(name: str) -> None:
    """Refuse a type whose package is missing.

    Raises
    ------
    InvalidInput
        It is, with what to install.
    """
    if not is_installed(name):
        kind = model_kind(name)
        raise InvalidInput(
            f"{kind.name} needs the package {kind.package}, which is not installed.",
            field="type",
            hint=f"Install it with: pip install 'quant-tui[{kind.extra}]'",
        )


def checked_parameters(kind: ModelKind, given: Mapping[str, object]) -> dict[str, Value]:
    """Return every parameter of a type: those given, the others at their defaults.

    Raises
    ------
    InvalidInput
        One is unknown, of another type, or out of its bounds.
    """
    for name in given:
        if name not in kind.parameters:
            raise InvalidInput(
                f"{kind.name} has no parameter {name!r}.",
                field=name,
                hint=f"There are {', '.join(kind.parameters)}.",
            )
    return {
        name: _checked(name, spec, given.get(name, spec.default))
        for name, spec in kind.parameters.items()
    }


def _checked(name: str, spec: Parameter, value: object) -> Value:
    if isinstance(spec.default, bool):
        if isinstance(value, bool):
            return value
        raise InvalidInput(f"{name} is true or false, not {value!r}.", field=name)
    if isinstance(spec.default, str):
        if value in spec.choices:
            return str(value)
        raise InvalidInput(f"{name} is one of {', '.join(spec.choices)}.", field=name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{name} is a number, not {value!r}.", field=name)
    if isinstance(spec.default, int) and value != int(value):
        raise InvalidInput(f"{name} is a whole number, not {value:g}.", field=name)
    low, high = spec.low, spec.high
    if (low is not None and value < low) or (high is not None and value > high):
        raise InvalidInput(f"{name} lies from {low:g} to {high:g}, not {value:g}.", field=name)
    return int(value) if isinstance(spec.default, int) else float(value)
