"""Figures of closed round trips."""

from __future__ import annotations

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.metrics.figures import Figures

_NONE = "no closed round trip"


def trade_figures(figures: Figures, pnl: FloatArray, returns: FloatArray, bars: IntArray) -> None:
    """Put the figures of closed round trips into ``figures``.

    Parameters
    ----------
    figures
        Takes the metrics.
    pnl
        Money won by each closed round trip after costs (M,); a win is above zero.
    returns
        Its return (M,).
    bars
        Its length in rows (M,).

    Notes
    -----
    Profit factor = gains / losses. Payoff = mean gain / mean loss. Expectancy = mean
    pnl. Kelly = W − (1 − W) / payoff (Kelly 1956). SQN = √M · mean(pnl) / sample
    standard deviation of pnl (Tharp). All as backtesting.py 0.6 has them.
    """
    count = len(pnl)
    wins, losses = pnl > 0.0, pnl < 0.0
    gained, lost = float(pnl[wins].sum()), float(-pnl[losses].sum())
    figures.put("total_trades", count)
    figures.put("winning_trades", int(wins.sum()))
    figures.put("losing_trades", int(losses.sum()))
    win_rate = float(wins.mean()) if count else None
    figures.put("win_rate", win_rate, _NONE)
    figures.put("profit_factor", gained / lost if lost > 0.0 else None, _missing(count, "losing"))
    figures.put(
        "average_win", gained / wins.sum() if wins.any() else None, _missing(count, "winning")
    )
    figures.put(
        "average_loss", -lost / losses.sum() if losses.any() else None, _missing(count, "losing")
    )
    payoff = None
    if wins.any() and losses.any():
        payoff = (gained / int(wins.sum())) / (lost / int(losses.sum()))
    figures.put("payoff_ratio", payoff, _missing(count, "winning or no losing"))
    kelly = win_rate - (1.0 - win_rate) / payoff if payoff and win_rate is not None else None
    figures.put("kelly", kelly, _missing(count, "winning or no losing"))
    figures.put("expectancy", float(pnl.mean()) if count else None, _NONE)
    figures.put("average_trade_return", float(returns.mean()) if count else None, _NONE)
    figures.put("best_trade", float(returns.max()) if count else None, _NONE)
    figures.put("worst_trade", float(returns.min()) if count else None, _NONE)
    figures.put("average_trade_bars", float(bars.mean()) if count else None, _NONE)
    figures.put("longest_trade_bars", int(bars.max()) if count else None, _NONE)
    spread = float(pnl.std(ddof=1)) if count > 1 and pnl.max() > pnl.min() else None
    quality = float(np.sqrt(count) * pnl.mean()) / spread if spread else None
    figures.put("sqn", quality, "fewer than two closed round trips, or all alike")
    figures.put("longest_winning_streak", longest_streak(wins))
    figures.put("longest_losing_streak", longest_streak(losses))


def _missing(count: int, which: str) -> str:
    return f"no {which} round trip" if count else _NONE


def longest_streak(hits: BoolArray) -> int:
    """Length of the longest unbroken row of true."""
    if not hits.any():
        return 0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hits, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max())
