"""Fetching market data from providers: only what is missing, all of it or nothing.

Each symbol and kind is one step. A step that was stored stays when a later one fails or
is cancelled; a step that did not end leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import (
    Cancelled,
    DailyLimitReached,
    InvalidInput,
    KeyRefused,
    ProviderError,
    ProviderUnreachable,
    SecretsLocked,
)
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.providers.base import (
    Budget,
    Provider,
    ProviderAccess,
    Source,
    SymbolMatch,
    get_fetcher,
    get_provider,
    provider_names,
)
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.fetch_plan import FetchPlan, FetchRequest, FetchStep, Planner, checked
from quant_tui.services.fetch_steps import Fetched, StepRunner
from quant_tui.services.stores import Stores

__all__ = [
    "FetchPlan",
    "FetchReport",
    "FetchRequest",
    "FetchedItem",
    "FetchingService",
    "ProviderState",
]

T = TypeVar("T")
KeyOf = Callable[[str], Awaitable[str | None]]
"""From the name of a secret to its value, None when there is none."""

CANCEL_POLL_SECONDS = 0.1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchedItem:
    """What one step did.

    Attributes
    ----------
    kind, name
        ``bars`` of a symbol, ``economic`` of a series, …
    inserted, updated, unchanged
        Bars, values or items.
    first, last
        Days of the oldest and newest that came; None when nothing did.
    revisions
        Stored values that the provider has changed; the old ones are kept.
    notes
        What a person should know.
    error
        Why nothing was stored; empty when all went well.
    """

    kind: str
    name: str
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    first: date | None = None
    last: date | None = None
    revisions: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What a fetch did.

    Attributes
    ----------
    provider
        Its name.
    items
        One a step, in order; those that failed or were not reached say so.
    up_to_date
        What was stored already, as ``bars of IBM``.
    requests
        Sent, repeated ones counted.
    budget
        Left after it; None when the provider has no limits.
    """

    provider: str
    items: tuple[FetchedItem, ...]
    up_to_date: tuple[str, ...]
    requests: int
    seconds: float
    budget: Budget | None

    @property
    def failed(self) -> tuple[FetchedItem, ...]:
        """The items that were not stored."""
        return tuple(one for one in self.items if one.error)

    @property
    def stored(self) -> int:
        """Bars, values and items that are new or changed."""
        return sum(one.inserted + one.updated for one in self.items)


@dataclass(frozen=True, slots=True)
class ProviderState:
    """One provider as a list shows it; ``ready`` says whether its key is set, if it needs one."""

    name: str
    title: str
    capabilities: tuple[str, ...]
    needs_key: bool
    ready: bool
    problem: str = ""


class FetchingService:
    """Fetches data; they are shared by all users of a store.

    Parameters
    ----------
    key_of
        Gives the providers' keys.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        jobs: JobManager,
        arrivals: Arrivals,
        key_of: KeyOf,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._arrivals = arrivals
        self._key_of = key_of
        self._planner = Planner(stores)
        self._runner = StepRunner(stores)

    async def providers(self) -> list[ProviderState]:
        """Return every provider, by name, and whether its key is there."""
        return [await self._state(name) for name in provider_names()]

    async def plan(self, request: FetchRequest) -> FetchPlan:
        """Return what a fetch would ask for, how many requests that takes, and how long.

        Nothing is sent, and no key is needed.

        Raises
        ------
        InvalidInput
            Naming the field that is wrong.
        """
        request = checked(request)
        async with self._open(request.provider, keyless=True) as provider:
            return await self._planner.plan(request, provider)

    async def require_key(self, provider: str) -> None:
        """Refuse a provider that cannot be asked for want of its key.

        Raises
        ------
        KeyRefused
            The provider needs a key and there is none.
        """
        await self._key(get_provider(provider))

    async def budget(self, provider: str) -> Budget | None:
        """Return what a provider's plan still allows today; None when it has no limits."""
        async with self._open(provider, keyless=True) as opened:
            return await asyncio.to_thread(opened.budget)

    async def search(self, text: str, provider: str = "alpha_vantage") -> list[SymbolMatch]:
        """Return a provider's symbols that match a text, best first.

        Raises
        ------
        InvalidInput
            The text is empty.
        ProviderError
            The provider did not answer.
        """
        if not text.strip():
            raise InvalidInput("What is to be looked for?", field="text")
        async with self._open(provider) as opened:
            return await opened.search(text.strip())

    async def listed(
        self, provider: str = "alpha_vantage", on: date | None = None
    ) -> list[SymbolMatch]:
        """Return every symbol that is listed at a provider, or was on a day.

        Raises
        ------
        ProviderError
            The provider did not answer.
        """
        async with self._open(provider) as opened:
            return await opened.listed(on)

    def start(self, request: FetchRequest) -> Job[FetchReport]:
        """Fetch as a job.

        Raises
        ------
        InvalidInput
            Naming the field that is wrong.
        """
        request = checked(request)

        async def work(context: JobContext) -> FetchReport:
            return await self.fetch(request, context)

        return self._jobs.start("fetch", request.title, work)

    async def fetch(self, request: FetchRequest, context: JobContext) -> FetchReport:
        """Fetch what is missing.

        Raises
        ------
        ProviderError
            When nothing at all could be stored.
        Cancelled
            When the job was; steps that had been stored stay.
        """
        began = time.monotonic()
        request = checked(request)
        async with self._open(request.provider) as provider:
            plan = await _unless_cancelled(self._planner.plan(request, provider), context)
            items: list[FetchedItem] = []
            try:
                errors = await self._run(plan, provider, context, items)
            finally:
                self._publish(plan, items)
            sent = provider.sent
            budget = await asyncio.to_thread(provider.budget)
        if errors and len(errors) == len(items):
            raise errors[0]
        return FetchReport(
            provider=request.provider,
            items=tuple(items),
            up_to_date=plan.up_to_date,
            requests=sent,
            seconds=time.monotonic() - began,
            budget=budget,
        )

    async def _run(
        self,
        plan: FetchPlan,
        provider: Provider,
        context: JobContext,
        items: list[FetchedItem],
    ) -> list[ProviderError]:
        """Take the steps, adding to ``items`` what each did; return what failed."""
        errors: list[ProviderError] = []
        hopeless: ProviderError | None = None
        for place, step in enumerate(plan.steps):
            if hopeless is not None:
                errors.append(hopeless)
                items.append(FetchedItem(step.kind, step.name, error=f"not asked: {hopeless}"))
                continue
            budget = await asyncio.to_thread(provider.budget)
            left = "" if budget is None or budget.left is None else f" · {budget.left} left today"
            context.progress(
                place / len(plan.steps), f"{step.title} · {place + 1} of {len(plan.steps)}{left}"
            )
            try:
                done = await _unless_cancelled(self._runner.run(step, provider, context), context)
            except ProviderError as error:
                log.warning("%s: %s", step.title, error)
                errors.append(error)
                items.append(FetchedItem(step.kind, step.name, error=str(error)))
                if _is_hopeless(error):
                    hopeless = error
                continue
            items.append(_item(step, done))
        return errors

    def _publish(self, plan: FetchPlan, items: Sequence[FetchedItem]) -> None:
        """Tell once of all the bars that came, also when the fetch was cut short."""
        came = tuple(
            one.name for one in items if one.kind == "bars" and (one.inserted or one.updated)
        )
        interval = next((step.query.interval for step in plan.steps if step.query), "")
        if came:
            self._arrivals.publish(BarsArrived(came, interval))

    @contextlib.asynccontextmanager
    async def _open(self, name: str, *, keyless: bool = False) -> AsyncIterator[Provider]:
        found = get_provider(name)
        make = get_fetcher(name)
        key = "" if keyless else await self._key(found)
        provider = await asyncio.to_thread(make, ProviderAccess(self._settings, key))
        try:
            yield provider
        finally:
            await provider.close()

    async def _key(self, provider: type[Source]) -> str:
        """Return the key of a provider; empty where it needs none."""
        key = await self._key_of(provider.secret) if provider.secret else ""
        if provider.secret and not key:
            raise KeyRefused(
                f"{provider.title} needs an API key.",
                hint="Set it in Settings, with quant-tui secret set, or as "
                f"{provider.secret.upper()} in the environment.",
            )
        return key or ""

    async def _state(self, name: str) -> ProviderState:
        try:
            found = await asyncio.to_thread(get_provider, name)
        except ImportError as error:
            return ProviderState(name, name, (), False, False, f"cannot be loaded: {error}")
        problem = ""
        if found.secret:
            try:
                problem = "" if await self._key_of(found.secret) else "no key"
            except SecretsLocked:
                problem = "its key is locked"
        return ProviderState(
            name=name,
            title=found.title,
            capabilities=tuple(sorted(found.capabilities)),
            needs_key=bool(found.secret),
            ready=not problem,
            problem=problem,
        )


async def _unless_cancelled(work: Coroutine[object, object, T], context: JobContext) -> T:
    """Wait for work, and stop it within a tenth of a second when the job is cancelled."""
    task = asyncio.create_task(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=CANCEL_POLL_SECONDS)
            if context.cancel() and not task.done():
                task.cancel()
                await asyncio.wait({task})
                if task.cancelled():
                    raise Cancelled
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise
    return task.result()


def _item(step: FetchStep, done: Fetched) -> FetchedItem:
    return FetchedItem(
        kind=step.kind,
        name=step.name,
        inserted=done.inserted,
        updated=done.updated,
        unchanged=done.unchanged,
        first=done.first,
        last=done.last,
        revisions=done.revisions,
        notes=done.notes,
    )


def _is_hopeless(error: ProviderError) -> bool:
    """Whether the next request would fail in the same way."""
    if isinstance(error, KeyRefused):
        return error.whole_key
    return isinstance(error, DailyLimitReached | ProviderUnreachable)
