"""Conversations with the assistant: kept, found again, branched, and answered."""

from __future__ import annotations

import asyncio
import builtins
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.domain.vocabulary import MessageRole
from quant_tui.genai.client import load
from quant_tui.genai.gentle_import import GentleImport
from quant_tui.services import conversation
from quant_tui.services.chat_asking import Asking
from quant_tui.services.chat_command_words import COMMANDS
from quant_tui.services.chat_endpoints import ChatEndpoints
from quant_tui.services.chat_events import ChatEvent
from quant_tui.services.chat_export import to_markdown
from quant_tui.services.chat_model_answer import Pause
from quant_tui.services.chat_offline import Finds
from quant_tui.services.chat_request import offer_of, request_of
from quant_tui.services.chat_running import Run, Running
from quant_tui.services.chat_selection import Selection
from quant_tui.services.chat_tool_use import Tools
from quant_tui.storage.mongo.repositories import UserRepositories

if TYPE_CHECKING:
    from quant_tui.services.generation import GenerationService


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation that was found, and where.

    Attributes
    ----------
    message_id
        Of the first message that holds the words; "" when only the title does.
    excerpt
        The words with some text around, on one line.
    """

    session: ChatSession
    message_id: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class ChatState:
    """What answers a conversation, and what it took so far.

    Attributes
    ----------
    model
        "" where none is configured.
    cost
        None where nothing has a price.
    context
        Share of the context window that is filled by what the next question is sent with:
        instructions, tools, and of the conversation what fits, 0 to 1.
    """

    model: str
    tokens: int
    cost: float | None
    context: float


class ChatService:
    """Conversations of the signed-in user.

    Parameters
    ----------
    tools, finds, generation
        Give the tools, the retrieval and the generation of the user, None where there are none.

    Attributes
    ----------
    endpoints
        Where it asks.
    """

    def __init__(
        self,
        endpoints: ChatEndpoints,
        repositories: UserRepositories,
        *,
        tools: Callable[[], Tools | None] = lambda: None,
        finds: Callable[[], Finds | None] = lambda: None,
        generation: Callable[[], GenerationService | None] = lambda: None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._chats = repositories.chat_sessions
        self._user_id = repositories.user_id
        self.endpoints = endpoints
        self._tools = tools
        self._imports = GentleImport(self._load)
        self._running = Running(self._chats, conversation.to_document)
        self._asking = Asking(
            self._chats, endpoints, tools=tools, finds=finds, generation=generation, pause=pause
        )

    @property
    def is_configured(self) -> bool:
        """Whether there is a model to ask."""
        return bool(self.endpoints.get().model)

    @staticmethod
    def commands() -> Sequence[tuple[str, str]]:
        """Return every slash command with what it does, for completion."""
        return [(one.text, one.about) for one in COMMANDS]

    def warm(self) -> None:
        """Import in the background what the first question needs, where there is a model."""
        if self.is_configured:
            self._imports.begin()

    def _load(self) -> None:
        load()
        offer_of(self.endpoints.get(), self._tools())

    # --------------------------------------------------------------------- conversations

    async def list(self, search: str = "") -> builtins.list[ChatSession]:
        """Return conversations without their messages, pinned ones first, then the latest."""
        if search.strip():
            return [one.session for one in await self.search(search)]
        return list(await self._chats.heads())

    async def deleted(self) -> builtins.list[ChatSession]:
        """Return those that can be restored, without their messages."""
        return list(await self._chats.heads(active=False))

    async def create(self, title: str = "") -> ChatSession:
        """Begin a conversation; without a title it takes one from its first question."""
        return await self._chats.create(
            ChatSession(
                session_id=str(uuid.uuid4()), user_id=self._user_id, title=_checked_title(title)
            )
        )

    async def get(self, session_id: str) -> ChatSession:
        """Return a conversation with its messages, as far as they have come.

        Raises
        ------
        NotFound
            The user has none with that id.
        """
        session = await self._chats.of(session_id)
        messages = {one.id: one for one in conversation.messages_of(session)}
        live = self._running.live(session_id)
        messages |= {one.id: one for one in live if one.id in messages}
        mine = {one.id for one in live}
        session.conversation_history = [
            conversation.to_document(one if one.id in mine else conversation.settled(one))
            for one in messages.values()
        ]
        return session

    async def rename(self, session_id: str, title: str) -> None:
        """Give a conversation another title."""
        title = _checked_title(title)
        if not title:
            raise InvalidInput("A title cannot be empty.", field="title")
        await self._chats.change(session_id, {"title": title})

    async def pin(self, session_id: str, pinned: bool = True) -> None:
        """Keep a conversation at the top of the list, or not any more."""
        await self._chats.change(session_id, {"pinned": pinned})

    async def delete(self, session_id: str) -> None:
        """Take a conversation off the list; it can be restored for thirty days."""
        await self.stop(session_id)
        await self._chats.change(session_id, {"is_active": False, "deleted_at": utc_now()})

    async def restore(self, session_id: str) -> ChatSession:
        """Put a deleted conversation back on the list."""
        await self._chats.change(session_id, {"is_active": True, "deleted_at": None})
        return await self.get(session_id)

    async def search(self, text: str) -> builtins.list[Hit]:
        """Return conversations that hold some words, in any case, with the place."""
        wanted = text.strip()
        if not wanted:
            return []
        found = await self._chats.containing(wanted)
        return [_hit(one, wanted) for one in found]

    async def branch(self, session_id: str, message_id: str) -> ChatSession:
        """Show the branch that ends with a message: the next question goes on from there."""
        session = await self.get(session_id)
        conversation.find_message(session, message_id)
        await self._chats.change(session_id, {f"context.{conversation.LEAF}": message_id})
        session.context = {**session.context, conversation.LEAF: message_id}
        return session

    async def choose(self, session_id: str, message_id: str) -> ChatSession:
        """Show the newest branch through a message, to its end."""
        session = await self.get(session_id)
        return await self.branch(session_id, conversation.newest_leaf(session, message_id))

    async def state(self, session_id: str = "") -> ChatState:
        """Return what answers a conversation, and what its shown branch took."""
        profile = self.endpoints.get()
        if not session_id:
            return ChatState(profile.model, 0, None, 0.0)
        messages = conversation.shown(await self.get(session_id))
        summed = conversation.totals(messages)
        used = 0.0
        if profile.model:
            offer = await asyncio.to_thread(offer_of, profile, self._tools())
            size = request_of(profile, messages, offer.schemas).size
            used = size / profile.context_window
        return ChatState(profile.model, summed.input + summed.output, summed.cost, min(used, 1.0))

    async def export(self, session_id: str) -> str:
        """Return the branch that is shown as Markdown."""
        return to_markdown(await self.get(session_id))

    # --------------------------------------------------------------------------- answers

    def ask(
        self,
        session_id: str,
        text: str,
        *,
        selection: Selection | None = None,
        tools: bool = True,
        profile: str = "",
        model: str = "",
    ) -> AsyncIterator[ChatEvent]:
        """Ask, and return what happens until the answer has ended.

        It goes on also when nobody reads; :meth:`stop` ends it. The question is kept
        before anything is sent.

        Parameters
        ----------
        selection
            What is sent with it.
        tools
            Whether a model may call tools.
        profile, model
            The endpoint, and a model in the place of its own.

        Raises
        ------
        InvalidInput
            The question is empty or too long, or there is no such endpoint.
        Conflict
            An answer is still being written in this conversation.
        """
        question = ChatMessage(
            id=conversation.new_id(),
            role=MessageRole.USER,
            content=conversation.checked_question(text),
            selection=asdict(selection) if selection is not None else {},
        )
        used = self.endpoints.get(profile)
        used = replace(used, model=model) if model else used
        self._imports.hurry()

        async def work(run: Run) -> None:
            session = await self.get(session_id)
            question.parent = str(session.context.get(conversation.LEAF, ""))
            await self._asking.add(session, question)
            await self._asking.answer(run, session, question.id, used, tools=tools)

        return self._running.start(session_id, work)

    def retry(
        self, session_id: str, message_id: str, *, tools: bool = True, profile: str = ""
    ) -> AsyncIterator[ChatEvent]:
        """Answer once more the question that a message is or answers, in a new branch.

        Raises
        ------
        Conflict
            An answer is still being written in this conversation.
        """
        used = self.endpoints.get(profile)

        async def work(run: Run) -> None:
            session = await self.get(session_id)
            question = conversation.question_of(session, message_id)
            await self._asking.answer(run, session, question.id, used, tools=tools)

        return self._running.start(session_id, work)

    def edit(
        self,
        session_id: str,
        message_id: str,
        text: str,
        *,
        tools: bool = True,
        profile: str = "",
    ) -> AsyncIterator[ChatEvent]:
        """Ask a question in other words, in a new branch; the old one stays.

        Raises
        ------
        InvalidInput
            The question is empty or too long.
        Conflict
            An answer is still being written in this conversation.
        """
        words = conversation.checked_question(text)
        used = self.endpoints.get(profile)

        async def work(run: Run) -> None:
            session = await self.get(session_id)
            old = conversation.question_of(session, message_id)
            question = ChatMessage(
                id=conversation.new_id(),
                role=MessageRole.USER,
                content=words,
                selection=old.selection,
                parent=old.parent,
            )
            await self._asking.add(session, question)
            await self._asking.answer(run, session, question.id, used, tools=tools)

        return self._running.start(session_id, work)

    def decide(self, session_id: str, proposal_id: str, approved: bool) -> AsyncIterator[ChatEvent]:
        """Do or leave what an answer proposes, and go on at the end of the conversation.

        Raises
        ------
        Conflict
            An answer is still being written in this conversation.
        """

        async def work(run: Run) -> None:
            session = await self.get(session_id)
            message = await self._asking.decide(run, session, proposal_id, approved)
            if message is not None:
                used = self.endpoints.get(message.profile)
                end = conversation.end_after(session, message.id)
                await self._asking.answer(run, session, end, used, tools=True, decided=message)

        return self._running.start(session_id, work)

    def subscribe(self, session_id: str) -> AsyncIterator[ChatEvent]:
        """Return what happens in the answer under way, its text so far first."""
        return self._running.subscribe(session_id)

    def is_answering(self, session_id: str) -> bool:
        """Return whether an answer is being written."""
        return self._running.is_answering(session_id)

    def answering(self) -> frozenset[str]:
        """Return the conversations in which an answer is being written."""
        return self._running.sessions

    async def stop(self, session_id: str) -> None:
        """End the answer under way; what came of it stays."""
        await self._running.stop(session_id)

    async def close(self) -> None:
        """End every answer and keep what came of them."""
        await self._running.stop_all()


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if len(title) > conversation.LONGEST_TITLE:
        raise InvalidInput(
            f"A title has at most {conversation.LONGEST_TITLE} characters.", field="title"
        )
    return title


def _hit(session: ChatSession, wanted: str) -> Hit:
    for message in conversation.messages_of(session):
        at = message.content.lower().find(wanted.lower())
        if at >= 0:
            return Hit(session, message.id, conversation.excerpt(message.content, at, len(wanted)))
    return Hit(session, "", session.title)


def find_session(sessions: Sequence[ChatSession], wanted: str) -> ChatSession:
    """Return the conversation with an id, the beginning of one, or a title.

    Raises
    ------
    NotFound
        There is none, or more than one.
    """
    fold = wanted.strip().casefold()
    exact = [one for one in sessions if fold in (one.id, one.session_id, one.title.casefold())]
    found = exact or [one for one in sessions if one.session_id.startswith(fold) and len(fold) >= 4]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{len(found)} conversations are called {wanted!r}.", hint="Give the id.")
    raise NotFound(
        f"There is no conversation {wanted!r}.", hint="quant-tui chat list shows which there are."
    )
