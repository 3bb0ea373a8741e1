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

from quant_tui.config.chat import (
    DEFAULT_KEY,
    NO_KEY,
    OPENAI_URL,
    ChatSettings,
    checked_profile_name,
    checked_value,
)
from quant_tui.config.locations import Locations, locate
from quant_tui.config.retrieval import RetrievalSettings, checked_address
from quant_tui.config.whole_file import write_whole
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
    reading_memory_limit: str = "128MB"
    threads: int = 2
    order_indexes: bool = True


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where bars come from by themselves.

    New and changed files in ``watched_folders`` are imported while the app is open; several
    folders are parted as in ``PATH`` (``:``, on Windows ``;``).
    """

    watched_folders: str = ""


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the app looks and how much it sends.

    ``slow_line`` is ``auto`` (on over SSH), ``on`` or ``off``. ``chart_indicators`` are those
    of a symbol's chart: expressions of the rule language, with commas between those that
    share a panel and semicolons between panels.
    """

    theme: str = "terminal-night"
    slow_line: str = "auto"
    max_fps: int = 60
    chart_indicators: str = (
        "sma(close, 50), sma(close, 200); rsi(close, 14); macd(close), macd_signal(close)"
    )


@dataclass(frozen=True, slots=True)
class JobSettings:
    """How many heavy jobs run at once, and where what can be cut into tasks runs.

    ``executor`` is ``processes`` (``workers`` of them, at low priority) or ``threads``;
    ``cluster``, the address of a Dask scheduler, goes before it. The files for TLS are in
    PEM format; without them Dask's own configuration holds.
    """

    workers: int = 2
    executor: str = "processes"
    cluster: str = ""
    cluster_tls_ca: str = ""
    cluster_tls_cert: str = ""
    cluster_tls_key: str = ""


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Backups that the open app makes by itself.

    ``every_hours`` is 0 for none, ``keep`` how many of them stay, and ``folder`` where they
    go; empty for ``backups`` in the data folder.
    """

    every_hours: int = 0
    keep: int = 7
    folder: str = ""


@dataclass(frozen=True, slots=True)
class SecretSettings:
    """Where secrets are kept.

    ``keyring`` is ``auto`` (the system's keyring when it works) or ``off`` (always the
    encrypted file).
    """

    keyring: str = "auto"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How long one stays signed in.

    The screen locks itself after ``idle_lock_minutes`` without a key, never with 0; a
    session ends ``session_days`` after the sign-in that began it.
    """

    idle_lock_minutes: int = 0
    session_days: int = 30


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The server that sends codes; none without ``host``.

    ``security`` is ``starttls``, ``tls`` or ``none``. The password is a secret,
    ``smtp_password``; without ``user`` the server is not signed in to.
    """

    host: str = ""
    port: int = 587
    user: str = ""
    sender: str = ""
    security: str = "starttls"


@dataclass(frozen=True, slots=True)
class AlphaVantageSettings:
    """What the Alpha Vantage plan allows, and where it is asked.

    ``plan`` is ``free`` (25 requests a day, one a second) or ``premium`` (75 a minute, no
    daily limit); ``requests_per_minute`` and ``requests_per_day`` above 0 stand in its place.
    """

    plan: str = "free"
    requests_per_minute: int = 0
    requests_per_day: int = 0
    base_url: str = "https://www.alphavantage.co/query"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Where trained models lie, and when a deployed one is old.

    ``artifacts`` is a folder, or an address that fsspec and its packages understand, as
    ``s3://bucket/models``; empty for ``models`` in the data folder. Models stay where they
    were put. ``expire_days`` after the last date that it learned from, by the dates of the
    bars, a deployed model is said to have expired; 0 for never.
    """

    artifacts: str = ""
    expire_days: int = 180


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, and where things lie.

    ``origins`` says of each setting that is not at its default where it comes from:
    ``file``, ``environment`` or ``flag``. ``chat_profiles`` are the chat's endpoints that
    have a name.
    """

    locations: Locations
    mongodb: MongoSettings = field(default_factory=MongoSettings)
    duckdb: DuckSettings = field(default_factory=DuckSettings)
    data: DataSettings = field(default_factory=DataSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    jobs: JobSettings = field(default_factory=JobSettings)
    secrets: SecretSettings = field(default_factory=SecretSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    account: AccountSettings = field(default_factory=AccountSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    alpha_vantage: AlphaVantageSettings = field(default_factory=AlphaVantageSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    chat_profiles: Mapping[str, ChatSettings] = field(default_factory=dict)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    keys: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


_CHOICES = {
    "jobs.executor": ("processes", "threads"),
    "secrets.keyring": ("auto", "off"),
    "ui.slow_line": ("auto", "on", "off"),
    "smtp.security": ("starttls", "tls", "none"),
    "alpha_vantage.plan": ("free", "premium"),
    "chat.tools": ("native", "json", "off"),
    "retrieval.embedder": ("offline", "endpoint"),
}
_BOUNDS = {
    "mongodb.linger_seconds": (0, 3600),
    "ui.max_fps": (1, 120),
    "duckdb.threads": (1, 256),
    "jobs.workers": (1, 64),
    "backup.every_hours": (0, 8760),
    "backup.keep": (1, 1000),
    "account.idle_lock_minutes": (0, 1440),
    "account.session_days": (1, 365),
    "models.expire_days": (0, 10_000),
    "smtp.port": (1, 65535),
    "alpha_vantage.requests_per_minute": (0, 100_000),
    "alpha_vantage.requests_per_day": (0, 1_000_000_000),
    "chat.context_window": (1024, 100_000_000),
    "chat.price_input": (0, 1_000_000),
    "chat.price_output": (0, 1_000_000),
    "chat.timeout_seconds": (1, 3600),
}
_SECTIONS = {
    "mongodb": MongoSettings,
    "duckdb": DuckSettings,
    "data": DataSettings,
    "ui": UiSettings,
    "jobs": JobSettings,
    "secrets": SecretSettings,
    "backup": BackupSettings,
    "models": ModelSettings,
    "account": AccountSettings,
    "smtp": SmtpSettings,
    "alpha_vantage": AlphaVantageSettings,
    "chat": ChatSettings,
    "retrieval": RetrievalSettings,
}

type_of_section = (
    MongoSettings
    | DuckSettings
    | DataSettings
    | UiSettings
    | JobSettings
    | SecretSettings
    | BackupSettings
    | ModelSettings
    | AccountSettings
    | SmtpSettings
    | AlphaVantageSettings
    | ChatSettings
    | RetrievalSettings
)


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
    origins: dict[str, str] = {}
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
            if key not in known and (section, key) != ("chat", "profiles")
        ]
        values: dict[str, object] = {}
        for item in fields(kind):
            name = f"{section}.{item.name}"
            default = item.default
            assert default is not MISSING  # noqa: S101 -- every setting has a default
            variable = variable_of(name)
            for origin, place, raw in (
                ("file", str(locations.config_file), from_file.get(item.name)),
                ("environment", variable, environment.get(variable)),
            ):
                if raw is None:
                    continue
                try:
                    values[item.name] = _convert(name, raw, default)
                    origins[name] = origin
                except InvalidInput as error:
                    problems.append(f"{place}: {error}")
            if flags and name in flags:
                values[item.name] = _convert(name, flags[name], default)
                origins[name] = "flag"
        sections[section] = replace(kind(), **values)
    unknown_flags = set(flags or ()) - {
        f"{section}.{item.name}" for section, kind in _SECTIONS.items() for item in fields(kind)
    }
    if unknown_flags:
        name = min(unknown_flags)
        raise InvalidInput(f"There is no setting {name!r}.", field=name)
    chat_file = file.get("chat", {})
    profiles = _profiles(
        chat_file.get("profiles", {}) if isinstance(chat_file, dict) else {},
        locations.config_file,
        problems,
    )
    known_tops = {*_SECTIONS, "keys"}
    problems += [
        f"{locations.config_file}: unknown section [{top}]."
        for top in file
        if top not in known_tops
    ]
    return Settings(
        locations=locations,
        keys=_keys(file.get("keys", {}), locations.config_file, problems),
        chat_profiles=profiles,
        problems=tuple(problems),
        origins=origins,
        **sections,  # type: ignore[arg-type]  # one of each kind, by its section's name
    )


def remember(settings: Settings, section: str, key: str, value: str | float | bool) -> None:
    """Write one setting into the file, leaving the rest of it as it is.

    Raises
    ------
    InvalidInput
        When the file cannot be written.
    """
    literal = str(value).lower() if isinstance(value, bool | int | float) else _quoted(value)
    _edit(settings.locations.config_file, section, key, f"{key} = {literal}")


def forget(settings: Settings, section: str, key: str) -> None:
    """Take one setting out of the file, so that its default holds again.

    Raises
    ------
    InvalidInput
        When the file cannot be written.
    """
    _edit(settings.locations.config_file, section, key, None)


def forget_section(settings: Settings, section: str) -> None:
    """Take a section out of the file, leaving the rest of it as it is.

    Raises
    ------
    InvalidInput
        When it is not in the file under a line of its own, or the file cannot be written.
    """
    path = settings.locations.config_file
    lines = _lines(path)
    start = _start(lines, section)
    if start is None:
        raise InvalidInput(f"{path} has no line [{section}]; take it out there.")
    del lines[start : _end(lines, start)]
    _write(path, lines)


def checked(name: str, raw: str) -> str | float | bool:
    """Return the value of a setting as it would be used.

    Raises
    ------
    InvalidInput
        When there is no such setting, or the value cannot be used.
    """
    section, _, key = name.partition(".")
    found = {item.name: item.default for item in fields(_SECTIONS[section])}
    value = _convert(name, raw, found[key])
    assert isinstance(value, str | int | float)  # noqa: S101 -- as all settings are
    return value


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return "QUANT_TUI_" + name.replace(".", "_").upper()


def setting_names() -> list[str]:
    """Return every setting as ``section.key``, in their order."""
    return [
        f"{section}.{item.name}" for section, kind in _SECTIONS.items() for item in fields(kind)
    ]


def default_of(name: str) -> str | float | bool:
    """Return what holds where nothing is set."""
    section, _, key = name.partition(".")
    value = getattr(_SECTIONS[section](), key)
    assert isinstance(value, str | int | float)  # noqa: S101 -- as all settings are
    return value


def choices_of(name: str) -> tuple[str, ...]:
    """Return the few values that a setting can have; nothing when it is open."""
    return ("true", "false") if isinstance(default_of(name), bool) else _CHOICES.get(name, ())


def _edit(path: Path, section: str, key: str, line: str | None) -> None:
    """Put a line for ``key`` into the file, or take it out when ``line`` is None."""
    lines = _lines(path)
    start = _start(lines, section)
    if start is None:
        if line is None:
            return
        lines += ["", f"[{section}]", line] if lines else [f"[{section}]", line]
    else:
        end = _end(lines, start)
        pattern = re.compile(rf"\s*{re.escape(key)}\s*=")
        at = next((i for i in range(start + 1, end) if pattern.match(lines[i])), None)
        put = [] if line is None else [line]
        if at is None:
            lines[start + 1 : start + 1] = put
        else:
            lines[at : at + 1] = put
    _write(path, lines)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _start(lines: list[str], section: str) -> int | None:
    """Return the line that a section begins with."""
    return next((i for i, one in enumerate(lines) if one.strip() == f"[{section}]"), None)


def _end(lines: list[str], start: int) -> int:
    """Return the line after a section."""
    after = range(start + 1, len(lines))
    return next((i for i in after if lines[i].lstrip().startswith("[")), len(lines))


def _write(path: Path, lines: list[str]) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, ("\n".join(lines) + "\n").encode())
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
    elif isinstance(default, float):
        value = _number(name, raw)
    else:
        value = str(raw)
        choices = _CHOICES.get(name)
        if choices and value not in choices:
            raise InvalidInput(f"{name} is one of {', '.join(choices)}, not {value!r}.", field=name)
        section, _, key = name.partition(".")
        if section == "chat":
            checked_value(key, value)
        if section == "retrieval":
            checked_address(key, value)
    return value


def _number(name: str, raw: object) -> float:
    try:
        value = float(str(raw))
    except ValueError:
        raise InvalidInput(f"{name} is a number, not {raw!r}.", field=name) from None
    low, high = _BOUNDS[name]
    if not low <= value <= high:
        raise InvalidInput(f"{name} is between {low} and {high}, not {value}.", field=name)
    return value


def _profiles(found: object, path: Path, problems: list[str]) -> dict[str, ChatSettings]:
    """Read the named endpoints of the chat; a key goes nowhere that it was not given for."""
    if not isinstance(found, dict):
        problems.append(f"{path}: chat.profiles must hold tables, as [chat.profiles.local].")
        return {}
    profiles: dict[str, ChatSettings] = {}
    for name, table in found.items():
        place = f"{path}: chat.profiles.{name}"
        if not isinstance(table, dict):
            problems.append(f"{place} must be a table.")
            continue
        values: dict[str, object] = {"profile": name}
        try:
            checked_profile_name(name)
            for key, raw in table.items():
                if key == "profile" or key not in ChatSettings.__dataclass_fields__:
                    problems.append(f"{place}: unknown setting {key}.")
                    continue
                values[key] = _convert(f"chat.{key}", raw, default_of(f"chat.{key}"))
        except InvalidInput as error:
            problems.append(f"{place}: {error}")
            continue
        profile = replace(ChatSettings(), **values)  # type: ignore[arg-type]  # converted
        if "key" not in values:
            key = DEFAULT_KEY if profile.address == OPENAI_URL else NO_KEY
            profile = replace(profile, key=key)
        profiles[name] = profile
    return profiles
