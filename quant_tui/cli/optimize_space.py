"""Ranges, objectives and splits as the command line writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from quant_tui.engine.optimization.objective import Objective
    from quant_tui.engine.optimization.space import ParameterRange

FORMS = (
    "NAME=int:LOW:HIGH[:STEP|:log], NAME=float:LOW:HIGH[:STEP|:log] or NAME=cat:A|B,"
    " each with @OTHER=VALUE|VALUE to be searched with these values of another only"
)


def parse_space(given: Sequence[str] | None) -> dict[str, ParameterRange]:
    """Read ranges.

    Raises
    ------
    typer.BadParameter
        One is written otherwise.
    """
    found: dict[str, ParameterRange] = {}
    for text in given or ():
        name, equals, rest = text.partition("=")
        if not equals or not name or not rest:
            raise typer.BadParameter(f"--space {text!r}: write {FORMS}.")
        if name in found:
            raise typer.BadParameter(f"--space gives {name} twice.")
        found[name] = _range(text, rest)
    return found


def parse_objectives(given: Sequence[str]) -> tuple[Objective, ...]:
    """Read ``RULE``, ``RULE:max`` and ``RULE:min``.

    Raises
    ------
    InvalidInput
        There is no such metric, or the rule cannot be read.
    """
    from quant_tui.engine.optimization.objective import Objective

    found = []
    for text in given:
        rule, _, direction = text.rpartition(":")
        if direction in ("min", "max"):
            found.append(Objective(rule.strip(), f"{direction}imize"))
        else:
            found.append(Objective(text.strip()))
    return tuple(found)


def parse_split(text: str) -> float | date | None:
    """Read a share, a day, or ``none``.

    Raises
    ------
    typer.BadParameter
        It is none of them.
    """
    if text.lower() in ("none", "0", ""):
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"--out-of-sample {text!r} is no share such as 0.3, no day YYYY-MM-DD, and not none."
        ) from None


def _range(text: str, rest: str) -> ParameterRange:
    from quant_tui.engine.optimization.space import ParameterRange

    body, at, condition = rest.partition("@")
    when = None
    if at:
        other, equals, values = condition.partition("=")
        if not equals or not other or not values:
            raise typer.BadParameter(f"--space {text!r}: after @ write OTHER=VALUE|VALUE.")
        when = (other, tuple(_value(one) for one in values.split("|")))
    kind, _, bounds = body.partition(":")
    if kind == "cat":
        choices = tuple(_value(one) for one in bounds.split("|") if one)
        return ParameterRange("cat", choices=choices, when=when)
    numbers = bounds.split(":")
    if kind not in ("int", "float") or len(numbers) not in (2, 3):
        raise typer.BadParameter(f"--space {text!r}: write {FORMS}.")
    log = len(numbers) == 3 and numbers[2] == "log"
    try:
        low, high = float(numbers[0]), float(numbers[1])
        step = float(numbers[2]) if len(numbers) == 3 and not log else None
    except ValueError:
        raise typer.BadParameter(f"--space {text!r}: bounds and step are numbers.") from None
    return ParameterRange(kind, low, high, step, log, when=when)


def _value(text: str) -> int | float | bool | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
