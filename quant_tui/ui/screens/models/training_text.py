"""What the fields of a training say, and how its parameters are written in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.optimization.space import ParameterRange
from quant_tui.engine.rules import ParameterSpec
from quant_tui.ml.models.registry import model_kind
from quant_tui.ml.splits import Split
from quant_tui.ml.targets import Target
from quant_tui.services.training_request import SearchPlan, TrainingRequest
from quant_tui.ui.screens.optimise.range_text import read_range

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel
    from quant_tui.ml.models.protocol import Parameter


def usual_parameters(kind: str) -> list[str]:
    """Return the parameters of a type as they are written."""
    known = model_kind(kind).parameters
    return [f"{name}={_text(one.default)}" for name, one in known.items()]


def chosen_parameters(model: MLModel | None) -> str:
    """Return what a model was trained with that is not usual."""
    if model is None:
        return ""
    known = model_kind(str(model.model_type)).parameters
    return ", ".join(
        f"{name}={_text(value)}"
        for name, value in model.parameters.items()
        if name in known and value != known[name].default
    )


def request_of(values: Mapping[str, str]) -> TrainingRequest:
    """Return what the fields ask for.

    Raises
    ------
    InvalidInput
        A number, date or parameter cannot be read; ``field`` says which field.
    """
    trials = _whole(values["trials"], "trials")
    parameters = _parameters(values["parameters"], values["model_type"])
    if parameters.ranges and not trials:
        name = next(iter(parameters.ranges))
        raise InvalidInput(
            f"Say how many trials look for the best {name}, or give it one value.", field="trials"
        )
    return TrainingRequest(
        name=values["name"],
        symbols=_names(values["symbols"]),
        model_type=values["model_type"],
        features=_names(values["features"]),
        interval=values["interval"].strip() or "1d",
        start=_day(values["start"], "start"),
        end=_day(values["end"], "end"),
        target=Target(
            values["target"],
            _whole(values["horizon"], "horizon"),
            _number(values["barrier"], "barrier"),
        ),
        split=Split(
            values["split"],
            folds=_whole(values["folds"], "folds"),
            test_share=_number(values["test_share"].replace("%", ""), "test_share") / 100.0,
            embargo=_whole(values["embargo"], "embargo"),
            anchored=values["anchored"] == "yes",
        ),
        parameters=parameters.kept,
        class_weight=values["class_weight"],
        patience=_whole(values["patience"], "patience"),
        seed=_whole(values["seed"], "seed"),
        search=SearchPlan(trials, parameters.ranges, values["metric"]) if trials else None,
        experiment=values["experiment"],
    )


@dataclass(frozen=True)
class _Parameters:
    """Parameters as written: those kept at one value, and those that are searched."""

    kept: dict[str, object] = field(default_factory=dict)
    ranges: dict[str, ParameterRange] = field(default_factory=dict)


def _parameters(text: str, kind: str) -> _Parameters:
    specs = {name: _spec(name, one) for name, one in model_kind(kind).parameters.items()}
    found = _Parameters()
    for name, written in _pairs(text, specs):
        if name not in specs:
            raise InvalidInput(
                f"{model_kind(kind).name} has no parameter {name!r}.",
                field="parameters",
                hint=f"There are {', '.join(specs)}.",
            )
        if name in found.kept or name in found.ranges:
            raise InvalidInput(f"{name} is given twice.", field="parameters")
        try:
            read = read_range(written, specs[name], specs)
        except ValueError as error:
            raise InvalidInput(f"{name}: {error}.", field="parameters") from None
        if isinstance(read, ParameterRange):
            found.ranges[name] = read
        else:
            found.kept[name] = read
    return found


def _pairs(text: str, specs: Mapping[str, ParameterSpec]) -> list[tuple[str, str]]:
    """Return names and what follows them; commas stand between pairs, and between choices."""
    found: list[tuple[str, str]] = []
    for part in _names(text):
        name, equals, value = (one.strip() for one in part.partition("="))
        if equals and name:
            found.append((name, value))
        elif found and (of := specs.get(found[-1][0])) and of.kind in ("bool", "choice"):
            before, so_far = found.pop()
            found.append((before, f"{so_far}, {part}"))
        else:
            raise InvalidInput(f"{part!r} is no name=value.", field="parameters")
    return found


def _spec(name: str, parameter: Parameter) -> ParameterSpec:
    """Return a model's parameter as ranges know those of strategies."""
    default = parameter.default
    if isinstance(default, bool):
        kind = "bool"
    elif isinstance(default, str):
        kind = "choice"
    else:
        kind = "int" if isinstance(default, int) else "float"
    return ParameterSpec(
        name, kind, default, parameter.low, parameter.high, choices=parameter.choices
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _names(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _whole(text: str, field_name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no whole number.", field=field_name) from None


def _number(text: str, field_name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no number.", field=field_name) from None


def _day(text: str, field_name: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"{text!r} is no date.", field=field_name, hint="Write YYYY-MM-DD."
        ) from None
