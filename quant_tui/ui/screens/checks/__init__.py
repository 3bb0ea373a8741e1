"""Checks of a strategy or of a backtest, a place without a digit."""

from quant_tui.ui.screens.checks.workspace import Checks

__all__ = ["Checks"]
