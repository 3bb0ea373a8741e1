"""The alerts that fired last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.dashboard.content import Cause, Lines, Place, Source
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

SHOWN = 100


def _close(value: object) -> str:
    return fmt.number(cast("float | None", value))


class AlertLog(Source):
    """Which condition became true, of which symbol, on which session."""

    empty: ClassVar[Notice] = Notice("No alert fired yet", keys=(("2", "Watchlists: set one"),))
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Session", 10, role=lambda _: "muted", first="descending"),
        Column("Symbol", 9),
        Column("Alert", 14, grow=1, role=lambda _: "accent"),
        Column("Close", 10, "right", write=_close, first="descending"),
    )
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"bars", "jobs"})

    def __init__(self) -> None:
        self._symbols: dict[str, str] = {}

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | None:
        """Fetch the newest."""
        found = await services.alerts.log(SHOWN)
        if not found:
            return None
        self._symbols = {one.id: one.symbol for one in found}
        return Lines(
            "Alerts",
            [
                Row(one.id, (one.bar_date, one.symbol, one.name, one.close), one.rule)
                for one in found
            ],
        )

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place:
        """Lead to the symbol, or to the lists."""
        symbol = self._symbols.get(key)
        return Place("symbol", symbol) if symbol else Place("watchlists")
