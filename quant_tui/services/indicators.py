"""Indicators of the rule language on the bars of one symbol: checked as text, then computed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.errors import Finding, StrategyError

if TYPE_CHECKING:
    from quant_tui.services.price_series import Floats, PriceSeries

_PRICES = frozenset({"open", "high", "low", "close"})
_LIKE_ITS_SERIES = frozenset(
    {"lag", "rolling_max", "rolling_min", "rolling_median", "rolling_quantile", "percentile",
     "linearreg", "linearreg_intercept", "tsf", "min", "max"}
)  # fmt: skip
"""Functions whose figures lie where those of their first argument do."""

_LIKE_PRICES = ("Averages and bands", "Price transforms")
_UNLIKE_PRICES = frozenset({"avgdev", "supertrend_direction"})
_PLACE = "indicator"


@dataclass(frozen=True, slots=True)
class Indicator:
    """A checked expression.

    Attributes
    ----------
    text
        As the language writes it, with what was left out.
    tree
        The expression.
    on_price
        Whether its figures are prices, so that it is drawn over the bars.
    condition
        Whether it is true or false on each bar, instead of a figure.
    warm_up
        Bars before its first value.
    """

    text: str
    tree: ast.expr
    on_price: bool
    condition: bool
    warm_up: int


def read_indicators(text: str) -> tuple[Indicator, ...]:
    """Read one line: one expression, or several with commas between them that share a panel.

    Raises
    ------
    StrategyError
        When one of them cannot be used; the findings say where and why.
    """
    return tuple(read_indicator(part) for part in split_expressions(text))


def split_expressions(text: str) -> list[str]:
    """Split at the commas that stand outside all brackets; nothing stays of empty parts."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def read_indicator(text: str) -> Indicator:
    """Check one expression of the rule language.

    Raises
    ------
    StrategyError
        When it cannot be read, has the wrong kinds, or needs figures from outside the bars.
    """
    from quant_tui.engine.rules.checker import Checker
    from quant_tui.engine.rules.expression import canonical_text, parse_expression
    from quant_tui.engine.rules.findings import Findings
    from quant_tui.engine.rules.functions import with_defaults
    from quant_tui.engine.rules.kinds import Kind

    findings, typed = Findings(), None
    tree = parse_expression(text, _PLACE, findings)
    if tree is not None:
        tree = with_defaults(tree)
        typed = Checker({}, {}, {}, findings).check(tree, _PLACE, Kind.SERIES, Kind.CONDITION)
        if typed is not None and (outside := _outside(tree)):
            findings.add(_PLACE, 0, f"{outside} comes from outside the bars",
                         "use it in a strategy's rules")  # fmt: skip
    found = findings.all()
    if found or tree is None or typed is None:
        first = found[0] if found else Finding(_PLACE, 0, "cannot be used")
        raise StrategyError(f"{text}: {_said(first)}", findings=found)
    return Indicator(
        text=canonical_text(tree),
        tree=tree,
        on_price=_level(tree) == "price",
        condition=typed.kind is Kind.CONDITION,
        warm_up=typed.warm_up,
    )


def _said(finding: Finding) -> str:
    return f"{finding.message} – {finding.suggestion}" if finding.suggestion else finding.message


def problem_of(text: str) -> str:
    """Say what is wrong with a line of indicators; "" when nothing is, or it is empty."""
    try:
        read_indicators(text)
    except StrategyError as error:
        first = next(iter(error.findings), None)
        return _said(first) if first is not None else str(error)
    return ""


def _outside(tree: ast.expr) -> str:
    from quant_tui.engine.rules.functions import FUNCTIONS

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            spec = FUNCTIONS.get(node.func.id)
            if spec is not None and spec.external:
                return node.func.id
    return ""


def _level(node: ast.expr) -> str:
    """Return where an expression's figures lie: ``price``, ``number`` or ``other``."""
    from quant_tui.engine.rules.functions import FUNCTIONS

    if isinstance(node, ast.Constant):
        return "number"
    if isinstance(node, ast.Name):
        return "price" if node.id in _PRICES else "other"
    if isinstance(node, ast.UnaryOp):
        return "number" if _level(node.operand) == "number" else "other"
    if isinstance(node, ast.BinOp):
        return _level_of_two(node)
    if isinstance(node, ast.IfExp):
        sides = {_level(node.body), _level(node.orelse)}
        return "price" if sides <= {"price"} else "other"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        spec = FUNCTIONS[node.func.id]
        series = [one for one in node.args if not isinstance(one, ast.Constant)]
        alike = spec.group in _LIKE_PRICES and spec.name not in _UNLIKE_PRICES
        if alike or spec.name in _LIKE_ITS_SERIES:
            return "price" if not series or _level(series[0]) == "price" else "other"
    return "other"


def _level_of_two(node: ast.BinOp) -> str:
    left, right = _level(node.left), _level(node.right)
    if left == right == "number":
        return "number"
    if isinstance(node.op, ast.Add):
        return "price" if "price" in (left, right) else "other"
    if isinstance(node.op, ast.Sub):
        return "price" if left == "price" and right != "price" else "other"
    if isinstance(node.op, ast.Mult):
        return "price" if {left, right} == {"price", "number"} else "other"
    if isinstance(node.op, ast.Div):
        return "price" if (left, right) == ("price", "number") else "other"
    return "other"


def compute(indicators: Sequence[Indicator], prices: PriceSeries) -> list[Floats]:
    """Return the figures of each indicator, (T,): NaN where undefined, 1 and 0 for a condition.

    What several of them have in common is computed once.

    Raises
    ------
    StrategyError
        When they need more memory than there is.
    """
    from quant_tui.engine.rules.frame import Frame
    from quant_tui.engine.rules.interpreter import Interpreter

    if not len(prices) or not indicators:
        return [np.empty(0) for _ in indicators]
    roots = [one.tree for one in indicators]
    interpreter = Interpreter(Frame(prices.to_bars()), {}, {}, roots=roots)
    found: list[Floats] = []
    for one in indicators:
        if one.condition:
            condition = interpreter.condition(one.tree)
            truth = np.where(condition.true, 1.0, 0.0)
            found.append(np.where(condition.known, truth, np.nan)[:, 0])
        else:
            found.append(interpreter.series(one.tree)[:, 0])
    return found


def engine_is_loaded() -> bool:
    """Whether reading and computing need not load the engine first, which takes a second."""
    return "quant_tui.engine.rules.interpreter" in sys.modules
