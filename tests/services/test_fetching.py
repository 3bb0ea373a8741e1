"""Fetching: only what is missing, as one batch, revisions kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from quant_tui.config.settings import AlphaVantageSettings, Settings
from quant_tui.domain.errors import (
    DailyLimitReached,
    InvalidInput,
    KeyRefused,
    NotFound,
    ProviderError,
    RequestRefused,
)
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.providers.base import BarsQuery
from quant_tui.providers.sessions import closes_at, last_over
from quant_tui.services.adjusting import factors
from quant_tui.services.arrivals import BarsArrived
from quant_tui.services.composition import Services, open_services
from quant_tui.services.fetch_plan import FetchRequest, bars_query
from quant_tui.services.fetching import FetchReport
from quant_tui.storage.duck.fetched import Coverage
from quant_tui.storage.duck.records import CorporateAction, ImportBatch
from tests.accounts import sign_up
from tests.alpha_vantage_server import (
    DAILY,
    DIVIDEND_DAY,
    KEY,
    SPLIT_DAY,
    AlphaVantageServer,
    alpha_vantage,
    cut,
    says,
    silent,
)

Fetch = Callable[[FetchRequest], Awaitable[FetchReport]]


@pytest.fixture
def server() -> Iterator[AlphaVantageServer]:
    with alpha_vantage() as running:
        running.today = last_over("IBM", datetime.now(UTC))
        yield running


@pytest.fixture
async def fetcher(
    settings: Settings, server: AlphaVantageServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Services]:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", KEY)
    mine = AlphaVantageSettings(
        requests_per_minute=60_000, requests_per_day=100, base_url=server.url
    )
    opened = await open_services(replace(settings, alpha_vantage=mine))
    try:
        await sign_up(opened, "trader")
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def fetch(fetcher: Services) -> Fetch:
    async def fetch(request: FetchRequest) -> FetchReport:
        return await fetcher.fetching.start(request).wait()

    return fetch


async def test_a_first_fetch_stores_adjusted_bars_and_keeps_the_raw_ones(
    fetcher: Services, fetch: Fetch, server: AlphaVantageServer
) -> None:
    server.premium = True
    arrived: list[BarsArrived] = []
    fetcher.arrivals.subscribe(arrived.append)
    report = await fetch(FetchRequest(("IBM",)))
    assert report.requests == 3
    assert report.items[0].inserted > 700
    assert not report.failed
    assert arrived == [BarsArrived(("IBM",), "1d")]
    summary = (await fetcher.market_data.symbols())[0]
    assert (summary.source, summary.adjustment) == ("alpha_vantage", "splits and dividends")
    bars = await fetcher.market_data.load_bars(("IBM",))
    raw = fetcher.stores.fetched.raw_prices("IBM", "alpha_vantage")
    assert len(bars) == raw.num_rows
    days = np.array(raw["date"].to_pylist(), dtype="datetime64[D]")
    closes = np.array(raw["close"].to_pylist())
    # Before the split: half; before the dividend of 1.50: less by its part of the last close.
    paid_from = closes[days < np.datetime64(DIVIDEND_DAY)][-1]
    expected = closes * np.where(days < np.datetime64(DIVIDEND_DAY), 1 - 1.5 / paid_from, 1.0)
    expected *= np.where(days < np.datetime64(SPLIT_DAY), 0.5, 1.0)
    np.testing.assert_allclose(bars.close[:, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(np.array(raw["factor"].to_pylist()) * closes, bars.close[:, 0])
    assert set(bars.volume[days < np.datetime64(SPLIT_DAY), 0]) == {2000.0}
    assert set(bars.volume[days >= np.datetime64(SPLIT_DAY), 0]) == {1000.0}
    actions = fetcher.stores.corporate_actions.list_actions(["IBM"])
    assert [one.source for one in actions] == ["alpha_vantage"] * 3
    batch = fetcher.stores.bars.batches()[0].batch
    assert batch.adjustment == "splits and dividends"
    assert "Alpha Vantage" in batch.origin


async def test_what_is_stored_is_not_fetched_again(
    fetch: Fetch, server: AlphaVantageServer
) -> None:
    server.premium = True
    await fetch(FetchRequest(("IBM",)))
    asked = len(server.asked)
    report = await fetch(FetchRequest(("IBM",)))
    assert len(server.asked) == asked
    assert report.up_to_date == ("bars of IBM",)
    assert report.items == ()
    again = await fetch(FetchRequest(("IBM",), again=True))
    assert again.items[0].inserted == 0
    assert again.items[0].unchanged > 700


async def test_raw_bars_take_one_request_and_can_be_adjusted_later(
    fetcher: Services, fetch: Fetch, server: AlphaVantageServer
) -> None:
    server.premium = True
    await fetch(FetchRequest(("IBM",), adjusted=False))
    assert server.functions == ["TIME_SERIES_DAILY"]
    first = (await fetcher.market_data.load_bars(("IBM",))).close[0, 0]
    assert (await fetcher.market_data.symbols())[0].adjustment == "none"
    await fetch(FetchRequest(("IBM",), adjusted=True))
    second = (await fetcher.market_data.load_bars(("IBM",))).close[0, 0]
    assert second < first * 0.51
    assert (await fetcher.market_data.symbols())[0].adjustment == "splits and dividends"
    await fetch(FetchRequest(("IBM",), adjusted=False))
    assert (await fetcher.market_data.load_bars(("IBM",))).close[0, 0] == first
    # Adjusting anew replaces nothing that could not be computed again.
    with fetcher.stores.duck.read() as connection:
        assert connection.execute("SELECT count(*) FROM bar_revisions").fetchone() == (0,)


async def test_bars_of_another_source_are_replaced_by_name_and_kept(
    fetcher: Services, fetch: Fetch, server: AlphaVantageServer
) -> None:
    day = server.today - timedelta(days=14)
    bar = {"symbol": ["IBM"], "date": [day], "open": [1.0], "high": [2.0], "low": [1.0],
           "close": [2.0], "volume": [5.0]}  # fmt: skip
    fetcher.stores.bars.upsert(pa.table(bar), ImportBatch("file"))
    report = await fetch(FetchRequest(("IBM",), adjusted=False))
    assert "bars of file on the same days were replaced" in report.items[0].notes
    with fetcher.stores.duck.read() as connection:
        kept = connection.execute("SELECT close_price, data_source FROM bar_revisions").fetchall()
    assert kept == [(2.0, "file")]


async def test_a_changed_value_is_kept_as_a_revision(
    fetcher: Services, fetch: Fetch, server: AlphaVantageServer
) -> None:
    await fetch(FetchRequest(("IBM",), adjusted=False))
    day = server.today - timedelta(days=7)
    old = float(server.bar(day)["4. close"])
    original = server.bar

    def revised(when: date) -> dict[str, str]:
        bar = original(when)
        if when == day:
            bar["4. close"] = f"{old + 0.5:.4f}"
        return bar

    server.bar = revised  # type: ignore[method-assign]  # what the provider says from now on
    report = await fetch(FetchRequest(("IBM",), adjusted=False, again=True))
    assert (report.items[0].updated, report.items[0].revisions) == (1, 1)
    kept = fetcher.stores.fetched.revisions("IBM")
    assert [(one.field, one.old, one.new) for one in kept] == [("close", old, old + 0.5)]
    assert kept[0].date.date() == day


async def test_a_failure_of_one_symbol_keeps_the_others(fetch: Fetch, fetcher: Services) -> None:
    report = await fetch(FetchRequest(("NOPE", "IBM"), adjusted=False))
    assert [one.name for one in report.failed] == ["NOPE"]
    assert "no such symbol" in report.failed[0].error
    assert [one.symbol for one in await fetcher.market_data.symbols()] == ["IBM"]
    with pytest.raises(RequestRefused):
        await fetch(FetchRequest(("NOPE",), adjusted=False))


async def test_a_failure_in_the_middle_of_a_symbol_stores_nothing_of_it(
    fetch: Fetch, fetcher: Services, server: AlphaVantageServer
) -> None:
    server.answers["DIVIDENDS"] = {"data": [{"ex_dividend_date": "x", "amount": "1"}]}
    with pytest.raises(ProviderError):
        await fetch(FetchRequest(("IBM",)))
    assert await fetcher.market_data.symbols() == []
    assert fetcher.stores.fetched.raw_prices("IBM", "alpha_vantage").num_rows == 0


async def test_after_the_daily_limit_nothing_more_is_asked(
    fetch: Fetch, server: AlphaVantageServer
) -> None:
    server.troubles = [lambda handler: handler.reply(server.answer(
        {"function": "TIME_SERIES_DAILY", "symbol": "IBM", "outputsize": "compact"})),
        says(DAILY)]  # fmt: skip
    start = server.today - timedelta(days=20)
    report = await fetch(FetchRequest(("IBM", "AAPL", "TSLA"), start=start, adjusted=False))
    assert [one.name for one in report.failed] == ["AAPL", "TSLA"]
    assert report.failed[1].error.startswith("not asked")
    assert len(server.asked) == 2
    assert report.budget is not None
    assert report.budget.left == 0
    with pytest.raises(DailyLimitReached):
        await fetch(FetchRequest(("AAPL",), adjusted=False))


async def test_a_cancelled_fetch_leaves_nothing_of_the_symbol(
    fetcher: Services, server: AlphaVantageServer
) -> None:
    server.troubles = [silent]
    job = fetcher.fetching.start(FetchRequest(("IBM",)))
    assert await asyncio.to_thread(server.was_asked.wait, 30)
    job.cancel()
    assert job.task is not None
    await asyncio.wait({job.task})
    assert not server.over.is_set(), "it did not wait for the line to drop"
    assert job.status is RunStatus.CANCELLED
    assert await fetcher.market_data.symbols() == []


async def test_a_plan_says_requests_budget_and_time(
    fetcher: Services, server: AlphaVantageServer
) -> None:
    plan = await fetcher.fetching.plan(
        FetchRequest(("IBM", "AAPL"), kinds=("bars", "company", "news", "economic"))
    )
    assert plan.requests == 2 * 3 + 2 * 5 + 2 + 15
    assert plan.budget is not None
    assert plan.budget.left == 100
    assert plan.fits
    assert plan.eta_seconds == pytest.approx(0.001 * 32)
    assert server.asked == []


async def test_intraday_bars_are_stored_by_time(fetcher: Services, fetch: Fetch) -> None:
    report = await fetch(FetchRequest(("IBM",), interval="1h"))
    assert report.items[0].inserted > 100
    summary = (await fetcher.market_data.symbols())[0]
    assert summary.interval == "1h"
    again = await fetch(FetchRequest(("IBM",), interval="1h"))
    assert again.up_to_date == ("bars of IBM",)


async def test_companies_news_and_series_reach_their_stores(
    fetcher: Services, fetch: Fetch, server: AlphaVantageServer
) -> None:
    request = FetchRequest(
        ("IBM",), kinds=("company", "news", "economic"), series=("CPI", "TREASURY_YIELD_2Y")
    )
    report = await fetch(request)
    assert not report.failed
    company = await fetcher.companies.of("IBM")
    assert company is not None
    assert company.financials["quarterly"][0]["total_revenue"] == 120.0
    news = await fetcher.news.latest(symbols=("IBM",))
    assert [one.relevance for one in news] == [0.91, 0.91]
    assert len(await fetcher.news.latest(symbols=("AAPL",))) == 2
    series = {one.name: one for one in await fetcher.economics.series()}
    assert series["CPI"].unit == "index 1982-1984=100"
    assert (await fetch(request)).up_to_date == (
        "company of IBM", "news of IBM", "economic of CPI", "economic of TREASURY_YIELD_2Y"
    )  # fmt: skip
    # News go on from the newest that is there.
    asked = len(server.asked)
    await fetch(replace(request, kinds=("news",), again=True))
    assert server.asked[asked]["time_from"].startswith("20261123")


async def test_a_revised_economic_value_keeps_the_old_one(
    fetcher: Services, fetch: Fetch, server: AlphaVantageServer
) -> None:
    request = FetchRequest(kinds=("economic",), series=("CPI",))
    await fetch(request)
    server.answers["CPI"] = {
        "unit": "index 1982-1984=100",
        "data": [{"date": "2026-10-01", "value": "317.7"}, {"date": "2026-09-01", "value": "316"}],
    }
    report = await fetch(replace(request, again=True))
    item = report.items[0]
    assert (item.inserted, item.updated, item.unchanged, item.revisions) == (0, 1, 1, 1)
    kept = fetcher.stores.fetched.revisions("CPI")
    assert (kept[0].old, kept[0].new) == (317.5, 317.7)
    assert (await fetcher.economics.values("CPI"))[-1].value == 317.7


async def test_a_missing_key_says_where_to_set_it(
    fetcher: Services, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, server: AlphaVantageServer
) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY")
    service = fetcher.fetching
    needed = service.require_key("alpha_vantage")
    for asked in (needed, fetch(FetchRequest(("IBM",))), service.search("x")):
        with pytest.raises(KeyRefused, match="Settings"):
            await asked
    assert server.asked == []
    # Looking at what would be fetched, and what is left, needs none.
    assert (await fetcher.fetching.plan(FetchRequest(("IBM",)))).requests > 0
    budget = await fetcher.fetching.budget("alpha_vantage")
    assert budget is not None
    state = next(one for one in await fetcher.fetching.providers() if one.name == "alpha_vantage")
    assert (state.needs_key, state.ready) == (True, False)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (FetchRequest(), "symbols"),
        (FetchRequest(("A,B",)), "symbols"),
        (FetchRequest(("A",), kinds=()), "kinds"),
        (FetchRequest(("A",), kinds=("bonds",)), "kinds"),
        (FetchRequest(("A",), interval="2m"), "interval"),
        (FetchRequest(("A",), start=date(2020, 1, 2), end=date(2020, 1, 1)), "start"),
        (FetchRequest(("A",), start=date(2999, 1, 1)), "start"),
        (FetchRequest(kinds=("economic",), series=("CPX",)), "series"),
    ],
)
async def test_a_wrong_request_names_its_field(
    fetcher: Services, wrong: FetchRequest, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await fetcher.fetching.plan(wrong)
    assert caught.value.field == field


async def test_an_unknown_provider_is_named(fetcher: Services) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await fetcher.fetching.plan(FetchRequest(("A",), provider="nobody"))
    with pytest.raises(InvalidInput, match="fetched"):
        await fetcher.fetching.plan(FetchRequest(("A",), provider="file"))


async def test_a_cut_answer_is_asked_again_and_counted(
    fetch: Fetch, server: AlphaVantageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quant_tui.providers.http.FIRST_PAUSE", 0.001)
    server.troubles = [cut]
    start = server.today - timedelta(days=20)
    report = await fetch(FetchRequest(("IBM",), start=start, adjusted=False))
    assert report.requests == 2
    assert not report.failed


# -------------------------------------------------------------------- what is missing

WEDNESDAY = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
"""After the close in New York."""


def covered(**changes: object) -> Coverage:
    base = Coverage(
        "alpha_vantage", "bars", "IBM", "1d", date(2020, 1, 2), date(2026, 11, 24), None,
        datetime(2026, 11, 24, 22, 0, tzinfo=UTC), True, False,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "before", "expected"),
    [
        # never fetched: as asked
        (FetchRequest(start=date(2024, 1, 1)), None, (date(2024, 1, 1), None)),
        # one session is missing: a week overlaps
        (FetchRequest(start=date(2024, 1, 1)), covered(), (date(2026, 11, 17), None)),
        # older ones are missing too
        (FetchRequest(start=date(2019, 1, 1)), covered(), (date(2019, 1, 1), None)),
        (FetchRequest(), covered(), (None, None)),
        # older ones cannot be had
        (FetchRequest(), covered(limited=True), (date(2026, 11, 17), None)),
        # only older ones are missing
        (
            FetchRequest(start=date(2019, 1, 1), end=date(2020, 6, 1)),
            covered(),
            (date(2019, 1, 1), date(2020, 1, 2)),
        ),
        # all there
        (FetchRequest(start=date(2021, 1, 1), end=date(2022, 1, 1)), covered(), None),
        (
            FetchRequest(start=date(2021, 1, 1)),
            covered(end=date(2026, 11, 25), fetched_at=WEDNESDAY - timedelta(minutes=30)),
            None,
        ),
        # the last session is not there yet, and was looked for lately, or an hour ago
        (
            FetchRequest(start=date(2021, 1, 1)),
            covered(fetched_at=WEDNESDAY - timedelta(minutes=30)),
            None,
        ),
        (
            FetchRequest(start=date(2021, 1, 1)),
            covered(fetched_at=datetime(2026, 11, 25, 21, 0, tzinfo=UTC) + timedelta(minutes=21)),
            None,
        ),
        # an earlier fetch was told to stop before
        (
            FetchRequest(start=date(2021, 1, 1)),
            covered(
                end=date(2022, 1, 3),
                asked=date(2022, 1, 3),
                fetched_at=WEDNESDAY - timedelta(minutes=1),
            ),
            (date(2021, 12, 27), None),
        ),
        # told to fetch again
        (FetchRequest(start=date(2021, 1, 1), again=True), covered(), (date(2021, 1, 1), None)),
        # another adjustment
        (FetchRequest(start=date(2021, 1, 1), adjusted=False), covered(), (date(2021, 1, 1), None)),
    ],
)
def test_only_the_gap_is_asked_for(
    request_: FetchRequest,
    before: Coverage | None,
    expected: tuple[date | None, date | None] | None,
) -> None:
    query = bars_query(request_, "IBM", before, WEDNESDAY)
    assert (None if query is None else (query.start, query.end)) == expected


def test_adjusted_follows_what_is_stored() -> None:
    query = bars_query(FetchRequest(), "IBM", covered(adjusted=False), WEDNESDAY)
    assert query == BarsQuery("IBM", adjusted=False)
    assert bars_query(FetchRequest(), "IBM", None, WEDNESDAY) == BarsQuery("IBM", adjusted=True)


def test_sessions_end_by_exchange() -> None:
    assert closes_at("IBM", date(2026, 11, 25)) == datetime(2026, 11, 25, 21, 20, tzinfo=UTC)
    assert closes_at("005930.KS", date(2026, 11, 25)) == datetime(2026, 11, 25, 6, 50, tzinfo=UTC)
    assert closes_at("BRK.B", date(2026, 11, 25)) == closes_at("IBM", date(2026, 11, 25))
    assert last_over("IBM", WEDNESDAY) == date(2026, 11, 25)
    assert last_over("IBM", WEDNESDAY - timedelta(hours=2)) == date(2026, 11, 24)
    assert last_over("IBM", datetime(2026, 11, 29, 12, tzinfo=UTC)) == date(2026, 11, 27)


def test_factors_of_a_split_and_a_dividend_by_hand() -> None:
    days = np.array(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"], "datetime64[D]")
    closes = np.array([100.0, 100.0, 50.0, 49.0])
    actions = [
        CorporateAction("A", date(2026, 1, 7), split_ratio=2.0),
        CorporateAction("A", date(2026, 1, 8), dividend=1.0),
        CorporateAction("A", date(2026, 1, 9), split_ratio=5.0),
    ]
    price, volume = factors(days, closes, actions)
    np.testing.assert_allclose(price, [0.49, 0.49, 0.98, 1.0])
    np.testing.assert_allclose(volume, [2.0, 2.0, 1.0, 1.0])
    price, volume = factors(days, closes, actions, splits=False)
    np.testing.assert_allclose(price, [0.98, 0.98, 0.98, 1.0])
    assert set(volume) == {1.0}


@pytest.mark.parametrize("wrong", [{"split_ratio": 0.0}, {"dividend": 100.0}])
def test_an_action_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    days = np.array(["2026-01-05", "2026-01-06"], "datetime64[D]")
    with pytest.raises(ProviderError, match="A: a"):
        factors(days, np.array([100.0, 50.0]), [CorporateAction("A", date(2026, 1, 6), **wrong)])
