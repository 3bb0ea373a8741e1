"""Changes of a portfolio's transactions: what they do to a ledger, and how to take them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.base import Document
from quant_tui.domain.errors import DataImportError, DataProblem, InvalidInput
from quant_tui.domain.trading import PortfolioTransaction
from quant_tui.providers.transactions import TransactionRow
from quant_tui.services.portfolio_ledger import Ledger, midnight, to_stored
from quant_tui.storage.mongo.portfolios import Changes

NAMED_ROWS = 10
"""Rows that a note about repeated ones names."""


@dataclass(frozen=True, slots=True)
class TransactionChange:
    """What was done to a portfolio's transactions, so that it can be undone.

    Attributes
    ----------
    added
        As they were stored.
    replaced
        Those that were changed, as they were before.
    removed
        As they were.
    """

    portfolio_id: str
    added: tuple[PortfolioTransaction, ...] = ()
    replaced: tuple[PortfolioTransaction, ...] = ()
    removed: tuple[PortfolioTransaction, ...] = ()

    def undoing(self) -> Changes:
        """Return the changes that take it back."""
        return Changes(
            add=self.removed, replace=self.replaced, remove=[one.id for one in self.added]
        )


@dataclass(frozen=True, slots=True)
class TransactionImport:
    """What an import of transactions did.

    Attributes
    ----------
    rows
        In the file.
    added
        Rows that were new.
    known
        Rows that were recorded already and left out.
    problems
        What people should know of it, none of it fatal.
    change
        For undoing.
    """

    path: str
    rows: int
    added: int
    known: int
    problems: tuple[DataProblem, ...]
    change: TransactionChange


def changed(ledger: Ledger, changes: Changes) -> Ledger:
    """Return a ledger after changes.

    Raises
    ------
    InvalidInput
        A transaction to change or remove is not there.
    """
    gone, anew = set(changes.remove), {one.id: to_stored(one) for one in changes.replace}
    known = {str(one["_id"]) for one in ledger.documents}
    missing = (gone | anew.keys()) - known
    if missing:
        raise InvalidInput(
            f"There is no transaction {min(missing)!r} in this portfolio.",
            field="transaction",
            hint="It was changed elsewhere: load the portfolio again.",
        )
    kept: list[Document] = [
        anew.get(str(one["_id"]), one) for one in ledger.documents if str(one["_id"]) not in gone
    ]
    return Ledger.of([*kept, *(to_stored(one) for one in changes.add)])


def rows_to_add(
    path: Path, rows: Sequence[TransactionRow], ledger: Ledger, portfolio_id: str, user_id: str
) -> tuple[list[PortfolioTransaction], list[TransactionRow], tuple[DataProblem, ...]]:
    """Return the rows that are not recorded yet, as transactions and as rows, and what to say.

    A row that a recorded transaction equals in everything but its note is left out; when the
    file has it more often than the portfolio, as often as that. Rows that the file repeats
    are taken: two equal fills of a day are two.

    Raises
    ------
    DataImportError
        Every row is recorded already.
    """
    known = Counter(_key_of_document(one) for one in ledger.documents)
    seen: Counter[tuple[object, ...]] = Counter()
    new, left_out, repeated = [], [], []
    for row in rows:
        key = _key(row)
        seen[key] += 1
        if known[key] >= seen[key]:
            left_out.append(row)
            continue
        if seen[key] - known[key] > 1:
            repeated.append(row)
        new.append(row)
    if not new:
        raise DataImportError(
            f"{path.name}: every one of its {len(rows):,} rows is recorded already.",
            hint="Nothing was stored.",
        )
    first = ledger.next_sequence
    made = [
        PortfolioTransaction(
            portfolio_id=portfolio_id,
            user_id=user_id,
            kind=row.kind,
            date=midnight(row.day),
            sequence=first + at,
            symbol=row.symbol,
            quantity=row.quantity,
            price=row.price,
            commission=row.commission,
            amount=row.amount,
            note=row.note,
        )
        for at, row in enumerate(new)
    ]
    problems = []
    for found, message in (
        (left_out, "recorded already, left out"),
        (repeated, "the file has it more than once, taken each time"),
    ):
        if found:
            lines = ", ".join(str(row.line) for row in found[:NAMED_ROWS])
            more = f" and {len(found) - NAMED_ROWS:,} more" if len(found) > NAMED_ROWS else ""
            plural = "s" if len(found) > 1 else ""
            text = f"{len(found):,} row{plural} {message}: row{plural} {lines}{more}"
            problems.append(DataProblem(found[0].line, "", text, fatal=False))
    return made, new, tuple(problems)


def _key(row: TransactionRow) -> tuple[object, ...]:
    return (
        str(row.kind), row.day, row.symbol, row.quantity, row.price, row.commission, row.amount,
    )  # fmt: skip


def _key_of_document(document: Document) -> tuple[object, ...]:
    return (
        str(document["kind"]),
        document["date"].date(),
        *(document[name] for name in ("symbol", "quantity", "price", "commission", "amount")),
    )
