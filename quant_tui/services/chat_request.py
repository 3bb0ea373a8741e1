"""What is sent to a model: instructions, tools, and of the conversation as much as fits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from quant_tui.config.chat import ChatSettings
from quant_tui.domain.base import Document
from quant_tui.domain.genai import ChatMessage
from quant_tui.genai.actions import action_rules
from quant_tui.genai.token_estimates import tokens_of, tokens_of_messages
from quant_tui.genai.transcript import INSTRUCTIONS, fitted, room_for, to_messages
from quant_tui.services.chat_tool_use import Tools

SHARE_FOR_TOOLS = 2
"""Tools are only offered where to describe them takes at most half the context window."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes
    ----------
    messages
        The instructions first.
    schemas
        Of the tools that the endpoint is told of; others stand in the instructions.
    size
        About how many tokens all of it is.
    left_out
        How many of the oldest messages do not fit.
    """

    messages: list[Document]
    schemas: Sequence[Document]
    size: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools that a model is told of.

    Attributes
    ----------
    tokens
        What to describe all of them takes; with none in ``schemas`` that was too much.
    """

    schemas: Sequence[Document]
    tokens: int


def offer_of(profile: ChatSettings, tools: Tools | None) -> Offer:
    """Return the tools that a model is told of; the first time that imports them all."""
    if tools is None or profile.tools == "off":
        return Offer((), 0)
    schemas = [one.schema() for one in tools.specs()]
    tokens = tokens_of(json.dumps(schemas, ensure_ascii=False))
    return Offer(schemas if tokens <= profile.context_window // SHARE_FOR_TOOLS else (), tokens)


def request_of(
    profile: ChatSettings, history: Sequence[ChatMessage], schemas: Sequence[Document]
) -> Request:
    """Return what is sent.

    Parameters
    ----------
    history
        One branch, oldest first.
    schemas
        Of the tools on offer.
    """
    as_text = profile.tools == "json"
    rules = INSTRUCTIONS
    if schemas and as_text:
        rules = f"{rules}\n\n{action_rules(schemas)}"
    system: Document = {"role": "system", "content": rules}
    native: Sequence[Document] = () if as_text else schemas
    described = tokens_of(json.dumps(native, ensure_ascii=False)) if native else 0
    overhead = tokens_of_messages([system]) + described
    groups = to_messages(history, as_text=as_text)
    messages, left_out = fitted(groups, room_for(profile.context_window, overhead))
    size = overhead + tokens_of_messages(messages)
    return Request([system, *messages], native, size, left_out)
