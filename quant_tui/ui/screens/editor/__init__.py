"""The editor of rules: text, help, preview and versions of one strategy."""

from quant_tui.ui.screens.editor.workspace import Editor

__all__ = ["Editor"]
