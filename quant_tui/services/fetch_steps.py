"""One step of a fetch: asking the provider, and storing what it gave as a whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from quant_tui.domain.base import Entity, utc_now
from quant_tui.domain.errors import ProviderError
from quant_tui.domain.market_data import EconomicIndicator
from quant_tui.jobs.manager import JobContext
from quant_tui.providers.base import (
    FOR_ALL,
    FOR_SPLITS,
    UNADJUSTED,
    BarsQuery,
    FetchedBars,
    Provider,
)
from quant_tui.services.fetch_plan import FetchStep
from quant_tui.services.stores import Stores
from quant_tui.storage.duck.fetched import Coverage, Revision
from quant_tui.storage.duck.records import CorporateAction, ImportBatch, is_intraday

if TYPE_CHECKING:
    import pyarrow as pa

    from quant_tui.storage.mongo.repository import Repository
    from quant_tui.storage.mongo.store import Session

E = TypeVar("E", bound="Entity")

CHUNK = 400
"""Documents stored at once: the event loop is busy for about 10 ms with so many."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a step stored."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    first: date | None = None
    last: date | None = None
    revisions: int = 0
    notes: tuple[str, ...] = ()


class StepRunner:
    """Takes steps."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def run(self, step: FetchStep, provider: Provider, context: JobContext) -> Fetched:
        """Take one step.

        Raises
        ------
        ProviderError
            Nothing usable came; nothing was stored.
        """
        if step.query is not None:
            return await self._bars(step, step.query, provider, context)
        if step.kind == "company":
            return await self._company(step, provider)
        if step.kind == "news":
            return await self._news(step, provider)
        return await self._economic(step, provider)

    # ---------------------------------------------------------------------- bars

    async def _bars(
        self, step: FetchStep, query: BarsQuery, provider: Provider, context: JobContext
    ) -> Fetched:
        now = datetime.now(UTC)
        fetched = await provider.bars(query)
        if _basis_moved(step.before, fetched):
            # Prices came adjusted for a split that the stored ones are not.
            query = replace(query, start=None, end=None)
            fetched = await provider.bars(query)
        table, notes = _within(fetched, query, step.before), list(fetched.notes)
        if fetched.unfinished:
            last = max(fetched.unfinished)
            count = len(fetched.unfinished)
            notes.append(
                f"the bar of {last:%Y-%m-%d} is not over yet: left out"
                if count == 1
                else f"{count} bars up to {last:%Y-%m-%d %H:%M} are not over yet: left out"
            )
        if not table.num_rows:
            if step.before is None:
                raise ProviderError(
                    f"{provider.title} gave no bars of {query.symbol} for those days.",
                    hint="; ".join(notes) or "Choose other dates.",
                )
            coverage = replace(step.before, fetched_at=now)
            await asyncio.to_thread(self._stores.fetched.mark, coverage)
            return Fetched(notes=tuple(notes))
        coverage = _coverage(step, query, provider, fetched, table, now)
        others = await asyncio.to_thread(self._others, query, provider)
        if others:
            notes.append(f"bars of {others} on the same days were replaced")
        batch = ImportBatch(
            source=provider.name,
            origin=f"{provider.title}, {query.symbol} {query.interval}",
            adjustment=_adjustment(query, fetched),
            content_hash=await asyncio.to_thread(_hash, table),
            interval=query.interval,
            fetched_at=now,
        )
        before = await asyncio.to_thread(self._revision_count, query.symbol)
        if is_intraday(query.interval):
            counts = await context.run_in_thread(
                self._stores.fetched.store_intraday, table, batch, coverage, cancel=context.cancel
            )
        else:
            from quant_tui.services.adjusting import factors, unadjusted

            actions = None
            if fetched.actions is not None:
                actions = [
                    CorporateAction(
                        query.symbol, one.date, one.split_ratio, one.dividend, provider.name
                    )
                    for one in fetched.actions
                ]
            local = fetched.adjustment != FOR_ALL and query.adjusted
            counts = await context.run_in_thread(
                self._stores.fetched.store_sessions,
                table,
                batch,
                coverage,
                actions,
                partial(factors, splits=fetched.adjustment == UNADJUSTED) if local else unadjusted,
                cancel=context.cancel,
            )
        revised = await asyncio.to_thread(self._revision_count, query.symbol) - before
        first, last_day = _ends(table)
        return Fetched(
            counts.inserted,
            counts.updated,
            counts.unchanged,
            first,
            last_day,
            revised,
            tuple(notes),
        )

    def _others(self, query: BarsQuery, provider: Provider) -> str:
        """Return the other sources that bars of the symbol are from, comma-separated."""
        found = self._stores.bars.summaries((query.symbol,))
        sources = {
            source
            for one in found
            if one.interval == query.interval
            for source in one.source.split(", ")
        }
        return ", ".join(sorted(sources - {provider.name}))

    def _revision_count(self, name: str) -> int:
        return self._stores.fetched.count_revisions(name)

    # ----------------------------------------------------- companies, news, series

    async def _company(self, step: FetchStep, provider: Provider) -> Fetched:
        company = await provider.company(step.name)
        new = await self._stores.repositories.companies.upsert_many([company], ["symbol"])
        await self._mark(step, provider)
        return Fetched(inserted=new, updated=1 - new)

    async def _news(self, step: FetchStep, provider: Provider) -> Fetched:
        since = None
        if step.before is not None and step.before.end is not None:
            since = datetime(
                step.before.end.year, step.before.end.month, step.before.end.day, tzinfo=UTC
            )
        items = await provider.news(step.name, since)
        mine = [one.published_at.date() for one in items if one.symbol == step.name]
        new = await self._all_or_none(self._stores.repositories.news, items, ["symbol", "url"])
        end = max(mine, default=step.before.end if step.before else None)
        await self._mark(step, provider, end=end)
        return Fetched(
            inserted=new,
            unchanged=len(items) - new,
            first=min(mine, default=None),
            last=max(mine, default=None),
        )

    async def _economic(self, step: FetchStep, provider: Provider) -> Fetched:
        values = await provider.economic(step.name)
        repository = self._stores.repositories.economic_indicators
        stored = {
            one.date: one
            for one in await repository.list(
                where={"indicator_type": step.name, "source": provider.name}, limit=None
            )
        }
        changed = [one for one in values if not _same(stored.get(one.date), one)]
        revisions = [
            Revision(
                "economic", step.name, "", one.date.replace(tzinfo=None), "value",
                stored[one.date].value, one.value, provider.name, utc_now(),
            )
            for one in changed
            if one.date in stored and stored[one.date].value != one.value
        ]  # fmt: skip
        # The old values first: killed in between, none is lost.
        await asyncio.to_thread(self._stores.fetched.note_revisions, revisions)
        new = await self._all_or_none(repository, changed, ["indicator_type", "date", "source"])
        days = [one.date.date() for one in values]
        await self._mark(step, provider, end=max(days, default=None))
        return Fetched(
            inserted=new,
            updated=len(changed) - new,
            unchanged=len(values) - len(changed),
            first=min(days, default=None),
            last=max(days, default=None),
            revisions=len(revisions),
        )

    async def _all_or_none(
        self, repository: Repository[E], entities: Sequence[E], keys: Sequence[str]
    ) -> int:
        """Store documents in one transaction; return how many were new."""

        async def work(session: Session | None) -> int:
            new = 0
            for begin in range(0, len(entities), CHUNK):
                chunk = entities[begin : begin + CHUNK]
                new += await repository.upsert_many(chunk, keys, session=session)
            return new

        return await self._stores.metadata.in_transaction(work) if entities else 0

    async def _mark(self, step: FetchStep, provider: Provider, end: date | None = None) -> None:
        coverage = Coverage(provider.name, step.kind, step.name, end=end, fetched_at=utc_now())
        await asyncio.to_thread(self._stores.fetched.mark, coverage)


def _coverage(
    step: FetchStep,
    query: BarsQuery,
    provider: Provider,
    fetched: FetchedBars,
    table: pa.Table,
    now: datetime,
) -> Coverage:
    _, last = _ends(table)
    start = query.start
    limited = False
    if fetched.complete_from is not None and (start is None or fetched.complete_from > start):
        start, limited = fetched.complete_from, True
    end, asked, before = last, query.end, step.before
    if before is not None and before.end is not None:
        joined = start is None or start <= before.end + timedelta(days=1)
        if joined and start is not None and (before.start is None or before.start <= start):
            start, limited = before.start, before.limited
        end = before.end if last is None else max(last, before.end)
        if before.asked is None or (asked is not None and before.asked > asked):
            asked = before.asked
    return Coverage(
        provider.name, "bars", query.symbol, query.interval, start, end, asked, now,
        query.adjusted, limited,
    )  # fmt: skip


def _earlier(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else min(one, other)


def _basis_moved(before: Coverage | None, fetched: FetchedBars) -> bool:
    """Whether prices came adjusted for a split that those stored before are not."""
    if before is None or before.end is None or fetched.adjustment == UNADJUSTED:
        return False
    if not fetched.actions:
        return False
    since = [one for one in fetched.actions if one.date > before.end]
    if fetched.adjustment == FOR_SPLITS:
        since = [one for one in since if one.split_ratio != 1.0]
    return bool(since)


def _within(fetched: FetchedBars, query: BarsQuery, before: Coverage | None) -> pa.Table:
    """Return the bars asked for, and those that were stored before and came again."""
    import pyarrow.compute as pc

    table = fetched.table
    days = pc.cast(table["date"], "date32")
    start = query.start
    if before is not None and before.end is not None and start is not None:
        start = _earlier(start, before.start)
    if start is not None:
        table = table.filter(pc.greater_equal(days, start))
        days = pc.cast(table["date"], "date32")
    if query.end is not None:
        table = table.filter(pc.less_equal(days, query.end))
    return table


def _ends(table: pa.Table) -> tuple[date | None, date | None]:
    if not table.num_rows:
        return None, None
    first, last = table["date"][0].as_py(), table["date"][-1].as_py()
    return _day(first), _day(last)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _adjustment(query: BarsQuery, fetched: FetchedBars) -> str:
    return FOR_ALL if query.adjusted else fetched.adjustment


def _hash(table: pa.Table) -> str:
    digest = hashlib.sha256()
    for column in table.combine_chunks().columns:
        for chunk in column.chunks:
            for buffer in chunk.buffers():
                if buffer is not None:
                    digest.update(buffer)
    return digest.hexdigest()


def _same(stored: EconomicIndicator | None, one: EconomicIndicator) -> bool:
    return stored is not None and stored.value == one.value and stored.unit == one.unit
