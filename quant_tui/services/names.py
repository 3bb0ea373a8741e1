"""Names: those that people give to what is theirs, and finding one among many."""

from __future__ import annotations

from collections.abc import Iterable

from quant_tui.domain.errors import InvalidInput

LONGEST_NAME = 200

FOUND_AT_MOST = 50
"""Names that a search gives."""


def checked_name(name: str, *, title: str = "name") -> str:
    """Return a name with its blanks put in order; empty stays empty.

    Control characters are refused: they would act on the terminal that lists the name.

    Parameters
    ----------
    title
        What the message calls it.

    Raises
    ------
    InvalidInput
        When it is too long or cannot be printed.
    """
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise InvalidInput(
            f"The {title} is longer than {LONGEST_NAME} characters.",
            field=title,
            hint="Shorten it.",
        )
    if not name.isprintable():
        raise InvalidInput(
            f"The {title} {name!a} holds characters that cannot be printed.",
            field=title,
            hint="Write it without them.",
        )
    return name


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return tags with their blanks put in order, each once in any case, none empty.

    Commas part tags, so that none can hold one.

    Raises
    ------
    InvalidInput
        When one is too long or cannot be printed.
    """
    found: dict[str, str] = {}
    for given in tags:
        for part in given.split(","):
            tag = checked_name(part, title="tags")
            if tag:
                found.setdefault(tag.casefold(), tag)
    return list(found.values())


def matching(names: tuple[str, ...], text: str, *, limit: int = FOUND_AT_MOST) -> list[str]:
    """Return the names that hold a text, those that begin with it first.

    A few milliseconds for 10,000 names.

    Parameters
    ----------
    names
        In order; that order is kept.
    text
        What to look for, in any case; empty finds the first names.
    limit
        At most so many.
    """
    wanted = text.strip().casefold()
    if not wanted:
        return list(names[:limit])
    beginning: list[str] = []
    within: list[str] = []
    for name in names:
        folded = name.casefold()
        if folded.startswith(wanted):
            beginning.append(name)
        elif wanted in folded and len(within) < limit:
            within.append(name)
    beginning.sort(key=lambda name: name.casefold() != wanted)  # the very name before longer ones
    return [*beginning, *within][:limit]
