"""SYMBOL_SEARCH and LISTING_STATUS."""

from __future__ import annotations

import csv

from quant_tui.domain.errors import ProviderError
from quant_tui.providers.alpha_vantage.answers import TITLE, day, number, rows_of
from quant_tui.providers.base import SymbolMatch

LISTING_COLUMNS = ("symbol", "name", "exchange", "assetType", "ipoDate", "delistingDate", "status")


def matches(answer: dict[str, object]) -> list[SymbolMatch]:
    """Return the matches of SYMBOL_SEARCH, best first."""
    return [
        SymbolMatch(
            symbol=str(row.get("1. symbol") or ""),
            name=str(row.get("2. name") or ""),
            kind=str(row.get("3. type") or ""),
            region=str(row.get("4. region") or ""),
            currency=str(row.get("8. currency") or ""),
            score=number(row.get("9. matchScore"), "a score"),
        )
        for row in rows_of(answer, "bestMatches")
    ]


def listing(lines: list[str]) -> list[SymbolMatch]:
    """Return the symbols of LISTING_STATUS, which comes as CSV.

    Raises
    ------
    ProviderError
        Its columns are others.
    """
    rows = csv.DictReader(lines)
    missing = [name for name in LISTING_COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ProviderError(f"{TITLE}: the list of symbols has no column {missing[0]!r}.")
    return [
        SymbolMatch(
            symbol=row["symbol"],
            name=row["name"] or "",
            kind=row["assetType"] or "",
            region=row["exchange"] or "",
            since=day(row["ipoDate"], "a listing"),
            until=day(row["delistingDate"], "a delisting"),
        )
        for row in rows
        if row["symbol"]
    ]
