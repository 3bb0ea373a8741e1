"""The checks: opened by a key, made as a job, stopped, kept, stale, and their figures."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest
from rich.cells import cell_len

from quant_tui.domain.errors import Cancelled
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine.robustness import every_check
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.ui.screens.checks.figures import check_lines, table_lines

REQUEST = BacktestRequest(
    symbols=("SPX",),
    strategy_type="SMA_CROSSOVER",
    start=date(2008, 1, 1),
    end=date(2010, 12, 31),
)


async def with_strategy(services) -> None:
    await services.strategies.create("골든크로스 전략", "SMA_CROSSOVER")


async def with_checks(services) -> None:
    made = await services.strategies.create("골든크로스 전략", "SMA_CROSSOVER")
    request = replace(REQUEST, strategy_type="", strategy_id=made.id)
    await (await services.checks.start(request)).wait()


async def with_run(services) -> None:
    await (await services.backtests.start(replace(REQUEST, name="한 종목"))).wait()


def block(monkeypatch: pytest.MonkeyPatch, name: str = "cost_stress") -> None:
    """Let one check go on until it is cancelled."""

    def forever(reruns, told):
        told(0.5)
        give_up = time.monotonic() + 30
        while not reruns.cancel() and time.monotonic() < give_up:
            time.sleep(0.005)
        raise Cancelled

    monkeypatch.setitem(every_check.RERUN_CHECKS, name, forever)


# -- figures


TABLE = {
    "columns": [
        {"key": "changed", "title": "Left out", "unit": "text"},
        {"key": "sharpe_ratio", "title": "Sharpe", "unit": "ratio"},
        {"key": "total_return", "title": "Return", "unit": "share"},
        {"key": "total_trades", "title": "Trades", "unit": "count"},
    ],
    "rows": [
        ["as it is", 1.0, 0.5, 1234],
        ["without 가온전자", -0.5, -0.1, 3],
        ["without B", None, None, None],
        ["without C", 0.5, 0.2, 9],
    ],
    "own": 0,
    "drawn": "sharpe_ratio",
}


@pytest.mark.parametrize("width", [40, 48, 60, 76, 110])
def test_figures_line_up_in_every_width_also_in_korean(width: int) -> None:
    lines = [one.plain for one in table_lines(TABLE, width)]
    assert all(cell_len(line) <= width for line in lines)
    ends = {cell_len(line[: line.index(text) + len(text)]) for line in lines
            for text in ("Sharpe", "1.00", "-0.50", "–", "0.50") if text in line}  # fmt: skip
    assert len(ends) == 1
    assert lines[1].startswith("› as it is")


def test_a_long_label_stands_over_its_figures() -> None:
    long = "short_window = 17, long_window = 64, stop_loss = 0.125"
    rows = [["as it is", 1.0, 0.5, 9], [long, 0.5, 0.2, 8]]
    own, label, figures = (one.plain for one in table_lines({**TABLE, "rows": rows}, 60)[1:])
    assert label == f"  {long}"
    assert figures.split() == ["0.50", "20.0%", "8"]
    assert figures.index("8") == own.index("9")


def test_bars_start_at_zero_and_are_as_long_as_their_figures() -> None:
    lines = [one.plain for one in table_lines(TABLE, 110)]
    bars = [line[line.rindex(text) + len(text) :] for line, text in
            zip(lines[1:], ("1,234", "3", "–", "9"), strict=True)]  # fmt: skip
    own, below, none, half = bars
    zero = own.index("━")
    assert below.rstrip()[-1] in "━╺╸"
    assert len(below.rstrip()) == zero
    assert none.strip() == ""
    assert half.index("━") == zero
    assert own.count("━") == pytest.approx(2 * half.count("━"), abs=1)


def test_a_check_without_figures_says_why() -> None:
    line = {"key": "jitter", "title": "Parameter jitter", "verdict": "unknown", "value": None,
            "text": "No number of the strategy to vary.", "rests_on": "the parameters",
            "table": None}  # fmt: skip
    text = "\n".join(one.plain for one in check_lines(line, 60))
    assert "? unknown" in text
    assert "No number of the strategy to vary." in text
    assert "Figures" not in text


# -- strategies


async def test_a_key_makes_every_check_of_a_strategy_and_keeps_it(open_app) -> None:
    async with open_app((120, 36), before=with_strategy) as driver:
        await driver.press("3", "t")
        await driver.until(lambda: "trial counted" in driver.text, seconds=60)
        for said in (
            "골든크로스 전략",
            "made just now",
            "Parameter jitter",
            "Leave one symbol out",
        ):
            assert said in driver.text
        (strategy,) = await driver.services.strategies.list()
        kept = await driver.services.checks.of_strategy(strategy.id)
        assert kept is not None
        await driver.press("down", "down")
        for said in ("x0", "x4", "Sharpe by costs", "Max DD"):
            assert said in driver.text
        await driver.press("escape")
        await driver.until(lambda: "SMA_CROSSOVER" in driver.text)
        await driver.press("t")
        assert driver.services.jobs.active == []
        assert "made just now" in driver.text


async def test_checks_say_how_far_they_are_and_can_be_stopped_and_made_again(
    open_app, monkeypatch
) -> None:
    with monkeypatch.context() as patch:
        block(patch)
        async with open_app((80, 24), before=with_strategy) as driver:
            await driver.press("3", "t")
            await driver.until(lambda: "checking cost stress  ctrl+x stops" in driver.text)
            assert "Checking …" in driver.text
            await driver.press("ctrl+x")
            await driver.until(lambda: not driver.services.jobs.active)
            await driver.until(lambda: "Not checked yet" in driver.text)
            assert driver.services.jobs.jobs[0].status is RunStatus.CANCELLED
            patch.undo()
            await driver.press("r")
            await driver.until(lambda: "made just now" in driver.text, seconds=60)


async def test_changed_rules_are_said_to_be_stale_until_it_is_checked_again(open_app) -> None:
    async def before(services) -> None:
        await with_checks(services)
        (made,) = await services.strategies.list()
        parameters = {"short_window": 10, "long_window": 50}
        await services.strategies.update(made.model_copy(update={"parameters": parameters}))

    async with open_app((120, 36), before=before) as driver:
        await driver.press("3", "t")
        await driver.until(lambda: "changed since: the rules or parameters" in driver.text)
        await driver.press("r")
        await driver.until(lambda: "changed since" not in driver.text, seconds=60)
        assert "2 trials counted" in driver.text
        assert "2008-01-01 … 2010-12-31" in driver.text, "on what it was checked on before"


async def test_other_symbols_are_chosen_in_the_form(open_app) -> None:
    async with open_app((120, 36), before=with_checks) as driver:
        await driver.press("3", "t", "e")
        assert "What to check on" in driver.text
        await driver.press("home", "ctrl+k")
        await driver.type("SPX, IXIC")
        await driver.press("ctrl+s")
        await driver.until(lambda: "SPX, IXIC" in driver.text, seconds=60)
        await driver.until(lambda: not driver.services.jobs.active, seconds=60)
        await driver.press("e", "escape")
        assert "Look-ahead" in driver.text


async def test_on_a_narrow_terminal_the_figures_are_a_page_of_their_own(open_app) -> None:
    async with open_app((80, 24), before=with_checks) as driver:
        await driver.press("3", "t")
        assert "What it says" in driver.text
        await driver.press("down", "down", "enter")
        assert "Figures" in driver.text
        assert "What it says" not in driver.text
        await driver.press("escape")
        assert "What it says" in driver.text
        await driver.press("escape")
        await driver.until(lambda: "SMA_CROSSOVER" in driver.text)


async def test_without_bars_it_says_what_to_do(open_app) -> None:
    async with open_app((80, 24), stocked=False, before=with_strategy) as driver:
        await driver.press("3", "t")
        await driver.until(lambda: "Choose at least one symbol" in driver.text)
        assert "Try again" in driver.text


async def test_the_end_of_checks_is_told_where_one_is_and_o_opens_them(
    open_app, monkeypatch
) -> None:
    async with open_app((120, 36), before=with_strategy) as driver:
        await driver.press("3", "t", "1")
        await driver.until(lambda: "o opens it" in driver.text, seconds=60)
        await driver.press("o")
        await driver.until(lambda: "made just now" in driver.text)


# -- backtests


async def test_the_same_key_checks_a_backtest_and_its_card_is_the_fuller_one(open_app) -> None:
    async with open_app((120, 36), before=with_run) as driver:
        await driver.press("4", "t")
        await driver.until(lambda: "made just now" in driver.text, seconds=60)
        assert "한 종목" in driver.text
        assert "e Change" not in driver.text
        await driver.press("escape")
        await driver.press("enter", "right_square_bracket")
        assert "[Trust]" in driver.text
        assert "Leave one symbol out" in driver.text
        await driver.press("t")
        assert driver.services.jobs.active == []
        await driver.until(lambda: "Cost stress" in driver.text)


async def test_a_backtest_whose_bars_have_changed_says_what_to_do(open_app) -> None:
    async def before(services) -> None:
        await with_run(services)
        results = services.stores.metadata.database["backtest_results"]
        await results.update_many({}, {"$set": {"fingerprint.data": "other"}})

    async with open_app((120, 36), before=before) as driver:
        await driver.press("4", "t")
        await driver.until(lambda: "not checked" in driver.text)
        await driver.until(lambda: "have changed since it ran" in driver.text)
        assert "Try again" in driver.text
