"""How the stores are: short for the status line, long for ``doctor``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from quant_tui.config.settings import Settings
from quant_tui.domain.base import Document
from quant_tui.domain.errors import QuantError, StoreUnavailable
from quant_tui.jobs.executors import Executors
from quant_tui.services.chat_endpoints import ChatEndpoints
from quant_tui.services.secrets import SecretService, SecretState, open_secrets
from quant_tui.services.stores import Stores, open_metadata, without_password
from quant_tui.services.task_versions import task_versions
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
    """Asks each store whether it works.

    Attributes
    ----------
    index_problem
        Says why the vector index is not used; empty while it is, or was not needed yet.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        secrets: SecretService,
        executors: Executors,
        endpoints: ChatEndpoints,
    ) -> None:
        self._settings = settings
        self._executors = executors
        self._stores = stores
        self._secrets = secrets
        self._endpoints = endpoints
        self._chroma = StoreHealth("ChromaDB", None, "not looked at yet")
        self.index_problem: Callable[[], str] = lambda: ""

    async def check(self, *, chroma: bool = False) -> list[StoreHealth]:
        """Return the health of MongoDB, DuckDB, ChromaDB and the language model.

        Parameters
        ----------
        chroma
            Also probe ChromaDB, in a process of its own for a second or two; otherwise
            what the last probe found is reported.
        """
        mongo = await self._mongo()
        duck = await _probe("DuckDB", asyncio.to_thread(self._stores.duck.ping))
        if chroma:
            self._chroma = await _probe("ChromaDB", _probe_chroma(self._settings))
        found = self._chroma
        if found.ok is not False and (problem := self.index_problem()):
            found = StoreHealth("ChromaDB", False, problem)
        return [mongo, duck, found, await _language_model(self._endpoints)]

    async def doctor(self) -> Document:
        """Return versions, health, paths, keys found, data freshness and disk use."""
        mongo, duck, chroma, model = await self.check(chroma=True)
        summaries = await asyncio.to_thread(self._stores.bars.summaries) if duck.ok else []
        return await _report(
            self._settings,
            (mongo, duck, chroma, model),
            {**await _keys(self._secrets), **await _tasks(self._executors)},
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
    executors = Executors(settings.jobs, task_versions)
    try:
        secrets = open_secrets(settings)
        others = {**await _keys(secrets), **await _tasks(executors)}
    finally:
        await asyncio.to_thread(executors.close)
    return await _report(
        settings,
        (mongo, duck, chroma, await _language_model(ChatEndpoints(settings, secrets))),
        others,
        uri=without_password(uri),
        kind=kind,
        summaries=summaries,
    )


async def _report(
    settings: Settings,
    found: tuple[StoreHealth, StoreHealth, StoreHealth, StoreHealth],
    others: Document,
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
            "path": settings.retrieval.chroma or str(locations.chroma),
            "version": chroma.detail if chroma.ok else None,
            "ok": bool(chroma.ok),
            **({} if chroma.ok else {"error": chroma.detail}),
        },
        "llm": {"ok": model.ok, "detail": model.detail},
        **others,
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


async def _tasks(executors: Executors) -> Document:
    """Return where long work runs; of a cluster, what it has or why it cannot be used."""
    try:
        found = await asyncio.to_thread(executors.describe)
    except QuantError as error:
        return {"tasks": {**executors.place, "ok": False, "error": str(error)}}
    return {"tasks": {**found, "ok": True}}


async def _keys(secrets: SecretService) -> Document:
    """Return which keys were found and where; never their values."""
    problem = ""
    found: list[SecretState] = []
    try:
        found = await secrets.overview()
    except QuantError as error:
        problem = str(error)
    return {
        "keys": {one.variable: bool(one.source) for one in found},
        "key_sources": {one.variable: one.source for one in found if one.source},
        **({"key_problem": problem} if problem else {}),
    }


async def _probe_chroma(settings: Settings) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quant_tui.storage.chroma.probe"),
        settings.retrieval.chroma or str(settings.locations.chroma),
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


async def _language_model(endpoints: ChatEndpoints) -> StoreHealth:
    return StoreHealth("LLM", *await endpoints.health())


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
