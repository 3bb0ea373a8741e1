"""The chart of a symbol: bars at an interval, with indicators, comparisons and actions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from quant_tui.domain.errors import QuantError, StrategyError
from quant_tui.services.indicators import engine_is_loaded, read_indicators
from quant_tui.services.price_statistics import aligned
from quant_tui.ui.modals.symbol_jump import SymbolJump
from quant_tui.ui.reporting import report, toast
from quant_tui.ui.screens.symbol.bars_chart import (
    ChartChoice,
    bars_chart,
    panels_that_fit,
    remarks_of,
)
from quant_tui.ui.screens.symbol.chart_dialogs import DateDialog, IndicatorDialog
from quant_tui.ui.widgets.candle_chart import CandleChart
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice

if TYPE_CHECKING:
    from datetime import datetime

    from textual import events
    from textual.worker import Worker

    from quant_tui.services.price_series import Floats, PriceSeries
    from quant_tui.ui.app import QuantApp
    from quant_tui.ui.screens.symbol.view import SymbolView

BETWEEN_LINES = ";"
"""Stands between the lines of indicators in the setting."""

MOST_OTHERS = 5
"""Symbols that can be compared with."""


class ChartPage(Vertical):
    """Candles, volume, overlays and panels."""

    DEFAULT_CSS = """
    ChartPage {
        height: 1fr;
        & > CandleChart { height: 1fr; }
        & > MessagePanel { display: none; }
        &.-message > MessagePanel { display: block; }
        &.-message > CandleChart { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "interval(1)", "Interval", id="symbol.interval",
                tooltip="The next longer interval: days, weeks, months; and round again"),
        Binding("P", "interval(-1)", "Shorter interval", id="symbol.shorter", show=False,
                tooltip="The next shorter interval"),
        Binding("i", "indicators", "Indicators", id="symbol.indicators",
                tooltip="Choose what is drawn over the bars and in panels below them"),
        Binding("c", "compare", "Compare", id="symbol.compare",
                tooltip="Draw another symbol beside this one, both rebased; again takes it away"),
        Binding("C", "alone", "Compare none", id="symbol.alone", show=False,
                tooltip="Take all compared symbols away"),
        Binding("ctrl+g", "date", "Go to date", id="symbol.date", show=False,
                tooltip="Put the cursor on a date"),
        Binding("y", "copy", "Copy bar", id="symbol.copy", show=False,
                tooltip="Copy the bar under the cursor"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.chart = CandleChart(id="candles")
        self.panel = MessagePanel()
        self.interval = ""
        """The interval chosen; "" takes the usual one of each symbol."""
        self.lines: tuple[str, ...] = ()
        """Indicators, those of one panel on one line; as the setting has them at first."""
        self.others: tuple[str, ...] = ()
        """Symbols that are compared with, while they are another than the one shown."""
        self.prices: PriceSeries | None = None
        self._view: SymbolView | None = None
        self._panels = 0
        self._to_end = False

    def compose(self) -> ComposeResult:
        """Lay out the chart, and the panel that stands in for it."""
        yield self.chart
        yield self.panel

    def on_mount(self) -> None:
        """Take the indicators that were chosen last."""
        kept = cast("QuantApp", self.app).settings.ui.chart_indicators.split(BETWEEN_LINES)
        self.lines = tuple(line.strip() for line in kept if line.strip())

    def focus_first(self) -> None:
        """Give the keys to the chart."""
        (self.panel if self.has_class("-message") else self.chart).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Show as many panels as fit now."""
        if self._view is not None and panels_that_fit(event.size.height) != self._panels:
            self.draw()

    async def show_view(self, view: SymbolView) -> None:
        """Show the bars of a symbol."""
        self._view = view
        await self._show()

    def draw(self) -> None:
        """Draw anew, after something was chosen."""
        _drawing: Worker[None] = self.run_worker(
            self._draw, group="chart", exclusive=True, exit_on_error=False
        )

    async def _draw(self) -> None:
        try:
            await self._show()
        except QuantError as error:
            report(self, error)

    def go_to_end(self) -> None:
        """Put the cursor on the last bar when the bars that are on their way are there."""
        self._to_end = True

    @property
    def shown_interval(self) -> str:
        """The interval of the bars that are shown; "" without bars."""
        view = self._view
        if view is None:
            return ""
        return self.interval if self.interval in view.profile.intervals else (
            view.profile.usual_interval
        )  # fmt: skip

    async def _show(self) -> None:
        view = self._view
        if view is None:
            return
        if view.prices is None or not len(view.prices):
            self.prices = None
            self._message(view)
            return
        self.remove_class("-message")
        prices = await view.services.symbols.prices(view.profile, self.shown_interval, view.as_of)
        self._panels = panels_that_fit(self.size.height)
        if not engine_is_loaded() and self._view is view:
            # the engine takes a second to load: the bars alone are there meanwhile
            self.chart.show_bars(await asyncio.to_thread(bars_chart, prices, (), ChartChoice(), 0))
        try:
            choice = await asyncio.to_thread(read_choice, self.lines)
        except StrategyError as error:  # in the settings' file: the form lets none through
            report(self, error)
            self.lines, choice = (), ChartChoice()
        choice = replace(choice, others=await self._closes(view, prices))
        actions = view.profile.actions
        data = await asyncio.to_thread(bars_chart, prices, actions, choice, self._panels)
        if self._view is not view:
            return  # another symbol meanwhile
        self.prices = prices
        self.chart.show_bars(data, remarks=remarks_of(prices, actions), to_end=self._to_end)
        self._to_end = False
        if self.shown_interval == "1d" and view.as_of is None and view.profile.stores("1d"):
            shown = (*choice.overlays, *(one for panel in choice.panels for one in panel))
            view.services.indicator_rows.keep(prices, shown)

    async def _closes(
        self, view: SymbolView, prices: PriceSeries
    ) -> tuple[tuple[str, Floats], ...]:
        """Return the closes of the symbols compared with, on the dates of the bars."""
        found = []
        for symbol in self.others:
            if symbol == view.symbol:
                continue
            profile = await view.services.symbols.profile(symbol)
            other = await view.services.symbols.prices(profile, self.shown_interval, view.as_of)
            found.append((symbol, aligned(other.dates, other.close, prices.dates)))
        return tuple(found)

    def _message(self, view: SymbolView) -> None:
        self.chart.show_bars(None)
        self.add_class("-message")
        if view.prices is None:
            notice = Notice(
                f"No bars of {view.symbol}",
                "Its other pages show what else is known of it.",
                (("0", "Data: import or fetch bars"),),
            )
        else:
            notice = Notice(
                "Nothing was known yet",
                f"The first bar of {view.symbol} is later than the date that is looked at.",
                (("a", "Show everything again"),),
            )
        self.panel.show(notice)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer what makes sense now."""
        if self._view is None or self.has_class("-message"):
            return False
        if action == "interval":
            return len(self._view.profile.intervals) > 1
        if action == "alone":
            return bool(self.others)
        return True

    def action_interval(self, steps: int) -> None:
        """Take the next interval; it goes round."""
        if self._view is None:
            return
        names = self._view.profile.intervals
        self.interval = names[(names.index(self.shown_interval) + steps) % len(names)]
        self.draw()

    def action_indicators(self) -> None:
        """Ask for the indicators."""

        def chosen(lines: tuple[str, ...] | None) -> None:
            if lines is not None:
                self.lines = lines
                self.draw()
                self._remember()

        self.app.push_screen(IndicatorDialog(self.lines), chosen)

    def _remember(self) -> None:
        """Keep the indicators for the next start."""
        from quant_tui.config.settings import remember

        settings = cast("QuantApp", self.app).settings
        try:
            remember(settings, "ui", "chart_indicators", f"{BETWEEN_LINES} ".join(self.lines))
        except QuantError as error:
            report(self, error)

    def action_compare(self) -> None:
        """Ask for a symbol to compare with; one that is compared with already goes away."""
        if self._view is None:
            return

        def chosen(symbol: str | None) -> None:
            if not symbol or self._view is None or symbol == self._view.symbol:
                return
            if symbol in self.others:
                self.others = tuple(one for one in self.others if one != symbol)
            elif len(self.others) < MOST_OTHERS:
                self.others = (*self.others, symbol)
            else:
                toast(self.app, f"{MOST_OTHERS} symbols are compared already; C takes them away.")
            self.draw()

        self.app.push_screen(SymbolJump(self._view.services.symbols, "Compare with"), chosen)

    def action_alone(self) -> None:
        """Compare with none."""
        self.others = ()
        self.draw()

    def action_date(self) -> None:
        """Ask for a date, and put the cursor there."""

        def chosen(moment: datetime | None) -> None:
            if moment is not None:
                self.chart.go_to(moment)

        self.app.push_screen(DateDialog(), chosen)

    def action_copy(self) -> None:
        """Copy the bar under the cursor, or the last one, with tabs between."""
        prices, at = self.prices, self.chart.cursor
        if prices is None:
            return
        at = len(prices) - 1 if at is None else at
        figures = (prices.open, prices.high, prices.low, prices.close, prices.volume)
        values = [f"{float(one[at]):g}" for one in figures]
        self.app.copy_to_clipboard("\t".join([prices.symbol, str(prices.dates[at]), *values]))
        toast(self.app, "Bar copied", seconds=2)


def read_choice(lines: tuple[str, ...]) -> ChartChoice:
    """Sort lines of indicators into those over the bars and those in panels below.

    Raises
    ------
    StrategyError
        When one cannot be used.
    """
    groups = [read_indicators(line) for line in lines]
    panels = [
        tuple(one for one in group if not (one.on_price or one.condition)) for group in groups
    ]
    return ChartChoice(
        overlays=tuple(one for group in groups for one in group if one.on_price or one.condition),
        panels=tuple(panel for panel in panels if panel),
    )
