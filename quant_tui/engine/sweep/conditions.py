"""Conditions of many combinations as bits, each distinct one computed once.

Comparisons and crossings go to the loops, ``and``, ``or`` and ``not`` are operations on
whole arrays of bits, and whatever else is a condition is asked of the interpreter.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.sweep import masks
from quant_tui.engine.sweep.dependencies import Dependencies, Node
from quant_tui.engine.sweep.figures import Figures
from quant_tui.engine.sweep.grid import Grid
from quant_tui.engine.sweep.masks import WORD, MaskArray
from quant_tui.engine.sweep.numbers import Numbers

Spread = Callable[[Callable[[int, int], None], int], None]
"""Does a work on ranges up to a number."""

_CROSSINGS = {
    "cross_above": (True, False),
    "cross_below": (False, False),
    "cross_above_strict": (True, True),
    "cross_below_strict": (False, True),
}
"""Crossing → whether upwards, and whether from the very bar before."""


@dataclass(frozen=True, slots=True)
class Bits:
    """A condition's bits where it is true and known, for each distinct case.

    Attributes
    ----------
    first
        A place among the combinations of each of R distinct cases.
    case
        Case of each combination.
    true, known
        Bits (R, N, W); true only where known.
    """

    first: IntArray
    case: IntArray
    true: MaskArray
    known: MaskArray


@dataclass(frozen=True, slots=True)
class _Rows:
    """Figures of an expression: one row for each distinct case among some combinations."""

    case: IntArray
    values: FloatArray
    finite: MaskArray


@dataclass(frozen=True, slots=True)
class _Sides:
    """Where one expression is above and below another, and where both are known."""

    above: MaskArray
    below: MaskArray
    known: MaskArray


class Unbounded(Exception):
    """A figure is infinite: the bits do not tell it from one that is undefined."""


class RowTables:
    """Rows of figures that the conditions of a range of combinations compare.

    Parameters
    ----------
    trees
        Conditions.
    grid, dependencies, numbers, figures
        Of the sweep.
    """

    def __init__(
        self,
        trees: list[ast.expr],
        grid: Grid,
        dependencies: Dependencies,
        numbers: Numbers,
        figures: Figures,
    ) -> None:
        self.grid = grid
        self._numbers = numbers
        self._figures = figures
        self.dependencies = dependencies
        self.valid = masks.packed(figures.valid)
        self._width = self.valid.shape[1] * WORD
        self._nodes = {}
        for tree in trees:
            for side in _sides(tree, dependencies):
                node = dependencies.of(side)
                if numbers.of(side) is None:
                    self._nodes[node.key] = node
        self._rows: dict[str, _Rows] = {}
        self._room: dict[str, tuple[FloatArray, MaskArray]] = {}
        self._combinations: IntArray = np.empty(0, dtype=np.int64)

    def bytes_needed(self, combinations: IntArray) -> int:
        """Return the bytes that the rows of these combinations take."""
        row = self.valid.shape[0] * self._width * 8
        return sum(
            row * len(self.grid.cases(node.parameters, combinations)[0])
            for node in self._nodes.values()
        )

    def fill(self, combinations: IntArray, spread: Spread) -> None:
        """Compute the rows of these combinations.

        Parameters
        ----------
        combinations
            Rows of the grid.
        spread
            Does a work on parts of so many rows, on several threads.

        Raises
        ------
        Unbounded
            A figure is infinite.
        """
        self._combinations = combinations
        self._rows.clear()
        for key, node in self._nodes.items():
            first, case = self.grid.cases(node.parameters, combinations)
            values, finite = self._room_for(key, len(first))
            infinite: list[bool] = []

            def work(
                start: int,
                stop: int,
                node: Node = node,
                chosen: IntArray = combinations[first],
                values: FloatArray = values,
                finite: MaskArray = finite,
                infinite: list[bool] = infinite,
            ) -> None:
                self._figures.fill(node.tree, chosen[start:stop], values[start:stop])
                infinite.append(masks.finite_bits(values[start:stop], finite[start:stop]))

            spread(work, len(first))
            if any(infinite):
                raise Unbounded
            self._rows[key] = _Rows(case, values, finite)

    def _room_for(self, key: str, count: int) -> tuple[FloatArray, MaskArray]:
        """Return room for rows and their bits, the same for every range of combinations."""
        if key not in self._room or len(self._room[key][0]) < count:
            symbols, words = self.valid.shape
            self._room[key] = (
                np.empty((count, symbols, self._width)),
                np.empty((count, symbols, words), dtype=np.uint64),
            )
        values, finite = self._room[key]
        return values[:count], finite[:count]

    def chunk(self, start: int, stop: int) -> Chunk:
        """Return the conditions of a part of the combinations that were filled in."""
        return Chunk(self, self._combinations[start:stop], start, stop)

    def number(self, tree: ast.expr, combinations: IntArray) -> FloatArray | None:
        """Return an expression's number in each combination; None for a series."""
        number = self._numbers.of(tree)
        if isinstance(number, float):
            return np.full(len(combinations), number)
        return None if number is None else number[combinations]

    def rows(self, tree: ast.expr) -> _Rows:
        """Return the rows of a series."""
        return self._rows[self.dependencies.of(tree).key]

    def interpreted(self, tree: ast.expr, combinations: IntArray) -> tuple[MaskArray, MaskArray]:
        """Return the bits (R, N, W) of a condition that only the interpreter knows."""
        found = [self._figures.condition(tree, row) for row in combinations.tolist()]
        true, known = (np.stack([masks.packed(one[side]) for one in found]) for side in (0, 1))
        return true, known


class Chunk:
    """Conditions of some neighbouring combinations.

    Parameters
    ----------
    tables
        Rows of figures.
    combinations
        Rows of the grid.
    start, stop
        Their range among those that the tables are filled for.
    """

    def __init__(self, tables: RowTables, combinations: IntArray, start: int, stop: int) -> None:
        self._tables = tables
        self._combinations = combinations
        self._range = slice(start, stop)
        self._found: dict[str, Bits] = {}
        self._cases: dict[tuple[str, ...], tuple[IntArray, IntArray]] = {}
        self._compared: dict[tuple[str, str], _Sides] = {}

    def bits(self, tree: ast.expr) -> Bits:
        """Return a condition's bits."""
        node = self._tables.dependencies.of(tree)
        if node.key not in self._found:
            first, case = self._case(node.parameters)
            true, known = self._compute(node.tree, first)
            self._found[node.key] = Bits(first, case, true, known)
        return self._found[node.key]

    def _case(self, parameters: tuple[str, ...]) -> tuple[IntArray, IntArray]:
        if parameters not in self._cases:
            self._cases[parameters] = self._tables.grid.cases(parameters, self._combinations)
        return self._cases[parameters]

    def _compute(self, tree: ast.expr, first: IntArray) -> tuple[MaskArray, MaskArray]:
        if isinstance(tree, ast.BoolOp):
            parts = [self._part(value, first) for value in tree.values]
            known = np.bitwise_and.reduce([part[1] for part in parts])
            join = np.bitwise_and if isinstance(tree.op, ast.And) else np.bitwise_or
            return join.reduce([part[0] for part in parts]) & known, known
        if isinstance(tree, ast.UnaryOp):
            true, known = self._part(tree.operand, first)
            return known & ~true, known
        if isinstance(tree, ast.IfExp):
            test, yes, no = (
                self._part(part, first) for part in (tree.test, tree.body, tree.orelse)
            )
            known = test[1] & ((test[0] & yes[1]) | (~test[0] & no[1]))
            return known & ((test[0] & yes[0]) | (~test[0] & no[0])), known
        if isinstance(tree, ast.Compare) and self._loops_know(tree.left, *tree.comparators):
            return self._compare(tree, first)
        if isinstance(tree, ast.Call):
            name = cast(ast.Name, tree.func).id
            if name in _CROSSINGS and self._loops_know(*tree.args):
                return self._cross(tree.args, *_CROSSINGS[name], first)
            if name == "defined":
                rows = self._tables.rows(tree.args[0])
                true = rows.finite[rows.case[self._range][first]] & self._tables.valid
                return true, np.broadcast_to(self._tables.valid, true.shape)
        return self._tables.interpreted(tree, self._combinations[first])

    def _part(self, tree: ast.expr, first: IntArray) -> tuple[MaskArray, MaskArray]:
        """Return a condition's bits in the cases of the condition that it is a part of."""
        bits = self.bits(tree)
        case = bits.case[first]
        return bits.true[case], bits.known[case]

    def _loops_know(self, *sides: ast.expr) -> bool:
        """Whether no two neighbours are numbers."""
        plain = [self._tables.number(side, self._combinations[:1]) is not None for side in sides]
        return not any(one and two for one, two in pairwise(plain))

    def _compare(self, tree: ast.Compare, first: IntArray) -> tuple[MaskArray, MaskArray]:
        operands = [tree.left, *tree.comparators]
        pairs = [self._sides(left, right, first) for left, right in pairwise(operands)]
        known = np.bitwise_and.reduce([sides.known for sides in pairs])
        true = known
        for operator, sides in zip(tree.ops, pairs, strict=True):
            true = true & _holds(operator, sides)
        return true, known

    def _cross(
        self, operands: list[ast.expr], upwards: bool, strict: bool, first: IntArray
    ) -> tuple[MaskArray, MaskArray]:
        sides = self._sides(operands[0], operands[1], first)
        true, known = np.empty_like(sides.known), np.empty_like(sides.known)
        above, below = (sides.above, sides.below) if upwards else (sides.below, sides.above)
        masks.crossings(above, below, sides.known, strict, true, known)
        return true, known

    def _sides(self, left: ast.expr, right: ast.expr, first: IntArray) -> _Sides:
        """Compare two expressions in the cases that ``first`` stands for.

        Every caller's cases are those of a condition on the two, so that one comparison
        serves all conditions that depend on the same parameters.
        """
        one, two = self._tables.dependencies.of(left), self._tables.dependencies.of(right)
        parameters = tuple(sorted({*one.parameters, *two.parameters}))
        mine, case = self._case(parameters)
        key = (one.key, two.key)
        if key not in self._compared:
            self._compared[key] = self._compared_rows(left, right, mine)
        sides = self._compared[key]
        chosen = case[first]
        if np.array_equal(chosen, np.arange(len(mine))):
            return sides
        return _Sides(sides.above[chosen], sides.below[chosen], sides.known[chosen])

    def _compared_rows(self, left: ast.expr, right: ast.expr, first: IntArray) -> _Sides:
        number = self._tables.number(left, self._combinations[first])
        if number is not None:
            turned = self._compared_rows(right, left, first)
            return _Sides(turned.below, turned.above, turned.known)
        rows = self._tables.rows(left)
        mine = rows.case[self._range][first]
        above = np.empty((len(first), *self._tables.valid.shape), dtype=np.uint64)
        below = np.empty_like(above)
        known = rows.finite[mine] & self._tables.valid
        number = self._tables.number(right, self._combinations[first])
        if number is not None:
            masks.compare_numbers(rows.values, mine, number, above, below)
        else:
            others = self._tables.rows(right)
            theirs = others.case[self._range][first]
            masks.compare_rows(rows.values, mine, others.values, theirs, above, below)
            known &= others.finite[theirs]
        return _Sides(above, below, known)


def _holds(operator: ast.cmpop, sides: _Sides) -> MaskArray:
    """Where a comparison holds, given that both sides are known."""
    if isinstance(operator, ast.Gt):
        return sides.above
    if isinstance(operator, ast.Lt):
        return sides.below
    if isinstance(operator, ast.GtE):
        return ~sides.below
    if isinstance(operator, ast.LtE):
        return ~sides.above
    differs = sides.above | sides.below
    return differs if isinstance(operator, ast.NotEq) else ~differs


def _sides(tree: ast.expr, dependencies: Dependencies) -> Iterator[ast.expr]:
    """Expressions that the comparisons and crossings of a condition have on their sides."""
    tree = dependencies.of(tree).tree
    if isinstance(tree, ast.BoolOp):
        for value in tree.values:
            yield from _sides(value, dependencies)
    elif isinstance(tree, ast.UnaryOp):
        yield from _sides(tree.operand, dependencies)
    elif isinstance(tree, ast.IfExp):
        for part in (tree.test, tree.body, tree.orelse):
            yield from _sides(part, dependencies)
    elif isinstance(tree, ast.Compare):
        yield from (tree.left, *tree.comparators)
    elif isinstance(tree, ast.Call):
        name = cast(ast.Name, tree.func).id
        if name in _CROSSINGS or name == "defined":
            yield from tree.args
