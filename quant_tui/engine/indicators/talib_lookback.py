"""How many bars TA-Lib's functions need before their first value, without importing it.

A test compares every one with the installed TA-Lib, over many values of its parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable

AVERAGES = {
    "sma": 0, "ema": 1, "wma": 2, "dema": 3, "tema": 4, "trima": 5, "kama": 6, "mama": 7, "t3": 8,
    "hma": 9, "zlema": 12, "rma": 13,
}  # fmt: skip
"""Moving averages by name, with TA-Lib's number for them (``MA_Type``)."""

_MULTIPLES = {"dema": 2, "tema": 3, "t3": 6}
_MAMA = 32


def average(name: str, window: int) -> int:
    """Return the lookback of a moving average of that name."""
    if window == 1:
        return 0
    if name == "mama":
        return _MAMA
    if name == "kama":
        return window
    if name == "hma":
        return window + math.isqrt(window) - 2
    if name == "zlema":
        return window - 1 + (window - 1) // 2
    return _MULTIPLES.get(name, 1) * (window - 1)


def bollinger(window: int, name: str) -> int:
    """Return the lookback of Bollinger bands about an average of that name."""
    return max(average(name, window), window - 1)


def _less_one(window: int) -> int:
    return window - 1


def _whole(window: int) -> int:
    return window


def _named(name: str) -> Callable[[int], int]:
    return lambda window: average(name, window)


def _two_averages(fast: int, slow: int, name: str = "ema") -> int:
    return average(name, max(fast, slow))


def _macd(fast: int, slow: int, signal: int) -> int:
    return max(fast, slow) + signal - 2


def _macdext(fast: int, fast_name: str, slow: int, slow_name: str, signal: int, name: str) -> int:
    return max(average(fast_name, fast), average(slow_name, slow)) + average(name, signal)


def _stochastic(fast_k: int, slow_k: int, k_name: str, slow_d: int, d_name: str) -> int:
    return fast_k - 1 + average(k_name, slow_k) + average(d_name, slow_d)


_LESS_ONE = (
    "MAX", "MAXINDEX", "MIN", "MININDEX", "MINMAX", "MINMAXINDEX", "SUM", "CCI", "ERI",
    "IMI", "QSTICK", "WILLR", "ACCBANDS", "DONCHIAN", "EMA", "MIDPOINT",
    "MIDPRICE", "RMA", "SMA", "TRIMA", "VWMA", "WMA", "AVGDEV", "CORREL", "LINEARREG",
    "LINEARREG_ANGLE", "LINEARREG_INTERCEPT", "LINEARREG_SLOPE", "PERCENTILE", "STDDEV", "TSF",
    "VAR", "ADR", "CMF",
)  # fmt: skip
_WHOLE = (
    "AROON", "AROONOSC", "CMO", "CMOU", "DX", "ER", "FOSC", "MFI", "MINUS_DI", "MOM", "PLUS_DI",
    "ROC", "ROCP", "ROCR", "ROCR100", "RSI", "VHF", "VORTEX", "SUPERTREND", "BETA", "PERCENTRANK",
    "ATR", "NATR", "EFI", "RVOL",
)  # fmt: skip

LOOKBACKS: dict[str, Callable[..., int]] = {
    **dict.fromkeys(_LESS_ONE, _less_one),
    **dict.fromkeys(_WHOLE, _whole),
    **{name.upper(): _named(name) for name in ("dema", "tema", "t3", "kama", "hma", "zlema")},
    "MA": lambda window, name: average(name, window),
    "BBANDS": bollinger,
    "DPO": lambda window: max(window - 1, window // 2 + 1),
    "MINUS_DM": lambda window: max(window - 1, 1),
    "PLUS_DM": lambda window: max(window - 1, 1),
    "MAVP": lambda _shortest, longest, name: average(name, longest),
    "ADX": lambda window: 2 * window - 1,
    "ADXR": lambda window: 3 * window - 2,
    "TRIX": lambda window: 3 * window - 2,
    "FRACTAL": lambda left, right: left + right,
    "AC": _macd,
    "MACD": _macd,
    "MACDFIX": lambda signal: 24 + signal,
    "MACDEXT": _macdext,
    "AO": _two_averages,
    "ADOSC": _two_averages,
    "APO": _two_averages,
    "PPO": _two_averages,
    "PVO": _two_averages,
    "COPPOCK": lambda window, first, second: window - 1 + max(first, second),
    "ULTOSC": lambda *windows: max(windows),
    "KC": lambda window, atr_window: max(window - 1, atr_window),
    "KDJ": _stochastic,
    "STOCH": _stochastic,
    "STOCHF": lambda fast_k, fast_d, name: fast_k - 1 + average(name, fast_d),
    "STOCHRSI": lambda window, fast_k, fast_d, name: window + fast_k - 1 + average(name, fast_d),
    "SMI": lambda *windows: sum(windows) - 4,
    "RVI": lambda window, deviation_window: window + deviation_window - 2,
    "TSI": lambda first, second: first + second - 1,
    "CVI": lambda window, roc_window: window + roc_window - 1,
    "MASSI": lambda fast, slow: 2 * fast + slow - 3,
}
"""Takes the whole-number parameters and the names of averages, in TA-Lib's order."""
