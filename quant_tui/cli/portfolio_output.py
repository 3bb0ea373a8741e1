"""How the portfolio commands print."""

from __future__ import annotations

from quant_tui.cli.output import percent, print_json, print_table, ratio, share
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document

NOTHING = "–"
SHOWN_TRANSACTIONS = 1_000
"""Transactions that are printed; JSON has all of them."""


def money(value: float | None) -> str:
    """Format money with two decimals."""
    return NOTHING if value is None else f"{value:,.2f}"


def shares(value: float | None) -> str:
    """Format shares with the decimals that they have, at most six."""
    if value is None:
        return NOTHING
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text or "0"


def print_portfolios(found: list[Document], *, as_json: bool, empty: str) -> None:
    """Print the list."""
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "positions", "value", "day", "return", "currency", "as of"),
        [
            (
                one["portfolio_id"], one["name"], one["positions"], money(one["value"]),
                percent(one["day_return"]), percent(one["time_weighted_return"]),
                one["base_currency"], one["as_of"],
            )
            for one in found
        ],
        empty,
    )  # fmt: skip


def print_report(document: Document, *, as_json: bool) -> None:
    """Print a portfolio: figures, positions, where the risk comes from, what is doubtful."""
    if as_json:
        print_json(document)
        return
    figures, currency = document["figures"], document["base_currency"]
    print(plain(f"{document['name']}  {document['portfolio_id']}"))
    if not figures:
        print("No transactions yet. Record one with: quant-tui portfolio add ID deposit 10000")
        return
    metrics = {**document["performance"], **document["risk_metrics"]}
    print_table(
        ("figure", "value"),
        [
            ("as of", figures["as_of"]),
            (f"value, {currency}", money(figures["value"])),
            ("cash", money(figures["cash"])),
            ("day", f"{money(figures['day_pnl'])} ({percent(figures['day_return'])})"),
            ("profit and loss", money(figures["total_pnl"])),
            ("realised", money(figures["realised"])),
            ("unrealised", money(figures["unrealised"])),
            ("dividends", money(figures["dividends"])),
            ("fees and commissions", money(figures["fees"] + figures["commissions"])),
            ("time-weighted return", percent(figures["time_weighted_return"])),
            ("money-weighted return, annual", percent(figures["money_weighted_return"])),
            ("gross / net exposure",
             f"{share(figures['gross_exposure'])} / {share(figures['net_exposure'])}"),
            ("concentration (HHI)", ratio(figures["concentration"])),
            ("annual volatility", share(metrics.get("annual_volatility"))),
            ("Sharpe ratio", ratio(metrics.get("sharpe_ratio"))),
            ("max drawdown", percent(metrics.get("max_drawdown"))),
            ("value at risk, a day", percent(metrics.get("value_at_risk"))),
            ("beta", ratio(metrics.get("beta"))),
        ],
        "",
    )  # fmt: skip
    risk = {one["symbol"]: one["share"] for one in document["risk"]["contributions"]}
    print_table(
        ("symbol", "quantity", "average cost", "last", "priced", "value", "weight", "unrealised",
         "realised", "risk share"),
        [
            (
                one["symbol"], shares(one["quantity"]), money(one["average_cost"]),
                money(one["last"]), f"{one['last_date']}{' STALE' if one['stale'] else ''}",
                money(one["value"]), share(one["weight"]), money(one["unrealised"]),
                money(one["realised"]), share(risk.get(one["symbol"])),
            )
            for one in document["positions"]
        ],
        "Nothing is held.",
    )  # fmt: skip
    for warning in document["warnings"]:
        print(plain(f"! {warning}"))


def print_transactions(found: list[Document], *, as_json: bool) -> None:
    """Print the newest transactions, the oldest first."""
    if as_json:
        print_json(found)
        return
    shown = found[-SHOWN_TRANSACTIONS:]
    print_table(
        ("id", "date", "type", "symbol", "quantity", "price", "commission", "amount", "note"),
        [
            (
                one["transaction_id"], one["date"], one["type"], one["symbol"],
                shares(one["quantity"]) if one["quantity"] else NOTHING,
                shares(one["price"]) if one["quantity"] else NOTHING,
                money(one["commission"]) if one["commission"] else NOTHING,
                money(one["amount"]) if one["amount"] else NOTHING,
                one["note"],
            )
            for one in shown
        ],
        "No transactions yet.",
    )  # fmt: skip
    if len(shown) < len(found):
        print(f"The newest {len(shown):,} of {len(found):,}; --json has all of them.")


def print_plan(document: Document, *, as_json: bool) -> None:
    """Print the orders that reach the targets, and what is left."""
    if as_json:
        print_json(document)
        return
    print_table(
        ("order", "symbol", "quantity", "price", "value", "costs", "target", "weight after"),
        [
            (
                one["action"], one["symbol"], shares(one["quantity"]), money(one["price"]),
                money(one["value"]), money(one["commission"] + one["slippage"]),
                share(one["target"]), share(one["weight"]),
            )
            for one in document["orders"]
        ],
        "Nothing to do: the portfolio is where it should be.",
    )  # fmt: skip
    print(
        f"Prices of {document['as_of']}. Costs {money(document['costs'])}, cash "
        f"{money(document['cash_before'])} to {money(document['cash_after'])}. "
        f"Residual {share(document['residual'])} of the value off its target."
    )
    for note in document["notes"]:
        print(plain(f"! {note}"))
