"""Completing paths of files as they are typed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual.suggester import Suggester

READABLE = (".csv", ".txt", ".tsv", ".gz", ".parquet", ".pq")
SHOWN = 200


def matches(text: str, endings: tuple[str, ...] = READABLE) -> list[str]:
    """Return what a path could become: folders and readable files, folders first.

    Parameters
    ----------
    text
        What has been typed; ``~`` is the home folder.
    endings
        Of the files wanted.

    Returns
    -------
    list of str
        In the form that was typed; folders end in a slash.
    """
    folder_text, _, start = text.rpartition("/")
    folder = Path(folder_text + "/" if "/" in text else ".").expanduser()
    prefix = f"{folder_text}/" if "/" in text else ""
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if not name.casefold().startswith(start.casefold()):
                    continue
                if name.startswith(".") and not start.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append(f"{prefix}{name}/")
                elif name.lower().endswith(endings):
                    files.append(f"{prefix}{name}")
    except OSError:
        return []
    return [*sorted(folders), *sorted(files)][:SHOWN]


class PathSuggester(Suggester):
    """Shows the first match behind the cursor; ``→`` takes it.

    Parameters
    ----------
    endings
        Of the files that are wanted.
    """

    def __init__(self, endings: tuple[str, ...] = READABLE) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._endings = endings

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first match that goes on from what was typed."""
        found = await asyncio.to_thread(matches, value, self._endings)
        return next((one for one in found if one.startswith(value) and one != value), None)
