"""Numbers known before the run, warm-ups and usability of all combinations at once.

What the type check decides for one set of values is found here a column at a time.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import cast

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.rules import limits
from quant_tui.engine.rules.arithmetic import binary, compare
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.rules.functions import FUNCTIONS
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.sweep.dependencies import Dependencies
from quant_tui.engine.sweep.grid import Grid

_PLAIN = (Kind.SERIES, Kind.VALUE, Kind.CONDITION)
"""Kinds of arguments whose values the type check does not look at."""

Number = float | FloatArray
"""One number for all combinations, or one for each (K,)."""


class Numbers:
    """What is known of a strategy's expressions in every combination before the run.

    Threads may ask the same one.

    Parameters
    ----------
    document
        Strategy.
    grid
        K combinations.
    dependencies
        Of the strategy on the grid's parameters.
    """

    def __init__(self, document: StrategyDocument, grid: Grid, dependencies: Dependencies) -> None:
        self._document = document
        self._grid = grid
        self._dependencies = dependencies
        self._fixed = document.default_parameters()
        self._numbers: dict[str, Number | None] = {}
        self._warm: dict[str, int | IntArray] = {}
        self._usable: BoolArray = np.ones(len(grid), dtype=np.bool_)
        for constraint in document.constraints:
            self._require(self._truth(constraint.tree))
        for tree in document.lets.values():
            self._warm_up(tree)
        self._bars: int | IntArray = 0
        for tree in document.rules.values():
            self._bars = np.maximum(self._bars, self._warm_up(tree))

    def of(self, tree: ast.expr) -> Number | None:
        """Return the number that an expression is; None for series and conditions."""
        node = self._dependencies.of(tree)
        if node.key not in self._numbers:
            number = self._number(node.tree)
            if number is not None:
                self._require(np.abs(number) <= limits.NUMBER)  # false for NaN
            self._numbers[node.key] = number
        return self._numbers[node.key]

    def usable(self, longest: int) -> BoolArray:
        """Return which combinations (K,) can run.

        Parameters
        ----------
        longest
            Most bars that a symbol has; a combination needs more than its warm-up.
        """
        return self._usable & (self._bars < longest)

    def _require(self, held: BoolArray | bool | np.bool_) -> None:
        self._usable &= held

    def _number(self, tree: ast.expr) -> Number | None:
        if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float):
            return float(tree.value)
        if isinstance(tree, ast.Name):
            return self._parameter(tree.id)
        if isinstance(tree, ast.Call):
            return self._call(tree)
        if isinstance(tree, ast.BinOp):
            left, right = self.of(tree.left), self.of(tree.right)
            if left is None or right is None:
                return None
            return _plain(binary(tree.op, left, cast(FloatArray, right)))
        if isinstance(tree, ast.UnaryOp) and not isinstance(tree.op, ast.Not):
            number = self.of(tree.operand)
            return -number if number is not None and isinstance(tree.op, ast.USub) else number
        return None

    def _parameter(self, name: str) -> Number | None:
        spec = self._document.parameters.get(name)
        if spec is None or spec.value_kind is Kind.CONDITION:
            return None
        if name in self._grid.names:
            return self._grid.column(name).astype(np.float64)
        return float(self._fixed[name])

    def _call(self, tree: ast.Call) -> Number | None:
        spec = FUNCTIONS[cast(ast.Name, tree.func).id]
        if spec.result is not Kind.VALUE:
            return None
        arguments = [self.of(argument) for argument in tree.args]
        if any(argument is None for argument in arguments):
            return None
        return _plain(cast("Number", spec.evaluate(None, *arguments)))

    def _truth(self, tree: ast.expr) -> BoolArray | bool:
        """Decide a constraint, which the document's own check found to compare numbers."""
        if isinstance(tree, ast.BoolOp):
            join: Callable[..., BoolArray] = (
                np.logical_and if isinstance(tree.op, ast.And) else np.logical_or
            )
            held = self._truth(tree.values[0])
            for value in tree.values[1:]:
                held = join(held, self._truth(value))
            return held
        if isinstance(tree, ast.UnaryOp):
            return np.logical_not(self._truth(tree.operand))
        comparison = cast(ast.Compare, tree)
        numbers = [self.of(side) for side in (comparison.left, *comparison.comparators)]
        held = True
        for operator, left, right in zip(comparison.ops, numbers, numbers[1:], strict=False):
            held = held & compare(operator, cast(FloatArray, left), cast(FloatArray, right))
        return held

    def _warm_up(self, tree: ast.expr) -> int | IntArray:
        node = self._dependencies.of(tree)
        if node.key not in self._warm:
            self.of(tree)
            self._warm[node.key] = self._bars_before(node.tree)
        return self._warm[node.key]

    def _bars_before(self, tree: ast.expr) -> int | IntArray:
        if isinstance(tree, ast.Call):
            spec = FUNCTIONS[cast(ast.Name, tree.func).id]
            if any(kind not in _PLAIN for _, kind in spec.arguments):
                return self._checked(tree)
            extra = spec.lookback()
            children = tree.args
        else:
            extra = 0
            children = [
                child for child in ast.iter_child_nodes(tree) if isinstance(child, ast.expr)
            ]
        longest: int | IntArray = 0
        for child in children:
            longest = np.maximum(longest, self._warm_up(child))
        return longest + extra

    def _checked(self, tree: ast.Call) -> int | IntArray:
        """Find a call's warm-up for each distinct set of the parameters it depends on.

        Bounds are those of the type check; kinds need no look, for they are the same in
        every combination and the document was checked.
        """
        spec = FUNCTIONS[cast(ast.Name, tree.func).id]
        groups = self._grid.groups(self._dependencies.of(tree).parameters)
        _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
        counts: list[list[int | str]] = []
        longest: int | IntArray = 0
        for argument, (label, kind) in zip(tree.args, spec.arguments, strict=True):
            if kind.is_quoted:
                word = cast(str, cast(ast.Constant, argument).value)
                counts.append([word] * len(first))
                continue
            longest = np.maximum(longest, self._warm_up(argument))
            number = self.of(argument)
            if kind in _PLAIN or number is None:
                continue
            values = np.broadcast_to(number, len(self._grid))
            low, high = spec.bounds.get(label, (-limits.NUMBER, limits.NUMBER))
            if kind is Kind.NUMBER:
                self._require((values >= low) & (values <= high))
                continue
            least = spec.bounds.get(label, (1.0 if kind is Kind.WINDOW else 0.0, 0.0))[0]
            fits = (values == np.floor(values)) & (values >= least) & (values <= limits.WINDOW)
            self._require(fits)
            counts.append(np.where(fits, values, least)[first].astype(np.int64).tolist())
        bars = np.zeros(len(first), dtype=np.int64)
        refused = np.zeros(len(first), dtype=np.bool_)
        for place, count in enumerate(zip(*counts, strict=True)):
            refused[place] = bool(spec.refuses(*count))
            bars[place] = 0 if refused[place] else spec.lookback(*count)
        self._require(~refused[inverse])
        return longest + (int(bars[0]) if len(bars) == 1 else bars[inverse])


def _plain(number: Number | np.floating) -> Number:
    return number if isinstance(number, np.ndarray) else float(number)
