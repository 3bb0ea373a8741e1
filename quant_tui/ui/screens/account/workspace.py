"""The account: who one is here, and where else one is signed in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from quant_tui.domain.errors import NotSignedIn
from quant_tui.ui import format as fmt
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.screens.account.fields import (
    email_field,
    names_check,
    new_password_fields,
    password_check,
    password_field,
    username_field,
)
from quant_tui.ui.widgets.form import Field
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.domain.user import User
    from quant_tui.services.composition import Services

COLUMNS = (
    Column("Signed in on", 20, grow=1),
    Column("Since", 16),
    Column("Until", 16),
    Column("", 10, role=lambda _: "accent"),
)


class Account(Workspace):
    """The workspace about oneself."""

    BINDING_GROUP_TITLE = "Account"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Edit", id="account.edit", tooltip="Change username or address"),
        Binding("p", "password", "Password", id="account.password",
                tooltip="Set or change the password"),
        Binding("t", "verify", "Verify", id="account.verify",
                tooltip="Prove the address by a one-time code"),
        Binding("d", "end", "End session", id="account.end",
                tooltip="End the session under the cursor"),
        Binding("O", "sign_out", "Sign out", id="account.sign_out",
                tooltip="End the session of this machine"),
        Binding("D", "deactivate", "Deactivate", id="account.deactivate", show=False,
                tooltip="Close the account; what it has is kept"),
        Binding("escape", "back", "Back", id="account.back", show=False,
                tooltip="Go back to where one was"),
    ]  # fmt: skip

    def compose(self) -> ComposeResult:
        """Lay out the facts and the sessions."""
        self.facts = Static("", id="facts", markup=False)
        self.sessions = Table(
            COLUMNS,
            id="sessions",
            empty=Notice(
                "No session is kept",
                "Where you sign in with a password, you stay signed in for a while, in the app "
                "and for every command; those places are listed here.",
                (("p", "Set or change the password"), ("e", "Change username or address")),
            ),
        )
        yield self.facts
        yield self.sessions

    async def load(self, services: Services) -> None:
        """Read who one is, and the sessions."""
        user = _of(services)
        places = await services.accounts.places(user)
        here = services.accounts.sessions.current
        self.facts.update(facts_of(user, private=services.accounts.private))
        self.sessions.set_rows(
            Row(
                one.id,
                (
                    one.device or "unnamed",
                    fmt.moment(one.created_at),
                    fmt.moment(one.expires_at),
                    "this one" if here is not None and one.id == here.id else "",
                ),
            )
            for one in places
        )
        self.refresh_bindings()

    def shown(self) -> None:
        """Look again which keys work."""
        self.refresh_bindings()

    def focus_first(self) -> None:
        """Give the keys to the sessions."""
        self.sessions.focus()

    async def jump(self, target: str) -> None:
        """Do what the palette asks for: ``password``, ``verify``, ``edit``, ``deactivate``."""
        work = {
            "password": self._password,
            "verify": self._verify,
            "edit": self._edit,
            "deactivate": self._deactivate,
        }
        if target in work:
            self.spawn(work[target], keys_wait=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for this account."""
        user = self.services.user if self.is_mounted and self.ready else None
        if action in ("verify", "end") and user is None:
            return False
        if action == "verify":
            return user is not None and not user.is_verified
        if action == "end":
            return bool(self.sessions.cursor_key)
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Go back to where one was."""
        self.go_back()

    def action_edit(self) -> None:
        """Change username or address."""
        self.spawn(self._edit, keys_wait=True)

    def action_password(self) -> None:
        """Set or change the password."""
        self.spawn(self._password, keys_wait=True)

    def action_verify(self) -> None:
        """Prove the address."""
        self.spawn(self._verify, keys_wait=True)

    def action_end(self) -> None:
        """End the session under the cursor."""
        if key := self.sessions.cursor_key:
            self.spawn(partial(self._end, key), keys_wait=True)

    def action_sign_out(self) -> None:
        """End the session of this machine."""
        self.host.action_sign_out()

    def action_deactivate(self) -> None:
        """Close the account."""
        self.spawn(self._deactivate, keys_wait=True)

    async def _edit(self) -> None:
        services, user = self.services, _of(self.services)

        async def save(values: dict[str, str]) -> User:
            return await services.accounts.change_names(user, values["username"], values["email"])

        changed = await self.host.push_screen_wait(
            FormDialog(
                "Username and address",
                "A new address has to be verified anew.",
                username_field(user.username),
                email_field(user.email),
                save=save,
                check=names_check,
            )
        )
        if changed is not None:
            self._take(changed)

    async def _password(self) -> None:
        services, user = self.services, _of(self.services)

        async def save(values: dict[str, str]) -> User:
            return await services.accounts.change_password(
                user, values.get("password", ""), values["new"]
            )

        present = (password_field(label="Present password"),) if user.password_hash else ()
        changed = await self.host.push_screen_wait(
            FormDialog(
                "Password" if user.password_hash else "Set a password",
                "Every session but this one ends."
                if user.password_hash
                else "Your account opens without one. With a password it can be locked, and is "
                "asked for when your session ends.",
                *present,
                *new_password_fields("new"),
                save=save,
                check=password_check("new", lambda _: (user.username, user.email)),
            )
        )
        if changed is not None:
            self._take(changed)
            unkept = services.accounts.unkept
            only = f" You stay signed in until quitting only: {unkept}" if unkept else ""
            self.toast(f"The password is set.{only}", title="Account")

    async def _verify(self) -> None:
        services, user = self.services, _of(self.services)
        verification = services.accounts.verification
        if verification.by_mail or not services.accounts.private:
            sent = await verification.send(user)
            text = f"A code was sent to {sent.email}. It works once, for 15 minutes."
        else:
            text = (
                "No mail server is configured, and this store is yours alone: the command\n"
                "quant-tui account code\nshows a code that works once, for 15 minutes."
            )

        async def save(values: dict[str, str]) -> User:
            return await verification.confirm(user, values["code"])

        verified = await self.host.push_screen_wait(
            FormDialog(
                "Verify the address",
                text,
                Field("code", "Code", help_text="six digits"),
                save=save,
                verb="Confirm",
            )
        )
        if verified is not None:
            self._take(verified)
            self.toast(f"{verified.email} is verified.", title="Account")

    async def _end(self, session_id: str) -> None:
        accounts = self.services.accounts
        if accounts.sessions.current is not None and accounts.sessions.current.id == session_id:
            self.action_sign_out()
            return
        if await self.confirm("End this session?", "It has to sign in again.", yes="End it"):
            await accounts.end_place(_of(self.services), session_id)
            self.reload()

    async def _deactivate(self) -> None:
        services, user = self.services, _of(self.services)

        async def save(values: dict[str, str]) -> bool:
            await services.accounts.deactivate(user, values.get("password", ""))
            return True

        consequence = (
            f"Nobody can sign in as {user.username} any more, and the name stays taken. "
            "Strategies, backtests and all else are kept in the store."
        )
        if not await self.confirm("Deactivate your account?", consequence, yes="Deactivate"):
            return
        if user.password_hash:
            done = await self.host.push_screen_wait(
                FormDialog(
                    "Deactivate", consequence, password_field(), save=save, verb="Deactivate"
                )
            )
        else:
            done = await save({})
        if done:
            self.host.in_background(self.host.gate.leave)

    def _take(self, user: User) -> None:
        """Go on as the changed user."""
        self.services.user = user
        self.host.status_keeper.line.show_user(user.username)
        self.reload()


def facts_of(user: User, *, private: bool) -> Content:
    """Write who somebody is."""
    proved = (
        Content.styled("✓ verified", "$text-success")
        if user.is_verified
        else Content.styled("not verified", "$text-warning")
    )
    password = "set" if user.password_hash else "none: the account opens without one"
    store = "private, on this machine" if private else "shared"
    lines = (
        ("Username", Content.styled(user.username, "bold")),
        ("E-mail", Content.assemble(user.email, "  ", proved)),
        ("Password", Content(password)),
        ("Store", Content(store)),
        ("Since", Content(fmt.moment(user.created_at))),
    )
    return Content("\n").join(
        Content.assemble((name.ljust(12), "$text-muted"), value) for name, value in lines
    )


def _of(services: Services) -> User:
    if services.user is None:
        raise NotSignedIn("Nobody is signed in.", hint="Sign in first.")
    return services.user
