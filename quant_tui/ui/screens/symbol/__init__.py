"""One symbol: its chart, what its prices are like, who stands behind it, and its news."""

from quant_tui.ui.screens.symbol.workspace import Symbol

__all__ = ["Symbol"]
