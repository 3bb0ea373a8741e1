"""Watchlists: symbols, groups, notes, and changes from two sides."""

from __future__ import annotations

import asyncio

import pytest

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.user import User, Watchlist
from quant_tui.services import watchlist_edits as edits
from quant_tui.services.composition import Services
from quant_tui.services.watchlist_edits import details_of
from quant_tui.services.watchlist_lines import GroupLine, SymbolLine, lines
from quant_tui.services.watchlists import resolve, symbols_in


def _list(*symbols: str) -> Watchlist:
    return Watchlist(name="Test", symbols=[*symbols], user_id="me")


def _written(watchlist: Watchlist) -> list[str]:
    """Write a list as it is read: groups in brackets, two blanks a level."""
    return [
        "  " * one.depth
        + (f"[{one.name} {one.count}]" if isinstance(one, GroupLine) else one.symbol)
        for one in lines(watchlist)
        if not one.hidden
    ]


def test_symbols_in_a_pasted_text() -> None:
    """Commas, blanks, semicolons and line ends all stand between symbols."""
    assert symbols_in(" AAA, BBB CCC;DDD\n005930.KS\tAAA ,") == [
        "AAA", "BBB", "CCC", "DDD", "005930.KS",
    ]  # fmt: skip
    assert symbols_in(" , ") == []


def test_resolving_names_the_unknown_and_what_is_near() -> None:
    """The exact name wins, then any case; the rest is named with near matches."""
    found = resolve(["goog", "MSFT", "GOGO", "xyzzy"], ["GOOG", "GOOGL", "MSFT", "msft"])
    assert found.symbols == ("GOOG", "MSFT")
    assert set(found.unknown) == {"GOGO", "xyzzy"}
    assert "GOOG" in found.unknown["GOGO"]
    assert resolve(["005939"], ["005930.KS", "A"]).unknown == {"005939": ("005930.KS",)}
    assert found.describe_unknown() == "GOGO (did you mean GOOG, GOOGL?), xyzzy"


def test_nested_groups_are_read_in_their_order() -> None:
    """Symbols of no group first; within a group its own symbols, then the groups within."""
    one = _list("A", "B", "C", "D")
    for edit in (
        edits.put_into_group(["B"], "Tech/Chips"),
        edits.put_into_group(["C"], "Tech"),
        edits.add_groups(["Energy"]),
        edits.put_into_group(["D"], " Tech / Chips "),
    ):
        one = edit(one)
    assert _written(one) == ["A", "[Tech 3]", "  C", "  [Chips 2]", "    B", "    D", "[Energy 0]"]
    assert _written(edits.fold("Tech", True)(one)) == ["A", "[Tech 3]", "[Energy 0]"]
    renamed = edits.rename_group("Tech", "Technology")(one)
    assert _written(renamed)[1:4] == ["[Technology 3]", "  C", "  [Chips 2]"]
    flat = edits.remove_group("Tech/Chips")(one)
    assert _written(flat) == ["A", "[Tech 3]", "  B", "  C", "  D", "[Energy 0]"]
    with pytest.raises(InvalidInput, match="cannot become"):
        edits.rename_group("Tech", "Tech/Chips/More")


def test_a_group_between_others_keeps_its_inner_groups_together() -> None:
    """A group that is made late within an early one stands there, not at the end."""
    one = edits.add_groups(["X", "Y", "X/Inner"])(_list())
    assert _written(one) == ["[X 0]", "  [Inner 0]", "[Y 0]"]


def test_moving_stays_within_the_group() -> None:
    """A symbol changes places with the next one of its own group."""
    one = edits.put_into_group(["B"], "G")(_list("A", "B", "C", "D"))
    assert edits.move("A", 1)(one).symbols == ["C", "B", "A", "D"]
    assert edits.move("D", -9)(one).symbols == ["D", "B", "A", "C"]
    assert edits.move("B", 1)(one) == one
    assert edits.move("gone", 1)(one) == one


def test_removing_and_putting_back_is_exact() -> None:
    """Places, groups, notes and tags come back; what was added in between stays."""
    one = edits.describe(["B"], note=" a\nnote ", tags="x, #y, x", group="G")(_list("A", "B", "C"))
    assert details_of(one).entry("B").tags == ("x", "y")
    assert details_of(one).entry("B").note == "a note"
    removed = edits.removed_of(one, ["B", "C"])
    without = edits.remove(["B", "C"])(one)
    assert without.symbols == ["A"]
    assert details_of(without).entry("B").is_empty
    assert edits.put_back(removed)(without) == one
    more = edits.add(["Z"])(without)
    assert edits.put_back(removed)(more).symbols == ["A", "B", "C", "Z"]


def test_what_may_not_be_written() -> None:
    """Each refusal names the field."""
    for wrong, field in (
        (lambda: edits.checked_symbol("two words"), "symbols"),
        (lambda: edits.checked_symbol(""), "symbols"),
        (lambda: edits.checked_group("a//b"), "group"),
        (lambda: edits.checked_group("a/b/c/d/e/f"), "group"),
        (lambda: edits.checked_note("x" * 2001), "note"),
        (lambda: edits.checked_tags([f"t{n}" for n in range(21)]), "tags"),
    ):
        with pytest.raises(InvalidInput) as caught:
            wrong()
        assert caught.value.field == field


def test_unreadable_metadata_is_an_error_that_says_what_to_do() -> None:
    """A list whose metadata somebody broke is named, with the place."""
    broken = _list().model_copy(update={"metadata": {"groups": [{"folded": True}]}})
    with pytest.raises(InvalidInput, match=r"groups\.0\.path"):
        details_of(broken)


def test_what_a_newer_version_wrote_is_kept() -> None:
    """Unknown keys survive a change."""
    one = _list("A").model_copy(update={"metadata": {"colour": "red"}})
    assert edits.describe(["A"], note="n")(one).metadata["colour"] == "red"


async def test_life_of_a_list(stocked: Services) -> None:
    """Made, found in any case, renamed, deleted, and put back."""
    service = stocked.watchlists
    made = await service.create(" 반도체  목록 ", ["SPX"])
    assert made.name == "반도체 목록"
    assert (await service.find("반도체 목록")).id == made.id
    with pytest.raises(Conflict, match="already"):
        await service.create("반도체 목록")
    with pytest.raises(InvalidInput, match="needs a name"):
        await service.create("  ")
    renamed = await service.rename(made.id, "Chips", "mine")
    assert (renamed.name, renamed.description) == ("Chips", "mine")
    with pytest.raises(NotFound, match="Did you mean Chips"):
        await service.find("chip")
    deleted = await service.delete(made.id)
    assert await service.list() == []
    assert (await service.restore(deleted)).id == made.id


async def test_adding_unknown_symbols_names_them_and_adds_nothing(stocked: Services) -> None:
    """One wrong symbol keeps all out, unless unknown ones are wanted."""
    service = stocked.watchlists
    made = await service.create("L")
    with pytest.raises(InvalidInput, match=r"GAOON.SYN \(did you mean GAON.SYN"):
        await service.add(made.id, ["spx", "GAOON.SYN"])
    assert (await service.get(made.id)).symbols == []
    added = await service.add(made.id, ["spx", "NEW.KS"], unknown=True, group="Korea")
    assert added.symbols == ["SPX", "NEW.KS"]
    korea = [SymbolLine(one, "Korea", 1) for one in ("SPX", "NEW.KS")]
    assert lines(added)[1:] == korea
    with pytest.raises(InvalidInput, match="Did you mean SPX"):
        await service.remove(made.id, ["spx"])


async def test_changes_from_many_sides_are_all_kept(services: Services) -> None:
    """Six who change one list at the same moment lose nothing."""
    service = services.watchlists
    made = await service.create("L", ["A", "B"])
    await asyncio.gather(
        *(service.change(made.id, edits.add([f"N{n}"])) for n in range(4)),
        service.change(made.id, edits.describe(["A"], note="kept")),
        service.remove(made.id, ["B"]),
    )
    found = await service.get(made.id)
    assert set(found.symbols) == {"A", "N0", "N1", "N2", "N3"}
    assert details_of(found).entry("A").note == "kept"


async def test_lists_of_two_users_are_apart(services: Services) -> None:
    """Another user neither sees nor changes a list."""
    mine = services.watchlists
    made = await mine.create("Mine", ["A"])
    user = User(email="other@localhost", username="other")
    await services.sign_in(await services.stores.repositories.users.create(user))
    theirs = services.watchlists
    assert await theirs.list() == []
    for attempt in (
        theirs.get(made.id),
        theirs.delete(made.id),
        theirs.change(made.id, edits.add(["B"])),
        theirs.remove(made.id, ["A"]),
        theirs.rename(made.id, "Theirs", ""),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await mine.get(made.id)).symbols == ["A"]
