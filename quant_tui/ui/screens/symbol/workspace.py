"""The symbol view: a heading, page names, and one of the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from quant_tui.services.chat_selection import Selection, of_symbols
from quant_tui.ui.commands import Command
from quant_tui.ui.modals.symbol_jump import SymbolJump
from quant_tui.ui.screens.symbol.chart_dialogs import read_date
from quant_tui.ui.screens.symbol.chart_page import ChartPage
from quant_tui.ui.screens.symbol.header import head_line
from quant_tui.ui.screens.symbol.view import SymbolPart, SymbolView
from quant_tui.ui.symbol_target import read_target
from quant_tui.ui.widgets.candle_chart import CandleChart
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.paged import Paged
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from datetime import datetime

    from textual.widget import Widget

    from quant_tui.services.arrivals import BarsArrived
    from quant_tui.services.composition import Services
    from quant_tui.services.symbols import SymbolProfile

_PAGES = "quant_tui.ui.screens.symbol"
PAGES: tuple[tuple[str, str, str], ...] = (
    ("chart", "Chart", f"{_PAGES}.chart_page:ChartPage"),
    ("drawdown", "Drawdown", f"{_PAGES}.drawdown_page:DrawdownPage"),
    ("seasons", "Seasonality", f"{_PAGES}.seasonality_page:SeasonalityPage"),
    ("returns", "Returns", f"{_PAGES}.returns_page:ReturnsPage"),
    ("company", "Company", f"{_PAGES}.company_page:CompanyPage"),
    ("news", "News", f"{_PAGES}.news_page:NewsPage"),
    ("economy", "Economy", f"{_PAGES}.economy_page:EconomyPage"),
    ("data", "Data", f"{_PAGES}.data_page:DataPage"),
)
"""Name, title, and where each page is, imported at its first visit; see :mod:`.view`."""

EMPTY = Notice(
    "No symbol to show",
    "There are no market data yet. A symbol opens here from every list of symbols.",
    (("0", "Data: sample data, import"),),
)


class Symbol(Workspace, Paged):
    """Everything about one symbol."""

    BINDING_GROUP_TITLE = "Symbol"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Page", id="symbol.next_page",
                key_display="[ ]", tooltip="Next page of the symbol"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="symbol.previous_page",
                show=False, tooltip="Previous page of the symbol"),
        Binding("J,shift+down", "step(1)", "Symbol", id="symbol.next", key_display="J K",
                tooltip="Next symbol of the list one came from"),
        Binding("K,shift+up", "step(-1)", "Previous symbol", id="symbol.previous", show=False,
                tooltip="Previous symbol of the list one came from"),
        Binding("slash", "find", "Go to symbol", id="symbol.find", key_display="/",
                tooltip="Go to another symbol, found as one types"),
        Binding("a", "as_of", "As of here", id="symbol.as_of",
                tooltip="Hide everything after the cursor's bar on all pages, or show it again"),
        Binding("b", "run", "Backtest", id="symbol.run", tooltip="New backtest on this symbol"),
        Binding("escape", "back", "Back", id="symbol.back", tooltip="Back to where one was"),
    ]  # fmt: skip

    page_titles = tuple((name, title) for name, title, _ in PAGES)

    def __init__(self) -> None:
        super().__init__()
        self.head = Static("", id="symbol-head", markup=False)
        self.start_pages()
        self.view: SymbolView | None = None
        self.as_of: datetime | None = None
        self.listed: tuple[str, ...] = ()
        """The list one came from; empty for all symbols of the store."""
        self._steps = 0
        """How far one goes in the list that is not shown yet: keys can be faster than bars."""
        self._listening: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out heading and pages."""
        yield self.head
        with self.pages:
            yield ChartPage(id="chart")

    async def load(self, services: Services) -> None:
        """Open a symbol when there is none yet: the first of the store."""
        if self._listening is None:
            self._listening = services.arrivals.subscribe(self._arrived)
        if self.view is None and not self.wanted:
            names = await services.symbols.names()
            if names:
                await self.open(names[0])
            else:
                self.call_after_refresh(self.show_notice, EMPTY)

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        if self.view is None:
            return None
        return of_symbols([self.view.symbol], [("as of", self.as_of)])

    @property
    def wanted(self) -> str:
        """What is to be opened once everything is there; "" for nothing."""
        return self._target

    def _arrived(self, arrived: BarsArrived) -> None:
        if self.view is not None and self.view.symbol in arrived.symbols:
            self.spawn(partial(self._renew, self.view), group="arrived", exclusive=True)

    async def _renew(self, view: SymbolView) -> None:
        """Show the bars that have come, unless something else was opened meanwhile."""
        profile = await self.services.symbols.profile(view.symbol)
        await self._show(profile, instead_of=view)

    def on_unmount(self) -> None:
        """Stop listening for bars."""
        if self._listening is not None:
            self._listening()
            self._listening = None

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""
        if not self.has_class("-notice"):
            self.focus_page()

    async def jump(self, target: str) -> None:
        """Open a symbol; :mod:`~quant_tui.ui.symbol_target` says how a target names its list."""
        wanted = read_target(target)
        self.listed = wanted.listed
        if wanted.day:
            self.pages.current = "chart"
        await self.open(wanted.symbol)
        if wanted.day and (moment := read_date(wanted.day)) is not None:
            self.query_one(ChartPage).chart.go_to(moment)

    async def open(self, symbol: str) -> None:
        """Show a symbol on the page that is shown."""
        profile = await self.services.symbols.profile(symbol)
        await self._show(profile)

    async def _show(self, profile: SymbolProfile, *, instead_of: SymbolView | None = None) -> None:
        services, prices = self.services, None
        if profile.summaries:
            prices = await services.symbols.prices(profile, profile.usual_interval, self.as_of)
        if instead_of is not None:
            if self.view is not instead_of:
                return
        else:
            self._steps = 0
        self.view = SymbolView(profile, prices, self.as_of, services)
        self.stale_pages()
        self.show_content()
        with self.app.batch_update():
            self.write_head()
            await self.refill()
        if self.screen.focused is None or not self.has_focus_within:
            self.focus_first()
        self.refresh_bindings()

    # -- pages

    @property
    def filled(self) -> bool:
        """Whether there is a symbol."""
        return self.view is not None

    def build_page(self, name: str) -> Widget:
        """Import and make a page."""
        module, _, made = next(where for one, _, where in PAGES if one == name).partition(":")
        return cast("Widget", getattr(import_module(module), made)(id=name))

    async def fill_page(self, page: Widget) -> None:
        """Show the symbol on a page."""
        if self.view is not None:
            await cast("SymbolPart", page).show_view(self.view)

    def on_resize(self) -> None:
        """Write the heading for the new width."""
        super().on_resize()
        self.write_head()

    def write_head(self) -> None:
        """Write the symbol and the pages."""
        if self.view is None:
            self.head.update("")
            return
        width = max(20, self.size.width - 2)
        lines = [head_line(self.view, width), self.page_tabs(width)]
        self.head.update(Content("\n").join(lines))

    def commands(self) -> Iterable[Command]:
        """Offer the pages to the palette."""
        if self.view is not None:
            yield from self.page_commands("page", f"A page of {self.view.symbol}")

    def open_page(self, name: str) -> None:
        """Go to a page of the symbol from anywhere."""
        self.switch_to("symbol")
        self.spawn(partial(self.action_page, name), group="open")

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in ("turn", "step", "as_of"):
            return self.view is not None
        if action == "run":
            return self.view is not None and bool(self.view.profile.summaries)
        return super().check_action(action, parameters)

    def action_step(self, steps: int) -> None:
        """Go to the next or previous symbol of the list; it goes round."""
        self._steps += steps
        self.spawn(self._step, group="open", exclusive=True)

    async def _step(self) -> None:
        if self.view is None:
            return
        names = self.listed or await self.services.symbols.names()
        if not names:
            return
        steps, known = self._steps, self.view.symbol in names
        at = names.index(self.view.symbol) if known else -min(steps, 0)
        await self.open(names[(at + steps) % len(names)])

    def action_find(self) -> None:
        """Ask for a symbol, and open it."""

        def chosen(symbol: str | None) -> None:
            if symbol:
                self.spawn(partial(self.open, symbol), group="open", exclusive=True)

        self.host.push_screen(SymbolJump(self.services.symbols), chosen)

    def action_as_of(self) -> None:
        """Look at everything as of the cursor's bar, or at all of it again."""
        page = self.query_one(ChartPage)
        at = page.chart.cursor if self.pages.current == "chart" else None
        moment = page.prices.moment(at) if page.prices is not None and at is not None else None
        if moment is None and self.as_of is None:
            self.toast("Put the cursor on a bar of the chart first.")
            return
        self.as_of = None if moment == self.as_of else moment
        self.spawn(self._again, group="open", exclusive=True)

    async def _again(self) -> None:
        if self.view is not None:
            await self._show(self.view.profile)

    def on_candle_chart_went_on(self, event: CandleChart.WentOn) -> None:
        """Go on by one bar when looking at an earlier date."""
        event.stop()
        if self.as_of is not None:
            self.spawn(self._go_on, group="open", exclusive=True)

    async def _go_on(self) -> None:
        view, page = self.view, self.query_one(ChartPage)
        if view is None or self.as_of is None:
            return
        whole = await view.services.symbols.prices(view.profile, page.shown_interval)
        at = whole.position_of(self.as_of) + 1
        if at >= len(whole):
            self.toast("That is the last bar.")
            return
        self.as_of = whole.moment(at)
        page.go_to_end()
        await self._show(view.profile)

    def action_run(self) -> None:
        """Open the form of a new backtest with the symbol."""
        if self.view is not None:
            self.switch_to("backtests", target=f"symbol:{self.view.symbol}")

    def action_back(self) -> None:
        """Go back to where one was."""
        self.go_back()
