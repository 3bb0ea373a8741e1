"""The forms of a portfolio: its settings, a transaction, a file of them, its targets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import Input

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.vocabulary import CostMethod, TransactionKind
from quant_tui.ui.screens.data_import.paths import PathSuggester
from quant_tui.ui.screens.portfolio.save_dialog import SaveDialog, Values, long_field
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from quant_tui.domain.trading import Portfolio, PortfolioTransaction
    from quant_tui.engine.portfolio.rebalance import RebalanceRules
    from quant_tui.services.portfolio_transactions import ImportFile

NO_YES = (("", "no"), ("yes", "yes"))
YES_NO = (("yes", "yes"), ("", "no"))
COST_METHODS = (("fifo", "first in, first out"), ("average", "average cost"))
KINDS = tuple((str(kind), str(kind)) for kind in TransactionKind)
SHARES = (("whole", "whole"), ("fractional", "fractional"))
ENCODINGS = (("", "recognised"), ("utf-8", "UTF-8"), ("cp949", "Korean cp949"),
             ("utf-16", "UTF-16"), ("latin-1", "Latin-1"))  # fmt: skip
DATE_FORMATS = (("", "recognised"), ("dmy", "day first"), ("mdy", "month first"))
NUMBERS = ("quantity", "price", "commission", "amount")
RULE_NUMBERS = (
    ("commission", "Commission", "fraction of an order's value"),
    ("commission_per_share", "… per share", "money, on top"),
    ("commission_minimum", "… at least", "money an order"),
    ("slippage", "Slippage", "fraction of the price"),
    ("minimum_trade", "Least trade", "no order below this money"),
    ("cash_buffer", "Cash buffer", "fraction of the value kept"),
)


def settings_dialog(
    portfolio: Portfolio | None, save: Callable[[Document], Awaitable[None]]
) -> SaveDialog:
    """Ask for the settings of a new portfolio, or of one there is."""
    now = portfolio

    async def keep(values: Values) -> None:
        await save(
            {
                **{k: values[k].strip() for k in ("name", "description", "base_currency",
                                                  "benchmark")},
                "cost_method": CostMethod(values["cost_method"]),
                **{k: values[k] == "yes" for k in ("allow_short", "apply_splits",
                                                   "apply_dividends")},
            }
        )  # fmt: skip

    def yes(value: bool) -> str:
        return "yes" if value else ""

    return SaveDialog(
        f"Edit {now.name}" if now else "New portfolio",
        Field("name", "Name", now.name if now else "", help_text="how you will find it again"),
        Field("description", "Description", now.description if now else "", help_text="optional"),
        Field("base_currency", "Currency", now.base_currency if now else "USD",
              help_text="the one of all prices; others are refused"),
        Field("benchmark", "Benchmark", now.benchmark if now else "",
              help_text="a symbol to compare with; optional"),
        Field("cost_method", "Cost of a sale", str(now.cost_method) if now else "fifo",
              choices=COST_METHODS, help_text="which shares it closes"),
        Field("allow_short", "Allow short", yes(bool(now and now.allow_short)), choices=NO_YES,
              help_text="let more be sold than is held"),
        Field("apply_splits", "Apply splits", yes(now is None or now.apply_splits),
              choices=YES_NO, help_text="announced ones, to what is held"),
        Field("apply_dividends", "Book dividends", yes(bool(now and now.apply_dividends)),
              choices=NO_YES, help_text="announced ones that were not recorded"),
        save=keep,
    )  # fmt: skip


def transaction_dialog(
    transaction: PortfolioTransaction | None,
    today: date,
    save: Callable[[Document], Awaitable[None]],
    symbol: str = "",
) -> SaveDialog:
    """Ask for a new transaction, or what to change of one there is."""
    now = transaction

    async def keep(values: Values) -> None:
        numbers = {name: _number(values[name], name) for name in NUMBERS}
        try:
            day = date.fromisoformat(values["date"].strip())
        except ValueError:
            raise InvalidInput("is not a day: write 2026-03-02", field="date") from None
        await save(
            {
                "kind": values["kind"],
                "date": day,
                "symbol": values["symbol"].strip(),
                "note": values["note"],
                **numbers,
            }
        )

    def text(value: float | None) -> str:
        return f"{value:.10g}" if value else ""

    return SaveDialog(
        "Edit transaction" if now else "New transaction",
        Field("kind", "Type", str(now.kind) if now else "buy", choices=KINDS),
        Field("date", "Date", str(now.date.date() if now else today), help_text="2026-03-02"),
        Field("symbol", "Symbol", now.symbol if now else symbol,
              help_text="of a trade, dividend, split"),
        Field("quantity", "Quantity", text(now.quantity if now else None),
              help_text="shares; of a split new for one old"),
        Field("price", "Price", text(now.price if now else None), help_text="a share, of a trade"),
        Field("commission", "Commission", text(now.commission if now else None),
              help_text="money, of a trade"),
        Field("amount", "Amount", text(now.amount if now else None),
              help_text="money of what is no trade"),
        Field("note", "Note", now.note if now else "", help_text="optional"),
        save=keep,
    )  # fmt: skip


def quick_dialog(save: Callable[[str], Awaitable[None]]) -> SaveDialog:
    """Ask for a transaction in one line."""
    from quant_tui.services.portfolio_ledger import QUICK_EXAMPLES

    async def keep(values: Values) -> None:
        await save(values["entry"])

    return SaveDialog(
        "Transaction in one line",
        long_field("entry", "Transaction"),
        save=keep,
        hint="\n".join(QUICK_EXAMPLES),
    )


def import_dialog(currency: str, save: Callable[[ImportFile], Awaitable[None]]) -> SaveDialog:
    """Ask for a file of transactions."""

    async def keep(values: Values) -> None:
        from quant_tui.services.portfolio_transactions import ImportFile

        if not values["path"].strip():
            raise InvalidInput("needs a path", field="path")
        await save(
            ImportFile(Path(values["path"].strip()), values["encoding"], values["date_format"])
        )

    path = long_field("path", "File")
    if isinstance(path.control, Input):
        path.control.suggester = PathSuggester()
    return SaveDialog(
        "Import transactions",
        path,
        Field("date_format", "Dates", "", choices=DATE_FORMATS),
        Field("encoding", "Encoding", "", choices=ENCODINGS),
        save=keep,
        hint="→ completes the path. CSV with a date, a type (buy, sell, dividend, split, "
        "deposit, withdrawal, fee, interest) or a signed quantity, symbol, quantity, price, "
        "commission, amount, currency, note; English or Korean headings. Rows in another "
        f"currency than {currency} are refused. All rows are taken or none; those recorded "
        "already are left out.",
    )


def targets_dialog(
    targets: Mapping[str, float],
    rules: RebalanceRules,
    save: Callable[[dict[str, float], RebalanceRules], Awaitable[None]],
) -> SaveDialog:
    """Ask for target weights and for how orders are made."""
    now = asdict(rules)

    async def keep(values: Values) -> None:
        from quant_tui.engine.portfolio.rebalance import RebalanceRules
        from quant_tui.services.portfolio_rebalance import parse_targets

        given = parse_targets(values["target"].replace(",", " ").split())
        numbers = {name: _number(values[name], name) for name, *_ in RULE_NUMBERS}
        await save(
            given,
            RebalanceRules(
                **numbers,
                shares=values["shares"],
                only_buy=values["only_buy"] == "yes",
                keep_others=values["keep_others"] == "yes",
            ),
        )

    written = " ".join(f"{symbol}={weight * 100:.6g}%" for symbol, weight in targets.items())
    return SaveDialog(
        "Targets and how to reach them",
        long_field("target", "Targets", written),
        Field("keep_others", "Others", "yes" if rules.keep_others else "",
              choices=(("", "sell"), ("yes", "leave")), help_text="positions without a target"),
        Field("only_buy", "Only buy", "yes" if rules.only_buy else "", choices=NO_YES,
              help_text="sell nothing"),
        Field("shares", "Shares", rules.shares, choices=SHARES),
        *(
            Field(name, title, f"{now[name]:.10g}", help_text=help_text)
            for name, title, help_text in RULE_NUMBERS
        ),
        save=keep,
        hint="Targets as GOOG=60% MSFT=0.3; what is left is cash.",
    )  # fmt: skip


def _number(text: str, field: str) -> float:
    plain = text.strip().replace(",", "")
    if not plain:
        return 0.0
    try:
        return float(plain)
    except ValueError:
        raise InvalidInput(f"{text.strip()!r} is not a number", field=field) from None
