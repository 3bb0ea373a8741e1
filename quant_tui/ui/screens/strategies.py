"""Strategies."""

from __future__ import annotations

from quant_tui.ui.screens.to_come import ToCome
from quant_tui.ui.widgets.message_panel import Notice


class Strategies(ToCome):
    """The strategies of the user."""

    notice = Notice("Strategies")
