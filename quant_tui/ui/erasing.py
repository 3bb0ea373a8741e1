"""Whether the terminal fills what it erases with the background that is on."""

from __future__ import annotations

import os
from collections.abc import Mapping


def erases_in_colour(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether erasing can stand in for sending blanks of a colour.

    tmux does it without saying so in its terminal description; GNU screen, whose
    description is the same as that of old versions of tmux, does not.

    Parameters
    ----------
    environment
        Stands in for the process's environment in tests.
    """
    environment = os.environ if environment is None else environment
    terminal = environment.get("TERM", "")
    if "TMUX" in environment and terminal.startswith(("tmux", "screen")):
        return True
    try:
        import curses
    except ImportError:  # no terminal descriptions here
        return False
    try:
        curses.setupterm(terminal or "dumb", 1)
    except curses.error:
        return False
    return bool(curses.tigetflag("bce") > 0)
