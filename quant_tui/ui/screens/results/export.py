"""Where to write a result, and how."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.widgets.form import Field, Form

FORMATS = (("json", "JSON, one file"), ("csv", "CSV, a file a table"))


class ExportChoice(NamedTuple):
    """What was chosen."""

    path: Path
    file_format: str


class ExportDialog(Dialog[ExportChoice | None]):
    """Asks for format and path.

    Parameters
    ----------
    name
        Of the backtest; the suggested path is made from it.
    """

    def __init__(self, backtest_name: str) -> None:
        super().__init__()
        self._stem = re.sub(r"[^\w.-]+", "-", backtest_name).strip("-") or "backtest"
        self._suggested = self._path("json")
        self.form = Form(
            Field("format", "Format", "json", choices=FORMATS),
            Field("path", "Path", self._suggested),
            check=self._check,
        )

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Export"
            box.border_subtitle = "ctrl+s write · escape back"
            yield self.form
            yield Static(
                "CSV makes a folder with metrics, trades, round trips, equity.", classes="hint"
            )

    def on_mount(self) -> None:
        """Give the keys to the format."""
        self.form.fields[0].control.focus()

    def _path(self, file_format: str) -> str:
        return str(Path.cwd() / (self._stem + (".json" if file_format == "json" else "")))

    @staticmethod
    def _check(values: dict[str, str]) -> dict[str, str]:
        path = Path(values["path"].strip() or ".").expanduser()
        if not values["path"].strip():
            return {"path": "needs a path"}
        if values["format"] == "json" and path.is_dir():
            return {"path": "is a folder"}
        if values["format"] == "csv" and path.is_file():
            return {"path": "is a file"}
        return {}

    def on_form_changed(self, event: Form.Changed) -> None:
        """Suggest a path that fits the format, unless another was typed."""
        if event.key == "format" and event.values["path"] == self._suggested:
            self._suggested = self._path(event.values["format"])
            self.form.field("path").value = self._suggested

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Close with the choice."""
        path = Path(event.values["path"].strip()).expanduser()
        self.dismiss(ExportChoice(path, event.values["format"]))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Close without one."""
        event.stop()
        self.dismiss(None)
