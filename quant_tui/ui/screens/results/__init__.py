"""The result of a backtest, on pages, and several beside each other."""

from quant_tui.ui.screens.results.compare import Compare, compare_hint
from quant_tui.ui.screens.results.page import ResultPage

__all__ = ["Compare", "ResultPage", "compare_hint"]
