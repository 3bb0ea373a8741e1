"""The one registry of what an expression may call or name.

Every entry says its signature, units, how many bars it needs before its first
defined value, and its source. Help screens, the checker and the interpreter read
the same entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.calendars import period_start
from quant_tui.engine.indicators import rolling, smoothed
from quant_tui.engine.indicators.lift import by_run
from quant_tui.engine.rules import operations
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Condition, Kind, Value

Evaluate = Callable[..., Value]
"""Takes the frame, then the arguments."""
Lookback = Callable[..., int]
"""Takes the whole-number arguments, in order."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function of the rule language.

    Attributes
    ----------
    name
        What is written.
    arguments
        Name and kind of each argument, in order.
    result
        Kind of what it gives.
    units
        Units of what it gives.
    help
        What it computes, in a sentence or two, with the source of the formula.
    group
        Heading it is listed under.
    lookback
        Bars before its first value, beyond its arguments' own.
    evaluate
        Computes it.
    """

    name: str
    arguments: tuple[tuple[str, Kind], ...]
    result: Kind
    units: str
    help: str
    group: str
    lookback: Lookback
    evaluate: Evaluate

    @property
    def signature(self) -> str:
        """The call with the kind of each argument."""
        inside = ", ".join(f"{name}: {kind.value}" for name, kind in self.arguments)
        return f"{self.name}({inside})"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One figure that every bar has: a price, the volume, or a fact of the calendar.

    Attributes
    ----------
    name, units, help
        As in :class:`FunctionSpec`.
    kind
        Series or condition.
    evaluate
        Takes the frame.
    """

    name: str
    kind: Kind
    units: str
    help: str
    evaluate: Callable[[Frame], Value]


FUNCTIONS: dict[str, FunctionSpec] = {}
"""Every function by name."""

FIELDS: dict[str, FieldSpec] = {}
"""Every field by name."""

_X = ("x", Kind.SERIES)
_WINDOW = ("window", Kind.WINDOW)


def _none(*_windows: int) -> int:
    return 0


def _window(window: int, *_others: int) -> int:
    return window


def _less_one(window: int, *_others: int) -> int:
    return window - 1


def _register(
    name: str,
    arguments: tuple[tuple[str, Kind], ...],
    evaluate: Evaluate,
    *,
    group: str,
    units: str,
    text: str,
    lookback: Lookback = _none,
    result: Kind = Kind.SERIES,
) -> None:
    FUNCTIONS[name] = FunctionSpec(name, arguments, result, units, text, group, lookback, evaluate)


def _rolling(function: Callable[[FloatArray, int], FloatArray]) -> Evaluate:
    def evaluate(_frame: Frame, x: FloatArray, window: int) -> FloatArray:
        return by_run(lambda run: function(run, window), x)

    return evaluate


def _register_rolling() -> None:
    table: tuple[tuple[str, Callable[[FloatArray, int], FloatArray], str, str, Lookback], ...] = (
        ("sma", rolling.sma, "of x", "Simple moving average (TA-Lib SMA).", _less_one),
        ("ema", smoothed.ema, "of x", "Exponential moving average, k = 2/(window+1), seeded with"
         " the mean of the first window (TA-Lib EMA).", _less_one),
        ("wma", rolling.wma, "of x", "Linearly weighted moving average (TA-Lib WMA).", _less_one),
        ("rsi", smoothed.rsi, "0 to 100", "Relative strength index, Wilder-smoothed; 0 where"
         " nothing moved (Wilder 1978; TA-Lib RSI).", _window),
        ("stddev", rolling.stddev, "of x", "Population standard deviation (TA-Lib STDDEV).",
         _less_one),
        ("rolling_max", rolling.rolling_max, "of x", "Highest of the last bars (TA-Lib MAX).",
         _less_one),
        ("rolling_min", rolling.rolling_min, "of x", "Lowest of the last bars (TA-Lib MIN).",
         _less_one),
        ("rolling_sum", rolling.rolling_sum, "of x", "Sum of the last bars (TA-Lib SUM).",
         _less_one),
        ("rolling_median", rolling.rolling_median, "of x", "Median of the last bars.", _less_one),
    )  # fmt: skip
    for name, function, units, text, lookback in table:
        _register(name, (_X, _WINDOW), _rolling(function), group="Indicators", units=units,
                  text=text, lookback=lookback)  # fmt: skip


def _register_indicators() -> None:
    group = "Indicators"
    fast, slow = ("fast", Kind.WINDOW), ("slow", Kind.WINDOW)
    bands = (_X, _WINDOW, ("deviations", Kind.NUMBER))
    _register(
        "roc",
        (_X, _WINDOW),
        operations.roc,
        group=group,
        units="percent",
        text="Rate of change: (x / x[window ago] − 1) · 100 (TA-Lib ROC).",
        lookback=_window,
    )
    _register(
        "rocp",
        (_X, _WINDOW),
        operations.rocp,
        group=group,
        units="fraction",
        text="Rate of change as a fraction (TA-Lib ROCP).",
        lookback=_window,
    )
    _register(
        "momentum",
        (_X, _WINDOW),
        operations.momentum,
        group=group,
        units="of x",
        text="x − x[window ago] (TA-Lib MOM).",
        lookback=_window,
    )
    _register(
        "atr",
        (_WINDOW,),
        operations.atr,
        group=group,
        units="price",
        text="Average true range, Wilder-smoothed (Wilder 1978; TA-Lib ATR).",
        lookback=_window,
    )
    _register(
        "true_range",
        (),
        operations.true_range,
        group=group,
        units="price",
        text="Range of the bar including the gap from the previous close (TA-Lib TRANGE).",
        lookback=lambda: 1,
    )
    _register(
        "bollinger_upper",
        bands,
        operations.bollinger_upper,
        group=group,
        units="of x",
        text="SMA + deviations · population standard deviation (TA-Lib BBANDS).",
        lookback=_less_one,
    )
    _register(
        "bollinger_lower",
        bands,
        operations.bollinger_lower,
        group=group,
        units="of x",
        text="SMA − deviations · population standard deviation (TA-Lib BBANDS).",
        lookback=_less_one,
    )
    _register(
        "macd",
        (_X, fast, slow),
        operations.macd,
        group=group,
        units="of x",
        text="MACD line: EMA(fast) − EMA(slow), fast below slow (TA-Lib MACD's line).",
        lookback=lambda _fast, slow: slow - 1,
    )
    with_signal = (_X, fast, slow, ("signal", Kind.WINDOW))
    _register(
        "macd_signal",
        with_signal,
        operations.macd_signal,
        group=group,
        units="of x",
        text="EMA of the MACD line over signal bars (TA-Lib MACD's signal).",
        lookback=lambda _fast, slow, signal: slow + signal - 2,
    )
    _register(
        "macd_histogram",
        with_signal,
        operations.macd_histogram,
        group=group,
        units="of x",
        text="MACD line − signal line (TA-Lib MACD's histogram).",
        lookback=lambda _fast, slow, signal: slow + signal - 2,
    )
    _register("rolling_zscore", (_X, _WINDOW), operations.rolling_zscore, group=group,
              units="standard deviations", lookback=_less_one,
              text="(x − SMA) / population standard deviation over the last bars; undefined where"
              " nothing moved.")  # fmt: skip


def _register_operations() -> None:
    number = (("x", Kind.VALUE),)
    pair = (("a", Kind.VALUE), ("b", Kind.VALUE))
    elementwise: tuple[tuple[str, Callable[..., FloatArray], str], ...] = (
        ("abs", np.abs, "Absolute value."),
        ("sqrt", np.sqrt, "Square root; undefined below zero."),
        ("log", np.log, "Natural logarithm; undefined at zero and below."),
        ("exp", np.exp, "Exponential."),
        ("sign", np.sign, "−1, 0 or 1."),
    )
    for name, function, text in elementwise:
        _register(name, number, operations.elementwise(function), group="Arithmetic",
                  units="of x", text=text, result=Kind.VALUE)  # fmt: skip
    for name, function, text in (
        ("min", np.minimum, "The lesser of two."),
        ("max", np.maximum, "The greater of two."),
    ):
        _register(name, pair, operations.elementwise(function), group="Arithmetic",
                  units="of a", text=text, result=Kind.VALUE)  # fmt: skip
    _register(
        "lag",
        (_X, ("bars", Kind.LAG)),
        operations.lag,
        group="Time",
        units="of x",
        text="x as it was that many of the symbol's own bars ago.",
        lookback=_window,
    )
    crossings = (
        ("cross_above", True, False, "True when a > b and, on the last bar on which they differed,"
         " a < b; a tie keeps the earlier state."),
        ("cross_below", False, False, "True when a < b and, on the last bar on which they differed,"
         " a > b; a tie keeps the earlier state."),
        ("cross_above_strict", True, True, "True when a > b and a < b on the very bar before."),
        ("cross_below_strict", False, True, "True when a < b and a > b on the very bar before."),
    )  # fmt: skip
    for name, above, strict, text in crossings:
        _register(name, pair, partial(operations.cross, above=above, strict=strict),
                  group="Crossings", units="condition", text=text, result=Kind.CONDITION,
                  lookback=lambda: 1)  # fmt: skip
    _register(
        "rank",
        (_X,),
        operations.rank,
        group="Across symbols",
        units="1 = highest",
        text="Place of the symbol among all with a value that date; ties by name.",
    )
    _register(
        "zscore",
        (_X,),
        operations.zscore,
        group="Across symbols",
        units="standard deviations",
        text="(x − mean) / population standard deviation over the symbols of the date;"
        " undefined where they are all equal.",
    )
    _register(
        "equal_weight",
        (("chosen", Kind.CONDITION),),
        operations.equal_weight,
        group="Across symbols",
        units="fraction of equity",
        text="1/k for each of the k symbols chosen on the date, 0 for the others.",
    )
    _register("defined", (_X,), operations.defined, group="Time", units="condition",
              result=Kind.CONDITION,
              text="Whether x has a value; itself always known on a bar.")  # fmt: skip


def _price(name: str) -> Callable[[Frame], Value]:
    return lambda frame: frame.field(name)


def _start(period: str) -> Callable[[Frame], Value]:
    def evaluate(frame: Frame) -> Condition:
        starts = frame.by_date(period_start(frame.bars.dates, period).astype(np.float64))
        return Condition(starts == 1.0, frame.valid)

    return evaluate


def _register_fields() -> None:
    for name, text in (
        ("open", "First price of the bar."),
        ("high", "Highest price of the bar."),
        ("low", "Lowest price of the bar."),
        ("close", "Last price of the bar."),
    ):
        FIELDS[name] = FieldSpec(name, Kind.SERIES, "price", text, _price(name))
    FIELDS["volume"] = FieldSpec(
        "volume", Kind.SERIES, "units", "Units traded; undefined where unknown.", _price("volume")
    )
    for period in ("day", "week", "month", "quarter", "year"):
        name = f"{period}_start"
        text = f"True on the first date of a {period} in the data (known on that date)."
        FIELDS[name] = FieldSpec(name, Kind.CONDITION, "condition", text, _start(period))
    calendar: tuple[tuple[str, str, Callable[[Frame], FloatArray]], ...] = (
        ("year", "Calendar year.", operations.year),
        ("month", "Month, 1 to 12.", operations.month),
        ("weekday", "Day of the week, 1 = Monday to 7.", operations.weekday),
        ("month_day", "Day of the month, 1 to 31.", operations.month_day),
    )
    for name, text, function in calendar:
        FIELDS[name] = FieldSpec(name, Kind.SERIES, "number", text, _by_date(function))
    FIELDS["bar_number"] = FieldSpec(
        "bar_number", Kind.SERIES, "bars", "1 on the symbol's first bar.", operations.bar_number
    )


def _by_date(function: Callable[[Frame], FloatArray]) -> Callable[[Frame], Value]:
    return lambda frame: frame.by_date(function(frame))


CONSTANTS = {"true": True, "false": False}
"""Conditions that always or never hold."""

_register_rolling()
_register_indicators()
_register_operations()
_register_fields()
