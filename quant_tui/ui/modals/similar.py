"""What is most like one object, to be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from quant_tui.domain.errors import QuantError
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.services.retrieval import RetrievalService
    from quant_tui.services.retrieval_found import Found
    from quant_tui.ui.workspaces import Workspace


def _share(value: object) -> str:
    return f"{value:.0%}" if isinstance(value, float) else ""


COLUMNS = (
    Column("Alike", 6, align="right", write=_share, first="descending"),
    Column("Name", 26, grow=1, role=lambda _: "accent"),
    Column("What it is", 30, grow=2, role=lambda _: "muted"),
)
SHOWN = 15
KEYS = "enter opens it  ·  escape closes"


class Similar(Dialog[str]):
    """The objects that are most like one; gives the id of the one chosen, "" for none.

    Parameters
    ----------
    retrieval
        Where they are looked up.
    kind, object_id, name
        What they are to be like.
    """

    DEFAULT_CSS = """
    Similar > .dialog { width: 100; height: 20; max-height: 90%; padding: 0 1; }
    Similar .hint { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="similar.close", tooltip="Open none"),
    ]

    def __init__(self, retrieval: RetrievalService, kind: str, object_id: str, name: str) -> None:
        super().__init__()
        self._retrieval = retrieval
        self._kind = kind
        self._object_id = object_id
        self._name = name
        none = Notice(f"No other {kind}", f"What is like this {kind} will be listed here.")
        self._table = Table(COLUMNS, empty=none)
        self._hint = Static(KEYS, classes="hint", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out table and hint."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"Like {self._name}".replace("[", r"\[")
            yield self._table
            yield self._hint

    def on_mount(self) -> None:
        """Look."""
        self._table.focus()
        self._look()

    def _look(self) -> None:
        self._table.show_loading("Comparing")
        _looking: Worker[None] = self.run_worker(
            self._compare(), group="look", exclusive=True, exit_on_error=False
        )

    async def _compare(self) -> None:
        try:
            await self._retrieval.catch_up(self._told)
            found = await self._retrieval.similar(self._kind, self._object_id, limit=SHOWN)
        except QuantError as error:
            self._table.show_error(error, self._look)
            return
        self._table.set_rows(_row(one) for one in found)
        self._hint.update(KEYS)

    def _told(self, done: int, of_all: int) -> None:
        self._hint.update(f"indexing {done:,} of {of_all:,} texts")

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open it."""
        event.stop()
        self.dismiss(event.key)

    def action_close(self) -> None:
        """Open none."""
        self.dismiss("")


async def open_similar(workspace: Workspace, kind: str, object_id: str, name: str) -> None:
    """Show what is like an object, and open what is chosen; only inside ``spawn``."""
    dialog = Similar(workspace.services.retrieval, kind, object_id, name)
    if chosen := await workspace.host.push_screen_wait(dialog):
        await workspace.jump(chosen)


def _row(found: Found) -> Row:
    return Row(found.object_id, (found.score, found.title, found.excerpt))
