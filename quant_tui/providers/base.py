"""What every source of market data is and gives, and the registry of sources.

A package of its own adds one through the entry-point group ``quant_tui.providers``::

    [project.entry-points."quant_tui.providers"]
    my_broker = "my_broker.quant_tui:MyBroker"

where ``MyBroker`` derives from :class:`Provider`, names its capabilities, and defines the
methods that go with them. It fetches; what to fetch, adjusting and storing are the
program's (``services.fetching``).
"""
# ruff: noqa: ARG002 -- arguments are for the providers that derive

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData

if TYPE_CHECKING:
    import pyarrow as pa

ENTRY_POINTS = "quant_tui.providers"
"""Entry-point group through which other packages add a source."""

BUILT_IN = {
    "alpha_vantage": "quant_tui.providers.alpha_vantage.provider:AlphaVantage",
    "file": "quant_tui.providers.files:FileProvider",
    "yahoo": "quant_tui.providers.yahoo:Yahoo",
}

FETCHED = frozenset({"bars", "company", "news", "economic"})
"""Kinds of data that are fetched; ``files`` is for ``data import``."""

INTERVALS = ("1d", "1m", "5m", "15m", "30m", "1h")
"""Of bars that are fetched."""

UNADJUSTED, FOR_SPLITS, FOR_ALL = "none", "splits", "splits and dividends"
"""What prices are adjusted for, as import batches say it."""


class Source(Protocol):
    """What a source says about itself.

    Attributes
    ----------
    name
        As in commands and in the source column.
    title
        As shown to people.
    capabilities
        What it gives: kinds of :data:`FETCHED`, ``search``, ``files``.
    secret
        Name of its key among the secrets; empty when it needs none.
    """

    name: str
    title: str
    capabilities: frozenset[str]
    secret: str


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """What a provider is opened with.

    Attributes
    ----------
    settings
        All settings; a provider reads its own section, and where files lie.
    key
        The value of its secret; empty when it needs none.
    """

    settings: Settings
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BarsQuery:
    """Which bars to fetch.

    Attributes
    ----------
    symbol
        As the provider names it.
    interval
        One of :data:`INTERVALS`.
    start, end
        First and last day, both included; None for all there is.
    adjusted
        Whether splits and dividends are to be had with them, so that prices can be
        adjusted; intraday bars are then adjusted by the provider itself.
    extended_hours
        Whether intraday bars before and after the session are wanted.
    """

    symbol: str
    interval: str = "1d"
    start: date | None = None
    end: date | None = None
    adjusted: bool = True
    extended_hours: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A split, a dividend, or both on one ex-date.

    ``split_ratio`` is new shares for one old share (1 for no split), ``dividend`` cash a
    share in the basis of the bars that it came with (0 for none).
    """

    date: date
    split_ratio: float = 1.0
    dividend: float = 0.0


@dataclass(frozen=True, slots=True)
class FetchedBars:
    """Bars as the provider gave them.

    Attributes
    ----------
    table
        Arrow table with symbol, date (DATE of sessions, or naive TIMESTAMP in UTC
        intraday), open, high, low, close, volume: rising by date, none twice, nothing
        missing. It holds only bars that are over.
    adjustment
        What its prices are adjusted for already: :data:`UNADJUSTED` (then dividends are
        as they were paid), :data:`FOR_SPLITS`, :data:`FOR_ALL`.
    actions
        All splits and dividends known, oldest first; None when they were not asked for.
    complete_from
        First day from which nothing that exists is missing; None when the table goes back
        to the first bar there is.
    unfinished
        Bars that were left out because their session or interval is not over yet.
    notes
        What a person should know, for example that a plan gives no older bars.
    """

    table: pa.Table
    adjustment: str
    actions: tuple[Action, ...] | None = None
    complete_from: date | None = None
    unfinished: tuple[datetime, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SymbolMatch:
    """One symbol that a search or a list of symbols gives.

    ``score`` is 0 to 1 in a search, None in a list; ``until`` is the day of delisting.
    """

    symbol: str
    name: str
    kind: str = ""
    region: str = ""
    currency: str = ""
    score: float | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests a plan still allows.

    Attributes
    ----------
    per_day
        Requests a day; 0 when the plan has no such limit.
    used
        Today, by every instance that shares the data folder.
    left
        Still allowed today; None without a daily limit.
    spacing
        Least seconds between two requests.
    resets_at
        When the day's count begins anew, aware.
    """

    per_day: int
    used: int
    left: int | None
    spacing: float
    resets_at: datetime

    def eta_seconds(self, requests: int) -> float:
        """Return the seconds that so many requests need at least."""
        return max(0, requests - 1) * self.spacing


class Provider(Source, Protocol):
    """A source that data are fetched from; derive from it and define what you give.

    Methods are asynchronous and raise the errors of ``domain.errors.ProviderError``;
    cancelling the task that awaits one stops it at once. ``sent`` counts the requests that
    were sent, repeated ones too.
    """

    name: str
    title: str
    capabilities: frozenset[str]
    secret: str = ""
    sent: int = 0

    def __init__(self, access: ProviderAccess) -> None:
        """Open it; nothing is sent yet."""

    async def bars(self, query: BarsQuery) -> FetchedBars:
        """Return bars, and splits and dividends when adjusted ones are wanted."""
        raise self._not_given("bars")

    async def company(self, symbol: str) -> Company:
        """Return who stands behind a symbol, with its financial statements.

        ``financials`` holds ``overview`` (figures of today), and under ``quarterly`` and
        ``annual`` lists of reports, newest first: each ``fiscal_date_ending``,
        ``reported_date`` (None when not known) and figures by snake_case name.
        """
        raise self._not_given("companies")

    async def news(self, symbol: str, since: datetime | None = None) -> list[NewsData]:
        """Return news that name a symbol, published at or after ``since``.

        One item a symbol and article, for every symbol that the article names.
        """
        raise self._not_given("news")

    async def economic(self, series: str) -> list[EconomicIndicator]:
        """Return all values of one of :meth:`series`."""
        raise self._not_given("economic series")

    async def search(self, text: str) -> list[SymbolMatch]:
        """Return symbols whose name or company matches, best first."""
        raise self._not_given("search")

    async def listed(self, on: date | None = None) -> list[SymbolMatch]:
        """Return every symbol that is listed, or was on a day."""
        raise self._not_given("list of symbols")

    def series(self) -> tuple[str, ...]:
        """Return the names of the economic series that it has."""
        return ()

    def requests(self, kind: str, query: BarsQuery | None = None) -> int:
        """Return how many requests one fetch of a kind takes; ``query`` goes with bars."""
        return 1

    def budget(self) -> Budget | None:
        """Return what its plan still allows; None when it has no limits."""
        return None

    async def close(self) -> None:
        """Close its connections."""

    def _not_given(self, what: str) -> InvalidInput:
        return InvalidInput(
            f"{self.title} gives no {what}.",
            field="provider",
            hint=f"It gives {', '.join(sorted(self.capabilities))}.",
        )


def provider_names() -> tuple[str, ...]:
    """Return the names of all sources, without importing any of them."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=ENTRY_POINTS))}))


def get_provider(name: str) -> type[Source]:
    """Return a source's class, importing it.

    Raises
    ------
    NotFound
        When no source has this name.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        return cast("type[Source]", getattr(import_module(module), attribute))
    for point in entry_points(group=ENTRY_POINTS, name=name):
        return cast("type[Source]", point.load())
    raise NotFound(
        f"There is no market-data provider {name!r}.",
        hint=f"Choose one of {', '.join(provider_names())}.",
    )


def get_fetcher(name: str) -> Callable[[ProviderAccess], Provider]:
    """Return the class of a source that data can be fetched from.

    Raises
    ------
    NotFound
        When no source has this name.
    InvalidInput
        When it is one of files.
    """
    found = get_provider(name)
    if not found.capabilities & FETCHED:
        raise InvalidInput(
            f"{found.title}: nothing can be fetched from there.",
            field="provider",
            hint="Import a file with: quant-tui data import PATH",
        )
    return cast("Callable[[ProviderAccess], Provider]", found)
