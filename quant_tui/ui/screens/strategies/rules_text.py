"""A strategy's rules and parameters as coloured text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.domain.base import Document

if TYPE_CHECKING:
    from quant_tui.engine.rules import ParameterSpec

_TOKEN = re.compile(
    r"(?P<function>[A-Za-z_]\w*(?=\s*\())"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
    r"|(?P<operator>[-+*/%<>=!]+)"
)
_WORDS = frozenset({"and", "or", "not", "if", "else", "in", "true", "false", "True", "False"})
_STYLES = {
    "function": "$chart-1",
    "parameter": "bold $chart-2",
    "series": "$chart-4",
    "number": "$chart-5",
    "word": "bold $chart-3",
    "operator": "$text-muted",
}
_NOT_RULES = ("name", "description", "strategy_type", "params", "tags", "constraints")


def expression(text: str, parameters: Iterable[str] = (), series: Iterable[str] = ()) -> Content:
    """Colour an expression of the rule language.

    Parameters
    ----------
    parameters, series
        Names that the document defines.
    """
    parameters, series = frozenset(parameters), frozenset(series)
    parts: list[Content] = []
    at = 0
    for match in _TOKEN.finditer(text):
        parts.append(Content(text[at : match.start()]))
        kind = match.lastgroup or ""
        word = match.group()
        if word in _WORDS:
            kind = "word"
        elif kind == "name":
            kind = "parameter" if word in parameters else "series" if word in series else ""
        parts.append(Content.styled(word, _STYLES[kind]) if kind in _STYLES else Content(word))
        at = match.end()
    parts.append(Content(text[at:]))
    return Content("").join(parts)


def rules(document: Document, width: int) -> list[Content]:
    """Write the rules of a document, one key a paragraph, wrapped to ``width`` cells."""
    lines: list[Content] = []
    parameters = document.get("params") or {}
    named = document.get("let") or {}
    entries: list[tuple[str, object]] = []
    for key, value in document.items():
        if key in _NOT_RULES or value in (None, "", [], {}):
            continue
        if key == "let" and isinstance(value, Mapping):
            entries += [(str(name), text) for name, text in value.items()]
        else:
            entries.append((key, value))
    label_width = min(14, max((len(key) for key, _ in entries), default=0))
    for key, value in entries:
        style = _STYLES["series"] if key in named else "bold"
        for at, line in enumerate(_value(value, parameters, named, width - label_width - 2)):
            label = key.ljust(label_width) if at == 0 else " " * label_width
            lines.append(Content.assemble((label, style), "  ", line))
    return lines


def _value(
    value: object, parameters: Iterable[str], named: Iterable[str], width: int
) -> list[Content]:
    if isinstance(value, Mapping):
        return [
            Content.assemble((f"{key} ", "$text-muted"), expression(str(one), parameters, named))
            for key, one in value.items()
        ]
    if isinstance(value, list | tuple):
        return [line for one in value for line in _value(one, parameters, named, width)]
    return expression(str(value), parameters, named).wrap(max(16, width))


def constraints(document: Document) -> list[Content]:
    """Write what must hold between parameters, one a line."""
    names = document.get("params") or {}
    return [
        Content.assemble(("must hold  ", "$text-muted"), expression(str(one["rule"]), names))
        for one in document.get("constraints") or ()
    ]


def range_of(spec: ParameterSpec) -> str:
    """Write what values a parameter takes: ``5 – 50, step 5``."""
    if spec.choices:
        return " · ".join(str(choice) for choice in spec.choices)
    if spec.kind == "bool":
        return "true · false"
    text = ""
    if spec.low is not None and spec.high is not None:
        text = f"{spec.low:g} – {spec.high:g}"
    if spec.step is not None:
        text += f", step {spec.step:g}"
    return text


def parameters(values: Mapping[str, object], specs: Mapping[str, ParameterSpec]) -> list[Content]:
    """Write parameters one a line: name, value, range, description."""
    if not specs:
        return [Content.styled("none", "$text-muted")]
    names = max(len(name) for name in specs)
    written = {name: write(values.get(name, spec.default)) for name, spec in specs.items()}
    widest = max(len(text) for text in written.values())
    return [
        Content.assemble(
            (name.ljust(names), "bold $chart-2"),
            "  ",
            (written[name].rjust(widest), "bold"),
            (f"   {range_of(spec)}", "$text-muted"),
            (f"  {spec.description}" if spec.description else "", "$text-muted"),
        )
        for name, spec in specs.items()
    ]


def short(values: Mapping[str, object]) -> str:
    """Write parameters in one short text: ``20 · 50``."""
    return " · ".join(write(value) for value in values.values()) or "–"


def write(value: object) -> str:
    """Write one parameter's value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
