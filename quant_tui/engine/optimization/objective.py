"""What a search looks for: a metric, or a rule over metrics."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import cast

import numpy as np

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.metrics import compute_metrics
from quant_tui.engine.rules.arithmetic import binary, compare
from quant_tui.engine.rules.expression import parse_expression
from quant_tui.engine.rules.findings import Findings, did_you_mean

DIRECTIONS = ("maximize", "minimize")

SHOWN = (
    "total_return", "cagr", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown",
    "annual_volatility", "total_trades",
)  # fmt: skip
"""Metrics of every trial, whatever is looked for; the sweep has them in microseconds."""

_FUNCTIONS: dict[str, tuple[int, Callable[..., FloatArray]]] = {
    "abs": (1, np.abs),
    "sqrt": (1, np.sqrt),
    "log": (1, np.log),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
}


@dataclass(frozen=True)
class Objective:
    """What a search looks for.

    Attributes
    ----------
    rule
        Name of a metric, or an expression over metrics with + - * / **, comparisons (1
        where true, 0 where not), ``abs``, ``sqrt``, ``log``, ``min`` and ``max``:
        ``sharpe_ratio - 0.5 * abs(max_drawdown)``.
    direction
        ``maximize`` or ``minimize``.

    Raises
    ------
    InvalidInput
        The rule or direction cannot be used.
    """

    rule: str = "sharpe_ratio"
    direction: str = "maximize"

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise InvalidInput(
                f"The direction is one of {', '.join(DIRECTIONS)}, not {self.direction!r}.",
                field="direction",
            )
        self._check(self._tree)

    @property
    def sign(self) -> float:
        """1 where more is better, −1 where less is."""
        return 1.0 if self.direction == "maximize" else -1.0

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that it is made of."""
        names = [one.id for one in ast.walk(self._tree) if isinstance(one, ast.Name)]
        return tuple(dict.fromkeys(one for one in names if one not in _FUNCTIONS))

    def values(self, metrics: Mapping[str, FloatArray]) -> FloatArray:
        """Return its value in each trial (K,), NaN where a metric is undefined or it is not finite.

        Parameters
        ----------
        metrics
            A column (K,) of every metric of :attr:`metrics`.
        """
        with np.errstate(all="ignore"):
            found = np.asarray(self._value(self._tree, metrics), dtype=np.float64)
        count = len(next(iter(metrics.values()), ()))
        found = np.broadcast_to(found, (count,)).copy()
        unknown = np.zeros(count, dtype=np.bool_)
        for name in self.metrics:
            unknown |= np.isnan(metrics[name])
        found[unknown | ~np.isfinite(found)] = np.nan
        return found

    def merits(self, metrics: Mapping[str, FloatArray]) -> FloatArray:
        """Return the same with the sign by which more is better."""
        return self.sign * self.values(metrics)

    @cached_property
    def _tree(self) -> ast.expr:
        findings = Findings()
        tree = parse_expression(self.rule, "objective", findings)
        if tree is None:
            raise InvalidInput(
                "; ".join(str(one) for one in findings.all()) or "The objective is empty.",
                field="objective",
            )
        return tree

    def _check(self, tree: ast.expr) -> None:
        if isinstance(tree, ast.Name):
            if tree.id not in known_metrics():
                raise InvalidInput(
                    f"There is no metric {tree.id!r}.",
                    field="objective",
                    hint=did_you_mean(tree.id, known_metrics()).capitalize()
                    or f"For example: {', '.join(SHOWN)}.",
                )
        elif isinstance(tree, ast.Constant) and isinstance(tree.value, int | float):
            pass
        elif isinstance(tree, ast.BinOp):
            self._check(tree.left)
            self._check(tree.right)
        elif isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub | ast.UAdd):
            self._check(tree.operand)
        elif isinstance(tree, ast.Compare) and len(tree.ops) == 1:
            self._check(tree.left)
            self._check(tree.comparators[0])
        elif isinstance(tree, ast.Call) and _is_function(tree):
            for argument in tree.args:
                self._check(argument)
        else:
            raise InvalidInput(
                f"An objective cannot have {ast.unparse(tree)!r}.",
                field="objective",
                hint="It is made of metrics, numbers, + - * / **, one comparison, abs, sqrt, log,"
                " min and max.",
            )

    def _value(self, tree: ast.expr, metrics: Mapping[str, FloatArray]) -> FloatArray | float:
        if isinstance(tree, ast.Name):
            return metrics[tree.id]
        if isinstance(tree, ast.Constant):
            return float(cast(float, tree.value))
        if isinstance(tree, ast.BinOp):
            left, right = self._value(tree.left, metrics), self._value(tree.right, metrics)
            return binary(tree.op, left, cast(FloatArray, right))
        if isinstance(tree, ast.UnaryOp):
            inner = self._value(tree.operand, metrics)
            return -inner if isinstance(tree.op, ast.USub) else inner
        if isinstance(tree, ast.Compare):
            left = self._value(tree.left, metrics)
            right = self._value(tree.comparators[0], metrics)
            return np.asarray(compare(tree.ops[0], left, right), dtype=np.float64)
        call = cast(ast.Call, tree)
        function = _FUNCTIONS[cast(ast.Name, call.func).id][1]
        return function(*(self._value(argument, metrics) for argument in call.args))


@cache
def known_metrics() -> tuple[str, ...]:
    """Return the names of every metric of a run."""
    day = np.array(["2000-01-03", "2000-01-04"], dtype="datetime64[D]")
    example = compute_metrics(day, np.ones(2), initial_capital=1.0, annualization=1.0)
    return tuple({**example.performance, **example.risk})


def _is_function(tree: ast.Call) -> bool:
    if not isinstance(tree.func, ast.Name) or tree.func.id not in _FUNCTIONS:
        return False
    return len(tree.args) == _FUNCTIONS[tree.func.id][0] and not tree.keywords
