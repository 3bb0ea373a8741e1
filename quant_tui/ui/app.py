"""The app: wiring of frame, workspaces, services and keys.

Nothing heavy is imported here: the first paint needs Textual and the frame alone. The
services are opened behind it, by a factory that does its own imports in a thread.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from quant_tui.ui import keymap, themes
from quant_tui.ui.beside import ChatBeside
from quant_tui.ui.bindings import FRAME_BINDINGS
from quant_tui.ui.erasing import erases_in_colour
from quant_tui.ui.gate import ALLOWED, WORKSPACES_MODE, Gate, HeldMessage
from quant_tui.ui.job_watch import JobWatch
from quant_tui.ui.jumps import JumpOffer
from quant_tui.ui.opening import OpenServices, ServiceOpening
from quant_tui.ui.painter import Painter, ThriftyUpdate
from quant_tui.ui.removal import LastingRemove
from quant_tui.ui.reporting import Guarded, Severity, logger, report, toast
from quant_tui.ui.signals import handle_end_signals
from quant_tui.ui.slow_line import is_slow
from quant_tui.ui.stack import WorkspaceStack
from quant_tui.ui.status import StatusKeeper
from quant_tui.ui.steady_screen import SteadyScreen
from quant_tui.ui.type_ahead import TypeAhead
from quant_tui.ui.undo import UndoOffer
from quant_tui.ui.warming import Warming
from quant_tui.ui.widgets.key_footer import KeyFooter
from quant_tui.ui.widgets.nav_bar import NavBar
from quant_tui.ui.widgets.status_line import StatusLine
from quant_tui.ui.workspaces import WORKSPACES, Workspace

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.await_remove import AwaitRemove
    from textual.command import Provider
    from textual.dom import DOMNode
    from textual.screen import Screen
    from textual.widget import Widget
    from textual.worker import Worker

    from quant_tui.config.settings import Settings
    from quant_tui.services.composition import Services


def _palette() -> type[Provider]:
    from quant_tui.ui.commands import Commands

    return Commands


def _workspaces() -> Screen[None]:
    """Return the screen that paints once for everything that a key set off."""
    return SteadyScreen(id="_default")


class QuantApp(Guarded, App[None]):
    """The app.

    Parameters
    ----------
    settings
        What was configured.
    open_services
        Opens stores and services; awaited once the first screen has been painted.
    """

    TITLE = "quant_tui"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {WORKSPACES_MODE: _workspaces}
    DEFAULT_MODE = WORKSPACES_MODE
    CSS_PATH = "app.tcss"
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012 -- typed by Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 -- typed by Textual
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = FRAME_BINDINGS

    def __init__(self, settings: Settings, open_services: OpenServices) -> None:
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.painter = Painter(erases=erases_in_colour())
        self.settings = settings
        self.slow_line = is_slow(settings.ui.slow_line)
        if self.slow_line:
            self.animation_level = "none"
        self.services: Services | None = None
        self.services_error: BaseException | None = None
        self.job_watch = JobWatch(self, self._jobs_changed)
        self.undo = UndoOffer(self)
        self.jumps = JumpOffer(self)
        self.status_keeper = StatusKeeper(self)
        self.opening = ServiceOpening(self, open_services)
        self.warming = Warming()
        self.stack = WorkspaceStack(self)
        self.beside = ChatBeside(self)
        self.type_ahead = TypeAhead(self)
        self.gate = Gate(self)
        self.theme_store = themes.ThemeStore(settings.locations)
        self._startup_problems = list(settings.problems)
        self._startup_problems += themes.use_first(self, self.theme_store, settings.ui.theme)

    def compose(self) -> ComposeResult:
        """Lay out the frame."""
        yield NavBar(WORKSPACES)
        yield Container(id="body")
        yield StatusLine()
        yield KeyFooter()

    # -- start and end

    async def on_mount(self) -> None:
        """Show the first workspace; everything else waits until that is painted."""
        if not self.is_headless:
            handle_end_signals(self)
        self.app_resume_signal.subscribe(self, lambda _app: self.painter.forget())
        await self.stack.show(WORKSPACES[0].code)
        self.call_after_refresh(self.set_timer, 0.01, self._after_first_paint)

    def _after_first_paint(self) -> None:
        if isinstance(self.default_screen, SteadyScreen):
            self.default_screen.gathers = True
        self.open_services()
        if not self.is_headless:
            self.warming.begin()
        _settling: Worker[None] = self.run_worker(self._settle, exit_on_error=False)

    async def _settle(self) -> None:
        """Read what the first paint could do without: all themes, the person's keys."""
        found, problems = await asyncio.to_thread(self.theme_store.read_all)
        themes.offer(self, found)
        good, clashes = await asyncio.to_thread(keymap.read, self.settings.keys)
        self.set_keymap(good)
        for problem in dict.fromkeys([*self._startup_problems, *problems, *clashes]):
            toast(self, problem, title="Configuration", severity="warning", seconds=12)

    def open_services(self) -> None:
        """Open the stores in the background; also the retry after a failure."""
        self.opening.begin()

    async def on_unmount(self) -> None:
        """Leave the stores clean; the terminal is the person's again by now."""
        self.status_keeper.stop()
        await self.warming.close()
        await self.opening.close()

    # -- workspaces

    def go_to(self, code: str, *, target: str = "") -> None:
        """Bring a workspace to the front, and open an object in it."""
        self.call_later(self.stack.show, code, target)

    async def action_go_to(self, code: str) -> None:
        """Bring a workspace to the front."""
        await self.stack.show(code)

    @property
    def front(self) -> str:
        """Which workspace is in front."""
        return self.stack.front

    @property
    def built_workspaces(self) -> list[Workspace]:
        """The workspaces visited so far."""
        return list(self.stack.built.values())

    def _jobs_changed(self) -> None:
        self.status_keeper.jobs_changed()

    def jobs_tick(self) -> None:
        """Let the workspace in front look at the jobs again."""
        if (workspace := self.stack.current) is not None:
            workspace.jobs_changed()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Still the cursor of text fields on a slow line: each blink is a message sent."""
        if self.slow_line and hasattr(event.widget, "cursor_blink"):
            event.widget.cursor_blink = False

    # -- keys

    async def on_event(self, event: events.Event) -> None:
        """Hold a key back while what it is for is on its way."""
        if isinstance(event, events.InputEvent):
            self.gate.touched()
        early = (
            isinstance(event, events.Key)
            and not event.is_forwarded
            and self.type_ahead.takes(event)
        )
        if early:
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.jumps.stay()
        await super().on_event(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if self.gate.closed and action not in ALLOWED:
            return False
        if action == "undo":
            return self.undo.available
        if action == "open_finished":
            return self.jumps.available
        if action == "command_palette":  # a jump from it would leave a question unanswered
            return not self.screen.is_modal
        if action == "chat":
            return not self.screen.is_modal and parameters == (self.beside.next_step,)
        return super().check_action(action, parameters)

    async def action_lock(self) -> None:
        """Hide everything until the password is given."""
        await self.gate.lock()

    def action_sign_out(self) -> None:
        """End the session of this machine, and leave nothing of its user here."""
        self.in_background(self.gate.sign_out)

    async def action_chat(self, step: str) -> None:
        """Open the chat beside the workspace, go into it, or close it."""
        await self.beside.take(step)

    async def action_undo(self) -> None:
        """Take back the last deletion."""
        await self.undo.take_back()

    def action_open_finished(self) -> None:
        """Go to what was finished last."""
        self.jumps.take()

    def action_clear_toasts(self) -> None:
        """Take the messages off the screen."""
        self.clear_notifications()

    def action_redraw(self) -> None:
        """Paint the screen anew, for when something else wrote over it."""
        self.painter.forget()
        self.screen.refresh(repaint=True, layout=True)

    def action_help(self) -> None:
        """Show all keys."""
        from quant_tui.ui.modals.help import KeyHelp

        if not isinstance(self.screen, KeyHelp):
            self.push_screen(KeyHelp.of(self))

    def action_functions(self) -> None:
        """Show what the rule language can call and name."""
        from quant_tui.ui.modals.functions import FunctionReference

        if not isinstance(self.screen, FunctionReference):
            self.push_screen(FunctionReference())

    def action_press_binding(self, name: str) -> None:
        """Do what the key of a binding does; the footer's clicks come here."""
        for key, active in self.screen.active_bindings.items():
            if name in (active.binding.id, active.binding.action):
                self.simulate_key(key)
                return

    async def action_ask_quit(self) -> None:
        """Quit; ask first when a job runs or something is unsaved."""
        losses = [f"{job.title} is still running." for job in self.job_watch.active]
        losses += [f"{one.unsaved} is not saved." for one in self.built_workspaces if one.unsaved]
        if not losses:
            self.exit()
            return
        from quant_tui.ui.modals.confirm import Confirm

        if isinstance(self.screen, Confirm):
            return
        # behind the lock it is nobody's business what
        what = "Something is not finished." if self.gate.closed else " ".join(losses)
        question = Confirm("Quit all the same?", what, yes="Quit")
        self.push_screen(question, lambda yes: self.exit() if yes else None, mode=self.current_mode)

    def action_change_theme(self) -> None:
        """Choose among the themes."""
        from textual.command import CommandPalette

        from quant_tui.ui.commands import Themes

        self.push_screen(CommandPalette(providers=[Themes], placeholder="Theme …"))

    def use_theme(self, name: str) -> None:
        """Change the theme and remember it."""
        self.theme = name
        try:
            from quant_tui.config.settings import remember

            remember(self.settings, "ui", "theme", name)
        except Exception as error:  # noqa: BLE001 -- reported, and logged when it is ours
            report(self, error)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme the colours that Textual does not know of."""
        return themes.DEFAULTS

    # -- the gate

    def in_background(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run what outlives the screen it was begun on; an error becomes a toast."""

        async def guarded() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 -- reported, and logged when it is ours
                report(self, error)

        _running: Worker[None] = self.run_worker(guarded, exit_on_error=False)

    def push_screen(self, screen: Any, *args: Any, mode: str | None = None, **kwargs: Any) -> Any:
        """Show a screen; while the gate is closed, beneath it."""
        beneath = WORKSPACES_MODE if self.gate.closed else None
        return super().push_screen(screen, *args, mode=mode or beneath, **kwargs)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a short message; while the gate is closed, once it is open."""
        if not self.gate.holds(HeldMessage(message, title, severity, timeout)):
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """Take parts of the screen away, also when who waits for it is cancelled meanwhile."""
        return LastingRemove(super()._prune(*nodes, parent=parent))

    # -- painting

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send the terminal the difference instead of everything."""
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and not self.is_inline:
            if self._batch_count:
                return
            self.painter.take(renderable, self.size, self.console)
            if self.painter.held:
                return
            renderable = ThriftyUpdate(self.painter)  # type: ignore[assignment]  # as Textual's own updates
        super()._display(screen, renderable)

    @contextmanager
    def one_frame(self) -> Iterator[None]:
        """Send what is painted inside in one piece, at the end."""
        self.painter.held = True
        try:
            yield
        finally:
            self.painter.held = False
            if self.painter.waiting and self.is_running:
                super()._display(self.screen, ThriftyUpdate(self.painter))  # type: ignore[arg-type]  # as Textual's own updates

    # -- errors

    def _handle_exception(self, error: Exception) -> None:
        """End with one clear line instead of a traceback, which the log gets.

        Textual calls this for what no handler of ours has caught; the part of the
        screen it happened in is dead then, so the app cannot go on.
        """
        logger.critical("The app ended unexpectedly", exc_info=error)
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            log_file = self.settings.locations.log_file
            line = f"quant-tui ended unexpectedly ({type(error).__name__}). Details: {log_file}"
            self._exit_renderables.append(line)
        self._close_messages_no_wait()
