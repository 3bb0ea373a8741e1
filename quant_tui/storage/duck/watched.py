"""Which versions of the files in watched folders were dealt with, and how that went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from quant_tui.storage.duck.database import DuckStore


@dataclass(frozen=True, slots=True)
class SeenFile:
    """One version of a file; ``problem`` is empty when it was imported."""

    path: str
    size: int
    modified_ns: int
    problem: str


class WatchedFileRepository:
    """Files of watched folders, in the same file as the bars."""

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def seen(self, folder: str) -> dict[str, SeenFile]:
        """Return what was dealt with in a folder, by path."""
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT path, size, modified_ns, problem FROM watched_files WHERE folder = ?",
                [folder],
            ).fetchall()
        return {row[0]: SeenFile(*row) for row in rows}

    def record(self, folder: str, file: SeenFile) -> None:
        """Note how a version of a file went, in the place of an earlier one."""
        now = datetime.now(UTC).replace(tzinfo=None)
        with self._store.write() as connection:
            connection.execute("DELETE FROM watched_files WHERE path = ?", [file.path])
            connection.execute(
                "INSERT INTO watched_files VALUES (?, ?, ?, ?, ?, ?)",
                [folder, file.path, file.size, file.modified_ns, file.problem, now],
            )
