"""Figures and conditions of many combinations, each computed once while memory lasts."""

from __future__ import annotations

import ast
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.functions import FUNCTIONS
from quant_tui.engine.rules.interpreter import Interpreter
from quant_tui.engine.rules.kinds import Condition, Kind, Value
from quant_tui.engine.rules.parameters import ParameterValue
from quant_tui.engine.sweep.averages import moving_averages
from quant_tui.engine.sweep.calls import evaluated
from quant_tui.engine.sweep.dependencies import Dependencies
from quant_tui.engine.sweep.grid import Grid
from quant_tui.engine.sweep.numbers import Numbers


class Memo:
    """Keeps what was used last, up to a number of bytes.

    Parameters
    ----------
    budget
        Most bytes.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held = 0
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return a value, or None when it is not held."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value, and let go what was not used for longest."""
        with self._lock:
            if key in self._values:
                return
            self._values[key] = value
            self._held += _size(value)
            while self._held > self._budget and len(self._values) > 1:
                _, oldest = self._values.popitem(last=False)
                self._held -= _size(oldest)


def _size(value: Value) -> int:
    if isinstance(value, Condition):
        return value.true.nbytes + value.known.nbytes
    return 64 if isinstance(value, float) else value.nbytes


class _Shared(Interpreter):
    """Interpreter of one combination that looks up what others computed."""

    def __init__(
        self,
        frame: Frame,
        document: StrategyDocument,
        values: dict[str, ParameterValue],
        pause: Callable[[], None],
        memo: Memo,
        dependencies: Dependencies,
        inputs: Mapping[str, ArrayLike] | None,
    ) -> None:
        super().__init__(frame, document.lets, values, pause, (), inputs)
        self._shared = memo
        self._dependencies = dependencies

    def _value(self, node: ast.expr) -> Value:
        known = self._dependencies.of(node)
        if isinstance(known.tree, ast.Constant) or known.key in self._values:
            return self._compute(known.tree)
        key = (known.key, *(self._values[name] for name in known.parameters))
        value = self._shared.get(key)
        if value is None:
            self._pause()
            value = self._compute(known.tree)
            self._shared.put(key, value)
        return value


class Figures:
    """Evaluates a strategy's expressions in the combinations of a grid.

    Parameters
    ----------
    frame
        Bars.
    document
        Strategy.
    grid
        Combinations.
    dependencies, numbers
        Of the strategy on the grid's parameters.
    pause
        Called before each computation; may raise to stop the work.
    budget
        Most bytes kept for use by other combinations.
    inputs
        Series from outside the bars.
    """

    def __init__(
        self,
        frame: Frame,
        document: StrategyDocument,
        grid: Grid,
        dependencies: Dependencies,
        numbers: Numbers,
        pause: Callable[[], None],
        budget: int,
        inputs: Mapping[str, ArrayLike] | None,
    ) -> None:
        self._frame = frame
        self._document = document
        self._grid = grid
        self._numbers = numbers
        self._dependencies = dependencies
        self._pause = pause
        self._inputs = inputs
        self._memo = Memo(budget)
        self._order = frame.bars.by_name

    @property
    def valid(self) -> BoolArray:
        """Where the packed columns hold a bar (T, N), symbols in the order of their names."""
        return self._frame.valid[:, self._order]

    def values(self, row: int) -> dict[str, ParameterValue]:
        """Return the value of every parameter in one combination."""
        return self._grid.values(row)

    def interpreter(self, row: int) -> Interpreter:
        """Return an interpreter of one combination."""
        return _Shared(
            self._frame,
            self._document,
            self._grid.values(row),
            self._pause,
            self._memo,
            self._dependencies,
            self._inputs,
        )

    def fill(self, tree: ast.expr, combinations: IntArray, table: FloatArray) -> None:
        """Compute an expression's figures in some combinations.

        Parameters
        ----------
        tree
            A series.
        combinations
            Rows of the grid (R,).
        table
            Takes the figures (R, N, P), packed over each symbol's own bars, symbols in
            the order of their names; NaN where undefined and beyond the last bar.
        """
        arguments = self._arguments(tree, combinations) if isinstance(tree, ast.Call) else None
        if arguments is None:
            for place, row in enumerate(combinations.tolist()):
                self._copy(self.interpreter(row).figure(tree), table[place])
            return
        spec = FUNCTIONS[cast(ast.Name, cast(ast.Call, tree).func).id]
        if spec.name == "sma":
            values = np.empty(table.shape[1:])
            self._copy(cast("FloatArray | float", arguments[0][0]), values)
            moving_averages(values, np.array(arguments[1], dtype=np.int64), table)
            return
        for place, figure in evaluated(self._frame, spec, arguments, self._pause):
            self._copy(figure, table[place])

    def _arguments(self, call: ast.Call, combinations: IntArray) -> list[list[object]] | None:
        """Return each argument in some combinations.

        None where one is a series that depends on the combination, or all come from outside.
        """
        spec = FUNCTIONS[cast(ast.Name, call.func).id]
        if spec.external:
            return None
        found: list[list[object]] = []
        for tree, (_, kind) in zip(call.args, spec.arguments, strict=True):
            if kind.is_quoted:
                found.append([cast(ast.Constant, tree).value] * len(combinations))
                continue
            number, node = self._numbers.of(tree), self._dependencies.of(tree)
            if number is not None:
                counts = kind in (Kind.WINDOW, Kind.LAG)
                values = np.broadcast_to(number, len(self._grid))[combinations]
                found.append((values.astype(np.int64) if counts else values).tolist())
            elif node.parameters:
                return None
            else:
                value = self.interpreter(int(combinations[0])).figure(node.tree)
                found.append([value] * len(combinations))
        return found

    def _copy(self, figure: FloatArray | float, into: FloatArray) -> None:
        if isinstance(figure, float):
            figure = np.where(self._frame.valid, figure, np.nan)
        into[:, : len(figure)] = figure.T if len(self._order) == 1 else figure[:, self._order].T
        into[:, len(figure) :] = np.nan

    def condition(self, tree: ast.expr, row: int) -> tuple[BoolArray, BoolArray]:
        """Return truth and knowledge of a condition (T, N), symbols by name."""
        found = self.interpreter(row).condition(tree)
        return found.true[:, self._order], found.known[:, self._order]
