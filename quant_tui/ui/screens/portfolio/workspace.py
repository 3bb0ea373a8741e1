"""The list of portfolios, and one of them on pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Static

from quant_tui.domain.errors import NotFound
from quant_tui.services.chat_selection import Selection, of_portfolio
from quant_tui.ui.reporting import describe, leaves
from quant_tui.ui.screens.portfolio import changes
from quant_tui.ui.screens.portfolio.listing import COLUMNS, EMPTY, about, row_of
from quant_tui.ui.screens.portfolio.page import PortfolioPage
from quant_tui.ui.screens.portfolio.rebalance import RebalancePart
from quant_tui.ui.screens.portfolio.transactions import TransactionsPart
from quant_tui.ui.widgets.table import Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.domain.trading import Portfolio
    from quant_tui.services.arrivals import BarsArrived
    from quant_tui.services.composition import Services
    from quant_tui.services.portfolio_rebalance import RebalancePlan
    from quant_tui.ui.commands import Command

FRESH_SECONDS = 1.0
"""How old the list may be when the workspace comes to the front."""

ON_A_PAGE = frozenset({"quick", "import", "refresh"})
"""Actions that need an open portfolio."""


class Portfolios(Workspace):
    """Portfolios of the user."""

    BINDING_GROUP_TITLE = "Portfolio"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="portfolio.new",
                tooltip="New portfolio; inside one a new transaction"),
        Binding("a", "quick", "One line", id="portfolio.quick",
                tooltip="Record a transaction that is typed in one line"),
        Binding("i", "import", "Import", id="portfolio.import",
                tooltip="Import a CSV file of transactions"),
        Binding("e", "edit", "Edit", id="portfolio.edit",
                tooltip="Change the settings, the transaction or the targets"),
        Binding("d", "delete", "Delete", id="portfolio.delete",
                tooltip="Delete the portfolio, or the marked transactions"),
        Binding("x", "export", "Export", id="portfolio.export",
                tooltip="Write the orders to a CSV file"),
        Binding("r", "refresh", "Refresh", id="portfolio.refresh", show=False,
                tooltip="Value it again with the newest bars"),
        Binding("escape", "back", "Back", id="portfolio.back", tooltip="Back to the list"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, empty=EMPTY, id="portfolios")
        self.about = Static("", id="about", markup=False)
        self.page = PortfolioPage(self._plan, id="portfolio")
        self.pages = ContentSwitcher(initial="list")
        self.portfolios: dict[str, Portfolio] = {}
        self._loaded_at = 0.0
        self._stop: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the pages."""
        with self.pages:
            with Vertical(id="list"):
                yield self.table
                yield self.about
            yield self.page

    async def load(self, services: Services) -> None:
        """Fetch the list, then value what is in it."""
        if self._stop is None:
            self._stop = services.arrivals.subscribe(self._bars_arrived)
        await self.refresh_list()
        self.spawn(self._value_all, group="value", exclusive=True)
        self._loaded_at = monotonic()

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._stop is not None:
            self._stop()

    def _bars_arrived(self, _arrived: BarsArrived) -> None:
        if self.is_attached:
            self.spawn(self._look_again, group="list", exclusive=True)

    async def _look_again(self) -> None:
        await self._value_all()
        if self.pages.current == "portfolio":
            await self.show(self.page.portfolio_id)

    def shown(self) -> None:
        """Look whether another open instance changed something meanwhile."""
        if self.ready and monotonic() - self._loaded_at > FRESH_SECONDS:
            self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def focus_first(self) -> None:
        """Give the keys to the page that is shown."""
        if self.pages.current == "portfolio":
            self.page.focus_first()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Open a portfolio."""
        await self.refresh_list()
        self.table.move_to(target)
        await self.show(target)

    def commands(self) -> Iterable[Command]:
        """Offer the pages of the open portfolio."""
        return self.page.commands() if self.pages.current == "portfolio" else ()

    # -- the list

    async def refresh_list(self) -> None:
        """Fetch the portfolios with the figures of their last change."""
        found = await self.services.portfolios.list()
        self.portfolios = {one.id: one for one in found}
        self.table.set_rows(row_of(one) for one in found)
        self._show_about()
        self.refresh_bindings()

    async def _value_all(self) -> None:
        """Value each with the bars there are now; the rows follow one by one."""
        for portfolio_id in list(self.portfolios):
            try:
                report = await self.services.portfolios.report(portfolio_id)
            except NotFound:  # it was deleted meanwhile
                continue
            if portfolio_id not in self.portfolios:
                continue
            valued = report.snapshot()
            self.portfolios[portfolio_id] = valued
            self.table.put_row(portfolio_id, row_of(valued).values)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say more about the portfolio under the cursor."""
        event.stop()
        if event.table is self.table:
            self._show_about()

    def _show_about(self) -> None:
        chosen = self.chosen
        self.about.display = chosen is not None
        self.about.update(about(chosen, self.size.width - 4 or 76), layout=False)

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open a portfolio; a position's symbol in the symbol view."""
        event.stop()
        if event.table is self.table:
            self.spawn(partial(self.show, event.key), group="open", exclusive=True, keys_wait=True)
        elif event.table.id == "positions-table":
            self.switch_to("symbol", target=event.key)

    # -- an open portfolio

    async def show(self, portfolio_id: str, *, anew: bool = False) -> None:
        """Open a portfolio, or show it again."""
        if self.pages.current != "portfolio":
            self.pages.current = "portfolio"
            self.refresh_bindings()
        self.page.await_portfolio(portfolio_id)
        try:
            report = await self.services.portfolios.report(portfolio_id, anew=anew)
        except Exception as error:
            if leaves(self):
                raise
            self.page.show_error(*describe(error), retry=partial(self._retry, portfolio_id))
            return
        if portfolio_id != self.page.portfolio_id:
            return  # another was opened meanwhile
        self.portfolios[portfolio_id] = report.snapshot()
        await self.page.show_report(report)
        self.refresh_bindings()

    def _retry(self, portfolio_id: str) -> None:
        self.spawn(partial(self.show, portfolio_id), group="open", exclusive=True, keys_wait=True)

    async def _plan(self, portfolio_id: str) -> RebalancePlan:
        return await self.services.portfolios.plan(portfolio_id)

    @property
    def chosen(self) -> Portfolio | None:
        """The open portfolio, or that under the cursor."""
        if self.pages.current == "portfolio":
            return self.portfolios.get(self.page.portfolio_id)
        return self.portfolios.get(self.table.cursor_key)

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        return None if (chosen := self.chosen) is None else of_portfolio(chosen)

    @property
    def _part(self) -> str:
        """Name of the page that is open; "" in the list."""
        return self.page.page_name if self.pages.current == "portfolio" else ""

    @property
    def _transactions(self) -> TransactionsPart | None:
        return next(iter(self.page.query(TransactionsPart)), None)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        part, chosen = self._part, self.chosen
        if action == "back":
            return bool(part)
        if action in ON_A_PAGE:
            return bool(part) and chosen is not None
        if action == "new":
            return self.loaded and (not part or chosen is not None)
        if action == "export":
            rebalance = next(iter(self.page.query(RebalancePart)), None)
            return part == "rebalance" and rebalance is not None and rebalance.shown is not None
        if action in ("edit", "delete"):
            if part == "transactions":
                return bool(self._transactions and self._transactions.chosen)
            return chosen is not None and (action == "edit" or not part)
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to the list."""
        if self._part:
            self.spawn(self._to_list, keys_wait=True)

    async def _to_list(self) -> None:
        self.pages.current = "list"
        await self.refresh_list()
        await self._value_all()
        self.table.move_to(self.page.portfolio_id)
        self.focus_first()
        self.refresh_bindings()

    def action_refresh(self) -> None:
        """Value the open portfolio again."""
        again = partial(self.show, self.page.portfolio_id, anew=True)
        self.spawn(again, group="open", exclusive=True)

    def action_new(self) -> None:
        """Make a portfolio, or record a transaction in the open one."""
        chosen = self.chosen
        if not self._part or chosen is None:
            self.spawn(partial(changes.new_portfolio, self), keys_wait=True)
        else:
            self.spawn(partial(changes.new_transaction, self, chosen), keys_wait=True)

    def action_quick(self) -> None:
        """Record a transaction that is typed in one line."""
        if (chosen := self.chosen) is not None:
            self.spawn(partial(changes.quick_transaction, self, chosen), keys_wait=True)

    def action_import(self) -> None:
        """Import a file of transactions."""
        if (chosen := self.chosen) is not None:
            self.spawn(partial(changes.import_transactions, self, chosen), keys_wait=True)

    def action_edit(self) -> None:
        """Change what the page is about: a transaction, the targets, else the settings."""
        chosen, transactions = self.chosen, self._transactions
        if chosen is None:
            return
        if self._part == "transactions" and transactions is not None:
            key = transactions.table.cursor_key
            self.spawn(partial(changes.edit_transaction, self, chosen, key), keys_wait=True)
        elif self._part == "rebalance":
            self.spawn(partial(changes.edit_targets, self, chosen), keys_wait=True)
        else:
            self.spawn(partial(changes.edit_portfolio, self, chosen), keys_wait=True)

    def action_delete(self) -> None:
        """Delete the portfolio under the cursor, or the chosen transactions."""
        chosen, transactions = self.chosen, self._transactions
        if chosen is None:
            return
        if self._part == "transactions" and transactions is not None:
            ids = transactions.chosen
            self.spawn(partial(changes.delete_transactions, self, chosen, ids), keys_wait=True)
        elif not self._part:
            self.spawn(partial(changes.delete_portfolio, self, chosen), keys_wait=True)

    def action_export(self) -> None:
        """Write the orders to a CSV file."""
        rebalance = next(iter(self.page.query(RebalancePart)), None)
        if (chosen := self.chosen) is not None and rebalance is not None and rebalance.shown:
            export = partial(changes.export_orders, self, chosen, rebalance.shown)
            self.spawn(export, keys_wait=True)
