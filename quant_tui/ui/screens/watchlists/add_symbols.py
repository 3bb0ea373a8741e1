"""Adding symbols: typed or pasted, or found among companies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from quant_tui.domain.errors import QuantError
from quant_tui.services.watchlists import Resolved, resolve, symbols_in
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.reporting import report
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer
    from textual.worker import Worker

    from quant_tui.services.watchlists import WatchlistService

PAUSE_SECONDS = 0.12
"""Pause in typing after which companies are searched."""

FOUND_AT_MOST = 200

COLUMNS = (
    Column("Symbol", 12),
    Column("Name", 24, grow=1, role=lambda _: "muted"),
    Column("", 12, role=lambda _: "muted"),
)
NOTHING = Notice("Nothing found", "Symbols of your store and known companies are searched.")


class Wanted(NamedTuple):
    """What is to be added."""

    symbols: tuple[str, ...]
    unknown: bool
    """Whether some of them are not known, and are wanted all the same."""


class AddSymbols(Dialog[Wanted | None]):
    """A line to type or paste into, and below it what is found.

    ``enter`` adds the marked rows; else what is typed, when all of it is known; else the row
    under the cursor. ``ctrl+s`` adds what is typed as it stands.

    Parameters
    ----------
    known
        Symbols with the names of their companies.
    present
        Symbols that the list has.
    service
        Searches companies.
    """

    DEFAULT_CSS = """
    AddSymbols > .dialog { width: 84; height: 80%; padding: 0 1; }
    AddSymbols Input {
        height: 1; border: none; padding: 0 1; margin-bottom: 1; background: $panel;
    }
    AddSymbols #add-note { height: auto; max-height: 4; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "add", "Add", id="add.add", priority=True,
                tooltip="Add what is marked, typed, or under the cursor"),
        Binding("ctrl+s", "as_typed", "Add as typed", id="add.as_typed",
                tooltip="Add what is typed, also symbols that are not known"),
        Binding("ctrl+t", "mark", "Mark", id="add.mark",
                tooltip="Mark the row, to add several"),
        Binding("down", "scroll(1)", "Down", id="add.down", show=False, tooltip="Next row"),
        Binding("up", "scroll(-1)", "Up", id="add.up", show=False, tooltip="Previous row"),
        Binding("pagedown", "scroll(10)", "Page down", id="add.pagedown", show=False,
                tooltip="A page down"),
        Binding("pageup", "scroll(-10)", "Page up", id="add.pageup", show=False,
                tooltip="A page up"),
        Binding("escape", "close", "Close", id="add.close", tooltip="Add nothing"),
    ]  # fmt: skip

    def __init__(
        self, known: Mapping[str, str], present: frozenset[str], service: WatchlistService
    ) -> None:
        super().__init__()
        self._known = known
        self._folded = [(one, f"{one} {name}".casefold()) for one, name in known.items()]
        self._present = present
        self._service = service
        self._timer: Timer | None = None
        self._marked: dict[str, None] = {}
        self.table = Table(COLUMNS, empty=NOTHING, markable=True)
        self.note = Static("", id="add-note", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the line, what is found, and what is wrong."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Add symbols"
            box.border_subtitle = "enter adds · ctrl+t marks · escape closes"
            yield Input(placeholder="symbols, or part of a company's name", compact=True)
            yield self.table
            yield self.note

    def on_mount(self) -> None:
        """Show what there is, ready to type."""
        self._show(list(self._known)[:FOUND_AT_MOST])
        self._say(f"{len(self._known):,} symbols are known. Several may be pasted at once.")
        self.query_one(Input).focus()

    @property
    def typed(self) -> str:
        """What is in the line."""
        return self.query_one(Input).value

    def on_paste(self, event: events.Paste) -> None:
        """Take all lines that were pasted, not only the first."""
        event.stop()
        event.prevent_default()
        line = self.query_one(Input)
        line.insert_text_at_cursor(" ".join(event.text.split()))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search once typing pauses."""
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE_SECONDS, self._search)

    def _search(self) -> None:
        self._timer = None
        text = self.typed.strip()
        resolved = self._resolve_if_list(text)
        if resolved is not None:
            self._show(
                [*resolved.symbols, *(o for near in resolved.unknown.values() for o in near)]
            )
            self._say_of(resolved)
            return
        _searching: Worker[None] = self.run_worker(
            partial(self._search_companies, text),
            group="search", exclusive=True, exit_on_error=False,
        )  # fmt: skip

    async def _search_companies(self, text: str) -> None:
        """Find symbols by their own letters and names, and companies by all that is known."""
        words = text.casefold().split()
        found = [one for one, about in self._folded if all(word in about for word in words)]
        if text:
            try:
                companies = await self._service.search(text)
            except QuantError as error:
                report(self, error)
                return
            if text != self.typed.strip():
                return
            found = list(dict.fromkeys([*found, *(one.symbol for one in companies)]))
        start = text.casefold()
        found.sort(key=lambda one: not one.casefold().startswith(start))
        self._show(found[:FOUND_AT_MOST])
        if text and not found:
            self._say_of(resolve([text], self._known))
        else:
            more = f"; the first {FOUND_AT_MOST} are shown" if len(found) > FOUND_AT_MOST else ""
            self._say(f"{len(found):,} found{more}.")

    def _resolve_if_list(self, text: str) -> Resolved | None:
        """Return what several symbols mean; None when it reads as one or as words."""
        symbols = symbols_in(text)
        if len(symbols) < 2:
            return None
        exact = sum(one.upper() in self._known or one in self._known for one in symbols)
        return resolve(symbols, self._known) if exact or "," in text or len(symbols) > 4 else None

    def _show(self, symbols: list[str]) -> None:
        shown = dict.fromkeys([*self._marked, *symbols])
        self.table.set_rows(
            Row(one, (one, self._known.get(one, ""), "in the list" if one in self._present else ""))
            for one in shown
        )
        self.table.model.marked = set(self._marked)
        if symbols:
            self.table.move_to(symbols[0])  # the best one, whatever was found while one typed

    def _say_of(self, resolved: Resolved) -> None:
        count = len(resolved.symbols)
        if resolved.unknown:
            self._say(
                f"✗ unknown: {resolved.describe_unknown()}  ·  ctrl+s adds all as typed", wrong=True
            )
        else:
            self._say(f"enter adds {count:,} symbols.")

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.note.update(Content.styled(text, "$text-error" if wrong else "$text-muted"))

    def action_scroll(self, lines: int) -> None:
        """Move through the table from within the line."""
        self.table.grid.action_move(lines)

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor."""
        if key := self.table.cursor_key:
            if key in self._marked:
                del self._marked[key]
            else:
                self._marked[key] = None
            self.table.action_mark()
            self._say(f"{len(self._marked):,} marked; enter adds them.")

    def action_add(self) -> None:
        """Add what is marked, typed, or under the cursor."""
        marked = dict.fromkeys([*self._marked, *self._in_order(self.table.marked)])
        if marked:
            self.dismiss(Wanted(tuple(marked), unknown=False))
            return
        symbols = symbols_in(self.typed)
        resolved = resolve(symbols, self._known)
        if symbols and not resolved.unknown:
            self.dismiss(Wanted(resolved.symbols, unknown=False))
        elif len(symbols) > 1 and self._resolve_if_list(self.typed.strip()) is not None:
            self._say_of(resolved)
        elif self._timer is None and (key := self.table.cursor_key):
            self.dismiss(Wanted((key,), unknown=False))
        elif symbols:
            self._say_of(resolved)

    def action_as_typed(self) -> None:
        """Add what is typed, also what is not known."""
        if symbols := symbols_in(self.typed):
            resolved = resolve(symbols, self._known)
            self.dismiss(Wanted(tuple(symbols), unknown=bool(resolved.unknown)))

    def action_close(self) -> None:
        """Add nothing."""
        self.dismiss(None)

    def _in_order(self, keys: frozenset[str]) -> list[str]:
        return [row.key for row in self.table.model.rows if row.key in keys]
