"""Alerts: once a session on the edge, kept in a log, whoever looks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pytest

from quant_tui.domain.errors import InvalidInput, NotFound, StrategyError
from quant_tui.domain.watchlist import AlertEvent
from quant_tui.services.arrivals import BarsArrived
from quant_tui.services.composition import Services
from quant_tui.services.watchlist_edits import details_of
from quant_tui.storage.duck.records import ImportBatch

START = date(2026, 3, 2)


def _store(services: Services, closes: dict[str, Sequence[float]], first: int = 0) -> None:
    """Store closes on days counted from START, and say that they arrived."""
    rows = [
        (symbol, START + timedelta(days=first + at), close)
        for symbol, values in closes.items()
        for at, close in enumerate(values)
    ]
    prices = [close for _, _, close in rows]
    table = pa.table(
        {
            "symbol": [symbol for symbol, _, _ in rows],
            "date": pa.array([day for _, day, _ in rows], pa.date32()),
            **dict.fromkeys(("open", "high", "low", "close"), prices),
            "volume": [1000.0] * len(rows),
        }
    )
    services.stores.bars.upsert(table, ImportBatch("test"))


def _told(events: Sequence[AlertEvent]) -> list[tuple[str, str, float]]:
    return sorted((one.symbol, one.bar_date, one.close) for one in events)


async def _watched(services: Services, rule: str = "close > 10", **options: object) -> str:
    made = await services.watchlists.create("L", ["A", "B"])
    await services.alerts.add(made.id, rule, **options)  # type: ignore[arg-type]  # as given
    return made.id


async def test_bars_that_another_process_brings_in_are_looked_at(services: Services) -> None:
    """Together, once no more come; what this process brings in is told by who does it."""
    _store(services, {"A": [9], "B": [9], "C": [9]})
    await _watched(services)
    told: list[BarsArrived] = []
    services.arrivals.subscribe(told.append)
    elsewhere = services.arrivals_elsewhere
    fired: list[AlertEvent] = []
    services.alert_feed.subscribe(fired.extend)
    for symbol in ("A", "C"):
        await elsewhere.look()
        _store(services, {symbol: [11]}, first=1)
    await elsewhere.look()
    assert told == [], "more may come"
    await elsewhere.look()
    assert told == [BarsArrived(("A", "C"), "1d")]
    await services.alerts._arrivals.flush()
    for job in services.jobs.jobs:
        await job.wait()
    assert _told(fired) == [("A", "2026-03-03", 11.0)]
    _store(services, {"B": [11]}, first=1)
    services.arrivals.publish(BarsArrived(("B",), "1d"))
    for _ in range(3):
        await elsewhere.look()
    assert len(told) == 2
    _store(services, {"B": [12]}, first=2)
    for _ in range(3):
        await elsewhere.look()
    assert told[2:] == [BarsArrived(("B",), "1d")]


async def test_it_fires_when_the_condition_becomes_true_and_only_then(services: Services) -> None:
    """True already, or true still, is no news; false and true again is."""
    _store(services, {"A": [9, 11], "B": [9, 9]})
    await _watched(services)
    assert (await services.alerts.look()).events == ()  # A rose before the alert was made
    _store(services, {"A": [12], "B": [11]}, first=2)
    assert _told((await services.alerts.look()).events) == [("B", "2026-03-04", 11.0)]
    assert (await services.alerts.look()).events == ()
    _store(services, {"A": [9, 10.5], "B": [12, 13]}, first=3)
    assert _told((await services.alerts.look()).events) == [("A", "2026-03-06", 10.5)]
    log = await services.alerts.log()
    assert [(one.symbol, one.bar_date) for one in log] == [("A", "2026-03-06"), ("B", "2026-03-04")]
    assert (log[0].name, log[0].rule, log[0].watchlist) == ("close > 10", "close > 10", "L")


async def test_a_session_fires_once_even_when_its_bar_is_revised(services: Services) -> None:
    """A bar that falls back and rises again on the same day tells once."""
    _store(services, {"A": [9, 9], "B": [9, 9]})
    await _watched(services)
    for close, told in ((11, 1), (9, 0), (12, 0)):
        _store(services, {"A": [close]}, first=2)
        assert len((await services.alerts.look()).events) == told


async def test_a_history_that_comes_late_tells_of_the_last_sessions_only(
    services: Services,
) -> None:
    """An import of years does not tell of every rise in them."""
    await _watched(services)
    _store(services, {"A": [9, 11] * 50})
    events = (await services.alerts.look()).events
    assert [one.bar_date for one in events] == ["2026-06-05", "2026-06-07", "2026-06-09"]


async def test_two_who_look_at_once_tell_once(services: Services) -> None:
    """The second is refused by the store, not by luck."""
    _store(services, {"A": [9], "B": [9]})
    await _watched(services)
    _store(services, {"A": [11], "B": [11]}, first=1)
    both = await asyncio.gather(services.alerts.look(), services.alerts.look())
    assert len(both[0].events) + len(both[1].events) == 2
    assert len(await services.alerts.log()) == 2


async def test_an_arrival_looks_by_itself_and_tells_the_feed(services: Services) -> None:
    """Word of new bars is gathered, and only those symbols are looked at."""
    _store(services, {"A": [9], "B": [9]})
    await _watched(services)
    _store(services, {"A": [11], "B": [11]}, first=1)
    heard: asyncio.Future[Sequence[AlertEvent]] = asyncio.get_running_loop().create_future()
    stop = services.alert_feed.subscribe(heard.set_result)
    services.arrivals.publish(BarsArrived(("A",), "1d"))
    services.arrivals.publish(BarsArrived(("A",), "5m"))
    assert _told(await asyncio.wait_for(heard, 60)) == [("A", "2026-03-03", 11.0)]
    stop()


def _store_hours(services: Services, symbol: str, closes: Sequence[float], first: int = 0) -> None:
    """Store two bars a day: the first closes at 1, the second where the day does."""
    at = [
        datetime.combine(START, time(hour)) + timedelta(days=first + day)
        for day in range(len(closes))
        for hour in (10, 11)
    ]
    prices = [price for close in closes for price in (1.0, float(close))]
    table = pa.table(
        {
            "symbol": [symbol] * len(at),
            "date": pa.array(at, pa.timestamp("us")),
            **dict.fromkeys(("open", "high", "low", "close"), prices),
            "volume": [1000.0] * len(at),
        }
    )
    services.stores.bars.upsert(table, ImportBatch("test", interval="1h"))


async def test_days_of_intraday_bars_are_looked_at_where_there_are_no_others(
    services: Services,
) -> None:
    """A day is one session, whatever its bars do; minute bars of others change nothing."""
    _store(services, {"B": [9]})
    _store_hours(services, "A", [9, 11])
    _store_hours(services, "B", [99])
    await _watched(services)
    assert (await services.alerts.look()).events == ()
    _store_hours(services, "A", [9, 12], first=2)
    heard: asyncio.Future[Sequence[AlertEvent]] = asyncio.get_running_loop().create_future()
    stop = services.alert_feed.subscribe(heard.set_result)
    services.arrivals.publish(BarsArrived(("A", "B"), "1h"))
    assert _told(await asyncio.wait_for(heard, 60)) == [("A", "2026-03-05", 12.0)]
    stop()


async def test_symbols_of_an_alert_and_comparisons_between_symbols(services: Services) -> None:
    """An alert on one symbol leaves the others alone; ranks are among the whole list."""
    _store(services, {"A": [10, 9], "B": [9, 8]})
    list_id = await _watched(services, "rank(close) == 1", symbols=["B"], name="best")
    _store(services, {"A": [5], "B": [7]}, first=2)
    events = (await services.alerts.look(frozenset({"B"}))).events
    assert [(one.symbol, one.name) for one in events] == [("B", "best")]
    with pytest.raises(InvalidInput, match="Not in L: Z"):
        await services.alerts.add(list_id, "close > 1", symbols=["Z"])


async def test_a_symbol_is_new_after_its_own_last_session_not_after_that_of_others(
    services: Services,
) -> None:
    _store(services, {"A": [9, 9, 11], "B": [9]})
    await _watched(services)
    _store(services, {"B": [11]}, first=1)
    assert _told((await services.alerts.look()).events) == [("B", "2026-03-03", 11)]


async def test_life_of_an_alert(services: Services) -> None:
    """Added, switched off, changed, removed and put back; a wrong rule is refused."""
    _store(services, {"A": [9], "B": [9]})
    list_id = await _watched(services)
    (alert,) = details_of(await services.watchlists.get(list_id)).alerts
    assert alert.since == START
    await services.alerts.switch(list_id, alert.id, active=False)
    _store(services, {"A": [11]}, first=1)
    assert (await services.alerts.look()).events == ()
    changed = await services.alerts.replace(list_id, alert.id, "close < 5", name="low")
    assert (changed.name, changed.since) == ("low", START + timedelta(days=1))
    gone = await services.alerts.remove(list_id, changed.id)
    with pytest.raises(NotFound, match="no alert"):
        await services.alerts.remove(list_id, gone.id)
    await services.alerts.put_back(list_id, gone)
    assert details_of(await services.watchlists.get(list_id)).alerts == (gone,)
    with pytest.raises(StrategyError, match="must be a condition"):
        await services.alerts.add(list_id, "close")


async def test_an_alert_that_cannot_be_looked_at_hinders_no_other(services: Services) -> None:
    """It is named among the problems."""
    _store(services, {"A": [9], "B": [9]})
    list_id = await _watched(services)

    def spoil(watchlist):  # type: ignore[no-untyped-def]  # an edit
        details = details_of(watchlist)
        broken = details.alerts[0].model_copy(update={"id": "x", "name": "odd", "rule": "clos > 1"})
        metadata = details.model_copy(update={"alerts": (broken, *details.alerts)})
        return watchlist.model_copy(update={"metadata": metadata.model_dump(mode="json")})

    await services.watchlists.change(list_id, spoil)
    _store(services, {"A": [11]}, first=1)
    fired = await services.alerts.look()
    assert len(fired.events) == 1
    assert fired.problems[0].startswith("L: odd: rule")
