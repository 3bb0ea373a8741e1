"""Opening and closing the three stores."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass

from quant_tui.config.settings import Settings
from quant_tui.services.home_swap import finish_interrupted
from quant_tui.services.restore_on_server import finish_on_server
from quant_tui.services.strategy_templates import store_templates
from quant_tui.storage.duck.actions import CorporateActionRepository
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.calendars import SymbolCalendarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.feature_values import FeatureValueRepository
from quant_tui.storage.duck.fetched import FetchedRepository
from quant_tui.storage.duck.fixes import BarFixRepository
from quant_tui.storage.duck.quality import BarQualityRepository
from quant_tui.storage.duck.technical_indicators import TechnicalIndicatorRepository
from quant_tui.storage.duck.watched import WatchedFileRepository
from quant_tui.storage.mongo.lifecycle import BacktestLifecycle
from quant_tui.storage.mongo.migrations import migrate
from quant_tui.storage.mongo.repositories import Repositories
from quant_tui.storage.mongo.server import PrivateServer
from quant_tui.storage.mongo.store import MetadataStore


@dataclass
class Stores:
    """The open stores.

    ``server`` is None when a MongoDB URI was configured. ``public_uri`` is that of the
    server in use without its password; ``server_kind`` is ``configured``, ``mongod`` or
    ``secantusdb``.
    """

    server: PrivateServer | None
    public_uri: str
    server_kind: str
    metadata: MetadataStore
    duck: DuckStore
    repositories: Repositories
    lifecycle: BacktestLifecycle
    bars: BarRepository
    bar_fixes: BarFixRepository
    bar_quality: BarQualityRepository
    symbol_calendars: SymbolCalendarRepository
    watched_files: WatchedFileRepository
    corporate_actions: CorporateActionRepository
    fetched: FetchedRepository
    indicators: TechnicalIndicatorRepository
    feature_values: FeatureValueRepository

    async def close(self) -> None:
        """Close everything, whatever happens on the way, and leave the server."""
        async with contextlib.AsyncExitStack() as stack:
            if self.server is not None:
                stack.push_async_callback(asyncio.to_thread, self.server.release)
            stack.push_async_callback(asyncio.to_thread, self.duck.close)
            stack.push_async_callback(self.metadata.close)


async def open_stores(settings: Settings) -> Stores:
    """Start or join the stores and bring them to the present version.

    Raises
    ------
    StoreUnavailable
        When one cannot be started or reached; what was opened is closed again.
    """
    locations = settings.locations
    await asyncio.to_thread(finish_interrupted, locations)
    await asyncio.to_thread(locations.create)
    async with contextlib.AsyncExitStack() as stack:
        server, uri, kind, metadata = await open_metadata(settings, stack)
        await finish_on_server(settings, metadata)
        duck = DuckStore(
            locations.duckdb_file,
            memory_limit=settings.duckdb.memory_limit,
            reading_limit=settings.duckdb.reading_memory_limit,
            threads=settings.duckdb.threads,
            extra_indexes=settings.duckdb.order_indexes,
        )
        stack.push_async_callback(asyncio.to_thread, duck.close)
        await asyncio.gather(migrate(metadata), asyncio.to_thread(duck.migrate))
        repositories = Repositories(metadata)
        await store_templates(repositories.strategy_templates)
        stack.pop_all()
    return Stores(
        server=server,
        public_uri=without_password(uri),
        server_kind=kind,
        metadata=metadata,
        duck=duck,
        repositories=repositories,
        lifecycle=BacktestLifecycle(metadata, repositories),
        bars=BarRepository(duck),
        bar_fixes=BarFixRepository(duck),
        bar_quality=BarQualityRepository(duck),
        symbol_calendars=SymbolCalendarRepository(duck),
        watched_files=WatchedFileRepository(duck),
        corporate_actions=CorporateActionRepository(duck),
        fetched=FetchedRepository(duck),
        indicators=TechnicalIndicatorRepository(duck),
        feature_values=FeatureValueRepository(duck),
    )


async def open_metadata(
    settings: Settings, stack: contextlib.AsyncExitStack
) -> tuple[PrivateServer | None, str, str, MetadataStore]:
    """Open MongoDB alone: the private server if there is one, address, kind and store.

    Parameters
    ----------
    stack
        Closes them when it ends.

    Raises
    ------
    StoreUnavailable
        When it cannot be started or reached.
    """
    server: PrivateServer | None = None
    uri, kind = settings.mongodb.uri, "configured"
    if not uri:
        locations = settings.locations
        server = PrivateServer(
            locations.mongodb,
            locations.run,
            locations.logs,
            linger=settings.mongodb.linger_seconds,
        )
        stack.push_async_callback(asyncio.to_thread, server.release)
        started = await asyncio.to_thread(server.acquire)
        uri, kind = started.uri, started.kind
    metadata = await MetadataStore.open(uri, settings.mongodb.database)
    stack.push_async_callback(metadata.close)
    return server, uri, kind, metadata


def address_of(settings: Settings) -> str:
    """Return what tells this store from others: where it is, without any password."""
    if settings.mongodb.uri:
        return f"{without_password(settings.mongodb.uri)} {settings.mongodb.database}"
    return str(settings.locations.mongodb.resolve())


def without_password(uri: str) -> str:
    """Return an address that may be shown: no password, no option that holds one."""
    uri = re.sub(r"((?:password|mechanismproperties)=)[^&]*", r"\1***", uri, flags=re.IGNORECASE)
    return re.sub(r"://([^:@/]*):[^@]*@", r"://\1:***@", uri)
