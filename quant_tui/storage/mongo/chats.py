"""Conversations, whose messages are written one at a time as they come."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import bson

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.genai import ChatSession
from quant_tui.storage.mongo.codec import to_document
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.repository import OwnedRepository, order
from quant_tui.storage.mongo.store import MetadataStore

_LATEST = [("pinned", -1), ("updated_at", -1)]


class ChatRepository(OwnedRepository[ChatSession]):
    """A user's conversations."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, ChatSession, user_id)

    async def heads(self, *, active: bool = True, limit: int | None = 500) -> Sequence[ChatSession]:
        """Return conversations without their messages, pinned ones first, then the latest."""
        with translated(self.noun):
            documents = await (
                self._collection.find(
                    self._query({"is_active": active}), {"conversation_history": 0}
                )
                .sort(order(_LATEST))
                .limit(limit or 0)
                .to_list()
            )
        return [await self._load(document) for document in documents]

    async def of(self, session_id: str) -> ChatSession:
        """Return a conversation.

        Raises
        ------
        NotFound
            There is none with that id, or it is another user's.
        """
        session = await self.find_one({"session_id": session_id})
        if session is None:
            raise self._not_found(session_id)
        return session

    async def containing(self, text: str, limit: int | None = 50) -> Sequence[ChatSession]:
        """Return active conversations with ``text`` in their title or a message, in any case."""
        pattern = {"$regex": re.escape(text), "$options": "i"}
        where = {
            "is_active": True,
            "$or": [{"title": pattern}, {"conversation_history.content": pattern}],
        }
        return await self.list(where=where, sort=_LATEST, limit=limit)

    async def add_message(self, session_id: str, message: Document) -> None:
        """Put a message at the end and show its branch.

        Raises
        ------
        NotFound
            There is no such conversation, or it is another user's.
        """
        await self._write(
            session_id,
            {},
            {
                "$push": {"conversation_history": message},
                "$set": {"context.leaf": message.get("id", ""), "updated_at": utc_now()},
            },
        )

    async def put_message(self, session_id: str, message: Document) -> None:
        """Write a message in the place of the one with its id.

        Raises
        ------
        NotFound
            There is no such conversation or message, or it is another user's.
        """
        await self._write(
            session_id,
            {"conversation_history.id": message.get("id", "")},
            {"$set": {"conversation_history.$": message, "updated_at": utc_now()}},
        )

    async def claim(self, session_id: str, message: Document, proposal_id: str) -> None:
        """Write a message over itself as long as its proposal waits: only one decides.

        Raises
        ------
        NotFound
            There is no such message, its proposal waits no more, or it is another user's.
        """
        waiting = {"$elemMatch": {"proposal.id": proposal_id, "state": "pending"}}
        where = {"id": message.get("id", ""), "tool_calls": waiting}
        await self._write(
            session_id,
            {"conversation_history": {"$elemMatch": where}},
            {"$set": {"conversation_history.$": message, "updated_at": utc_now()}},
        )

    async def change(self, session_id: str, values: Mapping[str, Any]) -> None:
        """Set some fields, whoever else writes messages at the moment; its owner stays.

        Raises
        ------
        NotFound
            There is no such conversation, or it is another user's.
        """
        wanted = {key: value for key, value in values.items() if key not in ("user_id", "_id")}
        await self._write(session_id, {}, {"$set": wanted or {"updated_at": utc_now()}})

    async def _write(self, session_id: str, where: Document, operations: Document) -> None:
        with translated(self.noun):
            done = await self._collection.update_one(
                self._query({"session_id": session_id, **where}), operations
            )
        if not done.matched_count:
            raise self._not_found(session_id)


def stored_bytes(session: ChatSession) -> int:
    """Return how large a conversation is in the store, in bytes.

    Raises
    ------
    InvalidInput
        It holds something that cannot be stored.
    """
    with translated("conversation"):
        return len(bson.encode(to_document(session)))
