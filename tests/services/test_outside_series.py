"""Series from outside the bars: known only from their release on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from quant_tui.domain.errors import StrategyError
from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData
from quant_tui.engine import Bars
from quant_tui.engine.rules import parse_document
from quant_tui.services import point_in_time
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.backtest_rerun import rerun_bundle
from quant_tui.services.composition import Services
from quant_tui.services.outside_series import OutsideSeriesService, hash_of, outside_calls

Days = np.ndarray


def days(*texts: str) -> Days:
    return np.array(texts, "datetime64[D]")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def weekdays(start: str, count: int) -> Days:
    return np.busday_offset(np.datetime64(start), np.arange(count), roll="forward")


# ------------------------------------------------------------------ days of release


@pytest.mark.parametrize(
    ("name", "dates", "released"),
    [
        # January's CPI, dated the first of the month or the last: known 20 days after its end
        ("CPI", ("2026-01-01", "2026-02-01", "2026-03-01"), "2026-02-20"),
        ("CPI", ("2026-01-31", "2026-02-28", "2026-03-31"), "2026-02-20"),
        ("UNEMPLOYMENT", ("2026-01-01", "2026-02-01", "2026-03-01"), "2026-02-10"),
        ("DURABLES", ("2026-01-01", "2026-02-01", "2026-03-01"), "2026-03-07"),
        ("REAL_GDP", ("2026-01-01", "2026-04-01", "2026-07-01"), "2026-06-29"),
        ("REAL_GDP", ("2026-03-31", "2026-06-30", "2026-09-30"), "2026-06-29"),
        ("INFLATION", ("2024-01-01", "2025-01-01", "2026-01-01"), "2025-07-19"),
        ("TREASURY_YIELD_10Y", ("2026-01-05", "2026-01-06", "2026-01-07"), "2026-01-06"),
        ("ANYTHING", ("2026-01-05", "2026-01-12", "2026-01-19"), "2026-01-12"),
        ("ANYTHING", ("2026-01-05",), "2026-07-24"),
    ],
)
def test_values_are_known_after_their_period(
    name: str, dates: tuple[str, ...], released: str
) -> None:
    assert point_in_time.released(name, days(*dates))[0] == np.datetime64(released)


def test_a_value_counts_from_the_day_after_its_release() -> None:
    bars = days("2026-02-19", "2026-02-20", "2026-02-21", "2026-03-20", "2026-03-21")
    found = point_in_time.macro(
        "CPI", days("2026-01-01", "2026-02-01"), np.array([300.0, 301.0]), bars
    )
    np.testing.assert_array_equal(found, [np.nan, np.nan, 300.0, 300.0, 301.0])


def test_news_count_before_the_bars_day_and_for_a_week() -> None:
    published = np.array(
        ["2026-03-02T10:00", "2026-03-03T00:00", "2026-03-03T12:00"], "datetime64[us]"
    )
    scores = np.array([0.2, 0.4, 0.9])
    bars = days("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-10", "2026-03-11")
    found = point_in_time.news_sentiment(published, scores, bars)
    np.testing.assert_allclose(found, [np.nan, 0.2, 0.5, 0.65, np.nan])
    intraday = np.array(["2026-03-02T10:00", "2026-03-02T10:01"], "datetime64[us]")
    found = point_in_time.news_sentiment(published, scores, intraday)
    np.testing.assert_allclose(found, [np.nan, 0.2])


FINANCIALS = {
    "quarterly": [
        {"fiscal_date_ending": "2025-12-31", "reported_date": "2026-01-28", "reported_eps": 1.5},
        {"fiscal_date_ending": "2025-09-30", "reported_date": "2025-10-21", "reported_eps": 1.4},
        {"fiscal_date_ending": "2025-06-30", "reported_date": None, "reported_eps": 1.3},
        {"fiscal_date_ending": "2025-03-31", "reported_date": "2025-04-22", "reported_eps": 1.2},
    ],
    "annual": [
        {"fiscal_date_ending": "2025-12-31", "reported_date": "2026-01-28", "net_income": 50.0}
    ],
}


def test_figures_count_from_the_day_after_their_report() -> None:
    bars = days("2025-04-22", "2025-04-23", "2025-08-29", "2025-08-30", "2026-01-28", "2026-01-29")
    closes = np.full(6, 54.0)

    def found(name: str) -> list[float]:
        return list(point_in_time.fundamental(name, FINANCIALS, bars, closes))

    # The second quarter does not say when it was reported: sixty days after its end.
    np.testing.assert_array_equal(found("eps"), [np.nan, 1.2, 1.2, 1.3, 1.4, 1.5])
    np.testing.assert_array_equal(found("ttm_eps"), [np.nan] * 5 + [5.4])
    np.testing.assert_allclose(found("pe_ratio"), [np.nan] * 5 + [10.0])
    np.testing.assert_array_equal(found("annual_net_income"), [np.nan] * 5 + [50.0])


def test_a_gap_between_quarters_has_no_sum() -> None:
    rows = [row for row in FINANCIALS["quarterly"] if row["fiscal_date_ending"] != "2025-09-30"]
    rows.append({**rows[0], "fiscal_date_ending": "2024-12-31", "reported_date": "2025-01-28"})
    bars = days("2026-02-02")
    found = point_in_time.fundamental("ttm_eps", {"quarterly": rows}, bars, np.array([1.0]))
    assert np.isnan(found).all()


def test_a_late_report_takes_no_later_ones_place() -> None:
    rows = [
        {"fiscal_date_ending": "2025-12-31", "reported_date": "2026-01-28", "reported_eps": 1.5},
        {"fiscal_date_ending": "2025-09-30", "reported_date": "2026-03-01", "reported_eps": 9.9},
    ]
    found = point_in_time.fundamental(
        "eps", {"quarterly": rows}, days("2026-04-01"), np.array([1.0])
    )
    assert found[0] == 1.5


# ---------------------------------------------------------- the past never changes


def test_later_data_never_change_earlier_bars() -> None:
    random = np.random.default_rng(7)
    bars = weekdays("2020-01-01", 800)
    months = np.arange("2015-01", "2023-01", dtype="datetime64[M]").astype("datetime64[D]")
    values = random.normal(size=len(months))
    moments = np.sort(
        np.datetime64("2020-01-01T00:00", "us")
        + random.integers(0, 800 * 86_400, 600).astype("timedelta64[s]")
    )
    scores = random.uniform(-1, 1, 600)
    macro = point_in_time.macro("CPI", months, values, bars)
    news = point_in_time.news_sentiment(moments, scores, bars)
    for row in (1, 137, 400, 799):
        seen = months < bars[row]
        published = moments < bars[row].astype("datetime64[us]")
        np.testing.assert_array_equal(
            point_in_time.macro("CPI", months[seen], values[seen], bars)[: row + 1],
            macro[: row + 1],
        )
        np.testing.assert_allclose(
            point_in_time.news_sentiment(moments[published], scores[published], bars)[: row + 1],
            news[: row + 1],
            atol=1e-12,
        )
        # Fewer bars give the same as all of them.
        np.testing.assert_array_equal(
            point_in_time.macro("CPI", months, values, bars[: row + 1]), macro[: row + 1]
        )


# ------------------------------------------------------------------ from the stores

RULES = """
let:
  trend: 'macro("CPI") - lag(macro("CPI"), 20)'
entry: trend > 0 and news_sentiment() > -1 and fundamental('ttm_eps') > 0
exit: trend <= 0
"""


def test_a_strategys_calls_are_found() -> None:
    assert outside_calls(parse_document(RULES)) == {
        'macro("CPI")': ("macro", "CPI"),
        "news_sentiment()": ("news_sentiment", ""),
        'fundamental("ttm_eps")': ("fundamental", "ttm_eps"),
    }
    assert outside_calls(parse_document("entry: close > 1")) == {}


def make_bars(symbols: list[str], dates: Days) -> Bars:
    close = np.linspace(10, 20, len(dates))[:, None] * np.ones(len(symbols))
    return Bars(
        symbols=symbols, dates=dates, open=close, high=close + 1, low=close - 1, close=close,
        volume=np.full_like(close, 1000.0),
    )  # fmt: skip


async def keep_everything(services: Services) -> None:
    await services.economics.keep(
        [
            EconomicIndicator(
                indicator_type="CPI",
                date=at(f"{year}-{month:02d}-01"),
                value=200.0 + 12 * (year - 2010) + month,
                source="alpha_vantage",
            )
            for year in range(2010, 2019)
            for month in range(1, 13)
        ]
    )
    await services.news.keep(
        [
            NewsData(
                symbol="ASHBY.SYN",
                title=f"소식 {week}",
                url=f"https://news.example/{week}",
                sentiment_score=0.3,
                published_at=at("2012-01-01") + timedelta(days=5 * week),
            )
            for week in range(300)
        ]
    )
    reports = [
        {
            "fiscal_date_ending": str(date(year, month, 28)),
            "reported_date": str(date(year, month, 28) + timedelta(days=30)),
            "reported_eps": 1.0,
        }
        for year in range(2011, 2018)
        for month in (3, 6, 9, 12)
    ]
    company = await services.companies.of("ASHBY.SYN")
    assert company is not None
    facts = {**company.financials, "quarterly": reports[::-1]}
    await services.companies.keep([company.model_copy(update={"financials": facts})])


@pytest.fixture
async def informed(stocked: Services) -> Services:
    await stocked.companies.keep([Company(symbol="ASHBY.SYN", name="Ashbyford Power")])
    await keep_everything(stocked)
    return stocked


async def test_series_come_from_the_stores_aligned(informed: Services) -> None:
    outside = OutsideSeriesService(informed.stores.repositories)
    bars = make_bars(["ASHBY.SYN", "SPX"], weekdays("2014-01-01", 30))
    found = await outside.of(parse_document(RULES), bars)
    assert {call: series.shape for call, series in found.inputs.items()} == {
        'macro("CPI")': (30,),
        "news_sentiment()": (30, 2),
        'fundamental("ttm_eps")': (30, 2),
    }
    # On 1 January 2014 the last one known is November's.
    assert found.inputs['macro("CPI")'][0] == 200 + 12 * 3 + 11
    np.testing.assert_allclose(found.inputs["news_sentiment()"][:, 0], 0.3)
    assert np.isnan(found.inputs["news_sentiment()"][:, 1]).all()
    assert (found.inputs['fundamental("ttm_eps")'][:, 0] == 4.0).all()
    assert found.content_hash == hash_of(found.inputs)
    assert found.sources[0]["source"] == "alpha_vantage"


async def test_one_source_alone_makes_a_series(informed: Services) -> None:
    await informed.economics.keep(
        [EconomicIndicator(indicator_type="CPI", date=at("2013-12-31"), value=1.0, source="other")]
    )
    outside = OutsideSeriesService(informed.stores.repositories)
    bars = make_bars(["SPX"], weekdays("2014-06-02", 5))
    found = await outside.of(parse_document('entry: macro("CPI") > 0'), bars)
    assert (found.inputs['macro("CPI")'] > 200).all()


async def test_a_figure_that_nobody_has_is_named(informed: Services) -> None:
    outside = OutsideSeriesService(informed.stores.repositories)
    bars = make_bars(["ASHBY.SYN"], weekdays("2014-06-02", 5))
    with pytest.raises(StrategyError, match="nonsense") as caught:
        await outside.of(parse_document('entry: fundamental("nonsense") > 0'), bars)
    assert "pe_ratio" in caught.value.hint


async def test_a_strategy_that_reads_them_runs_and_can_be_run_again(
    informed: Services, tmp_path: Path
) -> None:
    request = BacktestRequest(
        symbols=("ASHBY.SYN",), document={"name": "Macro", **_parsed()}, start=date(2012, 6, 1)
    )
    job = await informed.backtests.start(request)
    report = await job.wait()
    assert report.result is not None
    assert report.result.performance["total_trades"] > 0
    first = report.result.fingerprint
    assert len(first["inputs"]) == 64
    assert [one["call"] for one in report.result.details["inputs"]] == list(
        outside_calls(parse_document(RULES))
    )
    card = report.result.details["trust"]
    assert card
    # The bundle holds them, and needs no store.
    (bundle,) = await informed.backtests.export(
        report.backtest.id, tmp_path / "run.zip", file_format="bundle"
    )
    assert rerun_bundle(bundle).same
    # Every check works with them, too.
    await (await informed.checks.start_backtest(report.backtest.id)).wait()
    # A figure that changes is another fingerprint.
    values = await informed.economics.values("CPI")
    await informed.economics.keep([values[40].model_copy(update={"value": 1.0})])
    again = await (await informed.backtests.rerun(report.backtest.id)).wait()
    assert again.result is not None
    assert again.result.fingerprint["inputs"] != first["inputs"]
    assert again.result.fingerprint["data"] == first["data"]


def _parsed() -> dict[str, object]:
    import yaml

    return dict(yaml.safe_load(RULES))


async def test_what_is_missing_says_what_to_fetch(stocked: Services) -> None:
    request = BacktestRequest(symbols=("SPX",), document={"entry": 'macro("NOPE") > 0'})
    job = await stocked.backtests.run_unsaved(request)
    with pytest.raises(StrategyError, match="NOPE") as caught:
        await job.wait()
    assert "data fetch --kind economic" in caught.value.hint


async def test_a_run_without_them_has_no_such_fingerprint(stocked: Services) -> None:
    request = BacktestRequest(symbols=("SPX",), strategy_type="BUY_AND_HOLD")
    report = await (await stocked.backtests.run_unsaved(request)).wait()
    assert report.result is not None
    assert "inputs" not in report.result.fingerprint
