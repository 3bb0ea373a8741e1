"""What a fetch is asked for, and what is missing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from quant_tui.domain.errors import InvalidInput
from quant_tui.providers.base import FETCHED, INTERVALS, BarsQuery, Budget, Provider
from quant_tui.providers.options import is_symbol
from quant_tui.providers.sessions import closes_at, last_over
from quant_tui.services.stores import Stores
from quant_tui.storage.duck.fetched import Coverage

OVERLAP = timedelta(days=7)
"""Stored days that are asked for again with new ones, so that revisions are seen."""

LATE = timedelta(hours=1)
"""How long to wait before a session that should be there is asked for again."""

DUE = {
    "company": timedelta(days=7),
    "news": timedelta(hours=1),
    "economic": timedelta(days=1),
}
"""How old a kind may be before it is asked for again."""


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to fetch.

    Attributes
    ----------
    symbols
        For bars, companies and news.
    provider
        Its name.
    kinds
        ``bars``, ``company``, ``news``, ``economic``.
    start, end
        First and last day of bars, both included; None for all that the provider has.
    interval
        Of bars: ``1d``, ``1m``, ``5m``, ``15m``, ``30m``, ``1h``.
    adjusted
        Whether bars are adjusted for splits and dividends; None for as the stored ones are,
        and adjusted when there are none.
    extended_hours
        Whether intraday bars outside of the session are wanted too.
    series
        Economic series; all that the provider has when empty.
    again
        Fetch also what is stored and not due.
    """

    symbols: tuple[str, ...] = ()
    provider: str = "alpha_vantage"
    kinds: tuple[str, ...] = ("bars",)
    start: date | None = None
    end: date | None = None
    interval: str = "1d"
    adjusted: bool | None = None
    extended_hours: bool = False
    series: tuple[str, ...] = ()
    again: bool = False

    @property
    def title(self) -> str:
        """What it is, for people."""
        names = self.symbols or self.series or ("all series",)
        shown = ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")
        return f"{', '.join(self.kinds)} of {shown}"


@dataclass(frozen=True, slots=True)
class FetchStep:
    """One symbol or series of one kind.

    Attributes
    ----------
    query
        With bars only.
    before
        How far it was fetched before; None when never.
    requests
        That it takes, if nothing goes wrong.
    """

    kind: str
    name: str
    requests: int
    query: BarsQuery | None = None
    before: Coverage | None = None

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"{self.kind} of {self.name}"


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a fetch would do.

    Attributes
    ----------
    steps
        In the order that they are taken.
    up_to_date
        What needs no request, as ``bars of IBM``.
    budget
        What the provider's plan still allows; None when it has no limits.
    """

    provider: str
    steps: tuple[FetchStep, ...]
    up_to_date: tuple[str, ...]
    budget: Budget | None

    @property
    def requests(self) -> int:
        """Requests that it takes, if nothing goes wrong."""
        return sum(step.requests for step in self.steps)

    @property
    def eta_seconds(self) -> float:
        """Seconds that the plan's pace needs at least."""
        return self.budget.eta_seconds(self.requests) if self.budget else 0.0

    @property
    def fits(self) -> bool:
        """Whether the day's budget allows all of it."""
        return self.budget is None or self.budget.left is None or (
            self.requests <= self.budget.left
        )  # fmt: skip


def checked(request: FetchRequest) -> FetchRequest:
    """Return a request with its names trimmed and each once.

    Raises
    ------
    InvalidInput
        Naming the field that is wrong.
    """
    symbols = tuple(dict.fromkeys(one.strip() for one in request.symbols if one.strip()))
    series = tuple(dict.fromkeys(one.strip().upper() for one in request.series if one.strip()))
    kinds = tuple(dict.fromkeys(request.kinds))
    unknown = [kind for kind in kinds if kind not in FETCHED]
    if unknown or not kinds:
        raise InvalidInput(
            f"There is no kind {unknown[0]!r} of data." if unknown else "Choose what to fetch.",
            field="kinds",
            hint=f"Choose among {', '.join(sorted(FETCHED))}.",
        )
    if not symbols and set(kinds) - {"economic"}:
        raise InvalidInput("Name at least one symbol.", field="symbols")
    for symbol in symbols:
        if not is_symbol(symbol):
            raise InvalidInput(f"{symbol[:40]!r} is not a symbol.", field="symbols")
    if request.interval not in INTERVALS:
        raise InvalidInput(
            f"There are no bars of {request.interval!r} to fetch.",
            field="interval",
            hint=f"Choose one of {', '.join(INTERVALS)}.",
        )
    if request.start and request.end and request.start > request.end:
        raise InvalidInput(
            f"The start {request.start} is after the end {request.end}.", field="start"
        )
    if request.start and request.start > datetime.now(UTC).date():
        raise InvalidInput(f"The start {request.start} is in the future.", field="start")
    return replace(request, symbols=symbols, series=series, kinds=kinds)


class Planner:
    """Compares what is wanted with what is stored."""

    def __init__(self, stores: Stores) -> None:
        self._fetched = stores.fetched

    async def plan(self, request: FetchRequest, provider: Provider) -> FetchPlan:
        """Return what is missing.

        Raises
        ------
        InvalidInput
            The provider does not give that, or has no such series.
        """
        for kind in request.kinds:
            if kind not in provider.capabilities:
                raise InvalidInput(
                    f"{provider.title} gives no {kind}.",
                    field="kinds",
                    hint=f"It gives {', '.join(sorted(provider.capabilities & FETCHED))}.",
                )
        now = datetime.now(UTC)
        steps: list[FetchStep] = []
        done: list[str] = []
        for kind in request.kinds:
            interval = request.interval if kind == "bars" else ""
            names = request.symbols if kind != "economic" else _series(request, provider)
            known = await asyncio.to_thread(
                self._fetched.coverage, provider.name, kind, names, interval
            )
            for name in names:
                before = known.get(name)
                query = None
                if kind == "bars":
                    query = bars_query(request, name, before, now)
                    wanted = query is not None
                else:
                    wanted = request.again or _is_due(kind, before, now)
                if wanted:
                    cost = provider.requests(kind, query)
                    steps.append(FetchStep(kind, name, cost, query, before))
                else:
                    done.append(f"{kind} of {name}")
        budget = await asyncio.to_thread(provider.budget)
        return FetchPlan(provider.name, tuple(steps), tuple(done), budget)


def bars_query(
    request: FetchRequest, symbol: str, before: Coverage | None, now: datetime
) -> BarsQuery | None:
    """Return which bars of a symbol are missing; None when none are.

    Parameters
    ----------
    before
        How far its bars were fetched; None when never.
    now
        Aware.
    """
    adjusted = request.adjusted
    if adjusted is None:
        adjusted = before.adjusted if before is not None else True
    query = BarsQuery(
        symbol, request.interval, request.start, request.end, adjusted, request.extended_hours
    )
    if before is None or before.end is None or request.again or adjusted != before.adjusted:
        return query
    front = (
        before.start is not None
        and not before.limited
        and (request.start is None or request.start < before.start)
    )
    back = (request.end is None or request.end > before.end) and _may_have_more(
        before, request.end, now
    )
    if not front and not back:
        return None
    # A hole between what is stored and what is wanted would never be seen again.
    overlap = max(before.end - OVERLAP, before.start or date.min)
    return replace(
        query,
        start=request.start if front else overlap,
        end=request.end if back else before.start,
    )


def _may_have_more(before: Coverage, end: date | None, now: datetime) -> bool:
    """Whether there may be bars after those that were fetched."""
    assert before.end is not None  # noqa: S101 -- the caller looked
    if before.asked is not None and (end is None or end > before.asked):
        return True
    latest = last_over(before.name, now)
    if before.fetched_at < closes_at(before.name, latest):
        return True
    # A provider may publish a session hours after its close; a holiday never.
    return before.end < latest and now - before.fetched_at >= LATE


def _series(request: FetchRequest, provider: Provider) -> Sequence[str]:
    offered = provider.series()
    unknown = [name for name in request.series if name not in offered]
    if unknown:
        raise InvalidInput(
            f"{provider.title} has no series {unknown[0]!r}.",
            field="series",
            hint=f"It has {', '.join(offered)}.",
        )
    return request.series or offered


def _is_due(kind: str, before: Coverage | None, now: datetime) -> bool:
    return before is None or now - before.fetched_at >= DUE[kind]
