"""Metrics of many accounts from the few figures that the loops keep of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics import returns as of_returns
from quant_tui.engine.metrics.drawdowns import drawdown_series
from quant_tui.engine.sweep import accounts

_CANCELLED = 1e-3
"""Least spread about the mean, as a share of the sum of squares, that the sums give."""
_CALM = 1e-6
"""Least standard deviation of a bar's returns that they give."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of K accounts (K, ``accounts.FIGURES``), each over so many rows.

    Attributes
    ----------
    found
        As the loops give them.
    rows
        Rows of the bars.
    initial
        Capital at the start.
    annualization
        Periods a year.
    rate
        Risk-free return of one period.
    """

    found: FloatArray
    rows: int
    initial: float
    annualization: float
    rate: float

    @classmethod
    def of(cls, found: FloatArray, rows: int, config: BacktestConfig) -> Figures:
        """Take capital and rates from a resolved configuration."""
        annualization = config.annualization or 1.0
        rate = float((1.0 + config.risk_free) ** (1.0 / annualization) - 1.0)
        return cls(found, rows, config.initial_capital, annualization, rate)

    @property
    def uncertain(self) -> BoolArray:
        """Which accounts moved so little, or so evenly, that sums do not tell their spread."""
        squares = self.found[:, accounts.SQUARES]
        centred = self._centred
        moved = squares > 0.0
        calm = centred < _CALM * _CALM * self.rows
        return moved & ((centred <= _CANCELLED * squares) | calm)

    @property
    def _centred(self) -> FloatArray:
        total = self.found[:, accounts.SUM]
        return self.found[:, accounts.SQUARES] - total * total / self.rows

    def final_value(self) -> FloatArray:
        """Value at the last close."""
        return self.found[:, accounts.FINAL].copy()

    def total_return(self) -> FloatArray:
        """Last value / initial capital − 1."""
        growth: FloatArray = self.found[:, accounts.FINAL] / self.initial - 1.0
        return growth

    def cagr(self) -> FloatArray:
        """Growth a year (:func:`~quant_tui.engine.metrics.returns.compound_annual_growth`)."""
        ratio = self.found[:, accounts.FINAL] / self.initial
        with np.errstate(all="ignore"):
            exponent = self.annualization / self.rows * np.log(ratio)
            growth = np.where(exponent < 700.0, np.expm1(exponent), np.nan)
        return np.where(ratio <= 0.0, -1.0, growth)

    def deviation(self) -> FloatArray:
        """Sample standard deviation of the returns; 0 where nothing moved."""
        if self.rows < 2:
            return np.full(len(self.found), np.nan)
        return np.sqrt(np.maximum(self._centred, 0.0) / (self.rows - 1))

    def annual_volatility(self) -> FloatArray:
        """Sample standard deviation · √annualization."""
        return self.deviation() * float(np.sqrt(self.annualization))

    def sharpe_ratio(self) -> FloatArray:
        """Mean excess return / sample standard deviation · √annualization."""
        mean = self.found[:, accounts.SUM] / self.rows
        deviation = self.deviation()
        with np.errstate(all="ignore"):
            ratio = (mean - self.rate) / deviation * np.sqrt(self.annualization)
        return np.where(deviation > 0.0, ratio, np.nan)

    def max_drawdown(self) -> FloatArray:
        """Deepest fall from the running peak, the initial capital included; ≤ 0."""
        deepest: FloatArray = self.found[:, accounts.WORST] - 1.0
        return deepest

    def calmar_ratio(self) -> FloatArray:
        """CAGR / |max drawdown|."""
        deepest = self.max_drawdown()
        with np.errstate(all="ignore"):
            return np.where(deepest < 0.0, self.cagr() / -deepest, np.nan)

    def downside_deviation(self) -> FloatArray:
        """Root mean square of the returns below 0 · √annualization."""
        squares: FloatArray = self.found[:, accounts.LOST_SQUARES] / self.rows
        return np.sqrt(squares) * float(np.sqrt(self.annualization))

    def sortino_ratio(self) -> FloatArray:
        """Mean return · annualization / downside deviation, target 0."""
        mean = self.found[:, accounts.SUM] / self.rows
        deviation = self.downside_deviation()
        with np.errstate(all="ignore"):
            ratio = mean * self.annualization / deviation
        return np.where((deviation > 0.0) & (self.rows > 1), ratio, np.nan)

    def omega_ratio(self) -> FloatArray:
        """Sum of gains / sum of losses, threshold 0."""
        losses = -self.found[:, accounts.LOSSES]
        with np.errstate(all="ignore"):
            ratio = np.maximum(self.found[:, accounts.SUM] + losses, 0.0) / losses
        return np.where((losses > 0.0) & (self.rows > 1), ratio, np.nan)

    def total_trades(self) -> FloatArray:
        """Closed round trips."""
        return self.found[:, accounts.CLOSED].copy()

    def open_trades(self) -> FloatArray:
        """Round trips that have not ended."""
        return self.found[:, accounts.OPEN].copy()


COLUMNS: dict[str, Callable[[Figures], FloatArray]] = {
    function.__name__: function
    for function in (
        Figures.final_value,
        Figures.total_return,
        Figures.cagr,
        Figures.annual_volatility,
        Figures.sharpe_ratio,
        Figures.max_drawdown,
        Figures.calmar_ratio,
        Figures.downside_deviation,
        Figures.sortino_ratio,
        Figures.omega_ratio,
        Figures.total_trades,
        Figures.open_trades,
    )
}
"""Metrics that the loops' figures give."""


def of_curve(
    equity: FloatArray, config: BacktestConfig, closed: int, still_open: int
) -> dict[str, float | None]:
    """Compute the same metrics from an account's values at each close (T,)."""
    annualization = config.annualization or 1.0
    rate = float((1.0 + config.risk_free) ** (1.0 / annualization) - 1.0)
    returns = simple_returns(equity, config.initial_capital)
    moments = of_returns.moments(returns)
    downside = of_returns.downside(returns, annualization)
    ratio = float(equity[-1]) / config.initial_capital
    cagr = of_returns.compound_annual_growth(ratio, len(equity), annualization)
    deepest = float(drawdown_series(equity, config.initial_capital).min())
    return {
        "final_value": float(equity[-1]),
        "total_return": ratio - 1.0,
        "cagr": cagr if np.isfinite(cagr) else None,
        "annual_volatility": moments.annual_volatility(annualization),
        "sharpe_ratio": moments.sharpe_ratio(annualization, rate),
        "max_drawdown": deepest,
        "calmar_ratio": cagr / -deepest if deepest < 0.0 and np.isfinite(cagr) else None,
        "downside_deviation": downside.deviation,
        "sortino_ratio": downside.sortino_ratio,
        "omega_ratio": downside.omega_ratio,
        "total_trades": float(closed),
        "open_trades": float(still_open),
    }


def simple_returns(equity: FloatArray, initial: float) -> FloatArray:
    """Return of each row (T,), the first against the initial capital; 0 after ruin."""
    before = np.concatenate(([initial], equity[:-1]))
    with np.errstate(all="ignore"):
        return np.where(before > 0.0, equity / before - 1.0, 0.0)
