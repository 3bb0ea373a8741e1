"""Signing in, and making an account: two forms on one page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from quant_tui.domain.user import User
from quant_tui.services.composition import Services
from quant_tui.ui.modals.welcome import LOGO
from quant_tui.ui.screens.account.fields import (
    email_field,
    names_check,
    new_password_fields,
    password_check,
    password_field,
    username_field,
)
from quant_tui.ui.screens.account.gate_screen import GateScreen, key_lines
from quant_tui.ui.widgets.form import Field, Form


class SignIn(GateScreen):
    """The page of a store where nobody is signed in.

    Parameters
    ----------
    first
        Whether nobody has an account there yet, so that making one comes first.
    place
        Where the store is, without a password.
    """

    DEFAULT_CSS = """
    SignIn .modes { height: 1; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "other_form", "New account", id="sign_in.toggle", priority=True,
                tooltip="Go between signing in and making an account"),
    ]  # fmt: skip

    def __init__(self, services: Services, *, first: bool, place: str) -> None:
        super().__init__(services)
        self.first = first
        self.signing_up = first
        self._place = place
        self._modes = Static("", classes="modes")
        self._text = Static("", classes="text", markup=False)
        self._keys = Static("", classes="keys")
        self.form = Form(*self._fields(), check=self._check)

    def compose(self) -> ComposeResult:
        """Lay out the one box that both forms share."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "quant_tui"
            yield Static(LOGO, classes="logo", markup=False)
            yield self._modes
            yield self._text
            yield self.form
            yield self.wrong
            yield self._keys

    def on_mount(self) -> None:
        """Begin with the first field."""
        self._show_mode()

    async def action_other_form(self) -> None:
        """Go to the other form; what was typed as the name stays."""
        if self.busy:
            return
        name = self.form.fields[0].value
        self.signing_up = not self.signing_up
        await self.form.replace_fields(*self._fields(name))
        self.say("")
        self._show_mode()

    async def on_click(self, event: events.Click) -> None:
        """Go to the form whose name was clicked."""
        wanted = event.style.meta.get("signing_up")
        if wanted is not None and wanted != self.signing_up:
            await self.action_other_form()

    def on_form_changed(self, event: Form.Changed) -> None:
        """Say in full what is wrong with the field."""
        event.stop()
        self.say(self.form.field(event.key).error)

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Stay: there is nothing behind this page."""
        event.stop()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Sign in or up, once at a time."""
        event.stop()
        if not self.busy:
            self.busy = True
            self.say("One moment …", problem=False)
            self.host.in_background(partial(self._enter, event.values))

    async def _enter(self, values: dict[str, str]) -> None:
        accounts, made = self.services.accounts, self.signing_up
        try:
            user: User
            if made:
                user = await accounts.sign_up(
                    values["username"], values["email"], values["password"]
                )
            else:
                user = await accounts.sign_in(values["username"], values["password"])
        except Exception as error:  # noqa: BLE001 -- shown, and logged when it is ours
            self.show_error(error, self.form)
            if not made:
                self.form.field("password").clear()
        else:
            await self.host.gate.admit(user, new=made)
        finally:
            self.busy = False

    def _fields(self, name: str = "") -> tuple[Field, ...]:
        if self.signing_up:
            return (username_field(name), email_field(), *new_password_fields("password"))
        return (
            Field("username", "Name or e-mail", name),
            password_field(),
        )

    def _check(self, values: dict[str, str]) -> Mapping[str, str]:
        if not self.signing_up:
            return {} if values["username"].strip() else {"username": "Give your name."}
        of_password = password_check("password", lambda v: (v["username"], v["email"]))
        return {**names_check(values), **of_password(values)}

    def _show_mode(self) -> None:
        parts = []
        for up, word in ((False, " Sign in "), (True, " Make an account ")):
            look = "bold reverse" if up == self.signing_up else "$text-muted"
            part = Content.styled(word, look)
            parts.append(part.stylize(Style.from_meta({"signing_up": up})))
        self._modes.update(Content("  ").join(parts))
        text = f"Store: {self._place}"
        if self.first:
            text = f"Nobody has an account at this store yet; yours is the first.\n{text}"
        self._text.update(Content(text))
        other = "Sign in instead" if self.signing_up else "Make an account"
        done = "Make the account" if self.signing_up else "Sign in"
        self._keys.update(
            key_lines(("enter", f"Next field; {done.lower()} from the last"),
                      ("ctrl+n", other), ("ctrl+q", "Quit"))
        )  # fmt: skip
        fields = self.form.fields
        later = next((one for one in fields if not one.value), fields[0]) if fields else None
        if later is not None:
            later.control.focus()
