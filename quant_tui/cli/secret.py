"""``quant-tui secret``: API keys and passwords, without ever showing one."""

from __future__ import annotations

import asyncio
import dataclasses
import difflib
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.passphrase import read_hidden, read_new, terminal_asker
from quant_tui.domain.base import Document
from quant_tui.services.secrets import (
    SECRETS,
    SecretKind,
    SecretService,
    SecretState,
    known,
    open_secrets,
)

commands = typer.Typer(
    help="API keys and passwords: see which are set, set and remove them.", no_args_is_help=True
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
NameArgument = Annotated[
    str, typer.Argument(help=f"One of {', '.join(one.name for one in SECRETS)}.")
]
SOURCES = {
    "": "not set",
    "environment": "environment",
    "keyring": "keyring",
    "file": "encrypted file",
}
T = TypeVar("T")


@commands.command("list", epilog="Example:  quant-tui secret list --json")
def list_(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show where each secret comes from and its last four characters, never more."""

    async def work(secrets: SecretService) -> Document:
        place, detail = await secrets.place()
        states = [dataclasses.asdict(one) for one in await secrets.overview()]
        return {"secrets": states, "place": place, "detail": detail}

    found = _run(context, work)
    if as_json:
        print_json(found)
        return
    states = [SecretState(**one) for one in found["secrets"]]
    print_table(
        ("Name", "Secret", "From", "Ends in", "Variable"),
        [(one.name, one.title, _source(one), _ending(one), one.variable) for one in states],
        "",
    )
    if found["place"] == "keyring":
        print(f"New ones are kept in the keyring ({found['detail']}).")
    else:
        print(f"New ones are kept in an encrypted file, because {found['detail']}.")


@commands.command(
    "set",
    context_settings={"allow_extra_args": True},
    epilog="Examples:  quant-tui secret set alpha_vantage_api_key  ·  "
    "pass show alpha | quant-tui secret set alpha_vantage_api_key",
)
def set_(
    context: typer.Context,
    name: NameArgument,
    as_json: JsonOption = False,
) -> None:
    """Keep a secret: typed without echo, or the first line of a pipe. Never an argument."""
    kind = _known(name)
    if context.args:  # said without repeating it
        raise typer.BadParameter(
            "The value is never an argument, which others can see: type it when asked, or pipe it."
        )
    value = read_hidden(f"{kind.title}: ")

    async def work(secrets: SecretService) -> Document:
        place = await secrets.put(kind.name, value)
        state = next(one for one in await secrets.overview() if one.name == kind.name)
        return {**dataclasses.asdict(state), "kept_in": place}

    found = _run(context, work)
    if as_json:
        print_json(found)
        return
    print(f"✓ {kind.title} is kept in the {SOURCES[found['kept_in']]}.")
    if found["source"] == "environment":
        print(f"{kind.variable} is set in the environment and wins over it.", file=sys.stderr)


@commands.command("remove", epilog="Example:  quant-tui secret remove alpha_vantage_api_key")
def remove(context: typer.Context, name: NameArgument, as_json: JsonOption = False) -> None:
    """Forget a secret that is kept; one in the environment has to be unset there."""
    kind = _known(name)

    async def work(secrets: SecretService) -> None:
        await secrets.remove(kind.name)

    _run(context, work)
    if as_json:
        print_json({"removed": kind.name})
    else:
        print(f"✓ {kind.title} is forgotten.")


@commands.command("passphrase", epilog="Example:  quant-tui secret passphrase")
def passphrase(context: typer.Context, as_json: JsonOption = False) -> None:
    """Change the passphrase of the encrypted file; from a pipe: the old one, then the new."""
    old = read_hidden("Present passphrase: ")
    new = read_new("New passphrase")

    async def work(secrets: SecretService) -> None:
        await secrets.change_passphrase(old, new)

    _run(context, work)
    if as_json:
        print_json({"changed": True})
    else:
        print("✓ The passphrase is changed.")


def _run(context: typer.Context, work: Callable[[SecretService], Awaitable[T]]) -> T:
    """Run work over the secrets alone: no store is opened for it."""
    command: CommandContext = context.obj
    command.start_log()

    async def whole() -> T:
        secrets = open_secrets(command.settings)
        secrets.asker = terminal_asker()
        return await work(secrets)

    return asyncio.run(whole())


def _known(name: str) -> SecretKind:
    plain = name.strip().lower().replace("-", "_")
    by_variable = {one.variable.lower(): one for one in SECRETS}
    kind = known(plain) or by_variable.get(plain)
    if kind is None:
        names = [one.name for one in SECRETS]
        near = difflib.get_close_matches(plain, names, n=1, cutoff=0.4)
        meant = f" Did you mean {near[0]}?" if near else f" There are {', '.join(names)}."
        # what was typed is not repeated: it may be the secret itself
        raise typer.BadParameter(f"That is not the name of a secret.{meant}")
    return kind


def _source(state: SecretState) -> str:
    return SOURCES[state.source] + (" (locked)" if state.locked else "")


def _ending(state: SecretState) -> str:
    return f"…{state.last_four}" if state.last_four else "–"
