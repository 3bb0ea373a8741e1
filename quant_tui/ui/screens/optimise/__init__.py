"""Workspace 5: studies of a strategy's parameters, started, watched, read and applied."""

from quant_tui.ui.screens.optimise.workspace import Optimise

__all__ = ["Optimise"]
