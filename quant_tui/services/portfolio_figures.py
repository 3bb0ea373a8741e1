"""The figures of a portfolio, and why some are undefined."""

from __future__ import annotations

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.metrics import Metrics
from quant_tui.engine.metrics.figures import Figures
from quant_tui.engine.portfolio.exposure import concentration, largest_share
from quant_tui.engine.portfolio.returns import (
    DAYS_A_YEAR,
    money_weighted_return,
    valuation_flows,
)
from quant_tui.engine.portfolio.transactions import Kind
from quant_tui.services.portfolio_history import History

NO_MONEY = "no money was in the portfolio: record the deposits"
LEAST_DAYS = 30
"""Fewest days from which a return is extrapolated to a year."""


def figures_of(
    history: History, returns: FloatArray, index: FloatArray, metrics: Metrics | None
) -> tuple[Document, dict[str, str]]:
    """Return the figures of a portfolio, fractions and money, and why some are undefined."""
    valuation, book = history.valuation, history.book
    made = history.applied.transactions
    days = (valuation.dates[-1] - valuation.dates[0]).astype(int) + 1
    value, holdings = float(valuation.value[-1]), valuation.holdings[-1]
    figures = Figures()
    put = figures.put
    put("value", value)
    put("cash", float(valuation.cash[-1]))
    put("positions_value", float(holdings.sum()))
    put("deposits", float(valuation.deposits.sum()))
    put("withdrawals", float(valuation.withdrawals.sum()))
    pnl = valuation.pnl
    put("total_pnl", float(pnl.sum()))
    put("day_pnl", float(pnl[-1]))
    day_return = float(returns[-1])
    put("day_return", day_return if np.isfinite(day_return) else None, NO_MONEY)
    put("realised", float(book.realised.sum()))
    put("unrealised", float(holdings.sum() - (book.lots.quantity * book.lots.cost).sum()))
    for name, kinds in (
        ("dividends", (Kind.DIVIDEND, Kind.SHARE_DIVIDEND)),
        ("interest", (Kind.INTEREST,)),
    ):
        put(name, float(book.cash[np.isin(made.kind, kinds)].sum()))
    put("fees", -float(book.cash[made.kind == Kind.FEE].sum()))
    put("commissions", float(made.commission.sum()))
    invested = bool(np.isfinite(returns).any())
    put("time_weighted_return", float(index[-1]) - 1.0 if invested else None, NO_MONEY)
    annual = None
    if invested and days >= LEAST_DAYS and index[-1] > 0.0:
        annual = float(index[-1]) ** (DAYS_A_YEAR / float(days)) - 1.0
    put(
        "time_weighted_return_annual",
        annual,
        NO_MONEY if not invested else f"fewer than {LEAST_DAYS} days, or everything was lost",
    )
    put(
        "money_weighted_return",
        money_weighted_return(*valuation_flows(valuation)),
        "no rate makes deposits, withdrawals and value worth nothing",
    )
    _put_exposure(figures, holdings, value)
    put("open_positions", int(np.count_nonzero(holdings)))
    put("transactions", len(history.ledger))
    put("days", int(days))
    for name in ("annual_volatility", "sharpe_ratio", "max_drawdown"):
        found = None
        if metrics is not None:
            found = metrics.performance.get(name, metrics.risk.get(name))
        reason = NO_MONEY if metrics is None else metrics.undefined.get(name, "")
        put(name, found, reason)
    document: Document = {
        **figures.values,
        "first_date": valuation.dates[0].item().isoformat(),
        "as_of": valuation.dates[-1].item().isoformat(),
    }
    return document, figures.undefined


def _put_exposure(figures: Figures, holdings: FloatArray, value: float) -> None:
    worth = value if value > 0.0 else None
    why = "the portfolio's value is not above zero"
    long = float(np.maximum(holdings, 0.0).sum())
    short = float(np.minimum(holdings, 0.0).sum())
    for name, money in (
        ("long_exposure", long),
        ("short_exposure", short),
        ("gross_exposure", long - short),
        ("net_exposure", long + short),
        ("cash_share", value - long - short),
    ):
        figures.put(name, money / worth if worth else None, why)
    held = bool(np.count_nonzero(holdings))
    spread = concentration(holdings)
    figures.put("concentration", spread if held else None, "nothing is held")
    figures.put("effective_positions", 1.0 / spread if held else None, "nothing is held")
    for count in (1, 3, 5, 10):
        figures.put(
            f"largest_{count}", largest_share(holdings, count) if held else None, "nothing is held"
        )
