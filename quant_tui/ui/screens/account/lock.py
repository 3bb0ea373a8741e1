"""The lock: everything is hidden until the password is given."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.domain.errors import NotSignedIn
from quant_tui.services.composition import Services
from quant_tui.ui.modals.welcome import LOGO
from quant_tui.ui.screens.account.fields import password_field
from quant_tui.ui.screens.account.gate_screen import GateScreen, key_lines
from quant_tui.ui.widgets.form import Form


class LockScreen(GateScreen):
    """Asks for the password of whoever is signed in."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.form = Form(password_field())

    def compose(self) -> ComposeResult:
        """Lay out name, password, keys."""
        user = self.services.user
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Locked"
            yield Static(LOGO, classes="logo", markup=False)
            name = user.username if user is not None else ""
            yield Static(
                Content.assemble("Locked by ", (name, "bold"), ". What runs goes on."),
                classes="text",
            )
            yield self.form
            yield self.wrong
            yield Static(key_lines(("enter", "Unlock"), ("ctrl+q", "Quit")), classes="keys")

    def on_mount(self) -> None:
        """Ask at once."""
        self.form.fields[0].control.focus()

    def on_form_changed(self, event: Form.Changed) -> None:
        """Take the last answer away as soon as one types."""
        event.stop()
        if event.values["password"]:
            self.say("")

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Empty the field: there is nowhere to go back to."""
        event.stop()
        self.form.field("password").value = ""

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Look at the password, once at a time."""
        event.stop()
        if not self.busy:
            self.busy = True
            self.host.in_background(partial(self._unlock, event.values["password"]))

    async def _unlock(self, password: str) -> None:
        services = self.services
        field = self.form.field("password")
        field.clear()
        try:
            if services.user is None:
                raise NotSignedIn("You were signed out from elsewhere.", hint="Sign in again.")
            await services.accounts.check_password(services.user, password)
            services.user = await services.accounts.sessions.check(services.user)
        except NotSignedIn as error:
            await self.host.gate.expel(error)
        except Exception as error:  # noqa: BLE001 -- shown, and logged when it is ours
            self.show_error(error, self.form)
        else:
            await self.host.gate.unlock()
        finally:
            self.busy = False
