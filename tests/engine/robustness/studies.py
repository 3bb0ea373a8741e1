"""Studies as a trader makes them: several tries on one series, the best of them shown."""

from __future__ import annotations

import numpy as np

from quant_tui.engine import TEMPLATES, BacktestConfig, Bars, Report, parse_document, run_backtest
from quant_tui.engine.robustness.assess import assess
from quant_tui.engine.robustness.card import TrustCard

YEAR = 252
WITHOUT_INPUTS = [one for one in TEMPLATES if one != "ML_SIGNAL"]
"""Templates that need nothing but bars."""

RULES = parse_document(
    """
name: two averages
params: {short: {int: [2, 400], default: 20}, long: {int: [3, 500], default: 50}}
constraints: ["short < long"]
let: {fast: "sma(close, short)", slow: "sma(close, long)"}
entry: "cross_above(fast, slow)"
exit: "cross_below(fast, slow)"
"""
)


def daily(close: np.ndarray) -> Bars:
    """Bars of closes (T,) on business days."""
    dates = np.busday_offset("2004-01-01", np.arange(len(close)), roll="forward")
    return Bars(["X"], dates, close, close, close, close, np.full(len(close), 1e6))


def prices(seed: int, effect: float = 0.0, rows: int = 10 * YEAR) -> np.ndarray:
    """Random closes; with an effect they drift up or down by it a day, 60 days on average."""
    random = np.random.default_rng(seed)
    upward = np.cumsum(random.random(rows) < 1 / 60) % 2 == 0
    returns = random.normal(0, 0.01, rows) + effect * np.where(upward, 1.0, -1.0)
    return 100 * np.exp(np.cumsum(returns))


def study(seed: int, tries: int, effect: float = 0.0) -> tuple[TrustCard, Report]:
    """Try random averages, and return the best with its card from an honest ledger."""
    random = np.random.default_rng([seed, tries])
    bars = daily(prices(seed, effect))
    reports = []
    for _ in range(tries):
        short = int(random.integers(2, 40))
        params = {"short": short, "long": int(random.integers(short + 1, 120))}
        reports.append(run_backtest(bars, RULES, params, BacktestConfig(commission=0.0005)))
    sharpes = np.array([one.performance["sharpe_ratio"] or 0.0 for one in reports], dtype=float)
    variance = float(sharpes.var(ddof=1)) / YEAR if tries > 1 else None
    best = reports[int(sharpes.argmax())]
    return assess(best, trials=tries, trial_variance=variance), best


def calibrate(studies: int, tries: int, effect: float) -> int:
    """Return how many of so many studies get a good verdict."""
    return sum(str(study(seed, tries, effect)[0].verdict) == "good" for seed in range(studies))
