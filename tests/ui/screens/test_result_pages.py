"""The pages of a result over real runs: what is read out, chosen, and said when it is missing."""

from __future__ import annotations

import re
from datetime import date

from quant_tui.engine import BacktestConfig
from quant_tui.services.backtest_export import FORMATS
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.ui.screens.results.charts import Charts
from quant_tui.ui.screens.results.export import KINDS
from quant_tui.ui.screens.results.glossary import GROUPS

CARD = {
    "verdict": "doubtful",
    "summary": "Half of it goes with doubled costs.",
    "trials": 14,
    "lines": [
        {"key": "deflated_sharpe", "title": "Deflated Sharpe", "verdict": "good", "value": 0.963,
         "text": "96% likely above zero.", "rests_on": "2,264 daily returns and 14 trials"},
        {"key": "cost_stress", "title": "Cost stress", "verdict": "doubtful", "value": 0.31,
         "text": "Doubled costs leave 0.31.", "rests_on": "four runs"},
        {"key": "start_date", "title": "시작일", "verdict": "bad", "value": -0.2,
         "text": "A year later it loses.", "rests_on": "six start dates"},
        {"key": "plateau", "title": "Parameter plateau", "verdict": "unknown", "value": None,
         "text": "Not computed.", "rests_on": "neighbours"},
    ],
}  # fmt: skip
DETAILS = {
    "trust": CARD,
    "data_quality": [
        {"symbol": "삼성전자", "check": "jump", "count": 2, "first": "2015-05-04T00:00:00",
         "text": "a jump of 42% in one day"}
    ],
    "assumptions": 3,
    "bracket": {
        "pessimistic": {"total_return": 0.31, "sharpe_ratio": 0.4, "max_drawdown": -0.2},
        "optimistic": {"total_return": 0.35, "sharpe_ratio": 0.44, "max_drawdown": -0.19},
    },
}  # fmt: skip


async def run(services, **changes) -> None:
    given = {
        "symbols": ("SPX", "GAON.SYN"),
        "strategy_type": "SMA_CROSSOVER",
        "end": date(2018, 12, 31),
        "benchmark": "IXIC",
        "name": "두 종목 추세추종",
    }
    job = await services.backtests.start(BacktestRequest(**{**given, **changes}))
    assert job.task is not None
    await job.task


async def with_card(services) -> None:
    """Run one, and put beside its result what other parts of the program compute."""
    await run(services)
    results = services.stores.metadata.database["backtest_results"]
    await results.update_many({}, {"$set": {f"details.{key}": v for key, v in DETAILS.items()}})


async def without_card(services) -> None:
    """Run one, and take away the card, as of a result from before there were any."""
    await run(services)
    results = services.stores.metadata.database["backtest_results"]
    await results.update_many({}, {"$unset": {"details.trust": ""}})


async def shortest(services) -> None:
    await run(
        services,
        symbols=("SPX",),
        strategy_type="BUY_AND_HOLD",
        start=date(2018, 12, 24),
        benchmark="",
        name="다섯 봉",
    )


def to(page: int) -> list[str]:
    return ["4", "enter", *["right_square_bracket"] * page]


async def test_the_trust_card_says_verdicts_in_words_and_what_they_rest_on(open_app) -> None:
    async with open_app((120, 36), before=with_card) as driver:
        await driver.press(*to(1))
        assert "! doubtful" in driver.text
        assert "Half of it goes with doubled costs." in driver.text
        assert "14 trials counted" in driver.text
        for said in ("✓ good", "✗ bad", "? unknown", "시작일"):
            assert said in driver.text
        assert "96.3%" in driver.text
        assert "Rests on 2,264 daily returns and 14 trials" in driver.text
        await driver.press("down")
        assert "Rests on four runs" in driver.text
        # the worst come first when ordered by verdict
        await driver.press("home", "s")
        lines = [line for line in driver.text.split("\n") if re.search("good|bad|doubtful", line)]
        assert "bad" in lines[1]


async def test_a_result_without_a_card_says_what_it_would_be(open_app) -> None:
    async with open_app((80, 24), before=without_card) as driver:
        await driver.press(*to(1))
        assert "No trust card" in driver.text
        assert "Rests on" not in driver.text


async def test_the_tear_sheet_has_every_figure_at_once_where_there_is_room(open_app) -> None:
    async with open_app((160, 45), before=run) as driver:
        await driver.press(*to(2))
        for group, figures in GROUPS.items():
            assert group in driver.text
            for figure in figures:
                assert figure.title in driver.text
        assert "Undefined" not in driver.text


async def test_undefined_figures_say_why_once_for_each_reason(open_app) -> None:
    async with open_app((80, 24), before=shortest) as driver:
        await driver.press(*to(2), "G")
        assert "no benchmark was given: Benchmark return" in driver.text
        assert driver.text.count("no closed round trip:") == 1
        assert "nan" not in driver.text.lower().replace("finance", "")


async def test_four_charts_fit_or_one_at_a_time(open_app) -> None:
    async with open_app((120, 36), before=run) as driver:
        await driver.press(*to(3))
        for title in (
            "Distribution of",
            "Rolling Sharpe, 12 months",
            "Deepest draw",
            "MAE and MFE",
        ):
            assert title in driver.text
        assert "VaR -" in driver.text
        assert "flat left out" in driver.text
        assert re.search(r"1 +-\d+\.\d\d% +\d{4}-", driver.text)
        charts = driver.front("backtests").result.query_one(Charts)
        await driver.press("tab", "w")
        assert "Rolling Sharpe, 6 months (126 bars)" in driver.text
        await driver.press("f")
        assert "Distribution of" not in driver.text
        assert charts.sharpe.chart.has_focus
        await driver.press("tab", "f")
        assert "Distribution of" in driver.text
        assert charts.drawdowns.chart.has_focus
        await driver.pilot.resize_terminal(80, 24)
        await driver.settle()
        assert "Deepest drawdowns" in driver.text
        assert "Distribution of" not in driver.text
        await driver.press("tab", "home")
        assert "lost" in driver.text or "won" in driver.text


async def test_the_chart_of_a_short_run_says_why_there_is_none(open_app) -> None:
    async with open_app((120, 36), before=shortest) as driver:
        await driver.press(*to(3))
        assert "Fewer than 21 bars that vary." in driver.text
        await driver.press("tab", "tab", "tab", "right_square_bracket")
        assert "[Trades]" in driver.text


async def test_the_last_columns_of_the_fills_are_reached_on_a_narrow_terminal(open_app) -> None:
    async with open_app((80, 24), before=run) as driver:
        await driver.press(*to(4))
        heading = driver.text.split("\n")[3]
        assert heading.startswith(" › Date")
        assert "Commission" not in heading
        await driver.press(*["right"] * 9)
        heading, first = driver.text.split("\n")[3:5]
        assert heading.startswith(" ‹")
        assert "Date" in heading
        assert "Commission" in heading
        assert "Why" in heading
        assert "entry" in first
        await driver.press(*["left"] * 8)
        assert "Quantity" in driver.text.split("\n")[3]
        await driver.press("escape")
        assert driver.text.split("\n")[3].startswith(" › Date")


async def test_fills_are_marked_on_the_curve_until_m_hides_them(open_app) -> None:
    async def few(services) -> None:
        await run(services, start=date(2015, 1, 2))

    async with open_app((120, 36), before=few) as driver:
        await driver.press("4", "enter")
        shown = driver.text.split("Exposure")[1]
        assert shown.count("▲") > 2
        await driver.press("m")
        await driver.until(lambda: driver.text.split("Exposure")[1].count("▲") == 0)


async def test_the_run_page_names_assumptions_brackets_and_bad_data(open_app) -> None:
    async with open_app((120, 36), before=with_card) as driver:
        await driver.press(*to(7))
        assert "! 3 fills rest on the order of prices inside a bar" in driver.text
        assert "pessimistic   return ▲ +31.00%   Sharpe 0.40" in driver.text
        assert "! 삼성전자      a jump of 42% in one day  2 bars, first 2015-05-04" in driver.text


async def test_pages_are_found_in_the_palette(open_app) -> None:
    async with open_app((120, 36), before=run) as driver:
        await driver.press("4", "enter", "ctrl+p")
        await driver.type("result: mon")
        await driver.until(lambda: "result: Monthly" in driver.text)
        await driver.press("down", "enter")
        await driver.until(lambda: "[Monthly]" in driver.text)


def test_every_format_that_can_be_written_is_offered() -> None:
    assert set(FORMATS) <= KINDS.keys()


async def test_the_export_suggests_a_path_for_each_format(open_app) -> None:
    async with open_app((80, 24), before=run) as driver:
        await driver.press("4", "enter", "x")
        assert "as backtest show --json prints it" in driver.text
        await driver.press("right")
        assert "A folder with metrics" in driver.text
        dialog = driver.app.screen
        assert dialog.form.field("path").value.endswith("두-종목-추세추종")
        await driver.press("right")
        assert dialog.form.field("path").value.endswith("두-종목-추세추종.html")
        await driver.press("escape")
        assert "[Overview]" in driver.text


async def test_the_run_page_names_every_assumption_and_each_warning_once(open_app) -> None:
    text = "SPX: 2 bars without volume, first on 2015-05-12."

    async def before(services) -> None:
        config = BacktestConfig(
            slippage=0.001,
            slippage_model="volume_share",
            volume_impact=0.1,
            max_leverage=1.5,
            borrow_rate=0.03,
            sizing="volatility_target",
            sizing_value=0.15,
            finalize="close",
        )
        request = BacktestRequest(symbols=("SPX",), strategy_type="SMA_CROSSOVER", config=config)
        await (await services.backtests.start(request)).wait()
        issue = {"symbol": "SPX", "check": "volume", "count": 2, "first": None, "text": text}
        results = services.stores.metadata.database["backtest_results"]
        await results.update_many(
            {}, {"$set": {"details.data_quality": [issue], "details.warnings": [text]}}
        )

    async with open_app((120, 60), before=before) as driver:
        await driver.press("4", "enter", "left_square_bracket")
        for said in (
            "0.100% against every fill and by volume share, impact 10.00% of a whole bar",
            "volatility target, 15.00% a year over 20 bars",
            "up to 1.50 times the equity",
            "costs 3.00% a year",
            "sold at the last bar's close",
        ):
            assert said in driver.text
        assert driver.text.count("2 bars without volume") == 1
