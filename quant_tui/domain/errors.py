"""The one error hierarchy: each error has a title for people, a message, and a hint.

The UI turns any of them into a toast or an error panel in one place, the CLI into
one line on stderr and an exit code. An error that is not one of these is a defect
of ours: it goes to the log with its traceback and is shown as "Unexpected error".
"""

from __future__ import annotations

from dataclasses import dataclass


class QuantError(Exception):
    """Base of every error that a person may see.

    Parameters
    ----------
    message
        What is wrong, naming the field, row, column, file or symbol.
    hint
        What to do about it; empty when there is nothing to do.
    """

    title = "Something went wrong"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(QuantError):
    """A value that a person gave cannot be used; ``field`` names which."""

    title = "Invalid input"

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class NotFound(QuantError):
    """The object does not exist, or belongs to somebody else."""

    title = "Not found"


class Conflict(QuantError):
    """A unique value is taken, or the object was changed meanwhile by someone else."""

    title = "Conflict"


class StoreUnavailable(QuantError):
    """A store cannot be started, reached, read or written."""

    title = "Store unavailable"


class DataImportError(QuantError):
    """A file cannot be imported; nothing of it was stored.

    Parameters
    ----------
    problems
        The first problems found, each with the place it was found at.
    """

    title = "Import failed"

    def __init__(
        self, message: str, *, hint: str = "", problems: tuple[DataProblem, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class DataProblem:
    """One thing wrong with imported data.

    Attributes
    ----------
    row
        Line number in the file, the header being line 1; 0 for the file as a whole.
    column
        Column name as the file has it; empty for the row as a whole.
    message
        What is wrong and, where it is not plain, what to do.
    fatal
        Whether the row cannot be stored; otherwise it was mended or merely noted.
    """

    row: int
    column: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        place = f"row {self.row}" if self.row else "file"
        if self.column:
            place += f", column {self.column!r}"
        return f"{place}: {self.message}"


class StrategyError(QuantError):
    """A strategy document cannot be used; every finding names its place."""

    title = "Strategy has errors"

    def __init__(self, message: str, *, findings: tuple[Finding, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a strategy document.

    Attributes
    ----------
    place
        Key of the document, for example ``entry`` or ``let.fast``.
    column
        1-based column in that key's text; 0 when it concerns the whole key.
    message
        What is wrong.
    suggestion
        What to write instead; empty when there is none.
    """

    place: str
    column: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        place = f"{self.place}:{self.column}" if self.column else self.place
        text = f"{place}: {self.message}"
        return f"{text} ({self.suggestion})" if self.suggestion else text


class InsufficientData(QuantError):
    """There are too few bars, or none, for what was asked."""

    title = "Not enough data"


class Cancelled(QuantError):
    """The work was cancelled by the person who started it."""

    title = "Cancelled"

    def __init__(self, message: str = "Cancelled.", *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
