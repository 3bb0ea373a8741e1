"""The person's own keys: ``[keys]`` of config.toml, from a binding's id to its keys.

Textual ignores unknown ids and lets clashes win silently; here each is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from textual.binding import Binding
from textual.dom import DOMNode

_KEY = re.compile(r"((ctrl|alt|shift|super|meta|hyper)\+)*([a-z0-9_]+|\S)", re.IGNORECASE)


def bindings_of(classes: Iterable[type[DOMNode]]) -> dict[str, list[tuple[str, Binding]]]:
    """Return every binding that has an id, by that id, with the class that has it."""
    found: dict[str, list[tuple[str, Binding]]] = {}
    for one in classes:
        for binding in one.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found.setdefault(binding.id, []).append((one.__name__, binding))
    return found


def all_classes(root: type[DOMNode] = DOMNode) -> set[type[DOMNode]]:
    """Return the class and everything derived from it, as far as it has been imported."""
    found = {root}
    for derived in root.__subclasses__():
        found |= all_classes(derived)
    return found


def read(keys: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the person's keys as far as they can be used, and what is wrong with the rest."""
    if not keys:
        return {}, []
    import_every_screen()
    return check(keys, bindings_of(all_classes()))


def check(
    keys: Mapping[str, str], known: Mapping[str, list[tuple[str, Binding]]]
) -> tuple[dict[str, str], list[str]]:
    """Sort the person's keys into those that can be used and what is wrong with the others.

    Two bindings clash when one class has both and they end up on the same key, or when
    one of them is the app's own and would hide, or be hidden by, the other.
    """
    good: dict[str, str] = {}
    problems: list[str] = []
    for name, text in keys.items():
        pressed = [key.strip() for key in text.split(",")]
        if name not in known:
            problems.append(f"[keys] {name}: there is no such binding. {_nearest(name, known)}")
        elif not all(_KEY.fullmatch(key) for key in pressed):
            problems.append(f"[keys] {name}: {text!r} is not a key, or keys with commas between.")
        else:
            good[name] = ",".join(pressed)
    taken: dict[tuple[str, str], str] = {}
    for name in sorted(known, key=lambda one: one in good):
        for owner, binding in known[name]:
            for key in good.get(name, binding.key).split(","):
                key = _named(key.strip())
                places = [(owner, key), ("QuantApp", key)]
                other = next((taken[p] for p in places if p in taken), None)
                if other not in (None, name) and name in good:
                    problems.append(
                        f"[keys] {name} = {good.pop(name)!r} clashes with {other}; it is left out."
                    )
                    break
                taken[(owner, key)] = name
    return good, problems


def import_every_screen() -> None:
    """Import what is otherwise imported at the first visit, to know all its bindings."""
    from importlib import import_module
    from pkgutil import iter_modules

    import quant_tui.ui.modals
    import quant_tui.ui.screens
    import quant_tui.ui.widgets

    for package in (quant_tui.ui.screens, quant_tui.ui.modals, quant_tui.ui.widgets):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)


def _named(key: str) -> str:
    from textual.keys import _character_to_key

    return _character_to_key(key) if len(key) == 1 else key


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f"Perhaps {near[0]}?" if near else "? lists them all."
