"""A portfolio's transactions: as arrays for the engine, as rows for people, and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import PortfolioTransaction
from quant_tui.domain.vocabulary import TransactionKind
from quant_tui.engine.arrays import IntArray
from quant_tui.engine.portfolio.transactions import Kind, Transactions
from quant_tui.providers.options import is_symbol

CODES = {kind: Kind[kind.name] for kind in TransactionKind}
WITH_SYMBOL = frozenset(
    {TransactionKind.BUY, TransactionKind.SELL, TransactionKind.DIVIDEND, TransactionKind.SPLIT}
)
TRADES = frozenset({TransactionKind.BUY, TransactionKind.SELL})
MAY_BE_NEGATIVE = frozenset({TransactionKind.DIVIDEND, TransactionKind.INTEREST})

LEAST_SHARES = 1e-9
MOST = 1e15
"""Greatest number of a transaction: products of two stay numbers."""

EARLIEST = date(1900, 1, 1)

QUICK_EXAMPLES = (
    "buy 100 GOOG @ 152.30 2026-03-02",
    "sell 50 GOOG @ 160 fee 1.5",
    "deposit 10000 2026-01-02",
    "dividend GOOG 42.50",
    "split GOOG 20:1 2022-07-18",
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The transactions of a portfolio, in the order of effect.

    Attributes
    ----------
    documents
        As stored, one each.
    symbols
        Names of the columns.
    transactions
        As the engine takes them.
    """

    documents: tuple[Document, ...]
    symbols: tuple[str, ...]
    transactions: Transactions

    @classmethod
    def of(cls, documents: Sequence[Document]) -> Ledger:
        """Make it of stored transactions, in any order; for a thread when there are many."""
        symbols = tuple(dict.fromkeys(sorted(one["symbol"] for one in documents if one["symbol"])))
        column = {name: at for at, name in enumerate(symbols)}
        count = len(documents)
        made = Transactions(
            day=np.array([_day_of(one) for one in documents], dtype="datetime64[D]"),
            kind=np.array([CODES[TransactionKind(one["kind"])] for one in documents], np.int64),
            symbol=np.array([column.get(one["symbol"], -1) for one in documents], np.int64),
            quantity=np.fromiter((one["quantity"] for one in documents), np.float64, count),
            price=np.fromiter((one["price"] for one in documents), np.float64, count),
            commission=np.fromiter((one["commission"] for one in documents), np.float64, count),
            amount=np.fromiter((one["amount"] for one in documents), np.float64, count),
        )
        sequence: IntArray = np.array([one["sequence"] for one in documents], dtype=np.int64)
        order = made.order(sequence)
        return cls(tuple(documents[at] for at in order.tolist()), symbols, made.take(order))

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def next_sequence(self) -> int:
        """A number after all there are."""
        return max((one["sequence"] for one in self.documents), default=-1) + 1

    def find(self, transaction_id: str) -> PortfolioTransaction:
        """Return one of them.

        Raises
        ------
        InvalidInput
            There is none with that id.
        """
        for one in self.documents:
            if str(one["_id"]) == transaction_id:
                return to_entity(one)
        raise InvalidInput(
            f"There is no transaction {transaction_id!r} in this portfolio.", field="transaction"
        )


def to_entity(document: Document) -> PortfolioTransaction:
    """Return a stored transaction as an entity."""
    fields = {name: document[name] for name in PortfolioTransaction.model_fields if name != "id"}
    return PortfolioTransaction(**fields, id=str(document["_id"]))


def to_stored(transaction: PortfolioTransaction) -> Document:
    """Return an entity as :class:`Ledger` takes it."""
    return {"_id": transaction.id, **transaction.model_dump(exclude={"id"})}


def _day_of(document: Document) -> date:
    moment: datetime = document["date"]
    return moment.date()


def midnight(day: date) -> datetime:
    """Return a day as transactions keep it."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def describe(transaction: PortfolioTransaction) -> str:
    """Write a transaction in one line, as messages name it: ``buy 10 GOOG @ 5 on 2026-03-02``."""
    kind, day = transaction.kind, transaction.date.date()
    if kind in TRADES:
        return (
            f"{kind} {transaction.quantity:g} {transaction.symbol} @ {transaction.price:g} on {day}"
        )
    if kind is TransactionKind.SPLIT:
        return f"{kind} {transaction.quantity:g}:1 of {transaction.symbol} on {day}"
    return " ".join(
        one for one in (kind, f"{transaction.amount:g}", transaction.symbol, f"on {day}") if one
    )


def checked(transaction: PortfolioTransaction, today: date) -> PortfolioTransaction:
    """Return a transaction of which every number makes sense, what it has no use for left out.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    kind, day = transaction.kind, transaction.date.date()
    if not EARLIEST <= day <= today:
        raise InvalidInput(
            f"{day} is not from {EARLIEST} to today, {today}.", field="date",
            hint="Record what has happened.",
        )  # fmt: skip
    symbol = transaction.symbol.strip()
    if kind in WITH_SYMBOL and not is_symbol(symbol):
        raise InvalidInput(f"A {kind} needs a symbol.", field="symbol")
    for name, used, zero, below in (
        ("quantity", kind in TRADES or kind is TransactionKind.SPLIT, False, False),
        ("price", kind in TRADES, True, False),
        ("commission", kind in TRADES, True, False),
        ("amount", kind not in TRADES and kind is not TransactionKind.SPLIT, False,
         kind in MAY_BE_NEGATIVE),
    ):  # fmt: skip
        if not used:
            continue
        value = getattr(transaction, name)
        if not math.isfinite(value) or abs(value) > MOST:
            raise InvalidInput(f"The {name} is not a number below {MOST:g}.", field=name)
        if (value == 0.0 and not zero) or (value < 0.0 and not below):
            least = "zero or more" if zero else "above zero" if not below else "not zero"
            raise InvalidInput(f"The {name} of a {kind} must be {least}.", field=name)
    if kind in TRADES and transaction.quantity < LEAST_SHARES:
        raise InvalidInput(f"Fewer than {LEAST_SHARES:g} shares are none.", field="quantity")
    if kind is TransactionKind.SPLIT and not 1e-6 <= transaction.quantity <= 1e6:
        raise InvalidInput("The split's ratio makes no sense.", field="quantity")
    shares, trade = kind in TRADES or kind is TransactionKind.SPLIT, kind in TRADES
    return transaction.model_copy(
        update={
            "symbol": symbol if kind in WITH_SYMBOL else "",
            "quantity": transaction.quantity if shares else 0.0,
            "price": transaction.price if trade else 0.0,
            "commission": transaction.commission if trade else 0.0,
            "amount": 0.0 if shares else transaction.amount,
            "note": " ".join(transaction.note.split()),
        }
    )


_DATE = r"(?P<date>\d{4}-\d{2}-\d{2})"
_NUMBER = r"[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?"
_TAIL = rf"(?:\s+{_DATE})?(?:\s+#\s*(?P<note>.*))?\s*$"
_QUICK = (
    re.compile(
        rf"^(?P<kind>buy|sell)\s+(?P<quantity>{_NUMBER})\s+(?P<symbol>\S+)\s*(?:@|at)\s*"
        rf"(?P<price>{_NUMBER})(?:\s+(?:fee|commission)\s+(?P<commission>{_NUMBER}))?{_TAIL}", re.I
    ),
    re.compile(
        rf"^(?P<kind>dividend|div)\s+(?:(?P<symbol>\S+)\s+(?P<amount>{_NUMBER})"
        rf"|(?P<amount2>{_NUMBER})\s+(?P<symbol2>\S+)){_TAIL}", re.I
    ),
    re.compile(
        rf"^(?P<kind>split)\s+(?P<symbol>\S+)\s+(?P<quantity>{_NUMBER})"
        rf"(?:\s*(?::|for)\s*(?P<old>{_NUMBER}))?{_TAIL}", re.I
    ),
    re.compile(
        rf"^(?P<kind>deposit|withdrawal|withdraw|fee|interest)\s+(?P<amount>{_NUMBER}){_TAIL}", re.I
    ),
)  # fmt: skip
_SHORT = {"div": "dividend", "withdraw": "withdrawal"}


def parse_quick(text: str, portfolio_id: str, user_id: str, today: date) -> PortfolioTransaction:
    """Read a transaction that was typed in one line; the date is today's without one.

    Examples: :data:`QUICK_EXAMPLES`; a note follows ``#``.

    Raises
    ------
    InvalidInput
        It is none, with an example of its kind.
    """
    text = " ".join(text.split())
    for pattern in _QUICK:
        match = pattern.match(text)
        if match is None:
            continue
        found = {name: value for name, value in match.groupdict().items() if value}
        numbers = {
            name.removesuffix("2"): float(found[name].replace(",", ""))
            for name in ("quantity", "price", "commission", "amount", "amount2")
            if name in found
        }
        if "old" in found:
            numbers["quantity"] /= float(found["old"].replace(",", "")) or math.nan
        try:
            day = date.fromisoformat(found["date"]) if "date" in found else today
        except ValueError:
            raise InvalidInput(
                f"{found['date']} is not a day of the calendar.", field="entry"
            ) from None
        kind = found["kind"].casefold()
        return PortfolioTransaction(
            portfolio_id=portfolio_id,
            user_id=user_id,
            kind=TransactionKind(_SHORT.get(kind, kind)),
            date=midnight(day),
            symbol=found.get("symbol") or found.get("symbol2") or "",
            note=found.get("note", ""),
            **numbers,
        )
    word = text.split(" ")[0].casefold()
    example = next((one for one in QUICK_EXAMPLES if one.startswith(word[:3])), QUICK_EXAMPLES[0])
    raise InvalidInput(f"{text!r} is not a transaction.", field="entry", hint=f"Write: {example}")
