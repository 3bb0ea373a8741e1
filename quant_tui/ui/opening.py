"""Opening the services behind the first paint, and leaving them clean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from quant_tui.ui.reporting import describe, toast
from quant_tui.ui.widgets.message_panel import Notice

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
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
        """Say in a workspace that the stores are being opened, or why they are not."""
        error = self._app.services_error
        if error is not None:
            workspace.show_error(error, retry=self._try_again)
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
            app.job_watch.attach(services.jobs)
            app.status_keeper.start(services)
            if services.user is None:
                self._welcome(services)
        if app.stack.current is not None:
            app.stack.current.bring_forward()

    def _welcome(self, services: Services) -> None:
        from quant_tui.ui.modals.welcome import Welcome

        async def greeted(_loaded: bool | None) -> None:
            self._app.status_keeper.start(services)
            self._app.stack.begin_again()

        self._app.type_ahead.drop()  # nobody knew of the questions that come now
        self._app.push_screen(Welcome(services), greeted)
