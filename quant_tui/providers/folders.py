"""A folder of files of bars: which are readable, whole, and how they are to be read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.errors import InvalidInput
from quant_tui.providers.options import ReadOptions

OPTIONS_FILE = ".quant-tui.toml"
"""How the files of a folder are to be read; lies in the folder itself."""

TEXTS = frozenset(
    (
        *("symbol", "encoding", "delimiter", "decimal", "date_format", "timezone", "interval"),
        *("source", "adjustment"),
    )
)
"""Its keys whose values are texts."""

ENDINGS = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz", ".parquet")
NETWORK_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.", "afs", "vboxsf", "davfs", "ceph")
"""File systems, by the beginning of their name, that do not tell what another machine changed."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells one version of a file from another."""

    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """How the files of a folder are read; see :class:`~quant_tui.providers.options.ReadOptions`.

    Attributes
    ----------
    source, adjustment
        As of an import: whose figures, and what prices are adjusted for.
    """

    read: ReadOptions
    source: str = "file"
    adjustment: str = ""


def list_files(folder: Path) -> dict[Path, FileState]:
    """Return the readable files of a folder, those that begin with a dot left out.

    Raises
    ------
    InvalidInput
        When it is no folder, or cannot be looked into.
    """
    try:
        return dict(_files(folder))
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be watched ({error.strerror}).",
            field="folder",
            hint="Name a folder that exists and that you may read.",
        ) from error


def _files(folder: Path) -> Iterator[tuple[Path, FileState]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.startswith(".") or not entry.name.lower().endswith(ENDINGS):
                continue
            try:
                if entry.is_file():
                    found = entry.stat()
                    yield Path(entry.path), FileState(found.st_size, found.st_mtime_ns)
            except FileNotFoundError:
                continue  # it went between the listing and the look


def read_options(folder: Path) -> FolderOptions:
    """Return how the files of a folder are read, from its own :data:`OPTIONS_FILE`.

    Raises
    ------
    InvalidInput
        Naming the file and the key that cannot be used.
    """
    path = folder / OPTIONS_FILE
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return FolderOptions(ReadOptions())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path}: {error}.", field="options") from error
    values: dict[str, str] = {}
    mapping: dict[str, str] = {}
    adjust = False
    for key, value in held.items():
        if key in TEXTS and isinstance(value, str):
            values[key] = value
        elif key == "adjust" and isinstance(value, bool):
            adjust = value
        elif key == "mapping" and isinstance(value, dict):
            mapping = {str(ours): str(theirs) for ours, theirs in value.items()}
        else:
            raise InvalidInput(
                f"{path}: {key} = {value!r} is not an option.",
                field="options",
                hint=f"Options are {', '.join(sorted(TEXTS))}, adjust, and the table mapping.",
            )
    options = ReadOptions(
        mapping=mapping,
        symbol=values.get("symbol", ""),
        encoding=values.get("encoding", ""),
        delimiter=values.get("delimiter", ""),
        decimal=values.get("decimal", ""),
        date_format=values.get("date_format", ""),
        timezone=values.get("timezone", ""),
        interval=values.get("interval", ""),
        adjust=adjust,
    )
    options.check()
    return FolderOptions(options, values.get("source", "file"), values.get("adjustment", ""))


def needs_polling(folder: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether changes in a folder must be looked for, because nobody tells of them."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    where = str(folder.resolve())
    best, kind = "", ""
    for line in lines:
        parts = line.split()
        if len(parts) < 3:
            continue
        mount = parts[1].replace("\\040", " ")
        inside = where == mount or where.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, parts[2]
    return kind.startswith(NETWORK_SYSTEMS)
