"""The figures of a result: what each is called, its group, its unit and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from quant_tui.domain.base import Document

Unit = Literal["percent", "ratio", "money", "count"]
"""``percent`` is a fraction that is written as a percentage."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a result.

    Attributes
    ----------
    key
        Name in the result's documents.
    title
        As people know it.
    group
        Part of the tear sheet it belongs to.
    unit
        How it is written.
    note
        Unit or definition, in few words.
    """

    key: str
    title: str
    group: str
    unit: Unit
    note: str = ""


FIGURES: tuple[Figure, ...] = (
    Figure("total_return", "Total return", "Return", "percent", "of the initial capital"),
    Figure("cagr", "CAGR", "Return", "percent", "a year, compounded"),
    Figure("initial_capital", "Initial capital", "Return", "money"),
    Figure("final_value", "Final value", "Return", "money"),
    Figure("best_day", "Best day", "Return", "percent"),
    Figure("worst_day", "Worst day", "Return", "percent"),
    Figure("best_month", "Best month", "Return", "percent"),
    Figure("worst_month", "Worst month", "Return", "percent"),
    Figure("best_year", "Best year", "Return", "percent"),
    Figure("worst_year", "Worst year", "Return", "percent"),
    Figure("sharpe_ratio", "Sharpe ratio", "Risk-adjusted", "ratio", "annual"),
    Figure("sortino_ratio", "Sortino ratio", "Risk-adjusted", "ratio", "annual, target 0"),
    Figure("calmar_ratio", "Calmar ratio", "Risk-adjusted", "ratio", "CAGR / |max drawdown|"),
    Figure("omega_ratio", "Omega ratio", "Risk-adjusted", "ratio", "gains / losses around 0"),
    Figure("kelly", "Kelly fraction", "Risk-adjusted", "percent", "from win rate and payoff"),
    Figure("sqn", "SQN", "Risk-adjusted", "ratio", "system quality number"),
    Figure("max_drawdown", "Max drawdown", "Risk", "percent", "from the running peak"),
    Figure("max_drawdown_duration", "Max drawdown, bars", "Risk", "count", "peak to recovery"),
    Figure("max_drawdown_duration_days", "Max drawdown, days", "Risk", "count", "calendar days"),
    Figure("average_drawdown", "Average drawdown", "Risk", "percent"),
    Figure("average_drawdown_duration", "Average drawdown duration", "Risk", "ratio", "bars"),
    Figure("drawdown_count", "Drawdowns", "Risk", "count"),
    Figure("ulcer_index", "Ulcer index", "Risk", "percent"),
    Figure("annual_volatility", "Volatility", "Risk", "percent", "annual"),
    Figure("downside_deviation", "Downside deviation", "Risk", "percent", "annual"),
    Figure("value_at_risk", "Value at risk 5 %", "Risk", "percent", "a bar, empirical"),
    Figure(
        "conditional_value_at_risk", "Conditional VaR 5 %", "Risk", "percent", "mean of the worst"
    ),
    Figure("skew", "Skew", "Risk", "ratio", "of the bars' returns"),
    Figure("kurtosis", "Kurtosis", "Risk", "ratio", "of the bars' returns, excess"),
    Figure("tail_ratio", "Tail ratio", "Risk", "ratio", "95th / |5th percentile|"),
    Figure("stability", "Stability", "Risk", "ratio", "R² of the log equity"),
    Figure("total_trades", "Round trips", "Trades", "count", "closed"),
    Figure("open_trades", "Open trades", "Trades", "count", "at the end, valued at the last close"),
    Figure("winning_trades", "Winning", "Trades", "count"),
    Figure("losing_trades", "Losing", "Trades", "count"),
    Figure("win_rate", "Win rate", "Trades", "percent"),
    Figure("profit_factor", "Profit factor", "Trades", "ratio", "won / lost"),
    Figure("payoff_ratio", "Payoff ratio", "Trades", "ratio", "average win / average loss"),
    Figure("expectancy", "Expectancy", "Trades", "money", "money a trade"),
    Figure("average_win", "Average win", "Trades", "money"),
    Figure("average_loss", "Average loss", "Trades", "money"),
    Figure("average_trade_return", "Average trade", "Trades", "percent"),
    Figure("best_trade", "Best trade", "Trades", "percent"),
    Figure("worst_trade", "Worst trade", "Trades", "percent"),
    Figure("average_trade_bars", "Average length", "Trades", "ratio", "bars"),
    Figure("longest_trade_bars", "Longest trade", "Trades", "count", "bars"),
    Figure("longest_winning_streak", "Longest winning streak", "Trades", "count"),
    Figure("longest_losing_streak", "Longest losing streak", "Trades", "count"),
    Figure("exposure", "Exposure", "Exposure and costs", "percent", "share of bars in the market"),
    Figure(
        "average_exposure", "Average exposure", "Exposure and costs", "percent", "of the equity"
    ),
    Figure("turnover", "Turnover", "Exposure and costs", "ratio", "times the equity a year"),
    Figure("fees_paid", "Commission paid", "Exposure and costs", "money"),
    Figure("slippage_paid", "Slippage paid", "Exposure and costs", "money"),
    Figure("benchmark_return", "Benchmark return", "Against the benchmark", "percent"),
    Figure("benchmark_cagr", "Benchmark CAGR", "Against the benchmark", "percent"),
    Figure("alpha", "Alpha", "Against the benchmark", "percent", "a year"),
    Figure("beta", "Beta", "Against the benchmark", "ratio"),
    Figure("information_ratio", "Information ratio", "Against the benchmark", "ratio", "a period"),
    Figure(
        "information_ratio_annualized",
        "Information ratio",
        "Against the benchmark",
        "ratio",
        "annual",
    ),
    Figure("tracking_error", "Tracking error", "Against the benchmark", "percent", "annual"),
    Figure("up_capture", "Up capture", "Against the benchmark", "percent"),
    Figure("down_capture", "Down capture", "Against the benchmark", "percent"),
    Figure("up_down_capture", "Up / down capture", "Against the benchmark", "ratio"),
    Figure("annualization", "Annualisation", "Basis", "count", "periods a year"),
    Figure("bars", "Bars", "Basis", "count"),
)
"""Every known figure, in the order of the tear sheet."""

OTHER = "Other"
"""Group of figures that a result has and this list does not know."""


def figures_in(
    performance: Document, risk_metrics: Document
) -> Iterator[tuple[Figure, float | None]]:
    """Return every figure that a result has, with its value, known ones first."""
    values = {**risk_metrics, **performance}
    for figure in FIGURES:
        if figure.key in values:
            yield figure, values.pop(figure.key)
    for key, value in values.items():
        if value is None or isinstance(value, int | float):
            yield Figure(key, key.replace("_", " ").capitalize(), OTHER, "ratio"), value


def write_figure(value: float | None, unit: Unit) -> str:
    """Write a value for people: ``12.34%``, ``1,234.50``, ``1,234``; a dash for None."""
    if value is None:
        return "–"
    if unit == "percent":
        return f"{value * 100:,.2f}%"
    return f"{value:,.0f}" if unit == "count" else f"{value:,.2f}"
