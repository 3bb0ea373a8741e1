"""Yahoo Finance, through the package yfinance: an optional extra.

Daily prices come adjusted for splits, as Yahoo keeps them, with splits and dividends;
intraday ones for as long as Yahoo keeps them. There is no key and no stated limit; Yahoo
refuses who asks too often.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from quant_tui.domain.base import Document
from quant_tui.domain.errors import (
    InvalidInput,
    ProviderError,
    ProviderUnreachable,
    RequestRefused,
    TooManyRequests,
)
from quant_tui.domain.market_data import Company, NewsData
from quant_tui.providers.base import (
    FOR_SPLITS,
    Action,
    BarsQuery,
    FetchedBars,
    Provider,
    ProviderAccess,
    SymbolMatch,
)
from quant_tui.providers.sessions import closes_at

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

T = TypeVar("T")

TITLE = "Yahoo Finance"
KEPT_DAYS = {"1m": 7, "5m": 59, "15m": 59, "30m": 59, "1h": 729}
"""Days for which Yahoo keeps intraday bars, by interval."""

MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60}
NEWS_ITEMS = 100
PRICES = ("open", "high", "low", "close")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

log = logging.getLogger(__name__)


class Ticker(Protocol):
    """What is used of ``yfinance.Ticker``."""

    info: dict[str, object]
    income_stmt: pd.DataFrame
    balance_sheet: pd.DataFrame
    cashflow: pd.DataFrame
    quarterly_income_stmt: pd.DataFrame
    quarterly_balance_sheet: pd.DataFrame
    quarterly_cashflow: pd.DataFrame

    def history(self, **wanted: object) -> pd.DataFrame:
        """Return bars, splits and dividends, in the exchange's time zone."""

    def get_news(self, count: int = 10) -> list[dict[str, object]]:
        """Return news, the newest first."""


class Yahoo(Provider):
    """Bars, companies, news and search of Yahoo Finance; requests run on threads.

    Parameters
    ----------
    access
        Settings; there is no key.
    ticker, search
        Stand in for yfinance's in tests.
    clock
        Aware present time.

    Raises
    ------
    InvalidInput
        When the package yfinance is not installed.
    """

    name = "yahoo"
    title = TITLE
    capabilities = frozenset({"bars", "company", "news", "search"})

    def __init__(
        self,
        access: ProviderAccess,
        *,
        ticker: Callable[[str], Ticker] | None = None,
        search: Callable[[str], list[dict[str, object]]] | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._folder = access.settings.locations.data / "yahoo"
        if ticker is None or search is None:
            _need_yfinance()
        self._ticker = ticker or self._open_ticker
        self._search = search or _search
        self.sent = 0

    def requests(self, kind: str, query: BarsQuery | None = None) -> int:  # noqa: ARG002 -- the protocol's
        """Return how many requests one fetch of a kind takes."""
        return 7 if kind == "company" else 1

    async def bars(self, query: BarsQuery) -> FetchedBars:
        """Return bars adjusted for splits, with all splits and dividends for daily ones."""
        return await self._ask(lambda: self._bars(query), query.symbol)

    async def company(self, symbol: str) -> Company:
        """Return a company with the statements of the last years and quarters."""
        return await self._ask(lambda: self._company(symbol), symbol)

    async def news(self, symbol: str, since: datetime | None = None) -> list[NewsData]:
        """Return the newest articles; Yahoo gives no more than a hundred and rates none."""
        found = await self._ask(lambda: self._ticker(symbol).get_news(count=NEWS_ITEMS), symbol)
        items = [item for item in (_article(one, symbol) for one in found or []) if item]
        return [one for one in items if since is None or one.published_at >= since]

    async def search(self, text: str) -> list[SymbolMatch]:
        """Return the symbols that match a text, best first."""
        found = await self._ask(lambda: self._search(text), text)
        return [
            SymbolMatch(
                symbol=str(one["symbol"]),
                name=str(one.get("longname") or one.get("shortname") or ""),
                kind=str(one.get("typeDisp") or one.get("quoteType") or ""),
                region=str(one.get("exchDisp") or one.get("exchange") or ""),
            )
            for one in found
            if one.get("symbol")
        ]

    # ---------------------------------------------------------------------- asking

    def _open_ticker(self, symbol: str) -> Ticker:
        import yfinance

        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yfinance.set_tz_cache_location(str(self._folder))
        yfinance.config.debug.hide_exceptions = False
        made: Ticker = yfinance.Ticker(symbol)
        return made

    async def _ask(self, work: Callable[[], T], what: str) -> T:
        self.sent += 1
        try:
            return await asyncio.to_thread(work)
        except (ProviderError, InvalidInput):
            raise
        except Exception as error:
            raise _explained(error, what) from error

    # ------------------------------------------------------------------------ bars

    def _bars(self, query: BarsQuery) -> FetchedBars:
        daily = query.interval == "1d"
        today = self._clock().date()
        start, notes = query.start, []
        if not daily:
            oldest = today - timedelta(days=KEPT_DAYS[query.interval])
            if start is None or start < oldest:
                if start is not None:
                    notes.append(f"{TITLE} keeps {query.interval} bars from {oldest} only")
                start = oldest
        wanted: dict[str, object] = {
            "interval": query.interval,
            "auto_adjust": False,
            "actions": True,
            "prepost": query.extended_hours and not daily,
            "timeout": 30,
        }
        # all splits and dividends are wanted with the bars of some days too
        if start is None or (daily and query.adjusted):
            wanted["period"] = "max"
        else:
            wanted["start"] = start.isoformat()
            if query.end is not None:
                wanted["end"] = (query.end + timedelta(days=1)).isoformat()
        frame = self._ticker(query.symbol).history(**wanted)
        if frame is None or not len(frame):
            raise RequestRefused(
                f"{TITLE} has no {query.interval} bars of {query.symbol}.",
                hint="Look the symbol up with: quant-tui data search TEXT --provider yahoo",
            )
        frame = frame.rename(columns={name: str(name).lower() for name in frame.columns})
        table, unfinished, left_out = self._table(frame, query)
        if left_out:
            notes.append(f"{left_out} bar(s) of {query.symbol} without a usable price left out")
        return FetchedBars(
            table=table,
            adjustment=FOR_SPLITS,
            actions=_actions(frame) if daily and query.adjusted else None,
            complete_from=start,
            unfinished=unfinished,
            notes=tuple(notes),
        )

    def _table(
        self, frame: pd.DataFrame, query: BarsQuery
    ) -> tuple[pa.Table, tuple[datetime, ...], int]:
        import numpy as np
        import pyarrow as pa

        now = self._clock()
        daily = query.interval == "1d"
        index = _moments(frame)
        over = np.ones(len(frame), dtype=bool)
        unfinished: list[datetime] = []
        times = (index.tz_convert("UTC") if index.tz is not None else index).to_pydatetime()
        days = [one.date() for one in index]
        for place in range(max(0, len(frame) - 2), len(frame)):
            begins = times[place].replace(tzinfo=UTC)
            ends = (
                closes_at(query.symbol, days[place])
                if daily
                else begins + timedelta(minutes=MINUTES[query.interval])
            )
            if ends > now:
                over[place] = False
                unfinished.append(begins)
        values = {name: frame[name].to_numpy(dtype=np.float64) for name in (*PRICES, "volume")}
        usable = np.all([np.isfinite(values[name]) for name in PRICES], axis=0) & np.all(
            [values[name] > 0 for name in PRICES], axis=0
        )
        values["volume"] = np.nan_to_num(values["volume"])
        if daily:
            dates = np.array(days, dtype="datetime64[D]")
        else:
            dates = np.array([one.replace(tzinfo=None) for one in times], dtype="datetime64[us]")
        asked = np.ones(len(frame), dtype=bool)
        if query.start is not None:
            asked &= dates >= np.datetime64(query.start)
        if query.end is not None:
            asked &= dates < np.datetime64(query.end + timedelta(days=1))
        keep = over & usable & asked
        _, firsts = np.unique(dates[keep], return_index=True)
        places = np.flatnonzero(keep)[firsts]
        table = pa.table(
            {
                "symbol": pa.array([query.symbol] * len(places), pa.string()),
                "date": pa.array(dates[places]),
                **{name: pa.array(values[name][places]) for name in (*PRICES, "volume")},
            }
        )
        return table, tuple(unfinished), int((over & asked & ~usable).sum())

    # ----------------------------------------------------------------- companies

    def _company(self, symbol: str) -> Company:
        ticker = self._ticker(symbol)
        info = ticker.info or {}
        name = str(info.get("longName") or info.get("shortName") or "")
        if not name:
            raise RequestRefused(
                f"{TITLE} knows no company behind {symbol}.",
                hint="Look it up with: quant-tui data search TEXT --provider yahoo",
            )
        overview = {
            _snake(key): value
            for key, value in info.items()
            if isinstance(value, str | int | float | bool)
        }
        financials: Document = {
            "exchange": str(info.get("fullExchangeName") or info.get("exchange") or ""),
            "currency": str(info.get("currency") or ""),
            "market_capitalization": info.get("marketCap"),
            "earnings_per_share": info.get("trailingEps"),
            "dividend_per_share": info.get("dividendRate"),
            "shares_outstanding": info.get("sharesOutstanding"),
            "overview": overview,
            "annual": _reports(ticker.income_stmt, ticker.balance_sheet, ticker.cashflow),
            "quarterly": _reports(
                ticker.quarterly_income_stmt,
                ticker.quarterly_balance_sheet,
                ticker.quarterly_cashflow,
            ),
        }
        return Company(
            symbol=symbol,
            name=name,
            sector=str(info.get("sector") or ""),
            industry=str(info.get("industry") or ""),
            financials=financials,
        )


def _need_yfinance() -> None:
    from importlib.util import find_spec

    if find_spec("yfinance") is None:
        raise InvalidInput(
            f"{TITLE} needs the package yfinance, which is not installed.",
            field="provider",
            hint="Install the extra: uv tool install 'quant-tui[yahoo]', or "
            "pip install 'quant-tui[yahoo]'.",
        )


def _search(text: str) -> list[dict[str, object]]:
    import yfinance

    found: list[dict[str, object]] = yfinance.Search(text, max_results=20, news_count=0).quotes
    return found


def _explained(error: Exception, what: str) -> ProviderError:
    """Turn what yfinance raises into an error that says what to do."""
    kind = type(error).__name__
    reason = str(error).splitlines()[0][:200] if str(error) else kind
    if kind == "YFRateLimitError":
        return TooManyRequests(
            f"{TITLE} refuses for now: too many requests.", hint="Wait some minutes, then go on."
        )
    if kind in ("YFTzMissingError", "YFPricesMissingError", "YFTickerMissingError"):
        return RequestRefused(
            f"{TITLE} knows no {what}, or has nothing for these days.",
            hint="Look the symbol up with: quant-tui data search TEXT --provider yahoo",
        )
    if isinstance(error, OSError) or "curl" in type(error).__module__ or "Timeout" in kind:
        return ProviderUnreachable(
            f"{TITLE} cannot be reached ({reason}).", hint="Look at the network, then try again."
        )
    log.warning("yfinance failed on %s", what, exc_info=error)
    return ProviderError(
        f"{TITLE} gave an answer that cannot be understood ({kind}: {reason}).",
        hint="A newer yfinance may understand it: it follows Yahoo's changes.",
    )


def _moments(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """When its bars begin, in the exchange's time zone."""
    import pandas as pd

    return pd.DatetimeIndex(frame.index)


def _actions(frame: pd.DataFrame) -> tuple[Action, ...]:
    """Return the splits and dividends among bars, oldest first."""
    found = []
    none = [0.0] * len(frame)
    splits = frame.get("stock splits", none)
    dividends = frame.get("dividends", none)
    days = [one.date() for one in _moments(frame)]
    for day, ratio, dividend in zip(days, splits, dividends, strict=True):
        split = float(ratio) if ratio == ratio and ratio > 0 else 1.0
        cash = float(dividend) if dividend == dividend and dividend > 0 else 0.0
        if split != 1.0 or cash:
            found.append(Action(day, split, cash))
    return tuple(found)


def _reports(*statements: pd.DataFrame) -> list[Document]:
    """Join statements into one report a period, newest first; absent figures are None."""
    import pandas as pd

    by_day: dict[date, Document] = {}
    for statement in statements:
        if statement is None or not len(statement):
            continue
        for moment in statement.columns:
            day = pd.Timestamp(moment).date()
            report = by_day.setdefault(
                day, {"fiscal_date_ending": day.isoformat(), "reported_date": None}
            )
            for name, value in statement[moment].items():
                report[_snake(str(name))] = float(value) if value == value else None
    return [by_day[day] for day in sorted(by_day, reverse=True)]


def _article(item: dict[str, object], symbol: str) -> NewsData | None:
    content = item.get("content")
    if not isinstance(content, dict) or not content.get("title") or not content.get("pubDate"):
        return None
    link = content.get("canonicalUrl") or content.get("clickThroughUrl") or {}
    source = content.get("provider") or {}
    try:
        published = datetime.fromisoformat(str(content["pubDate"]).replace("Z", "+00:00"))
    except ValueError:
        return None
    return NewsData(
        symbol=symbol,
        title=str(content["title"]),
        content=str(content.get("summary") or content.get("description") or ""),
        url=str(link.get("url", "")) if isinstance(link, dict) else "",
        source=str(source.get("displayName", "")) if isinstance(source, dict) else "",
        published_at=published if published.tzinfo else published.replace(tzinfo=UTC),
    )


def _snake(name: str) -> str:
    """``trailingPE`` gives ``trailing_pe``, ``Total Revenue`` gives ``total_revenue``."""
    return "_".join(word.lower() for word in _WORDS.findall(name))
