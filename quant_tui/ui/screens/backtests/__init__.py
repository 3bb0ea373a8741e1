"""Workspace 4: backtests, run and read."""

from quant_tui.ui.screens.backtests.workspace import Backtests

__all__ = ["Backtests"]
