"""A strategy as a document: read, checked, written canonically, and hashed."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from quant_tui.engine.config import SIZINGS
from quant_tui.engine.rules import limits
from quant_tui.engine.rules.expression import (
    canonical_text,
    is_name,
    nesting,
    node_count,
    parse_expression,
)
from quant_tui.engine.rules.findings import Findings, did_you_mean
from quant_tui.engine.rules.functions import CONSTANTS, FIELDS, FUNCTIONS, with_defaults
from quant_tui.engine.rules.parameters import ParameterSpec, ParameterValue, read_parameters
from quant_tui.engine.rules.source import read_source
from quant_tui.engine.rules.validation import RULES, WITH_ENTRY, check, warm_up

KEYS = ("name", "description", "strategy_type", "tags", "params", "constraints", "let", *RULES,
        "sizing")  # fmt: skip
"""Keys of a document."""

NUMBERED_SIZINGS = frozenset({"fraction", "fixed_cash", "fixed_shares", "volatility_target"})
"""Sizings that need a number."""

_GREATEST_VOLATILITY = 10.0


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition between parameters, such as ``short_window < long_window``."""

    tree: ast.expr
    message: str = ""

    @property
    def text(self) -> str:
        """The condition in its canonical form."""
        return canonical_text(self.tree)


@dataclass(frozen=True, eq=False)
class StrategyDocument:
    """A checked strategy in the rule language.

    Attributes
    ----------
    name, description, strategy_type, tags
        For people and lists; they do not enter the hash.
    parameters
        Parameters by name.
    constraints
        Conditions between parameters.
    lets
        Named expressions.
    rules
        The expressions of the keys in :data:`~.validation.RULES`.
    sizing
        The strategy's own sizing and its value, or None.
    """

    name: str
    description: str = ""
    strategy_type: str = "CUSTOM"
    tags: tuple[str, ...] = ()
    parameters: dict[str, ParameterSpec] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
    lets: dict[str, ast.expr] = field(default_factory=dict)
    rules: dict[str, ast.expr] = field(default_factory=dict)
    sizing: tuple[str, float | None] | None = None

    @property
    def uses_weights(self) -> bool:
        """Whether the strategy gives target weights instead of entries and exits."""
        return "weight" in self.rules

    def default_parameters(self) -> dict[str, ParameterValue]:
        """Return the default of every parameter."""
        return {name: spec.default for name, spec in self.parameters.items()}

    def to_document(self) -> dict[str, Any]:
        """Return the document as plain data, every expression in its canonical form."""
        document: dict[str, Any] = {"name": self.name}
        if self.description:
            document["description"] = self.description
        document["strategy_type"] = self.strategy_type
        if self.tags:
            document["tags"] = list(self.tags)
        if self.parameters:
            document["params"] = {n: spec.to_document() for n, spec in self.parameters.items()}
        if self.constraints:
            document["constraints"] = [_constraint_data(one) for one in self.constraints]
        if self.lets:
            document["let"] = {name: canonical_text(tree) for name, tree in self.lets.items()}
        document.update({name: canonical_text(tree) for name, tree in self.rules.items()})
        if self.sizing is not None:
            method, value = self.sizing
            document["sizing"] = method if value is None else {method: value}
        return document

    def canonical(self) -> str:
        """Return the one way of writing the document, as JSON in the order of its keys."""
        return json.dumps(self.to_document(), indent=2, ensure_ascii=False, allow_nan=False)

    @property
    def hash(self) -> str:
        """SHA-256 of what the strategy means; name, description and order do not enter."""
        document = self.to_document()
        for key in ("name", "description", "strategy_type", "tags"):
            document.pop(key, None)
        for spec in document.get("params", {}).values():
            spec.pop("description", None)
        document["constraints"] = sorted(one.text for one in self.constraints)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def warm_up(self, params: Mapping[str, object] | None = None) -> int:
        """Return the bars of a symbol that pass before its first possible signal."""
        return warm_up(self, params)


def _constraint_data(constraint: Constraint) -> str | dict[str, str]:
    if constraint.message:
        return {"rule": constraint.text, "message": constraint.message}
    return constraint.text


def parse_document(source: str | Mapping[str, Any]) -> StrategyDocument:
    """Read and check a strategy document.

    Parameters
    ----------
    source
        YAML or JSON text, or its data.

    Raises
    ------
    StrategyError
        It cannot be used; ``findings`` name every place, column and a suggestion.
    """
    data = read_source(source) if isinstance(source, str) else dict(source)
    findings = Findings()
    for key in data:
        if key not in KEYS and not findings.full:
            text = str(key)[: limits.NAME_CHARACTERS]
            findings.add(text, 0, "is not a key of a strategy", did_you_mean(text, KEYS))
    parameters = read_parameters(data.get("params"), findings, KEYS)
    lets = _read_lets(data.get("let"), parameters, findings)
    rules: dict[str, ast.expr] = {}
    for key in RULES:
        if data.get(key) is not None:
            tree = _read_expression(data[key], key, findings)
            if tree is not None:
                rules[key] = tree
    document = StrategyDocument(
        name=_text(data, "name", 200, findings) or "Unnamed",
        description=_text(data, "description", 10_000, findings),
        strategy_type=_text(data, "strategy_type", 64, findings) or "CUSTOM",
        tags=_read_tags(data.get("tags"), findings),
        parameters=parameters,
        constraints=_read_constraints(data.get("constraints"), findings),
        lets=lets,
        rules=rules,
        sizing=_read_sizing(data.get("sizing"), findings),
    )
    _check_shape(data, document, findings)
    if not findings:
        for finding in check(document):
            findings.add(finding.place, finding.column, finding.message, finding.suggestion)
    findings.raise_if_any(document.name)
    return document


def _text(data: Mapping[str, Any], key: str, longest: int, findings: Findings) -> str:
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        findings.add(key, 0, f"must be a text of at most {longest} characters")
        return ""
    return value.strip()


def _read_tags(value: object, findings: Findings) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > 32:
        findings.add("tags", 0, "must be a list of at most 32 words")
        return ()
    return tuple(str(tag)[:64] for tag in value)


def _read_expression(value: object, place: str, findings: Findings) -> ast.expr | None:
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, int | float) and not abs(value) > limits.NUMBER:
        value = repr(value)
    if not isinstance(value, str):
        findings.add(place, 0, "must be an expression, as a text")
        return None
    tree = parse_expression(value, place, findings)
    if tree is None:
        return None
    tree = with_defaults(tree)
    written_out = len(value) > limits.EXPRESSION_CHARACTERS // 3 or "(" in value
    longest = len(ast.unparse(tree)) if written_out else 0
    count = node_count(tree) if written_out else 0
    if longest > limits.EXPRESSION_CHARACTERS or count > limits.NODES:
        findings.add(
            place, 0, f"written out it has {longest} characters and {count} operations;"
            f" {limits.EXPRESSION_CHARACTERS} and {limits.NODES} are the most",
            "name parts of it under let",
        )  # fmt: skip
        return None
    return tree


def _read_lets(
    section: object, parameters: Mapping[str, ParameterSpec], findings: Findings
) -> dict[str, ast.expr]:
    if section is None:
        return {}
    if not isinstance(section, Mapping) or len(section) > limits.NAMED_SERIES:
        findings.add("let", 0, f"must be a mapping of at most {limits.NAMED_SERIES} names")
        return {}
    lets: dict[str, ast.expr] = {}
    operations = 0
    for name, value in section.items():
        place = f"let.{str(name)[: limits.NAME_CHARACTERS]}"
        if not isinstance(name, str) or not is_name(name):
            findings.add(place, 0, "a name is lower-case letters, digits and single underscores")
        elif name in FUNCTIONS or name in FIELDS or name in CONSTANTS or name in parameters:
            findings.add(place, 0, f"{name} already means something", f"try my_{name}")
        else:
            tree = _read_expression(value, place, findings)
            if tree is not None:
                lets[name] = tree
                operations += node_count(tree)
        if findings.full or operations > limits.DOCUMENT_NODES:
            break
    return lets


def _read_constraints(section: object, findings: Findings) -> tuple[Constraint, ...]:
    if section is None:
        return ()
    if not isinstance(section, list | tuple) or len(section) > limits.CONSTRAINTS:
        findings.add("constraints", 0, f"must be a list of at most {limits.CONSTRAINTS}")
        return ()
    found = []
    for number, entry in enumerate(section):
        message = ""
        if isinstance(entry, Mapping):
            message, entry = str(entry.get("message", ""))[:500], entry.get("rule")
        tree = _read_expression(entry, f"constraints.{number}", findings)
        if tree is not None:
            found.append(Constraint(tree, message))
    return tuple(found)


def _read_sizing(value: object, findings: Findings) -> tuple[str, float | None] | None:
    if value is None:
        return None
    method, number = value, None
    if isinstance(value, Mapping) and len(value) == 1:
        method, number = next(iter(value.items()))
    if not isinstance(method, str) or method not in SIZINGS or method == "auto":
        choices = [one for one in SIZINGS if one != "auto"]
        findings.add("sizing", 0, f"must be one of {', '.join(choices)}")
        return None
    needs_number = method in NUMBERED_SIZINGS
    bounds = {"fraction": 1.0, "volatility_target": _GREATEST_VOLATILITY}
    most = bounds.get(method, limits.NUMBER)
    good = isinstance(number, int | float) and not isinstance(number, bool) and 0 < number <= most
    if needs_number != good:
        findings.add("sizing", 0, f"write {{{method}: number}}" if needs_number else "no number")
        return None
    return str(method), float(number) if good and isinstance(number, int | float) else None


def _check_shape(data: Mapping[str, Any], document: StrategyDocument, findings: Findings) -> None:
    trees = [*document.lets.values(), *document.rules.values()]
    if sum(map(node_count, trees)) > limits.DOCUMENT_NODES:
        findings.add("document", 0, f"more than {limits.DOCUMENT_NODES} operations in all")
    known: dict[str, int] = {}
    for place, tree in _places(document):
        if nesting(tree, document.lets, known) > limits.DEPTH:
            message = f"rests on named series that nest more than {limits.DEPTH} operations deep"
            findings.add(place, 0, message, "build on fewer of them")
            break
    has = {key for key in RULES if data.get(key) is not None}
    if "weight" in has:
        for key in has & WITH_ENTRY:
            findings.add(key, 0, "a strategy has either weight, or entry and what goes with it")
        if document.sizing is not None:
            findings.add("sizing", 0, "weight says the size already", "leave sizing out")
        return
    if "entry" not in has:
        hint = "write entry: false to sell short only" if "short_entry" in has else ""
        findings.add("entry", 0, "is missing", hint or "say when to buy, or give weight")
    if "rebalance" in has:
        findings.add("rebalance", 0, "goes with weight only")
    if "short_exit" in has and "short_entry" not in has:
        findings.add("short_exit", 0, "goes with short_entry", "say when to sell short")


def _places(document: StrategyDocument) -> Iterator[tuple[str, ast.expr]]:
    for name, tree in document.lets.items():
        yield f"let.{name}", tree
    yield from document.rules.items()
