"""Evaluation of checked expressions over a frame of bars.

Only trees that the checker has typed come here. Each distinct subexpression is
computed once and let go after its last use; what is held at once is bounded.
A condition is known only where everything it rests on is known, so that warm-up bars
give no signal whichever way the rule is written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import StrategyError
from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.rules import limits
from quant_tui.engine.rules.arithmetic import binary, compare
from quant_tui.engine.rules.expression import canonical_text
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.functions import CONSTANTS, FIELDS, FUNCTIONS
from quant_tui.engine.rules.inputs import outside
from quant_tui.engine.rules.kinds import Condition, Kind, Value
from quant_tui.engine.rules.operations import finite
from quant_tui.engine.rules.parameters import ParameterValue


class Interpreter:
    """Evaluates the expressions of one document over one frame.

    Parameters
    ----------
    frame
        Bars.
    lets
        Named series, checked.
    values
        A value for every parameter.
    pause
        Called before each computation; may raise to stop the work.
    roots
        Expressions that will be asked for, once each: what none of them needs any more
        is let go. Others can be asked for too; their figures are kept.
    inputs
        Series from outside the bars, such as ``macro("CPI")``, by the canonical text of
        their call: (T,) for all symbols or (T, N), as known on each date.
    """

    def __init__(
        self,
        frame: Frame,
        lets: Mapping[str, ast.expr],
        values: Mapping[str, ParameterValue],
        pause: Callable[[], None] = lambda: None,
        roots: Iterable[ast.expr] = (),
        inputs: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        self._frame = frame
        self._lets = lets
        self._values = values
        self._pause = pause
        self._inputs = inputs or {}
        self._memo: dict[str, Value] = {}
        self._texts: dict[ast.expr, str] = {}
        self._asked: dict[str, int] = {}
        self._held = 0
        for root in roots:
            self._count(root)

    def signal(self, tree: ast.expr) -> BoolArray:
        """Return where a condition is known and true, on the common dates, (T, N)."""
        return self._frame.spread_truth(cast(Condition, self._value(tree)).true)

    def series(self, tree: ast.expr) -> FloatArray:
        """Return figures on the common dates, (T, N); NaN where undefined or without a bar."""
        value = cast("FloatArray | float", self._value(tree))
        if isinstance(value, float):
            value = np.where(self._frame.valid, value, np.nan)
        return self._frame.spread(value)

    def figure(self, tree: ast.expr) -> FloatArray | float:
        """Return figures packed over each symbol's own bars, (T, N), or one number for all."""
        return cast("FloatArray | float", self._value(tree))

    def condition(self, tree: ast.expr) -> Condition:
        """Return the truth of a condition packed over each symbol's own bars, (T, N)."""
        return cast(Condition, self._value(tree))

    def _count(self, node: ast.expr) -> None:
        """Count how often each subexpression is asked for, each computed once."""
        key = self._text(node)
        self._asked[key] = self._asked.get(key, 0) + 1
        if self._asked[key] > 1:
            return
        if isinstance(node, ast.Name) and node.id in self._lets:
            self._count(self._lets[node.id])
        for child in ast.iter_child_nodes(node):
            is_function = isinstance(node, ast.Call) and child is node.func
            if isinstance(child, ast.expr) and not is_function:
                self._count(child)

    def _text(self, node: ast.expr) -> str:
        """Return what is equal for equal subexpressions; each node is written once."""
        text = self._texts.get(node)
        if text is None:
            text = self._texts[node] = ast.unparse(node)
        return text

    def _value(self, node: ast.expr) -> Value:
        key = self._text(node)
        if key not in self._memo:
            self._pause()
            value = self._memo[key] = self._compute(node)
            self._held += _size(value)
            if self._held > limits.MEMORY_BYTES:
                raise StrategyError(
                    f"The strategy holds more than {limits.MEMORY_BYTES >> 30} GiB of figures.",
                    hint="Use fewer named series, symbols or bars.",
                )
        value = self._memo[key]
        self._asked[key] = self._asked.get(key, 0) - 1
        if self._asked[key] == 0:
            del self._memo[key]
            self._held -= _size(value)
        return value

    def _compute(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant):
            return float(cast(float, node.value))
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp):
            left = cast("FloatArray | float", self._value(node.left))
            right = cast("FloatArray | float", self._value(node.right))
            if isinstance(left, float) and isinstance(right, float):
                return float(binary(node.op, left, right))
            return finite(np.asarray(binary(node.op, left, right)))
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.BoolOp):
            return self._boolean(node)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        return self._choice(cast(ast.IfExp, node))

    def _name(self, name: str) -> Value:
        if name in self._values:
            value = self._values[name]
            if isinstance(value, str):
                return FIELDS[value].evaluate(self._frame)
            return self._constant(value) if isinstance(value, bool) else float(value)
        if name in self._lets:
            return self._value(self._lets[name])
        if name in FIELDS:
            return FIELDS[name].evaluate(self._frame)
        return self._constant(CONSTANTS[name])

    def _constant(self, truth: bool) -> Condition:
        valid = self._frame.valid
        return Condition(valid if truth else np.zeros_like(valid), valid)

    def _call(self, node: ast.Call) -> Value:
        spec = FUNCTIONS[cast(ast.Name, node.func).id]
        if spec.external:
            return outside(self._frame, canonical_text(node), spec, self._inputs)
        arguments: list[object] = []
        for argument, (_, kind) in zip(node.args, spec.arguments, strict=True):
            if kind.is_quoted:
                arguments.append(cast(ast.Constant, argument).value)
                continue
            value = self._value(argument)
            is_count = kind in (Kind.WINDOW, Kind.LAG)
            arguments.append(int(cast(float, value)) if is_count else value)
        return spec.evaluate(self._frame, *arguments)

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self._value(node.operand)
        if isinstance(value, Condition):
            return Condition(value.known & ~value.true, value.known)
        return -value if isinstance(node.op, ast.USub) else value

    def _boolean(self, node: ast.BoolOp) -> Condition:
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        first = cast(Condition, self._value(node.values[0]))
        known, true = first.known, first.true
        for value in node.values[1:]:
            part = cast(Condition, self._value(value))
            known, true = known & part.known, join(true, part.true)
        return Condition(true & known, known)

    def _compare(self, node: ast.Compare) -> Condition:
        known = self._frame.valid.copy()
        sides: list[FloatArray | float] = []
        for side in (node.left, *node.comparators):
            figure = cast("FloatArray | float", self._value(side))
            known &= np.isfinite(figure)
            sides.append(figure)
        true = known.copy()
        for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
            true &= compare(operator, left, right)
        return Condition(true, known)

    def _choice(self, node: ast.IfExp) -> Value:
        test = cast(Condition, self._value(node.test))
        first, second = self._value(node.body), self._value(node.orelse)
        if isinstance(first, Condition) and isinstance(second, Condition):
            known = test.known & np.where(test.true, first.known, second.known)
            return Condition(known & np.where(test.true, first.true, second.true), known)
        picked = np.where(test.true, cast(FloatArray, first), cast(FloatArray, second))
        return np.where(test.known, picked, np.nan)


def _size(value: Value) -> int:
    """Bytes that a value holds."""
    if isinstance(value, Condition):
        return value.true.nbytes + value.known.nbytes
    return 0 if isinstance(value, float) else value.nbytes
