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
        self.before = ""

    @property
    def current(self) -> Workspace | None:
        """The workspace in front."""
        return self.built.get(self.front)

    def takes_keys(self, widget: Widget) -> bool:
        """Return whether a widget may have the focus now.

        What ends in a workspace behind, such as the fetching of bars that have just come, does
        not take the keys from the one in front: its widget has them when it is back.
        """
        around = set(widget.ancestors_with_self)
        for code, workspace in self.built.items():
            if code != self.front and workspace in around:
                self._focus[code] = widget
                return False
        return True

    async def drop_all(self) -> None:
        """Take every workspace down with all it holds."""
        await self._app.query_one("#body").remove_children()
        self.built.clear()
        self._focus.clear()
        self.front = self.before = ""

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
        if app.gate.closed:
            return  # whoever wanted to go there is not here
        while app.screen is not app.default_screen:
            await app.pop_screen()
        if code == self.front and not target:
            return
        before, workspace = self.current, self.built.get(code)
        focused = app.screen.focused
        if focused is None or before is None or before in focused.ancestors_with_self:
            self._focus[self.front] = focused  # else the chat beside has the keys
        with app.batch_update():
            if workspace is None:
                entry = next(entry for entry in WORKSPACES if entry.code == code)
                workspace = entry.build(app)
                await app.query_one("#body").mount(workspace)
                self.built[code] = workspace
            if before is not None:
                before.remove_class("-front")
            workspace.add_class("-front")
            workspace.came_from = self.front if target and code != self.front else ""
            if code != self.front:
                self.before, self.front = self.front or code, code
            app.query_one(NavBar).show(code)
            app.beside.front_changed()
            remembered = self._focus.get(code)
            if remembered is not None and remembered.is_attached and remembered.focusable:
                app.screen.set_focus(remembered, scroll_visible=False)
            else:
                workspace.focus_first()
            workspace.bring_forward(target)

    async def begin_again(self) -> None:
        """Fetch everything anew, as somebody else: the one in front now, the others when shown."""
        if not self.built:
            await self.show(WORKSPACES[0].code)
        for workspace in self.built.values():
            workspace.loaded = False
        if self.current is not None:
            self.current.bring_forward()
