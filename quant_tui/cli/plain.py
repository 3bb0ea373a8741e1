"""Text from files and people, made safe for a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """Write every character that cannot be printed as an escape, line ends and tabs apart.

    A name or a cell of a file may hold sequences that would act on the terminal.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else ascii(letter)[1:-1]
        for letter in text
    )
