"""One expression of the rule language by itself: a figure or a condition on bars.

What lists show in columns of the user's own, and what alerts wait for.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.rules import limits
from quant_tui.engine.rules.checker import Checker
from quant_tui.engine.rules.expression import canonical_text, node_count, parse_expression
from quant_tui.engine.rules.findings import Findings
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.functions import FUNCTIONS, with_defaults
from quant_tui.engine.rules.interpreter import Interpreter
from quant_tui.engine.rules.kinds import Kind

SETTLED = 20
"""Warm-ups after which a smoothed figure no longer tells where its bars began.

Wilder's smoothing over w bars forgets (1 - 1 / w) of its start a bar: 2e-9 after 20 w.
"""

SETTLED_AT_LEAST = 1_000

SPARE = 60
"""Bars before a window: a crossing looks back to where two lines last differed."""

_FROM_THE_START = frozenset((
    "ad", "adosc", "bars_since", "cumsum", "ha_close", "ha_high", "ha_low", "ha_open", "nvi",
    "obv", "pvi", "pvt", "sar", "sarext", "supertrend", "supertrend_direction", "vwap", "wad",
))  # fmt: skip
"""Functions whose value rests on every bar before."""

_WINDOWED_GROUPS = frozenset(
    {"Across symbols", "Arithmetic", "Crossings", "Candle patterns", "Time"}
)
_WINDOWED = frozenset((
    "sma", "wma", "bollinger_upper", "bollinger_middle", "bollinger_lower", "trima", "midpoint",
    "midprice", "donchian_upper", "donchian_middle", "donchian_lower", "stddev",
    "rolling_variance", "rolling_max", "rolling_min", "rolling_sum", "rolling_median",
    "rolling_quantile", "bars_since_max", "bars_since_min", "roc", "rocp", "rocr", "rocr100",
    "momentum", "willr", "true_range", "avgprice", "medprice", "typprice", "wclprice",
    "percentrank", "rolling_zscore", "linearreg", "linearreg_slope", "aroon_up", "aroon_down",
    "aroon_oscillator", "bop", "cci",
))  # fmt: skip
"""Functions that see the bars of their window and no others."""


@dataclass(frozen=True, eq=False)
class SingleRule:
    """A checked expression.

    Attributes
    ----------
    text
        Its canonical form.
    kind
        Condition, series or number.
    warm_up
        Bars of a symbol that pass before its first value.
    bars_needed
        Newest bars that its newest value rests on; None for all of them.
    across
        Whether it compares the symbols with one another, so that all must be there.
    outside
        Calls of figures from outside the bars, such as ``macro("CPI")``.
    """

    text: str
    kind: Kind
    warm_up: int
    bars_needed: int | None
    across: bool
    outside: tuple[str, ...]
    tree: ast.expr

    @property
    def is_condition(self) -> bool:
        """Whether it is true or false rather than a number."""
        return self.kind is Kind.CONDITION

    def evaluate(
        self,
        bars: Bars,
        *,
        pause: Callable[[], None] = lambda: None,
        inputs: Mapping[str, ArrayLike] | None = None,
    ) -> FloatArray:
        """Return its values over each symbol's own bars, gaps left out.

        Parameters
        ----------
        bars
            T dates, N symbols.
        pause
            Called before each computation; may raise to stop the work.
        inputs
            Figures from outside, by their calls.

        Returns
        -------
        FloatArray
            (T, N), each column packed to the top: a symbol's last bar is in the row of its
            number of bars less one. 1 and 0 for true and false; NaN where not known.
        """
        frame = Frame(bars)
        interpreter = Interpreter(frame, {}, {}, pause, [self.tree], inputs)
        if self.is_condition:
            condition = interpreter.condition(self.tree)
            return np.where(condition.known, condition.true.astype(np.float64), np.nan)
        figure = interpreter.figure(self.tree)
        return np.where(frame.valid, figure, np.nan)


def parse_single(text: str, place: str = "rule", *, condition: bool = False) -> SingleRule:
    """Read and check one expression.

    Parameters
    ----------
    text
        The expression.
    place
        What messages call it.
    condition
        Whether it must be true or false; otherwise a number will do as well.

    Raises
    ------
    StrategyError
        It cannot be used; ``findings`` say where and why.
    """
    findings = Findings()
    tree = parse_expression(text, place, findings)
    typed = None
    if tree is not None:
        tree = with_defaults(tree)
        if node_count(tree) > limits.NODES:
            findings.add(place, 0, f"written out it has more than {limits.NODES} operations")
        else:
            expected = (
                (Kind.CONDITION,) if condition else (Kind.CONDITION, Kind.SERIES, Kind.NUMBER)
            )
            typed = Checker({}, {}, {}, findings).check(tree, place, *expected)
    if tree is None or typed is None:
        findings.raise_if_any(place)
        raise AssertionError("an expression without findings has a type")
    called = _calls(tree)
    return SingleRule(
        text=canonical_text(tree),
        kind=typed.kind,
        warm_up=typed.warm_up,
        bars_needed=_bars_needed({name for name, _ in called}, typed.warm_up),
        across=any(FUNCTIONS[name].group == "Across symbols" for name, _ in called),
        outside=tuple(text for name, text in called if FUNCTIONS[name].external),
        tree=tree,
    )


def _calls(tree: ast.expr) -> list[tuple[str, str]]:
    """Return name and canonical text of every call."""
    return [
        (node.func.id, canonical_text(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]


def _bars_needed(names: set[str], warm_up: int) -> int | None:
    if names & _FROM_THE_START:
        return None
    if all(one in _WINDOWED or FUNCTIONS[one].group in _WINDOWED_GROUPS for one in names):
        return warm_up + 1 + SPARE
    return max(SETTLED_AT_LEAST, SETTLED * warm_up)
