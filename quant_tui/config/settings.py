"""Typed settings: flags win over the environment, the environment over ``config.toml``.

A setting ``[section] key`` of the file is ``QUANT_TUI_SECTION_KEY`` in the environment
and ``--set section.key=value`` on the command line. A value that cannot be used is
named in :attr:`Settings.problems` and its default stands: a mistake in a file never
keeps anybody out.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path

from quant_tui.config.locations import Locations, locate
from quant_tui.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class MongoSettings:
    """How to reach MongoDB.

    ``uri`` is used as it is; empty means a private server of the user's own, which stays
    ``linger_seconds`` after the last running instance has left.
    """

    uri: str = ""
    database: str = "quant_tui"
    linger_seconds: int = 5


@dataclass(frozen=True, slots=True)
class DuckSettings:
    """Limits of DuckDB.

    ``order_indexes`` keeps the two extra indexes that the data model lists.
    """

    memory_limit: str = "2GB"
    threads: int = 2
    order_indexes: bool = True


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the app looks and how much it sends.

    ``slow_line`` is ``auto`` (on over SSH), ``on`` or ``off``.
    """

    theme: str = "terminal-night"
    slow_line: str = "auto"
    max_fps: int = 60


@dataclass(frozen=True, slots=True)
class JobSettings:
    """How many heavy jobs run at once."""

    workers: int = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, and where things lie."""

    locations: Locations
    mongodb: MongoSettings = field(default_factory=MongoSettings)
    duckdb: DuckSettings = field(default_factory=DuckSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    jobs: JobSettings = field(default_factory=JobSettings)
    keys: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


_CHOICES = {"ui.slow_line": ("auto", "on", "off")}
_BOUNDS = {
    "mongodb.linger_seconds": (0, 3600),
    "ui.max_fps": (1, 120),
    "duckdb.threads": (1, 256),
    "jobs.workers": (1, 64),
}
_SECTIONS = {
    "mongodb": MongoSettings,
    "duckdb": DuckSettings,
    "ui": UiSettings,
    "jobs": JobSettings,
}

type_of_section = MongoSettings | DuckSettings | UiSettings | JobSettings


def load_settings(
    home: Path | None = None,
    *,
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings.

    Parameters
    ----------
    home
        Folder for everything; None for the usual places.
    flags
        ``section.key`` to value, from the command line.
    environment
        Stands in for the process's environment in tests.

    Raises
    ------
    InvalidInput
        When a *flag* is wrong; mistakes of file and environment become problems.
    """
    environment = os.environ if environment is None else environment
    locations = locate(home)
    problems: list[str] = []
    file = _read_file(locations.config_file, problems)
    sections: dict[str, type_of_section] = {}
    for section, kind in _SECTIONS.items():
        from_file = file.get(section, {})
        if not isinstance(from_file, dict):
            problems.append(f"{locations.config_file}: [{section}] must be a table.")
            from_file = {}
        known = {item.name for item in fields(kind)}
        problems += [
            f"{locations.config_file}: unknown setting {section}.{key}."
            for key in from_file
            if key not in known
        ]
        values: dict[str, object] = {}
        for item in fields(kind):
            name = f"{section}.{item.name}"
            default = item.default
            assert default is not MISSING  # noqa: S101 -- every setting has a default
            variable = "QUANT_TUI_" + name.replace(".", "_").upper()
            for origin, raw in (
                (str(locations.config_file), from_file.get(item.name)),
                (variable, environment.get(variable)),
            ):
                if raw is None:
                    continue
                try:
                    values[item.name] = _convert(name, raw, default)
                except InvalidInput as error:
                    problems.append(f"{origin}: {error}")
            if flags and name in flags:
                values[item.name] = _convert(name, flags[name], default)
        sections[section] = replace(kind(), **values)
    unknown_flags = set(flags or ()) - {
        f"{section}.{item.name}" for section, kind in _SECTIONS.items() for item in fields(kind)
    }
    if unknown_flags:
        name = min(unknown_flags)
        raise InvalidInput(f"There is no setting {name!r}.", field=name)
    known_tops = {*_SECTIONS, "keys"}
    problems += [
        f"{locations.config_file}: unknown section [{top}]."
        for top in file
        if top not in known_tops
    ]
    return Settings(
        locations=locations,
        keys=_keys(file.get("keys", {}), locations.config_file, problems),
        problems=tuple(problems),
        **sections,  # type: ignore[arg-type]  # one of each kind, by its section's name
    )


def remember(settings: Settings, section: str, key: str, value: str | int | bool) -> None:
    """Write one setting into the file, leaving the rest of it as it is.

    Raises
    ------
    InvalidInput
        When the file cannot be written.
    """
    path = settings.locations.config_file
    literal = str(value).lower() if isinstance(value, bool | int) else _quoted(value)
    line = f"{key} = {literal}"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = text.splitlines()
    start = next((i for i, one in enumerate(lines) if one.strip() == f"[{section}]"), None)
    if start is None:
        lines += ["", f"[{section}]", line] if lines else [f"[{section}]", line]
    else:
        end = next(
            (i for i in range(start + 1, len(lines)) if lines[i].lstrip().startswith("[")),
            len(lines),
        )
        pattern = re.compile(rf"\s*{re.escape(key)}\s*=")
        at = next((i for i in range(start + 1, end) if pattern.match(lines[i])), None)
        if at is None:
            lines.insert(start + 1, line)
        else:
            lines[at] = line
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = path.with_suffix(".tmp")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
        scratch.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from error


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _read_file(path: Path, problems: list[str]) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path}: {error}. Defaults are used.")
        return {}


def _keys(found: object, path: Path, problems: list[str]) -> dict[str, str]:
    if not isinstance(found, dict):
        problems.append(f"{path}: [keys] must be a table of binding = key.")
        return {}
    keys = {str(name): key for name, key in found.items() if isinstance(key, str)}
    problems += [f"{path}: keys.{name} must be text." for name in found if name not in keys]
    return keys


def _convert(name: str, raw: object, default: object) -> object:
    value: object
    if isinstance(default, bool):
        if isinstance(raw, bool):
            value = raw
        elif str(raw).lower() in ("1", "true", "yes", "on"):
            value = True
        elif str(raw).lower() in ("0", "false", "no", "off"):
            value = False
        else:
            raise InvalidInput(f"{name} is true or false, not {raw!r}.", field=name)
    elif isinstance(default, int):
        try:
            value = int(str(raw))
        except ValueError:
            raise InvalidInput(f"{name} is a whole number, not {raw!r}.", field=name) from None
        low, high = _BOUNDS[name]
        if not low <= value <= high:
            raise InvalidInput(f"{name} is between {low} and {high}, not {value}.", field=name)
    else:
        value = str(raw)
        choices = _CHOICES.get(name)
        if choices and value not in choices:
            raise InvalidInput(f"{name} is one of {', '.join(choices)}, not {value!r}.", field=name)
    return value
