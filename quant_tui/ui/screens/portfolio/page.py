"""A portfolio on pages; each is built and filled at its first visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.portfolio.parts import PortfolioPart
from quant_tui.ui.screens.portfolio.positions import PositionsPart
from quant_tui.ui.widgets.paged import PagedView

if TYPE_CHECKING:
    from quant_tui.services.portfolio_report import PortfolioReport
    from quant_tui.ui.screens.portfolio.rebalance import Plan


class PortfolioPage(PagedView):
    """Heading, page names, and one of the pages.

    Parameters
    ----------
    plan
        Works out the orders for a portfolio's targets.
    """

    noun = "portfolio"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next page", id="portfolio.next",
                key_display="[ ]", tooltip="Next page of the portfolio"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="portfolio.previous",
                show=False, tooltip="Previous page of the portfolio"),
    ]  # fmt: skip

    page_titles = (
        ("positions", "Positions"),
        ("value", "Value"),
        ("allocation", "Allocation"),
        ("risk", "Risk"),
        ("transactions", "Transactions"),
        ("rebalance", "Rebalance"),
    )

    def __init__(self, plan: Plan, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._plan = plan
        self.portfolio_id = ""
        self.report: PortfolioReport | None = None

    def await_portfolio(self, portfolio_id: str) -> None:
        """Say that a portfolio is on its way, unless it is the one that is shown."""
        if portfolio_id != self.portfolio_id:
            self.portfolio_id, self.report = portfolio_id, None
            self.show_first_page()
            self.head.update("")
            self.show_loading()

    async def show_report(self, report: PortfolioReport) -> None:
        """Show a portfolio."""
        self.portfolio_id, self.report = report.portfolio.id, report
        await self.show_pages()

    @property
    def filled(self) -> bool:
        """Whether there is a portfolio."""
        return self.report is not None

    async def fill_page(self, page: Widget) -> None:
        """Show the portfolio on a page."""
        if self.report is not None:
            await cast("PortfolioPart", page).show_report(self.report)

    def build_page(self, name: str) -> Widget:
        """Make a page."""
        if name == "positions":
            return PositionsPart(id=name)
        if name == "value":
            from quant_tui.ui.screens.portfolio.value import ValuePart

            return ValuePart(id=name)
        if name == "allocation":
            from quant_tui.ui.screens.portfolio.allocation import AllocationPart

            return AllocationPart(id=name)
        if name == "risk":
            from quant_tui.ui.screens.portfolio.risk import RiskPart

            return RiskPart(id=name)
        if name == "transactions":
            from quant_tui.ui.screens.portfolio.transactions import TransactionsPart

            return TransactionsPart(id=name)
        from quant_tui.ui.screens.portfolio.rebalance import RebalancePart

        return RebalancePart(self._plan, id=name)

    def write_head(self) -> None:
        """Write name, value and pages."""
        report = self.report
        if report is None:
            return
        figures, width = report.figures, max(20, self.size.width)
        name = Content.styled(report.portfolio.name, "bold $accent")
        known = Content("")
        if figures:
            day = figures["day_pnl"]
            role = fmt.direction(day)
            known = Content.assemble(
                (fmt.number(figures["value"]), "bold"),
                f" {report.portfolio.base_currency}  ",
                (f"{fmt.arrow(day)} {fmt.signed(day)}", f"${role}" if role else ""),
                (f"  {figures['as_of']}", "$text-muted"),
            )
        name = name.truncate(max(8, width - known.cell_length - 2), ellipsis=True)
        gap = " " * max(2, width - name.cell_length - known.cell_length)
        first = Content.assemble(name, gap, known)
        self.head.update(Content("\n").join([first, self.page_tabs(width)]))
