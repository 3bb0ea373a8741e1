"""Checks of strategies and backtests: made as jobs, kept with the rules, stale in time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.trading import Backtest, Strategy
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import BacktestConfig
from quant_tui.engine.robustness.every_check import CHECKS
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services

REQUEST = BacktestRequest(
    symbols=("SPX", "IXIC"),
    strategy_type="SMA_CROSSOVER",
    start=date(2008, 1, 1),
    end=date(2010, 12, 31),
)


@pytest.fixture
async def mine(stocked: Services) -> Strategy:
    return await stocked.strategies.create("교차 전략", "SMA_CROSSOVER")


def of(strategy: Strategy, **changes: object) -> BacktestRequest:
    return replace(REQUEST, strategy_type="", strategy_id=strategy.id, **changes)  # type: ignore[arg-type]


async def test_every_check_of_a_strategy_is_kept_and_found_again(
    stocked: Services, mine: Strategy
) -> None:
    assert await stocked.checks.of_strategy(mine.id) is None
    job = await stocked.checks.start(of(mine))
    assert (job.kind, job.target) == ("check", f"strategy:{mine.id}")
    made = await job.wait()
    kept = await stocked.checks.of_strategy(mine.id)
    assert kept is not None
    assert kept == made
    assert [line["key"] for line in kept.card["lines"]][: len(CHECKS)] == list(CHECKS)
    assert kept.config["symbols"] == ["SPX", "IXIC"]
    assert json.loads(json.dumps(kept.card, allow_nan=False)) == kept.card
    assert await stocked.checks.stale(kept, mine.id) == ()
    assert kept.card["trials"] == 1
    assert kept.version == 1
    await (await stocked.checks.start(of(mine))).wait()
    again = await stocked.checks.of_strategy(mine.id)
    assert again is not None
    assert again.card == kept.card, "the same again, and no further trial"
    mine_ = stocked.stores.repositories.for_user(kept.user_id)
    assert await mine_.checks.count() == 1, "the newest of the same rules alone is kept"


async def test_changed_rules_make_it_stale_and_old_ones_make_it_fresh_again(
    stocked: Services, mine: Strategy
) -> None:
    first = await (await stocked.checks.start(of(mine))).wait()
    changed = await stocked.strategies.update(
        mine.model_copy(update={"parameters": {"short_window": 10, "long_window": 50}})
    )
    found = await stocked.checks.of_strategy(mine.id)
    assert found == first
    assert await stocked.checks.stale(first, mine.id) == ("the rules or parameters",)
    second = await (await stocked.checks.start(of(changed))).wait()
    assert second.card["trials"] == 2, "another set of parameters is another trial"
    assert (first.version, second.version) == (1, 2)
    assert await stocked.checks.of_strategy(mine.id) == second
    await stocked.strategies.update(changed.model_copy(update={"parameters": mine.parameters}))
    assert await stocked.checks.of_strategy(mine.id) == first
    assert await stocked.checks.stale(first, mine.id) == ()


async def other_stamp(*_: object) -> str:
    return "other"


async def test_changed_bars_make_it_stale_and_a_name_does_not(
    stocked: Services, mine: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = await (await stocked.checks.start(of(mine))).wait()
    await stocked.strategies.update(mine.model_copy(update={"name": "other"}))
    assert await stocked.checks.stale(check, mine.id) == ()
    with monkeypatch.context() as patch:  # what is marked as it was is not loaded again
        patch.setattr("quant_tui.services.strategy_checks.load_bars", None)
        assert await stocked.checks.stale(check, mine.id) == ()
    upgraded = check.model_copy(update={"data_stamp": "another DuckDB"})
    assert await stocked.checks.stale(upgraded, mine.id) == ()
    with monkeypatch.context() as patch:
        patch.setattr("quant_tui.services.market_data.MarketDataService.stamp", other_stamp)
        patch.setattr("quant_tui.engine.bars.Bars.content_hash", "other bars")
        assert await stocked.checks.stale(check, mine.id) == ("the bars",)
    with monkeypatch.context() as patch:
        patch.setattr("quant_tui.services.strategy_checks.ENGINE_VERSION", "next")
        assert await stocked.checks.stale(check, mine.id) == ("the engine",)
    gone = check.model_copy(update={"config": {**check.config, "symbols": ["GONE"]}})
    assert await stocked.checks.stale(gone, mine.id) == ("the bars",)


async def test_only_some_checks_are_made_and_not_kept(stocked: Services, mine: Strategy) -> None:
    found = await (await stocked.checks.start(of(mine), ["jitter", "look_ahead"])).wait()
    assert [line["key"] for line in found.card["lines"]] == ["look_ahead", "jitter"]
    assert await stocked.checks.of_strategy(mine.id) is None
    with pytest.raises(InvalidInput, match="no check 'speed'"):
        await stocked.checks.start(of(mine), ["speed"])


async def test_a_strategy_that_is_not_saved_is_checked_but_not_kept(stocked: Services) -> None:
    found = await (await stocked.checks.start(REQUEST)).wait()
    assert found.card["lines"]
    assert (found.id, found.version) == ("", None)


async def test_what_to_check_on_is_what_was_used_last(stocked: Services, mine: Strategy) -> None:
    assert await stocked.checks.suggest(mine.id) is None
    ran = of(mine, symbols=("SPX",), config=BacktestConfig(commission=0.002))
    await (await stocked.backtests.start(ran)).wait()
    suggested = await stocked.checks.suggest(mine.id)
    assert suggested == ran
    await (await stocked.checks.start(of(mine))).wait()
    assert await stocked.checks.suggest(mine.id) == of(mine)


async def test_a_check_can_be_cancelled_and_leaves_nothing(
    stocked: Services, mine: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quant_tui.engine.robustness import every_check

    jobs = []

    def cancelling(reruns, told):
        jobs[0].token.cancel()
        return reruns.run(first=1)

    monkeypatch.setitem(every_check.RERUN_CHECKS, "cost_stress", cancelling)
    jobs.append(await stocked.checks.start(of(mine)))
    assert jobs[0].task is not None
    await jobs[0].task
    assert jobs[0].status is RunStatus.CANCELLED
    assert await stocked.checks.of_strategy(mine.id) is None


async def test_one_strategy_is_checked_once_at_a_time(stocked: Services, mine: Strategy) -> None:
    job = await stocked.checks.start(of(mine))
    with pytest.raises(Conflict, match="is being checked"):
        await stocked.checks.start(of(mine))
    await job.wait()


async def test_checks_of_a_backtest_are_kept_beside_it_and_go_with_it(
    stocked: Services, mine: Strategy
) -> None:
    report = await (await stocked.backtests.start(of(mine, symbols=("SPX",)))).wait()
    backtest_id = report.backtest.id
    assert await stocked.checks.of_backtest(backtest_id) is None
    check = await (await stocked.checks.start_backtest(backtest_id)).wait()
    assert await stocked.checks.of_backtest(backtest_id) == check
    # the same rules: it is what is known of the strategy, too
    assert await stocked.checks.of_strategy(mine.id) == check
    assert await stocked.checks.stale(check) == ()
    await stocked.strategies.update(
        mine.model_copy(update={"parameters": {"short_window": 9, "long_window": 40}})
    )
    assert await stocked.checks.stale(check) == (), "a backtest has its rules for good"
    assert await stocked.checks.stale(check, mine.id) == ("the rules or parameters",)
    again = await (await stocked.checks.start_backtest(backtest_id)).wait()
    assert again.version == 1, "of the rules that it ran, not of those there are now"
    tried = await (
        await stocked.checks.start(of(mine, params={"short_window": 7, "long_window": 33}))
    ).wait()
    assert tried.version is None, "parameters that were never saved are no version"
    own = next(one for one in check.card["lines"] if one["key"] == "cost_stress")["table"]
    assert own["rows"][own["own"]][2] == report.result.performance["total_return"]
    await stocked.backtests.delete(backtest_id)
    assert await stocked.checks.of_backtest(backtest_id) is None


async def test_a_check_of_a_backtest_needs_a_result_over_the_same_bars(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        await stocked.checks.start_backtest("0" * 24)
    report = await (await stocked.backtests.start(REQUEST)).wait()
    mine = stocked.stores.repositories.for_user(report.backtest.user_id)
    never_ran = await mine.backtests.create(
        Backtest(name="new", user_id=report.backtest.user_id, config=report.backtest.config)
    )
    with pytest.raises(NotFound, match="no result"):
        await (await stocked.checks.start_backtest(never_ran.id)).wait()
    monkeypatch.setattr("quant_tui.engine.bars.Bars.content_hash", "other bars")
    with pytest.raises(Conflict, match="have changed"):
        await (await stocked.checks.start_backtest(report.backtest.id)).wait()
