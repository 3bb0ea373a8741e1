"""The news of a symbol: a list, one item whole, and the sentiment of the days by the price."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.symbol.header import price_writer
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.chart_axes import TimeAxis
from quant_tui.ui.widgets.chart_data import ChartData, Markers, Pane, Series
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page, heading
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quant_tui.domain.market_data import NewsData
    from quant_tui.services.news import SentimentDay
    from quant_tui.services.price_series import Floats, PriceSeries
    from quant_tui.ui.screens.symbol.view import SymbolView

MOST_ITEMS = 500
"""Items that are listed, the newest ones."""

LEAST_BARS = 60
"""Fewest bars of the chart, where there are so many."""

AVERAGE_OF = 5
"""Days with news that the line of the sentiment averages."""


def _day(value: object) -> str:
    return fmt.day(cast("datetime | None", value))


def sentiment(value: object) -> str:
    """Write a score with its direction."""
    score = cast("float | None", value)
    return fmt.NOTHING if score is None else f"{fmt.arrow(score)} {fmt.signed(score)}"


def _muted(_value: object) -> str:
    return "muted"


COLUMNS = (
    Column("Published", 10, write=_day, role=_muted, first="descending"),
    Column("Score", 7, "right", write=sentiment, role=fmt.direction, first="descending"),
    Column("Title", 30, grow=3),
    Column("Source", 10, role=_muted, grow=1),
    Column("Topics", 12, role=_muted, grow=1),
)


class NewsPage(Vertical):
    """Chart above, list and item below; the chart alone where one asks for it."""

    DEFAULT_CSS = """
    NewsPage {
        & > Chart { height: 2fr; border-bottom: solid $rule; }
        & > MasterDetail { height: 3fr; }
        & > MasterDetail > .-detail { width: 2fr; }
        &.-low > Chart { display: none; }
        &.-chart > Chart { display: block; }
        &.-chart > MasterDetail { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "chart", "Full size", id="news.chart",
                tooltip="The chart of the sentiment alone, or the list again"),
        Binding("escape", "back", "List", id="news.back", tooltip="Back to the list"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.chart = Chart(id="sentiment")
        self.table = Table(COLUMNS, empty=Notice("No news"), id="news-list")
        self.item = Page(id="news-item")
        self.parts = MasterDetail(self.table, self.item)
        self._items: dict[str, NewsData] = {}

    def compose(self) -> ComposeResult:
        """Lay out chart, list and item."""
        yield self.chart
        yield self.parts

    def on_resize(self) -> None:
        """Leave the chart out where there is no room for it."""
        self.set_class(self.size.height < 22, "-low")

    def focus_first(self) -> None:
        """Give the keys to the list."""
        if self.has_class("-chart"):
            self.chart.focus()
        elif self.parts.detail_open:
            self.item.focus()
        else:
            self.table.focus()

    async def show_view(self, view: SymbolView) -> None:
        """Show the news of a symbol, up to the date that is looked at."""
        news = view.services.news
        items, days = await asyncio.gather(
            news.latest((view.symbol,), until=view.as_of, limit=MOST_ITEMS),
            news.sentiment(view.symbol, until=view.as_of),
        )
        self._items = {one.id: one for one in items}
        until = f" up to {view.as_of:%Y-%m-%d}" if view.as_of is not None else ""
        self.table.empty = Notice(
            f"No news of {view.symbol}{until}",
            "Headlines with their sentiment come from a provider.",
            (("0", "Data: fetch (r)"),),
        )
        self.table.set_rows(
            Row(
                one.id,
                (one.published_at, one.sentiment_score, one.title, one.source,
                 ", ".join(one.topics)),
                also=one.content,
            )
            for one in items
        )  # fmt: skip
        chart = None
        if view.prices is not None and len(view.prices) > 1 and days:
            chart = await asyncio.to_thread(sentiment_chart, view.prices, days)
        self.chart.show(chart)
        self._show_item()
        self.refresh_bindings()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the item under the cursor."""
        event.stop()
        self._show_item()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into the item."""
        event.stop()
        self.parts.open_detail(self.item)
        self.refresh_bindings()

    def _show_item(self) -> None:
        item = self._items.get(self.table.cursor_key)
        self.item.show(partial(item_lines, item) if item is not None else None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer the way back only when there is one."""
        if action == "back":
            return self.parts.detail_open or self.has_class("-chart")
        return bool(self._items)

    def action_chart(self) -> None:
        """Show the chart alone, or the list again."""
        self.toggle_class("-chart")
        self.call_after_refresh(self.focus_first)
        self.refresh_bindings()

    def action_back(self) -> None:
        """Go back to the list."""
        self.remove_class("-chart")
        if not self.parts.close_detail():
            self.call_after_refresh(self.focus_first)
        self.refresh_bindings()


def item_lines(item: NewsData, width: int) -> list[Content]:
    """Write one item: title, where it is from, sentiment, topics, text, address."""
    score = item.sentiment_score
    role = {"up": "$up", "down": "$down"}.get(fmt.direction(score), "$text-muted")
    told = Content.assemble(
        (f"{fmt.moment(item.published_at)}  {item.source}  ", "$text-muted"),
        (sentiment(score) if score is not None else "not rated", role),
    )
    lines = [*Content.styled(item.title, "bold").wrap(width), told]
    if item.topics:
        lines.append(Content.styled(", ".join(item.topics), "$accent"))
    lines += [Content(""), heading("Text", width)]
    for paragraph in (item.content or "No text is stored.").splitlines():
        lines += Content(paragraph).wrap(width) if paragraph else [Content("")]
    if item.url:
        lines += [Content(""), *Content.styled(item.url, "$text-muted").wrap(width)]
    return lines


def sentiment_chart(prices: PriceSeries, days: Sequence[SentimentDay]) -> ChartData:
    """Draw up the close over the sentiment: a mark a day, and the mean of the last few.

    News of a day without a session stands on the next session, or on the last bar.
    """
    sessions = prices.dates.astype("datetime64[D]")
    dated = np.array([np.datetime64(one.day, "D") for one in days])
    rows = np.minimum(np.searchsorted(sessions, dated), len(prices) - 1)
    scores = np.array([one.sentiment for one in days])
    items = np.array([one.items for one in days], dtype=np.float64)
    start = max(0, min(int(rows[0]), len(prices) - LEAST_BARS))
    found, at = np.unique(rows, return_inverse=True)
    weight: Floats = np.bincount(at, weights=items).astype(np.float64)
    means = np.bincount(at, weights=items * scores) / weight
    places = found - start
    marks = [
        Markers(name, places[chosen], means[chosen], mark, "up" if mark == "▲" else "down")
        for name, mark, chosen in (("good", "▲", means > 0), ("bad", "▼", means < 0))
        if chosen.any()
    ]
    line = np.full(len(prices) - start, np.nan)
    line[places] = _running_mean(means, weight)
    known = np.flatnonzero(np.isfinite(line))
    line = line[known[np.maximum(0, np.searchsorted(known, np.arange(len(line)), "right") - 1)]]
    line[: places[0]] = np.nan
    pane = Pane(
        (Series(f"sentiment, mean of {AVERAGE_OF} days", line, "second"),),
        write=partial(fmt.signed, decimals=2),
        level=0.0,
        markers=tuple(marks),
    )
    close = Pane(
        (Series("Close", prices.close[start:], "first"),),
        write=price_writer(prices.close),
        may_log=True,
    )
    return ChartData(TimeAxis(prices.dates[start:]), (close, pane))


def _running_mean(means: Floats, weights: Floats) -> Floats:
    """Return the mean over the items of the last few days with news."""
    total = np.concatenate(([0.0], np.cumsum(means * weights)))
    count = np.concatenate(([0.0], np.cumsum(weights)))
    last = np.arange(1, len(means) + 1)
    first = np.maximum(0, last - AVERAGE_OF)
    found: Floats = (total[last] - total[first]) / (count[last] - count[first])
    return found
