"""The latest news with their sentiment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.dashboard.content import Cause, Choice, Lines, Place, Source
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

SHOWN = 100


def _sentiment(value: object) -> str:
    score = cast("float | None", value)
    return fmt.NOTHING if score is None else f"{fmt.arrow(score)} {fmt.signed(score)}"


def _ago(value: object) -> str:
    return fmt.ago(cast("datetime", value))


class LatestNews(Source):
    """News of some symbols, or of all, the newest first."""

    empty: ClassVar[Notice] = Notice("No news yet", keys=(("0", "Data: fetch some"),))
    columns: ClassVar[tuple[Column, ...]] = (
        Column("When", 10, write=_ago, role=lambda _: "muted", first="descending"),
        Column("Symbol", 8),
        Column("Sent.", 7, "right", write=_sentiment, role=fmt.direction, first="descending"),
        Column("Title", 20, grow=1),
    )
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"jobs"})

    def __init__(self) -> None:
        self._symbols: dict[str, str] = {}

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | None:
        """Fetch the newest."""
        symbols = settings.get("symbols", "").replace(",", " ").split()
        found = await services.news.latest(symbols, limit=SHOWN)
        if not found:
            return None
        self._symbols = {one.id: one.symbol for one in found}
        rows = [
            Row(one.id, (one.published_at, one.symbol, one.sentiment_score, one.title), one.source)
            for one in found
        ]
        return Lines(f"News · {', '.join(symbols)}" if symbols else "News", rows)

    async def choices(self, services: Services) -> tuple[Choice, ...]:
        """Let the symbols be chosen."""
        return (Choice("symbols", "Symbols", "for example GOOG, MSFT; empty for all"),)

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place | None:
        """Lead to the symbol that the news are of."""
        symbol = self._symbols.get(key)
        return Place("symbol", symbol) if symbol else None
