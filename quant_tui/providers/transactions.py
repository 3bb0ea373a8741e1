"""Transactions of a portfolio from a CSV file: columns and words recognised, wrong cells named.

Columns by the names that brokers use, English and Korean: a date; a type (buy, sell, …) or a
signed quantity; symbol, quantity, price, commission, amount, currency, note.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from quant_tui.domain.vocabulary import TransactionKind as Kind
from quant_tui.providers import columns as bar_columns
from quant_tui.providers.columns import normalise
from quant_tui.providers.dates import (
    DateStyle,
    UndecidableDates,
    chosen_style,
    explain_date,
    parse_one,
    recognise_style,
)
from quant_tui.providers.numbers import decimal_mark, explain_number, parse_numbers
from quant_tui.providers.options import is_symbol
from quant_tui.providers.problems import ProblemLog, refuse
from quant_tui.providers.text import TextFile

ALIASES: dict[str, tuple[str, ...]] = {
    "date": (
        *bar_columns.ALIASES["date"],
        "activitydate",
        "rundate",
        "체결일",
        "체결일자",
        "매매일",
    ),
    "kind": (
        *(
            "type",
            "kind",
            "action",
            "transactiontype",
            "transaction",
            "side",
            "buysell",
            "activity",
        ),
        *("구분", "거래구분", "매매구분", "거래종류", "거래유형", "유형"),
    ),
    "symbol": bar_columns.ALIASES["symbol"],
    "quantity": (
        *("quantity", "qty", "shares", "units", "ratio", "수량", "거래수량", "체결수량", "주수"),
    ),
    "price": (
        *("price", "unitprice", "tradeprice", "fillprice", "averageprice", "avgprice", "pershare"),
        *("단가", "가격", "체결단가", "거래단가", "체결가", "주당금액"),
    ),
    "commission": ("commission", "commissions", "fee", "fees", "commissionfee", "수수료"),
    "amount": (
        *("amount", "netamount", "value", "total", "cash", "money", "금액", "거래금액", "정산금액"),
    ),
    "currency": ("currency", "ccy", "통화"),
    "note": ("note", "notes", "description", "memo", "comment", "비고", "적요", "메모"),
}
"""Our name to the names it goes by, the surest first."""

WORDS: dict[Kind, tuple[str, ...]] = {
    Kind.BUY: ("buy", "bought", "b", "purchase", "buytoopen", "buytocover", "매수", "매입"),
    Kind.SELL: ("sell", "sold", "s", "sale", "sellshort", "selltoclose", "selltoopen", "매도"),
    Kind.DIVIDEND: ("dividend", "div", "cashdividend", "distribution", "배당", "배당금"),
    Kind.SPLIT: ("split", "stocksplit", "분할", "액면분할", "주식분할"),
    Kind.DEPOSIT: ("deposit", "contribution", "cashin", "transferin", "입금"),
    Kind.WITHDRAWAL: ("withdrawal", "withdraw", "cashout", "transferout", "출금"),
    Kind.FEE: ("fee", "fees", "charge", "tax", "수수료", "세금"),
    Kind.INTEREST: ("interest", "int", "이자"),
}
"""What files call each kind."""

KINDS = {word: kind for kind, words in WORDS.items() for word in words}
NUMBERS = ("quantity", "price", "commission", "amount")
TRADES = (Kind.BUY, Kind.SELL)
HEADER_WITHIN = 30
"""Lines within which the header stands."""

LARGEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """One row of a file; numbers as :class:`~quant_tui.domain.trading.PortfolioTransaction`."""

    line: int
    kind: Kind
    day: date
    symbol: str = ""
    quantity: float = 0.0
    price: float = 0.0
    commission: float = 0.0
    amount: float = 0.0
    note: str = ""


def read_transactions(
    path: Path,
    *,
    currency: str,
    encoding: str = "",
    date_format: str = "",
    mapping: Mapping[str, str] | None = None,
    limit: int = 20,
) -> list[TransactionRow]:
    """Read every row of a file, in the order of time where the file has the newest first.

    Parameters
    ----------
    path
        CSV, separated by comma, semicolon, tab or bar; gzip is read too.
    currency
        The one currency that rows may have.
    encoding, date_format
        For what the file does not say.
    mapping
        Our name of a column to the file's, before recognition.
    limit
        Problems to name at most.

    Raises
    ------
    DataImportError
        Naming the rows and columns that cannot be taken; nothing is then.
    """
    lines = _lines(path, encoding)
    at, names, places, delimiter = _header(path, lines, mapping or {})
    cells, numbers = _cells(lines, at, delimiter, len(names))
    log = ProblemLog(path, limit)
    for row, row_number in zip(cells, numbers, strict=True):
        if len(row) != len(names):
            log.fatal(row_number, "", f"has {len(row)} columns where the header has {len(names)}")
    log.raise_if_fatal()
    if not cells:
        refuse(path, "has a header and no rows")
    reader = _Reader(path, log, names, places, cells, numbers, delimiter)
    rows = reader.rows(currency.upper(), date_format)
    log.raise_if_fatal()
    if rows[0].day > rows[-1].day:
        rows.reverse()
    return rows


def _lines(path: Path, encoding: str) -> list[str]:
    with TextFile(path, encoding) as file:
        if file.text_size > LARGEST_BYTES:
            refuse(path, "is larger than 64 MB", "Split it into several files.")
        text = b"".join(block.data for block in file.blocks()).decode("utf-8")
    if not text.strip():
        refuse(path, "is empty")
    return text.lstrip("\ufeff").splitlines(keepends=True)


def _header(
    path: Path, lines: Sequence[str], mapping: Mapping[str, str]
) -> tuple[int, list[str], dict[str, int], str]:
    """Find the header; return its place, its names, our columns in it, and the delimiter."""
    for at, line in enumerate(lines[:HEADER_WITHIN]):
        delimiter = max(",;\t|", key=line.count)
        names = next(csv.reader([line], delimiter=delimiter), [])
        places = _recognise(names, mapping)
        if "date" in places and places.keys() & {"quantity", "amount"}:
            if "kind" not in places and "quantity" not in places:
                refuse(
                    path,
                    "has no column that says what a row is",
                    "Add a column type with buy, sell, dividend, split, deposit, withdrawal, fee.",
                    at + 1,
                )
            return at, [name.strip() for name in names], places, delimiter
    refuse(
        path,
        "has no header with a date and a quantity or an amount",
        "The first line names the columns: date,type,symbol,quantity,price,commission,amount.",
        1,
    )
    raise AssertionError("refuse always raises")


def _recognise(names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    plain = [normalise(name) for name in names]
    found: dict[str, int] = {}
    for ours, theirs in mapping.items():
        if ours in ALIASES and normalise(theirs) in plain:
            found[ours] = plain.index(normalise(theirs))
    for ours, aliases in ALIASES.items():
        for alias in aliases:
            if ours not in found and alias in plain and plain.index(alias) not in found.values():
                found[ours] = plain.index(alias)
    return found


def _cells(
    lines: Sequence[str], at: int, delimiter: str, width: int
) -> tuple[list[list[str]], list[int]]:
    """Return the rows below the header, with the line on which each begins."""
    reader = csv.reader(io.StringIO("".join(lines[at + 1 :])), delimiter=delimiter)
    rows, numbers, begins = [], [], at + 2
    for row in reader:
        if any(cell.strip() for cell in row):
            while len(row) > width and not row[-1].strip():
                row.pop()
            rows.append([cell.strip() for cell in row])
            numbers.append(begins)
        begins = at + 2 + reader.line_num
    return rows, numbers


class _Reader:
    """Turns the cells of a file into rows, and names what is wrong."""

    def __init__(
        self,
        path: Path,
        log: ProblemLog,
        names: Sequence[str],
        places: Mapping[str, int],
        cells: Sequence[Sequence[str]],
        numbers: Sequence[int],
        delimiter: str,
    ) -> None:
        self._path = path
        self._log = log
        self._names = names
        self._places = places
        self._lines = numbers
        self._columns = {ours: [row[at] for row in cells] for ours, at in places.items()}
        self._delimiter = delimiter
        self._told: set[tuple[int, str]] = set()

    def rows(self, currency: str, date_format: str) -> list[TransactionRow]:
        """Return every row that is right."""
        days = self._days(date_format)
        numbers = self._numbers()
        empty = [""] * len(self._lines)
        kinds, symbols, notes, currencies = (
            self._columns.get(name, empty) for name in ("kind", "symbol", "note", "currency")
        )
        found = []
        for at, line in enumerate(self._lines):
            values = {name: numbers[name][at] for name in NUMBERS}
            kind = self._kind(line, kinds[at], values["quantity"])
            if currencies[at] and currencies[at].upper() != currency:
                self._wrong(
                    line, "currency",
                    f"{currencies[at]!r} is not {currency}: a portfolio holds one currency; "
                    "convert the row, or import it into a portfolio of that currency",
                )  # fmt: skip
            day = days[at]
            if kind is not None and day is not None:
                found.append(self._row(line, kind, day, symbols[at], values, notes[at]))
        return found

    def _wrong(self, line: int, column: str, message: str) -> None:
        if (line, column) in self._told:
            return  # a cell that cannot be read is missing as well: said once
        self._told.add((line, column))
        place = self._places.get(column)
        self._log.fatal(line, self._names[place] if place is not None else column, message)

    def _days(self, date_format: str) -> list[date | None]:
        cells = self._columns["date"]
        try:
            style = chosen_style(date_format) or recognise_style(cells) or DateStyle("ymd")
        except UndecidableDates as error:
            refuse(
                self._path,
                f"dates such as {error.example} may be day/month or month/day",
                "Name the date format: dmy or mdy.",
                self._lines[0],
                self._names[self._places["date"]],
            )
            raise AssertionError("refuse always raises") from error
        found: list[date | None] = []
        for line, cell in zip(self._lines, cells, strict=True):
            parsed = parse_one(cell, style) if cell else None
            if parsed is None:
                self._wrong(line, "date", explain_date(cell, style) if cell else "is empty")
                found.append(None)
            else:
                found.append(date(1970, 1, 1) + timedelta(microseconds=parsed[0]))
        return found

    def _numbers(self) -> dict[str, list[float | None]]:
        import pyarrow as pa

        given = [name for name in NUMBERS if name in self._columns]
        prices = [cell for name in given if name != "quantity" for cell in self._columns[name]]
        mark = decimal_mark(prices, self._columns.get("quantity", ()), self._delimiter) or "."
        found: dict[str, list[float | None]] = {name: [None] * len(self._lines) for name in NUMBERS}
        for name in given:
            cells = self._columns[name]
            values, absent, wrong = parse_numbers(pa.array(cells, pa.string()), mark)
            for at in np.flatnonzero(wrong).tolist():
                self._wrong(self._lines[at], name, explain_number(cells[at], mark))
            found[name] = [
                None if gone else value
                for value, gone in zip(values.tolist(), (absent | wrong).tolist(), strict=True)
            ]
        return found

    def _kind(self, line: int, word: str, quantity: float | None) -> Kind | None:
        if "kind" in self._columns:
            kind = KINDS.get(normalise(word))
            if kind is None:
                known = ", ".join(sorted(Kind))
                self._wrong(line, "kind", f"{word!r} is not one of {known}")
            return kind
        if not quantity:
            self._wrong(line, "quantity", "is needed: above zero to buy, below zero to sell")
            return None
        return Kind.BUY if quantity > 0 else Kind.SELL

    def _row(
        self,
        line: int,
        kind: Kind,
        day: date,
        symbol: str,
        values: Mapping[str, float | None],
        note: str,
    ) -> TransactionRow:
        quantity, price, amount = (values[name] for name in ("quantity", "price", "amount"))
        if kind in (*TRADES, Kind.DIVIDEND, Kind.SPLIT):
            if not symbol:
                self._wrong(line, "symbol", f"is needed by a {kind}")
            elif not is_symbol(symbol):
                self._wrong(line, "symbol", f"{symbol!r} is not a symbol")
        else:
            symbol = ""
        if kind in (*TRADES, Kind.SPLIT) and not quantity:
            self._wrong(line, "quantity", f"is needed by a {kind}")
        if kind in TRADES:
            if price is None and amount is not None and quantity:
                price = abs(amount / quantity)
            if price is None:
                self._wrong(line, "price", f"is needed by a {kind}")
            elif price < 0.0:
                self._wrong(line, "price", "is below zero")
            if kind is Kind.BUY and quantity is not None and quantity < 0.0:
                self._wrong(line, "quantity", "is below zero in a buy; is the row a sell?")
        elif kind is not Kind.SPLIT:
            if amount is None and quantity is not None and price is not None:
                amount = quantity * price
            if not amount:
                self._wrong(line, "amount", f"is needed by a {kind}")
        signed = kind in (Kind.DIVIDEND, Kind.INTEREST)
        money = 0.0 if kind in (*TRADES, Kind.SPLIT) else (amount or 0.0)
        return TransactionRow(
            line=line,
            kind=kind,
            day=day,
            symbol=symbol,
            quantity=abs(quantity or 0.0) if kind in (*TRADES, Kind.SPLIT) else 0.0,
            price=(price or 0.0) if kind in TRADES else 0.0,
            commission=abs(values["commission"] or 0.0) if kind in TRADES else 0.0,
            amount=money if signed else abs(money),
            note=note,
        )
