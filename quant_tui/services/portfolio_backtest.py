"""A portfolio of what a backtest held at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Portfolio, PortfolioTransaction
from quant_tui.domain.vocabulary import TransactionKind
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.portfolio_ledger import midnight

MOST_FILLS = 100_000
"""Fills of a run that a portfolio takes over."""

CENT = 0.01
"""Least money that is booked; less is carried into the next month."""

RULES = ("commission", "commission_per_share", "commission_minimum", "slippage", "shares")
"""What of a run's configuration decides how orders are made."""


def portfolio_of(
    report: BacktestReport, user_id: str
) -> tuple[Portfolio, list[PortfolioTransaction]]:
    """Return a portfolio with a deposit of the run's capital and each of its fills.

    What the run paid for borrowing and got for idle cash is booked once a month.

    Quantities are those of the run's bars, so announced splits are not applied to them.

    Raises
    ------
    InvalidInput
        The run has no result, never traded, or has too many fills.
    """
    result, backtest = report.result, report.backtest
    if result is None:
        raise InvalidInput(
            f"{backtest.name} has no result: it is {backtest.status}.", hint="Run it first."
        )
    fills = result.trades
    if not fills:
        raise InvalidInput(f"{backtest.name} never traded: it holds nothing.", field="backtest")
    if len(fills) > MOST_FILLS:
        raise InvalidInput(
            f"{backtest.name} has {len(fills):,} fills, more than {MOST_FILLS:,}.",
            field="backtest",
        )
    config = backtest.config
    dates = result.portfolio_value.get("date") or [fills[0]["date"]]
    capital = float(result.performance.get("initial_capital") or config["initial_capital"])
    owned = {"portfolio_id": "", "user_id": user_id}
    made = [
        PortfolioTransaction(
            **owned,
            kind=TransactionKind.DEPOSIT,
            date=midnight(date.fromisoformat(str(dates[0])[:10])),
            amount=capital,
            note="Initial capital of the backtest",
        )
    ]
    made += [
        PortfolioTransaction(
            **owned,
            kind=TransactionKind(str(fill["action"]).lower()),
            date=midnight(date.fromisoformat(str(fill["date"])[:10])),
            sequence=at,
            symbol=str(fill["symbol"]),
            quantity=float(fill["quantity"]),
            price=float(fill["price"]),
            commission=float(fill["commission"]),
        )
        for at, fill in enumerate(fills, 1)
    ]
    made += [
        PortfolioTransaction(
            **owned,
            kind=TransactionKind.INTEREST,
            date=midnight(day),
            sequence=len(fills) + at,
            amount=amount,
            note="Interest and borrowing of the backtest, of the month",
        )
        for at, (day, amount) in enumerate(_carry(result.details, dates, fills, capital), 1)
    ]
    portfolio = Portfolio(
        name=backtest.name,
        description=f"Holdings of the backtest “{backtest.name}”",
        user_id=user_id,
        allow_short=bool(config.get("allow_short", False)),
        benchmark=str(config.get("benchmark") or ""),
        apply_splits=False,
        rebalancing={name: config[name] for name in RULES if name in config},
        backtest_id=backtest.id,
    )
    return portfolio, made


def _carry(
    details: Document, dates: Sequence[object], fills: Sequence[Document], capital: float
) -> Iterator[tuple[date, float]]:
    """Yield what cash did by itself in each month: interest less the costs of borrowing."""
    if not (details.get("interest") or details.get("borrowing_costs")):
        return
    cash = (details.get("series") or {}).get("cash") or ()
    if len(cash) != len(dates):
        last = date.fromisoformat(str(dates[-1])[:10])
        yield last, float(details["interest"]) - float(details["borrowing_costs"])
        return
    traded: dict[str, float] = {}
    for fill in fills:
        value = float(fill["quantity"]) * float(fill["price"])
        came = (-value if fill["action"] == "BUY" else value) - float(fill["commission"])
        traded[str(fill["date"])] = traded.get(str(fill["date"]), 0.0) + came
    expected = capital
    for at, when in enumerate(dates):
        text = str(when)
        expected += traded.get(text, 0.0)
        ends = at + 1 == len(dates) or str(dates[at + 1])[:7] != text[:7]
        if not ends:
            continue
        amount = float(cash[at]) - expected
        if abs(amount) >= CENT:
            yield date.fromisoformat(text[:10]), amount
            expected = float(cash[at])
