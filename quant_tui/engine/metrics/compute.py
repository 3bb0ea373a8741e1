"""One pure function that computes every figure of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, DateArray, FloatArray, IntArray
from quant_tui.engine.metrics import returns as of_returns
from quant_tui.engine.metrics.benchmark import against_benchmark, carried
from quant_tui.engine.metrics.drawdowns import (
    Drawdown,
    Drawdowns,
    drawdown_series,
    drawdowns,
    ulcer_index,
)
from quant_tui.engine.metrics.figures import Figure, Figures
from quant_tui.engine.metrics.periods import PeriodReturns
from quant_tui.engine.metrics.trades import trade_figures

_ONE_BAR = "fewer than two bars"


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every figure of a run.

    Attributes
    ----------
    performance, risk
        Metrics by name; None where undefined.
    undefined
        Metric → why it is undefined.
    returns
        Simple returns (T,), the first against the initial capital.
    drawdown
        Fall from the running peak (T,), ≤ 0.
    top_drawdowns
        The five deepest, deepest first.
    monthly_table
        Year → month → return.
    """

    performance: dict[str, Figure]
    risk: dict[str, Figure]
    undefined: dict[str, str]
    returns: FloatArray
    drawdown: FloatArray
    top_drawdowns: tuple[Drawdown, ...]
    monthly_table: dict[int, dict[int, float]]


def compute_metrics(
    dates: DateArray,
    equity: FloatArray,
    *,
    initial_capital: float,
    annualization: float,
    risk_free: float = 0.0,
    exposure: FloatArray | None = None,
    trade_pnl: FloatArray | None = None,
    trade_returns: FloatArray | None = None,
    trade_bars: IntArray | None = None,
    trade_open: BoolArray | None = None,
    traded_value: float = 0.0,
    fees_paid: float = 0.0,
    slippage_paid: float = 0.0,
    benchmark: FloatArray | None = None,
) -> Metrics:
    """Compute every figure of a run from its equity curve, round trips and benchmark.

    Parameters
    ----------
    dates
        ``datetime64`` (T,), T ≥ 1.
    equity
        Mark-to-market value at each close (T,), zero or more.
    initial_capital
        Value before the first bar, above zero: the first return and the running peak
        count from it.
    annualization
        Periods a year.
    risk_free
        Annual rate, a fraction; a period's is (1 + rate) ** (1 / annualization) − 1.
    exposure
        Value of the positions / equity at each close (T,), 0 where the equity is gone.
    trade_pnl, trade_returns, trade_bars, trade_open
        Round trips (M,): money, return, length in rows, and whether still open. Only
        closed ones enter the figures.
    traded_value, fees_paid, slippage_paid
        Sum of the absolute values of the fills, and of their costs, in money.
    benchmark
        Level of a benchmark at each date (T,), NaN where unknown (carried forward).

    Returns
    -------
    Metrics
        Fractions, not percent. Definitions: :mod:`~quant_tui.engine.metrics.returns`
        (empyrical's), and further

        - ``exposure``: share of bars with a position; ``average_exposure``: mean of
          ``exposure``.
        - ``turnover``: half of the traded value / mean equity, a year.
        - ``max_drawdown_duration``: most bars from a peak to its recovery.
        - ``information_ratio``: empyrical's ``excess_sharpe``, a period's.
    """
    count = len(equity)
    simple = simple_returns(equity, initial_capital)
    rate = float((1.0 + risk_free) ** (1.0 / annualization) - 1.0)
    ratio = float(equity[-1]) / initial_capital
    falls = drawdown_series(equity, initial_capital)
    moments, downside = of_returns.moments(simple), of_returns.downside(simple, annualization)

    figures = Figures()
    figures.put("initial_capital", initial_capital)
    figures.put("final_value", float(equity[-1]))
    figures.put("total_return", ratio - 1.0)
    figures.put(
        "cagr",
        of_returns.compound_annual_growth(ratio, count, annualization),
        "too few bars to extrapolate to a year",
    )
    flat = _ONE_BAR if count < 2 else "the equity did not move"
    figures.put("sharpe_ratio", moments.sharpe_ratio(annualization, rate), flat)
    no_loss = _ONE_BAR if count < 2 else "no losing period"
    figures.put("sortino_ratio", downside.sortino_ratio, no_loss)
    deepest = float(falls.min())
    cagr = figures.number("cagr")
    calmar = cagr / -deepest if deepest < 0.0 and cagr is not None else None
    figures.put("calmar_ratio", calmar, "no drawdown" if cagr is not None else "no CAGR")
    figures.put("omega_ratio", downside.omega_ratio, no_loss)
    figures.put("max_drawdown", deepest)
    _trades(figures, trade_pnl, trade_returns, trade_bars, trade_open)
    _activity(figures, equity, exposure, traded_value, annualization)
    figures.put("fees_paid", fees_paid)
    figures.put("slippage_paid", slippage_paid)
    periods = PeriodReturns(equity, initial_capital, dates)
    for period, found in (
        ("day", periods.days),
        ("month", periods.months[1]),
        ("year", periods.years[1]),
    ):
        figures.put(f"best_{period}", float(found.max()))
        figures.put(f"worst_{period}", float(found.min()))
    theirs = None if benchmark is None else benchmark_returns(benchmark)
    against_benchmark(figures, simple, theirs, annualization, rate)
    figures.put("annualization", annualization)
    figures.put("bars", count)

    risk = Figures()
    risk.put("annual_volatility", moments.annual_volatility(annualization), _ONE_BAR)
    risk.put("downside_deviation", downside.deviation)
    _shape(risk, simple, moments, flat)
    risk.put("stability", of_returns.stability(equity), flat)
    every = drawdowns(falls, dates)
    _drawdown_figures(risk, falls, every)
    return Metrics(
        performance=figures.values,
        risk=risk.values,
        undefined={**figures.undefined, **risk.undefined},
        returns=simple,
        drawdown=falls,
        top_drawdowns=every.deepest(falls, 5),
        monthly_table=periods.monthly_table(),
    )


def simple_returns(equity: FloatArray, initial_capital: float) -> FloatArray:
    """Return of each bar (T,), the first against the initial capital; 0 after ruin."""
    found = _changes(equity)
    found[0] = equity[0] / initial_capital - 1.0
    if float(equity.min()) <= 0.0:
        found[1:][equity[:-1] <= 0.0] = 0.0
    return found


def _changes(levels: FloatArray) -> FloatArray:
    """Level / the one before − 1, (T,); the first is NaN."""
    found = np.empty(len(levels))
    found[0] = np.nan
    with np.errstate(all="ignore"):
        for rows in of_returns.parts(len(levels) - 1):
            part = found[1:][rows]
            np.divide(levels[1:][rows], levels[:-1][rows], out=part)
            part -= 1.0
    return found


def benchmark_returns(levels: FloatArray) -> FloatArray:
    """Simple returns of levels (T,), carried forward; NaN up to and on the first level."""
    found = _changes(carried(levels))
    found[~np.isfinite(found)] = np.nan
    return found


def _trades(
    figures: Figures,
    pnl: FloatArray | None,
    returns: FloatArray | None,
    bars: IntArray | None,
    is_open: BoolArray | None,
) -> None:
    if pnl is None or returns is None or bars is None:
        trade_figures(figures, np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
        figures.put("open_trades", 0)
        return
    closed = np.ones(len(pnl), dtype=np.bool_) if is_open is None else ~is_open
    trade_figures(figures, pnl[closed], returns[closed], bars[closed])
    figures.put("open_trades", int((~closed).sum()))


def _activity(
    figures: Figures,
    equity: FloatArray,
    exposure: FloatArray | None,
    traded_value: float,
    annualization: float,
) -> None:
    if exposure is None:
        figures.put("exposure", None, "the positions are not known")
        figures.put("average_exposure", None, "the positions are not known")
    else:
        figures.put("exposure", float(np.count_nonzero(exposure > 0.0)) / len(equity))
        figures.put("average_exposure", float(exposure.mean()))
    mean = float(equity.mean())
    years = len(equity) / annualization
    turnover = traded_value / 2.0 / mean / years if mean > 0.0 else None
    figures.put("turnover", turnover, "the equity is zero")


def _shape(risk: Figures, simple: FloatArray, moments: of_returns.Moments, flat: str) -> None:
    tails = of_returns.tails(simple)
    risk.put("value_at_risk", min(tails.value_at_risk, 0.0))
    risk.put("conditional_value_at_risk", min(tails.conditional_value_at_risk, 0.0))
    risk.put("skew", moments.skew, flat)
    risk.put("kurtosis", moments.kurtosis, flat)
    none = _ONE_BAR if len(simple) < 2 else "the 5th percentile of the returns is zero"
    risk.put("tail_ratio", tails.tail_ratio, none)


def _drawdown_figures(risk: Figures, falls: FloatArray, every: Drawdowns) -> None:
    none = "no drawdown"
    some = len(every) > 0
    risk.put("max_drawdown", float(falls.min()))
    risk.put("max_drawdown_duration", int(every.bars.max()) if some else 0)
    risk.put("max_drawdown_duration_days", int(every.days.max()) if some else 0)
    risk.put("average_drawdown", float(every.depth.mean()) if some else None, none)
    risk.put("average_drawdown_duration", float(every.bars.mean()) if some else None, none)
    risk.put("drawdown_count", len(every))
    risk.put("ulcer_index", ulcer_index(falls))
