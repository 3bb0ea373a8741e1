"""The one error hierarchy: each error has a title for people, a message, and a hint.

The UI turns any of them into a toast or an error panel in one place, the CLI into
one line on stderr and an exit code. No message holds a secret: what is known as one is
taken out of it. An error that is not one of these is a defect
of ours: it goes to the log with its traceback and is shown as "Unexpected error".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.redaction import redact


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
        self.message = redact(message)
        self.hint = redact(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(QuantError):
    """A value that a person gave cannot be used; ``field`` names which."""

    title = "Invalid input"

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class FileExists(InvalidInput):
    """What is to be written is there already, and nobody said that it may give way."""

    title = "File exists"

    def __init__(self, path: Path, *, field: str = "out") -> None:
        super().__init__(
            f"{path} is there already.",
            field=field,
            hint="Choose another name, or say --force to write over it.",
        )
        self.path = path


class NotFound(QuantError):
    """The object does not exist, or belongs to somebody else."""

    title = "Not found"


class Conflict(QuantError):
    """A unique value is taken, or the object was changed meanwhile by someone else."""

    title = "Conflict"


class NotSignedIn(QuantError):
    """Nobody is signed in, or not any more."""

    title = "Nobody is signed in"


class WrongPassword(InvalidInput):
    """Name and password do not belong together; it is not said which of them is wrong."""

    title = "Not signed in"


class TooManyTries(QuantError):
    """Too many passwords or codes were wrong; the message says when the next may be tried."""

    title = "Too many tries"


class MailNotSent(QuantError):
    """A message could not be handed to the mail server."""

    title = "Mail not sent"


class StoreUnavailable(QuantError):
    """A store cannot be started, reached, read or written."""

    title = "Store unavailable"


class IndexDamaged(StoreUnavailable):
    """The vector index cannot be used as it is; it is filled again from MongoDB."""


class EmbeddingFailed(QuantError):
    """Texts could not be turned into vectors."""

    title = "Texts not embedded"


class SecretsLocked(QuantError):
    """The file of encrypted secrets needs its passphrase, which nobody gave."""

    title = "Secrets are locked"


class WrongPassphrase(SecretsLocked):
    """The passphrase given is not the one of the file; nothing was changed."""

    title = "Wrong passphrase"


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


class LeakageFound(QuantError):
    """A feature looks ahead, or nobody has looked yet whether it does."""

    title = "Leakage"


class ArtifactDamaged(QuantError):
    """The file of a trained model is gone, damaged, or not the one that was registered."""

    title = "Model cannot be loaded"


class Cancelled(QuantError):
    """The work was cancelled by the person who started it."""

    title = "Cancelled"

    def __init__(self, message: str = "Cancelled.", *, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class WorkerLost(QuantError):
    """A task could not be finished: every process that ran it ended in the middle."""

    title = "Task could not be finished"


class ClusterUnavailable(QuantError):
    """The cluster cannot be reached, has no workers, or went away."""

    title = "Cluster unavailable"


class VersionsDiffer(QuantError):
    """Somewhere tasks would run with other versions, and so perhaps to other figures."""

    title = "Versions differ"


class ProviderError(QuantError):
    """A source of market data gave no usable answer; nothing of it was stored."""

    title = "Market data not fetched"


class ProviderUnreachable(ProviderError):
    """It could not be reached, or broke off, also after trying again."""


class RequestRefused(ProviderError):
    """It knows no such symbol, or cannot be asked that."""


class KeyRefused(ProviderError):
    """The key is missing or wrong, or the plan does not give this.

    Parameters
    ----------
    whole_key
        Whether nothing at all can be had with the key; otherwise only this cannot.
    """

    title = "Key needed"

    def __init__(self, message: str, *, hint: str = "", whole_key: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.whole_key = whole_key


class TooManyRequests(ProviderError):
    """Too many requests in a short time; it may be asked again soon."""

    title = "Request limit"


class DailyLimitReached(ProviderError):
    """The day's requests are used up; asking again before the reset is of no use."""

    title = "Request limit"


class LanguageModelError(QuantError):
    """A language model gave no usable answer, or an answer broke off.

    Parameters
    ----------
    title
        What kind of failure it is, in a few words.
    retry_after
        Seconds after which the same question may succeed; None when asking again as it is
        would be of no use.
    """

    title = "No answer"

    def __init__(
        self, message: str, *, hint: str = "", title: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.title = title or LanguageModelError.title
        self.retry_after = retry_after
