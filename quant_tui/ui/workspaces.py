"""Workspaces: the ten screens that the digits switch between; 0 is the tenth.

How to write one
----------------
A workspace is a class in ``ui/screens/<name>.py``, named in :data:`WORKSPACES`; it is
imported and built at the first visit and kept for the rest of the run. Its styles
stand beside its module in ``<module>.tcss`` (every rule in it is confined to the
workspace already). The workspace has the size as a class: ``-narrow`` below 100
columns, ``-normal``, ``-wide`` from 160; ``-short`` below 30 lines, ``-tall``::

    class Strategies(Workspace):
        BINDING_GROUP_TITLE = "Strategies"      # heading in the key help
        BINDINGS = [Binding("n", "new", "New", id="strategies.new", tooltip="…")]

        def compose(self) -> ComposeResult:
            self.table = Table(COLUMNS, empty=Notice(...), id="list")
            self.detail = Vertical(...)
            yield MasterDetail(self.table, self.detail)

        async def load(self, services: Services) -> None:
            # Called when the stores are open and the workspace is first shown, and by
            # self.reload(). While it runs a loading panel stands in for the content
            # (only the first time); an error becomes an error panel with a retry.
            self.table.set_rows(Row(s.id, (s.name, ...)) for s in await services....list())

        def shown(self) -> None: ...            # every time it comes to the front
        def focus_first(self) -> None: self.table.focus()
        async def jump(self, target: str) -> None: ...   # the palette: open an object by id
        def selection(self) -> Selection | None: ...     # what the chat beside sends along

        def action_delete(self) -> None:
            self.spawn(self._delete)            # beside the screen: errors become toasts

        async def _delete(self) -> None:
            if await self.confirm("Delete “Golden cross”?", yes="Delete"):
                ...
                self.offer_undo("Strategy deleted", self._undelete)   # u undoes, ten seconds

Services are reached with ``self.services`` (only after they are open: inside ``load``
and in actions; :attr:`ready` says). Long work is a job: a service returns a ``Job``,
``self.follow(job, on_done=...)`` shows it in the status line and calls back with the
result when it is done, on the screen's own task; its failure becomes a toast and stays
under Jobs. Nothing may block: no store, file or numeric work in a handler.
``self.switch_to("backtests", target=id)`` goes to another workspace.

Keys typed ahead wait until the workspace is loaded, and while work runs that was given
with ``self.spawn(work, keys_wait=True)``: what opens a form or a page, or leaves one.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.widget import Widget

from quant_tui.domain.errors import FileExists
from quant_tui.ui.reporting import Guarded, describe, leaves, report, toast
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.workers import has_ended

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker

    from quant_tui.jobs.manager import Job
    from quant_tui.services.chat_selection import Selection
    from quant_tui.services.composition import Services
    from quant_tui.ui.app import QuantApp
    from quant_tui.ui.commands import Command

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WorkspaceEntry:
    """One place in the top line.

    Attributes
    ----------
    code
        Name in the program: ``strategies``.
    title, short
        Names on the screen, the second for narrow terminals.
    factory
        ``module:Class``, imported at the first visit.
    key
        Its digit; empty for a place that is reached from others, which ``escape`` leaves.
    always
        Whether the top line names it even when it is not in front.
    """

    code: str
    title: str
    short: str
    factory: str
    key: str
    always: bool = True

    def build(self, app: App[None]) -> Workspace:
        """Import and make the workspace, and give the app its styles."""
        module, _, name = self.factory.partition(":")
        made: Workspace = getattr(import_module(module), name)()
        styles = Path(inspect.getfile(type(made))).with_suffix(".tcss")
        if styles.is_file():
            app.stylesheet.add_source(
                styles.read_text(encoding="utf-8"), read_from=(str(styles), ""), scope=name
            )
        made.entry = self
        made.id = f"workspace-{self.code}"
        return made


_SCREENS = "quant_tui.ui.screens"
WORKSPACES: tuple[WorkspaceEntry, ...] = (
    WorkspaceEntry("dashboard", "Dashboard", "Dash", f"{_SCREENS}.dashboard:Dashboard", "1"),
    WorkspaceEntry("watchlists", "Watchlists", "Watch", f"{_SCREENS}.watchlists:Watchlists", "2"),
    WorkspaceEntry("strategies", "Strategies", "Strat", f"{_SCREENS}.strategies:Strategies", "3"),
    WorkspaceEntry("backtests", "Backtests", "Test", f"{_SCREENS}.backtests:Backtests", "4"),
    WorkspaceEntry("optimise", "Optimise", "Opt", f"{_SCREENS}.optimise:Optimise", "5"),
    WorkspaceEntry("models", "Models", "ML", f"{_SCREENS}.models:Models", "6"),
    WorkspaceEntry("portfolio", "Portfolio", "Port", f"{_SCREENS}.portfolio:Portfolios", "7"),
    WorkspaceEntry("chat", "Chat", "Chat", f"{_SCREENS}.chat:Chat", "8"),
    WorkspaceEntry("jobs", "Jobs", "Jobs", f"{_SCREENS}.jobs:Jobs", "9"),
    WorkspaceEntry("account", "Account", "Acct", f"{_SCREENS}.account:Account", "", always=False),
    WorkspaceEntry("data", "Data", "Data", f"{_SCREENS}.data_import:DataImport", "0", always=False),
    WorkspaceEntry("settings", "Settings", "Set", f"{_SCREENS}.settings:SettingsPlace", "", False),
    WorkspaceEntry("checks", "Checks", "Chk", f"{_SCREENS}.checks:Checks", "", always=False),
    WorkspaceEntry("editor", "Editor", "Edit", f"{_SCREENS}.editor:Editor", "", always=False),
    WorkspaceEntry("symbol", "Symbol", "Sym", f"{_SCREENS}.symbol:Symbol", "", always=False),
)


class Workspace(Guarded, Widget):
    """Base of every workspace; the module's docstring says how to write one."""

    DEFAULT_CSS = """
    Workspace {
        width: 1fr;
        height: 1fr;
        layout: vertical;
        padding: 0 1;
        &.-notice > * { display: none; }
    }
    """
    needs_services = True
    """Whether there is nothing to show before the stores are open."""

    entry: WorkspaceEntry

    def __init__(self) -> None:
        super().__init__()
        self.notice_panel = MessagePanel(id="workspace-notice")
        self.notice_panel.display = False
        self.loaded = False
        self._target = ""
        self._leading: list[Worker[object]] = []
        self._giving_focus = False
        self.came_from = ""
        """The workspace that opened an object here, while that is what one looks at."""

    # -- for subclasses to fill in

    async def load(self, services: Services) -> None:
        """Fetch what the workspace shows."""

    def shown(self) -> None:
        """Do what is due each time the workspace comes to the front."""

    def focus_first(self) -> None:
        """Give the keys to what a person wants first."""
        for widget in self.query("*").results(Widget):
            if widget.focusable and widget.display:
                widget.focus()
                return

    async def jump(self, target: str) -> None:
        """Open the object with this id."""

    def jobs_changed(self) -> None:
        """Look at the jobs again: twice a second while one runs, once when it ended.

        Called for the workspace in front alone.
        """

    def commands(self) -> Iterable[Command]:
        """Offer actions to the palette from wherever one is, once the workspace is built."""
        return ()

    def selection(self) -> Selection | None:
        """Return what is chosen, as the chat beside would send it; None for nothing.

        Asked four times a second while the chat is open: nothing may be fetched for it.
        """
        return None

    @property
    def unsaved(self) -> str:
        """What would be lost by quitting, as a person would say it; "" when nothing."""
        return ""

    # -- for subclasses to use

    @property
    def host(self) -> QuantApp:
        """The app, by its own type."""
        return cast("QuantApp", self.app)

    @property
    def ready(self) -> bool:
        """Whether the stores are open."""
        return self.host.services is not None

    @property
    def services(self) -> Services:
        """The services.

        Raises
        ------
        RuntimeError
            When they are not open yet; ask :attr:`ready` where that can be.
        """
        services = self.host.services
        if services is None:
            raise RuntimeError("the services are not open yet")
        return services

    def spawn(
        self,
        work: Callable[[], Awaitable[T]],
        *,
        group: str = "default",
        exclusive: bool = False,
        keys_wait: bool = False,
    ) -> Worker[T | None]:
        """Run work beside the screen; an error becomes a toast, never an end.

        Parameters
        ----------
        work
            A coroutine function without arguments; not called when cancelled before.
        group, exclusive
            With ``exclusive``, an earlier one of the same group is cancelled first.
        keys_wait
            Whether what it does decides what the next keys are for, so that keys typed
            ahead wait for its end.
        """

        async def guarded() -> T | None:
            try:
                return await work()
            except Exception as error:  # noqa: BLE001 -- reported, and logged when it is ours
                report(self, error)
                return None

        worker: Worker[T | None] = self.run_worker(
            guarded, group=group, exclusive=exclusive, exit_on_error=False
        )
        if keys_wait:
            self._leading = [one for one in self._leading if not has_ended(one)]
            self._leading.append(cast("Worker[object]", worker))
        return worker

    def follow(
        self,
        job: Job[T],
        *,
        on_done: Callable[[T], Awaitable[None] | None] | None = None,
        on_failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Be told when a job ends; see :meth:`quant_tui.ui.job_watch.JobWatch.follow`."""
        self.host.job_watch.follow(job, self, on_done, on_failed)

    async def confirm(self, question: str, consequence: str = "", *, yes: str = "Yes") -> bool:
        """Ask, and wait for the answer; only inside :meth:`spawn`."""
        from quant_tui.ui.modals.confirm import Confirm

        return await self.host.push_screen_wait(Confirm(question, consequence, yes=yes))

    async def write_file(self, write: Callable[[bool], Awaitable[T]]) -> T | None:
        """Write a file, and ask where there is one; only inside :meth:`spawn`.

        Parameters
        ----------
        write
            Writes it; what is there may give way where its argument is true, and is refused
            by :class:`~quant_tui.domain.errors.FileExists` otherwise.

        Returns
        -------
        T | None
            What writing it returned; None where the file that is there shall stay.
        """
        try:
            return await write(False)
        except FileExists as error:
            question = f"Write over {error.path.name}?"
            if not await self.confirm(question, str(error.path), yes="Overwrite"):
                return None
        return await write(True)

    def toast(self, message: str, *, title: str = "") -> None:
        """Show a short message."""
        toast(self.app, message, title=title)

    def offer_undo(self, message: str, undo: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Say that something was done, and let ``u`` take it back for ten seconds."""
        self.host.undo.offer(message, undo)

    def switch_to(self, code: str, *, target: str = "") -> None:
        """Go to another workspace and open an object there."""
        self.host.go_to(code, target=target)

    def go_back(self) -> None:
        """Go to the workspace that was in front before."""
        self.host.go_to(self.host.stack.before)

    def show_notice(self, notice: Notice, *, retry: Callable[[], object] | None = None) -> None:
        """Show a text in place of the whole workspace."""
        self.notice_panel.show(notice, retry=retry)
        self.add_class("-notice")
        self.notice_panel.display = True
        focused = self.screen.focused
        if focused is None or self in focused.ancestors_with_self:
            self.screen.set_focus(self.notice_panel, scroll_visible=False)

    def show_error(self, error: BaseException, *, retry: Callable[[], object]) -> None:
        """Show what went wrong in place of the whole workspace; ``enter`` tries again."""
        title, message = describe(error)
        self.host.type_ahead.drop()
        self.show_notice(Notice(title, message, kind="error"), retry=retry)

    def show_content(self) -> None:
        """Take the text away again."""
        if self.has_class("-notice"):
            had_focus = self.screen.focused in (None, self.notice_panel)
            self.remove_class("-notice")
            self.notice_panel.display = False
            if had_focus:
                self._giving_focus = True
                self.call_after_refresh(self._give_focus)

    def reload(self) -> None:
        """Fetch everything again."""
        self.spawn(self._load, group="load", exclusive=True)

    # -- for the app to call

    @property
    def keys_wait(self) -> bool:
        """Whether what the next keys are for is still on its way."""
        if self.needs_services and not self.loaded:
            return self.notice_panel.notice.kind != "error"
        return self._giving_focus or not all(map(has_ended, self._leading))

    def bring_forward(self, target: str = "") -> None:
        """Come to the front, and open an object once everything is there."""
        self._target = target or self._target
        if self.loaded or not self.needs_services:
            self.loaded = True
            self._arrive()
        elif self.ready and self.services.user is not None:
            self.reload()
        else:
            self.host.opening.tell(self)

    async def on_mount(self) -> None:
        """Add the panel that stands in while there is nothing else to show."""
        await self.mount(self.notice_panel)

    def on_resize(self) -> None:
        """Carry the screen's size class, for styles: ``&.-narrow #list { … }``."""
        for name in ("-narrow", "-normal", "-wide", "-short", "-tall"):
            self.set_class(self.screen.has_class(name), name)

    def _give_focus(self) -> None:
        self._giving_focus = False
        self.focus_first()

    async def _load(self) -> None:
        if not self.loaded:
            self.show_notice(Notice("Loading …", kind="loading"))
        try:
            await self.load(self.services)
        except Exception as error:
            if leaves(self):
                raise
            self.show_error(error, retry=self.reload)
            return
        self.loaded = True
        self.show_content()
        self._arrive()

    def _arrive(self) -> None:
        self.shown()
        target, self._target = self._target, ""
        if target:
            self.spawn(partial(self.jump, target), group="jump", exclusive=True, keys_wait=True)
