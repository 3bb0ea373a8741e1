"""The rows of the speed table: who runs, and what is asked of the engine.

Every contender is a function that prepares its work and returns what is to be timed.
A contender that has no part to play here is left out by :func:`available`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.benchmarks import portfolio, rules, single, sweeps
from tests.benchmarks.c_loops import there_is_a_compiler

Run = Callable[[], dict[str, object]]
OURS = "quant_tui"
KERNEL = "quant_tui, fills and curve alone"


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes
    ----------
    title
        What is done, with its size.
    contenders
        Name → function that prepares the work.
    faster_than
        Contender → how many times faster than it the engine must be; below one: it may
        take that much longer.
    seconds, peak_bytes
        Most that the engine may take; None: no bound.
    kernel_seconds
        Most that the simulation of it may take alone, from signals to fills and curve.
    compared
        Figures that every contender must find alike, with the tolerance.
    """

    title: str
    contenders: dict[str, Callable[[], Run]]
    faster_than: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    peak_bytes: float | None = None
    kernel_seconds: float | None = None
    compared: dict[str, float] = field(default_factory=dict)


MB = 1e6
ALIKE = {"total_return": 1e-9, "sharpe_ratio": 1e-9, "max_drawdown": 1e-9, "total_trades": 1e-9}

ROWS: dict[str, Row] = {
    "sweep": Row(
        "10,000 SMA pairs x 5,000 daily bars, four figures a pair, 2 threads",
        {
            OURS: lambda: sweeps.ours(10_000, threads=2),
            "quant_tui, 1 thread": lambda: sweeps.ours(10_000, threads=1),
            "tuned C, 2 threads": lambda: sweeps.c_loop("tuned", 10_000, threads=2),
            "tuned C, 1 thread": lambda: sweeps.c_loop("tuned", 10_000, threads=1),
            "plain C, 1 thread": lambda: sweeps.c_loop("plain", 10_000, threads=1),
            "raptorbt": lambda: sweeps.raptorbt(10_000),
            "vectorbt kernels, 2 threads": lambda: sweeps.vectorbt_kernels(10_000, threads=2),
            "vectorbt rust": lambda: sweeps.vectorbt(10_000, engine="rust"),
        },
        faster_than={"raptorbt": 50, "vectorbt rust": 300, "tuned C, 2 threads": 1 / 3},
        peak_bytes=300 * MB,
        compared=ALIKE,
    ),
    "symbols": Row(
        "500 SMA pairs x 20 symbols x 5,000 bars, each symbol for itself, 2 threads",
        {
            OURS: lambda: sweeps.ours(500, symbols=20, threads=2),
            "tuned C, 2 threads": lambda: sweeps.c_loop("tuned", 500, symbols=20, threads=2),
            "raptorbt": lambda: sweeps.raptorbt(500, symbols=20),
            "vectorbt kernels": lambda: sweeps.vectorbt_kernels(500, symbols=20, threads=1),
            "vectorbt kernels, 2 threads": lambda: sweeps.vectorbt_kernels(
                500, symbols=20, threads=2
            ),
            "vectorbt rust": lambda: sweeps.vectorbt(500, symbols=20, engine="rust"),
        },
        faster_than={"vectorbt kernels": 50, "vectorbt kernels, 2 threads": 25},
        peak_bytes=300 * MB,
        compared=ALIKE,
    ),
    "rules": Row(
        "1,000 combinations of a written rule (RSI, SMA, thresholds) x 5,000 daily bars",
        {
            OURS: rules.ours,
            "raptorbt": rules.raptorbt,
            "vectorbt rust": rules.vectorbt,
        },
        faster_than={"raptorbt": 1, "vectorbt rust": 30},
        peak_bytes=300 * MB,
        compared={"total_return": 1e-9, "total_trades": 1e-9},
    ),
    "single": Row(
        "One backtest, 9,000 daily bars, warm, with every metric",
        {
            OURS: lambda: single.ours(single.daily()),
            KERNEL: lambda: single.kernel(single.daily()),
            "raptorbt (few metrics)": lambda: single.raptorbt(single.daily()),
            "vectorbt rust, with stats": lambda: single.vectorbt(single.daily()),
            "backtesting.py": lambda: single.backtesting(single.daily()),
            "backtrader": lambda: single.backtrader(single.daily()),
        },
        seconds=0.005,
        kernel_seconds=0.000_3,
    ),
    "minutes": Row(
        "One backtest, 1,000,000 minute bars, warm, with every metric",
        {
            OURS: lambda: single.ours(single.minutes()),
            KERNEL: lambda: single.kernel(single.minutes()),
            "raptorbt (few metrics)": lambda: single.raptorbt(single.minutes()),
            "vectorbt rust": lambda: single.vectorbt(single.minutes(), stats=False),
            "backtesting.py": lambda: single.backtesting(single.minutes()),
        },
        seconds=0.100,
        kernel_seconds=0.015,
        peak_bytes=400 * MB,
    ),
    "portfolio": Row(
        "20 symbols x 10 years, shared cash, monthly rebalance, with every metric",
        {
            OURS: portfolio.ours,
            "vectorbt": portfolio.vectorbt,
            "backtrader": portfolio.backtrader,
        },
        seconds=0.005,  # the peers set fees on top of the budget: their return is their own
    ),
    "growth": Row(
        "Growth of a sweep's cost: twice the bars, four times the pairs",
        {
            "2,500 pairs x 5,000 bars": lambda: sweeps.ours(2_500, threads=1),
            "2,500 pairs x 10,000 bars": lambda: sweeps.ours(2_500, rows=10_000, threads=1),
            "10,000 pairs x 5,000 bars": lambda: sweeps.ours(10_000, threads=1),
            "10,000 pairs x 10,000 bars": lambda: sweeps.ours(10_000, rows=10_000, threads=1),
        },
    ),
    "momentum": Row(
        "Momentum over 500 symbols x 10 years, the best 20, monthly, with every metric",
        {OURS: portfolio.momentum},
        seconds=2.0,
    ),
    "indicators": Row(
        "Six indicators on 1,000,000 closes, through the rule language",
        {OURS: rules.our_indicators, "TA-Lib": rules.talib_indicators},
        faster_than={"TA-Lib": 0.95},
        compared={"last": 1e-9},
    ),
}


def available(contender: str) -> bool:
    """Tell whether a contender can run on this machine."""
    return " C, " not in contender or there_is_a_compiler()
