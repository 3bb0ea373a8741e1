"""A watchlist as it is read: its symbols under the headings of their groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from quant_tui.domain.user import Watchlist
from quant_tui.domain.watchlist import GROUP_SEPARATOR
from quant_tui.services.watchlist_edits import details_of, group_paths


@dataclass(frozen=True, slots=True)
class GroupLine:
    """The heading of a group: how deep it lies and how many symbols are in it."""

    path: str
    name: str
    depth: int
    count: int
    folded: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class SymbolLine:
    """A symbol, the group that it is in, how deep that lies, and whether it is folded away."""

    symbol: str
    group: str = ""
    depth: int = 0
    hidden: bool = False


def lines(watchlist: Watchlist) -> list[GroupLine | SymbolLine]:
    """Return a list as it is read: symbols of no group, then each group with its own.

    What lies in a folded group is there too, and says that it is hidden.
    """
    details = details_of(watchlist)
    entries = details.by_symbol()
    members: dict[str, list[str]] = {}
    for symbol in watchlist.symbols:
        group = entries[symbol].group if symbol in entries else ""
        members.setdefault(group, []).append(symbol)
    folded = {one.path for one in details.groups if one.folded}
    counts: dict[str, int] = {}
    for group, names in members.items():
        for path in group_paths(group):
            counts[path] = counts.get(path, 0) + len(names)
    groups = [one.path for one in details.groups] + list(counts)
    found: list[GroupLine | SymbolLine] = [SymbolLine(one) for one in members.get("", ())]
    for path in _nested(groups):
        around = group_paths(path)
        hidden = not folded.isdisjoint(around[:-1])
        name = path.rpartition(GROUP_SEPARATOR)[2]
        count = counts.get(path, 0)
        found.append(GroupLine(path, name, len(around) - 1, count, path in folded, hidden))
        away = hidden or path in folded
        found += [SymbolLine(one, path, len(around), away) for one in members.get(path, ())]
    return found


def _nested(paths: Iterable[str]) -> list[str]:
    """Return the paths of groups, each once and followed by those within it."""
    place = {one: at for at, one in enumerate(dict.fromkeys(paths))}
    return sorted(place, key=lambda path: [place.get(one, -1) for one in group_paths(path)])
