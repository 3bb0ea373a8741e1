"""The account: signing in, the lock, and the page about oneself."""

from quant_tui.ui.screens.account.workspace import Account

__all__ = ["Account"]
