"""Allocation: weights by symbol and sector as bars, exposure, concentration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import Page, heading

if TYPE_CHECKING:
    from quant_tui.services.portfolio_report import PortfolioReport

NAME = 18
"""Cells of a name."""

EXPOSURE = (
    ("long_exposure", "Long"), ("short_exposure", "Short"), ("gross_exposure", "Gross"),
    ("net_exposure", "Net"), ("cash_share", "Cash"),
)  # fmt: skip


class AllocationPart(Page):
    """Bars; it scrolls."""

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()

    async def show_report(self, report: PortfolioReport) -> None:
        """Show how a portfolio is spread."""
        self.show(partial(allocation_lines, report))


def allocation_lines(report: PortfolioReport, width: int) -> list[Content]:
    """Write exposure, then weights by sector and by symbol."""
    figures = report.figures
    if not report.held:
        why = "Nothing is held." if figures else "Nothing was recorded yet."
        return [Content.styled(why, "$text-muted")]
    lines = [heading("Exposure, of the value", width)]
    lines.append(
        Content("   ").join(
            Content.assemble((f"{title} ", "$text-muted"), (fmt.percent(figures[key], 1), "bold"))
            for key, title in EXPOSURE
        )
    )
    lines.append(
        Content.assemble(
            ("HHI ", "$text-muted"),
            (fmt.number(figures["concentration"]), "bold"),
            ("   as ", "$text-muted"),
            (fmt.number(figures["effective_positions"], 1), "bold"),
            (" equal positions   largest 1, 3, 5  ", "$text-muted"),
            (", ".join(fmt.percent(figures[f"largest_{n}"], 1) for n in (1, 3, 5)), "bold"),
        )
    )
    worth = figures["value"]

    def share(money: float) -> float | None:
        return money / worth if worth > 0 else None

    sectors = [(name, share(money), money) for name, money in report.by_sector().items()]
    cash = ("Cash", share(figures["cash"]), figures["cash"])
    lines += [Content(""), heading("By sector", width), *_bars([*sectors, cash], width)]
    symbols = [(one.symbol, one.weight, one.value) for one in report.held]
    lines += [Content(""), heading("By symbol", width), *_bars(symbols, width)]
    return lines


def _bars(rows: Sequence[tuple[str, float | None, float]], width: int) -> list[Content]:
    """Write a bar a row, the longest as wide as there is room."""
    room = max(8, width - NAME - 26)
    most = max((abs(weight) for _, weight, _ in rows if weight is not None), default=0.0)
    lines = []
    for name, weight, money in rows:
        title = Content(name).truncate(NAME, ellipsis=True)
        filled = round(room * abs(weight) / most) if weight is not None and most > 0 else 0
        role = "$chart-1" if (weight or 0.0) >= 0 else "$down"
        lines.append(
            Content.assemble(
                title.pad_right(NAME + 1 - title.cell_length),
                (fmt.percent(weight, 1).rjust(8), "bold"),
                (fmt.number(money).rjust(16), "$text-muted"),
                " ",
                ("█" * filled, role),
            )
        )
    return lines
