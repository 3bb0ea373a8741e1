"""Everything that is shown of a portfolio: positions, figures, risk, and what is doubtful."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.trading import Portfolio
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.calendars import periods_per_year
from quant_tui.engine.metrics import Metrics, compute_metrics
from quant_tui.engine.portfolio.exposure import LEAST_RETURNS, RiskShares, risk_shares
from quant_tui.engine.portfolio.returns import daily_returns, growth_index
from quant_tui.engine.portfolio.transactions import Kind
from quant_tui.services.portfolio_figures import figures_of
from quant_tui.services.portfolio_history import History, history_of
from quant_tui.services.portfolio_ledger import Ledger
from quant_tui.services.portfolio_market import Market
from quant_tui.services.portfolio_warnings import warnings_of

RISK_DAYS = 252
"""Returns that covariance and correlation rest on."""

SPARK_DAYS = 60
"""Closes of a position's sparkline."""

UNKNOWN_SECTOR = "Unknown"


@dataclass(frozen=True, slots=True)
class Position:
    """One symbol of a portfolio, held or sold.

    Attributes
    ----------
    quantity
        Shares, below zero for a short position, 0 for one that was closed.
    average_cost, cost
        Money a share and in all, commissions in it; None when nothing is held.
    last, last_date, stale
        Last known price, its day, and whether it is not the close of the last session there is.
    value, weight
        Money, and its share of the portfolio's value (None when that is not above zero).
    day_change, price_change
        Money won on the last day, and the price's return on it.
    unrealised, unrealised_return, realised, dividends, total
        Money won by what is held, by what was sold, by dividends, and their sum.
    spark
        Last prices, splits taken out.
    """

    symbol: str
    name: str
    sector: str
    quantity: float
    average_cost: float | None
    cost: float | None
    last: float | None
    last_date: date | None
    stale: bool
    value: float
    weight: float | None
    day_change: float
    price_change: float | None
    unrealised: float
    unrealised_return: float | None
    realised: float
    dividends: float
    total: float
    spark: tuple[float, ...] = field(default=(), repr=False)

    @property
    def is_open(self) -> bool:
        """Whether any of it is held."""
        return self.quantity != 0.0

    def to_document(self) -> Document:
        """Return it as JSON has it, without the sparkline."""
        document: Document = {
            one.name: getattr(self, one.name) for one in fields(self) if one.name != "spark"
        }
        document["last_date"] = self.last_date.isoformat() if self.last_date else None
        return document


@dataclass(frozen=True, slots=True)
class PortfolioRisk:
    """Risk of what is held: the engine's :class:`RiskShares` with the symbols' names."""

    symbols: tuple[str, ...]
    weights: FloatArray
    shares: RiskShares | None
    reason: str
    """Why there are no shares, or which positions are left out."""


@dataclass(frozen=True, slots=True)
class PortfolioReport:
    """A portfolio with everything.

    Attributes
    ----------
    positions
        Open ones by size, then closed ones by name.
    figures
        What it is worth and what it won; None where undefined, with ``undefined`` why.
    index, returns
        Time-weighted growth of one unit, and returns, by day of ``history`` (T,).
    metrics
        The engine's figures of those returns; None without any.
    warnings
        What is doubtful, most important first.
    """

    portfolio: Portfolio
    ledger: Ledger
    history: History | None
    positions: tuple[Position, ...]
    figures: Document
    undefined: dict[str, str]
    index: FloatArray
    returns: FloatArray
    metrics: Metrics | None
    risk: PortfolioRisk
    warnings: tuple[str, ...]

    @property
    def held(self) -> tuple[Position, ...]:
        """Positions that are open."""
        return tuple(one for one in self.positions if one.is_open)

    def by_sector(self) -> dict[str, float]:
        """Return the value of the open positions by sector, largest first."""
        found: dict[str, float] = {}
        for one in self.held:
            sector = one.sector or UNKNOWN_SECTOR
            found[sector] = found.get(sector, 0.0) + one.value
        return dict(sorted(found.items(), key=lambda pair: -abs(pair[1])))

    def snapshot(self) -> Portfolio:
        """Return the portfolio with positions and performance as they are now."""
        return self.portfolio.model_copy(
            update={
                "positions": [one.to_document() for one in self.held],
                "performance": self.figures,
            }
        )


def make_report(portfolio: Portfolio, ledger: Ledger, market: Market) -> PortfolioReport:
    """Compute everything; for a thread.

    Raises
    ------
    TransactionOversold
        As :func:`~quant_tui.services.portfolio_history.book_of`.
    """
    nothing = np.empty(0)
    if not len(ledger):
        risk = PortfolioRisk((), nothing, None, "Nothing is held.")
        return PortfolioReport(
            portfolio, ledger, None, (), {}, {}, nothing, nothing, None, risk, ()
        )
    history = history_of(portfolio, ledger, market)
    returns = daily_returns(history.valuation)
    index = growth_index(returns)
    positions = _positions(history, market)
    metrics = _metrics(history, returns, index)
    figures, undefined = figures_of(history, returns, index, metrics)
    return PortfolioReport(
        portfolio=portfolio,
        ledger=ledger,
        history=history,
        positions=positions,
        figures=figures,
        undefined=undefined,
        index=index,
        returns=returns,
        metrics=metrics,
        risk=_risk(history, positions),
        warnings=warnings_of(portfolio, history, market),
    )


def _positions(history: History, market: Market) -> tuple[Position, ...]:
    made, book, valuation = history.applied.transactions, history.book, history.valuation
    width = len(history.ledger.symbols)
    own = made.symbol >= 0
    columns = made.symbol[own]
    realised = np.bincount(columns, weights=book.realised[own], minlength=width)
    paid = np.isin(made.kind, (Kind.DIVIDEND, Kind.SHARE_DIVIDEND)) & own
    dividends = np.bincount(made.symbol[paid], weights=book.cash[paid], minlength=width)
    cost = np.bincount(
        book.lots.symbol, weights=book.lots.quantity * book.lots.cost, minlength=width
    )
    today = own & (made.day == valuation.dates[-1])
    cash_today = np.bincount(made.symbol[today], weights=book.cash[today], minlength=width)
    holdings = valuation.holdings
    before = holdings[-2] if len(holdings) > 1 else np.zeros(width)
    day_change = holdings[-1] - before + cash_today
    whole = float(valuation.value[-1])
    session = market.dates[-1] if len(market.dates) else valuation.dates[-1]
    found = []
    for at, symbol in enumerate(history.ledger.symbols):
        quantity, value = float(valuation.quantity[-1, at]), float(holdings[-1, at])
        row = int(valuation.priced_row[at])
        price = float(valuation.price[-1, at]) if row >= 0 else None
        prices = history.levels[-SPARK_DAYS:, at]
        moved = float(prices[-1] / prices[-2] - 1.0) if len(prices) > 1 else np.nan
        spent = float(cost[at])
        unrealised = value - spent if quantity else 0.0
        company = market.companies.get(symbol)
        found.append(
            Position(
                symbol=symbol,
                name=company.name if company else "",
                sector=company.sector if company else "",
                quantity=quantity,
                average_cost=spent / quantity if quantity else None,
                cost=spent if quantity else None,
                last=price,
                last_date=valuation.dates[row].item() if row >= 0 else None,
                stale=not valuation.priced_by_close[at] or bool(valuation.dates[row] < session),
                value=value,
                weight=value / whole if whole > 0.0 else None,
                day_change=float(day_change[at]),
                price_change=moved if np.isfinite(moved) else None,
                unrealised=unrealised,
                unrealised_return=unrealised / abs(spent) if spent else None,
                realised=float(realised[at]),
                dividends=float(dividends[at]),
                total=unrealised + float(realised[at]) + float(dividends[at]),
                spark=tuple(prices[np.isfinite(prices)].tolist()),
            )
        )
    found.sort(key=lambda one: (not one.is_open, -abs(one.value), one.symbol))
    return tuple(found)


def _metrics(history: History, returns: FloatArray, index: FloatArray) -> Metrics | None:
    """Compute the engine's figures from the first day with money on."""
    there = np.flatnonzero(np.isfinite(returns))
    if not len(there):
        return None
    first = int(there[0])
    valuation, closures = history.valuation, history.book.closures
    dates, levels = valuation.dates[first:], index[first:]
    with np.errstate(all="ignore"):
        share = np.where(valuation.value > 0.0, valuation.gross / valuation.value, 0.0)
    made = history.ledger.transactions
    still_open = np.zeros(len(history.book.lots.symbol))
    traded = np.abs(made.quantity * made.price) * np.isin(made.kind, (Kind.BUY, Kind.SELL))
    return compute_metrics(
        dates,
        levels,
        initial_capital=1.0,
        annualization=periods_per_year(dates),
        exposure=share[first:],
        trade_pnl=np.append(closures.pnl, still_open),
        trade_returns=np.append(closures.returns, still_open),
        trade_bars=np.append(
            np.searchsorted(dates, closures.closed) - np.searchsorted(dates, closures.opened),
            still_open.astype(np.int64),
        ),
        trade_open=np.arange(len(closures.pnl) + len(still_open)) >= len(closures.pnl),
        traded_value=float(traded.sum()) * float(levels.mean()) / max(_mean_value(history), 1e-9),
        fees_paid=float(made.commission.sum()),
        benchmark=None if history.benchmark is None else history.benchmark[first:],
    )


def _mean_value(history: History) -> float:
    return float(np.maximum(history.valuation.value, 0.0).mean())


def _risk(history: History, positions: tuple[Position, ...]) -> PortfolioRisk:
    held = [one for one in positions if one.is_open]
    symbols = tuple(one.symbol for one in held)
    if not held:
        return PortfolioRisk((), np.empty(0), None, "Nothing is held.")
    if any(one.weight is None for one in held):
        reason = "The portfolio's value is not above zero."
        return PortfolioRisk(symbols, np.empty(0), None, reason)
    columns = [history.ledger.symbols.index(one) for one in symbols]
    levels = history.levels[-RISK_DAYS - 1 :, columns]
    with np.errstate(all="ignore"):
        returns = levels[1:] / levels[:-1] - 1.0
    known = np.count_nonzero(np.isfinite(returns), axis=0) >= LEAST_RETURNS
    weights = np.array([one.weight for one in held], dtype=np.float64)
    shares = risk_shares(
        weights[known], returns[:, known], periods_per_year(history.valuation.dates)
    )
    left_out = ", ".join(one for one, good in zip(symbols, known, strict=True) if not good)
    reason = f"Too few prices: {left_out}." if left_out else ""
    if shares is None and not reason:
        reason = f"Fewer than {LEAST_RETURNS} days on which all positions have a price."
    names = tuple(one for one, good in zip(symbols, known, strict=True) if good)
    return PortfolioRisk(names, weights[known], shares, reason)
