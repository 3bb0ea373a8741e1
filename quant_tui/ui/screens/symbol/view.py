"""What the pages of a symbol are filled from, and what a page is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from quant_tui.services.composition import Services
    from quant_tui.services.price_series import PriceSeries
    from quant_tui.services.symbols import SymbolProfile

NO_BARS = "There are too few bars: at least two are needed."


@dataclass(frozen=True, slots=True)
class SymbolView:
    """A symbol that is shown, as of a moment.

    Attributes
    ----------
    profile
        What is stored of it.
    prices
        Its bars at the usual interval, up to ``as_of``; None when there are none.
    as_of
        Nothing later is shown on any page; None shows everything.
    services
        Where the pages find more.
    """

    profile: SymbolProfile
    prices: PriceSeries | None
    as_of: datetime | None
    services: Services

    @property
    def symbol(self) -> str:
        """Its name."""
        return self.profile.symbol


class SymbolPart(Protocol):
    """A page of a symbol; what is slow to compute, it computes in a thread."""

    async def show_view(self, view: SymbolView) -> None:
        """Show a symbol."""

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""
