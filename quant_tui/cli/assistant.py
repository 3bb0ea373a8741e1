"""All commands of the group ``chat``, put together."""

from __future__ import annotations

from quant_tui.cli import chat_endpoint, chat_tool, generated, prompts, retrieval
from quant_tui.cli.chat import commands

__all__ = ["commands"]

for part in (chat_endpoint, chat_tool, retrieval, prompts, generated):
    part.add_to(commands)
