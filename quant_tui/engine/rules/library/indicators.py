"""Indicators that the engine computes itself, equal to TA-Lib's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.indicators import moments, ordered, rolling, smoothed
from quant_tui.engine.indicators.lift import by_run
from quant_tui.engine.indicators.talib_lookback import bollinger
from quant_tui.engine.rules import operations
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.library.spec import (
    WINDOW,
    Argument,
    Evaluate,
    FunctionSpec,
    Lookback,
    X,
    short_lookback,
    window_lookback,
)

_AVERAGES, _MOMENTUM, _VOLATILITY, _STATISTICS = (
    "Averages and bands", "Momentum", "Volatility", "Statistics",
)  # fmt: skip
_BANDS = ("upper", "middle", "lower")


def functions() -> Iterator[FunctionSpec]:
    """Yield the specs."""
    yield from _windows()
    yield from _momentum()
    yield from _bands()
    yield FunctionSpec(
        "atr", (WINDOW,), Kind.SERIES, "price",
        "Average true range, Wilder-smoothed (Wilder 1978; TA-Lib ATR).",
        _VOLATILITY, window_lookback, operations.atr, defaults=(14,),
    )  # fmt: skip
    yield FunctionSpec(
        "true_range", (), Kind.SERIES, "price",
        "Range of the bar including the gap from the previous close (TA-Lib TRANGE).",
        _VOLATILITY, lambda: 1, operations.true_range,
    )  # fmt: skip


def _rolling(function: Callable[[FloatArray, int], FloatArray]) -> Evaluate:
    def evaluate(_frame: Frame, x: FloatArray, window: int) -> FloatArray:
        return by_run(lambda run: function(run, window), x)

    return evaluate


def _windows() -> Iterator[FunctionSpec]:
    table: tuple[tuple[str, Callable[[FloatArray, int], FloatArray], str, str, str], ...] = (
        ("sma", rolling.sma, _AVERAGES, "of x", "Simple moving average (TA-Lib SMA)."),
        ("ema", smoothed.ema, _AVERAGES, "of x", "Exponential moving average, k = 2/(window+1),"
         " seeded with the mean of the first window (TA-Lib EMA)."),
        ("wma", rolling.wma, _AVERAGES, "of x", "Linearly weighted moving average (TA-Lib WMA)."),
        ("stddev", moments.stddev, _STATISTICS, "of x", "Population standard deviation"
         " (TA-Lib STDDEV)."),
        ("rolling_variance", moments.variance, _STATISTICS, "of x squared", "Population variance"
         " (TA-Lib VAR)."),
        ("rolling_skew", moments.skew, _STATISTICS, "ratio", "Population skewness m3 / m2^1.5;"
         " undefined where nothing moved."),
        ("rolling_zscore", moments.zscore, _STATISTICS, "standard deviations", "(x − SMA) /"
         " population standard deviation over the last bars; undefined where nothing moved."),
        ("rolling_max", rolling.rolling_max, _STATISTICS, "of x", "Highest of the last bars"
         " (TA-Lib MAX)."),
        ("rolling_min", rolling.rolling_min, _STATISTICS, "of x", "Lowest of the last bars"
         " (TA-Lib MIN)."),
        ("rolling_sum", rolling.rolling_sum, _STATISTICS, "of x", "Sum of the last bars"
         " (TA-Lib SUM)."),
        ("rolling_median", ordered.median, _STATISTICS, "of x", "Median of the last bars."),
        ("bars_since_max", rolling.bars_since_max, _STATISTICS, "bars", "Bars since the highest x"
         " of the window, 0 = now; the latest of equals (TA-Lib MAXINDEX, counted back)."),
        ("bars_since_min", rolling.bars_since_min, _STATISTICS, "bars", "Bars since the lowest x"
         " of the window, 0 = now; the latest of equals (TA-Lib MININDEX, counted back)."),
    )  # fmt: skip
    for name, function, group, units, text in table:
        yield FunctionSpec(
            name, (X, WINDOW), Kind.SERIES, units, text, group, short_lookback, _rolling(function)
        )
    yield FunctionSpec(
        "rolling_quantile", (X, WINDOW, ("share", Kind.NUMBER)), Kind.SERIES, "of x",
        "Value below which that share of the window lies, linear between neighbours"
        " (Hyndman and Fan 1996, type 7).",
        _STATISTICS, short_lookback, operations.rolling_quantile, bounds={"share": (0.0, 1.0)},
    )  # fmt: skip
    yield FunctionSpec(
        "rolling_correlation", (("a", Kind.SERIES), ("b", Kind.SERIES), WINDOW), Kind.SERIES,
        "-1 to 1", "Pearson's r; undefined where either stood still (TA-Lib CORREL).",
        _STATISTICS, short_lookback, operations.rolling_correlation,
    )  # fmt: skip


def _momentum() -> Iterator[FunctionSpec]:
    changes: tuple[tuple[str, Evaluate, str, str, tuple[float, ...]], ...] = (
        ("rsi", _rolling(smoothed.rsi), "0 to 100", "Relative strength index, Wilder-smoothed; 0"
         " where nothing moved (Wilder 1978; TA-Lib RSI).", (14,)),
        ("roc", operations.roc, "percent", "Rate of change: (x / x[window ago] − 1) · 100"
         " (TA-Lib ROC).", ()),
        ("rocp", operations.rocp, "fraction", "Rate of change as a fraction (TA-Lib ROCP).", ()),
        ("momentum", operations.momentum, "of x", "x − x[window ago] (TA-Lib MOM).", ()),
    )  # fmt: skip
    for name, evaluate, units, text, defaults in changes:
        yield FunctionSpec(
            name, (X, WINDOW), Kind.SERIES, units, text, _MOMENTUM, window_lookback, evaluate,
            defaults,
        )  # fmt: skip
    fast, slow, signal = ("fast", Kind.WINDOW), ("slow", Kind.WINDOW), ("signal", Kind.WINDOW)
    lines: tuple[tuple[str, tuple[Argument, ...], Evaluate, str, Lookback], ...] = (
        ("macd", (X, fast, slow), operations.macd, "MACD line: EMA(fast) − EMA(slow), fast below"
         " slow (Appel; TA-Lib MACD's line).", lambda _fast, slow: slow - 1),
        ("macd_signal", (X, fast, slow, signal), operations.macd_signal, "EMA of the MACD line"
         " over signal bars (TA-Lib MACD's signal).", _macd_signal_lookback),
        ("macd_histogram", (X, fast, slow, signal), operations.macd_histogram, "MACD line − signal"
         " line (TA-Lib MACD's histogram).", _macd_signal_lookback),
    )  # fmt: skip
    for name, arguments, evaluate, text, lookback in lines:
        yield FunctionSpec(
            name, arguments, Kind.SERIES, "of x", text, _MOMENTUM, lookback, evaluate,
            (12, 26, 9)[: len(arguments) - 1], refuses=_fast_below_slow,
        )  # fmt: skip


def _macd_signal_lookback(_fast: int, slow: int, signal: int) -> int:
    return slow + signal - 2


def _fast_below_slow(fast: int, slow: int, *_others: int) -> str:
    return "fast below slow" if fast >= slow else ""


def _bands() -> Iterator[FunctionSpec]:
    arguments = (X, WINDOW, ("deviations", Kind.NUMBER), ("average", Kind.AVERAGE))
    texts = ("average + deviations · population standard deviation", "the average itself",
             "average − deviations · population standard deviation")  # fmt: skip
    for band, (side, text) in enumerate(zip(_BANDS, texts, strict=True)):
        yield FunctionSpec(
            f"bollinger_{side}", arguments, Kind.SERIES, "of x",
            f"Bollinger band: {text} (Bollinger 2001; TA-Lib BBANDS).",
            _AVERAGES, bollinger,
            partial(operations.bollinger, band=band), (20, 2, "sma"),
        )  # fmt: skip
