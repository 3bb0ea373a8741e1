"""How the stores are: short for the status line, long for ``doctor``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from quant_tui.config.settings import Settings
from quant_tui.domain.base import Document
from quant_tui.domain.errors import QuantError, StoreUnavailable
from quant_tui.services.stores import Stores, open_metadata, without_password
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.records import SymbolSummary

SHOWN_PACKAGES = (
    "textual",
    "pymongo",
    "duckdb",
    "chromadb",
    "pandas",
    "optuna",
    "lightgbm",
    "openai",
)
KEY_VARIABLES = ("OPENAI_API_KEY", "ALPHA_VANTAGE_API_KEY")
"""Keys that the program uses; only whether they are set is ever told."""


PROBE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Health of one store.

    ``ok`` is None when the store is not set up or not yet looked at, which is no fault.
    """

    name: str
    ok: bool | None
    detail: str


class HealthService:
    """Asks each store whether it works."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings = settings
        self._stores = stores
        self._chroma = StoreHealth("ChromaDB", None, "not looked at yet")

    async def check(self, *, chroma: bool = False) -> list[StoreHealth]:
        """Return the health of MongoDB, DuckDB, ChromaDB and the language model.

        Parameters
        ----------
        chroma
            Also probe ChromaDB, in a process of its own for a second or two; otherwise
            what the last probe found is reported.
        """
        mongo = self._mongo()
        duck = _probe("DuckDB", asyncio.to_thread(self._stores.duck.ping))
        if chroma:
            self._chroma = await _probe("ChromaDB", _probe_chroma(self._settings))
        return [await mongo, await duck, self._chroma, _language_model()]

    async def doctor(self) -> Document:
        """Return versions, health, paths, keys found, data freshness and disk use."""
        mongo, duck, chroma, model = await self.check(chroma=True)
        summaries = await asyncio.to_thread(self._stores.bars.summaries) if duck.ok else []
        return await _report(
            self._settings,
            (mongo, duck, chroma, model),
            uri=self._stores.public_uri,
            kind=self._stores.server_kind,
            summaries=summaries,
        )

    async def _mongo(self) -> StoreHealth:
        found = await _probe("MongoDB", self._stores.metadata.ping())
        server = self._stores.server
        if found.ok or server is None or server.problem is None:
            return found
        # why our own server does not come back, rather than that it does not answer
        return StoreHealth("MongoDB", False, str(server.problem))


async def doctor_without_stores(settings: Settings, cause: StoreUnavailable) -> Document:
    """Return what :meth:`HealthService.doctor` does when the stores could not be opened.

    Parameters
    ----------
    cause
        Why not; it is MongoDB's when DuckDB turns out to work.

    Raises
    ------
    StoreUnavailable
        When not even the folders can be used.
    """
    settings.locations.create()
    store = DuckStore(settings.locations.duckdb_file, memory_limit=settings.duckdb.memory_limit)
    try:
        duck = await _probe("DuckDB", asyncio.to_thread(store.ping))
        summaries = await asyncio.to_thread(BarRepository(store).summaries) if duck.ok else []
    finally:
        await asyncio.to_thread(store.close)
    mongo = StoreHealth("MongoDB", False, str(cause))
    uri, kind = settings.mongodb.uri, "configured" if settings.mongodb.uri else ""
    if not duck.ok:
        async with contextlib.AsyncExitStack() as stack:
            try:
                _, uri, kind, metadata = await open_metadata(settings, stack)
                mongo = await _probe("MongoDB", metadata.ping())
            except QuantError as error:
                mongo = StoreHealth("MongoDB", False, str(error))
    chroma = await _probe("ChromaDB", _probe_chroma(settings))
    return await _report(
        settings,
        (mongo, duck, chroma, _language_model()),
        uri=without_password(uri),
        kind=kind,
        summaries=summaries,
    )


async def _report(
    settings: Settings,
    found: tuple[StoreHealth, StoreHealth, StoreHealth, StoreHealth],
    *,
    uri: str,
    kind: str,
    summaries: list[SymbolSummary],
) -> Document:
    mongo, duck, chroma, model = found
    locations = settings.locations
    used = await asyncio.to_thread(
        lambda: {
            "mongodb": _bytes_under(locations.mongodb),
            "duckdb": _bytes_under(locations.duckdb_file),
            "chroma": _bytes_under(locations.chroma),
            "logs": _bytes_under(locations.logs),
            "free": shutil.disk_usage(locations.data).free,
        }
    )
    return {
        "mongodb": {
            "uri": uri,
            "kind": kind,
            "version": mongo.detail if mongo.ok else None,
            "ok": bool(mongo.ok),
            **({} if mongo.ok else {"error": mongo.detail}),
        },
        "duckdb": {
            "path": str(locations.duckdb_file),
            "version": duck.detail if duck.ok else None,
            "ok": bool(duck.ok),
            **({} if duck.ok else {"error": duck.detail}),
        },
        "chroma": {
            "path": str(locations.chroma),
            "version": chroma.detail if chroma.ok else None,
            "ok": bool(chroma.ok),
            **({} if chroma.ok else {"error": chroma.detail}),
        },
        "llm": {"ok": model.ok, "detail": model.detail},
        "keys": {name: name in os.environ for name in KEY_VARIABLES},
        "data": {
            "symbols": len(summaries),
            "bars": sum(one.rows for one in summaries),
            "last_session": max((one.last.isoformat() for one in summaries), default=None),
        },
        "disk_bytes": used,
        "versions": {
            "quant-tui": _installed("quant-tui"),
            "python": platform.python_version(),
            **{name: _installed(name) for name in SHOWN_PACKAGES},
        },
        "folders": {
            "data": str(locations.data),
            "config": str(locations.config),
            "logs": str(locations.logs),
            "run": str(locations.run),
        },
        "settings_problems": list(settings.problems),
    }


async def _probe_chroma(settings: Settings) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quant_tui.storage.chroma.probe"),
        str(settings.locations.chroma),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            answer = (await process.communicate())[0].decode().strip()
    except TimeoutError:
        raise StoreUnavailable(
            f"ChromaDB did not answer within {PROBE_SECONDS:.0f} seconds."
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise StoreUnavailable(answer or "ChromaDB cannot be imported.")
    return answer


async def _probe(name: str, ping: Awaitable[str]) -> StoreHealth:
    try:
        return StoreHealth(name, True, await ping)
    except QuantError as error:
        return StoreHealth(name, False, str(error))


def _language_model() -> StoreHealth:
    return StoreHealth("LLM", None, "no model is configured")


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _bytes_under(path: Path) -> int:
    """Return the size of a file, or of all files under a folder; 0 when there is none."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except FileNotFoundError:  # a database removes its files as it works
                continue
    return total
