"""The line over a symbol's pages: who it is, where it stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content

from quant_tui.services.price_statistics import YearRange
from quant_tui.ui import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_tui.services.price_series import Floats
    from quant_tui.ui.screens.symbol.view import SymbolView

ROOMY = 100
"""Columns from which the range of the year is drawn."""

BAR_WIDTH = 9


def price_writer(prices: Floats) -> Callable[[float | None], str]:
    """Return how prices are written: whole ones, as in won or yen, without decimals."""
    tail = prices[-250:]
    if len(tail) and bool(np.all(tail == np.rint(tail))):
        return partial(fmt.number, decimals=0)
    small = bool(len(tail)) and float(np.nanmax(tail)) < 2.0
    return partial(fmt.number, decimals=4 if small else 2)


def place_bar(place: float, width: int) -> str:
    """Draw where something lies between two ends: 0 is the left one, 1 the right one."""
    at = round(place * (width - 1))
    return "─" * at + "●" + "─" * (width - 1 - at)


def head_line(view: SymbolView, width: int) -> Content:
    """Write the symbol's line: name and sector on the left, prices and marks on the right."""
    right = Content("  ").join(_prices(view, width)) if view.prices is not None else Content("")
    badges = [" SYNTHETIC "] if view.profile.synthetic else []
    if view.as_of is not None:
        badges.insert(0, f" AS OF {view.as_of:%Y-%m-%d} ")
    for badge in badges:
        right = Content.assemble(right, "  ", (badge, "bold $background on $warning"))
    company = view.profile.company
    parts: list[str | tuple[str, str]] = [(view.symbol, "bold $accent")]
    if company is not None:
        parts += ["  ", (company.name, "bold")]
        if sector := company.sector or company.industry:
            parts += [(f"  {sector}", "$text-muted")]
    left = Content.assemble(*parts).truncate(max(8, width - right.cell_length - 2), ellipsis=True)
    gap = " " * max(1, width - left.cell_length - right.cell_length)
    return Content.assemble(left, gap, right)


def _prices(view: SymbolView, width: int) -> list[Content]:
    prices = view.prices
    if prices is None or not len(prices):
        return []
    write = price_writer(prices.close)
    last = float(prices.close[-1])
    found = [Content.assemble((fmt.day(prices.moment(-1)), "$text-muted"), "  ",
                              (write(last), "bold"))]  # fmt: skip
    change = prices.change
    if change is not None:
        role = {"up": "$up", "down": "$down"}.get(fmt.direction(change), "$text-muted")
        found.append(Content.styled(fmt.change(change), f"bold {role}"))
    year = YearRange.of(prices)
    if width >= ROOMY:
        bar = (f" {place_bar(year.place, BAR_WIDTH)} ", "$accent")
        low, high = write(year.low), write(year.high)
        found.append(Content.assemble(("52w ", "$text-muted"), low, bar, high))
    elif view.as_of is None:
        found.append(Content.assemble(("52w ", "$text-muted"), fmt.percent(year.place, 0)))
    return found
