"""Writing questions and answers of a conversation down, and choosing who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from quant_tui.config.chat import ChatSettings
from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.domain.vocabulary import MessageRole, MessageStatus
from quant_tui.genai.tools import Citation, ToolResult
from quant_tui.services import conversation
from quant_tui.services.chat_command_words import is_command
from quant_tui.services.chat_commands import CommandAnswer
from quant_tui.services.chat_draft import Draft, kept_result, with_citations
from quant_tui.services.chat_endpoints import ChatEndpoints
from quant_tui.services.chat_events import ProposalDecided, ToolAnswered
from quant_tui.services.chat_generate import writer
from quant_tui.services.chat_markdown import markdown_of
from quant_tui.services.chat_model_answer import ModelAnswer, Pause
from quant_tui.services.chat_offline import Finds, OfflineAnswer
from quant_tui.services.chat_running import Run
from quant_tui.services.chat_tool_use import Tools, proposal_of
from quant_tui.storage.mongo.chats import ChatRepository, stored_bytes

if TYPE_CHECKING:
    from quant_tui.services.generation import GenerationService

LARGEST_BYTES = 8_000_000
"""Of a stored conversation; MongoDB itself takes twice that."""

ROOM_FOR_ANSWER_BYTES = 1_500_000


class Asking:
    """Adds to conversations.

    Parameters
    ----------
    tools, finds, generation
        Give the tools, the retrieval and the generation of the user, None where there are none.
    pause
        How answers wait between tries.
    """

    def __init__(
        self,
        chats: ChatRepository,
        endpoints: ChatEndpoints,
        *,
        tools: Callable[[], Tools | None],
        finds: Callable[[], Finds | None],
        generation: Callable[[], GenerationService | None],
        pause: Pause,
    ) -> None:
        self._chats = chats
        self._endpoints = endpoints
        self._tools = tools
        self._finds = finds
        self._generation = generation
        self._pause = pause

    async def add(self, session: ChatSession, message: ChatMessage) -> None:
        """Keep a message, and put it into ``session`` too.

        Raises
        ------
        InvalidInput
            The conversation would become too large for the store.
        """
        document = conversation.to_document(message)
        grown = session.model_copy(
            update={"conversation_history": [*session.conversation_history, document]}
        )
        size = await asyncio.to_thread(stored_bytes, grown)
        if size > LARGEST_BYTES - ROOM_FOR_ANSWER_BYTES:
            raise InvalidInput(
                f"This conversation is full: {size / 1e6:.1f} of {LARGEST_BYTES / 1e6:.0f} MB.",
                field="text",
                hint="Begin a new one; this one stays as it is.",
            )
        await self._chats.add_message(session.session_id, document)
        session.conversation_history = grown.conversation_history
        session.context = {**session.context, conversation.LEAF: message.id}
        if not session.title and message.role is MessageRole.USER:
            session.title = conversation.title_of(message.content)
            await self._chats.change(session.session_id, {"title": session.title})

    async def answer(
        self,
        run: Run,
        session: ChatSession,
        parent: str,
        profile: ChatSettings,
        *,
        tools: bool,
        decided: ChatMessage | None = None,
    ) -> None:
        """Write what follows a message: a question, or an answer whose proposals are decided.

        Parameters
        ----------
        decided
            The answer whose proposals are decided, also when ``parent`` came after it.

        Raises
        ------
        LanguageModelError
            There is no answer, or it broke off; what came is in the run's draft.
        """
        before = decided or conversation.find_message(session, parent)
        by_model = bool(profile.model) and (
            not is_command(before.content)
            if before.role is MessageRole.USER
            else bool(before.model)
        )
        message = ChatMessage(
            id=conversation.new_id(),
            role=MessageRole.ASSISTANT,
            parent=parent,
            status=MessageStatus.STREAMING,
            saved_at=utc_now(),
            model=profile.model if by_model else "",
            profile=profile.profile if by_model else "",
        )
        await self.add(session, message)
        run.draft = Draft(message, run.emit)
        run.draft.begin()
        history = conversation.branch_to(conversation.messages_of(session), parent)
        if decided is not None and decided.id != parent:
            history.append(decision_told(decided))
        last = decided or history[-1]
        box = self._tools()
        if last.role is MessageRole.USER and is_command(last.content):
            if box is None:
                raise InvalidInput("There are no tools to do this with.", field="text")
            key, generation = session.session_id, self._generation()
            writes = writer(generation, self._endpoints, profile, key) if generation else None
            await CommandAnswer(box, key, writes).write(run.draft, last)
        elif last.role is MessageRole.ASSISTANT and not last.model:
            write_decided(run.draft, last)
        elif not profile.model:
            await OfflineAnswer(self._finds()).write(run.draft, last)
        else:
            endpoint = await self._endpoints.endpoint(profile)
            offered = box if tools and profile.tools != "off" else None
            answer = ModelAnswer(
                self._endpoints.client, endpoint, profile, offered, session.session_id, self._pause
            )
            await answer.write(run.draft, history)

    async def decide(
        self, run: Run, session: ChatSession, proposal_id: str, approved: bool
    ) -> ChatMessage | None:
        """Do or leave what was proposed; the answer to go on from, None when more waits.

        Raises
        ------
        NotFound
            Nothing like it waits any more.
        """
        message, call = _waiting(session, proposal_id)
        box = self._tools()
        if box is None:
            raise InvalidInput("There are no tools to do this with.", field="proposal")
        proposal = proposal_of(call["proposal"])
        call["state"], message.saved_at = "deciding", utc_now()
        await self._chats.claim(session.session_id, conversation.to_document(message), proposal_id)
        run.deciding = message
        box.take_up(proposal, session.session_id)
        try:
            result = await (box.approve(proposal) if approved else box.reject(proposal))
        except asyncio.CancelledError:
            unknown = ToolResult("", error=conversation.STOPPED_IN_DECISION)
            await self._decided(run, session, message, call, unknown, "failed")
            raise
        done = "started" if result.runs_on else "approved"
        state = "failed" if result.error else done if approved else "rejected"
        await self._decided(run, session, message, call, result, state)
        if any(one.get("state") == "pending" for one in message.tool_calls):
            return None
        return message

    async def _decided(
        self,
        run: Run,
        session: ChatSession,
        message: ChatMessage,
        call: Document,
        result: ToolResult,
        state: str,
    ) -> None:
        """Keep what came of a proposal, in ``session`` too."""
        call |= {**kept_result(result), "state": state}
        if not message.model:
            call["data"] = result.data  # shown as a table, where no model tells of it
        message.citations = with_citations(message.citations, result.citations)
        run.deciding = None
        await run.put(message)
        document = conversation.to_document(message)
        session.conversation_history = [
            document if one.get("id") == message.id else one for one in session.conversation_history
        ]
        run.emit(ToolAnswered(call["name"], result))
        run.emit(ProposalDecided(call["proposal"]["id"], state, result.error))


def decision_told(message: ChatMessage) -> ChatMessage:
    """Return what a model is told when others spoke since the proposals that are decided now."""
    states = ", ".join(
        f"{one['name']}: {one['state']}" for one in message.tool_calls if "proposal" in one
    )
    return ChatMessage(
        role=MessageRole.USER,
        content=f"(The earlier proposals are decided now. {states}. The results stand with the "
        "calls above; tell shortly what came of them.)",
    )


def write_decided(draft: Draft, message: ChatMessage) -> None:
    """Write what came of the proposals of a command."""
    for call in message.tool_calls:
        if call["state"] == "rejected":
            draft.write("Left as it was.\n")
        elif call["state"] in ("approved", "started", "failed") and "proposal" in call:
            result = ToolResult(call["text"], call.get("data", {}), error=call["error"])
            draft.cite(tuple(Citation(**one) for one in call.get("citations", [])))
            draft.write(f"{markdown_of(result, notes=True)}\n")


def _waiting(session: ChatSession, proposal_id: str) -> tuple[ChatMessage, Document]:
    for message in conversation.messages_of(session):
        for call in message.tool_calls:
            if call.get("proposal", {}).get("id") == proposal_id and call["state"] == "pending":
                return message, call
    raise NotFound("This proposal waits no more.", hint="It was decided, or made elsewhere.")
