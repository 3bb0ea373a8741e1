"""Workspace 3: strategies, made from templates, edited, run."""

from quant_tui.ui.screens.strategies.workspace import Strategies

__all__ = ["Strategies"]
