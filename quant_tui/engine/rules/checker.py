"""Type check of expressions, with the figures known before the run and the warm-up.

One walk finds for every expression its kind, its value when that is known beforehand
(numbers and parameters), and how many bars pass before it is first defined.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from quant_tui.engine.rules import limits
from quant_tui.engine.rules.arithmetic import binary, compare
from quant_tui.engine.rules.findings import Findings, did_you_mean
from quant_tui.engine.rules.functions import (
    AVERAGES,
    CONSTANTS,
    ELSEWHERE,
    FIELDS,
    FUNCTIONS,
    FunctionSpec,
)
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.parameters import ParameterSpec, ParameterValue


@dataclass(frozen=True, slots=True)
class Typed:
    """What is known of an expression before the run.

    Attributes
    ----------
    kind
        Number, series or condition.
    warm_up
        Bars of a symbol that pass before the first defined value.
    number
        The value, when it is known beforehand.
    """

    kind: Kind
    warm_up: int = 0
    number: float | None = None


_UNKNOWN = Typed(Kind.SERIES)


class _Wrong(Exception):
    """A finding was noted; the expression around it cannot be typed."""


class Checker:
    """Types the expressions of one document with one set of parameter values.

    Parameters
    ----------
    lets
        Named series.
    specs
        Parameters.
    values
        A value for every parameter.
    findings
        Takes what is wrong.
    """

    def __init__(
        self,
        lets: Mapping[str, ast.expr],
        specs: Mapping[str, ParameterSpec],
        values: Mapping[str, ParameterValue],
        findings: Findings,
    ) -> None:
        self._lets = lets
        self._specs = specs
        self._values = values
        self._findings = findings
        self._typed: dict[str, Typed] = {}
        self._open: list[str] = []
        self._failed: set[str] = set()

    def check(self, tree: ast.expr, place: str, *expected: Kind) -> Typed | None:
        """Type one expression.

        Returns
        -------
        Typed or None
            None when something was found.
        """
        try:
            typed = self._visit(tree, place)
        except _Wrong:
            return None
        if expected and typed.kind not in expected:
            wanted = " or a ".join(kind.value for kind in expected)
            self._findings.add(
                place, 1, f"must be a {wanted}, this is a {typed.kind.value}", _how_to(*expected)
            )
            return None
        return typed

    def check_let(self, name: str) -> None:
        """Type one named series, noting what is wrong at its own place."""
        self.check(ast.Name(name, ast.Load(), lineno=1, col_offset=0), f"let.{name}")

    def _wrong(self, node: ast.expr, place: str, message: str, suggestion: str = "") -> _Wrong:
        self._findings.add(place, node.col_offset + 1, message, suggestion)
        return _Wrong()

    def _visit(self, node: ast.expr, place: str) -> Typed:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return Typed(Kind.NUMBER, 0, float(node.value))
        if isinstance(node, ast.Name):
            return self._name(node, place)
        if isinstance(node, ast.Call):
            return self._call(node, place)
        if isinstance(node, ast.BinOp):
            return self._binary(node, place)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, place)
        if isinstance(node, ast.BoolOp):
            warm = [self._condition(value, place).warm_up for value in node.values]
            return Typed(Kind.CONDITION, max(warm))
        if isinstance(node, ast.Compare):
            return self._compare(node, place)
        if isinstance(node, ast.IfExp):
            return self._choice(node, place)
        raise self._wrong(
            node, place, "a name in quotes is only an argument, of a function that takes one",
            'such as macro("CPI")',
        )  # fmt: skip

    def _name(self, node: ast.Name, place: str) -> Typed:
        name = node.id
        if name in self._specs:
            return self._parameter(name)
        if name in self._lets:
            return self._let(node, place)
        if name in FIELDS:
            return Typed(FIELDS[name].kind)
        if name in CONSTANTS:
            return Typed(Kind.CONDITION)
        if name in FUNCTIONS:
            raise self._wrong(
                node, place, f"{name} is a function", f"write {FUNCTIONS[name].signature}"
            )
        known = [*self._specs, *self._lets, *FIELDS, *CONSTANTS]
        raise self._wrong(
            node,
            place,
            f"there is no {name}",
            did_you_mean(name, known)
            or "parameters, let entries, prices and calendar fields can be named",
        )

    def _parameter(self, name: str) -> Typed:
        value, spec = self._values[name], self._specs[name]
        if spec.value_kind is Kind.CONDITION:
            return Typed(Kind.CONDITION)
        return Typed(Kind.NUMBER, 0, float(value))

    def _let(self, node: ast.Name, place: str) -> Typed:
        name = node.id
        if name in self._open:
            circle = " → ".join([*self._open[self._open.index(name) :], name])
            raise self._wrong(node, place, f"{name} is defined by itself ({circle})")
        if name in self._failed:
            raise _Wrong
        if name not in self._typed:
            self._open.append(name)
            try:
                self._typed[name] = self._visit(self._lets[name], f"let.{name}")
            except _Wrong:
                self._failed.add(name)
                raise
            finally:
                self._open.pop()
        return self._typed[name]

    def _call(self, node: ast.Call, place: str) -> Typed:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        spec = FUNCTIONS.get(name)
        if spec is None:
            known = name in self._specs or name in self._lets or name in FIELDS
            message = f"{name} is not a function" if known else f"there is no function {name}"
            raise self._wrong(
                node, place, message, ELSEWHERE.get(name, did_you_mean(name, FUNCTIONS))
            )
        if len(node.args) != len(spec.arguments):
            most = len(spec.arguments)
            least = most - len(spec.defaults)
            takes = f"{most}" if least == most else f"{least} to {most}"
            raise self._wrong(
                node,
                place,
                f"{name} takes {takes} argument(s), {len(node.args)} given",
                f"write {spec.signature}",
            )
        return self._arguments(node, spec, place)

    def _arguments(self, node: ast.Call, spec: FunctionSpec, place: str) -> Typed:
        warm = 0
        counts: list[int | str] = []
        numbers: list[float | None] = []
        for argument, (label, wanted) in zip(node.args, spec.arguments, strict=True):
            if wanted.is_quoted:
                counts.append(self._quoted(argument, spec, label, wanted, place))
                continue
            typed = self._visit(argument, place)
            warm = max(warm, typed.warm_up)
            numbers.append(typed.number)
            if wanted in (Kind.WINDOW, Kind.LAG):
                counts.append(self._window(argument, typed, spec, label, wanted, place))
            elif not _accepts(wanted, typed.kind):
                raise self._wrong(
                    argument,
                    place,
                    f"{label} of {spec.name} must be a {wanted.value}, this is a"
                    f" {typed.kind.value}",
                    _how_to(wanted),
                )
            elif wanted is Kind.NUMBER:
                self._bounded(argument, cast(float, typed.number), spec, label, place)
        problem = spec.refuses(*counts)
        if problem:
            raise self._wrong(node, place, f"{spec.name} needs {problem}")
        if spec.result is not Kind.VALUE:
            return Typed(spec.result, warm + spec.lookback(*counts))
        if None in numbers:
            return Typed(Kind.SERIES, warm)
        value = spec.evaluate(None, *numbers)
        if not isinstance(value, float) or not abs(value) <= limits.NUMBER:
            raise self._wrong(node, place, f"{spec.name} of these numbers is not a finite number")
        return Typed(Kind.NUMBER, 0, value)

    def _quoted(
        self, node: ast.expr, spec: FunctionSpec, label: str, wanted: Kind, place: str
    ) -> str:
        word = node.value if isinstance(node, ast.Constant) else None
        if not isinstance(word, str):
            shown = AVERAGES if wanted is Kind.AVERAGE else ("CPI",)
            raise self._wrong(
                node, place, f"{label} of {spec.name} must be a name in quotes",
                "write " + ", ".join(f'"{one}"' for one in shown),
            )  # fmt: skip
        if wanted is Kind.AVERAGE and word not in AVERAGES:
            raise self._wrong(
                node, place, f'there is no average "{word}"',
                did_you_mean(word, AVERAGES) or f"averages: {', '.join(AVERAGES)}",
            )  # fmt: skip
        return word

    def _bounded(
        self, node: ast.expr, number: float, spec: FunctionSpec, label: str, place: str
    ) -> None:
        low, high = spec.bounds.get(label, (-limits.NUMBER, limits.NUMBER))
        if not low <= number <= high:
            most = f" to {high:g}" if high < limits.NUMBER else " up"
            raise self._wrong(
                node, place, f"{label} of {spec.name} must be from {low:g}{most}, not {number:g}"
            )

    def _window(
        self, node: ast.expr, typed: Typed, spec: FunctionSpec, label: str, wanted: Kind, place: str
    ) -> int:
        usual = (1 if wanted is Kind.WINDOW else 0, limits.WINDOW)
        least, most = map(int, spec.bounds.get(label, usual))
        if typed.number is None:
            raise self._wrong(
                node,
                place,
                f"{label} of {spec.name} must be a number known before the run, this is a"
                f" {typed.kind.value}",
                "write a whole number or a parameter",
            )
        if not typed.number.is_integer() or not least <= typed.number <= most:
            raise self._wrong(
                node,
                place,
                f"{label} of {spec.name} must be a whole number from {least} to"
                f" {most}, not {typed.number:g}",
                "a negative one would look ahead" if typed.number < 0 else "",
            )
        return int(typed.number)

    def _figure(self, node: ast.expr, place: str) -> Typed:
        typed = self._visit(node, place)
        if typed.kind is Kind.CONDITION:
            raise self._wrong(
                node, place, "a condition stands where a figure belongs", "write 1 if … else 0"
            )
        return typed

    def _condition(self, node: ast.expr, place: str) -> Typed:
        typed = self._visit(node, place)
        if typed.kind is not Kind.CONDITION:
            raise self._wrong(
                node, place, f"a {typed.kind.value} stands where a condition belongs",
                _how_to(Kind.CONDITION),
            )  # fmt: skip
        return typed

    def _binary(self, node: ast.BinOp, place: str) -> Typed:
        left, right = self._figure(node.left, place), self._figure(node.right, place)
        warm = max(left.warm_up, right.warm_up)
        if left.number is None or right.number is None:
            return Typed(Kind.SERIES, warm)
        value = float(binary(node.op, left.number, right.number))
        if not math.isfinite(value) or abs(value) > limits.NUMBER:
            raise self._wrong(
                node, place, f"these numbers do not give a finite number below {limits.NUMBER:g}"
            )
        return Typed(Kind.NUMBER, 0, value)

    def _unary(self, node: ast.UnaryOp, place: str) -> Typed:
        if isinstance(node.op, ast.Not):
            return self._condition(node.operand, place)
        typed = self._figure(node.operand, place)
        if typed.number is None:
            return typed
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        return Typed(Kind.NUMBER, 0, sign * typed.number)

    def _compare(self, node: ast.Compare, place: str) -> Typed:
        sides = [self._figure(side, place) for side in (node.left, *node.comparators)]
        return Typed(Kind.CONDITION, max(side.warm_up for side in sides))

    def _choice(self, node: ast.IfExp, place: str) -> Typed:
        test = self._condition(node.test, place)
        first, second = self._visit(node.body, place), self._visit(node.orelse, place)
        conditions = [side.kind is Kind.CONDITION for side in (first, second)]
        if conditions[0] != conditions[1]:
            raise self._wrong(node, place, "both sides of if … else must be figures, or conditions")
        kind = Kind.CONDITION if conditions[0] else Kind.SERIES
        return Typed(kind, max(test.warm_up, first.warm_up, second.warm_up))

    def truth_of_numbers(self, node: ast.expr, place: str) -> bool | None:
        """Decide a condition between numbers known beforehand; None when it is not one."""
        if isinstance(node, ast.BoolOp):
            found = [self.truth_of_numbers(value, place) for value in node.values]
            known = [value for value in found if value is not None]
            if len(known) < len(found):
                return None
            return all(known) if isinstance(node.op, ast.And) else any(known)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth_of_numbers(node.operand, place)
            return None if inner is None else not inner
        if not isinstance(node, ast.Compare):
            return None
        numbers = [self._figure(side, place).number for side in (node.left, *node.comparators)]
        held = True
        for operator, left, right in zip(node.ops, numbers, numbers[1:], strict=False):
            if left is None or right is None:
                return None
            held = held and bool(compare(operator, left, right))
        return held


def _accepts(wanted: Kind, kind: Kind) -> bool:
    if wanted is Kind.VALUE:
        return kind in (Kind.SERIES, Kind.NUMBER)
    return wanted is kind


def _how_to(*expected: Kind) -> str:
    if Kind.CONDITION in expected:
        return "compare it with something, such as x > 0"
    if Kind.SERIES in expected:
        return "name a price, such as close"
    return ""
