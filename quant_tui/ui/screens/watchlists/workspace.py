"""Lists of symbols on the left, beside them the symbols of one with their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from quant_tui.domain.errors import NotFound
from quant_tui.services.chat_selection import Selection, of_symbols, of_watchlist
from quant_tui.services.watchlist_edits import details_of
from quant_tui.services.watchlist_lines import GroupLine, SymbolLine, lines
from quant_tui.ui.screens.watchlists import changes
from quant_tui.ui.screens.watchlists.columns import Layout
from quant_tui.ui.screens.watchlists.figures import Figures
from quant_tui.ui.screens.watchlists.quote_table import QuoteTable
from quant_tui.ui.screens.watchlists.summary import about, heading
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.domain.user import Watchlist
    from quant_tui.domain.watchlist import ListDetails, ListEntry
    from quant_tui.services.arrivals import BarsArrived
    from quant_tui.services.composition import Services
    from quant_tui.ui.commands import Command
    from quant_tui.ui.screens.watchlists.alerts_page import AlertsPage

LOG_SHOWN = 500
"""Newest lines of the log of alerts that are shown."""

FRESH_SECONDS = 1.0
"""How old the lists may be when the workspace comes to the front."""

GATHER_SECONDS = 0.5
"""How long word of new bars is gathered before figures are fetched anew."""


def count(symbols: int) -> str:
    """Write how many symbols a list has, in five cells."""
    return f"{symbols:,}" if symbols < 10_000 else f"{symbols / 1000:.0f}k"


LISTS = (
    Column("Lists", 9, grow=1),
    Column("", 5, "right", write=lambda value: count(int(str(value))), role=lambda _: "muted"),
)
NO_LISTS = Notice(
    "No watchlists yet",
    "A list keeps symbols at hand: last close, change, volume, a sparkline, and columns and "
    "alerts of your own.",
    (("n", "New list"), ("i", "Import a CSV file")),
)


class Watchlists(Workspace):
    """Watchlists of the user."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="watchlists.new",
                tooltip="Add symbols; on the left a new list, on the alerts page a new alert"),
        Binding("e", "edit", "Edit", id="watchlists.edit",
                tooltip="Note, tags and group of the symbol; name of group or list; the alert"),
        Binding("d", "delete", "Delete", id="watchlists.delete",
                tooltip="Take out the marked symbols or this one; delete group, list or alert"),
        Binding("m", "group", "Group", id="watchlists.group",
                tooltip="Put the marked symbols, or this one, into a group"),
        Binding("v", "columns", "Columns", id="watchlists.columns",
                tooltip="Choose columns, and make columns of your own"),
        Binding("a", "alerts", "Alerts", id="watchlists.alerts",
                tooltip="Alerts of this list, and what alerts told"),
        Binding("b", "backtest", "Backtest", id="watchlists.backtest",
                tooltip="New backtest of the marked symbols, or of the whole list"),
        Binding("r", "refresh", "Refresh", id="watchlists.refresh", show=False,
                tooltip="Fetch lists and figures anew"),
        Binding("i", "import", "Import", id="watchlists.import", show=False,
                tooltip="Read a list from a CSV file"),
        Binding("x", "export", "Export", id="watchlists.export", show=False,
                tooltip="Write this list to a CSV file"),
        Binding("F", "app.functions", "Functions", id="watchlists.functions", show=False,
                tooltip="What the rule language can call and name"),
        Binding("escape", "back", "Back", id="watchlists.back", tooltip="Back, one step"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.lists_table = Table(LISTS, empty=NO_LISTS, id="lists")
        self.table = QuoteTable()
        self.heading = Static("", id="list-heading", markup=False)
        self.about = Static("", id="about", markup=False)
        self.alerts_page: AlertsPage | None = None
        quotes = Vertical(self.heading, self.table, self.about, id="quotes-page")
        self.pages = ContentSwitcher(quotes, initial="quotes-page", id="pages")
        self.split = MasterDetail(self.lists_table, self.pages)
        self.figures = Figures()
        self.lists: dict[str, Watchlist] = {}
        self.current: Watchlist | None = None
        self._details: ListDetails | None = None
        self._layout: Layout | None = None
        self._lines: dict[str, SymbolLine] = {}
        self._loaded_at = 0.0
        self._is_dated = False
        self._arrived: set[str] = set()
        self._stops: list[Callable[[], None]] = []

    def compose(self) -> ComposeResult:
        """Lay out lists and quotes."""
        yield self.split

    async def load(self, services: Services) -> None:
        """Fetch the lists, and listen to bars and alerts that arrive."""
        if not self._stops:
            self._stops.append(services.arrivals.subscribe(self._bars_arrived))
            self._stops.append(services.alert_feed.subscribe(lambda _: self._alerts_told()))
        found = await services.watchlists.list()
        first = not self.loaded
        self.lists = {one.id: one for one in found}
        self.lists_table.set_rows(Row(one.id, (one.name, len(one.symbols))) for one in found)
        self.set_class(not found, "-empty")
        self._loaded_at = monotonic()
        kept = self.lists.get(self.current.id) if self.current is not None else None
        self.show_list(kept or self.lists.get(self.lists_table.cursor_key))
        if first and self.current is not None:
            self.split.add_class("-open")

    def shown(self) -> None:
        """Look again at what other instances changed."""
        if self.ready and monotonic() - self._loaded_at > FRESH_SECONDS:
            self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def on_unmount(self) -> None:
        """Stop listening."""
        for stop in self._stops:
            stop()

    def focus_first(self) -> None:
        """Give the keys to the quotes, or where there is no list to the lists."""
        if self.alerts_page is not None and self.pages.current == "alerts-page":
            self.alerts_page.alerts.focus()
        elif self.current is None or (self.split.narrow and not self.split.detail_open):
            self.lists_table.focus()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Open a list, ``ID:SYMBOL`` a symbol in it, ``new`` the form, ``alerts`` the log.

        Raises
        ------
        NotFound
            The list is gone.
        """
        if target == "new":
            self.spawn(partial(changes.new_list, self), keys_wait=True)
            return
        if target == "alerts":
            self.action_alerts()
            return
        list_id, _, symbol = target.partition(":")
        if list_id not in self.lists:
            await self.load(self.services)
        if list_id not in self.lists:
            raise NotFound("This watchlist is not there any more: it was deleted.")
        self.lists_table.move_to(list_id)
        self.show_list(self.lists[list_id])
        self.table.move_to(symbol)
        self.go_into("quotes-page")

    # -- showing a list

    def show_list(self, watchlist: Watchlist | None) -> None:
        """Show a list with the figures that are known, and fetch the others."""
        self.figures.stop()
        self.current = watchlist
        self.table.display = watchlist is not None
        if watchlist is None:
            self._layout = self._details = None
            self.heading.update("", layout=False)
            self.about.update("", layout=False)
            return
        self.lists[watchlist.id] = watchlist
        self._details = details_of(watchlist)
        layout = Layout(self._details)
        all_lines = lines(watchlist)
        self._lines = {one.symbol: one for one in all_lines if isinstance(one, SymbolLine)}
        entries = self._details.by_symbol()
        rows = [
            layout.group_row(one) if isinstance(one, GroupLine) else self._row(layout, one, entries)
            for one in all_lines
        ]
        same = self._layout is not None and layout.columns == self._layout.columns
        self._layout = layout
        self.table.quotes.set_lines(all_lines)
        if same:
            self.table.set_rows(rows)
        else:
            self.table.set_columns(layout.columns, rows)
        self._write_heading()
        self._write_about()
        self.refresh_bindings()
        self.spawn(partial(self._fetch, watchlist), group="list", exclusive=True)

    def _row(self, layout: Layout, line: SymbolLine, entries: dict[str, ListEntry]) -> Row:
        symbol = line.symbol
        return layout.symbol_row(
            line,
            self.figures.quotes.get(symbol),
            entries.get(symbol),
            self.figures.names.get(symbol, ""),
            self.figures.own(symbol),
        )

    async def _fetch(self, watchlist: Watchlist) -> None:
        services, figures = self.services, self.figures
        put = partial(self._put, watchlist.id)
        self._is_dated = False
        await figures.fetch(services, watchlist.symbols, self.table.symbols_around(), put)
        self.table.arrange_again()
        self._write_heading()
        rules = [one.rule for one in self._layout.shown_rules] if self._layout else []
        if rules and watchlist.symbols:
            await figures.evaluate(services, watchlist.name, rules, watchlist.symbols, put)
            self.table.arrange_again()
            self._write_heading()

    def _put(self, list_id: str, symbols: Iterable[str]) -> None:
        if self.current is None or self.current.id != list_id or self._layout is None:
            return
        entries = self._details.by_symbol() if self._details else {}
        layout, known = self._layout, self._lines
        self.table.put_figures(
            {one: self._row(layout, known[one], entries) for one in symbols if one in known}
        )
        if not self._is_dated:  # the session of what is seen, and at the end that of all
            self._is_dated = True
            self._write_heading()

    def _write_heading(self) -> None:
        if self.current is not None and self._layout is not None and self._details is not None:
            self.heading.update(
                heading(self.current, self._details, self._layout.shown_rules, self.figures),
                layout=False,
            )

    def _write_about(self) -> None:
        """Write what is said of the symbol under the cursor."""
        symbol, details = self.table.symbol, self._details
        if symbol and details is not None:
            said = about(symbol, details.entry(symbol), self.figures)
        else:
            said = Content("")
        self.about.update(said, layout=False)

    # -- events

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the list, or say more of the symbol, under the cursor."""
        event.stop()
        if event.table is self.lists_table:
            chosen = self.lists.get(event.key)
            if chosen is not None and (self.current is None or chosen.id != self.current.id):
                self.table.clear_marks()
                self.show_list(chosen)
                if self.pages.current == "alerts-page":
                    self._show_alerts_soon()
            self.refresh_bindings()
        elif event.table is self.table:
            self._write_about()  # the keys are the same on every line
        else:
            self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into the list, fold the group, or open the symbol."""
        event.stop()
        if event.table is self.lists_table:
            self.go_into("quotes-page")
        elif self.alerts_page is not None and event.table is self.alerts_page.log_table:
            told = self.alerts_page.event(event.key)
            if told is not None:
                self.switch_to("symbol", target=told.symbol)
        elif self.table.group:
            self.spawn(partial(changes.fold, self, self.table.group), keys_wait=True)
        elif self.table.symbol:
            self.switch_to("symbol", target=self.table.symbol)

    def on_table_marks_changed(self, event: Table.MarksChanged) -> None:
        """Keep it to ourselves."""
        event.stop()

    def on_quote_table_shifted(self, event: QuoteTable.Shifted) -> None:
        """Move a symbol within its group."""
        event.stop()
        self.spawn(partial(changes.shift, self, event.symbol, event.steps), keys_wait=True)

    def _bars_arrived(self, arrived: BarsArrived) -> None:
        """Gather what arrived, then fetch it anew where it can be seen."""
        if not self._arrived:
            self.set_timer(GATHER_SECONDS, self._fetch_arrived)
        self._arrived.update(arrived.symbols)

    def _fetch_arrived(self) -> None:
        arrived, self._arrived = self._arrived, set()
        self.figures.forget(arrived)
        if self.current is not None and not arrived.isdisjoint(self.current.symbols):
            self.spawn(partial(self._fetch, self.current), group="list", exclusive=True)
        self._alerts_told()  # by another window perhaps, or by quant-tui watch

    def _alerts_told(self) -> None:
        if self.pages.current == "alerts-page" and self.is_attached:
            self._show_alerts_soon()

    def _show_alerts_soon(self) -> None:
        self.spawn(self.show_alerts, group="alerts", exclusive=True)

    async def show_alerts(self) -> None:
        """Show the alerts of the list, and the log."""
        if self.current is not None and self.alerts_page is not None:
            events = await self.services.alerts.log(LOG_SHOWN)
            self.alerts_page.show(self.current, events)

    async def _open_alerts(self) -> None:
        if self.alerts_page is None:  # made when it is first wanted: the lists open sooner
            from quant_tui.ui.screens.watchlists.alerts_page import AlertsPage

            self.alerts_page = AlertsPage()
            await self.pages.mount(self.alerts_page)
        self.go_into("alerts-page")
        await self.show_alerts()

    # -- keys

    @property
    def place(self) -> str:
        """What the keys are for: ``lists``, ``quotes``, ``alerts`` or ``log``."""
        if self.lists_table.has_keys:
            return "lists"
        if self.alerts_page is not None and self.pages.current == "alerts-page":
            return "log" if self.alerts_page.log_table.has_keys else "alerts"
        return "quotes"

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        if self.place == "quotes" and (symbol := self.table.cursor_key) in self._lines:
            name = self.current.name if self.current is not None else ""
            return of_symbols([symbol], [("watchlist", name)])
        return None if self.current is None else of_watchlist(self.current)

    @property
    def alert_key(self) -> str:
        """Id of the alert under the cursor; "" where there is none."""
        return self.alerts_page.alerts.cursor_key if self.alerts_page is not None else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in ("new", "import", "refresh"):
            return self.loaded and (self.current is not None or self.place == "lists")
        if action in ("edit", "delete"):
            on = {
                "lists": self.lists_table.cursor_key,
                "quotes": self.table.cursor_key,
                "alerts": self.alert_key,
            }
            return bool(on.get(self.place))
        if action in ("group", "columns", "backtest"):
            return self.current is not None and self.place == "quotes"
        if action in ("alerts", "export"):
            return self.current is not None and self.pages.current == "quotes-page"
        if action == "back":
            return self.place != "lists"
        return super().check_action(action, parameters)

    def action_new(self) -> None:
        """Add symbols, make a list, or make an alert."""
        work = {"lists": changes.new_list, "quotes": changes.add_symbols}
        self.spawn(partial(work.get(self.place, changes.new_alert), self), keys_wait=True)

    def action_edit(self) -> None:
        """Change what is under the cursor."""
        work = {"lists": changes.edit_list, "quotes": changes.edit_line}
        self.spawn(partial(work.get(self.place, changes.edit_alert), self), keys_wait=True)

    def action_delete(self) -> None:
        """Take out or delete what is under the cursor, or is marked."""
        work = {"lists": changes.delete_list, "quotes": changes.delete_lines}
        self.spawn(partial(work.get(self.place, changes.delete_alert), self), keys_wait=True)

    def action_group(self) -> None:
        """Put symbols into a group."""
        self.spawn(partial(changes.group_symbols, self), keys_wait=True)

    def action_columns(self) -> None:
        """Choose columns."""
        self.spawn(partial(changes.choose_columns, self), keys_wait=True)

    def action_import(self) -> None:
        """Read a list from a file."""
        self.spawn(partial(changes.import_file, self), keys_wait=True)

    def action_export(self) -> None:
        """Write the list to a file."""
        self.spawn(partial(changes.export_file, self), keys_wait=True)

    def action_alerts(self) -> None:
        """Go to the alerts."""
        self.spawn(self._open_alerts, group="open", keys_wait=True)

    def action_backtest(self) -> None:
        """Open the form of a new run on the marked symbols, or on all that are shown."""
        symbols = self.table.chosen if self.table.marked else self.table.shown_symbols
        if symbols:
            self.switch_to("backtests", target=f"symbol:{','.join(symbols)}")

    def action_refresh(self) -> None:
        """Fetch everything anew."""
        self.figures.forget_all()
        self.reload()

    def action_back(self) -> None:
        """Go back one step: alerts to quotes, quotes to lists."""
        if self.place in ("alerts", "log"):
            self.go_into("quotes-page")
        elif not self.split.close_detail():
            self.lists_table.focus()

    def go_into(self, page: str) -> None:
        """Show quotes or alerts, and give them the keys."""
        self.pages.current = page
        self.split.add_class("-open")
        self.call_after_refresh(self.focus_first)
        self.refresh_bindings()

    def commands(self) -> Iterable[Command]:
        """Offer the lists from anywhere."""
        from quant_tui.ui.commands import Command

        yield Command("watchlist: New list", "Name it, then add symbols",
                      partial(self.switch_to, "watchlists", target="new"))  # fmt: skip
        yield Command("watchlist: Alerts", "What alerts told",
                      partial(self.switch_to, "watchlists", target="alerts"))  # fmt: skip
