"""The line over a list, and the lines under it about one symbol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ui import format as fmt

if TYPE_CHECKING:
    from quant_tui.domain.user import Watchlist
    from quant_tui.domain.watchlist import ListDetails, ListEntry, RuleColumn
    from quant_tui.ui.screens.watchlists.figures import Figures

MAY_LACK = ("last", "change", "volume_ratio", "rsi", "from_sma_50", "from_sma_200")
"""Figures whose absence is explained below the list."""


def heading(
    watchlist: Watchlist, details: ListDetails, rules: Sequence[RuleColumn], figures: Figures
) -> Content:
    """Write name, size and newest session of a list, and which of its columns are wrong.

    Symbols whose newest session is an earlier one are counted: their quotes are of that day.
    """
    quotes = (figures.quotes.get(one) for one in watchlist.symbols)
    sessions = [one.date for one in quotes if one is not None and one.date is not None]
    count = len(watchlist.symbols)
    parts = [f"{count:,} symbol{'' if count == 1 else 's'}"]
    if sessions:
        newest = max(sessions)
        parts.append(f"session {fmt.day(newest)}")
        if older := sum(one < newest for one in sessions):
            parts[-1] += f", {older:,} earlier"
    alerts = sum(one.active for one in details.alerts)
    if alerts:
        parts.append(f"{alerts} alert{'s' if alerts > 1 else ''}")
    if watchlist.description:
        parts.append(watchlist.description)
    parts += [f"✗ {one.title}: {figures.why[one.rule]}" for one in rules if one.rule in figures.why]
    return Content.assemble(
        (watchlist.name, "bold $accent"), "  ", (" · ".join(parts), "$text-muted")
    )


def about(symbol: str, entry: ListEntry, figures: Figures) -> Content:
    """Write name and session of a symbol, why a figure is missing, and what is said of it."""
    quote = figures.quotes.get(symbol)
    name = figures.names.get(symbol, "")
    parts = [name] if name else []
    if quote is not None:
        if quote.date is not None:
            parts.append(f"session {fmt.day(quote.date)}")
        missing = next((why for one in MAY_LACK if (why := quote.why(one))), "")
        if missing:
            parts.append(f"{fmt.NOTHING} {missing}")
    tags = " ".join(f"#{one}" for one in entry.tags)
    said = " · ".join(filter(None, [entry.note, tags, entry.group]))
    return Content.assemble((symbol, "bold"), "  ", " · ".join(parts), "\n", (said, "$text-accent"))
