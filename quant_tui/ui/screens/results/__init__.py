"""The result of a backtest, on pages."""

from quant_tui.ui.screens.results.page import ResultPage

__all__ = ["ResultPage"]
