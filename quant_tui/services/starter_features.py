"""Features to begin with, for whoever trains a model before having made any."""

from __future__ import annotations

from collections.abc import Mapping

STARTERS: Mapping[str, tuple[str, str]] = {
    "return_1": ("rocp(close, 1)", "Return of the last bar."),
    "return_5": ("rocp(close, 5)", "Return of the last 5 bars."),
    "return_21": ("rocp(close, 21)", "Return of the last 21 bars."),
    "volatility_21": ("stddev(rocp(close, 1), 21)", "Deviation of the last 21 returns."),
    "rsi_14": ("rsi(close, 14)", "Relative strength index of 14 bars."),
    "distance_50": ("close / sma(close, 50) - 1", "Distance from the mean of 50 bars."),
}
"""Name to expression and description."""
