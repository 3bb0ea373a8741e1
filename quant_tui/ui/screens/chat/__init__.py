"""The chat: sessions, the conversation, prompts, tools, and the endpoint it speaks to."""

from quant_tui.ui.screens.chat.workspace import Chat

__all__ = ["Chat"]
