"""A worker process: ``python -m quant_tui.jobs.worker``, started by the program alone.

It reads messages from its standard input and ends when that does, in the middle of a task
too: no worker outlives the program that started it, however that ended.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import IO

from quant_tui.domain.errors import QuantError
from quant_tui.jobs.task_runs import run_bunch
from quant_tui.jobs.versions import check_versions
from quant_tui.jobs.worker_messages import (
    Done,
    Forget,
    Hello,
    RunBunch,
    Stop,
    Told,
    read_data,
    read_message,
    write_message,
)

NICENESS = 10
IDLE_SECONDS = 300.0
"""After so long without work a worker gives its memory back."""


class Worker:
    """Runs what it is told to, one bunch after another.

    Parameters
    ----------
    heard, said
        Where messages come from and go to.
    """

    def __init__(self, heard: IO[bytes], said: IO[bytes]) -> None:
        self._heard = heard
        self._said = said
        self._stopped: set[int] = set()
        self._todo: queue.SimpleQueue[Hello | RunBunch | Forget] = queue.SimpleQueue()
        self._data: dict[int, object] = {}
        self._refused: QuantError | None = None

    def serve(self) -> None:
        """Work until the process ends."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        while True:
            try:
                message = self._todo.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                os._exit(0)  # another one is started when there is work again
            if isinstance(message, Hello):
                self._refused = _refusal(message)
            elif isinstance(message, Forget):
                self._data.pop(message.session, None)
                self._stopped.discard(message.session)
            else:
                write_message(self._said, self._run(message))

    def _listen(self) -> None:
        while (message := read_message(self._heard)) is not None:
            if isinstance(message, Stop):
                self._stopped.add(message.session)
            elif isinstance(message, Hello | RunBunch | Forget):
                self._todo.put(message)
        os._exit(0)

    def _run(self, message: RunBunch) -> Done:
        session = message.session
        try:
            if self._refused is not None:
                raise self._refused
            if session not in self._data:
                self._data[session] = read_data(Path(message.data))
            task, parts = pickle.loads(message.work)  # noqa: S301 -- from our own pipe
            results = run_bunch(
                task,
                self._data[session],
                parts,
                lambda: session in self._stopped,
                lambda fraction: write_message(self._said, Told(fraction)),
            )
            return Done(pickle.dumps(results, pickle.HIGHEST_PROTOCOL), failed=False)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is raised at the other end
            return Done(_packed(error), failed=True)


def _refusal(hello: Hello) -> QuantError | None:
    """Return why nothing may run here; None when all may."""
    try:
        found = pickle.loads(hello.versions)()  # noqa: S301 -- from our own pipe
        check_versions("A worker process", hello.expected, found)
    except QuantError as error:
        return error
    return None


def _packed(error: Exception) -> bytes:
    """Pickle an error with its traceback as a note; as plain text if it does not come back."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)  # noqa: S301 -- made in the line above
    except Exception:  # noqa: BLE001 -- an error may fail to be copied in any way
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return packed


def _be_modest() -> None:
    """Leave the processor to whoever types."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def main() -> None:
    """Serve, with the standard output kept for messages."""
    _be_modest()
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up among the messages
    Worker(sys.stdin.buffer, said).serve()


if __name__ == "__main__":
    main()
