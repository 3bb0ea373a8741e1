"""The files of studies: their journals, read and set aside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import Conflict
from quant_tui.storage.locks import FileLock

if TYPE_CHECKING:
    from quant_tui.services.study_report import StudyTrial
    from quant_tui.services.study_request import PreparedStudy

_ASIDE = ".deleted"

_LOOKING_SECONDS = 1.0
"""Longer than those hold a study's lock who only look whether somebody has it."""


class StudyFiles:
    """Journals in a folder, which is made with the first.

    Parameters
    ----------
    folder
        Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._working: set[str] = set()

    def journal(self, study_id: str) -> Path:
        """Return the file of a study's journal."""
        return self.folder / f"{study_id}.log"

    def lock(self, study_id: str) -> Path:
        """Return the file that whoever works on a study holds locked."""
        return self.folder / f"{study_id}.lock"

    @contextlib.contextmanager
    def working(self, study_id: str) -> Iterator[None]:
        """Work on a study, which nobody else may meanwhile; what is begun within may, too.

        Raises
        ------
        Conflict
            Another process works on it.
        """
        if study_id in self._working:
            yield
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self.lock(study_id)) as lock:
            if not lock.wait_exclusive(_LOOKING_SECONDS):
                raise Conflict("The study is running already.", hint="Wait for it, or pause it.")
            self._working.add(study_id)
            try:
                yield
            finally:
                self._working.discard(study_id)

    def is_running(self, study_id: str) -> bool:
        """Whether a living process works on a study."""
        path = self.lock(study_id)
        if not path.exists():
            return False
        with FileLock(path) as lock:
            return not lock.try_exclusive()

    def trials(self, study_id: str, prepared: PreparedStudy) -> list[StudyTrial]:
        """Return the trials of a study, which may be running."""
        from quant_tui.services.study_search import read_trials

        path = self.journal(study_id)
        return read_trials(path, study_id, prepared) if path.exists() else []

    def set_aside(self, study_id: str) -> None:
        """Take a study's journal away, so that it can be brought back."""
        path = self.journal(study_id)
        if path.exists():
            path.rename(path.with_name(path.name + _ASIDE))

    def bring_back(self, study_id: str) -> None:
        """Undo :meth:`set_aside`."""
        path = self.journal(study_id)
        aside = path.with_name(path.name + _ASIDE)
        if aside.exists():
            aside.rename(path)

    def remove(self, study_id: str) -> None:
        """Remove what was set aside for good."""
        path = self.journal(study_id)
        gone: Sequence[Path] = (path.with_name(path.name + _ASIDE), self.lock(study_id))
        for one in gone:
            one.unlink(missing_ok=True)
