"""Unsaved texts, kept on disk as one types, so that a crash loses nothing."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from quant_tui.domain.base import utc_now
from quant_tui.services.whole_file import write_whole

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

    Parameters
    ----------
    folder
        Where they lie; made when the first one is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, strategy_id: str, text: str) -> None:
        """Keep a text in place of the one before."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Draft(strategy_id, text, utc_now().isoformat())
        text = json.dumps(asdict(draft), ensure_ascii=False)
        write_whole(self._path(strategy_id), text.encode())

    def find(self, strategy_id: str) -> Draft | None:
        """Return the draft of a strategy, None when there is none that can be read."""
        try:
            data = json.loads(self._path(strategy_id).read_text(encoding="utf-8"))
            draft = Draft(str(data["strategy_id"]), str(data["text"]), str(data["kept_at"]))
            datetime.fromisoformat(draft.kept_at)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return draft

    def drop(self, strategy_id: str) -> None:
        """Forget the draft of a strategy."""
        self._path(strategy_id).unlink(missing_ok=True)

    def _path(self, strategy_id: str) -> Path:
        return self._folder / f"{re.sub(r'[^A-Za-z0-9]', '', strategy_id) or NEW}.json"
