"""Watching a model learn: its losses, when to stop, who wants to know."""

from __future__ import annotations

import time

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.ml.models.protocol import Lesson, LossCurve

TOLD_SECONDS = 0.1
"""Least time between two notices."""


class Watch:
    """Notes the losses of each round, and tells of them now and then.

    Parameters
    ----------
    lesson
        Whose ``progress`` and ``cancel`` are used.
    name
        Of the loss.
    rounds
        How many there are to be at most.
    """

    def __init__(self, lesson: Lesson, name: str, rounds: int) -> None:
        self._lesson = lesson
        self._name = name
        self._rounds = rounds
        self._train: list[float] = []
        self._validation: list[float] = []
        self._best = 0
        self._told = 0.0

    @property
    def best(self) -> int:
        """The round with the least validation loss so far; without validation the last one."""
        return self._best or len(self._train)

    @property
    def is_best(self) -> bool:
        """Whether the last round is that one."""
        return self.best == len(self._train)

    @property
    def is_over(self) -> bool:
        """Whether nothing got better for so long that learning should end."""
        return bool(self._best) and len(self._train) - self._best >= self._lesson.patience

    @property
    def curve(self) -> LossCurve:
        """The losses so far."""
        return LossCurve(self._name, tuple(self._train), tuple(self._validation), self.best)

    def note(self, train: float, validation: float | None = None) -> None:
        """Note the losses of one more round.

        Raises
        ------
        Cancelled
            The lesson was cancelled.
        """
        raise_if_cancelled(self._lesson.cancel)
        self._train.append(train)
        if validation is not None:
            if not self._validation or validation < self._validation[self._best - 1]:
                self._best = len(self._train)
            self._validation.append(validation)
        if (now := time.monotonic()) - self._told >= TOLD_SECONDS:
            self._told = now
            self._lesson.progress(len(self._train) / self._rounds, self.curve)
