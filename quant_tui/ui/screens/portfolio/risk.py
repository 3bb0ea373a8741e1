"""Risk: where the volatility comes from, how positions move together, the engine's figures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.tear_sheet import COLUMN, MOST_COLUMNS, figure_lines
from quant_tui.ui.widgets.page import Page, heading

if TYPE_CHECKING:
    from quant_tui.services.portfolio_report import PortfolioReport, PortfolioRisk

NAME = 12
CELL = 7
"""Cells of a number of the correlation matrix."""

NOT_OF_A_PORTFOLIO = frozenset({"initial_capital", "final_value", "slippage_paid"})
"""Figures of a run that mean nothing here: growth counts from one unit."""


class RiskPart(Page):
    """Contributions, correlation and figures; it scrolls."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id, widest=MOST_COLUMNS * (COLUMN + 8))

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()

    async def show_report(self, report: PortfolioReport) -> None:
        """Show the risk of a portfolio."""
        self.show(partial(risk_lines, report))


def risk_lines(report: PortfolioReport, width: int) -> list[Content]:
    """Write contributions and correlation of what is held, then the figures of the returns."""
    lines = [heading("Contributions to the volatility of what is held", width)]
    lines += _contributions(report.risk, width)
    if report.metrics is not None:
        performance = {
            name: value
            for name, value in report.metrics.performance.items()
            if name not in NOT_OF_A_PORTFOLIO
        }
        lines.append(Content(""))
        lines += figure_lines(performance, report.metrics.risk, report.metrics.undefined, width)
    lines += _correlation(report.risk, width)
    return lines


def _contributions(risk: PortfolioRisk, width: int) -> Iterator[Content]:
    shares = risk.shares
    if shares is None:
        yield Content.styled(risk.reason, "$text-muted")
        return
    titles = f"{'':<{NAME}} {'Weight':>8} {'Volatility':>11} {'Adds':>8} {'Of all':>8}"
    yield Content.styled(titles, "bold $text-muted")
    whole = shares.volatility
    room = max(6, min(60, width - len(titles) - 2))
    for at in np.argsort(-shares.contribution):
        part = float(shares.contribution[at])
        share = part / whole if whole > 0.0 else None
        name = Content(risk.symbols[at]).truncate(NAME, ellipsis=True)
        filled = round(room * min(1.0, abs(share or 0.0)))
        yield Content.assemble(
            name.pad_right(NAME - name.cell_length),
            f" {fmt.percent(float(risk.weights[at]), 1):>8}",
            f" {fmt.percent(float(shares.own[at]), 1):>11}",
            f" {fmt.percent(part, 2):>8}",
            (f" {fmt.percent(share, 1):>8}", "bold"),
            " ",
            ("█" * filled, "$chart-1" if part >= 0 else "$up"),
        )
    yield Content.assemble(
        ("All together".ljust(NAME), "bold"),
        f" {'':>8} {'':>11} ",
        (f"{fmt.percent(whole, 2):>8}", "bold"),
        (f"   a year, from {shares.returns} daily returns", "$text-muted"),
    )
    if risk.reason:
        yield Content.styled(risk.reason, "$text-warning")


def _correlation(risk: PortfolioRisk, width: int) -> Iterator[Content]:
    shares = risk.shares
    if shares is None or len(risk.symbols) < 2:
        return
    fitting = min(len(risk.symbols), max(2, (width - NAME) // (CELL + 1)))
    more = len(risk.symbols) - fitting
    title = "Correlation of daily returns"
    yield Content("")
    yield heading(f"{title}, the {fitting} largest" if more else title, width)
    heads = [_cell(Content(one)) for one in risk.symbols[:fitting]]
    yield Content(" " * NAME).append(Content("").join(heads)).stylize("bold $text-muted")
    for row in range(fitting):
        name = Content(risk.symbols[row]).truncate(NAME, ellipsis=True)
        cells = []
        for column in range(fitting):
            value = float(shares.correlation[row, column])
            written = fmt.signed(value) if np.isfinite(value) else fmt.NOTHING
            strong = row != column and abs(value) >= 0.7
            style = "$text-muted" if row == column else "bold" if strong else ""
            cells.append(_cell(Content.styled(written, style) if style else Content(written)))
        yield name.pad_right(NAME - name.cell_length).append(Content("").join(cells))


def _cell(content: Content) -> Content:
    cut = content.truncate(CELL, ellipsis=True)
    return cut.pad_left(CELL + 1 - cut.cell_length)
