"""What stands between the keyboard and what a user has: sign-in, lock, sign-out.

While it is closed, the app is in a mode of its own: the screens of the workspaces stay
where they are, unseen and without keys; messages wait, and whatever wants to open does so
beneath.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from quant_tui.domain.errors import NotSignedIn
from quant_tui.ui.reporting import Severity, toast

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.timer import Timer

    from quant_tui.domain.user import User
    from quant_tui.services.composition import Services
    from quant_tui.ui.app import QuantApp

WORKSPACES_MODE = "workspaces"
GATE_MODE = "gate"
"""Modes of the app: what a user has, and what stands before it."""

ALLOWED = frozenset({"ask_quit", "redraw", "focus_next", "focus_previous"})
"""Actions of the app that work while it is closed."""

MOST_HELD = 5
"""Messages that wait for the opening; of more, the newest."""


class HeldMessage(NamedTuple):
    """A message that came while nobody might read it."""

    message: str
    title: str
    severity: Severity
    seconds: float | None


class Gate:
    """Closes and opens.

    Parameters
    ----------
    app
        What it closes.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app
        self._held: list[HeldMessage] = []
        self._idle_timer: Timer | None = None
        self._touched = monotonic()

    @property
    def closed(self) -> bool:
        """Whether nothing of a user may be seen or done."""
        return self._app.current_mode == GATE_MODE

    @property
    def mode_of_questions(self) -> str:
        """Where a question belongs that work in progress asks: beneath the lock.

        While nobody is signed in, all that can ask is the signing in itself, which waits for
        the answer: on top then.
        """
        services = self._app.services
        nobody = services is not None and services.user is None
        return self._app.current_mode if nobody else WORKSPACES_MODE

    @property
    def _services(self) -> Services:
        services = self._app.services
        if services is None:
            raise NotSignedIn("The stores are not open yet.", hint="Wait a moment.")
        return services

    # -- signing in and out

    async def ask(self) -> None:
        """Ask who is there; at a new store of one's own, welcome its person."""
        from quant_tui.ui.screens.account.sign_in import SignIn

        services = self._services
        self._app.type_ahead.drop()  # nobody knew of the questions that come now
        if services.accounts.private and await services.accounts.is_new():
            self._welcome(services)
            return
        first = await services.accounts.is_new()
        address = unquote(services.stores.public_uri.partition("?")[0])
        place = "on this machine" if services.accounts.private else address
        await self._close(lambda: SignIn(services, first=first, place=place))

    async def admit(self, user: User, *, new: bool) -> None:
        """Let somebody in whose password was right, or who has just made an account."""
        services, app = self._services, self._app
        await services.sign_in(user)
        await self._open()
        app.status_keeper.start(services)
        await app.stack.begin_again()
        if unkept := services.accounts.unkept:
            said = f"You stay signed in until quitting only: {unkept}"
            toast(app, said, title="Account", severity="warning", seconds=12)
        if not user.is_verified and services.accounts.verification.by_mail:
            toast(
                app,
                f"{user.email} is not verified yet: ctrl+p, account: Verify the address",
                title="Account",
                seconds=10,
            )
        if new and not await services.market_data.symbols():
            self._welcome(services)

    def _welcome(self, services: Services) -> None:
        """Make the account of a private store, and offer the sample data."""
        from quant_tui.ui.modals.welcome import Welcome

        async def greeted(_loaded: bool | None) -> None:
            self._app.status_keeper.start(services)
            await self._app.stack.begin_again()

        self._app.push_screen(Welcome(services), greeted)

    async def sign_out(self) -> None:
        """End the session; ask first when something would be lost. Inside a worker."""
        app = self._app
        losses = [f"{job.title} is running and will be cancelled." for job in app.job_watch.active]
        losses += [f"{one.unsaved} is not saved." for one in app.built_workspaces if one.unsaved]
        if losses:
            from quant_tui.ui.modals.confirm import Confirm

            question = Confirm("Sign out all the same?", " ".join(losses), yes="Sign out")
            if not await app.push_screen_wait(question):
                return
        await self._services.accounts.sign_out()
        await self.leave()

    async def expel(self, error: NotSignedIn) -> None:
        """Sign out somebody whose session was ended from elsewhere."""
        await self._services.accounts.sign_out()
        await self.leave()
        from quant_tui.ui.screens.account.gate_screen import GateScreen

        if isinstance(self._app.screen, GateScreen):
            self._app.screen.say(str(error))

    async def leave(self) -> None:
        """Leave nothing of the user on the screen or in memory, and ask who is next."""
        app, services = self._app, self._services
        from quant_tui.ui.screens.account.gate_screen import GateScreen

        app.clear_notifications()
        app.undo.withdraw()
        app.jumps.forget()
        app.type_ahead.drop()
        if not self.closed:  # hide at once; jobs may take a second to end
            await self._close(lambda: GateScreen(services))
        app.job_watch.forget()
        await services.sign_out()
        await app.stack.drop_all()
        self._held.clear()  # what ended with the screens may have said something
        app.status_keeper.line.show_user("")
        with app.batch_update():
            await self._switch_back()
            while app.screen is not app.default_screen:
                await app.pop_screen()
            await self.ask()

    # -- the lock

    async def lock(self) -> None:
        """Hide everything until the password is given; say how to set one when there is none."""
        services = self._app.services
        if services is None or services.user is None or self.closed:
            return
        if not services.user.password_hash:
            toast(
                self._app,
                "Your account has no password to unlock with. Set one: ctrl+p, "
                "account: Change the password.",
                title="Not locked",
                severity="warning",
                seconds=10,
            )
            return
        from quant_tui.ui.screens.account.lock import LockScreen

        await self._close(lambda: LockScreen(services))

    async def unlock(self) -> None:
        """Show everything again, as it was."""
        await self._open()

    def touched(self) -> None:
        """Note that a key or the mouse was used."""
        self._touched = monotonic()

    def watch_idling(self, minutes: int) -> None:
        """Lock after so many minutes without a key; never with 0."""
        if minutes > 0 and self._idle_timer is None:
            self._look_again_in(minutes * 60.0, minutes)

    async def lock_when_idle(self, minutes: int) -> float:
        """Lock when nothing was touched for so long; return in how many seconds to look again."""
        left = minutes * 60.0 - (monotonic() - self._touched)
        if left > 0:
            return left
        services = self._app.services
        if services is not None and services.user is not None and services.user.password_hash:
            await self.lock()
        self.touched()
        return minutes * 60.0

    def _look_again_in(self, seconds: float, minutes: int) -> None:
        async def look() -> None:
            self._look_again_in(await self.lock_when_idle(minutes), minutes)

        self._idle_timer = self._app.set_timer(max(1.0, seconds), look)

    # -- what waits

    def holds(self, message: HeldMessage) -> bool:
        """Keep a message back while closed; return whether it was."""
        if self.closed:
            self._held = [*self._held, message][-MOST_HELD:]
        return self.closed

    async def _close(self, page: Callable[[], Screen[None]]) -> None:
        app = self._app
        app.type_ahead.drop()
        app.clear_notifications()
        if self.closed:
            await self._switch_back()
        app.add_mode(GATE_MODE, page)
        await app.switch_mode(GATE_MODE)
        app.painter.forget()

    async def _switch_back(self) -> None:
        app = self._app
        if self.closed:
            await app.switch_mode(WORKSPACES_MODE)
            app.remove_mode(GATE_MODE)

    async def _open(self) -> None:
        app = self._app
        app.type_ahead.drop()
        self.touched()
        await self._switch_back()
        app.painter.forget()
        app.refresh_bindings()
        held, self._held = self._held, []
        for one in held:
            toast(app, one.message, title=one.title, severity=one.severity, seconds=one.seconds)
