"""Writing a strategy document the one way: YAML for people, in the order of its keys."""

from __future__ import annotations

import re
from typing import Any

from quant_tui.engine.rules.document import parse_document
from quant_tui.engine.rules.parameters import ParameterSpec

_WIDTH = 1 << 20
"""No line is folded."""

_ROWS = frozenset({"tags", "sizing"})
"""Keys whose list or mapping stands in one row."""


def format_document(text: str) -> str:
    """Return a strategy document as YAML in its canonical form.

    Keys come in one order, expressions are written the one way with every argument
    written out, parameters in the short form. The meaning, and so the hash, stays;
    comments do not.

    Parameters
    ----------
    text
        YAML or JSON.

    Raises
    ------
    StrategyError
        It is no strategy; ``findings`` name every place, column and a suggestion.
    """
    document = parse_document(text)
    data = document.to_document()
    for key in document.rules:
        data[key] = _plain(data[key])
    written = {
        key: _row(key, value) if key in _ROWS and not isinstance(value, str) else _block(key, value)
        for key, value in data.items()
    }
    if "params" in data:
        rows = [_row(name, _short(spec)) for name, spec in document.parameters.items()]
        written["params"] = "params:\n" + "".join(f"  {row}" for row in rows)
    return "".join(written.values())


def _row(key: str, value: object) -> str:
    """Write a key with a list or a mapping in one row."""
    return f"{key}: {_dump(value, in_row=True)}"


def _block(key: str, value: object) -> str:
    """Write a key with a line for each part of its value."""
    return _dump({key: value}, in_row=False)


def _dump(data: object, *, in_row: bool) -> str:
    import yaml

    text: str = yaml.safe_dump(
        data, allow_unicode=True, width=_WIDTH, sort_keys=False, default_flow_style=in_row
    )
    return text


def _short(spec: ParameterSpec) -> dict[str, Any]:
    """Return a parameter as people write it: {int: [5, 50], default: 20}."""
    long = spec.to_document()
    bounds: dict[str, Any] = {"bool": spec.default}
    if spec.choices:
        bounds = {"choice": long["choices"]}
    elif "low" in long:
        bounds = {spec.kind: [long["low"], long["high"]]}
    kept = ("step", "description") if spec.kind == "bool" else ("default", "step", "description")
    return bounds | {key: long[key] for key in kept if key in long}


def _plain(expression: str) -> str | float | bool:
    """Return a number or a truth as such, so that it needs no quotation marks."""
    if expression in ("true", "false"):
        return expression == "true"
    if re.fullmatch(r"\d+(\.\d+)?", expression):
        return float(expression) if "." in expression else int(expression)
    return expression
