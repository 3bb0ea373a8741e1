"""Workspace 7: portfolios, from recorded transactions to orders."""

from quant_tui.ui.screens.portfolio.workspace import Portfolios

__all__ = ["Portfolios"]
