"""Alpha Vantage as a source that data are fetched from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from quant_tui.domain.errors import DailyLimitReached, KeyRefused, RequestRefused
from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData
from quant_tui.providers.alpha_vantage import bars as bar_answers
from quant_tui.providers.alpha_vantage import companies, economic, news, symbols
from quant_tui.providers.alpha_vantage.answers import TITLE, read_lines, read_object
from quant_tui.providers.base import (
    FOR_ALL,
    UNADJUSTED,
    BarsQuery,
    Budget,
    FetchedBars,
    Provider,
    ProviderAccess,
    SymbolMatch,
)
from quant_tui.providers.budget import Plan, RequestBudget
from quant_tui.providers.http import HttpSource, Patience

T = TypeVar("T")

PLANS = {"free": (60, 25), "premium": (75, 0)}
"""Requests a minute and a day (0: no limit) by plan, as sold in 2026."""

COMPACT_DAYS = 130
"""Calendar days that a compact daily answer surely spans: 100 sessions are 140 or more."""

RECENT_DAYS = 28
"""Calendar days that an intraday answer without a month spans."""

FIRST_INTRADAY = date(2000, 1, 1)


class AlphaVantage(Provider):
    """Bars, companies, news and economic series; one request at a time, at the plan's pace."""

    name = "alpha_vantage"
    title = TITLE
    capabilities = frozenset({"bars", "company", "news", "economic", "search"})
    secret = "alpha_vantage_api_key"  # noqa: S105 -- its name, not its value

    def __init__(
        self,
        access: ProviderAccess,
        *,
        patience: Patience | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        mine = access.settings.alpha_vantage
        per_minute, per_day = PLANS[mine.plan]
        self._clock = clock or (lambda: datetime.now(UTC))
        self._budget = RequestBudget(
            access.settings.locations.data / "requests" / f"{self.name}.json",
            Plan(mine.requests_per_minute or per_minute, mine.requests_per_day or per_day),
            self.title,
            self._clock,
        )
        self._key = access.key
        budget = self._budget
        self._http = HttpSource(
            mine.base_url, self.title, access.key, budget.turn, budget.give_back, patience
        )
        self._premium = mine.plan == "premium"
        self._full = True
        """Whether the plan gives whole series; found out by asking once."""

    @property
    def sent(self) -> int:  # type: ignore[override]  # counted where requests are sent
        """Requests sent, repeated ones too."""
        return self._http.sent

    def budget(self) -> Budget:
        """Return what the plan still allows."""
        return self._budget.state()

    def series(self) -> tuple[str, ...]:
        """Return the names of the economic series."""
        return tuple(economic.SERIES)

    def requests(self, kind: str, query: BarsQuery | None = None) -> int:
        """Return how many requests one fetch of a kind takes."""
        if kind == "company":
            return len(companies.FUNCTIONS)
        if query is None:
            return 1
        if query.interval != "1d":
            return len(self._months(query)) or 1
        return 3 if query.adjusted and not self._premium else 1

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    # ---------------------------------------------------------------------- bars

    async def bars(self, query: BarsQuery) -> FetchedBars:
        """Return bars.

        Daily ones come as they were traded, with all splits and dividends when adjusted
        ones are wanted: in one answer on a premium plan, in three on a free one. Where the
        plan gives only the last hundred sessions, so many come, and a note says so.
        Intraday ones come a month an answer, adjusted by Alpha Vantage.
        """
        if query.interval != "1d":
            return await self._intraday(query)
        parameters = {"symbol": query.symbol}
        now = self._clock()
        compact = self._is_short(query)
        notes: list[str] = []
        complete_from: date | None = None
        if query.adjusted and self._premium:
            function = "TIME_SERIES_DAILY_ADJUSTED"
        else:
            function = "TIME_SERIES_DAILY"
        understand = partial(bar_answers.sessions, symbol=query.symbol, now=now)
        ask = {"function": function, **parameters}
        if not compact and self._full:
            try:
                series = await self._ask({**ask, "outputsize": "full"}, understand)
            except KeyRefused as error:
                if error.whole_key or function != "TIME_SERIES_DAILY":
                    raise
                self._full = False
        if compact or not self._full:
            series = await self._ask({**ask, "outputsize": "compact"}, understand)
            if series.table.num_rows >= bar_answers.COMPACT_BARS - len(series.unfinished):
                complete_from = series.table["date"][0].as_py()
            if not compact and complete_from is not None:
                notes.append(
                    f"this plan gives only the last {bar_answers.COMPACT_BARS} sessions, from "
                    f"{complete_from}: older ones need a premium key"
                )
        actions = series.actions
        if query.adjusted and actions is None:
            actions = bar_answers.merged(
                [
                    *await self._ask(
                        {"function": "SPLITS", **parameters},
                        partial(bar_answers.splits, symbol=query.symbol),
                    ),
                    *await self._ask(
                        {"function": "DIVIDENDS", **parameters},
                        partial(bar_answers.dividends, symbol=query.symbol),
                    ),
                ]
            )
        return FetchedBars(
            table=series.table,
            adjustment=UNADJUSTED,
            actions=actions,
            complete_from=complete_from,
            unfinished=series.unfinished,
            notes=(*series.notes, *notes),
        )

    async def _intraday(self, query: BarsQuery) -> FetchedBars:
        import pyarrow as pa

        minutes = bar_answers.MINUTES[query.interval]
        now = self._clock()
        ask = {
            "function": "TIME_SERIES_INTRADAY",
            "symbol": query.symbol,
            "interval": f"{minutes}min",
            "adjusted": _word(query.adjusted),
            "extended_hours": _word(query.extended_hours),
            "outputsize": "full",
        }
        understand = partial(
            bar_answers.intraday, symbol=query.symbol, interval=query.interval, now=now
        )
        months = self._months(query)
        asks = [{**ask, "month": month} for month in months] or [ask]
        parts = [await self._ask(one, understand) for one in asks]
        table = pa.concat_tables([part.table for part in parts])
        complete_from = query.start
        if not months and table.num_rows:
            first = table["date"][0].as_py().date()
            complete_from = max(first, query.start) if query.start else first
        return FetchedBars(
            table=table,
            adjustment=FOR_ALL if query.adjusted else UNADJUSTED,
            complete_from=complete_from,
            unfinished=tuple(when for part in parts for when in part.unfinished),
            notes=tuple(note for part in parts for note in part.notes),
        )

    def _is_short(self, query: BarsQuery) -> bool:
        if query.start is None:
            return False
        return (self._clock().date() - query.start).days < COMPACT_DAYS

    def _months(self, query: BarsQuery) -> list[str]:
        """Return the months to ask for; none when the last thirty days hold all of it."""
        today = self._clock().date()
        start = query.start
        if start is None or start > today - timedelta(days=RECENT_DAYS):
            return []
        return bar_answers.months(max(start, FIRST_INTRADAY), query.end or today)

    # ------------------------------------------------------- companies, news, series

    async def company(self, symbol: str) -> Company:
        """Return a company with its statements of all years."""
        answers = {
            function: await self._ask({"function": function, "symbol": symbol}, _as_it_is)
            for function in companies.FUNCTIONS
        }
        return companies.company(answers, symbol)

    async def news(self, symbol: str, since: datetime | None = None) -> list[NewsData]:
        """Return the newest thousand articles on a symbol, or those since a time."""
        ask = {"function": "NEWS_SENTIMENT", "tickers": symbol, "limit": str(news.LIMIT)}
        found: list[NewsData] = []
        while True:
            if since is not None:
                ask["time_from"] = since.astimezone(UTC).strftime("%Y%m%dT%H%M")
            ask["sort"] = "LATEST" if since is None else "EARLIEST"
            try:
                part = await self._ask(ask, news.articles)
            except RequestRefused as error:
                if news.is_empty(error):
                    return found
                raise
            found += part
            times = [one.published_at for one in part if one.symbol == symbol]
            if since is None or len(times) < news.LIMIT or max(times) <= since:
                return found
            # One answer holds no more: go on from the newest that came.
            since = max(times)

    async def economic(self, series: str) -> list[EconomicIndicator]:
        """Return the values of a series."""
        return await self._ask(
            economic.SERIES[series],
            partial(economic.values, series=series, source=self.name),
        )

    async def search(self, text: str) -> list[SymbolMatch]:
        """Return the symbols that match a text."""
        return await self._ask({"function": "SYMBOL_SEARCH", "keywords": text}, symbols.matches)

    async def listed(self, on: date | None = None) -> list[SymbolMatch]:
        """Return the symbols listed in the United States today or on a day."""
        ask = {"function": "LISTING_STATUS", "state": "active"}
        if on is not None:
            ask["date"] = on.isoformat()
        return await self._send(ask, lambda text: symbols.listing(read_lines(text)))

    # ------------------------------------------------------------------- requests

    async def _ask(
        self, parameters: dict[str, str], understand: Callable[[dict[str, object]], T]
    ) -> T:
        return await self._send(parameters, lambda text: understand(read_object(text)))

    async def _send(self, parameters: dict[str, str], understand: Callable[[str], T]) -> T:
        try:
            return await self._http.get({**parameters, "apikey": self._key}, understand)
        except DailyLimitReached:
            self._budget.exhaust()
            raise self._budget.refusal() from None


def _as_it_is(answer: dict[str, object]) -> dict[str, object]:
    return answer


def _word(wanted: bool) -> str:
    return "true" if wanted else "false"
