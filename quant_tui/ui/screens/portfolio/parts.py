"""What a page of a portfolio is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from quant_tui.services.portfolio_report import PortfolioReport


class PortfolioPart(Protocol):
    """A page; what is slow to work out, it works out in a thread."""

    async def show_report(self, report: PortfolioReport) -> None:
        """Show a portfolio."""

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""
