"""Changes of a watchlist: from the list to the list, so that one can be made again.

Each says what was meant ("remove these"), not what the list is then: after somebody
else's change it is simply applied once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.user import Watchlist
from quant_tui.domain.watchlist import GROUP_SEPARATOR, ListDetails, ListEntry, ListGroup
from quant_tui.services.names import checked_name

Edit = Callable[[Watchlist], Watchlist]

MOST_SYMBOLS = 20_000
LONGEST_SYMBOL = 32
LONGEST_NOTE = 2_000
MOST_TAGS = 20
DEEPEST_GROUP = 5


def details_of(watchlist: Watchlist) -> ListDetails:
    """Return groups, notes, tags, columns and alerts of a list.

    Raises
    ------
    InvalidInput
        What is stored cannot be read.
    """
    try:
        return ListDetails.model_validate(watchlist.metadata)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"The list {watchlist.name} holds {place}, which cannot be read: {first['msg']}.",
            hint="Export it, delete it, and import it again.",
        ) from error


def with_details(watchlist: Watchlist, **changed: object) -> Watchlist:
    """Return the list with some of its details changed."""
    details = details_of(watchlist).model_copy(update=changed)
    return watchlist.model_copy(update={"metadata": details.model_dump(mode="json")})


# ------------------------------------------------------------------- what may be written


def checked_symbol(text: str) -> str:
    """Return a symbol that may stand in a list.

    Raises
    ------
    InvalidInput
        It is empty, too long, or holds blanks or what cannot be printed.
    """
    symbol = text.strip()
    if not symbol or len(symbol) > LONGEST_SYMBOL or not symbol.isprintable() or " " in symbol:
        raise InvalidInput(
            f"{text[:40]!r} cannot be a symbol.",
            field="symbols",
            hint=f"A symbol is 1 to {LONGEST_SYMBOL} characters without blanks.",
        )
    return symbol


def checked_group(path: str) -> str:
    """Return the path of a group with its blanks put in order; "" for none.

    Raises
    ------
    InvalidInput
        A name is empty or too long, or groups are nested too deep.
    """
    if not path.strip():
        return ""
    names = [checked_name(name, title="group") for name in path.split(GROUP_SEPARATOR)]
    if not all(names):
        raise InvalidInput(
            f"The group {path.strip()!r} has an empty name.",
            field="group",
            hint="Write Technology/Chips for Chips within Technology.",
        )
    if len(names) > DEEPEST_GROUP:
        raise InvalidInput(
            f"Groups are nested more than {DEEPEST_GROUP} deep.", field="group", hint="Use fewer."
        )
    return GROUP_SEPARATOR.join(names)


def checked_note(note: str) -> str:
    """Return a note on one line.

    Raises
    ------
    InvalidInput
        It is too long.
    """
    text = " ".join(note.split())
    text = "".join(letter for letter in text if letter.isprintable())
    if len(text) > LONGEST_NOTE:
        raise InvalidInput(
            f"The note is longer than {LONGEST_NOTE} characters.", field="note", hint="Shorten it."
        )
    return text


def checked_tags(tags: str | Sequence[str]) -> tuple[str, ...]:
    """Return tags, each once, in their order; a text holds them with commas between.

    Raises
    ------
    InvalidInput
        There are too many, or one is too long.
    """
    given = tags.split(",") if isinstance(tags, str) else tags
    cleaned = [checked_name(tag, title="tag").removeprefix("#").strip() for tag in given]
    found = tuple(dict.fromkeys(tag for tag in cleaned if tag))
    if len(found) > MOST_TAGS:
        raise InvalidInput(
            f"There are more than {MOST_TAGS} tags.", field="tags", hint="Use fewer."
        )
    return found


# ------------------------------------------------------------------------------- symbols


def add(symbols: Sequence[str], *, group: str = "") -> Edit:
    """Add symbols at the end; those that are there already stay where they are."""
    path = checked_group(group)

    def edit(watchlist: Watchlist) -> Watchlist:
        present = set(watchlist.symbols)
        new = [one for one in dict.fromkeys(symbols) if one not in present]
        if len(present) + len(new) > MOST_SYMBOLS:
            raise InvalidInput(
                f"A list holds at most {MOST_SYMBOLS:,} symbols.", field="symbols",
                hint="Make a second list.",
            )  # fmt: skip
        changed = watchlist.model_copy(update={"symbols": [*watchlist.symbols, *new]})
        return put_into_group(new, path)(changed) if path else changed

    return edit


@dataclass(frozen=True, slots=True)
class Removed:
    """Symbols that were taken out: what is needed to put them back where they were.

    Attributes
    ----------
    places
        Symbol and the place it had, rising.
    entries
        What was said of them.
    """

    places: tuple[tuple[str, int], ...]
    entries: tuple[ListEntry, ...]


def removed_of(watchlist: Watchlist, symbols: Iterable[str]) -> Removed:
    """Return what removing symbols takes out of a list."""
    gone = set(symbols)
    return Removed(
        tuple((one, at) for at, one in enumerate(watchlist.symbols) if one in gone),
        tuple(one for one in details_of(watchlist).entries if one.symbol in gone),
    )


def remove(symbols: Iterable[str]) -> Edit:
    """Take symbols out, with what is said of them."""
    gone = frozenset(symbols)

    def edit(watchlist: Watchlist) -> Watchlist:
        entries = tuple(one for one in details_of(watchlist).entries if one.symbol not in gone)
        kept = [one for one in watchlist.symbols if one not in gone]
        return with_details(watchlist.model_copy(update={"symbols": kept}), entries=entries)

    return edit


def put_back(removed: Removed) -> Edit:
    """Put removed symbols back where they were."""

    def edit(watchlist: Watchlist) -> Watchlist:
        symbols = list(watchlist.symbols)
        for symbol, place in removed.places:
            if symbol not in symbols:
                symbols.insert(place, symbol)
        back = {one.symbol: one for one in removed.entries}
        entries = (*(one for one in details_of(watchlist).entries if one.symbol not in back),
                   *back.values())  # fmt: skip
        changed = with_details(watchlist.model_copy(update={"symbols": symbols}), entries=entries)
        return _with_groups(changed, (one.group for one in back.values()))

    return edit


def move(symbol: str, steps: int) -> Edit:
    """Move a symbol down by ``steps`` among those of its group, up when negative."""

    def edit(watchlist: Watchlist) -> Watchlist:
        entries = details_of(watchlist).by_symbol()

        def group_of(one: str) -> str:
            return entries[one].group if one in entries else ""

        symbols = list(watchlist.symbols)
        if symbol not in symbols:
            return watchlist
        own = [at for at, one in enumerate(symbols) if group_of(one) == group_of(symbol)]
        place = own.index(symbols.index(symbol))
        target = max(0, min(len(own) - 1, place + steps))
        order = [symbols[at] for at in own]
        order.insert(target, order.pop(place))
        for at, one in zip(own, order, strict=True):
            symbols[at] = one
        return watchlist.model_copy(update={"symbols": symbols})

    return edit


def describe(
    symbols: Iterable[str],
    *,
    note: str | None = None,
    tags: str | Sequence[str] | None = None,
    group: str | None = None,
) -> Edit:
    """Say something of symbols; None leaves what is said already."""
    named = tuple(symbols)
    said: dict[str, object] = {}
    if note is not None:
        said["note"] = checked_note(note)
    if tags is not None:
        said["tags"] = checked_tags(tags)
    if group is not None:
        said["group"] = checked_group(group)

    def edit(watchlist: Watchlist) -> Watchlist:
        entries = details_of(watchlist).by_symbol()
        for symbol in named:
            if symbol in watchlist.symbols:
                one = entries.get(symbol, ListEntry(symbol=symbol))
                entries[symbol] = one.model_copy(update=said)
        kept = tuple(one for one in entries.values() if not one.is_empty)
        changed = with_details(watchlist, entries=kept)
        return _with_groups(changed, [str(said.get("group", ""))])

    return edit


def describe_each(said: Mapping[str, tuple[str, str, tuple[str, ...]]]) -> Edit:
    """Say group, note and tags of each symbol, as they are read from a checked file."""

    def edit(watchlist: Watchlist) -> Watchlist:
        entries = details_of(watchlist).by_symbol()
        for symbol, (group, note, tags) in said.items():
            one = entries.get(symbol, ListEntry(symbol=symbol))
            entries[symbol] = one.model_copy(update={"group": group, "note": note, "tags": tags})
        return with_details(
            watchlist, entries=tuple(one for one in entries.values() if not one.is_empty)
        )

    return edit


def put_into_group(symbols: Iterable[str], path: str) -> Edit:
    """Put symbols into a group, which is made when there is none; "" is no group."""
    return describe(symbols, group=path)


# -------------------------------------------------------------------------------- groups


def group_paths(path: str) -> list[str]:
    """Return a group's path after those of the groups around it."""
    names = path.split(GROUP_SEPARATOR) if path else []
    return [GROUP_SEPARATOR.join(names[: depth + 1]) for depth in range(len(names))]


def _with_groups(watchlist: Watchlist, paths: Iterable[str]) -> Watchlist:
    groups = {one.path: one for one in details_of(watchlist).groups}
    for path in paths:
        for one in group_paths(path):
            groups.setdefault(one, ListGroup(path=one))
    return with_details(watchlist, groups=tuple(groups.values()))


def add_groups(paths: Iterable[str]) -> Edit:
    """Make groups, and those around them."""
    checked = [checked_group(path) for path in paths]
    return lambda watchlist: _with_groups(watchlist, checked)


def fold(path: str, folded: bool) -> Edit:
    """Hide or show what is in a group."""

    def edit(watchlist: Watchlist) -> Watchlist:
        groups = tuple(
            one.model_copy(update={"folded": folded}) if one.path == path else one
            for one in details_of(watchlist).groups
        )
        return with_details(watchlist, groups=groups)

    return edit


def rename_group(path: str, new_path: str) -> Edit:
    """Give a group another path; what is in it, and the groups within, go with it.

    Raises
    ------
    InvalidInput
        When the new path lies within the group itself, or is empty.
    """
    target = checked_group(new_path)
    if not target or (
        (target + GROUP_SEPARATOR).startswith(path + GROUP_SEPARATOR) and target != path
    ):
        raise InvalidInput(
            f"The group {path} cannot become {new_path.strip() or 'nothing'}.", field="group",
            hint="Give it another name.",
        )  # fmt: skip
    return _regroup(lambda one: target + one[len(path) :] if _within(one, path) else one)


def remove_group(path: str) -> Edit:
    """Take a group away; its symbols and the groups within go to the group around it."""
    outer, _, _ = path.rpartition(GROUP_SEPARATOR)

    def new_path(one: str) -> str:
        if not _within(one, path):
            return one
        rest = one[len(path) :].removeprefix(GROUP_SEPARATOR)
        return GROUP_SEPARATOR.join(part for part in (outer, rest) if part)

    return _regroup(new_path)


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(outer + GROUP_SEPARATOR)


def _regroup(new_path: Callable[[str], str]) -> Edit:
    def edit(watchlist: Watchlist) -> Watchlist:
        details = details_of(watchlist)
        groups: dict[str, ListGroup] = {}
        for one in details.groups:
            path = new_path(one.path)
            if path:
                groups.setdefault(path, one.model_copy(update={"path": path}))
        moved = [one.model_copy(update={"group": new_path(one.group)}) for one in details.entries]
        entries = tuple(one for one in moved if not one.is_empty)
        changed = with_details(watchlist, groups=tuple(groups.values()), entries=entries)
        return _with_groups(changed, groups)

    return edit


def restore_details(details: ListDetails) -> Edit:
    """Put groups and what is said of symbols back as they were."""
    return lambda watchlist: with_details(watchlist, groups=details.groups, entries=details.entries)
