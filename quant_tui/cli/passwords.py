"""Asking for passwords: on the terminal without echo, or read from stdin, a line each."""

from __future__ import annotations

import getpass
import sys

from quant_tui.domain.errors import Cancelled, InvalidInput


def ask_password(prompt: str) -> str:
    """Return a password; call it before the event loop runs, so that ctrl+c works.

    Raises
    ------
    InvalidInput
        Stdin is no terminal and has no line left.
    Cancelled
        ctrl+c or ctrl+d on the terminal.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise InvalidInput(
                f"{prompt}: there is nothing to read.",
                field="password",
                hint="Give it as a line of stdin, or run this on a terminal.",
            )
        return line.rstrip("\r\n")
    try:
        return getpass.getpass(f"{prompt}: ", sys.stderr)
    except (EOFError, KeyboardInterrupt):
        print(file=sys.stderr)
        raise Cancelled from None


def ask_new_password() -> str:
    """Return a new password, asked for twice on a terminal.

    Raises
    ------
    InvalidInput
        The two differ, or there is nothing to read.
    """
    password = ask_password("New password")
    if sys.stdin.isatty() and ask_password("The same again") != password:
        raise InvalidInput("The two passwords differ.", field="password", hint="Try again.")
    return password
