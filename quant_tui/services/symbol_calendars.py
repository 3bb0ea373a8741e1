"""Which exchange's calendar the bars of each symbol follow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

from quant_tui.domain.base import Document
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.services.companies import CompanyService
from quant_tui.services.stores import Stores
from quant_tui.services.trading_calendars import (
    ALWAYS_OPEN,
    DEFAULT,
    INFERRED,
    TradingCalendars,
    by_exchange,
    by_name,
)
from quant_tui.storage.duck.quality import Days
from quant_tui.storage.duck.records import SymbolSummary

SURE = 0.985
"""Share of dates in common at which no other calendar needs to be tried."""

RESEMBLES = 0.8
"""Share of dates that bars and the best calendar must have in common to be taken for it."""

INFERENCE_DAYS = 1500
"""Calendar days before a symbol's last bar from which its calendar is inferred."""

FEW_BARS = 60
"""With fewer bars than this most calendars match."""

AT_ONCE = 500

Report = Callable[[float, str], None]
Calendars = dict[str, tuple[str, str]]
"""Calendar and where it is known from (``chosen``, ``exchange``, ``name``, ``inferred``,
``assumed``), by symbol."""


class SymbolCalendars:
    """Decides calendars: a person's choice, the company's exchange, the symbol's form, dates."""

    def __init__(
        self, stores: Stores, companies: CompanyService, calendars: TradingCalendars
    ) -> None:
        self._remembered = stores.symbol_calendars
        self._quality = stores.bar_quality
        self._companies = companies
        self._calendars = calendars

    async def known(self, symbols: Sequence[str]) -> Calendars:
        """Return the calendars that need no look at the bars; cheap."""
        remembered = await asyncio.to_thread(self._remembered.of_symbols)
        companies = await self._companies.of_symbols(symbols)
        found: Calendars = {}
        for symbol in symbols:
            held = remembered.get(symbol)
            company = companies.get(symbol)
            exchange = _exchange(company.financials) if company else ""
            if held is not None and held[1] == "chosen":
                found[symbol] = held
            elif code := by_exchange(exchange):
                found[symbol] = (code, "exchange")
            elif code := by_name(symbol):
                found[symbol] = (code, "name")
            elif held is not None:
                found[symbol] = held
        return found

    def infer(
        self, summaries: Sequence[SymbolSummary], report: Report, cancel: CancelCheck
    ) -> Calendars:
        """Compare the dates of symbols with the calendars, and remember what they match.

        Blocking, some seconds for thousands of symbols; at the first time some more to work
        the calendars out. A symbol that resembles no calendar gets New York's, ``assumed``,
        and nothing is remembered.
        """
        left = [one.symbol for one in summaries]
        found: Calendars = {}
        best: dict[str, tuple[float, str]] = {}
        first = min((one.first for one in summaries), default=date.today())
        for codes in ((ALWAYS_OPEN, DEFAULT), INFERRED[1:]):
            if not left:
                break
            sessions: dict[str, Days] = {}
            for code in codes:
                raise_if_cancelled(cancel)
                report(0.0, f"working out the sessions of {code}")
                sessions[code] = self._calendars.sessions(code, first).days
            for start in range(0, len(left), AT_ONCE):
                report(start / len(left), "comparing dates with the exchanges' calendars")
                shares = self._quality.date_profiles(
                    left[start : start + AT_ONCE], sessions, days=INFERENCE_DAYS, cancel=cancel
                )
                for symbol, by_code in shares.items():
                    for code in codes:
                        share = by_code.get(code, 0.0)
                        if share > best.get(symbol, (0.0, ""))[0]:
                            best[symbol] = (share, code)
            left = [symbol for symbol in left if best.get(symbol, (0.0, ""))[0] < SURE]
        for one in summaries:
            share, code = best.get(one.symbol, (0.0, ""))
            inferred = share >= RESEMBLES and (one.rows >= FEW_BARS or code == ALWAYS_OPEN)
            found[one.symbol] = (code, "inferred") if inferred else (DEFAULT, "assumed")
        self._remembered.remember(
            {symbol: code for symbol, (code, origin) in found.items() if origin == "inferred"},
            "inferred",
        )
        return found

    async def choose(self, symbols: Sequence[str], code: str) -> str:
        """Set the calendar of symbols; return its code as the exchange has it.

        Raises
        ------
        InvalidInput
            When there is no such calendar.
        """
        checked = await asyncio.to_thread(self._calendars.check, code)
        await asyncio.to_thread(
            self._remembered.remember, dict.fromkeys(symbols, checked), "chosen"
        )
        return checked

    async def forget(self, symbols: Sequence[str]) -> None:
        """Let the calendars of symbols be found anew."""
        await asyncio.to_thread(self._remembered.forget, symbols)


def _exchange(financials: Document) -> str:
    """Where a company says that it is listed, itself or in its overview."""
    overview = financials.get("overview")
    within = overview.get("exchange") if isinstance(overview, dict) else None
    return str(financials.get("exchange") or within or "")
