"""Unsaved texts, kept on disk as one types, so that a crash loses nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from quant_tui.config.whole_file import write_whole
from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import StoreUnavailable

Done = TypeVar("Done")

NEW = "new"
"""What a draft is filed under that belongs to no strategy yet."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One unsaved text.

    Attributes
    ----------
    strategy_id
        Whose rules it changes; :data:`NEW` for a new strategy.
    text
        What was typed.
    kept_at
        ISO time of the last key that it holds.
    """

    strategy_id: str
    text: str
    kept_at: str

    @property
    def when(self) -> datetime:
        """When it was kept."""
        return datetime.fromisoformat(self.kept_at)


class Drafts:
    """Drafts of one user, a private file each.

    What is asked for is done one after the other, in that order, by one thread: a text that
    was kept slowly never takes the place of a later one, nor comes back after it was dropped.

    Parameters
    ----------
    folder
        Where they lie; made when the first one is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._line = ThreadPoolExecutor(1, thread_name_prefix="drafts")

    async def keep(self, strategy_id: str, text: str) -> None:
        """Keep a text in place of the one before.

        Raises
        ------
        StoreUnavailable
            It cannot be written.
        """
        draft = Draft(strategy_id, text, utc_now().isoformat())
        await self._in_line(lambda: self._keep(draft))

    async def find(self, strategy_id: str) -> Draft | None:
        """Return the draft of a strategy, None when there is none that can be read."""
        return await self._in_line(lambda: self._find(strategy_id))

    async def drop(self, strategy_id: str) -> None:
        """Forget the draft of a strategy."""
        await self._in_line(lambda: self._path(strategy_id).unlink(missing_ok=True))

    async def _in_line(self, work: Callable[[], Done]) -> Done:
        return await asyncio.wrap_future(self._line.submit(work))

    def _keep(self, draft: Draft) -> None:
        path = self._path(draft.strategy_id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, json.dumps(asdict(draft), ensure_ascii=False).encode())
        except OSError as error:
            raise StoreUnavailable(
                f"What you type cannot be kept in {path}: {error.strerror}.",
                hint="Save it, or make room and go on typing.",
            ) from error

    def _find(self, strategy_id: str) -> Draft | None:
        try:
            data = json.loads(self._path(strategy_id).read_text(encoding="utf-8"))
            draft = Draft(str(data["strategy_id"]), str(data["text"]), str(data["kept_at"]))
            datetime.fromisoformat(draft.kept_at)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return draft

    def _path(self, strategy_id: str) -> Path:
        return self._folder / f"{re.sub(r'[^A-Za-z0-9]', '', strategy_id) or NEW}.json"
