"""``quant-tui account``: who works here."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.passwords import ask_new_password, ask_password
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.domain.errors import Cancelled, NotSignedIn
from quant_tui.domain.user import User
from quant_tui.services.composition import Services, nobody
from quant_tui.services.verification import CodeSent

commands = typer.Typer(
    help=(
        "Sign up, in and out, change the password, prove the address.\n\n"
        "Passwords are asked for on the terminal, or read from stdin, a line each. With "
        "QUANT_TUI_ACCOUNT=NAME any command runs as that account, its password asked in the "
        "same way, and nobody stays signed in."
    ),
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@commands.command("show", epilog="Example:  quant-tui account show --json")
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show who is signed in, and where else."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return await _described(services)

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    proved = "verified" if found["is_verified"] else "not verified"
    print(f"{plain(found['username'])}  {plain(found['email'])} ({proved})")
    print("password set" if found["has_password"] else "opens without a password")
    print_table(
        ("Signed in on", "Since", "Until", ""),
        [
            (
                one["device"],
                f"{one['created_at']:%Y-%m-%d %H:%M}",
                f"{one['expires_at']:%Y-%m-%d %H:%M}",
                "this one" if one["here"] else "",
            )
            for one in found["sessions"]
        ],
        "No session is kept.",
    )


@commands.command("sign-up", epilog="Example:  quant-tui account sign-up kim --email kim@x.org")
def sign_up(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The username; any script, no blanks.")],
    email: Annotated[str, typer.Option("--email", help="Where codes are sent.")],
    as_json: AsJson = False,
) -> None:
    """Make an account and sign in to it."""
    command: CommandContext = context.obj
    password = ask_new_password()

    async def work(services: Services) -> Document:
        await services.sign_in(await services.accounts.sign_up(name, email, password))
        _say_unkept(services)
        return await _described(services)

    _welcome(command.run(work, signed_in=False), as_json)


@commands.command("sign-in", epilog="Example:  quant-tui account sign-in kim < password-file")
def sign_in(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Username or e-mail address.")],
    as_json: AsJson = False,
) -> None:
    """Sign in, and stay so for the app and every command."""
    command: CommandContext = context.obj
    password = ask_password("Password")

    async def work(services: Services) -> Document:
        await services.sign_in(await services.accounts.sign_in(name, password))
        if services.accounts.unkept:
            raise NotSignedIn(
                f"The password is right, but nobody stays signed in: {services.accounts.unkept}",
                hint=f"A command alone runs with QUANT_TUI_ACCOUNT={name}.",
            )
        return await _described(services)

    _welcome(command.run(work, signed_in=False), as_json)


@commands.command("sign-out", epilog="Example:  quant-tui account sign-out")
def sign_out(context: typer.Context, as_json: AsJson = False) -> None:
    """End the session of this machine."""
    command: CommandContext = context.obj

    async def work(services: Services) -> str:
        user = services.user
        if user is None:
            raise nobody()
        await services.accounts.sign_out()
        return user.username

    name = command.run(work, signed_in=False)
    if as_json:
        print_json({"username": name, "signed_in": False})
    else:
        print(f"{plain(name)} is signed out.")


@commands.command("password", epilog="Example:  quant-tui account password")
def password(context: typer.Context, as_json: AsJson = False) -> None:
    """Set or change the password; every other session ends. On stdin: the old, then the new."""
    command: CommandContext = context.obj

    async def has_one(services: Services) -> bool:
        return bool(_user(services).password_hash)

    current = ask_password("Present password") if command.run(has_one) else ""
    new = ask_new_password()

    async def work(services: Services) -> Document:
        user = await services.accounts.change_password(_user(services), current, new)
        await services.sign_in(user)
        _say_unkept(services)
        return await _described(services)

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        print("The password is changed; every other session has ended.")


@commands.command("change", epilog="Example:  quant-tui account change --email kim@example.org")
def change(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="Another username.")] = "",
    email: Annotated[str, typer.Option("--email", help="Another address.")] = "",
    as_json: AsJson = False,
) -> None:
    """Change username or address; a new address has to be verified anew."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        user = _user(services)
        changed = await services.accounts.change_names(
            user, name or user.username, email or user.email
        )
        await services.sign_in(changed)
        return await _described(services)

    _welcome(command.run(work), as_json)


@commands.command("code", epilog="Example:  quant-tui account code")
def code(context: typer.Context, as_json: AsJson = False) -> None:
    """Send a one-time code to the address, or show it at a store of one's own."""
    command: CommandContext = context.obj

    async def work(services: Services) -> CodeSent:
        return await services.accounts.verification.send(_user(services))

    sent = command.run(work)
    if as_json:
        print_json({"email": sent.email, "code": sent.code or None})
    elif sent.code:
        print(f"{sent.code}  proves {plain(sent.email)} for 15 minutes: quant-tui account verify")
    else:
        print(f"A code was sent to {plain(sent.email)}; then: quant-tui account verify CODE")


@commands.command("verify", epilog="Example:  quant-tui account verify 123456")
def verify(
    context: typer.Context,
    given: Annotated[str, typer.Argument(metavar="CODE", help="The code that was sent.")],
    as_json: AsJson = False,
) -> None:
    """Confirm the one-time code: the address is verified then."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        user = await services.accounts.verification.confirm(_user(services), given)
        await services.sign_in(user)
        return await _described(services)

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        print(f"{plain(found['email'])} is verified.")


@commands.command("deactivate", epilog="Example:  quant-tui account deactivate")
def deactivate(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; the password still is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Close the account: nobody can sign in to it any more. What it has is kept."""
    command: CommandContext = context.obj

    async def who(services: Services) -> User:
        return _user(services)

    user = command.run(who)
    if not yes:
        if not sys.stdin.isatty():
            raise Cancelled("Nothing was done.", hint="Say --yes to deactivate without a question.")
        question = f"Close the account {plain(user.username)} for good?"
        if not typer.confirm(question, err=True):
            raise Cancelled
    given = ask_password("Password") if user.password_hash else ""

    async def work(services: Services) -> None:
        await services.accounts.deactivate(_user(services), given)

    command.run(work)
    if as_json:
        print_json({"username": user.username, "is_active": False})
    else:
        print(f"{plain(user.username)} is closed.")


def _user(services: Services) -> User:
    if services.user is None:
        raise nobody()
    return services.user


async def _described(services: Services) -> Document:
    user, accounts = _user(services), services.accounts
    here = accounts.sessions.current
    return {
        "username": user.username,
        "email": user.email,
        "is_verified": user.is_verified,
        "has_password": bool(user.password_hash),
        "private_store": accounts.private,
        "created_at": user.created_at,
        "sessions": [
            {
                "device": one.device,
                "created_at": one.created_at,
                "expires_at": one.expires_at,
                "here": here is not None and one.id == here.id,
            }
            for one in await accounts.places(user)
        ],
    }


def _welcome(found: Document, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    said = "Signed in as" if any(one["here"] for one in found["sessions"]) else "Made the account"
    print(f"{said} {plain(found['username'])}, {plain(found['email'])}.")
    if not found["is_verified"]:
        print("The address is not verified yet: quant-tui account code")


def _say_unkept(services: Services) -> None:
    if unkept := services.accounts.unkept:
        print(f"quant-tui: You do not stay signed in: {plain(unkept)}", file=sys.stderr)
