"""What a conversation says before anything was asked in it."""

from __future__ import annotations

from quant_tui.ui.widgets.message_panel import Notice

EMPTY = Notice(
    "Ask about your own results",
    "Strategies, backtests, studies, models, portfolios and data are looked up for the answer, "
    "and what is chosen beside goes along. Nothing is changed or run before you approve it.",
    (("enter", "Send"), ("^j", "New line"), ("/", "Commands, also without a model")),
)

NO_MODEL = Notice(
    "No language model is set up",
    "Commands work all the same, and questions are answered by what is found among your own "
    "strategies, backtests and models.\n\nSet one up in workspace 8: any server that speaks "
    "OpenAI's API, on this machine too.",
    (("8 m", "Set up a language model"), ("/", "Commands"), ("enter", "Send")),
)
