"""Checking a document with parameter values, before it runs."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from quant_tui.domain.errors import Finding, InvalidInput
from quant_tui.engine.rules.checker import Checker, Typed
from quant_tui.engine.rules.findings import Findings, did_you_mean
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.parameters import ParameterValue

if TYPE_CHECKING:
    from quant_tui.engine.rules.document import StrategyDocument

RULES = {
    "entry": (Kind.CONDITION,),
    "exit": (Kind.CONDITION,),
    "short_entry": (Kind.CONDITION,),
    "short_exit": (Kind.CONDITION,),
    "weight": (Kind.SERIES, Kind.NUMBER),
    "rebalance": (Kind.CONDITION,),
    "rank": (Kind.SERIES,),
    "universe": (Kind.CONDITION,),
    "stop_loss": (Kind.NUMBER, Kind.SERIES),
    "take_profit": (Kind.NUMBER, Kind.SERIES),
    "trailing_stop": (Kind.NUMBER, Kind.SERIES),
}
"""Keys that hold one expression, with the kinds they may have.

``universe`` says where a symbol may be entered. The stops are fractions of the entry price
(``trailing_stop``: of the best price since), read on the bar that decided the entry.
"""

WITH_ENTRY = frozenset(RULES) - {"weight", "rebalance", "rank"}
"""Keys that go with ``entry``, not with ``weight``."""

_STOPS = {"stop_loss": 1.0, "take_profit": math.inf, "trailing_stop": 1.0}
"""Stops, with what their fraction must stay below."""


def check(
    document: StrategyDocument, params: Mapping[str, object] | None = None
) -> tuple[Finding, ...]:
    """Type-check a document with parameter values (defaults where none is given).

    Returns
    -------
    tuple of Finding
        What is wrong; empty when the strategy can run.
    """
    findings = Findings()
    _typed_rules(document, _usable(document, params, findings), findings)
    return findings.all()


def _usable(
    document: StrategyDocument, params: Mapping[str, object] | None, findings: Findings
) -> dict[str, ParameterValue]:
    values, wrong = _coerced(document, params)
    if not wrong:
        wrong = _broken_constraints(document, values, findings)
    for name, message in wrong.items():
        findings.add(f"params.{name}", 0, message)
    return values


def _typed_rules(
    document: StrategyDocument, values: dict[str, ParameterValue], findings: Findings
) -> int:
    checker = Checker(document.lets, document.parameters, values, findings)
    for name in document.lets:
        if not findings.full:
            checker.check_let(name)
    warm = 0
    for key, tree in document.rules.items():
        if findings.full:
            break
        typed = checker.check(tree, key, *RULES[key])
        if typed is not None:
            _check_stop(key, typed, findings)
            warm = max(warm, typed.warm_up)
    return warm


def _check_stop(key: str, typed: Typed, findings: Findings) -> None:
    """Note a stop that is a number no price can reach, or reaches at once."""
    if key not in _STOPS or typed.number is None or 0.0 < typed.number < _STOPS[key]:
        return
    if typed.number >= 1.0:
        hint = f"write {typed.number / 100.0:g} for {typed.number:g} %"
        findings.add(key, 1, f"is a fraction of the price, below 1, not {typed.number:g}", hint)
    else:
        findings.add(key, 1, f"is a fraction above 0, not {typed.number:g}", "leave the key out")


def warm_up(document: StrategyDocument, params: Mapping[str, object] | None = None) -> int:
    """Return how many of a symbol's bars pass before its first possible signal.

    Raises
    ------
    InvalidInput
        A parameter cannot be used.
    StrategyError
        The strategy cannot run with these parameters.
    """
    findings = Findings()
    warm = _typed_rules(document, resolve_parameters(document, params), findings)
    findings.raise_if_any(document.name)
    return warm


def validate_parameters(
    document: StrategyDocument, params: Mapping[str, object] | None
) -> dict[str, str]:
    """Check given parameter values; those not given take their defaults.

    Returns
    -------
    dict
        Parameter → what is wrong; empty when all can be used. A broken constraint is
        told at the first parameter that it names.
    """
    values, wrong = _coerced(document, params)
    if wrong:
        return wrong
    findings = Findings()
    wrong = _broken_constraints(document, values, findings)
    for finding in findings.all():
        wrong[finding.place] = f"{finding.message} {finding.suggestion}".strip()
    return wrong


def _coerced(
    document: StrategyDocument, params: Mapping[str, object] | None
) -> tuple[dict[str, ParameterValue], dict[str, str]]:
    """Return a value for every parameter, and what is wrong with those given."""
    wrong: dict[str, str] = {}
    values = document.default_parameters()
    for name, value in (params or {}).items():
        spec = document.parameters.get(name)
        if spec is None:
            hint = did_you_mean(str(name), document.parameters)
            known = ", ".join(document.parameters) or "none"
            wrong[str(name)] = f"is not a parameter; {hint or f'parameters: {known}'}"
            continue
        try:
            values[name] = spec.coerce(value)
        except ValueError as error:
            wrong[name] = str(error)
    return values, wrong


def _broken_constraints(
    document: StrategyDocument, values: dict[str, ParameterValue], findings: Findings
) -> dict[str, str]:
    """Return first parameter → broken constraint; one that cannot be read is a finding."""
    wrong: dict[str, str] = {}
    checker = Checker({}, document.parameters, values, findings)
    for number, constraint in enumerate(document.constraints):
        place = f"constraints.{number}"
        if checker.check(constraint.tree, place, Kind.CONDITION) is None:
            continue
        held = checker.truth_of_numbers(constraint.tree, place)
        named = [node.id for node in ast.walk(constraint.tree) if isinstance(node, ast.Name)]
        if held is None or not named:
            findings.add(place, 1, "must compare parameters with one another or with numbers")
        elif not held:
            shown = ", ".join(f"{name} = {values[name]}" for name in dict.fromkeys(named))
            wrong[named[0]] = constraint.message or f"must satisfy {constraint.text} ({shown})"
    return wrong


def resolve_parameters(
    document: StrategyDocument, params: Mapping[str, object] | None
) -> dict[str, ParameterValue]:
    """Return a value of the right type for every parameter.

    Raises
    ------
    InvalidInput
        A value cannot be used; ``field`` names the parameter.
    """
    wrong = validate_parameters(document, params)
    if wrong:
        name, message = next(iter(wrong.items()))
        raise InvalidInput(f"{name}: {message}", field=name)
    return _coerced(document, params)[0]
