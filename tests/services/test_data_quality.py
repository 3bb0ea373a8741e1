"""What is odd is found where it was put, judged by the right calendar, and fixed on record."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import Cancelled, InvalidInput, NotFound
from quant_tui.domain.market_data import Company
from quant_tui.jobs.manager import Job
from quant_tui.services.arrivals import BarsArrived
from quant_tui.services.composition import Services, open_services
from quant_tui.services.quality_findings import QualityFinding, QualityReport
from quant_tui.services.symbol_calendars import Calendars
from quant_tui.services.trading_calendars import TradingCalendars, by_exchange, by_name
from quant_tui.storage.duck.records import CorporateAction, ImportBatch
from tests.accounts import sign_up

Columns = dict[str, np.ndarray]
Keep = Callable[..., None]


pytestmark = pytest.mark.usefixtures("few_calendars")


@pytest.fixture
async def services(settings: Settings, worked_out_calendars: Path) -> AsyncIterator[Services]:
    shutil.copytree(worked_out_calendars, settings.locations.calendars)
    opened = await open_services(settings)
    try:
        await sign_up(opened, "trader")
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def calendars(worked_out_calendars: Path) -> TradingCalendars:
    return TradingCalendars(worked_out_calendars)


def walk(days: Sequence[date] | np.ndarray, seed: int = 0) -> Columns:
    """Clean bars on some days: a quiet random walk, open at the close before."""
    draw = np.random.default_rng(seed)
    count = len(days)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.01, count)))
    opened = np.concatenate((close[:1], close[:-1]))
    return {
        "date": np.asarray(days, dtype="datetime64[D]"),
        "open": opened,
        "high": np.maximum(opened, close) * 1.004,
        "low": np.minimum(opened, close) * 0.996,
        "close": close,
        "volume": np.round(draw.uniform(9e5, 11e5, count)),
    }


@pytest.fixture
def keep(services: Services) -> Keep:
    """Store bars of a symbol."""

    def store(symbol: str, columns: Columns, source: str = "one", content_hash: str = "") -> None:
        stage = pa.table({"symbol": [symbol] * len(columns["date"]), **columns})
        batch = ImportBatch(source, origin=f"{source}.csv", content_hash=content_hash)
        services.stores.bars.upsert(stage, batch)

    return store


def between(calendars: TradingCalendars, code: str, first: str, last: str) -> np.ndarray:
    days = calendars.sessions(code).days
    return days[(days >= np.datetime64(first)) & (days <= np.datetime64(last))]


async def check(services: Services, *symbols: str) -> QualityReport:
    return await services.data_quality.start_check(symbols or None).wait()


async def found(services: Services, *symbols: str) -> dict[tuple[str, str], QualityFinding]:
    """Findings by symbol and check, those about the present day left out."""
    report = await check(services, *symbols)
    return {(one.symbol, one.check): one for one in report.findings if one.check != "overdue"}


def days_of(finding: QualityFinding) -> list[str]:
    return [day.isoformat() for day in finding.dates]


# ---------------------------------------------------------------------------- calendars


async def test_clean_bars_of_every_session_have_no_finding(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    # the hurricane of 2012 and every half day lie in it
    keep("CLEAN", walk(between(calendars, "XNYS", "2010-01-04", "2014-12-31")))
    report = await check(services)
    assert [one.check for one in report.findings] == ["overdue"]
    assert report.calendars == {"CLEAN": ("XNYS", "inferred")}
    assert (report.symbols, report.bars) == (1, 1258)


async def test_missing_and_unexpected_sessions_by_the_exchanges_calendar(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    days = between(calendars, "XNYS", "2010-01-04", "2014-12-31")
    lost = np.array(["2011-11-25", "2012-03-14"], dtype="datetime64[D]")  # the first: a half day
    strange = np.array(["2012-10-29", "2013-07-04", "2013-07-06"], dtype="datetime64[D]")
    keep("A", walk(np.sort(np.concatenate((np.setdiff1d(days, lost), strange)))))
    findings = await found(services)
    assert days_of(findings.pop(("A", "missing_sessions"))) == ["2011-11-25", "2012-03-14"]
    unexpected = findings.pop(("A", "unexpected_session"))
    assert days_of(unexpected) == ["2012-10-29", "2013-07-04", "2013-07-06"]
    assert "XNYS" in unexpected.text
    assert findings == {}


async def test_korean_holidays_are_no_missing_sessions_of_a_korean_symbol(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    days = between(calendars, "XKRX", "2022-01-03", "2024-12-30")
    assert np.datetime64("2024-02-09") not in days  # the lunar new year
    assert np.datetime64("2022-03-09") not in days  # an election
    seollal = np.array(["2024-02-09"], dtype="datetime64[D]")
    keep("005930", walk(days))
    keep("000660", walk(np.sort(np.concatenate((days, seollal)))))
    keep("SAMSUNG", walk(days))  # its dates alone say where it trades
    report = await check(services)
    assert report.calendars == {
        "005930": ("XKRX", "name"),
        "000660": ("XKRX", "name"),
        "SAMSUNG": ("XKRX", "inferred"),
    }
    findings = {(one.symbol, one.check) for one in report.findings if one.check != "overdue"}
    assert findings == {("000660", "unexpected_session")}


async def test_a_calendar_comes_from_choice_then_exchange_then_dates(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    every_day = np.arange("2023-01-01", "2023-12-31", dtype="datetime64[D]")
    new_york = between(calendars, "XNYS", "2020-01-02", "2023-12-29")
    keep("COIN", walk(every_day))
    keep("US", walk(new_york))
    keep("FEW", walk(new_york[:5]))
    await services.companies.keep(
        [Company(symbol="US", name="", financials={"exchange": "NASDAQ"})]
    )
    report = await check(services)
    assert report.calendars == {
        "COIN": ("24/7", "inferred"),
        "US": ("XNYS", "exchange"),
        "FEW": ("XNYS", "assumed"),
    }
    assert await services.data_quality.choose_calendar(["US", "COIN"], "xtks") == "XTKS"
    report = await check(services, "US", "COIN")
    assert set(report.calendars.values()) == {("XTKS", "chosen")}
    assert ("US", "missing_sessions") in await found(services, "US")
    with pytest.raises(InvalidInput, match="no calendar 'MARS'"):
        await services.data_quality.choose_calendar(["US"], "MARS")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2024-11-29T17:00", "2024-11-27"),  # before a half day's close; Thanksgiving is none
        ("2024-11-29T21:05", "2024-11-29"),  # three hours after its close at 13:00
        ("2024-12-02T21:05", "2024-11-29"),  # a full day closes later
        ("2024-12-03T00:05", "2024-12-02"),
        ("2024-12-01T12:00", "2024-11-29"),  # a Sunday
        ("2012-10-30T23:59", "2012-10-26"),  # the hurricane
    ],
)
def test_the_last_session_expected_knows_half_days_and_closures(
    calendars: TradingCalendars, now: str, expected: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert str(calendars.sessions("XNYS").expected(moment)) == expected


def test_nothing_is_expected_long_after_the_known_sessions(calendars: TradingCalendars) -> None:
    assert calendars.sessions("XNYS").expected(datetime(2090, 1, 1, tzinfo=UTC)) is None


def test_exchanges_and_symbols_as_vendors_write_them() -> None:
    assert [by_exchange(one) for one in ("NASDAQ", "nyse", "KOSDAQ", "NYSE ARCA", "?", "")] == [
        *("XNYS", "XNYS", "XKRX", "XNYS", "", "")
    ]
    assert [by_name(one) for one in ("005930", "005930.KS", "BTC-USD", "AAPL", "12345")] == [
        *("XKRX", "XKRX", "24/7", "", "")
    ]


def test_a_damaged_file_of_sessions_is_worked_out_again(tmp_path: Path) -> None:
    calendars = TradingCalendars(tmp_path)
    whole = calendars.sessions("24/7")
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    overwritten = [
        content[:at] + b"damage" + content[at + 6 :]
        for at in range(0, len(content), len(content) // 12)
    ]
    for damaged in (content[:100], b"", *overwritten):
        file.write_bytes(damaged)
        again = TradingCalendars(tmp_path).sessions("24/7")
        assert np.array_equal(again.days, whole.days)


# ------------------------------------------------------------------------------- prices


def scaled(columns: Columns, rows: slice, factor: float) -> None:
    for name in ("open", "high", "low", "close"):
        columns[name][rows] *= factor


async def test_a_split_is_told_from_a_crash(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    days = between(calendars, "XNYS", "2020-01-02", "2021-12-31")
    split, crash, slump = walk(days, 1), walk(days, 2), walk(days, 3)
    scaled(split, slice(200, None), 0.25)
    split["volume"][200:] *= 4
    # halved overnight in heavy trading: no split
    scaled(crash, slice(200, None), 0.5)
    crash["volume"][200:204] *= 12
    # opens a little lower and falls by half until the close: no split either
    scaled(slump, slice(200, None), 0.5)
    slump["open"][200] *= 1.8
    slump["high"][200] *= 1.9
    # the decimal point slipped for a session: neither it nor the return from it is one
    slip = walk(days, 4)
    scaled(slip, slice(200, 201), 0.1)
    for name, columns in (("SPLIT", split), ("CRASH", crash), ("SLUMP", slump), ("SLIP", slip)):
        keep(name, columns)
    findings = await found(services)
    one = findings.pop(("SPLIT", "unadjusted_split"))
    assert (one.first, one.split_ratio) == (days[200].item(), 4.0)
    assert "it looks like a 4:1 split" in one.text
    assert list(findings) == [("SLIP", "spike")]


async def test_a_recorded_split_confirms_what_its_ratio_alone_would_not(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    days = between(calendars, "XNYS", "2020-01-02", "2021-12-31")
    raw, adjusted = walk(days, 1), walk(days, 2)
    scaled(raw, slice(200, None), 2 / 3)
    keep("RAW", raw)
    keep("ADJ", adjusted)
    actions = [CorporateAction(name, days[200].item(), split_ratio=1.5) for name in ("RAW", "ADJ")]
    services.stores.corporate_actions.upsert(actions)
    findings = await found(services)
    one = findings.pop(("RAW", "unadjusted_split"))
    assert "the corporate actions have a 3:2 split" in one.text
    assert findings == {}

    heard: list[BarsArrived] = []
    services.arrivals.subscribe(heard.append)
    made = await services.data_quality.fix(one, "adjust_split", made_by="kim", reason="3:2")
    assert (made.detail, made.bars) == ("split 3:2", 200)
    assert await found(services) == {}
    await services.data_quality.undo(made.id, undone_by="lee")
    assert list(await found(services)) == [("RAW", "unadjusted_split")]
    assert heard == [BarsArrived(("RAW",), "1d")] * 2


async def test_every_other_sign_is_found_where_it_is(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    days = between(calendars, "XNYS", "2020-01-02", "2021-12-31")
    odd = walk(days)
    odd["close"][100] *= 1.3
    odd["high"][100] *= 1.4
    odd["volume"][[50, 60]] = 0
    odd["low"][150] = odd["close"][150] * 1.01
    for name in odd:
        if name != "date":
            odd[name][250] = odd[name][249]
    for name in ("open", "high", "low", "close"):
        odd[name][300:308] = odd["close"][299]
    keep("ODD", odd)
    index = walk(days)
    index["volume"][:] = 0
    keep("INDEX", index)
    late = walk(days)
    late["date"][-1] = np.datetime64("2999-12-31")
    keep("LATE", late)
    findings = await found(services)
    assert days_of(findings["LATE", "future"]) == ["2999-12-31"]
    expected = {
        "spike": [100], "zero_volume": [50, 60], "outside_range": [150], "duplicate_bar": [250],
        "stale_close": [299],
    }  # fmt: skip
    assert {check: [str(days[row]) for row in rows] for check, rows in expected.items()} == {
        check: days_of(one) for (symbol, check), one in findings.items() if symbol == "ODD"
    }
    assert {symbol for symbol, _ in findings} == {"ODD", "LATE"}


async def test_sources_that_disagree_and_files_imported_twice(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    columns = walk(between(calendars, "XNYS", "2020-01-02", "2020-12-31"))
    keep("A", columns, "one", content_hash="same")
    other = {name: values.copy() for name, values in columns.items()}
    other["close"][10] *= 1.002
    other["high"][10] *= 1.01
    other["close"][20] *= 1.000001  # rounding, not a conflict
    keep("A", other, "two")
    keep("B", columns, "one", content_hash="twice")
    again = {name: values[:50] for name, values in columns.items()}
    keep("B", again, "renamed", content_hash="twice")
    findings = await found(services)
    conflict = findings.pop(("A", "conflict"))
    assert days_of(conflict) == [str(columns["date"][10])]
    assert list(findings) == [("B", "duplicate_import")]
    (bar,) = await services.data_quality.look_closer(conflict)
    assert bar.prices is not None
    assert (bar.source, bar.other_source) == ("two", "one")
    assert bar.other is not None
    assert (bar.prices[3], bar.other[3]) == (other["close"][10], columns["close"][10])
    await services.data_quality.fix(conflict, "take_other", made_by="kim")
    assert ("A", "conflict") not in await found(services)
    (bar,) = await services.data_quality.look_closer(conflict)
    assert bar.source == "one"


# -------------------------------------------------------------------------------- fixes


async def test_a_closure_an_ignored_finding_and_a_filled_session_are_not_mentioned_again(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    days = between(calendars, "XNYS", "2020-01-02", "2020-12-31")
    keep("A", walk(np.delete(days, [10, 20, 30])))
    finding = (await found(services))["A", "missing_sessions"]
    missing = finding.dates
    fix = services.data_quality.fix
    closure = await fix(finding, "closure", made_by="kim", dates=missing[:1])
    assert (await found(services))["A", "missing_sessions"].dates == missing[1:]
    await fix(finding, "fill", made_by="kim", dates=missing[1:2])
    findings = await found(services)
    assert findings["A", "missing_sessions"].dates == missing[2:]
    assert findings["A", "zero_volume"].dates == missing[1:2]  # said to be invented
    await fix(findings["A", "zero_volume"], "ignore", made_by="kim")
    await fix(findings["A", "missing_sessions"], "ignore", made_by="kim")
    assert await found(services) == {}
    await services.data_quality.undo(closure.id, undone_by="kim")
    assert (await found(services))["A", "missing_sessions"].dates == missing[:1]
    assert [one.kind for one in await services.data_quality.fixes(["A"])] == [
        *("ignore", "ignore", "fill", "closure")
    ]


async def test_a_finding_of_more_dates_than_are_listed_is_fixed_whole(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    columns = walk(between(calendars, "XNYS", "2018-01-02", "2020-12-31"))
    columns["volume"][100:600] = 0
    keep("A", columns)
    finding = (await found(services))["A", "zero_volume"]
    assert (finding.count, len(finding.dates)) == (500, 200)
    made = await services.data_quality.fix(finding, "ignore", made_by="kim")
    assert made.bars == 500
    assert await found(services) == {}


async def test_overdue_is_mentioned_again_once_bars_have_come(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    columns = walk(between(calendars, "XNYS", "2018-01-02", "2020-12-31"))
    keep("A", {name: values[:-1] for name, values in columns.items()})
    (finding,) = (await check(services)).findings
    assert finding.check == "overdue"
    await services.data_quality.fix(finding, "ignore", made_by="kim", reason="delisted")
    assert (await check(services)).findings == ()
    keep("A", columns)
    assert [one.check for one in (await check(services)).findings] == ["overdue"]


async def test_what_is_not_offered_is_refused(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    days = between(calendars, "XNYS", "2020-01-02", "2020-12-31")
    keep("A", walk(np.delete(days, [10])))
    finding = (await found(services))["A", "missing_sessions"]
    with pytest.raises(InvalidInput, match="does not fix"):
        await services.data_quality.fix(finding, "adjust_split", made_by="kim")
    with pytest.raises(InvalidInput, match="not among the dates"):
        await services.data_quality.fix(finding, "closure", made_by="kim", dates=[date(2020, 3, 2)])
    assert await services.data_quality.fixes() == []
    with pytest.raises(NotFound, match="NOPE"):
        await check(services, "NOPE")


async def test_an_empty_store_says_so_and_a_cancelled_check_stops(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    with pytest.raises(InvalidInput, match="no bars yet"):
        await check(services)
    keep("A", walk(between(calendars, "XNYS", "2020-01-02", "2020-12-31")))

    def stop(job: Job[object]) -> None:
        if job.message:
            job.cancel()

    services.jobs.subscribe(stop)
    with pytest.raises(Cancelled):
        await check(services)


# ---------------------------------------------------------------------------- freshness


async def test_freshness_by_symbol_and_of_the_store(
    services: Services, keep: Keep, calendars: TradingCalendars
) -> None:
    keep("US", walk(between(calendars, "XNYS", "2024-01-02", "2024-11-27")))
    keep("005930", walk(between(calendars, "XKRX", "2024-01-02", "2024-11-28")))
    now = datetime(2024, 11, 29, 21, 5, tzinfo=UTC)
    each = {one.symbol: one for one in await services.freshness.of_symbols(now=now)}
    assert (each["US"].expected, each["US"].behind, each["US"].stale) == (
        date(2024, 11, 29), 1, True,
    )  # fmt: skip
    assert (each["005930"].calendar, each["005930"].behind) == ("XKRX", 1)
    whole = await services.freshness.of_store(work_out=False, now=now)
    assert whole is not None
    assert (whole.last, whole.expected, whole.stale) == (
        date(2024, 11, 28), date(2024, 11, 29), True,
    )  # fmt: skip
    earlier = datetime(2024, 11, 29, 6, 0, tzinfo=UTC)  # Seoul has not closed
    fresh = {one.symbol: one.stale for one in await services.freshness.of_symbols(now=earlier)}
    assert fresh == {"US": False, "005930": False}


async def test_the_status_line_never_waits_for_a_calendar_to_be_worked_out(
    stocked: Services,
) -> None:
    shutil.rmtree(stocked.settings.locations.calendars)
    assert await stocked.freshness.of_store(work_out=False) is None
    assert not stocked.settings.locations.calendars.exists()
    answer = await stocked.freshness.of_store(work_out=True)
    assert answer is not None
    assert answer.stale
    assert await stocked.freshness.of_store(work_out=False) == answer


async def test_an_answer_that_bars_overtook_is_not_kept(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = stocked.freshness
    known = service._symbol_calendars.known

    async def meanwhile(symbols: Sequence[str]) -> Calendars:
        stocked.arrivals.publish(BarsArrived(("SPX",), "1d"))
        return await known(symbols)

    with monkeypatch.context() as patched:
        patched.setattr(service._symbol_calendars, "known", meanwhile)
        await service.of_store(work_out=True)
        assert service._answer is None
    assert await service.of_store(work_out=True) is not None
    assert service._answer is not None


def test_kept_sessions_are_read_once(
    worked_out_calendars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendars = TradingCalendars(worked_out_calendars)
    first = calendars.sessions("XNYS")
    monkeypatch.setattr(np, "load", lambda *_: pytest.fail("read again"))
    assert calendars.sessions("XNYS") is first
