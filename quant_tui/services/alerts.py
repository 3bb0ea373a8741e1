"""Alerts: conditions on the symbols of lists, looked at when data arrive."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound, QuantError
from quant_tui.domain.user import Watchlist
from quant_tui.domain.watchlist import AlertEvent, ListAlert
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.feeds import Feed
from quant_tui.services.gathered_arrivals import Arrived, GatheredArrivals
from quant_tui.services.names import checked_name
from quant_tui.services.rule_values import Newest, RuleValues, check_rule
from quant_tui.services.watchlist_edits import details_of, with_details
from quant_tui.services.watchlists import WatchlistService
from quant_tui.storage.duck.records import is_intraday
from quant_tui.storage.mongo.repositories import UserRepositories

LOOK_BACK = 5
"""Newest sessions of a symbol on which a condition that became true is still told of."""

GATHER_SECONDS = 0.5
"""How long word of new bars is gathered before the alerts are looked at."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fired:
    """What a look at the alerts found.

    Attributes
    ----------
    events
        Those that had not been told of before, in the order of list, alert and symbol.
    problems
        Alerts that could not be looked at, one line each.
    """

    events: tuple[AlertEvent, ...]
    problems: tuple[str, ...] = ()


class AlertFeed(Feed[Sequence[AlertEvent]]):
    """Who wants to hear of alerts that fire."""


class AlertService:
    """Alerts of the signed-in user.

    An alert fires on a session on which its condition is true and was not on the bar
    before: once for each symbol and session, whoever looks first, on whichever machine.
    """

    def __init__(
        self,
        repositories: UserRepositories,
        watchlists: WatchlistService,
        values: RuleValues,
        jobs: JobManager,
        feed: AlertFeed,
    ) -> None:
        self._events = repositories.alert_events
        self._user_id = repositories.user_id
        self._watchlists = watchlists
        self._values = values
        self._jobs = jobs
        self._feed = feed
        self._arrivals = GatheredArrivals(self._start_if_any, GATHER_SECONDS)

    # ------------------------------------------------------------------------ definitions

    async def add(
        self, list_id: str, rule: str, *, name: str = "", symbols: Sequence[str] = ()
    ) -> ListAlert:
        """Add an alert to a list, for sessions after the newest one that each symbol has.

        Parameters
        ----------
        rule
            A condition of the rule language, on daily bars.
        name
            Empty for the rule itself.
        symbols
            Symbols of the list; none for all of it, also for those added later.

        Raises
        ------
        StrategyError
            The rule is not a condition that can be evaluated.
        InvalidInput
            A symbol is not in the list.
        """
        made = await self._made(await self._watchlists.get(list_id), rule, name, symbols)
        await self._watchlists.change(list_id, _with_alerts(lambda alerts: (*alerts, made)))
        return made

    async def replace(
        self, list_id: str, alert_id: str, rule: str, *, name: str = "", symbols: Sequence[str] = ()
    ) -> ListAlert:
        """Change an alert; it is a new one from then on. Raises as :meth:`add` does."""
        watchlist = await self._watchlists.get(list_id)
        _find(watchlist, alert_id)
        made = await self._made(watchlist, rule, name, symbols)
        await self._watchlists.change(
            list_id,
            _with_alerts(
                lambda alerts: tuple(made if one.id == alert_id else one for one in alerts)
            ),
        )
        return made

    async def remove(self, list_id: str, alert_id: str) -> ListAlert:
        """Take an alert out of its list and return it; what it told stays in the log.

        Raises
        ------
        NotFound
            The list has none with that id.
        """
        gone = _find(await self._watchlists.get(list_id), alert_id)
        await self._watchlists.change(
            list_id, _with_alerts(lambda alerts: tuple(one for one in alerts if one.id != alert_id))
        )
        return gone

    async def watched(self) -> tuple[str, ...]:
        """Return the symbols that active alerts look at, each once."""
        found = _wanted(await self._watchlists.list(), None)
        return tuple(dict.fromkeys(symbol for _, _, names in found for symbol in names))

    async def list_of(self, alert_id: str) -> Watchlist:
        """Return the list that an alert is on.

        Raises
        ------
        NotFound
            No list has it.
        """
        for watchlist in await self._watchlists.list():
            if any(one.id == alert_id for one in details_of(watchlist).alerts):
                return watchlist
        raise NotFound(f"There is no alert {alert_id!r}.", hint="See: quant-tui alert list")

    async def put_back(self, list_id: str, alert: ListAlert) -> None:
        """Put a removed alert back."""
        await self._watchlists.change(list_id, _with_alerts(lambda alerts: (*alerts, alert)))

    async def switch(self, list_id: str, alert_id: str, *, active: bool) -> None:
        """Look at an alert, or no longer."""
        _find(await self._watchlists.get(list_id), alert_id)
        await self._watchlists.change(
            list_id,
            _with_alerts(
                lambda alerts: tuple(
                    one.model_copy(update={"active": active}) if one.id == alert_id else one
                    for one in alerts
                )
            ),
        )

    async def log(self, limit: int = 100, *, list_id: str = "") -> list[AlertEvent]:
        """Return what the alerts told, the newest first.

        Parameters
        ----------
        list_id
            Only of one list; empty for all, also those that are gone.
        """
        where = {"watchlist_id": list_id} if list_id else None
        return await self._events.list(where=where, sort=[("fired_at", -1)], limit=limit)

    # ---------------------------------------------------------------------------- looking

    def listen(self, arrivals: Arrivals, *missed: BarsArrived) -> None:
        """Look at the alerts from now on whenever bars of which days consist arrive."""
        self._arrivals.listen(arrivals, *missed)

    def stop(self) -> None:
        """Do not listen any more."""
        self._arrivals.stop()

    async def _start_if_any(self, arrived: Arrived) -> None:
        """Begin a job where an alert is about one of the symbols."""
        try:
            symbols = await self._with_new_days(arrived)
            wanted = any(True for _ in _wanted(await self._watchlists.list(), symbols))
        except QuantError:
            log.exception("the alerts could not be looked at")
        else:
            if wanted:
                self.start(symbols)

    async def _with_new_days(self, arrived: Arrived) -> frozenset[str]:
        """Return the symbols whose daily bars change by what arrived."""
        new: set[str] = set()
        intraday: set[str] = set()
        for interval, symbols in arrived.items():
            (intraday if is_intraday(interval) else new).update(symbols)
        if intraday:
            summaries = await self._values.summaries(intraday)
            new.update(one.symbol for one in summaries if is_intraday(one.interval))
        return frozenset(new)

    def start(self, symbols: frozenset[str] | None = None) -> Job[Fired]:
        """Look at the alerts as a job, which tells the feed of what fired.

        Parameters
        ----------
        symbols
            Those with new bars; None for all.
        """

        async def work(context: JobContext) -> Fired:
            return await self.look(symbols, context)

        return self._jobs.start("alerts", "Alerts", work)

    async def look(
        self, symbols: frozenset[str] | None = None, context: JobContext | None = None
    ) -> Fired:
        """Look at the alerts of all lists, keep in the log what fires, and tell the feed."""
        events: list[AlertEvent] = []
        problems: list[str] = []
        wanted = list(_wanted(await self._watchlists.list(), symbols))
        for at, (watchlist, alert, names) in enumerate(wanted):
            if context is not None:
                context.cancel.raise_if_cancelled()
                context.progress(at / len(wanted), f"{watchlist.name}: {alert.name}")
            try:
                rule = check_rule(alert.rule, condition=True)
                # what compares symbols needs all of the list, whoever has new bars
                sought = watchlist.symbols if rule.across else names
                (found,) = await self._values.evaluate([rule], sought, newest=LOOK_BACK + 1)
            except QuantError as error:
                problems.append(f"{watchlist.name}: {alert.name}: {error.message}")
                continue
            since = dict(alert.behind)
            events += await self._keep(
                self._event(watchlist, alert, symbol, newest, place)
                for symbol, newest in found.items()
                if symbol in names
                for place in _edges(newest, since.get(symbol, alert.since))
            )
        if events:
            self._feed.publish(tuple(events))
        return Fired(tuple(events), tuple(problems))

    async def _keep(self, events: Iterator[AlertEvent]) -> list[AlertEvent]:
        """Keep events that nobody has kept yet; return those."""
        kept: list[AlertEvent] = []
        possible = list(events)
        if not possible:
            return kept
        known = {
            (one.symbol, one.bar_date)
            for one in await self._events.list(
                where={
                    "alert_id": possible[0].alert_id,
                    "bar_date": {"$gte": min(one.bar_date for one in possible)},
                },
                limit=None,
            )
        }
        for one in possible:
            if (one.symbol, one.bar_date) in known:
                continue
            try:
                kept.append(await self._events.create(one))
            except Conflict:
                continue  # another window or machine was faster, and has told of it
        return kept

    def _event(
        self, watchlist: Watchlist, alert: ListAlert, symbol: str, newest: Newest, place: int
    ) -> AlertEvent:
        return AlertEvent(
            user_id=self._user_id,
            watchlist_id=watchlist.id,
            watchlist=watchlist.name,
            alert_id=alert.id,
            name=alert.name,
            rule=alert.rule,
            symbol=symbol,
            bar_date=newest.dates[place].isoformat(),
            close=newest.closes[place],
        )

    async def _made(
        self, watchlist: Watchlist, rule: str, name: str, symbols: Sequence[str]
    ) -> ListAlert:
        checked = check_rule(rule, condition=True)
        absent = [one for one in symbols if one not in watchlist.symbols]
        if absent:
            raise InvalidInput(
                f"Not in {watchlist.name}: {', '.join(absent)}.", field="symbols",
                hint="Add them to the list first, or leave symbols empty for all of it.",
            )  # fmt: skip
        watched = set(symbols or watchlist.symbols)
        lasts = {one.symbol: one.last for one in await self._values.summaries(watched)}
        since = max(lasts.values(), default=None)
        return ListAlert(
            id=uuid.uuid4().hex[:8],
            name=checked_name(name, title="name") or checked.text,
            rule=checked.text,
            symbols=tuple(symbols),
            since=since,
            behind=tuple((symbol, last) for symbol, last in lasts.items() if last != since),
        )


def _with_alerts(
    change: Callable[[tuple[ListAlert, ...]], tuple[ListAlert, ...]],
) -> Callable[[Watchlist], Watchlist]:
    return lambda watchlist: with_details(watchlist, alerts=change(details_of(watchlist).alerts))


def _find(watchlist: Watchlist, alert_id: str) -> ListAlert:
    for one in details_of(watchlist).alerts:
        if one.id == alert_id:
            return one
    raise NotFound(
        f"The watchlist {watchlist.name} has no alert {alert_id!r}.",
        hint="See: quant-tui alert list",
    )


def _wanted(
    watchlists: Sequence[Watchlist], symbols: frozenset[str] | None
) -> Iterator[tuple[Watchlist, ListAlert, list[str]]]:
    """Yield the alerts that have something to look at, with their symbols."""
    for watchlist in watchlists:
        for alert in details_of(watchlist).alerts:
            watched = set(alert.symbols or watchlist.symbols)
            names = [
                one
                for one in watchlist.symbols
                if one in watched and (symbols is None or one in symbols)
            ]
            if alert.active and names:
                yield watchlist, alert, names


def _edges(newest: Newest, since: date | None) -> Iterator[int]:
    """Yield the places of the last sessions on which a condition became true."""
    for place in range(max(0, len(newest.values) - LOOK_BACK), len(newest.values)):
        is_new = since is None or newest.dates[place] > since
        before = newest.values[place - 1] if place else None
        if is_new and newest.values[place] is True and before is not True:
            yield place
