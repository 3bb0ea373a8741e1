"""How the status of a run is written: a sign and a word, and a colour besides."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from quant_tui.domain.vocabulary import RunStatus


@dataclass(frozen=True, slots=True)
class StatusWords:
    """A status as it is shown.

    Attributes
    ----------
    sign, word
        ``✓`` and ``done``.
    role
        Role of a table's cell.
    style
        Style of the same colour elsewhere.
    """

    sign: str
    word: str
    role: str
    style: str

    @property
    def mark(self) -> Content:
        """The sign in its colour."""
        return Content.styled(self.sign, self.style)

    @property
    def text(self) -> str:
        """Sign and word."""
        return f"{self.sign} {self.word}"


_WORDS = {
    RunStatus.PENDING: StatusWords("◌", "waiting", "muted", "$text-muted"),
    RunStatus.RUNNING: StatusWords("▸", "running", "accent", "$text-accent"),
    RunStatus.COMPLETED: StatusWords("✓", "done", "", "$text-success"),
    RunStatus.FAILED: StatusWords("✗", "failed", "error", "$text-error"),
    RunStatus.CANCELLED: StatusWords("■", "stopped", "warning", "$text-warning"),
}


def status_text(status: RunStatus) -> StatusWords:
    """Return the words of a status."""
    return _WORDS[status]
