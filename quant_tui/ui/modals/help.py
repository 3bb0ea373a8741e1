"""All keys, grouped, searchable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.widgets import Input, Static

from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.ui.app import QuantApp

HIDDEN_GROUPS = frozenset({"Screen", "Steady screen", "Dialog"})

COLUMNS = (
    Column("Key", 10, role=lambda _: "accent"),
    Column("Does", 32, grow=1),
    Column("Where", 11, role=lambda _: "muted"),
    Column("Name", 18, role=lambda _: "muted"),
)


def group_of(node: DOMNode) -> str:
    """Return what to call the part of the screen that a binding belongs to."""
    return node.BINDING_GROUP_TITLE or _words(type(node).__name__)


def _words(name: str) -> str:
    """Write the name of a class as words: ``QuoteTable`` as ``Quote table``."""
    return re.sub(r"(?<=[a-z])[A-Z]", lambda found: f" {found[0].lower()}", name)


def _key_of(app: QuantApp, binding: Binding) -> str:
    """Write the key of one binding, also where the footer shows a pair of keys for two."""
    pair = len(binding.key_display or "") > 1 and not str(binding.key_display).startswith("^")
    return app.get_key_display(replace(binding, key_display=None) if pair else binding)


def active_rows(app: QuantApp) -> Iterator[Row]:
    """Give a row for each action that a key starts now, the nearest to the focus first."""
    merged: dict[tuple[str, str], list[str]] = {}
    described: dict[tuple[str, str], tuple[Binding, str]] = {}
    for active in app.screen.active_bindings.values():
        binding = active.binding
        if binding.system or group_of(active.node) in HIDDEN_GROUPS:
            continue
        key = (group_of(active.node), binding.action)
        merged.setdefault(key, []).append(_key_of(app, binding))
        described[key] = (binding, key[0])
    for key, shown in merged.items():
        binding, group = described[key]
        does = binding.tooltip or binding.description
        if does:
            yield Row("/".join(key), (" ".join(shown), does, group, binding.id or ""))


class KeyHelp(Dialog[None]):
    """Every key that works on the screen below.

    Parameters
    ----------
    rows
        What to show; :meth:`of` collects them.
    """

    DEFAULT_CSS = """
    KeyHelp > .dialog { width: 104; height: 90%; padding: 0 1; }
    KeyHelp Input { height: 1; border: none; padding: 0 1; margin-bottom: 1; background: $panel; }
    KeyHelp .hint { margin-top: 1; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark", "close", "Close", id="help.close",
                tooltip="Close the help"),
        Binding("down", "scroll(1)", "Down", id="help.down", show=False, tooltip="Next key"),
        Binding("up", "scroll(-1)", "Up", id="help.up", show=False, tooltip="Previous key"),
        Binding("pagedown", "scroll(15)", "Page down", id="help.pagedown", show=False,
                tooltip="A page down"),
        Binding("pageup", "scroll(-15)", "Page up", id="help.pageup", show=False,
                tooltip="A page up"),
    ]  # fmt: skip

    def __init__(self, rows: list[Row]) -> None:
        super().__init__()
        self._rows = rows
        self._table = Table(COLUMNS, empty=Notice("No key does that here"))

    @classmethod
    def of(cls, app: QuantApp) -> KeyHelp:
        """Collect the keys of the screen that is shown now."""
        return cls(list(active_rows(app)))

    def compose(self) -> ComposeResult:
        """Lay out search line and table."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Keys that work here"
            yield Input(placeholder="type to search", compact=True)
            yield self._table
            yield Static(
                'Keys can be changed: [keys] name = "key" in config.toml  ·  escape closes',
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Show everything, ready to search."""
        self._table.set_rows(self._rows)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as typed."""
        event.stop()
        if event.value.endswith("?"):
            self.dismiss()
            return
        self._table.filter_by(event.value)

    def action_scroll(self, lines: int) -> None:
        """Move through the table from within the search line."""
        self._table.grid.action_move(lines)

    def action_close(self) -> None:
        """Close."""
        self.dismiss()
