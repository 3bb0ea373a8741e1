"""One macro-economic series."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.dashboard.content import Choice, Curve, Source
from quant_tui.ui.widgets.message_panel import Notice

if TYPE_CHECKING:
    from quant_tui.domain.market_data import EconomicIndicator
    from quant_tui.services.composition import Services


class EconomicChart(Source):
    """The values of a series over time, with the last one and its unit."""

    empty: ClassVar[Notice] = Notice(
        "No economic series yet", keys=(("0", "Data: load the sample data, or fetch"),)
    )

    async def load(self, services: Services, settings: Mapping[str, str]) -> Curve | None:
        """Load the series chosen, or the first one there is."""
        name = settings.get("series", "")
        if not name:
            found = await services.economics.series()
            if not found:
                return None
            name = found[0].name
        values = await services.economics.values(name)
        return await asyncio.to_thread(series_chart, name, values) if values else None

    async def choices(self, services: Services) -> tuple[Choice, ...]:
        """Let the series be chosen."""
        found = await services.economics.series()
        options = tuple((one.name, f"{one.name} · {one.unit}"[:40]) for one in found)
        return (Choice("series", "Series", "which one", options),)


def series_chart(name: str, values: Sequence[EconomicIndicator]) -> Curve:
    """Return a series as a line."""
    import numpy as np

    from quant_tui.ui.widgets.chart_axes import TimeAxis
    from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series

    dates = np.array([one.date.replace(tzinfo=None) for one in values], dtype="datetime64[D]")
    figures = np.array([one.value for one in values], dtype=np.float64)
    last = values[-1]
    title = f"{name}  {fmt.number(last.value)} {last.unit}  {fmt.day(last.date)}"
    return Curve(title, ChartData(TimeAxis(dates), (Pane((Series(name, figures, "third"),)),)))
