"""The monthly returns: years down, months across, the year's compounded return last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.heat_map import HeatColumn, HeatData, HeatMap

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.ui.screens.results.view import ResultView

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STRONG = 0.08
"""A month's return that gets the full tint; a year's is three times that."""


class Monthly(Vertical):
    """The map, and what the months are like on the whole."""

    DEFAULT_CSS = """
    Monthly {
        height: 1fr;
        & > HeatMap { height: 1fr; }
        & > Static { height: 3; border-top: solid $rule; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.map = HeatMap()
        self.summary = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out map and summary."""
        yield self.map
        yield self.summary

    def focus_first(self) -> None:
        """Give the keys to the map."""
        self.map.focus()

    async def show_view(self, view: ResultView) -> None:
        """Show the months of a result."""
        table: Document = view.result.details.get("monthly_table") or {}
        self.map.show(heat_of(table))
        self.summary.update(summary_of(table))


def heat_of(table: Document) -> HeatData | None:
    """Return the map of ``{year: {month: return}}``, keys as numbers or text."""
    years = sorted(table, key=int)
    if not years:
        return None
    rows: list[list[float | None]] = []
    for year in years:
        months = {int(month): value for month, value in table[year].items() if value is not None}
        rows.append([*(months.get(month) for month in range(1, 13)), compounded(months)])
    columns = [
        *(HeatColumn(month, STRONG) for month in MONTHS),
        HeatColumn("Year", 3 * STRONG, apart=True),
    ]
    return HeatData([str(year) for year in years], columns, rows, write_cell,
                    partial(_read_out, years, rows))  # fmt: skip


def write_cell(value: float, width: int) -> str:
    """Write a return in per cent with its sign, in at most ``width`` cells where that can be.

    The decimals follow from the width alone, so that they are the same all over the map;
    only what is too long for them has fewer.
    """
    decimals = 2 if width >= 8 else 1
    text = fmt.signed(value * 100, decimals)
    return text if len(text) <= width else fmt.signed(value * 100, 0)


def _read_out(
    years: Sequence[object], rows: Sequence[Sequence[float | None]], row: int, column: int
) -> str:
    value = rows[row][column]
    if column == 12:
        others = sorted((one[12] for one in rows if one[12] is not None), reverse=True)
        where, what = str(years[row]), "years"
    else:
        others = sorted((v for one in rows for v in one[:12] if v is not None), reverse=True)
        where, what = f"{MONTHS[column]} {years[row]}", "months"
    if value is None:
        return f"{where}   no whole month"
    parts = [f"{where}   {fmt.change(value)}", f"{others.index(value) + 1} of {len(others)} {what}"]
    if column == 12:
        known = [v for v in rows[row][:12] if v is not None]
        parts.append(f"best month {fmt.change(max(known))}, worst {fmt.change(min(known))}")
    else:
        parts.append(f"year {fmt.change(rows[row][12])}")
    return "   ".join(parts)


def summary_of(table: Document) -> Content:
    """Write how many months rose, their average, and the average of each way."""
    returns = [v for months in table.values() for v in months.values() if v is not None]
    if not returns:
        return Content.styled("No whole month to show.", "$text-muted")
    risen = [value for value in returns if value > 0]
    fallen = [value for value in returns if value < 0]
    unchanged = len(returns) - len(risen) - len(fallen)
    counts = Content.assemble(
        ("▲ ", "$up"), f"{len(risen)} up",
        (f", {_average(risen)} on average", "$text-muted"),
        ("   ▼ ", "$down"), f"{len(fallen)} down",
        (f", {_average(fallen)} on average", "$text-muted"),
        (f"   · {unchanged} flat" if unchanged else "", "$text-muted"),
    )  # fmt: skip
    plural = "s" * (len(returns) != 1)
    whole = Content.assemble(
        f"{len(returns)} month{plural}: ", fmt.change(sum(returns) / len(returns)), " on average",
        ("   in the cells: per cent", "$text-muted"),
    )  # fmt: skip
    return Content("\n").join([counts, whole])


def _average(values: Sequence[float]) -> str:
    return fmt.signed(sum(values) / len(values) * 100) + "%" if values else fmt.NOTHING


def compounded(months: Mapping[int, float]) -> float | None:
    """Return the product of (1 + r), less 1; None without months."""
    if not months:
        return None
    total = 1.0
    for value in months.values():
        total *= 1.0 + value
    return total - 1.0
