"""Workspace 6: features, and the models that are made of them."""

from quant_tui.ui.screens.models.workspace import Models

__all__ = ["Models"]
