"""Folders whose files are imported when they come or change.

A file is imported once it has stayed the same for a moment, as a job of its own, in the
way that the folder's ``.quant-tui.toml`` says. One that cannot be imported is named once
and left alone until it changes.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import Cancelled, InvalidInput, QuantError
from quant_tui.services.market_data import ImportReport, ImportRequest, MarketDataService
from quant_tui.services.stores import Stores
from quant_tui.storage.duck.watched import SeenFile

if TYPE_CHECKING:
    from quant_tui.providers.folders import FileState, FolderOptions

SETTLE_SECONDS = 1.0
"""A file that stayed the same for so long is whole."""

POLL_MILLISECONDS = 2000
"""How often a network file system is looked at."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """What became of one file: a report, or the problem that kept it out."""

    path: Path
    report: ImportReport | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FolderRound:
    """One look at a folder.

    Attributes
    ----------
    files
        Those that were imported or could not be, in order of name.
    unsettled
        Those that are still being written.
    known
        How many were dealt with before.
    """

    folder: Path
    files: tuple[WatchedFile, ...]
    unsettled: tuple[Path, ...]
    known: int


Listener = Callable[[WatchedFile], None]


@dataclass
class WatchedFolders:
    """Imports what comes into folders. All methods belong on the event loop."""

    settings: Settings
    stores: Stores
    market_data: MarketDataService
    _listeners: list[Listener] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def folders(self) -> list[Path]:
        """The folders of the setting ``data.watched_folders``."""
        parts = self.settings.data.watched_folders.split(os.pathsep)
        return [Path(one.strip()).expanduser() for one in parts if one.strip()]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every file that was dealt with; return how to stop that."""
        self._listeners.append(listener)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def begin(self) -> None:
        """Watch the folders of the settings until :meth:`stop`."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._guarded(folder), name=f"watch-{folder.name}")
                for folder in self.folders
            ]

    async def stop(self) -> None:
        """Watch no more; an import that runs is a job, and goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def watch(self, folder: Path) -> None:
        """Import what comes into a folder, until cancelled.

        Raises
        ------
        InvalidInput
            When the folder, or its way of reading, cannot be used.
        """
        from watchfiles import awatch

        from quant_tui.providers.folders import needs_polling

        await self.look(folder)
        changes = awatch(
            folder,
            recursive=False,
            force_polling=True if await asyncio.to_thread(needs_polling, folder) else None,
            poll_delay_ms=POLL_MILLISECONDS,
            rust_timeout=1000,
            yield_on_timeout=True,
        )
        unsettled = True  # what came between the first look and the watch
        async for changed in changes:
            if changed or unsettled:
                found = await self.look(folder)
                unsettled = bool(found.unsettled or found.files)

    async def look(self, folder: Path, *, remember: bool = True) -> FolderRound:
        """Import the files of a folder that are whole, and new or changed.

        Parameters
        ----------
        folder
            Files in it, not in folders within.
        remember
            Whether files dealt with before are passed over, and these are remembered.

        Raises
        ------
        InvalidInput
            When the folder, or its way of reading, cannot be used.
        Cancelled
            When an import was cancelled; the others are not begun.
        """
        from quant_tui.providers.folders import list_files, read_options

        where = str(await asyncio.to_thread(folder.resolve))
        present = await asyncio.to_thread(list_files, folder)
        options = await asyncio.to_thread(read_options, folder)
        seen = await asyncio.to_thread(self.stores.watched_files.seen, where) if remember else {}
        waiting = {
            path: state for path, state in present.items() if not _is_known(path, state, seen)
        }
        if not waiting:
            return FolderRound(folder, (), (), len(present))
        await asyncio.sleep(SETTLE_SECONDS)
        again = await asyncio.to_thread(list_files, folder)
        settled = {
            path: state
            for path, state in waiting.items()
            if again.get(path) == state and state.size > 0
        }
        files = []
        for path, state in settled.items():
            done = await self._import(path, options)
            files.append(done)
            if remember:
                note = SeenFile(str(path.resolve()), state.size, state.modified_ns, done.problem)
                await asyncio.to_thread(self.stores.watched_files.record, where, note)
            for listener in tuple(self._listeners):
                listener(done)
        unsettled = tuple(path for path in waiting if path not in settled and path in again)
        return FolderRound(folder, tuple(files), unsettled, len(present) - len(waiting))

    async def _import(self, path: Path, options: FolderOptions) -> WatchedFile:
        request = ImportRequest(path, options.read, options.source, options.adjustment)
        job = self.market_data.start_import(request)
        try:
            return WatchedFile(path, await job.wait())
        except Cancelled:
            raise
        except QuantError as error:
            problems: Sequence[object] = getattr(error, "problems", ())
            first = f" ({problems[0]})" if problems else ""
            log.warning("%s was not imported: %s%s", path, error.message, first)
            return WatchedFile(path, problem=f"{error}{first}")
        finally:
            if not job.status.is_final:
                job.cancel()

    async def _guarded(self, folder: Path) -> None:
        """Watch a folder of the settings; what keeps it from being watched is told once."""
        while True:
            try:
                await self.watch(folder)
            except Cancelled:
                continue  # an import was stopped by the person; the file is tried again
            except (InvalidInput, OSError) as error:
                log.warning("%s is not watched: %s", folder, error)
                for listener in tuple(self._listeners):
                    listener(WatchedFile(folder, problem=str(error)))
            return


def _is_known(path: Path, state: FileState, seen: dict[str, SeenFile]) -> bool:
    held = seen.get(str(path.resolve()))
    return held is not None and (held.size, held.modified_ns) == (state.size, state.modified_ns)
