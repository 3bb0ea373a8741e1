"""Strategies that the model has written: read, made one's own, or left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.chat.generated_text import STATUSES, curves_of, lines_of
from quant_tui.ui.screens.chat.library import LibraryPage
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.genai import GeneratedStrategy

MOST = 200
"""The newest that are listed."""

EMPTY = Notice(
    "No model has written a strategy yet",
    "Ask for one in the chat: it is written as rules, checked, tried on stored bars, and kept "
    "here until you approve it.\n\n/generate RSI 전략 만들어줘",
    (("escape", "Back to the conversations"),),
)


def _muted(_value: object) -> str:
    return "muted"


def _role(value: object) -> str:
    return {"checked": "accent", "approved": "up", "failed": "error"}.get(str(value), "muted")


COLUMNS = (
    Column("Strategy", 16, grow=1),
    Column("Status", 11, write=lambda value: STATUSES[str(value)], role=_role),
    Column("Written", 10, "right", write=lambda value: fmt.ago(value), role=_muted,  # type: ignore[arg-type]
           first="descending"),
    Column("Model", 14, role=_muted),
)  # fmt: skip


class GeneratedDetail(Vertical):
    """The preview's curve over everything that is known."""

    DEFAULT_CSS = """
    GeneratedDetail {
        & > Chart { height: 2fr; max-height: 14; min-height: 6; }
        & > Page { height: 3fr; }
        &.-blank > Chart { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.chart = Chart()
        self.text = Page()

    def compose(self) -> ComposeResult:
        """Lay out both."""
        yield self.chart
        yield self.text

    def show(self, one: GeneratedStrategy | None) -> None:
        """Show a generated strategy."""
        curves = None if one is None else curves_of(one)
        self.set_class(curves is None, "-blank")
        self.chart.show(curves)
        self.text.show(None if one is None else partial(lines_of, one))
        self.text.scroll_home(animate=False)


class GeneratedPage(LibraryPage):
    """The list, and beside it the chosen one."""

    BINDING_GROUP_TITLE = "Written strategies"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "approve", "Approve", id="generated.approve",
                tooltip="Make a strategy of it, run its preview as a backtest, and go there"),
        Binding("X", "reject", "Reject", id="generated.reject",
                tooltip="Say that it is not wanted; it stays to be read"),
        Binding("o", "open_strategy", "Open strategy", id="generated.strategy",
                tooltip="Go to the strategy that was made of it"),
        Binding("d", "delete", "Delete", id="generated.delete",
                tooltip="Delete it; a strategy that was made of it stays"),
        Binding("r", "refresh", "Refresh", id="generated.refresh", tooltip="Look again"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(id="generated")
        self.table = Table(COLUMNS, empty=EMPTY, id="generated-list")
        self.detail = GeneratedDetail()
        self.split = MasterDetail(self.table, self.detail)
        self._found: dict[str, GeneratedStrategy] = {}

    def compose(self) -> ComposeResult:
        """Lay out list and detail."""
        yield self.split

    async def fetch(self) -> None:
        """Fetch the newest."""
        self.table.show_loading()
        found = await self.services.generation.list(limit=MOST)
        self._found = {one.id: one for one in found}
        self.table.set_rows(
            Row(one.id, (one.name, one.status, one.created_at, one.model_used),
                f"{one.request}\n{one.description}")
            for one in found
        )  # fmt: skip
        self._show()

    def focus_first(self) -> None:
        """Give the keys to what is gone into, or else to the list."""
        if self.split.narrow and self.split.detail_open:
            self.detail.text.focus()
        else:
            self.table.focus()

    async def open(self, generated_id: str) -> None:
        """Show one of them.

        Raises
        ------
        NotFound
            It is gone.
        """
        if not self.table.move_to(generated_id):
            await self.services.generation.get(generated_id)  # says that it is gone
        self._show()
        self.split.open_detail(self.detail.text)

    @property
    def _chosen(self) -> GeneratedStrategy | None:
        return self._found.get(self.table.cursor_key)

    def _show(self) -> None:
        self.detail.show(self._chosen)
        self.refresh_bindings()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the one under the cursor."""
        event.stop()
        self._show()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into it."""
        event.stop()
        self.split.open_detail(self.detail.text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for the one under the cursor."""
        one = self._chosen
        fits = {
            "approve": one is not None and one.status == "checked",
            "reject": one is not None and one.status in ("checked", "failed"),
            "open_strategy": one is not None and bool(one.strategy_id),
            "delete": one is not None,
        }
        return fits.get(action, super().check_action(action, parameters))

    def action_leave(self) -> None:
        """Go back to the list, or from there to the conversations."""
        focused = self.screen.focused
        inside = focused is not None and self.detail in focused.ancestors
        if self.split.close_detail():
            return
        if inside:
            self.table.focus()
        else:
            super().action_leave()

    def action_approve(self) -> None:
        """Make a strategy of it and go there."""
        if (one := self._chosen) is not None:
            self.spawn(partial(self._approve, one))

    async def _approve(self, one: GeneratedStrategy) -> None:
        made = await self.services.generation.approve(one.id)
        await self.load()
        self.workspace.toast(f"“{made.name}” is a strategy of yours now")
        self.workspace.switch_to("strategies", target=made.id)

    def action_reject(self) -> None:
        """Say that it is not wanted."""
        if (one := self._chosen) is not None:
            self.spawn(partial(self._reject, one))

    async def _reject(self, one: GeneratedStrategy) -> None:
        await self.services.generation.reject(one.id)
        await self.load()

    def action_open_strategy(self) -> None:
        """Go to the strategy that was made of it."""
        if (one := self._chosen) is not None:
            self.workspace.switch_to("strategies", target=one.strategy_id)

    def action_delete(self) -> None:
        """Ask, then delete it; it can be undone."""
        if (one := self._chosen) is not None:
            self.spawn(partial(self._delete, one))

    async def _delete(self, one: GeneratedStrategy) -> None:
        workspace, generation = self.workspace, self.services.generation
        if not await workspace.confirm(f"Delete “{one.name}”?", yes="Delete"):
            return
        deleted = await generation.delete(one.id)

        async def undo() -> None:
            await generation.restore(deleted)
            await self.load()

        workspace.offer_undo(f"“{one.name}” deleted", undo)
        self.split.close_detail()
        await self.load()


PAGE = GeneratedPage
