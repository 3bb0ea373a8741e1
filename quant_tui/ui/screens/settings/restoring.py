"""Restoring from within the app: prepared as a job, then exchanged while the stores are closed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from quant_tui.ui.reporting import report, toast

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.ui.workspaces import Workspace


class RestoreInApp:
    """One restore: its job, the question, and the exchange.

    Parameters
    ----------
    workspace
        Where it was asked for.
    path
        The backup.
    """

    def __init__(self, workspace: Workspace, path: Path) -> None:
        from quant_tui.services.restore_on_server import restore_into

        self._workspace = workspace
        self._path = path
        user, settings = workspace.services.user, workspace.services.settings
        user_id = user.id if user is not None else ""
        self._restore = restore_into(settings, path, replace=True, user_id=user_id)

    def start(self) -> Job[object]:
        """Check the backup and build the new stores beside the old ones, as a job."""
        workspace = self._workspace
        job = workspace.services.jobs.start(
            "restore", f"Restore {self._path.name}", self._restore.prepare
        )
        workspace.follow(job, on_done=self._prepared, on_failed=self._failed)
        return cast("Job[object]", job)

    def _prepared(self, _nothing: None) -> None:
        self._workspace.spawn(self._exchange, keys_wait=True)

    def _failed(self, error: BaseException) -> None:
        report(self._workspace, error)
        self._workspace.spawn(self._restore.abandon)

    async def _exchange(self) -> None:
        """Ask, close the stores, exchange them, and open them again whatever happened."""
        workspace, app = self._workspace, self._workspace.host
        async with self._restore as restore:
            if not await workspace.confirm(
                f"Replace everything here by {self._path.name}?",
                "The backup was checked and is ready. Your keys and backups stay. The app "
                "opens its stores again.",
                yes="Replace",
            ):
                return
            await app.opening.close()
            try:
                done = await restore.put_in_place()
                toast(
                    app,
                    f"✓ {done.documents:,} documents and {done.rows:,} rows are back.",
                    title="Restore",
                )
            finally:
                with contextlib.suppress(RuntimeError):  # the app may have ended meanwhile
                    for one in app.built_workspaces:
                        one.loaded = False
                    app.open_services()
