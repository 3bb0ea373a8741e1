"""What the figures of a result are called, how they are written, and in which group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

from quant_tui.domain.base import Document
from quant_tui.ui import format as fmt


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a result.

    Attributes
    ----------
    key
        Name in the result's documents.
    title
        As people know it.
    write
        From the value to its text.
    note
        Unit or definition, in few words.
    """

    key: str
    title: str
    write: Callable[[float | None], str]
    note: str = ""


_percent = fmt.percent
_ratio = fmt.number
_money = fmt.number
_count = fmt.integer
_share = partial(fmt.percent, decimals=1)

GROUPS: dict[str, tuple[Figure, ...]] = {
    "Return": (
        Figure("total_return", "Total return", _percent, "of the initial capital"),
        Figure("cagr", "CAGR", _percent, "a year, compounded"),
        Figure("initial_capital", "Initial capital", _money),
        Figure("final_value", "Final value", _money),
        Figure("best_day", "Best day", _percent),
        Figure("worst_day", "Worst day", _percent),
        Figure("best_month", "Best month", _percent),
        Figure("worst_month", "Worst month", _percent),
        Figure("best_year", "Best year", _percent),
        Figure("worst_year", "Worst year", _percent),
    ),
    "Risk-adjusted": (
        Figure("sharpe_ratio", "Sharpe ratio", _ratio, "annual"),
        Figure("sortino_ratio", "Sortino ratio", _ratio, "annual, target 0"),
        Figure("calmar_ratio", "Calmar ratio", _ratio, "CAGR / |max drawdown|"),
        Figure("omega_ratio", "Omega ratio", _ratio, "gains / losses around 0"),
        Figure("kelly", "Kelly fraction", _percent, "from win rate and payoff"),
        Figure("sqn", "SQN", _ratio, "system quality number"),
    ),
    "Risk": (
        Figure("max_drawdown", "Max drawdown", _percent, "from the running peak"),
        Figure("max_drawdown_duration", "Max drawdown duration", _count, "bars"),
        Figure("max_drawdown_duration_days", "Max drawdown duration", _count, "calendar days"),
        Figure("average_drawdown", "Average drawdown", _percent),
        Figure("average_drawdown_duration", "Average drawdown duration", _ratio, "bars"),
        Figure("drawdown_count", "Drawdowns", _count),
        Figure("ulcer_index", "Ulcer index", _percent),
        Figure("annual_volatility", "Volatility", _percent, "annual"),
        Figure("downside_deviation", "Downside deviation", _percent, "annual"),
        Figure("value_at_risk", "Value at risk 5 %", _percent, "a day, empirical"),
        Figure("conditional_value_at_risk", "Conditional VaR 5 %", _percent, "mean of the worst"),
        Figure("skew", "Skew", _ratio, "of daily returns"),
        Figure("kurtosis", "Kurtosis", _ratio, "of daily returns, excess"),
        Figure("tail_ratio", "Tail ratio", _ratio, "95th / |5th percentile|"),
        Figure("stability", "Stability", _ratio, "R² of the log equity"),
    ),
    "Trades": (
        Figure("total_trades", "Round trips", _count, "closed"),
        Figure("open_trades", "Open trades", _count, "at the end, valued at the last close"),
        Figure("winning_trades", "Winning", _count),
        Figure("losing_trades", "Losing", _count),
        Figure("win_rate", "Win rate", _percent),
        Figure("profit_factor", "Profit factor", _ratio, "won / lost"),
        Figure("payoff_ratio", "Payoff ratio", _ratio, "average win / average loss"),
        Figure("expectancy", "Expectancy", _money, "money a trade"),
        Figure("average_win", "Average win", _money),
        Figure("average_loss", "Average loss", _money),
        Figure("average_trade_return", "Average trade", _percent),
        Figure("best_trade", "Best trade", _percent),
        Figure("worst_trade", "Worst trade", _percent),
        Figure("average_trade_bars", "Average length", _ratio, "bars"),
        Figure("longest_trade_bars", "Longest trade", _count, "bars"),
        Figure("longest_winning_streak", "Longest winning streak", _count),
        Figure("longest_losing_streak", "Longest losing streak", _count),
    ),
    "Exposure and costs": (
        Figure("exposure", "Exposure", _percent, "share of bars in the market"),
        Figure("average_exposure", "Average exposure", _percent, "of the equity"),
        Figure("turnover", "Turnover", _ratio, "times the equity a year"),
        Figure("fees_paid", "Commission paid", _money),
        Figure("slippage_paid", "Slippage paid", _money),
    ),
    "Against the benchmark": (
        Figure("benchmark_return", "Benchmark return", _percent),
        Figure("benchmark_cagr", "Benchmark CAGR", _percent),
        Figure("alpha", "Alpha", _percent, "a year"),
        Figure("beta", "Beta", _ratio),
        Figure("information_ratio", "Information ratio", _ratio, "a period"),
        Figure("information_ratio_annualized", "Information ratio", _ratio, "annual"),
        Figure("tracking_error", "Tracking error", _percent, "annual"),
        Figure("up_capture", "Up capture", _percent),
        Figure("down_capture", "Down capture", _percent),
        Figure("up_down_capture", "Up / down capture", _ratio),
    ),
    "Basis": (
        Figure("annualization", "Annualisation", _count, "periods a year"),
        Figure("bars", "Bars", _count),
    ),
}

CARDS: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("total_return", "Total return", partial(fmt.change, decimals=1)),
    ("cagr", "CAGR", _share),
    ("sharpe_ratio", "Sharpe", _ratio),
    ("sortino_ratio", "Sortino", _ratio),
    ("max_drawdown", "Max drawdown", _share),
    ("calmar_ratio", "Calmar", _ratio),
    ("win_rate", "Win rate", _share),
    ("profit_factor", "Profit factor", _ratio),
    ("total_trades", "Trades", _count),
    ("exposure", "Exposure", _share),
)
SIGNED = frozenset({"total_return", "cagr"})


def figures_of(
    performance: Document, risk_metrics: Document
) -> list[tuple[str, Figure, float | None]]:
    """Return group, figure and value of everything that a result has, known ones first."""
    values = {**risk_metrics, **performance}
    found = [
        (group, figure, cast("float | None", values.pop(figure.key)))
        for group, figures in GROUPS.items()
        for figure in figures
        if figure.key in values
    ]
    for key, value in values.items():
        if value is None or isinstance(value, int | float):
            title = key.replace("_", " ").capitalize()
            found.append(("Other", Figure(key, title, _ratio), value))
    return found
