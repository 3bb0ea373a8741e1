"""Workspace 0: what is in the store, and bringing more in."""

from quant_tui.ui.screens.data_import.workspace import DataImport

__all__ = ["DataImport"]
