"""OVERVIEW, INCOME_STATEMENT, BALANCE_SHEET, CASH_FLOW and EARNINGS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from quant_tui.domain.base import Document
from quant_tui.domain.errors import ProviderError, RequestRefused
from quant_tui.domain.market_data import Company
from quant_tui.providers.alpha_vantage.answers import ABSENT, TITLE, day, number, rows_of

STATEMENTS = ("INCOME_STATEMENT", "BALANCE_SHEET", "CASH_FLOW")
FUNCTIONS = ("OVERVIEW", *STATEMENTS, "EARNINGS")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_JOINED = {"DilutedEPSTTM": "diluted_eps_ttm", "PEGRatio": "peg_ratio"}
_TEXTS = frozenset(
    {"Symbol", "CIK", "FiscalYearEnd", "LatestQuarter", "DividendDate", "ExDividendDate", "Name"}
)
"""Fields of the overview that are texts also when they look like a number."""

_HEADLINES = {
    "revenue": ("total_revenue",),
    "net_income": ("net_income",),
    "total_assets": ("total_assets",),
    "total_equity": ("total_shareholder_equity",),
}


def company(answers: Mapping[str, dict[str, object]], symbol: str) -> Company:
    """Return a company from the answers to all :data:`FUNCTIONS`, by function.

    Raises
    ------
    RequestRefused
        Nothing is known of the symbol.
    ProviderError
        An answer is of another shape.
    """
    overview = _overview(answers["OVERVIEW"])
    quarterly, annual = _reports(answers, "quarterly"), _reports(answers, "annual")
    released = {one["fiscal_date_ending"]: one["reported_date"] for one in quarterly}
    for one in annual:
        # Only quarters say when they were reported; the last of the year is the year.
        one["reported_date"] = released.get(one["fiscal_date_ending"])
    if not overview and not quarterly and not annual:
        raise RequestRefused(
            f"{TITLE} knows no company behind {symbol}.",
            hint="Look it up with: quant-tui data search TEXT",
        )
    financials: Document = {
        "currency": overview.get("currency", ""),
        "market_capitalization": overview.get("market_capitalization"),
        "earnings_per_share": overview.get("eps"),
        "dividend_per_share": overview.get("dividend_per_share"),
        "shares_outstanding": overview.get("shares_outstanding"),
        "fiscal_year": int(annual[0]["fiscal_date_ending"][:4]) if annual else None,
        **{
            ours: next((annual[0][name] for name in theirs if annual and name in annual[0]), None)
            for ours, theirs in _HEADLINES.items()
        },
        "overview": overview,
        "quarterly": quarterly,
        "annual": annual,
        "source": "alpha_vantage",
        "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Company(
        symbol=symbol,
        name=str(overview.get("name") or symbol),
        sector=_written(overview.get("sector")),
        industry=_written(overview.get("industry")),
        financials=financials,
    )


def snake(name: str) -> str:
    """Return a field's name as ours are: ``PERatio`` → ``pe_ratio``."""
    return _JOINED.get(name) or "_".join(_WORDS.findall(name)).lower()


def _overview(answer: dict[str, object]) -> Document:
    found: Document = {}
    for name, value in answer.items():
        text = str(value).strip()
        if text.lower() in ABSENT:
            continue
        if name in _TEXTS:
            found[snake(name)] = text
            continue
        try:
            found[snake(name)] = number(text, name)
        except ProviderError:
            found[snake(name)] = text
    return found


def _reports(answers: Mapping[str, dict[str, object]], period: str) -> list[Document]:
    """Return the reports of a period, the newest first: statements and earnings of one as one."""
    by_end: dict[str, Document] = {}
    places = [(answers[name], f"{period}Reports") for name in STATEMENTS]
    places.append((answers["EARNINGS"], f"{period}Earnings"))
    for answer, key in places:
        for row in rows_of(answer, key):
            ends = day(row.get("fiscalDateEnding"), key)
            if ends is None:
                continue
            report = by_end.setdefault(
                ends.isoformat(), {"fiscal_date_ending": ends.isoformat(), "reported_date": None}
            )
            for name, value in row.items():
                if name == "fiscalDateEnding":
                    continue
                if name == "reportedDate":
                    told = day(value, key)
                    report["reported_date"] = told.isoformat() if told else None
                elif name in ("reportedCurrency", "reportTime"):
                    report["currency" if name == "reportedCurrency" else "report_time"] = str(value)
                else:
                    report[snake(name)] = number(value, f"{name} of {ends}")
    return [by_end[ends] for ends in sorted(by_end, reverse=True)]


def _written(value: object) -> str:
    text = str(value or "")
    return text.title() if text.isupper() else text
