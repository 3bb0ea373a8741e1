"""The workspace of settings, keys and backups."""

from quant_tui.ui.screens.settings.workspace import SettingsPlace

__all__ = ["SettingsPlace"]
