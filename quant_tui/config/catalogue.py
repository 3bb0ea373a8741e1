"""What each setting is called and does, for people who change it."""

from __future__ import annotations

from dataclasses import dataclass

from quant_tui.config.settings import (
    Settings,
    choices_of,
    default_of,
    setting_names,
    variable_of,
)

SECTIONS = {
    "ui": "Screen",
    "mongodb": "MongoDB",
    "duckdb": "DuckDB",
    "jobs": "Jobs",
    "secrets": "Secrets",
    "backup": "Backup",
    "models": "Models",
    "data": "Data",
    "account": "Account",
    "smtp": "Mail",
    "alpha_vantage": "Alpha V.",
    "chat": "Chat",
    "retrieval": "Finding",
}

WORDS: dict[str, tuple[str, str]] = {
    "mongodb.uri": (
        "Server address",
        "mongodb:// or mongodb+srv://; empty for a private server of your own.",
    ),
    "mongodb.database": ("Database", "Name of the database on the server."),
    "mongodb.linger_seconds": (
        "Server stays for",
        "Seconds that the private server stays after the last instance has left, 0 to 3600.",
    ),
    "duckdb.memory_limit": (
        "Memory limit",
        "What DuckDB may use while it writes, as 2GB; beyond it, it spills.",
    ),
    "duckdb.reading_memory_limit": (
        "Memory limit for reading",
        "What DuckDB may use while it only reads, as 128MB.",
    ),
    "duckdb.threads": ("Threads", "Threads of DuckDB, 1 to 256."),
    "duckdb.order_indexes": (
        "Order indexes",
        "Keep the two extra indexes of the data model; they cost space and speed up nothing.",
    ),
    "ui.theme": ("Theme", "Colours of the app."),
    "ui.slow_line": (
        "Slow line",
        "Send less to the terminal: auto does so over SSH.",
    ),
    "ui.max_fps": ("Pictures a second", "At most so many, 1 to 120."),
    "ui.chart_indicators": (
        "Chart indicators",
        "Indicators over and under the price in the symbol view, as its form keeps them.",
    ),
    "jobs.workers": ("Heavy jobs at once", "1 to 64; the others wait."),
    "jobs.executor": (
        "Long work runs on",
        "processes: the keys stay quick; threads: less memory. As many as heavy jobs at once.",
    ),
    "jobs.cluster": (
        "Cluster",
        "A Dask scheduler as tcp://host:8786, for sweeps and the like; empty for this machine.",
    ),
    "jobs.cluster_tls_ca": ("Cluster CA", "File of the authority, for tls://."),
    "jobs.cluster_tls_cert": ("Cluster certificate", "File of one's own certificate, for tls://."),
    "jobs.cluster_tls_key": ("Cluster key", "File of one's own private key, for tls://."),
    "secrets.keyring": (
        "Keyring",
        "auto: the system's keyring when it works; off: always the encrypted file.",
    ),
    "backup.every_hours": (
        "Back up every",
        "Hours between backups while the app is open, 1 to 8760; 0 for none.",
    ),
    "backup.keep": ("Backups to keep", "So many of them stay, 1 to 1000; the last always does."),
    "backup.folder": ("Backup folder", "Where backups go; empty for backups in the data folder."),
    "models.artifacts": (
        "Trained models",
        "Where new ones go: a folder, or an address as s3://bucket/models; empty for the data"
        " folder.",
    ),
    "models.expire_days": (
        "Models expire",
        "Days of bars after what a deployed model learned from, until it is said to have expired,"
        " 0 to 10000; 0 for never.",
    ),
    "data.watched_folders": (
        "Watched folders",
        "Folders whose new CSV and Parquet files are imported while the app is open.",
    ),
    "account.idle_lock_minutes": (
        "Lock after",
        "Minutes without a key until the screen locks itself, up to 1440; 0 for never.",
    ),
    "account.session_days": ("Signed in for", "Days that a session lasts, 1 to 365."),
    "smtp.host": ("Mail server", "Sends one-time codes; empty for none."),
    "smtp.port": ("Port", "Of the mail server, 1 to 65535."),
    "smtp.user": ("User", "At the mail server; empty to send without signing in."),
    "smtp.sender": ("Sender", "Address that mail comes from."),
    "smtp.security": ("Security", "starttls, tls or none."),
    "alpha_vantage.plan": (
        "Plan",
        "free: 25 requests a day, one a second; premium: 75 a minute.",
    ),
    "alpha_vantage.requests_per_minute": (
        "Requests a minute",
        "Above 0, in the place of the plan's.",
    ),
    "alpha_vantage.requests_per_day": ("Requests a day", "Above 0, in the place of the plan's."),
    "alpha_vantage.base_url": ("Address", "Where Alpha Vantage is asked."),
    "chat.profile": (
        "Endpoint in use",
        "default for the one below, or the name of a table [chat.profiles.NAME] of the file.",
    ),
    "chat.base_url": (
        "Endpoint",
        "A server that speaks OpenAI's API, as http://127.0.0.1:8080/v1; empty for OpenAI's.",
    ),
    "chat.model": ("Model", "Name of the model as the endpoint has it; empty for no model."),
    "chat.key": ("Key", "Name of the secret that holds the endpoint's key; none for no key."),
    "chat.context_window": (
        "Context window",
        "Tokens that the model reads and writes in one answer, from 1024.",
    ),
    "chat.price_input": ("Price of input", "Of a million tokens; 0 where nothing is paid."),
    "chat.price_output": ("Price of output", "Of a million tokens; 0 where nothing is paid."),
    "chat.knowledge_cutoff": (
        "Knowledge up to",
        "Month that the model was trained up to, as 2025-06; warns of backtests before it.",
    ),
    "chat.tools": (
        "Tools",
        "native: as the API has them; json: for models without; off: none are offered.",
    ),
    "chat.timeout_seconds": ("Time-out", "Seconds without a word until an answer is given up."),
    "retrieval.embedder": (
        "Encoder",
        "offline: on this machine, in sixteen languages; endpoint: an embedding API.",
    ),
    "retrieval.base_url": (
        "Embedding API",
        "A server that speaks OpenAI's API, as http://127.0.0.1:8080/v1; empty for OpenAI's.",
    ),
    "retrieval.model": ("Embedding model", "Its name at the embedding API."),
    "retrieval.key": ("Key", "Name of the secret that holds the API's key; none for no key."),
    "retrieval.chroma": (
        "ChromaDB server",
        "As http://host:8000; empty for an index in the data folder.",
    ),
}
"""Setting → what it is called, and what it does."""


@dataclass(frozen=True, slots=True)
class SettingState:
    """One setting as it is now.

    Attributes
    ----------
    origin
        ``default``, ``file``, ``environment`` or ``flag``.
    variable
        The environment variable that wins over the file.
    choices
        The few values that it can have; nothing when it is open.
    """

    name: str
    section: str
    title: str
    about: str
    value: str
    default: str
    origin: str
    variable: str
    choices: tuple[str, ...]


def overview(settings: Settings) -> list[SettingState]:
    """Return every setting, section by section."""
    states = [_state(settings, name) for name in setting_names()]
    places = list(SECTIONS.values())
    return sorted(
        states,
        key=lambda one: places.index(one.section) if one.section in places else len(places),
    )


def written(value: object) -> str:
    """Write a value as the file has it, without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _state(settings: Settings, name: str) -> SettingState:
    section, _, key = name.partition(".")
    title, about = WORDS.get(name, (key.replace("_", " ").capitalize(), ""))
    return SettingState(
        name=name,
        section=SECTIONS.get(section, section.capitalize()),
        title=title,
        about=about,
        value=written(getattr(getattr(settings, section), key)),
        default=written(default_of(name)),
        origin=settings.origins.get(name, "default"),
        variable=variable_of(name),
        choices=choices_of(name),
    )
