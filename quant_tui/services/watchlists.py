"""Watchlists of one user: made, changed without losing what others changed, read and written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.market_data import Company
from quant_tui.domain.user import Watchlist
from quant_tui.services import watchlist_edits as edits
from quant_tui.services.companies import CompanyService
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.names import checked_name
from quant_tui.services.watchlist_edits import Edit, Removed
from quant_tui.storage.mongo.repositories import UserRepositories

ATTEMPTS = 8
"""How often a change is made again after somebody else's."""

NEAR = 3
"""Near matches that are offered for an unknown symbol."""

NEAR_SOUGHT = 20
"""Unknown symbols for which near ones are looked for; more are only named."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What symbols in a text mean.

    Attributes
    ----------
    symbols
        Those that are known, each once, in order.
    unknown
        The others, with known symbols near each.
    """

    symbols: tuple[str, ...]
    unknown: dict[str, tuple[str, ...]]

    def describe_unknown(self) -> str:
        """Name the unknown ones and what was perhaps meant."""
        parts = [
            f"{symbol} (did you mean {', '.join(near)}?)" if near else symbol
            for symbol, near in list(self.unknown.items())[:NEAR_SOUGHT]
        ]
        more = len(self.unknown) - len(parts)
        return ", ".join(parts) + (f" and {more} more" if more else "")


def symbols_in(text: str) -> list[str]:
    """Return the symbols in a text, with commas, blanks or line ends between, each once."""
    return list(dict.fromkeys(one for one in re.split(r"[\s,;]+", text) if one))


class WatchlistService:
    """Watchlists of the signed-in user.

    Every change says what is meant and is made on the newest state: when another window
    or machine changed the list in between, it is made once more on what came of that, so
    that neither change is lost.
    """

    def __init__(
        self,
        repositories: UserRepositories,
        market_data: MarketDataService,
        companies: CompanyService,
    ) -> None:
        self._lists = repositories.watchlists
        self._user_id = repositories.user_id
        self._market_data = market_data
        self._companies = companies

    # ------------------------------------------------------------------------ whole lists

    async def list(self) -> list[Watchlist]:
        """Return all lists, by name."""
        found = await self._lists.list(limit=None)
        return sorted(found, key=lambda one: one.name.casefold())

    async def get(self, list_id: str) -> Watchlist:
        """Return one list.

        Raises
        ------
        NotFound
            The user has none with that id.
        """
        return await self._lists.get(list_id)

    async def find(self, name: str) -> Watchlist:
        """Return the list with a name, in any case, or with an id.

        Raises
        ------
        NotFound
            There is none; the message says which there are.
        """
        found = await self.list()
        wanted = " ".join(name.split()).casefold()
        for one in found:
            if one.id == name or one.name.casefold() == wanted:
                return one
        near = get_close_matches(wanted, [one.name.casefold() for one in found], n=1)
        named = [one.name for one in found if one.name.casefold() in near]
        names = ", ".join(one.name for one in found[:10]) or "none yet"
        hint = f"Did you mean {named[0]}?" if named else f"There are: {names}."
        raise NotFound(f"There is no watchlist {name!r}.", hint=hint)

    async def create(
        self, name: str, symbols: Sequence[str] = (), description: str = ""
    ) -> Watchlist:
        """Make a list.

        Raises
        ------
        InvalidInput
            The name is empty or cannot be used, or a symbol cannot be one.
        Conflict
            Another list has this name.
        """
        named = await self._free_name(name)
        checked = [edits.checked_symbol(symbol) for symbol in symbols]
        empty = Watchlist(
            name=named, description=edits.checked_note(description), user_id=self._user_id
        )
        return await self._lists.create(edits.add(checked)(empty))

    async def rename(self, list_id: str, name: str, description: str) -> Watchlist:
        """Give a list another name and description. Raises as :meth:`create` does."""
        named = await self._free_name(name, but=list_id)
        said = edits.checked_note(description)
        return await self.change(
            list_id, lambda one: one.model_copy(update={"name": named, "description": said})
        )

    async def delete(self, list_id: str) -> Watchlist:
        """Delete a list and return what it was, for :meth:`restore`.

        Raises
        ------
        NotFound
            The user has none with that id.
        """
        found = await self._lists.get(list_id)
        await self._lists.delete(list_id)
        return found

    async def restore(self, watchlist: Watchlist) -> Watchlist:
        """Put a deleted list back as it was."""
        return await self._lists.create(watchlist)

    async def change(self, list_id: str, edit: Edit) -> Watchlist:
        """Change a list as it is now.

        Parameters
        ----------
        edit
            One of :mod:`quant_tui.services.watchlist_edits`; made again on the newest
            state as often as somebody else was faster.

        Raises
        ------
        NotFound
            The list is gone.
        Conflict
            It is changed without end by somebody else.
        """
        for _ in range(ATTEMPTS - 1):
            before = await self._lists.get(list_id)
            after = edit(before)
            if after == before:
                return before
            try:
                return await self._lists.update(after)
            except Conflict:
                continue
        return await self._lists.update(edit(await self._lists.get(list_id)))

    # ---------------------------------------------------------------------------- symbols

    async def known_symbols(self) -> dict[str, str]:
        """Return the symbols that have bars or a known company, with the company's name."""
        stored = await self._market_data.symbols()
        companies = await self._companies.search("", limit=edits.MOST_SYMBOLS)
        names = dict.fromkeys(one.symbol for one in stored)
        return {**dict.fromkeys(names, ""), **{one.symbol: one.name for one in companies}}

    async def search(self, text: str) -> Sequence[Company]:
        """Return companies whose symbol, name, sector or industry holds a text."""
        return await self._companies.search(text)

    async def resolve(self, symbols: Sequence[str]) -> Resolved:
        """Find what symbols mean: as they are written, else in any case.

        Parameters
        ----------
        symbols
            As people write them; see :func:`symbols_in`.
        """
        return await asyncio.to_thread(resolve, symbols, await self.known_symbols())

    async def checked(self, symbols: Sequence[str], *, unknown: bool = False) -> tuple[str, ...]:
        """Return symbols as they are known, each once.

        Parameters
        ----------
        unknown
            Whether symbols that have neither bars nor a known company will do as well.

        Raises
        ------
        InvalidInput
            Naming the unknown symbols and those near them.
        """
        found = await self.resolve(symbols)
        if found.unknown and not unknown:
            noun = "symbol" if len(found.unknown) == 1 else "symbols"
            raise InvalidInput(
                f"Unknown {noun}: {found.describe_unknown()}.", field="symbols",
                hint="Bring in their bars first, or add them as they are.",
            )  # fmt: skip
        exact = set(found.symbols)
        by_fold = {one.casefold(): one for one in found.symbols}
        known = [one if one in exact else by_fold.get(one.casefold(), one) for one in symbols]
        return tuple(edits.checked_symbol(one) for one in dict.fromkeys(known))

    async def add(
        self, list_id: str, symbols: Sequence[str], *, group: str = "", unknown: bool = False
    ) -> Watchlist:
        """Add symbols at the end of a list, or of a group of it.

        Parameters
        ----------
        unknown
            Whether symbols that have neither bars nor a known company may be added.

        Raises
        ------
        InvalidInput
            Naming the unknown symbols and those near them; nothing was added.
        """
        wanted = await self.checked(symbols, unknown=unknown)
        return await self.change(list_id, edits.add(wanted, group=group))

    async def remove(self, list_id: str, symbols: Sequence[str]) -> Removed:
        """Take symbols out of a list; return what :meth:`put_back` needs.

        Raises
        ------
        InvalidInput
            A symbol is not in the list; nothing was removed.
        """
        watchlist = await self._lists.get(list_id)
        absent = [one for one in symbols if one not in set(watchlist.symbols)]
        if absent:
            near = resolve(absent, dict.fromkeys(watchlist.symbols, ""))
            raise InvalidInput(
                f"Not in {watchlist.name}: "
                f"{near.describe_unknown() if near.unknown else ', '.join(absent)}.",
                field="symbols",
                hint=f"Did you mean {', '.join(near.symbols)}?" if near.symbols else "",
            )
        removed = edits.removed_of(watchlist, symbols)
        await self.change(list_id, edits.remove(symbols))
        return removed

    async def put_back(self, list_id: str, removed: Removed) -> Watchlist:
        """Put removed symbols back where they were."""
        return await self.change(list_id, edits.put_back(removed))

    async def _free_name(self, name: str, *, but: str = "") -> str:
        named = checked_name(name)
        if not named:
            raise InvalidInput("A list needs a name.", field="name")
        where: Document = {"name": {"$regex": f"^{re.escape(named)}$", "$options": "i"}}
        for other in await self._lists.list(where=where):
            if other.id != but:
                raise Conflict(
                    f"There is a watchlist {other.name} already.", hint="Choose another name."
                )
        return named


def resolve(symbols: Sequence[str], known: Collection[str]) -> Resolved:
    """Find known symbols, as they are written or else in any case, and what is near others."""
    exact = set(known)
    by_fold = {one.casefold(): one for one in sorted(known, reverse=True)}
    # 005930 is near 005930.KS though half of that is its exchange
    heads = {one.partition(".")[0].casefold(): one for one in sorted(known, reverse=True)}
    similar = heads | by_fold
    found: dict[str, None] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    for symbol in symbols:
        name = symbol if symbol in exact else by_fold.get(symbol.casefold())
        if name is not None:
            found[name] = None
        else:
            near: list[str] = []
            if len(unknown) < NEAR_SOUGHT:
                near = get_close_matches(symbol.casefold(), similar, n=NEAR, cutoff=0.6)
            unknown[symbol] = tuple(dict.fromkeys(similar[one] for one in near))
    return Resolved(tuple(found), unknown)
