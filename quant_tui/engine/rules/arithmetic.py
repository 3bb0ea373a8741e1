"""Operators of the rule language, over numbers and over arrays alike."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import overload

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray

_BINARY: dict[type[ast.operator], Callable[..., FloatArray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.float_power,
}
_COMPARE: dict[type[ast.cmpop], Callable[..., BoolArray]] = {
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


@overload
def binary(operator: ast.operator, left: float, right: float) -> float: ...
@overload
def binary(operator: ast.operator, left: FloatArray | float, right: FloatArray) -> FloatArray: ...
@overload
def binary(operator: ast.operator, left: FloatArray, right: float) -> FloatArray: ...
def binary(
    operator: ast.operator, left: FloatArray | float, right: FloatArray | float
) -> FloatArray | float:
    """Apply an arithmetic operator in floating point; division by zero is not finite."""
    with np.errstate(all="ignore"):
        return _BINARY[type(operator)](left, right)


def compare(operator: ast.cmpop, left: FloatArray | float, right: FloatArray | float) -> BoolArray:
    """Apply a comparison; false where a side is NaN, except for ``!=``."""
    return _COMPARE[type(operator)](left, right)
