"""The trust card that a run brings, and the ledger behind it, over real stores."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from quant_tui.engine import BacktestConfig
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services

REQUEST = BacktestRequest(
    symbols=("SPX",),
    strategy_type="SMA_CROSSOVER",
    start=date(2008, 1, 1),
    end=date(2012, 12, 31),
)
KEYS = [
    "trials",
    "probabilistic_sharpe",
    "deflated_sharpe",
    "minimum_track_record",
    "bootstrap",
    "cost_stress",
    "start_dates",
    "plateau",
    "look_ahead",
    "warm_up",
    "trades",
]


async def trust_of(services: Services, request: BacktestRequest, *, save: bool = True) -> dict:
    start = services.backtests.start if save else services.backtests.run_unsaved
    report = await (await start(request)).wait()
    return report.to_document()["details"]["trust"]


async def test_a_run_brings_its_card_and_keeps_it(stocked: Services) -> None:
    report = await (await stocked.backtests.start(REQUEST)).wait()
    card = report.to_document()["details"]["trust"]
    assert [line["key"] for line in card["lines"]] == KEYS
    assert card["trials"] == 1
    assert card["verdict"] in ("good", "doubtful", "bad")
    for line in card["lines"]:
        assert set(line) >= {"key", "title", "verdict", "value", "text", "rests_on"}
        assert line["text"].endswith(".")
    by_key = {line["key"]: line for line in card["lines"]}
    assert by_key["look_ahead"]["verdict"] == "good"
    assert by_key["warm_up"]["verdict"] == "good"
    shown = await stocked.backtests.show(report.backtest.id)
    assert json.dumps(shown.to_document()["details"]["trust"], allow_nan=False) == json.dumps(card)


async def test_every_different_run_counts_saved_or_not_and_the_same_one_once(
    stocked: Services,
) -> None:
    assert (await trust_of(stocked, REQUEST))["trials"] == 1
    assert (await trust_of(stocked, REQUEST))["trials"] == 1
    # A default given is the default; a seed decides nothing.
    same = replace(REQUEST, params={"short_window": 20}, config=replace(REQUEST.config, seed=4))
    assert (await trust_of(stocked, same))["trials"] == 1
    for number, change in enumerate(
        (
            {"params": {"short_window": 10}},
            {"symbols": ("IXIC",)},
            {"start": date(2009, 1, 1)},
            {"config": BacktestConfig(commission=0.002)},
        )
    ):
        request = replace(REQUEST, **change)
        assert (await trust_of(stocked, request, save=False))["trials"] == number + 2
    # Another strategy has a ledger of its own.
    other = replace(REQUEST, strategy_type="BUY_AND_HOLD")
    assert (await trust_of(stocked, other))["trials"] == 1


async def test_more_trials_deflate_the_same_run(stocked: Services) -> None:
    def deflated(card: dict) -> float:
        return next(one["value"] for one in card["lines"] if one["key"] == "deflated_sharpe")

    first = deflated(await trust_of(stocked, REQUEST))
    for window in (5, 8, 12, 30):
        await trust_of(stocked, replace(REQUEST, params={"short_window": window}), save=False)
    assert deflated(await trust_of(stocked, REQUEST)) < first


async def test_a_saved_strategy_keeps_its_count_when_its_rules_change(stocked: Services) -> None:
    strategy = await stocked.strategies.create("mine", "SMA_CROSSOVER")
    request = replace(REQUEST, strategy_type="", strategy_id=strategy.id)
    assert (await trust_of(stocked, request))["trials"] == 1
    changed = await stocked.strategies.update(
        strategy.model_copy(update={"parameters": {"short_window": 15, "long_window": 60}})
    )
    assert (await trust_of(stocked, request))["trials"] == 2
    await stocked.strategies.delete(changed.id)
    await stocked.strategies.restore(changed)
    assert (await trust_of(stocked, request))["trials"] == 2


async def test_a_search_is_one_entry_of_many_trials(stocked: Services) -> None:
    from quant_tui.engine import run_backtest
    from quant_tui.services.backtest_request import prepare

    prepared = await prepare(REQUEST, stocked.strategies, stocked.market_data)
    bars, _ = await stocked.market_data.load_with_benchmark(
        prepared.symbols, "", prepared.start, prepared.end
    )
    report = run_backtest(bars, prepared.strategy, prepared.params, prepared.config)
    for _ in range(2):
        count = await stocked.trust.record(prepared, report, [0.1, None, 0.3, 0.5])
        assert count.trials == 4
        assert count.variance == pytest.approx(0.04)
    assert (await stocked.trust.record(prepared, report)).trials == 5
    assert (await stocked.trust.trials_of(prepared)).trials == 5


async def test_big_data_leave_the_costly_checks_to_be_asked_for(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quant_tui.engine.robustness.assess.QUICK_BARS", 100)
    report = await (await stocked.backtests.start(REQUEST)).wait()
    card = report.to_document()["details"]["trust"]
    unchecked = [line["key"] for line in card["lines"] if not line["checked"]]
    assert unchecked == [
        "bootstrap",
        "cost_stress",
        "start_dates",
        "plateau",
        "look_ahead",
        "warm_up",
    ]
    assert all(
        "Not checked (1,259 bars)" in one["text"] for one in card["lines"] if not one["checked"]
    )

    job = await stocked.checks.start_backtest(report.backtest.id)
    checked = await job.wait()
    assert job.target == f"backtest:{report.backtest.id}"
    assert all(line["checked"] for line in checked.card["lines"])
    again = await stocked.backtests.show(report.backtest.id)
    assert again.to_document()["details"]["trust"] == card, "the kept result is not changed"
