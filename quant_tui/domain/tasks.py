"""Long work cut into tasks: what those who cut it and those who run it agree on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self, TypeVar

from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled

Data = TypeVar("Data")
Part = TypeVar("Part")
Result = TypeVar("Result")
PartIn = TypeVar("PartIn", contravariant=True)

Task = Callable[[Data, Part, CancelCheck], Result]
"""Takes what all parts share, one part, and the check whether it is still wanted.

A function of a module, so that another process finds it by its name, and a pure one: what
it returns depends on its first two arguments alone. It asks the check now and then.
"""

Progress = Callable[[float, str], None]
"""Takes the fraction done, 0 to 1, and what is being done."""


class RunTasks(Protocol):
    """Runs the same task on many parts, wherever that is."""

    def __call__(
        self,
        task: Task[Data, Part, Result],
        data: Data,
        parts: Sequence[Part],
        *,
        progress: Progress | None = None,
        cancel: CancelCheck | None = None,
    ) -> list[Result]:
        """Return the result of each part, in their order.

        Parameters
        ----------
        task
            Pure, and a function of a module; see :data:`Task`.
        data
            What every part needs; it is sent once to where parts are run.
        parts
            Each worth some hundredths of a second at least.
        progress
            Told how far it is, in the calling thread.
        cancel
            Asked now and then, in the calling thread; true ends the work.

        Raises
        ------
        Cancelled
            ``cancel`` said so.
        Exception
            What the first part that failed raised.
        """
        ...


class HeldTasks(Protocol[PartIn, Result]):
    """A task and its data, to be run on parts again and again."""

    def __enter__(self) -> Self:
        """Begin; nothing is sent before the first parts."""
        ...

    def __exit__(self, *_: object) -> None:
        """Take back what was sent."""
        ...

    def run(
        self,
        parts: Sequence[PartIn],
        *,
        progress: Progress | None = None,
        cancel: CancelCheck | None = None,
    ) -> list[Result]:
        """Return the result of each part, in their order; see :class:`RunTasks`."""
        ...


class HoldTasks(Protocol):
    """Runs the same task on parts that are not all known yet, its data sent once."""

    def __call__(self, task: Task[Data, Part, Result], data: Data) -> HeldTasks[Part, Result]:
        """Return what runs the task on its data."""
        ...


def run_in_turn(
    task: Task[Data, Part, Result],
    data: Data,
    parts: Sequence[Part],
    *,
    progress: Progress | None = None,
    cancel: CancelCheck | None = None,
) -> list[Result]:
    """Run the parts one after another in the calling thread; see :class:`RunTasks`."""
    results = []
    for place, part in enumerate(parts):
        raise_if_cancelled(cancel)
        results.append(task(data, part, cancel or never))
        if progress is not None:
            progress((place + 1) / len(parts), f"part {place + 1} of {len(parts)}")
    return results


def run_by(hold: HoldTasks | None) -> RunTasks:
    """Return what runs tasks by what holds them; None runs them in the calling thread."""
    if hold is None:
        return run_in_turn

    def run(
        task: Task[Data, Part, Result],
        data: Data,
        parts: Sequence[Part],
        *,
        progress: Progress | None = None,
        cancel: CancelCheck | None = None,
    ) -> list[Result]:
        with hold(task, data) as held:
            return held.run(parts, progress=progress, cancel=cancel)

    return run


def never() -> bool:
    """Check of work that nobody cancels."""
    return False
