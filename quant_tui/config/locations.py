"""All paths in one place."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Locations:
    """Folders and files of one user's store, all private to that user.

    Attributes
    ----------
    data
        Databases. Losing it loses the user's work.
    config
        ``config.toml`` and the user's own ``themes``.
    logs
        Log files; safe to delete.
    run
        Sockets of running servers.
    """

    data: Path
    config: Path
    logs: Path
    run: Path

    @property
    def config_file(self) -> Path:
        """The settings file."""
        return self.config / "config.toml"

    @property
    def user_themes(self) -> Path:
        """The user's own theme files."""
        return self.config / "themes"

    @property
    def log_file(self) -> Path:
        """The log, with every traceback."""
        return self.logs / "quant-tui.log"

    @property
    def mongodb(self) -> Path:
        """Data directory of the private MongoDB server."""
        return self.data / "mongodb"

    @property
    def duckdb_file(self) -> Path:
        """The DuckDB database."""
        return self.data / "market.duckdb"

    @property
    def calendars(self) -> Path:
        """Sessions of exchanges, worked out once; safe to delete."""
        return self.data / "calendars"

    @property
    def chroma(self) -> Path:
        """The ChromaDB folder."""
        return self.data / "chroma"

    @property
    def secrets_file(self) -> Path:
        """The encrypted secrets, where the machine has no keyring."""
        return self.data / "secrets.sealed"

    @property
    def studies(self) -> Path:
        """Journals of the optimisation studies."""
        return self.data / "studies"

    @property
    def models(self) -> Path:
        """Artifacts of trained models, a folder for each user."""
        return self.data / "models"

    @property
    def drafts(self) -> Path:
        """Unsaved texts of strategies, a folder for each user."""
        return self.data / "drafts"

    @property
    def backups(self) -> Path:
        """Backups, where no other folder is set."""
        return self.data / "backups"

    def create(self) -> None:
        """Make the folders, private to the user.

        Raises
        ------
        StoreUnavailable
            When a folder cannot be made, or belongs to somebody else.
        """
        # a home first: nothing is made in one that belongs to somebody else
        for folder in (self.config, self.data, self.logs, self.run):
            _private_folder(folder)


def locate(home: Path | None = None) -> Locations:
    """Return where everything lies.

    Parameters
    ----------
    home
        One folder for everything; without it ``QUANT_TUI_HOME``, and without that
        the platform's usual folders.
    """
    if home is None and (from_environment := os.environ.get("QUANT_TUI_HOME")):
        home = Path(from_environment)
    if home is not None:
        home = home.expanduser().absolute()
        return Locations(
            data=home / "data",
            config=home,
            logs=home / "logs",
            run=home / "run",
        )
    from platformdirs import PlatformDirs

    folders = PlatformDirs("quant-tui", appauthor=False)
    data = Path(folders.user_data_dir)
    return Locations(
        data=data,
        config=Path(folders.user_config_dir),
        logs=Path(folders.user_log_dir),
        run=data / "run",
    )


def packaged(name: str) -> Path:
    """Return a folder that ships with the program: ``themes`` or ``sample_data``.

    A wheel carries them inside the package; an editable checkout has them beside it.
    """
    package = Path(__file__).resolve().parent.parent
    inside = package / "_data" / name
    return inside if inside.is_dir() else package.parent / name


def _private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Choose another with --home or QUANT_TUI_HOME.",
        ) from error
    if sys.platform == "win32":
        return
    if found.st_uid != os.getuid():
        raise StoreUnavailable(
            f"The folder {folder} belongs to another user.",
            hint="Choose another with --home or QUANT_TUI_HOME.",
        )
    if found.st_mode & stat.S_ISVTX or folder == folder.parent:
        # as /tmp: closing it to others would take it from everybody
        raise StoreUnavailable(
            f"The folder {folder} is shared by all users.",
            hint="Choose a folder of your own with --home or QUANT_TUI_HOME.",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        try:
            folder.chmod(0o700)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder {folder} cannot be closed to others: {error.strerror}.",
                hint="Choose another with --home or QUANT_TUI_HOME.",
            ) from error
