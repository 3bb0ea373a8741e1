"""Arithmetic, time, crossings, and what compares symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.rules import cross_section, operations
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.library.spec import (
    WINDOW,
    Argument,
    Evaluate,
    FunctionSpec,
    X,
    no_lookback,
    short_lookback,
    window_lookback,
)

_CONDITION: Argument = ("condition", Kind.CONDITION)


def functions() -> Iterator[FunctionSpec]:
    """Yield the specs."""
    yield from _arithmetic()
    yield from _time()
    yield from _crossings()
    yield from _across()


def _arithmetic() -> Iterator[FunctionSpec]:
    number: tuple[Argument, ...] = (("x", Kind.VALUE),)
    pair: tuple[Argument, ...] = (("a", Kind.VALUE), ("b", Kind.VALUE))
    table: tuple[tuple[str, Callable[..., FloatArray], str, str], ...] = (
        ("abs", np.abs, "of x", "Absolute value."),
        ("sign", np.sign, "-1, 0 or 1", "−1, 0 or 1."),
        ("floor", np.floor, "of x", "Greatest whole number not above x (TA-Lib FLOOR)."),
        ("ceil", np.ceil, "of x", "Least whole number not below x (TA-Lib CEIL)."),
        ("sqrt", np.sqrt, "root of x", "Square root; undefined below zero (TA-Lib SQRT)."),
        ("log", np.log, "number", "Natural logarithm; undefined at zero and below (TA-Lib LN)."),
        ("log10", np.log10, "number", "Decimal logarithm; undefined at zero and below"
         " (TA-Lib LOG10)."),
        ("exp", np.exp, "number", "Exponential (TA-Lib EXP)."),
        ("sin", np.sin, "-1 to 1", "Sine of x in radians (TA-Lib SIN)."),
        ("cos", np.cos, "-1 to 1", "Cosine of x in radians (TA-Lib COS)."),
        ("tan", np.tan, "number", "Tangent of x in radians (TA-Lib TAN)."),
        ("asin", np.arcsin, "radians", "Inverse sine; undefined beyond ±1 (TA-Lib ASIN)."),
        ("acos", np.arccos, "radians", "Inverse cosine; undefined beyond ±1 (TA-Lib ACOS)."),
        ("atan", np.arctan, "radians", "Inverse tangent (TA-Lib ATAN)."),
        ("sinh", np.sinh, "number", "Hyperbolic sine (TA-Lib SINH)."),
        ("cosh", np.cosh, "number", "Hyperbolic cosine (TA-Lib COSH)."),
        ("tanh", np.tanh, "-1 to 1", "Hyperbolic tangent (TA-Lib TANH)."),
    )  # fmt: skip
    pairs: tuple[tuple[str, Callable[..., FloatArray], str], ...] = (
        ("min", np.minimum, "The lesser of two."),
        ("max", np.maximum, "The greater of two."),
    )
    for name, function, units, text in table:
        yield _elementwise(name, number, function, units, text)
    for name, function, text in pairs:
        yield _elementwise(name, pair, function, "of a", text)


def _elementwise(
    name: str,
    arguments: tuple[Argument, ...],
    function: Callable[..., FloatArray],
    units: str,
    text: str,
) -> FunctionSpec:
    evaluate = operations.elementwise(function)
    return FunctionSpec(
        name, arguments, Kind.VALUE, units, text, "Arithmetic", no_lookback, evaluate
    )


def _time() -> Iterator[FunctionSpec]:
    group = "Time"
    yield FunctionSpec(
        "lag", (X, ("bars", Kind.LAG)), Kind.SERIES, "of x",
        "x as it was that many of the symbol's own bars ago.",
        group, window_lookback, operations.lag,
    )  # fmt: skip
    yield FunctionSpec(
        "defined", (X,), Kind.CONDITION, "condition",
        "Whether x has a value; itself always known on a bar.",
        group, no_lookback, operations.defined,
    )  # fmt: skip
    yield FunctionSpec(
        "count_true", (_CONDITION, WINDOW), Kind.SERIES, "bars",
        "How many of the last bars, this one included, the condition holds on.",
        group, short_lookback, operations.count_true,
    )  # fmt: skip
    yield FunctionSpec(
        "bars_since", (_CONDITION,), Kind.SERIES, "bars",
        "Bars since the condition last held, 0 = now; undefined until it first did.",
        group, no_lookback, operations.bars_since,
    )  # fmt: skip


def _crossings() -> Iterator[FunctionSpec]:
    table = (
        ("cross_above", True, False, "True when a > b and, on the last bar on which they differed,"
         " a < b; a tie keeps the earlier state."),
        ("cross_below", False, False, "True when a < b and, on the last bar on which they differed,"
         " a > b; a tie keeps the earlier state."),
        ("cross_above_strict", True, True, "True when a > b and a < b on the very bar before."),
        ("cross_below_strict", False, True, "True when a < b and a > b on the very bar before."),
    )  # fmt: skip
    for name, above, strict, text in table:
        yield FunctionSpec(
            name, (("a", Kind.VALUE), ("b", Kind.VALUE)), Kind.CONDITION, "condition", text,
            "Crossings", lambda: 1, partial(operations.cross, above=above, strict=strict),
        )  # fmt: skip


def _across() -> Iterator[FunctionSpec]:
    table: tuple[tuple[str, Argument, Evaluate, str, str], ...] = (
        ("rank", X, cross_section.rank, "1 = highest",
         "Place of the symbol among all with a value that date; ties by name."),
        ("quantile", X, cross_section.quantile, "above 0 to 1",
         "Share of the date's symbols with a value at most this one; 1 = highest."),
        ("zscore", X, cross_section.zscore, "standard deviations",
         "(x − mean) / population standard deviation over the symbols of the date;"
         " undefined where they are all equal."),
        ("demean", X, cross_section.demean, "of x", "x − mean over the symbols of the date."),
        ("equal_weight", ("chosen", Kind.CONDITION), cross_section.equal_weight,
         "fraction of equity",
         "1/k for each of the k symbols chosen on the date, 0 for the others."),
    )  # fmt: skip
    for name, argument, evaluate, units, text in table:
        yield FunctionSpec(
            name, (argument,), Kind.SERIES, units, text, "Across symbols", no_lookback, evaluate
        )
