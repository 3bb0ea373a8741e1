"""The DuckDB file: opened for the length of a lease, shared by threads and processes."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from quant_tui.domain.cancellation import GIVEN_UP, CancelCheck, interrupted_by, raise_if_cancelled
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.duck import schema
from quant_tui.storage.duck.failures import explain, is_held_elsewhere
from quant_tui.storage.duck.turnstile import Turnstile, pauses

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOREIGN_LOCK_SECONDS = 1.0
"""How long to bear with a program that is not ours and holds the file."""

IDLE_LOOK_SECONDS = 0.02
"""How often an idle instance looks whether another one waits."""


@dataclass(slots=True)
class _Lease:
    """The open database of this process: by readers together, or by one writer."""

    connection: DuckDBPyConnection
    room: int
    shared: bool
    users: int = 0
    writing: bool = False
    broken: bool = False


@dataclass
class _Held(threading.local):
    """What the present thread holds, so that a nested lease cannot wait for itself."""

    depth: int = 0


_watched: WeakSet[DuckStore] = WeakSet()


@atexit.register
def _close_watched() -> None:
    """Let no thread of a store be inside DuckDB when Python goes: the process would abort."""
    for store in list(_watched):
        store.close()


def _room(memory: str, threads: int) -> str:
    """Return the statements that give DuckDB memory and threads."""
    quoted = memory.replace("'", "''")
    return f"SET memory_limit = '{quoted}'; SET threads = {threads}"


class DuckStore:
    """One DuckDB file, shared with the other instances of this program.

    Nothing is opened before the first lease. Threads of one process read through one
    open database; while one of them writes, the others read what was committed before.

    Parameters
    ----------
    path
        The file; its folder is made with mode 0700, the file with 0600.
    memory_limit
        What DuckDB may use while this process writes, in its own notation (``1GB``); past
        it, it spills to ``<path>.tmp``.
    reading_limit
        The same while it only reads. Little: the system keeps the file's blocks anyway,
        and DuckDB would fill all that it is given with copies of them.
    threads
        Threads of DuckDB; at least 1.
    idle_seconds
        How long the file stays open for reading after the last reader left, so that a
        burst of queries opens it once; shorter when another instance waits for it.
    wait_seconds
        How long a lease waits for the other instances before it gives up.
    extra_indexes
        Whether to keep the two indexes of the data model that cost without giving; see
        :mod:`quant_tui.storage.duck.schema`.
    """

    def __init__(
        self,
        path: Path,
        *,
        memory_limit: str = "1GB",
        reading_limit: str = "128MB",
        threads: int = 2,
        idle_seconds: float = 0.25,
        wait_seconds: float = 60.0,
        extra_indexes: bool = True,
    ) -> None:
        self.path = path
        self._memory_limit = memory_limit
        self._reading_limit = reading_limit
        self._threads = max(1, threads)
        self._idle_seconds = idle_seconds
        self._wait_seconds = wait_seconds
        self._extra_indexes = extra_indexes
        self._turnstile = Turnstile(path)
        self._changed = threading.Condition()
        self._lease: _Lease | None = None
        self._idle_until = 0.0
        self._watching = False
        self._idle_watch: threading.Thread | None = None
        self._held = _Held()
        self._large = 0
        self._ready = False
        self._closed = False

    # ------------------------------------------------------------------ leases

    @contextmanager
    def read(self, *, cancel: CancelCheck | None = None) -> Iterator[DuckDBPyConnection]:
        """Lease a connection for reading, together with other readers.

        Fetch what you need before the lease ends; results do not outlive it.

        Parameters
        ----------
        cancel
            Asked while waiting for the lease. Without one, what was given up by who asked
            (:data:`~quant_tui.domain.cancellation.GIVEN_UP`) ends waiting and reading.

        Raises
        ------
        StoreUnavailable
            When the file is held by a foreign program, damaged, unreadable, written by a
            newer version, or busy for longer than ``wait_seconds``.
        Cancelled
            When ``cancel`` says so while waiting, or the read was given up.
        """
        if not self._ready and not self._held.depth:
            self.migrate()
        given_up = GIVEN_UP.get() if cancel is None else None
        with (
            self._leased(shared=True, cancel=cancel or given_up) as connection,
            interrupted_by(given_up, connection.interrupt),
        ):
            yield connection

    @contextmanager
    def read_large(self, *, cancel: CancelCheck | None = None) -> Iterator[DuckDBPyConnection]:
        """Lease a connection for reading with the memory that a writer has.

        For rows that are large themselves: DuckDB unpacks 2,048 of them at a time, whichever
        are asked for, in each of its threads. One has to do, and leaves the others to those
        who type. What it took is given back when the last such lease ends.
        Raises as :meth:`read` does.
        """
        with self.read(cancel=cancel) as connection:
            with self._changed:
                lease = self._lease
                alone = lease is not None and lease.shared  # a writer has that memory anyway
                if alone:
                    self._large += 1
                    connection.execute(_room(self._memory_limit, 1))
            try:
                yield connection
            finally:
                if alone:
                    with self._changed:
                        self._large -= 1
                        if not self._large:
                            connection.execute(_room(self._reading_limit, self._threads))

    @contextmanager
    def write(self, *, cancel: CancelCheck | None = None) -> Iterator[DuckDBPyConnection]:
        """Lease a connection for writing, alone, as one transaction.

        The transaction is committed when the block ends and rolled back when it raises.
        Raises as :meth:`read` does, and when the disk is full.
        """
        if not self._ready:
            self.migrate()
        with self._transaction(cancel) as connection:
            yield connection

    def migrate(self) -> list[str]:
        """Bring tables and indexes to the present version; return what was applied.

        Runs once, also when several instances start together. Costs one read lease when
        there is nothing to do.
        """
        applied: list[str] = []
        if not self._is_current():
            with self._transaction(None) as connection:
                applied = schema.apply_pending(connection, self.path)
            # An index cannot be made over rows changed in the same transaction.
            with self._transaction(None) as connection:
                changes = schema.optional_index_changes(connection, wanted=self._extra_indexes)
                for statement in changes:
                    connection.execute(statement)
        self._ready = True
        return applied

    def ping(self) -> str:
        """Open the file and return DuckDB's version, for example ``v2.0.0``."""
        with self.read() as connection:
            row = connection.execute("SELECT version()").fetchone()
        return str(row[0]) if row else ""

    def close(self) -> None:
        """Close what idles and refuse further leases; leases in use end by themselves."""
        with self._changed:
            self._closed = True
            if self._lease is not None and not self._lease.users:
                self._end_lease()
            watch = self._idle_watch
            self._changed.notify_all()
        if watch is not None:
            # A thread that lives at exit would keep DuckDB's objects beyond their module; one
            # that watches no more may still be letting go of them.
            watch.join()

    # ----------------------------------------------------------------- getting in

    def _is_current(self) -> bool:
        if not self.path.exists():
            return False
        with self._leased(shared=True, cancel=None) as connection:
            return not schema.pending(connection, self.path) and not schema.optional_index_changes(
                connection, wanted=self._extra_indexes
            )

    @contextmanager
    def _transaction(self, cancel: CancelCheck | None) -> Iterator[DuckDBPyConnection]:
        with self._leased(shared=False, cancel=cancel) as connection:
            connection.execute("BEGIN TRANSACTION")
            try:
                yield connection
            except BaseException:
                self._roll_back(connection)
                raise
            connection.execute("COMMIT")

    @staticmethod
    def _roll_back(connection: DuckDBPyConnection) -> None:
        import duckdb

        try:
            connection.execute("ROLLBACK")
        except duckdb.Error:
            # The transaction died with the error that brought us here: nothing to undo.
            return

    @contextmanager
    def _leased(self, *, shared: bool, cancel: CancelCheck | None) -> Iterator[DuckDBPyConnection]:
        import duckdb

        try:
            lease = self._acquire(shared=shared, cancel=cancel)
            try:
                connection = lease.connection.cursor()
                try:
                    yield connection
                finally:
                    connection.close()
            except duckdb.Error:
                # It may have invalidated the open database: the next lease opens it anew.
                lease.broken = True
                raise
            finally:
                self._release(lease, wrote=not shared)
        except duckdb.Error as error:
            unavailable = explain(error, self.path)
            if unavailable is None:
                raise
            raise unavailable from error

    def _acquire(self, *, shared: bool, cancel: CancelCheck | None) -> _Lease:
        deadline = time.monotonic() + self._wait_seconds

        def keep_waiting() -> None:
            raise_if_cancelled(cancel)
            self._refuse_when_closed()
            if time.monotonic() > deadline:
                raise StoreUnavailable(
                    f"{self.path} is busy: another instance has been using it "
                    f"for more than {self._wait_seconds:.0f} s.",
                    hint="Wait for its import or export to end, then try again.",
                )

        with self._changed:
            self._refuse_when_closed()
            if self._held.depth and not shared:
                raise RuntimeError("a thread that holds a lease cannot ask for a write lease")
            lease = self._lease
            # A thread that already reads, and readers beside a writer of this process,
            # need no new lock and must not queue behind those who wait for this very lease.
            if lease is not None and shared and (self._held.depth or lease.writing):
                return self._use(lease, shared)
        self._make_folder()
        with self._turnstile.pass_through(keep_waiting):
            for pause in pauses():
                with self._changed:
                    found = self._join_or_open(shared=shared)
                    if found is not None:
                        return found
                    self._changed.wait(pause)
                keep_waiting()
        raise AssertionError("unreachable: pauses() never ends")

    def _join_or_open(self, *, shared: bool) -> _Lease | None:
        self._refuse_when_closed()
        lease = self._lease
        if lease is not None:
            if shared and lease.shared and not lease.broken:
                return self._use(lease, shared)
            if lease.users:
                return None
            self._end_lease()
        room = self._turnstile.try_enter(shared=shared)
        if room is None:
            return None
        try:
            connection = self._open(shared=shared)
        except BaseException:
            self._turnstile.leave(room)
            raise
        self._lease = _Lease(connection, room, shared)
        return self._use(self._lease, shared)

    def _use(self, lease: _Lease, shared: bool) -> _Lease:
        lease.users += 1
        lease.writing = lease.writing or not shared
        self._held.depth += 1
        return lease

    def _release(self, lease: _Lease, *, wrote: bool) -> None:
        with self._changed:
            self._held.depth -= 1
            lease.users -= 1
            if wrote:
                lease.writing = False
            if not lease.users and self._lease is lease:
                if lease.shared and self._idle_seconds > 0 and not (lease.broken or self._closed):
                    self._stay_open_a_moment()
                else:
                    self._end_lease()
            self._changed.notify_all()

    # ------------------------------------------------------------ opening, closing

    def _open(self, *, shared: bool) -> DuckDBPyConnection:
        import duckdb

        if "?" in str(self.path):
            # DuckDB puts its log's ".wal" before the question mark, into another folder.
            raise StoreUnavailable(
                f"DuckDB cannot keep a file at {self.path}: its path holds a question mark.",
                hint="Choose another folder with --home or QUANT_TUI_HOME.",
            )
        if not self.path.exists():
            self._create()
        give_up = time.monotonic() + FOREIGN_LOCK_SECONDS
        for pause in pauses():
            try:
                connection = duckdb.connect(
                    str(self.path), read_only=shared, config=self._configuration(shared=shared)
                )
                break
            except duckdb.Error as error:
                if not is_held_elsewhere(error) or time.monotonic() > give_up:
                    raise
                time.sleep(pause)
        if not shared:
            # The write-ahead log is made with the first write, by the process's umask;
            # the folder is closed to others meanwhile.
            _narrow(self.path)
            _narrow(self.path.with_name(self.path.name + ".wal"))
        return connection

    def _create(self) -> None:
        """Make an empty database under another name first: a kill leaves no half file."""
        import duckdb

        draft = self.path.with_name(self.path.name + ".new")
        draft.unlink(missing_ok=True)
        duckdb.connect(str(draft), config=self._configuration(shared=False)).close()
        _narrow(draft)
        draft.replace(self.path)

    def _configuration(self, *, shared: bool) -> dict[str, str | bool | int | float | list[str]]:
        return {
            "memory_limit": self._reading_limit if shared else self._memory_limit,
            "threads": self._threads,
            "temp_directory": str(self.path.with_name(self.path.name + ".tmp")),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder {self.path.parent} cannot be made ({error.strerror}).",
                hint="Choose another data folder in the settings.",
            ) from error

    def _end_lease(self) -> None:
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            if not lease.shared:
                _narrow(self.path.with_name(self.path.name + ".wal"))
            lease.connection.close()
        finally:
            self._turnstile.leave(lease.room)

    def _stay_open_a_moment(self) -> None:
        self._idle_until = time.monotonic() + self._idle_seconds
        if not self._watching:
            if self._idle_watch is not None:
                self._idle_watch.join()  # it is past the lock, and only lets go of DuckDB's objects
            self._watching = True
            self._idle_watch = threading.Thread(
                target=self._watch_idle, name="duckdb-idle", daemon=True
            )
            self._idle_watch.start()
            _watched.add(self)

    def _watch_idle(self) -> None:
        """Close the file when its time is over, or when another process waits for it."""
        with self._changed:
            while (lease := self._lease) is not None and not lease.users:
                if time.monotonic() >= self._idle_until or self._turnstile.is_taken():
                    self._end_lease()
                    self._changed.notify_all()
                    break
                self._changed.wait(IDLE_LOOK_SECONDS)
            self._watching = False

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable(f"{self.path} was closed.")


def _narrow(path: Path) -> None:
    """Take the file away from everyone but its owner; absent is fine."""
    try:
        os.chmod(path, 0o600)  # noqa: PTH101 - never opens the file, as DuckDB's lock demands
    except FileNotFoundError:
        return
