"""Where bars are exported to, and how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from quant_tui.services.bar_exports import ExportRequest
from quant_tui.storage.duck.export import ExportSelection
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.screens.data_import.paths import PathSuggester
from quant_tui.ui.widgets.form import Field, Form

KINDS = (
    ("parquet", "Parquet, one file"),
    ("parquet year", "Parquet, a folder a year"),
    ("csv", "CSV, one file"),
    ("csv year", "CSV, a folder a year"),
)


class ExportDialog(Dialog[ExportRequest | None]):
    """Asks for the target, the form and the dates of an export.

    Parameters
    ----------
    symbols
        Whose bars; None for all.
    interval
        Of the bars.
    """

    DEFAULT_CSS = """
    ExportDialog Field > .label { width: 10; }
    ExportDialog Field > .note { width: 18; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", id="data.leave_export", tooltip="Export nothing"),
    ]

    def __init__(self, symbols: Sequence[str] | None, interval: str) -> None:
        super().__init__()
        self._symbols = None if symbols is None else tuple(symbols)
        self._interval = interval
        name = self._symbols[0] if self._symbols and len(self._symbols) == 1 else "bars"
        path = Field("path", "File", f"{name}.parquet".replace("/", "-"))
        if isinstance(path.control, Input):
            path.control.suggester = PathSuggester()
        self.form = Form(
            path,
            Field("kind", "As", "parquet", choices=KINDS),
            Field("start", "First day", "", placeholder="all there is"),
            Field("end", "Last day", "", placeholder="all there is"),
            check=_check,
        )

    def compose(self) -> ComposeResult:
        """Lay out the fields."""
        whose = "all symbols"
        if self._symbols is not None:
            more = f" and {len(self._symbols) - 4} more" if len(self._symbols) > 4 else ""
            whose = ", ".join(self._symbols[:4]) + more
        with Vertical(classes="dialog") as box:
            box.border_title = "Export bars"
            box.border_subtitle = "ctrl+s exports · escape leaves it"
            yield Static(Content.assemble((whose, "bold"), f"  {self._interval}"))
            yield Static("")
            yield self.form
            yield Static("")
            yield Static(
                Content("Parquet keeps where every bar came from; importing it brings that back."),
                classes="hint",
            )

    def on_mount(self) -> None:
        """Give the keys to the path."""
        self.call_after_refresh(lambda: self.form.field("path").control.focus())

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Close with the request."""
        event.stop()
        values = event.values
        file_format, _, partition = values["kind"].partition(" ")
        selection = ExportSelection(
            self._symbols, _day(values["start"]), _day(values["end"]), self._interval
        )
        self.dismiss(
            ExportRequest(
                target=Path(values["path"].strip()).expanduser(),
                selection=selection,
                file_format=file_format,
                partition=partition,
            )
        )

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Close without one."""
        event.stop()
        self.dismiss(None)

    def action_leave(self) -> None:
        """Close without one."""
        self.dismiss(None)


def _day(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() else None


def _check(values: dict[str, str]) -> dict[str, str]:
    wrong = {} if values["path"].strip() else {"path": "which file?"}
    for key in ("start", "end"):
        try:
            _day(values[key])
        except ValueError:
            wrong[key] = "as 2015-01-31"
    return wrong
