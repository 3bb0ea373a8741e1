"""Economic series beside a symbol: how they go together, and one of them against the price."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from quant_tui.services.point_in_time import known_by, macro
from quant_tui.services.price_series import as_datetime64
from quant_tui.services.price_statistics import EconomicLink, economic_link
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.charts import ChartPanel
from quant_tui.ui.screens.symbol.header import price_writer
from quant_tui.ui.screens.symbol.view import NO_BARS
from quant_tui.ui.widgets.chart_axes import TimeAxis
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_tui.domain.market_data import EconomicIndicator
    from quant_tui.services.economics import EconomicSeries
    from quant_tui.services.price_series import PriceSeries
    from quant_tui.ui.screens.symbol.view import SymbolView

EMPTY = Notice(
    "No economic series",
    "Growth, prices, employment and rates stand here beside the symbol once they are stored.",
    (("0", "Data: sample data, fetch"),),
)


def _muted(_value: object) -> str:
    return "muted"


def _correlation(value: object) -> str:
    found = cast("float | None", value)
    return fmt.NOTHING if found is None else fmt.signed(found)


def _count(value: object) -> str:
    return fmt.integer(cast("float | None", value))


COLUMNS = (
    Column("Series", 16, grow=2),
    Column("Every", 7, role=_muted),
    Column("Pairs", 6, "right", write=_count, first="descending"),
    Column("r", 6, "right", write=_correlation, first="descending"),
    Column("r next", 6, "right", write=_correlation, first="descending"),
    Column("Unit", 10, role=_muted, grow=1),
)


class EconomyPage(Vertical):
    """The series with their correlations beside the chart of one of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "List", id="economy.back", tooltip="Back to the list"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.table = Table(COLUMNS, empty=EMPTY, id="series-list")
        self.panel = ChartPanel("Against the price", id="series-chart")
        self.parts = MasterDetail(self.table, self.panel)
        self._view: SymbolView | None = None
        self._values: dict[str, list[EconomicIndicator]] = {}
        self._links: dict[str, EconomicLink] = {}

    def compose(self) -> ComposeResult:
        """Lay out list and chart."""
        yield self.parts

    def focus_first(self) -> None:
        """Give the keys to the list, or to the chart that was gone into."""
        if self.parts.detail_open:
            self.panel.chart.focus()
        else:
            self.table.focus()

    async def show_view(self, view: SymbolView) -> None:
        """Show the series, and how they go together with a symbol."""
        self._view = view
        self.table.show_loading()
        economics = view.services.economics
        series = await economics.series()
        self._values, self._links = {}, {}
        for one in series:
            self._values[one.name] = known_by(await economics.values(one.name), view.as_of)
        prices = view.prices if view.prices is not None and len(view.prices) > 1 else None
        if prices is not None:
            self._links = await asyncio.to_thread(_links, prices, self._values)
        if self._view is not view:
            return
        self.table.set_rows(Row(one.name, self._row(one)) for one in series)
        await self._show_chart()

    def _row(self, one: EconomicSeries) -> tuple[object, ...]:
        link = self._links.get(one.name)
        if link is None:
            return (one.name, "", None, None, None, one.unit)
        return (one.name, link.every, link.pairs, link.correlation, link.ahead, one.unit)

    async def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Draw the series under the cursor."""
        event.stop()
        await self._show_chart()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go to the chart."""
        event.stop()
        self.parts.open_detail(self.panel.chart)
        self.refresh_bindings()

    async def _show_chart(self) -> None:
        view, name = self._view, self.table.cursor_key
        values = self._values.get(name)
        if view is None or view.prices is None or len(view.prices) < 2 or not values:
            self.panel.show(None, why=NO_BARS if values else "")
            return
        chart = await asyncio.to_thread(series_chart, view.prices, name, values)
        if self.table.cursor_key == name:
            self.panel.show(chart, _said(self._links.get(name)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer the way back only when there is one."""
        return self.parts.detail_open

    def action_back(self) -> None:
        """Go back to the list."""
        self.parts.close_detail()


def _links(
    prices: PriceSeries, values: dict[str, list[EconomicIndicator]]
) -> dict[str, EconomicLink]:
    return {name: economic_link(prices, found) for name, found in values.items()}


def series_chart(prices: PriceSeries, name: str, values: Sequence[EconomicIndicator]) -> ChartData:
    """Draw up the close over a series, each figure from its release until the next one's."""
    dates = np.array([as_datetime64(one.date) for one in values], dtype="datetime64[us]")
    figures = np.array([one.value for one in values], dtype=np.float64)
    line = macro(name, dates.astype("datetime64[D]"), figures, prices.dates)
    most = float(np.nanmax(np.abs(figures))) if len(figures) else 0.0
    write = fmt.compact if most >= 100_000 else partial(fmt.number, decimals=2)
    close = Pane(
        (Series(prices.symbol, prices.close, "first"),),
        write=price_writer(prices.close),
        may_log=True,
    )
    return ChartData(
        TimeAxis(prices.dates), (close, Pane((Series(name, line, "second"),), write=write))
    )


def _said(link: EconomicLink | None) -> Content:
    if link is None:
        return Content("")
    if link.correlation is None:
        return Content.styled(f"No correlation: {link.why}.", "$text-muted")
    change = "difference" if link.differences else "relative change"
    return Content.styled(
        f"r {fmt.signed(link.correlation)}: {change} of the series with the return of the same "
        f"{link.every}, {link.pairs:,} pairs; r next {_correlation(link.ahead)}: with that of the "
        f"{link.every} after. r goes by the figure's own period; the chart and as-of by its "
        "usual day of release, which comes later.",
        "$text-muted",
    )
