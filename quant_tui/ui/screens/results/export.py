"""Where to write a result, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.widgets.form import Field, Form


class Kind(NamedTuple):
    """A format: how the choice is worded, how its files are named, what it is for."""

    title: str
    suffix: str
    """Of the file; "" where a folder is made."""
    about: str


KINDS = {
    "json": Kind("JSON, one file", ".json", "Everything, as backtest show --json prints it."),
    "csv": Kind("CSV, a file a table", "", "A folder with metrics, trades, round trips, equity."),
    "html": Kind("HTML, a report", ".html", "One file with charts, to read and to send."),
    "bundle": Kind("Bundle, to run again", ".zip", "Rules, settings and bars: backtest rerun "
                   "finds the same figures from it."),
}  # fmt: skip
"""Of a backtest, by the service's names of them."""


class ExportChoice(NamedTuple):
    """What was chosen."""

    path: Path
    file_format: str


class ExportDialog(Dialog[ExportChoice | None]):
    """Asks for format and path.

    Parameters
    ----------
    name
        Of what is exported; the suggested path is made from it.
    kinds
        Formats by the service's names of them, the first chosen at first.
    """

    DEFAULT_CSS = """
    ExportDialog Form {
        & Input, & Choice { width: 4fr; }
        & .note { width: 1fr; }
    }
    """

    def __init__(self, name: str, kinds: Mapping[str, Kind]) -> None:
        super().__init__()
        self._kinds = kinds
        self._stem = re.sub(r"[^\w.-]+", "-", name).strip("-") or "export"
        first = next(iter(kinds))
        self._suggested = self._path(first)
        self.hint = Static(kinds[first].about, classes="hint", markup=False)
        choices = tuple((key, kind.title) for key, kind in kinds.items())
        self.form = Form(
            Field("format", "Format", first, choices=choices),
            Field("path", "Path", self._suggested),
            check=self._check,
        )

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Export"
            box.border_subtitle = "ctrl+s write · escape back"
            yield self.form
            yield self.hint

    def on_mount(self) -> None:
        """Give the keys to the format."""
        self.form.fields[0].control.focus()

    def _path(self, file_format: str) -> str:
        return str(Path.cwd() / (self._stem + self._kinds[file_format].suffix))

    def _check(self, values: dict[str, str]) -> dict[str, str]:
        path = Path(values["path"].strip() or ".").expanduser()
        if not values["path"].strip():
            return {"path": "needs a path"}
        is_file = bool(self._kinds[values["format"]].suffix)
        if is_file and path.is_dir():
            return {"path": "is a folder"}
        if not is_file and path.is_file():
            return {"path": "is a file"}
        return {}

    def on_form_changed(self, event: Form.Changed) -> None:
        """Suggest a path that fits the format, unless another was typed."""
        if event.key != "format":
            return
        self.hint.update(self._kinds[event.values["format"]].about)
        if event.values["path"] == self._suggested:
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
