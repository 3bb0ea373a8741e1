"""What becomes of work that a screen began."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from textual.worker import Worker


T = TypeVar("T")


def has_ended(worker: Worker[T] | None) -> bool:
    """Whether nothing more is to be expected of a worker; true of none.

    Textual leaves a worker that is cancelled before its first step pending for ever, so
    its ``is_finished`` alone would be waited for in vain.
    """
    return worker is None or worker.is_finished or worker.is_cancelled
