"""The preview: closes with the places where the rules get in and out, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.chart_axes import TimeAxis
from quant_tui.ui.widgets.chart_data import ChartData, Markers, Pane, Series
from quant_tui.ui.widgets.page import Page

if TYPE_CHECKING:
    from quant_tui.services.signal_preview import SignalPreview


NOTHING_YET = (
    "Nothing to draw yet. As soon as the rules are right, this shows where they would get in "
    "and out."
)


class Preview(Vertical):
    """The chart; ``-blank`` while there is none."""

    DEFAULT_CSS = """
    Preview {
        height: 1fr;
        & > Page { display: none; }
        &.-blank > Chart { display: none; }
        &.-blank > Page { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="preview", classes="-blank")
        self.chart = Chart()
        self._why = Page()

    def compose(self) -> ComposeResult:
        """Lay out chart and reason."""
        yield self.chart
        yield self._why

    def on_mount(self) -> None:
        """Begin with nothing."""
        self.show(None)

    def show(self, preview: SignalPreview | None, why: str = NOTHING_YET) -> None:
        """Show a preview, or why there is none."""
        self.set_class(preview is None, "-blank")
        self.chart.show(None if preview is None else chart_of(preview))
        self._why.show(lambda width: Content.styled(why, "$text-muted").wrap(width))

    def take_keys(self) -> Widget:
        """Give the keys to what is seen."""
        return (self._why if self.has_class("-blank") else self.chart).focus()


def chart_of(preview: SignalPreview) -> ChartData:
    """Return the closes with a mark at each entry and exit, and the weight under them."""
    closes = np.asarray(preview.closes, dtype=np.float64)
    kinds = (
        ("buy", preview.entries, "▲", "up", -1),
        ("sell", preview.exits, "▼", "down", 1),
        ("sell short", preview.short_entries, "▽", "down", 1),
        ("buy back", preview.short_exits, "△", "up", -1),
    )
    markers = tuple(
        Markers(name, rows, closes[rows], mark, role, above)  # type: ignore[arg-type]  # literals
        for name, rows, mark, role, above in kinds
        if len(rows)
    )
    panes = [
        Pane(
            series=(Series(preview.symbol, closes),),
            weight=2,
            may_log=True,
            markers=markers,
        )
    ]
    if preview.weights is not None:
        weights = Series("weight", np.asarray(preview.weights, dtype=np.float64), "second")
        panes.append(Pane(series=(weights,)))
    bought = len(preview.entries) + len(preview.short_entries)
    sold = len(preview.exits) + len(preview.short_exits)
    note = f"{preview.symbol} · {len(closes)} bars · ▲ {bought} in · ▼ {sold} out · no costs"
    if preview.weights is not None:
        note = f"{preview.symbol} · {len(closes)} bars · target weight · no costs"
    return ChartData(TimeAxis(preview.dates), tuple(panes), note)
