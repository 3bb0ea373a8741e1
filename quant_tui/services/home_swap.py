"""Putting a finished data folder in the place of another: all of it, or nothing.

Beside the data folder lie, while it happens, the new one (``.restoring``), the old one
(``.before-restore``) and a note that the new one is complete. A process that is killed
before the first renaming leaves the old one; after it, the next start goes on to the new one.

Where the documents are on a server of their own, they are exchanged there in one transaction,
between two states of the note: ``pending``, with the id that the transaction leaves behind, and
``forward``, after which nothing goes back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quant_tui.config.locations import Locations
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.duck.turnstile import Turnstile
from quant_tui.storage.locks import FileLock, make_private_folder

PENDING, FORWARD = "pending", "forward"
"""What the note says while, and after, documents are exchanged on a server."""

SETTINGS = ".settings"
"""Folder of the new data folder that holds the settings, until they are in their place."""

WAIT_SECONDS = 20.0

IN_USE_SECONDS = 1.0
"""How long a store has to be in use, for a restore to be refused."""

STOPPING_SECONDS = 60.0
"""How long a server that is being stopped is waited for."""

_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class SwapFolders:
    """The places beside a data folder."""

    data: Path

    @property
    def staging(self) -> Path:
        """Where the new data folder is made."""
        return self.data.with_name(f".{self.data.name}.restoring")

    @property
    def aside(self) -> Path:
        """Where the old one lies until the new one is in its place."""
        return self.data.with_name(f".{self.data.name}.before-restore")

    @property
    def note(self) -> Path:
        """Says that the new one is complete."""
        return self.data.with_name(f".{self.data.name}.restored")

    @property
    def state(self) -> tuple[str, str]:
        """What the note says: its state and id, both empty for a home with a private store."""
        words = self.note.read_text(encoding="utf-8").split() if self.note.exists() else []
        return (words[0], words[1]) if len(words) == 2 else ("", "")

    def say(self, state: str, restore_id: str) -> None:
        """Write the note, whole."""
        scratch = self.note.with_name(f"{self.note.name}.new")
        scratch.write_text(f"{state} {restore_id}", encoding="utf-8")
        scratch.replace(self.note)
        _sync(self.data.parent)

    @property
    def lock(self) -> Path:
        """Held by whoever restores, or finishes what a killed process began."""
        return self.data.with_name(f".{self.data.name}.restore.lock")


@contextlib.contextmanager
def restoring(locations: Locations) -> Iterator[SwapFolders]:
    """Hold the right to restore into a home; nothing of an earlier try is left.

    Raises
    ------
    StoreUnavailable
        Another process restores into it just now.
    """
    folders = SwapFolders(locations.data)
    make_private_folder(folders.data.parent)
    with FileLock(folders.lock) as lock:
        if not lock.try_exclusive():
            raise StoreUnavailable(
                f"Another quant-tui is restoring into {folders.data}.",
                hint="Wait until it is done.",
            )
        _finish(folders, locations)
        try:
            yield folders
        finally:
            if not folders.note.exists():
                _remove_staging(folders, locations)


def finish_interrupted(locations: Locations) -> None:
    """Finish what a killed restore began, or clean up behind it. Cheap when there is nothing."""
    folders = SwapFolders(locations.data)
    if not (folders.note.exists() or folders.staging.exists()):
        return
    with FileLock(folders.lock) as lock:
        # A living restore keeps the lock: while it prepares, the old home may be used.
        if lock.try_exclusive() or (folders.note.exists() and lock.wait_exclusive(WAIT_SECONDS)):
            _finish(folders, locations)


def swap(folders: SwapFolders, locations: Locations) -> None:
    """Put the complete new data folder in the old one's place, and remove the old one.

    Raises
    ------
    StoreUnavailable
        Another quant-tui has the old one open; nothing was changed.
    """
    with alone(locations):
        _sync(folders.staging)
        folders.note.touch(mode=0o600)
        _sync(folders.data.parent)
        if folders.data.exists():
            folders.data.rename(folders.aside)
        _finish(folders, locations)


def finish_pending(locations: Locations, *, exchanged: bool) -> None:
    """Go on from a killed exchange of documents on a server.

    Parameters
    ----------
    exchanged
        Whether the server has the new documents.

    Raises
    ------
    StoreUnavailable
        Another quant-tui has the home open, so that its bars cannot be exchanged.
    """
    folders = SwapFolders(locations.data)
    with FileLock(folders.lock) as lock:
        if not lock.wait_exclusive(WAIT_SECONDS) or not folders.state[0]:
            return
        if not exchanged:
            folders.note.unlink()
            _finish(folders, locations)
            return
        folders.say(FORWARD, folders.state[1])
        with alone(locations):
            go_forward(folders, locations)


def go_forward(folders: SwapFolders, locations: Locations) -> None:
    """Put the new data folder in place, after documents were exchanged on a server."""
    if folders.staging.exists() and folders.data.exists() and not folders.aside.exists():
        folders.data.rename(folders.aside)
    _finish(folders, locations)


def _finish(folders: SwapFolders, locations: Locations) -> None:
    """Go on from wherever a process stopped."""
    if not folders.note.exists():
        _remove_staging(folders, locations)
        return
    if folders.state[0] == PENDING:
        return  # the server knows whether it was exchanged: see finish_pending
    if folders.staging.exists():
        if folders.data.exists() and not folders.aside.exists():
            if folders.state[0] == FORWARD:
                return
            # killed before the first renaming: the old one stays
            folders.note.unlink()
            _remove_staging(folders, locations)
            return
        if folders.data.exists():  # made by a start in between: it holds no store yet
            _move_own_files(folders.data, folders.aside, locations)
            shutil.rmtree(folders.data)
        folders.staging.rename(folders.data)
        _sync(folders.data.parent)
    if folders.aside.is_dir():
        _move_own_files(folders.aside, folders.data, locations)
    _place_settings(folders.data / SETTINGS, locations)
    shutil.rmtree(folders.aside, ignore_errors=True)
    folders.note.unlink()


def _remove_staging(folders: SwapFolders, locations: Locations) -> None:
    """Remove the new data folder, after the server that a killed process left running in it."""
    from quant_tui.storage.mongo.reaper import stop_server

    lock_file = folders.staging / locations.mongodb.name / "server.lock"
    if lock_file.exists():
        with FileLock(lock_file) as lock:
            stop_server(lock_file.parent, lock.descriptor)
    shutil.rmtree(folders.staging, ignore_errors=True)


def _move_own_files(source: Path, target: Path, locations: Locations) -> None:
    """Take over what belongs to this machine: secrets, backups, whatever else lies there."""
    stores = (locations.mongodb.name, locations.duckdb_file.name, locations.chroma.name)
    for path in source.iterdir():
        store = any(path.name == name or path.name.startswith(f"{name}.") for name in stores)
        if store:
            continue
        if not (target / path.name).exists():
            path.rename(target / path.name)
        elif path.name in (locations.studies.name, locations.models.name):
            _move_beside(path, target / path.name)


def _move_beside(source: Path, target: Path) -> None:
    """Take over what the backup does not have itself."""
    for path in source.iterdir():
        if not (target / path.name).exists():
            path.rename(target / path.name)
        elif path.is_dir():
            _move_beside(path, target / path.name)


def _place_settings(folder: Path, locations: Locations) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            target = locations.config / path.relative_to(folder)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            scratch = target.with_name(f".{target.name}.restored")
            shutil.copyfile(path, scratch)
            scratch.chmod(0o600)
            scratch.replace(target)
    shutil.rmtree(folder)


@contextlib.contextmanager
def alone(locations: Locations) -> Iterator[None]:
    """Make sure that nobody uses the stores, and that nobody begins to.

    Raises
    ------
    StoreUnavailable
        Somebody does.
    """
    with contextlib.ExitStack() as stack:
        if locations.mongodb.is_dir():
            _stop_server(locations.mongodb, stack)
        if locations.duckdb_file.exists():
            turnstile = Turnstile(locations.duckdb_file)
            stack.callback(turnstile.leave, _room(turnstile, locations))
        yield


def _room(turnstile: Turnstile, locations: Locations) -> int:
    """Lock the room of the bars, of which whoever has just read lets go in a moment."""
    give_up = time.monotonic() + IN_USE_SECONDS
    while (room := turnstile.try_enter(shared=False)) is None:
        if time.monotonic() > give_up:
            raise _in_use(locations)
        time.sleep(_POLL_SECONDS)
    return room


def _stop_server(folder: Path, stack: contextlib.ExitStack) -> None:
    from quant_tui.storage.mongo.reaper import stop_server

    clients = stack.enter_context(FileLock(folder / "clients.lock"))
    if not _left(clients):
        raise StoreUnavailable(
            f"Another quant-tui has {folder.parent} open.", hint="Close it, then restore."
        )
    server = stack.enter_context(FileLock(folder / "server.lock"))
    if not stop_server(folder, server.descriptor):
        raise StoreUnavailable(
            f"The MongoDB server in {folder} does not stop.",
            hint=f"Its process id is in {folder / 'server.pid'}; end it, then restore.",
        )


def _left(clients: FileLock) -> bool:
    """Take the lock of a server's users alone; return whether that could be had.

    Users share it. Whoever has it alone stops the server, since its last user left: that is
    no use of it, and is waited for.
    """
    in_use, give_up = (time.monotonic() + seconds for seconds in (IN_USE_SECONDS, STOPPING_SECONDS))
    while not clients.try_exclusive():
        now = time.monotonic()
        if clients.try_shared():
            clients.unlock()
        else:
            in_use = now + IN_USE_SECONDS
        if now > min(in_use, give_up):
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _in_use(locations: Locations) -> StoreUnavailable:
    return StoreUnavailable(
        f"Another quant-tui has {locations.duckdb_file} open.", hint="Close it, then restore."
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
