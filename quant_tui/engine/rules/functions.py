"""The one registry of what an expression may call or name.

Every entry says its signature, units, how many bars it needs before its first
defined value, and its source. Help screens, the checker and the interpreter read
the same entries.
"""

from __future__ import annotations

import ast

from quant_tui.engine.indicators.talib_calls import talib_functions
from quant_tui.engine.indicators.talib_lookback import AVERAGES
from quant_tui.engine.rules.library import fields, indicators, operations, outside
from quant_tui.engine.rules.library import talib_functions as from_talib
from quant_tui.engine.rules.library.spec import FieldSpec, FunctionSpec
from quant_tui.engine.rules.library.talib_words import COVERED, WORDS

__all__ = [
    "AVERAGES",
    "CONSTANTS",
    "ELSEWHERE",
    "FIELDS",
    "FUNCTIONS",
    "FieldSpec",
    "FunctionSpec",
    "with_defaults",
]

FUNCTIONS: dict[str, FunctionSpec] = {
    spec.name: spec
    for module in (indicators, from_talib, operations, outside)
    for spec in module.functions()
}
"""Every function by name."""

FIELDS: dict[str, FieldSpec] = {spec.name: spec for spec in fields.fields()}
"""Every field by name."""

CONSTANTS = {"true": True, "false": False}
"""Conditions that always or never hold."""


def _elsewhere() -> dict[str, str]:
    """Return, for TA-Lib's names that are no names here, how to write them."""
    found: dict[str, list[str]] = {}
    for name, theirs, *_ in WORDS:
        found.setdefault(theirs.lower(), []).append(name)
    hints = {theirs: f"write {' or '.join(names)}" for theirs, names in found.items()}
    hints |= {theirs.lower(): hint for theirs, hint in COVERED.items()}
    hints |= {
        name.lower(): f"write cdl_{name.removeprefix('CDL').lower()}()"
        for name in talib_functions()
        if name.startswith("CDL")
    }
    hints |= {"mean": "write sma(x, window)", "average": "write sma(x, window)",
              "rolling_mean": "write sma(x, window)", "rolling_std": "write stddev(x, window)",
              "std": "write stddev(x, window)", "variance": "write rolling_variance(x, window)",
              "median": "write rolling_median(x, window)", "sum": "write rolling_sum(x, window)",
              "highest": "write rolling_max(x, window)", "lowest": "write rolling_min(x, window)",
              "shift": "write lag(x, bars)", "ref": "write lag(x, bars)",
              "delay": "write lag(x, bars)", "previous": "write lag(x, bars)",
              "returns": "write rocp(x, 1)", "pct_change": "write rocp(x, 1)",
              "log_return": "write log(x / lag(x, 1))", "log_returns": "write log(x / lag(x, 1))",
              "diff": "write x - lag(x, 1)", "change": "write x - lag(x, 1)",
              "delta": "write x - lag(x, 1)", "volatility": "write stddev(rocp(x, 1), window)",
              "avg": "write sma(x, window)", "stdev": "write stddev(x, window)",
              "hhv": "write rolling_max(x, window)", "llv": "write rolling_min(x, window)",
              "corr": "write rolling_correlation(x, y, window)",
              "crossover": "write cross_above(x, y)", "crossunder": "write cross_below(x, y)",
              "ln": "write log(x)", "donchian": "write donchian_upper(window)"}  # fmt: skip
    return {name: hint for name, hint in hints.items() if name not in FUNCTIONS}


ELSEWHERE = _elsewhere()
"""What people may write for a function that has another name here: how to write it."""


class _Defaults(ast.NodeTransformer):
    """Writes out the last arguments of calls that were left out."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """Append the defaults that are missing; a wrong call stays as it is."""
        self.generic_visit(node)
        spec = FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        missing = len(spec.arguments) - len(node.args) if spec is not None else 0
        if spec is not None and 0 < missing <= len(spec.defaults):
            for value in spec.defaults[-missing:]:
                node.args.append(ast.copy_location(ast.Constant(value), node))
        return node


def with_defaults(tree: ast.expr) -> ast.expr:
    """Return the tree with every argument that may be left out written out."""
    filled: ast.expr = _Defaults().visit(tree)
    return filled
