"""Opening the services behind the first paint, and leaving them clean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from quant_tui.ui.alert_toasts import AlertToasts
from quant_tui.ui.folder_toasts import FolderToasts
from quant_tui.ui.model_toasts import ModelToasts
from quant_tui.ui.reporting import describe, toast
from quant_tui.ui.widgets.message_panel import Notice

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.services.secrets import PassphraseQuestion
    from quant_tui.ui.app import QuantApp
    from quant_tui.ui.workspaces import Workspace

OpenServices = Callable[[], Awaitable["Services"]]


class ServiceOpening:
    """Opens stores and services once, and again after a failure when told to.

    Parameters
    ----------
    app
        Gets ``services``, or ``services_error``.
    open_services
        Does it; its imports belong in a thread.
    """

    def __init__(self, app: QuantApp, open_services: OpenServices) -> None:
        self._app = app
        self._open_services = open_services
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Open in the background, unless that is under way."""
        if self._task is None or self._task.done():
            self._app.services_error = None
            self._task = asyncio.create_task(self._open(), name="open-services")

    async def close(self) -> None:
        """Stop opening, or close what is open."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        services, self._app.services = self._app.services, None
        if services is not None:
            await services.close()

    def tell(self, workspace: Workspace) -> None:
        """Say in a workspace why there is nothing to show yet."""
        error = self._app.services_error
        if error is not None:
            workspace.show_error(error, retry=self._try_again)
        elif self._app.services is not None:
            workspace.show_notice(Notice("Nobody is signed in", kind="loading"))
        else:
            workspace.show_notice(Notice("Opening the stores …", kind="loading"))

    def _try_again(self) -> None:
        self.begin()
        if (workspace := self._app.stack.current) is not None:
            self.tell(workspace)

    async def _open(self) -> None:
        app = self._app
        try:
            services = await self._open_services()
        except Exception as error:  # noqa: BLE001 -- shown, and logged when it is ours
            app.services_error = error
            title, message = describe(error)
            toast(app, message, title=title, severity="error", seconds=10)
        else:
            app.services = services
            services.secrets.asker = partial(_ask_passphrase, app)
            services.backup_schedule.begin()
            services.keep_index()
            FolderToasts(app).attach(services.watched_folders)
            services.watched_folders.begin()
            services.arrivals_elsewhere.begin()
            app.job_watch.attach(services.jobs)
            app.status_keeper.start(services)
            app.gate.watch_idling(app.settings.account.idle_lock_minutes)
            AlertToasts(app).attach(services.alert_feed)
            ModelToasts(app).attach(services.model_feed)
            if services.user is None:
                await app.gate.ask()
        if app.stack.current is not None:
            app.stack.current.bring_forward()


async def _ask_passphrase(app: QuantApp, question: PassphraseQuestion) -> str | None:
    from quant_tui.ui.modals.passphrase import ask_passphrase

    return await ask_passphrase(app, question)
