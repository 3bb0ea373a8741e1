"""Asking for secrets at the terminal, without echo."""

from __future__ import annotations

import asyncio
import getpass
import sys

from quant_tui.domain.errors import Cancelled, InvalidInput
from quant_tui.services.secrets import PassphraseAsker, PassphraseQuestion


def terminal_asker() -> PassphraseAsker | None:
    """Return how the passphrase is asked for here; None where there is no terminal."""
    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else None


def read_hidden(prompt: str) -> str:
    """Read one line from the terminal without echo, or from a pipe.

    Raises
    ------
    Cancelled
        When the terminal was left without an answer.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return getpass.getpass(prompt, stream=sys.stderr)
    except (EOFError, KeyboardInterrupt):
        raise Cancelled from None


def read_new(prompt: str) -> str:
    """Read a new value without echo, twice at a terminal.

    Raises
    ------
    InvalidInput
        When the second is not the first.
    Cancelled
        When the terminal was left without an answer.
    """
    value = read_hidden(f"{prompt}: ")
    if sys.stdin.isatty() and read_hidden(f"{prompt}, again: ") != value:
        raise InvalidInput("The two are not the same.", hint="Nothing was changed.")
    return value


async def _ask(question: PassphraseQuestion) -> str | None:
    return await asyncio.to_thread(_ask_at_terminal, question)


def _ask_at_terminal(question: PassphraseQuestion) -> str | None:
    if question.problem:
        print(question.problem, file=sys.stderr)
    if question.new:
        print(
            f"Secrets are kept in {question.path}, because {question.reason}. "
            "Choose a passphrase for it.",
            file=sys.stderr,
        )
        return read_new("New passphrase") or None
    return read_hidden("Passphrase of the secrets: ") or None
