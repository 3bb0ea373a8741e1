"""A parameter's range as people write it: ``5 … 50 by 5``, ``a, b``, ``20`` to keep it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quant_tui.ui.screens.optimise.text_parts import range_text
from quant_tui.ui.screens.optimise.view import write_value

if TYPE_CHECKING:
    from quant_tui.engine.optimization.space import ParameterRange
    from quant_tui.engine.rules import ParameterSpec, ParameterValue

_WHEN = re.compile(r"\s+when\s+(\w+)\s*(?:=|is|in)\s*(.+)$", re.IGNORECASE)
_SPAN = re.compile(
    r"^(?P<low>\S+?)\s*(?:…|\.{2,3}|\bto\b)\s*(?P<high>\S+)"
    r"(?:\s+(?:by|step)\s+(?P<step>\S+))?(?P<log>\s+log)?$",
    re.IGNORECASE,
)


def write_range(given: ParameterRange) -> str:
    """Write a range."""
    if given.kind == "cat":
        return range_text({**given.to_document(), "choices": list(given.choices)})
    return range_text(given.to_document())


def read_range(
    text: str, spec: ParameterSpec, others: dict[str, ParameterSpec]
) -> ParameterRange | ParameterValue:
    """Read a range, or a single value at which the parameter is kept.

    Parameters
    ----------
    spec
        Of the parameter: its kind and bounds.
    others
        All parameters of the strategy, for ``when``.

    Raises
    ------
    ValueError
        It is neither; the message says how to write one.
    """
    from quant_tui.engine.optimization.space import ParameterRange

    text, when = text.strip(), None
    if (found := _WHEN.search(text)) is not None:
        name = found[1]
        if name not in others or name == spec.name:
            raise ValueError(f"there is no other parameter {name}")
        values = tuple(others[name].coerce(_plain(one)) for one in _parts(found[2]))
        text, when = text[: found.start()].strip(), (name, values)
    if not text:
        raise ValueError("write a range, or a value to keep")
    if spec.kind in ("bool", "choice"):
        choices = tuple(spec.coerce(_plain(one)) for one in _parts(text))
        if len(choices) == 1 and when is None:
            return choices[0]
        return ParameterRange("cat", choices=tuple(dict.fromkeys(choices)), when=when)
    span = _SPAN.match(text)
    if span is None:
        if len(_parts(text)) > 1:
            raise ValueError("write it as 5 … 50 by 5")
        return spec.coerce(_number(text))
    low, high = (float(spec.coerce(_number(span[key]))) for key in ("low", "high"))
    if low > high:
        raise ValueError("the range's low is above its high")
    step = None if span["step"] is None else _number(span["step"])
    if step is not None and step <= 0:
        raise ValueError("the step must be above zero")
    if span["log"] and (low <= 0 or step is not None):
        raise ValueError("log needs a range above zero, without a step")
    return ParameterRange(spec.kind, low, high, step, log=bool(span["log"]), when=when)


def count_text(given: ParameterRange | ParameterValue) -> str:
    """Say how many values a range has, or that the parameter is kept."""
    from quant_tui.engine.optimization.space import ParameterRange

    if not isinstance(given, ParameterRange):
        return f"kept at {write_value(given)}"
    if given.kind == "float" and given.step is None:
        return "any value"
    count = len(given.values())
    return f"{count} value{'s' * (count != 1)}"


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _plain(text: str) -> object:
    """Return a yes or no as what it is, anything else as written."""
    return {"yes": True, "no": False}.get(text.casefold(), text)


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise ValueError("write it as 5 … 50 by 5, or one value to keep") from None
