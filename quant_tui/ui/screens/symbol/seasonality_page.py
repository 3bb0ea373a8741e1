"""Mean returns by month of the year and by weekday, and every month on a map."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content

from quant_tui.services.price_statistics import Season, Seasons, seasons
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.monthly import heat_of
from quant_tui.ui.screens.symbol.view import NO_BARS
from quant_tui.ui.widgets.heat_map import HeatMap
from quant_tui.ui.widgets.page import Page, heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_tui.ui.screens.symbol.view import SymbolView

NAME_WIDTH = 10

ROOMY = 134
"""Columns from which the map stands beside the means."""

_TITLES = f"{'':{NAME_WIDTH}}{'n':>5}  {'Mean':>9}  {'±':>6}  {'Median':>7}  {'Up':>4}"


class SeasonalityPage(Horizontal):
    """Tables of means beside the map of months; one at a time where there is no room."""

    DEFAULT_CSS = """
    SeasonalityPage {
        & > Page { width: 54; }
        & > HeatMap { width: 1fr; border-left: vkey $rule; padding-left: 1; }
        &.-single > Page { width: 1fr; }
        &.-single > HeatMap { display: none; border: none; padding: 0; }
        &.-single.-map > Page { display: none; }
        &.-single.-map > HeatMap { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,enter", "other", "Months / map", id="seasons.other",
                tooltip="To the map of all months, and back to the means"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.means = Page(id="means")
        self.map = HeatMap()

    def compose(self) -> ComposeResult:
        """Lay out means and map."""
        yield self.means
        yield self.map

    def on_resize(self) -> None:
        """Show both where they fit."""
        self.set_class(self.size.width < ROOMY, "-single")

    def focus_first(self) -> None:
        """Give the keys to the part that is shown."""
        (self.map if self.has_class("-map") else self.means).focus()

    async def show_view(self, view: SymbolView) -> None:
        """Show the seasons of a symbol."""
        prices = view.prices
        if prices is None or len(prices) < 2:
            self.means.show(lambda _width: [Content.styled(NO_BARS, "$text-muted")])
            self.map.show(None)
            return
        found = await asyncio.to_thread(seasons, prices)
        self.means.show(partial(season_lines, found))
        self.map.show(heat_of({str(year): months for year, months in found.table.items()}))

    def action_other(self) -> None:
        """Go to the other part."""
        self.toggle_class("-map")
        self.call_after_refresh(self.focus_first)


def season_lines(found: Seasons, width: int) -> list[Content]:
    """Write both tables: count, mean with its standard error, median, fraction that rose."""
    lines = [heading("Months, from close to close", width), *_table(found.months, width)]
    lines += [Content(""), heading("Weekdays", width), *_table(found.weekdays, width, decimals=3)]
    note = "± standard error of the mean · Up: how many rose · an unfinished month is left out"
    lines += [Content(""), Content.styled(note, "$text-muted")]
    return lines


def _table(parts: Sequence[Season], width: int, decimals: int = 2) -> list[Content]:
    lines = [Content.styled(_TITLES, "bold $text-muted")]
    largest = max((abs(one.mean) for one in parts if one.mean is not None), default=0.0)
    room = max(0, (width - len(_TITLES) - 3) // 2)
    for one in parts:
        role = {"up": "$up", "down": "$down"}.get(fmt.direction(one.mean), "$text-muted")
        risen = fmt.percent(one.risen, 0) if one.risen is not None else fmt.NOTHING
        error = fmt.percent(one.error, decimals) if one.error is not None else fmt.NOTHING
        lines.append(
            Content.assemble(
                one.name.ljust(NAME_WIDTH),
                f"{one.count:>5}  ",
                (f"{fmt.change(one.mean, decimals):>9}", role),
                (f"  {error:>6}", "$text-muted"),
                f"  {fmt.percent(one.median, decimals):>7}  {risen:>4}",
                (f"  {_bar(one.mean, largest, room)}", role),
            )
        )
    return lines


def _bar(mean: float | None, largest: float, room: int) -> str:
    """Draw a mean to the left or right of the middle."""
    if room < 4 or mean is None or not largest:
        return ""
    length = round(abs(mean) / largest * room)
    return (("█" * length).rjust(room) + "│") if mean < 0 else " " * room + "│" + "█" * length
