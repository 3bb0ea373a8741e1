"""The newest backtests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from quant_tui.ui.screens.backtests.listing import COLUMNS, EMPTY, row_of
from quant_tui.ui.screens.dashboard.content import Cause, Lines, Place, Source
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

SHOWN = 50
LEFT_OUT = frozenset({"Symbols", "Period"})
PLACES = tuple(at for at, column in enumerate(COLUMNS) if column.title not in LEFT_OUT)


class RecentBacktests(Source):
    """The newest runs with return, Sharpe and drawdown."""

    empty: ClassVar[Notice] = Notice(EMPTY.title, keys=(("4", "Backtests: run one"),))
    columns: ClassVar[tuple[Column, ...]] = tuple(COLUMNS[at] for at in PLACES)
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"jobs"})

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | None:
        """Fetch the newest."""
        found = await services.backtests.list(limit=SHOWN)
        if not found:
            return None
        rows = [row_of(one) for one in found]
        return Lines(
            "Recent backtests",
            [Row(row.key, [row.values[at] for at in PLACES], row.also) for row in rows],
        )

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place:
        """Lead to the run."""
        return Place("backtests", key)
