"""Names that people give to what is theirs."""

from __future__ import annotations

from quant_tui.domain.errors import InvalidInput

LONGEST_NAME = 200


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
