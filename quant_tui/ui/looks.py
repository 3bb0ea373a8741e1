"""How a style is switched on in the terminal, and what makes one style of another."""

from __future__ import annotations

from typing import NamedTuple

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style


class Look(NamedTuple):
    """How a style is switched on, in parts, so that only what differs need be sent."""

    attributes: frozenset[str]
    """Codes of bold, underline and the like."""
    colour: str
    ground: str
    link: str
    """A hyperlink's beginning, or ""."""
    blank: str
    """What tells two blanks apart: the background, unless the style draws on blanks too."""


RESET = "\x1b[0m"
END_LINK = "\x1b]8;;\x1b\\"

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27",
        "8": "28", "9": "29", "21": "24", "53": "55"}  # fmt: skip
"""From an attribute's code to the one that ends it; some end two at once."""

_DRAWING = frozenset({"4", "5", "6", "7", "9", "21", "51", "52", "53"})
"""Attributes that can be seen on a blank."""

PLAIN = Look(frozenset(), "39", "49", "", "49")


def change(before: Look | None, after: Look) -> str:
    """Return the shortest that makes one look of another; None is an unknown one."""
    link = ""
    if after.link != (before.link if before else ""):
        link = after.link or END_LINK
    anew = _sequence(["0", *sorted(after.attributes), *_coloured(after, PLAIN)])
    if before is None:
        return link + anew
    ended = before.attributes - after.attributes
    if any(code not in _OFF for code in ended):
        return link + anew
    off = {_OFF[code] for code in ended}
    begun = {code for code in after.attributes if code not in before.attributes}
    begun |= {code for code in after.attributes if _OFF.get(code) in off}
    part = _sequence([*sorted(off), *sorted(begun), *_coloured(after, before)])
    return link + min(part, anew, key=len)


def _coloured(after: Look, before: Look) -> list[str]:
    codes = [after.colour] if after.colour != before.colour else []
    return [*codes, after.ground] if after.ground != before.ground else codes


def _sequence(codes: list[str]) -> str:
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def look_of(style: Style | None, console: Console) -> Look:
    """Work out how a style is switched on."""
    if style is None:
        return PLAIN
    name = console.color_system
    system = ColorSystem.STANDARD if name is None else COLOR_SYSTEMS[name]
    attributes = frozenset(code for flag, code in _ATTRIBUTES if getattr(style, flag))
    colour, ground = "39", "49"
    if name is not None and style.color is not None:
        colour = ";".join(style.color.downgrade(system).get_ansi_codes())
    if name is not None and style.bgcolor is not None:
        ground = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False))
    link = f"\x1b]8;id={style.link_id};{style.link}\x1b\\" if style.link else ""
    draws = bool(link or attributes & _DRAWING)
    blank = f"{ground} {colour} {sorted(attributes)} {link}" if draws else ground
    return Look(attributes, colour, ground, link, blank)


_ATTRIBUTES = (
    ("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("blink", "5"),
    ("blink2", "6"), ("reverse", "7"), ("conceal", "8"), ("strike", "9"),
    ("underline2", "21"), ("frame", "51"), ("encircle", "52"), ("overline", "53"),
)  # fmt: skip
