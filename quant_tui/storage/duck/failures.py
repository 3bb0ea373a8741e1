"""What DuckDB's exceptions mean for a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    import duckdb

_RULES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("could not set lock", "conflicting lock", "being used by another process"),
        "is held open by another program",
        "Close that program (a DuckDB shell or notebook, for example) and try again.",
    ),
    (
        ("no space left", "disk quota", "file too large", "max_temp_directory_size"),
        "could not be written: the disk is full",
        "Free some space and try again; what was stored before is unharmed.",
    ),
    (
        ("permission denied", "read-only file system"),
        "may not be opened: permission denied",
        "Give yourself read and write permission on the file and its folder.",
    ),
    (
        ("newer version", "version number", "storage version"),
        "was written by a newer DuckDB than this program has",
        "Update quant-tui, or restore a backup that this version made.",
    ),
    (
        (
            "not a valid duckdb",
            "corrupt",
            "checksum",
            "could not read enough bytes",
            "database has been invalidated",
            "failed to deserialize",
            "replaying wal",
            "serialization error",
        ),
        "is damaged",
        "Move it away and import the data again, or restore a backup.",
    ),
    (
        ("out of memory", "could not allocate", "failed to allocate", "failed to pin block"),
        "needs more memory than it may use",
        "Raise the DuckDB memory limit in the settings, or ask for less data at once.",
    ),
)


def explain(error: duckdb.Error, database: Path) -> StoreUnavailable | None:
    """Say what an exception of DuckDB means, or None for one that is a defect of ours.

    Parameters
    ----------
    error
        What DuckDB raised while opening or using ``database``.
    database
        The file, named in the message.
    """
    import duckdb

    text = str(error)
    lowered = text.lower()
    for marks, what, hint in _RULES:
        if any(mark in lowered for mark in marks):
            return StoreUnavailable(f"{database} {what} ({_first_line(text)}).", hint=hint)
    known = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException)
    if isinstance(error, known):
        return StoreUnavailable(
            f"{database} cannot be used ({_first_line(text)}).",
            hint="Check the disk and the file, then try again.",
        )
    return None


def is_held_elsewhere(error: duckdb.Error) -> bool:
    """Whether another program holds the file, which may pass in a moment."""
    return any(mark in str(error).lower() for mark in _RULES[0][0])


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].rstrip(" .!") if text.strip() else "no reason given"
