"""The kinds of widget that a dashboard can hold; adding one touches its own file and a line here.

Each is imported when a layout that shows it is first looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quant_tui.ui.screens.dashboard.content import Source

_SOURCES = "quant_tui.ui.screens.dashboard.sources"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of widget.

    Attributes
    ----------
    code
        As layouts keep it.
    title, about
        As people choose it.
    factory
        ``module:Class`` of its source.
    width, height
        Columns and lines that a new one begins with.
    """

    code: str
    title: str
    about: str
    factory: str
    width: int = 6
    height: int = 10

    def make(self) -> Source:
        """Import and make its source."""
        module, _, name = self.factory.partition(":")
        made: Source = getattr(import_module(module), name)()
        return made


KINDS: tuple[Kind, ...] = (
    Kind("alerts", "Alerts", "conditions of watchlists that became true",
         f"{_SOURCES}.alerts:AlertLog", 6, 8),
    Kind("backtests", "Recent backtests", "the newest runs and how they went",
         f"{_SOURCES}.backtests:RecentBacktests", 8, 9),
    Kind("chart", "Chart", "the closes of one symbol over a year",
         f"{_SOURCES}.chart:SymbolChart", 6, 12),
    Kind("economic", "Economic series", "one macro-economic series over time",
         f"{_SOURCES}.economic:EconomicChart", 6, 12),
    Kind("freshness", "Data freshness", "how old the bars of each symbol are",
         f"{_SOURCES}.freshness:SymbolFreshness", 4, 11),
    Kind("jobs", "Running jobs", "what runs now, and what ended last",
         f"{_SOURCES}.jobs:RecentJobs", 4, 9),
    Kind("models", "Model status", "trained models and where each stands",
         f"{_SOURCES}.models:ModelStatus", 6, 8),
    Kind("news", "News", "the latest news with their sentiment",
         f"{_SOURCES}.news:LatestNews", 6, 12),
    Kind("portfolio", "Portfolio value", "the value of a portfolio by day",
         f"{_SOURCES}.portfolio:PortfolioValue", 6, 12),
    Kind("watchlist", "Watchlist", "quotes of one list",
         f"{_SOURCES}.watchlist:WatchlistQuotes", 8, 11),
)  # fmt: skip

BY_CODE = {kind.code: kind for kind in KINDS}
