"""Telling what became of the files in watched folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.ui.reporting import toast

if TYPE_CHECKING:
    from quant_tui.services.watched_folders import WatchedFile, WatchedFolders
    from quant_tui.ui.app import QuantApp


class FolderToasts:
    """Shows a message for each file that came in, or could not.

    Parameters
    ----------
    app
        Where messages go.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app

    def attach(self, folders: WatchedFolders) -> None:
        """Listen from now on."""
        folders.subscribe(self._told)

    def _told(self, file: WatchedFile) -> None:
        if file.report is None:
            toast(self._app, f"{file.path.name}: {file.problem}", title="Watched folder",
                  severity="error", seconds=10)  # fmt: skip
            return
        changed = file.report.inserted + file.report.updated
        symbols = ", ".join(file.report.symbols[:3]) + (
            " …" if len(file.report.symbols) > 3 else ""
        )
        if changed:
            toast(self._app, f"{file.path.name}: {changed:,} bars of {symbols}",
                  title="Watched folder")  # fmt: skip
            self._app.status_keeper.look()
