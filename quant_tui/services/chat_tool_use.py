"""Tools as an answer uses them, whoever gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quant_tui.domain.base import Document
from quant_tui.domain.genai import ChatSession
from quant_tui.genai.endpoint import ToolRequest
from quant_tui.genai.tools import Permission, Proposal, ToolResult, ToolSpec
from quant_tui.services import conversation
from quant_tui.services.chat_draft import Draft


class Tools(Protocol):
    """What can be called for the signed-in user."""

    async def load(self) -> None:
        """Read what the user allows."""

    def specs(self) -> Sequence[ToolSpec]:
        """Return what the user allows, as it was read last."""

    async def call(
        self, name: str, arguments: Document, *, session_id: str = ""
    ) -> ToolResult | Proposal:
        """Call a tool; what would change or start something is only proposed."""

    def take_up(self, proposal: Proposal, session_id: str) -> None:
        """Take up a proposal that a conversation keeps, also from an earlier run."""

    async def approve(self, proposal: Proposal) -> ToolResult:
        """Do what was proposed."""

    async def reject(self, proposal: Proposal) -> ToolResult:
        """Leave what was proposed."""


async def use(tools: Tools, requests: Sequence[ToolRequest], draft: Draft, session_id: str) -> bool:
    """Call tools and write down what they gave.

    Returns
    -------
    bool
        Whether something waits for the user now.
    """
    waits = False
    for request in requests:
        call = draft.called(request.id, request.name, request.arguments)
        if request.problem:
            result: ToolResult | Proposal = ToolResult("", error=request.problem)
        else:
            result = await tools.call(request.name, request.arguments, session_id=session_id)
        if isinstance(result, Proposal):
            draft.proposed(call, result)
            waits = True
        else:
            draft.answered(call, result)
    return waits


def open_proposals(session: ChatSession) -> list[Proposal]:
    """Return what waits to be decided in the branch that is shown, the oldest first."""
    return [
        proposal_of(call["proposal"])
        for message in conversation.shown(session)
        for call in message.tool_calls
        if call.get("state") == "pending"
    ]


def proposal_of(document: Document) -> Proposal:
    """Return a proposal that a call keeps."""
    return Proposal(
        id=str(document["id"]),
        tool=str(document["tool"]),
        title=str(document["title"]),
        change=str(document["change"]),
        permission=Permission(document["permission"]),
        arguments=dict(document["arguments"]),
        state=str(document.get("state", "")),
    )
