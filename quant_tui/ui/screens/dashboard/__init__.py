"""The Dashboard workspace: widgets of the user's own choice, in layouts of their own."""

from quant_tui.ui.screens.dashboard.workspace import Dashboard

__all__ = ["Dashboard"]
