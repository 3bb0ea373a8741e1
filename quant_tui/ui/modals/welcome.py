"""First start: the local account and the sample data, one key each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from quant_tui.domain.errors import QuantError
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui import format as fmt
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.reporting import describe

if TYPE_CHECKING:
    from textual.timer import Timer

    from quant_tui.jobs.manager import Job
    from quant_tui.services.composition import Services
    from quant_tui.services.sample_data import SampleReport

LOGO = (
    "▗▄▄▄▖ ▗▖ ▗▖  ▗▄▖  ▗▖  ▗▖▗▄▄▄▖     ▗▄▄▄▖▗▖ ▗▖▗▄▄▄▖\n"
    "▐▌ ▐▌ ▐▌ ▐▌ ▐▌ ▐▌ ▐▛▚▖▐▌  █         █  ▐▌ ▐▌  █  \n"
    "▐▙▄▟▛▖▝▚▄▞▘ ▐▛▀▜▌ ▐▌ ▝▜▌  █   ▄▄▄   █  ▝▚▄▞▘▗▄█▄▖"
)


class Welcome(Dialog[bool]):
    """Makes the local account, then offers the sample data; the result says if they were loaded.

    Parameters
    ----------
    services
        The open services, with nobody signed in.
    """

    DEFAULT_CSS = """
    Welcome > .dialog { width: 72; padding: 1 3; border-title-align: center; }
    Welcome .logo { color: $accent; width: 1fr; text-align: center; margin-bottom: 1; height: 3; }
    Welcome #step { height: auto; }
    Welcome #name { height: 1; border: none; padding: 0 1; margin: 1 0; width: 40; background: $panel; }
    Welcome #wrong { height: auto; color: $text-error; display: none; }
    Welcome #keys { height: auto; margin-top: 1; }
    Welcome.-short .logo { display: none; }
    """  # noqa: E501 -- one rule a line
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Go on", id="welcome.go_on", tooltip="Do what is offered"),
        Binding("escape,n", "skip", "Skip", id="welcome.skip", tooltip="Start without the data"),
        Binding("ctrl+q", "app.quit", "Quit", id="welcome.quit", priority=True, tooltip="Quit"),
    ]

    def __init__(self, services: Services) -> None:
        super().__init__()
        from quant_tui.services.account_rules import suggested_username

        self._services = services
        self._username = Input(suggested_username(), id="name", compact=True, select_on_focus=False)
        self._step = Static("", id="step", markup=False)
        self._wrong = Static("", id="wrong", markup=False)
        self._keys = Static("", id="keys", markup=False)
        self._job: Job[SampleReport] | None = None
        self._timer: Timer | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out the one box that both steps share."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Welcome"
            yield Static(LOGO, classes="logo", markup=False)
            yield self._step
            yield self._username
            yield self._wrong
            yield self._keys

    def on_mount(self) -> None:
        """Begin with the name, or with the data when there is an account already."""
        if self._services.user is not None:
            self._offer_data()
            return
        self._step.update(
            Content(
                "A workbench for trading strategies. Everything is kept in stores of your own "
                "on this machine, and nothing leaves it.\n\nWho works here?"
            )
        )
        self._show_keys(("enter", "Make the local account"), ("ctrl+q", "Quit"))
        self._username.focus()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the name."""
        event.stop()
        await self.action_go_on()

    async def action_go_on(self) -> None:
        """Make the account, or load the data, whichever is offered."""
        if self._busy:
            return
        self._busy = True
        try:
            if self._services.user is None:
                user = await self._services.accounts.create_local(self._username.value)
                await self._services.sign_in(user)
                self._offer_data()
            elif self._job is None:
                self._load_data()
        except QuantError as error:
            self._say_wrong(error)
        finally:
            self._busy = False

    def action_skip(self) -> None:
        """Start without the data; before there is an account there is nothing to skip."""
        if self._services.user is not None and (self._job is None or self._job.status.is_final):
            self.dismiss(False)

    def _offer_data(self) -> None:
        user = self._services.user
        self._username.display = False
        self.set_focus(None)
        self._wrong.display = False
        self._step.update(
            Content(
                f"Hello, {user.username if user else ''}.\n\n"
                "The sample data are real daily figures of two US stock indices and real series "
                "of the US economy, each with its source and licence, and a dozen invented "
                "stocks, marked as invented wherever they are shown. They take a few seconds."
            )
        )
        self._show_keys(("enter", "Load the sample data"), ("n", "Start empty"))

    def _load_data(self) -> None:
        self._job = self._services.jobs.start(
            "import", "Sample data", self._services.sample_data.load
        )
        self._timer = self.set_interval(0.1, self._watch)

    def _watch(self) -> None:
        job = self._job
        if job is None:
            return
        if job.status is RunStatus.COMPLETED:
            self._stop_watching()
            self.dismiss(True)
        elif job.status.is_final:
            self._stop_watching()
            self._job = None
            self._say_wrong(job.error or QuantError("Loading was cancelled."))
        else:
            bar = f"{fmt.bar(job.progress, 40)}  {job.progress * 100:3.0f}%"
            self._keys.update(
                Content.assemble((bar, "$text-accent"), "\n", (job.message, "$text-muted"))
            )

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _say_wrong(self, error: QuantError) -> None:
        title, message = describe(error)
        self._wrong.update(Content(f"✗ {title}: {message}"))
        self._wrong.display = True
        if self._services.user is not None:
            self._show_keys(("enter", "Try again"), ("n", "Start empty"))

    def _show_keys(self, *keys: tuple[str, str]) -> None:
        width = max(len(key) for key, _ in keys)
        self._keys.update(
            Content("\n").join(
                Content.assemble((key.rjust(width), "bold $footer-key-foreground"), f"  {what}")
                for key, what in keys
            )
        )
