"""The value of one portfolio, day by day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.dashboard.content import Cause, Choice, Curve, Place, Source
from quant_tui.ui.widgets.message_panel import Notice

if TYPE_CHECKING:
    from quant_tui.engine.arrays import DateArray, FloatArray
    from quant_tui.services.composition import Services


class PortfolioValue(Source):
    """Value at each close, with the change of the last day."""

    empty: ClassVar[Notice] = Notice("No portfolio yet", keys=(("7", "Portfolio: make one"),))
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"bars"})

    async def load(self, services: Services, settings: Mapping[str, str]) -> Curve | None:
        """Value the portfolio chosen, or the first one there is."""
        portfolios = await services.portfolios.list()
        wanted = settings.get("portfolio", "")
        one = next(
            (one for one in portfolios if one.id == wanted), portfolios[0] if portfolios else None
        )
        if one is None:
            return None
        dates, value = await services.portfolios.value_history(one.id)
        return await asyncio.to_thread(value_chart, one.name, dates, value) if len(dates) else None

    async def choices(self, services: Services) -> tuple[Choice, ...]:
        """Let the portfolio be chosen."""
        portfolios = await services.portfolios.list()
        options = tuple((one.id, one.name) for one in portfolios)
        return (Choice("portfolio", "Portfolio", "which one", options),) if options else ()

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place:
        """Lead to the portfolio."""
        return Place("portfolio", settings.get("portfolio", ""))


def value_chart(name: str, dates: DateArray, value: FloatArray) -> Curve:
    """Return the value as a line, headed by the last one and the change of the day."""
    from quant_tui.ui.widgets.chart_axes import TimeAxis
    from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series

    change = float(value[-1] - value[-2]) if len(value) > 1 else 0.0
    title = f"{name}  {fmt.number(float(value[-1]))}  {fmt.arrow(change)} {fmt.signed(change)}"
    pane = Pane((Series(name, value, "first"),), write=fmt.compact)
    return Curve(title, ChartData(TimeAxis(dates), (pane,)))
