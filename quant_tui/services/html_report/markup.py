"""HTML built so that text is always escaped: only what these functions made is markup."""

from __future__ import annotations

from html import escape

_JOINERS = "\u200c\u200d"


class Markup(str):
    """Text that is markup already. Made by :func:`tag` and :func:`join` only."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as text of a page: escaped, and without characters that do not print.

    Line ends and tabs stay. Control characters, unpaired surrogates and marks that turn
    the direction of writing become U+FFFD.
    """
    if isinstance(value, Markup):
        return value
    shown = str(value)
    if not shown.isprintable():
        shown = "".join(
            one if one.isprintable() or one in "\n\t" or one in _JOINERS else "\ufffd"
            for one in shown
        )
    return Markup(escape(shown, quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element.

    Parameters
    ----------
    name
        Its name.
    children
        What stands in it; text is escaped.
    attributes
        Values are escaped. ``class_`` is ``class``, ``_`` in a name is ``-``; None and
        empty ones are left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None and value != ""
    )
    if name in ("line", "path", "rect", "meta", "circle") and not children:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(parts: object) -> Markup:
    """Return parts one after the other."""
    if isinstance(parts, list | tuple):
        return Markup("".join(map(join, parts)))
    return text(parts)
