"""How old the bars of each symbol are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar, cast

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.dashboard.content import Cause, Lines, Place, Source
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services


def _day(value: object) -> str:
    return fmt.day(cast("date", value))


def _state(value: object) -> str:
    behind = cast("int | None", value)
    if behind is None:
        return fmt.NOTHING
    return f"{behind:,} due" if behind else "✓"


def _state_role(value: object) -> str:
    return "muted" if value is None else "warning" if value else "up"


class SymbolFreshness(Source):
    """The last bar of every symbol and how many sessions are due, the most behind first."""

    empty: ClassVar[Notice] = Notice("No bars yet", keys=(("0", "Data: load or import some"),))
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Symbol", 10, grow=1),
        Column("Last bar", 10, write=_day, role=lambda _: "muted"),
        Column("Due", 9, "right", write=_state, role=_state_role, first="descending"),
    )
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"bars", "clock"})

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | None:
        """Compare the last bar of every symbol with its exchange's calendar.

        The dashboard is the first screen: no calendar is worked out for it. The status line
        does that once the person has begun to work.
        """
        found = await services.freshness.of_symbols(work_out=False)
        if not found:
            return None
        found.sort(key=lambda one: (-one.behind, one.symbol, one.interval))
        late = sum(one.stale for one in found)
        return Lines(
            f"Data · {late:,} of {len(found):,} stale" if late else f"Data · {len(found):,}",
            [
                Row(
                    f"{one.symbol} {one.interval}",
                    (one.symbol, one.last, None if one.expected is None else one.behind),
                )
                for one in found
            ],
        )

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place:
        """Lead to the symbol."""
        return Place("symbol", key.rpartition(" ")[0]) if key else Place("data")
