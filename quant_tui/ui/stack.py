"""Which workspaces were visited, which is in front, and what each had in focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.ui.widgets.nav_bar import NavBar
from quant_tui.ui.workspaces import WORKSPACES, Workspace

if TYPE_CHECKING:
    from textual.widget import Widget

    from quant_tui.ui.app import QuantApp


class WorkspaceStack:
    """Builds a workspace at its first visit and keeps it for the rest of the run.

    Parameters
    ----------
    app
        In whose ``#body`` they live.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app
        self._focus: dict[str, Widget | None] = {}
        self.built: dict[str, Workspace] = {}
        self.front = ""

    @property
    def current(self) -> Workspace | None:
        """The workspace in front."""
        return self.built.get(self.front)

    async def show(self, code: str, target: str = "") -> None:
        """Bring a workspace to the front, and open an object in it.

        Parameters
        ----------
        code
            As in :data:`~quant_tui.ui.workspaces.WORKSPACES`.
        target
            Id of what to open there; empty for nothing.
        """
        app = self._app
        while app.screen is not app.default_screen:
            await app.pop_screen()
        if code == self.front and not target:
            return
        before, workspace = self.current, self.built.get(code)
        self._focus[self.front] = app.screen.focused
        with app.batch_update():
            if workspace is None:
                entry = next(entry for entry in WORKSPACES if entry.code == code)
                workspace = entry.build(app)
                await app.query_one("#body").mount(workspace)
                self.built[code] = workspace
            if before is not None:
                before.remove_class("-front")
            workspace.add_class("-front")
            self.front = code
            app.query_one(NavBar).show(code)
            remembered = self._focus.get(code)
            if remembered is not None and remembered.is_attached and remembered.focusable:
                app.screen.set_focus(remembered, scroll_visible=False)
            else:
                workspace.focus_first()
            workspace.bring_forward(target)

    def begin_again(self) -> None:
        """Fetch everything anew, as somebody else: the one in front now, the others when shown."""
        for workspace in self.built.values():
            workspace.loaded = False
        if self.current is not None:
            self.current.bring_forward()
