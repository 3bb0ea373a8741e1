"""The log of one user's tool calls: only ever added to, and as long as it may be."""

from __future__ import annotations

from quant_tui.domain.genai import ToolCall
from quant_tui.storage.mongo.failures import translated
from quant_tui.storage.mongo.repository import OwnedRepository
from quant_tui.storage.mongo.store import MetadataStore

KEPT = 1_000
"""Calls of a user that are kept, the newest."""

_NEWEST = [("called_at", -1), ("_id", -1)]


class ToolCallRepository(OwnedRepository[ToolCall]):
    """A user's tool calls."""

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        super().__init__(store, ToolCall, user_id)

    async def trim(self, keep: int = KEPT) -> int:
        """Delete all but the newest calls and return how many went."""
        with translated(self.noun):
            beyond = self._collection.find(self._query(None), {"_id": 1}).sort(_NEWEST).skip(keep)
            ids = [one["_id"] for one in await beyond.to_list()]
        return await self._delete_many({**self._query(None), "_id": {"$in": ids}}) if ids else 0
