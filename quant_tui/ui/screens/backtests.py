"""Backtests."""

from __future__ import annotations

from quant_tui.ui.screens.to_come import ToCome
from quant_tui.ui.widgets.message_panel import Notice


class Backtests(ToCome):
    """The backtests of the user."""

    notice = Notice("Backtests")
