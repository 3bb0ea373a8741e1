"""Collecting what is wrong with a file: the first problems in full, all of them counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.errors import DataImportError, DataProblem

GIVE_UP_AT = 10_000
"""So many wrong rows and the file is not read on: it is another kind of file."""


@dataclass(slots=True)
class _Note:
    row: int
    column: str
    count: int


class ProblemLog:
    """Problems of one file.

    Parameters
    ----------
    path
        Named in the error.
    limit
        Fatal problems to keep in full.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = max(1, limit)
        self._fatal: list[DataProblem] = []
        self._notes: dict[str, _Note] = {}
        self.fatal_count = 0

    @property
    def room(self) -> int:
        """How many more fatal problems are kept in full."""
        return max(0, self._limit - len(self._fatal))

    def fatal(self, row: int, column: str, message: str) -> None:
        """Add a problem that makes the import fail."""
        self.fatal_count += 1
        if self.room:
            self._fatal.append(DataProblem(row, column, message))

    def fatal_more(self, count: int) -> None:
        """Count problems that are not named."""
        self.fatal_count += count

    def note(self, row: int, column: str, message: str, count: int = 1) -> None:
        """Add something mended or left out; equal messages are told once, with a count."""
        if count <= 0:
            return
        known = self._notes.get(message)
        if known is None:
            self._notes[message] = _Note(row, column, count)
        else:
            known.count += count

    def problems(self) -> tuple[DataProblem, ...]:
        """Return fatal problems in order of row, then the notes."""
        notes = [
            DataProblem(
                note.row,
                note.column,
                message + (f" ({note.count:,} rows in all)" if note.count > 1 else ""),
                fatal=False,
            )
            for message, note in self._notes.items()
        ]
        return (*sorted(self._fatal, key=lambda problem: problem.row), *notes)

    def raise_if_fatal(self, *, at_once: bool = False) -> None:
        """Raise when there are fatal problems.

        Parameters
        ----------
        at_once
            Only when there are so many that reading on is of no use.

        Raises
        ------
        DataImportError
            Naming the first problem, with the others in ``problems``.
        """
        if self.fatal_count >= (GIVE_UP_AT if at_once else 1):
            first, *_ = self.problems()
            more = "or more " if at_once else ""
            others = (
                f" There are {self.fatal_count:,} {more}problems in all."
                if self.fatal_count > 1
                else ""
            )
            raise DataImportError(
                f"{self._path.name}: {first}.{others}".replace("..", "."),
                hint="Correct the file and import it again; nothing was stored.",
                problems=self.problems(),
            )


def refuse(path: Path, message: str, hint: str = "", row: int = 0, column: str = "") -> None:
    """Raise for a file that cannot be read at all, with the problem attached.

    Raises
    ------
    DataImportError
        Always.
    """
    raise file_error(path, message, hint, row, column)


def file_error(
    path: Path, message: str, hint: str = "", row: int = 0, column: str = ""
) -> DataImportError:
    """Make the error for a file that cannot be read at all."""
    problem = DataProblem(row, column, message)
    text = f"{problem}" if row or column else message
    return DataImportError(f"{path.name}: {text.rstrip('.')}.", hint=hint, problems=(problem,))
