"""Watchlists: lists of symbols with their quotes, columns of one's own, and alerts."""

from quant_tui.ui.screens.watchlists.workspace import Watchlists

__all__ = ["Watchlists"]
