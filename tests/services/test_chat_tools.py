"""Tools of the chat: what they read, what they propose, and what waits for the user's key."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.market_data import NewsData
from quant_tui.genai.tools import Consent, Permission, Proposal, ToolArguments, ToolResult
from quant_tui.services.chat_tools import box
from quant_tui.services.chat_tools.tool import ReadingTool
from quant_tui.services.composition import Services
from quant_tui.storage.duck.bars import ImportBatch

RULES = """\
name: RSI dip
params: {window: {int: [2, 50], default: 14}}
entry: rsi(close, window) < 30
exit: rsi(close, window) > 55
"""

WEEK = timedelta(days=7)
RUN = {"strategy_type": "BUY_AND_HOLD", "symbols": ["SPX"], "start": "2018-01-01",
       "end": "2018-12-31"}  # fmt: skip


async def proposed(services: Services, name: str, arguments: dict[str, object]) -> Proposal:
    answer = await services.toolbox.call(name, arguments, session_id="s1")
    assert isinstance(answer, Proposal), answer
    return answer


async def answered(services: Services, name: str, arguments: dict[str, object]) -> ToolResult:
    answer = await services.toolbox.call(name, arguments, session_id="s1")
    assert isinstance(answer, ToolResult), answer
    json.dumps(answer.data, allow_nan=False)
    return answer


async def test_a_strategy_is_made_changed_and_run_by_proposals_alone(stocked: Services) -> None:
    services = stocked
    create = await proposed(services, "create_strategy", {"text": RULES})
    assert create.permission is Permission.WRITE
    assert create.change.splitlines()[0] == "+ name: RSI dip"
    assert await services.strategies.list() == []

    made = await services.toolbox.approve(create)
    (strategy,) = await services.strategies.list()
    assert made.error == ""
    assert [(one.kind, one.id) for one in made.citations] == [("strategy", strategy.id)]
    again = await services.toolbox.approve(create)
    assert "decided already" in again.error
    assert len(await services.strategies.list()) == 1

    given = {"strategy_id": strategy.id, "parameters": {"window": 10}}
    change = await proposed(services, "set_strategy_parameters", given)
    assert change.change == "- window: 14\n+ window: 10"
    await services.strategies.update(strategy.model_copy(update={"notes": "changed meanwhile"}))
    stale = await services.toolbox.approve(change)
    assert "changed since" in stale.error
    assert (await services.strategies.get(strategy.id)).parameters == {"window": 14}
    fresh = await proposed(services, "set_strategy_parameters", given)
    assert (await services.toolbox.reject(fresh)).data == {"rejected": True}
    assert "decided already" in (await services.toolbox.approve(fresh)).error

    for value, says in ((500, "window: must be from 2 to 50"), ("ten", "window: must be a number")):
        wrong = await answered(
            services, "set_strategy_parameters", {**given, "parameters": {"window": value}}
        )
        assert says in wrong.error, "before a card is made of it"
    as_text = {**given, "parameters": {"window": "10"}}
    assert (await proposed(services, "set_strategy_parameters", as_text)).change == change.change
    narrow = {
        "strategy_id": strategy.id,
        "text": RULES.replace("[2, 50], default: 14", "[2, 5], default: 4"),
    }
    assert (
        "window: must be from 2 to 5" in (await answered(services, "change_strategy", narrow)).error
    )
    second = await proposed(services, "create_strategy", {"text": RULES})
    assert "is a strategy of this name already" in second.change.splitlines()[0]

    waiting = await proposed(services, "set_strategy_parameters", given)
    other = await proposed(
        services, "set_strategy_parameters", {**given, "parameters": {"window": 9}}
    )
    user = services.user
    assert user is not None
    await services.sign_in(user)  # as another run of the program
    assert "decided already" in (await services.toolbox.approve(waiting)).error
    for one in (waiting, other):
        services.toolbox.take_up(one, "s1")
    assert (await services.toolbox.approve(waiting)).error == ""
    assert (await services.strategies.get(strategy.id)).parameters == {"window": 10}
    assert "changed since" in (await services.toolbox.approve(other)).error

    run = await proposed(services, "run_backtest", {**RUN, "name": None})
    assert await services.backtests.list() == []
    forged = replace(run, arguments={**run.arguments, "symbols": ["IXIC"]})
    assert (await services.toolbox.approve(forged)).error
    ran = await services.toolbox.approve(run)
    (kept,) = await services.backtests.list()
    assert kept.symbols == ("SPX",)
    assert ran.data["total_return"] == kept.total_return
    assert ran.citations[0].id == kept.id
    later = {key: value for key, value in RUN.items() if key != "end"} | {"name": kept.name}
    run = await proposed(services, "run_backtest", later)
    assert run.change.startswith("  There is a backtest of this name already")
    (symbol,) = [one for one in await services.market_data.symbols() if one.symbol == "SPX"]
    assert f"+ period: 2018-01-01 to {symbol.last}" in run.change
    bar = {"symbol": ["SPX"], "date": [symbol.last + WEEK],
           **{one: [9.0] for one in ("open", "high", "low", "close", "volume")}}  # fmt: skip
    services.stores.bars.upsert(pa.table(bar), ImportBatch("test"))
    ran = await services.toolbox.approve(run)
    assert ran.error == "", "a bar that came since is no reason to lapse"
    last = await services.backtests.show(ran.citations[0].id)
    assert last.result is not None
    assert last.result.portfolio_value["date"][-1] == f"{symbol.last}", "what was shown was run"
    shown = await answered(services, "show_backtest", {"backtest_id": kept.id})
    assert shown.data["sharpe_ratio"] == kept.sharpe_ratio

    outcomes = [(one.tool, one.outcome) for one in await services.toolbox.log()]
    assert outcomes[:3] == [
        ("show_backtest", "answered"), ("run_backtest", "approved"), ("run_backtest", "proposed"),
    ]  # fmt: skip
    assert outcomes[-2:] == [("create_strategy", "approved"), ("create_strategy", "proposed")]


async def test_permissions_are_kept_and_hold_for_calls_and_approvals(services: Services) -> None:
    box = services.toolbox
    await box.permit("list_strategies", Consent.NEVER)
    assert "list_strategies" not in {one.name for one in box.specs()}
    refused = await answered(services, "list_strategies", {})
    assert "does not allow" in refused.text, "what a model reads"
    assert "chat tool permit list_strategies" in refused.error, "what its user reads"
    await box.permit("list_strategies", Consent.ASK)
    asked = await proposed(services, "list_strategies", {"search": "x"})
    assert asked.permission is Permission.READ
    assert (await box.approve(asked)).data["total"] == 0
    with pytest.raises(InvalidInput, match="always asked"):
        await box.permit("create_strategy", Consent.ALLOW)
    create = await proposed(services, "create_strategy", {"text": RULES})
    await box.permit("create_strategy", Consent.NEVER)
    assert "not allowed" in (await box.approve(create)).error
    assert await services.strategies.list() == []
    user = services.user
    assert user is not None
    await services.sign_in(user)
    await services.toolbox.load()
    kept = {spec.name: consent for spec, consent in services.toolbox.permissions().items()}
    assert kept["create_strategy"] is Consent.NEVER


async def test_a_query_that_takes_too_long_ends_in_its_thread_too(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def query() -> None:
        try:
            with services.stores.duck.read() as connection:
                connection.execute("SELECT sum(range) FROM range(1_000_000_000_000)").fetchall()
        finally:
            ended.set()

    async def read(_: ToolArguments) -> ToolResult:
        await asyncio.to_thread(query)
        return ToolResult("never")

    await services.toolbox.call("list_strategies", {})
    slow = ReadingTool("slow", "Slow", "Slow.", ToolArguments, read)
    monkeypatch.setitem(services.toolbox._tools, "slow", slow)
    monkeypatch.setattr(box, "READ_SECONDS", 0.05)
    assert "took longer" in (await answered(services, "slow", {})).error
    assert await asyncio.to_thread(ended.wait, 5)
    with services.stores.duck.read() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_what_a_model_gets_wrong_is_said(services: Services) -> None:
    tries: list[tuple[str, dict[str, object], str]] = [
        ("list_strategy", {}, "Did you mean list_strategies?"),
        ("show_strategy", {}, "strategy_id: Field required"),
        ("show_strategy", {"strategy_id": "x", "path": "/etc/passwd"}, "path: Extra inputs"),
        ("show_strategy", {"strategy_id": {"$ne": ""}}, "strategy_id"),
        ("show_strategy", {"strategy_id": "0" * 24}, "There is no strategy"),
        ("create_strategy", {"text": "entry: rsy(close, 3) < 3\nexit: close > 1"}, "rsi"),
        ("run_backtest", {**RUN, "symbols": []}, "symbols"),
        ("show_backtest", {"backtest_id": 10**20, "more": [{"n": -(10**20)}]}, "backtest_id"),
    ]
    for name, arguments, says in tries:
        assert says in (await answered(services, name, arguments)).error
    calls = await services.toolbox.log()
    assert {one.outcome for one in calls} == {"refused", "failed"}
    assert calls[0].arguments == {"backtest_id": f"{10**20}", "more": [{"n": f"{-(10**20)}"}]}


async def test_every_theme_answers_from_the_stores(stocked: Services) -> None:
    services = stocked
    strategy = await services.strategies.create("Cross", "SMA_CROSSOVER", {})
    await services.watchlists.create("Favourites", ["SPX"])
    book = await services.portfolios.create(services.portfolios.blank("Book"))
    await services.news.keep([NewsData(symbol="SPX", title="A rise", published_at=utc_now())])

    year = {"symbols": ["SPX"], "start": "2018-01-01", "end": "2018-12-31"}
    yearly = await answered(services, "query_bars", {**year, "every": "all", "aggregate": "count"})
    assert yearly.data["rows"] == [{"date": "2018-12-31", "symbol": "SPX", "close": 251.0}]
    monthly = await answered(
        services, "query_bars",
        {**year, "every": "month", "columns": ["close", "return"], "aggregate": "sum", "limit": 3},
    )  # fmt: skip
    assert [one["date"][:7] for one in monthly.data["rows"]] == ["2018-10", "2018-11", "2018-12"]
    assert "The newest 3 of 12 rows" in monthly.text
    bars = await services.market_data.load_bars(["SPX"], date(2018, 11, 30), date(2018, 12, 31))
    returns = bars.close[1:, 0] / bars.close[:-1, 0] - 1
    assert monthly.data["rows"][-1]["return"] == pytest.approx(returns.sum(), rel=1e-12)

    rsi = await answered(
        services, "compute_indicator",
        {"symbol": "SPX", "expression": "rsi(close, 14), close > 1", "end": "2018-06-29",
         "limit": 2},
    )  # fmt: skip
    assert [one["date"] for one in rsi.data["rows"]] == ["2018-06-28", "2018-06-29"]
    assert 0 < rsi.data["rows"][0]["rsi(close, 14)"] < 100
    described = await answered(services, "price_statistics", {**year, "symbols": None,
                                                              "symbol": "SPX"})  # fmt: skip
    assert described.data["bars"] == 251
    assert described.data["best"]["return"] == pytest.approx(returns.max())
    pair = await answered(services, "correlate", {"symbols": ["SPX", "IXIC"]})
    assert pair.error == ""
    assert -1 < pair.data["rows"][0]["correlation"] < 1

    asked: list[tuple[str, dict[str, object]]] = [
        ("list_symbols", {"search": "sp"}),
        ("quotes", {"symbols": ["SPX"]}),
        ("news", {}),
        ("list_watchlists", {}),
        ("show_watchlist", {"watchlist": "favourites"}),
        ("alert_log", {}),
        ("list_portfolios", {}),
        ("show_portfolio", {"portfolio_id": book.id}),
        ("list_models", {}),
        ("list_studies", {}),
        ("list_strategies", {}),
        ("show_strategy", {"strategy_id": strategy.id}),
        ("list_strategy_templates", {}),
        ("rule_language", {"words": "rsi"}),
        ("rule_language", {}),
        ("check_strategy", {"text": RULES}),
        ("economics", {}),
        ("list_scenarios", {}),
    ]
    for name, arguments in asked:
        answer = await answered(services, name, arguments)
        assert answer.error == "", name
        assert len(answer.text) < 10_000, name

    changes: list[tuple[str, dict[str, object], str]] = [
        ("add_to_watchlist", {"watchlist": "favourites", "symbols": ["ixic"]}, "  SPX\n+ IXIC"),
        ("remove_from_watchlist", {"watchlist": "Favourites", "symbols": ["SPX"]}, "- SPX"),
        ("create_watchlist", {"name": "New", "symbols": ["IXIC"]}, "+ IXIC"),
        ("set_portfolio_targets", {"portfolio_id": book.id, "targets": {"SPX": 0.6}},
         "+ SPX: 60.00%"),
        ("archive_strategy", {"strategy_id": strategy.id}, "- archived: no\n+ archived: yes"),
    ]  # fmt: skip
    for name, arguments, change in changes:
        proposal = await proposed(services, name, arguments)
        assert change in proposal.change
        assert (await services.toolbox.approve(proposal)).error == "", name
        break_ = await services.toolbox.call(name, arguments)
        assert isinstance(break_, ToolResult), f"{name} proposes what is so already"
    assert (await services.watchlists.find("Favourites")).symbols == ["IXIC"]
    assert (await services.portfolios.get(book.id)).target_weights[0]["weight"] == 0.6


async def test_a_study_is_run_and_applied_by_proposals(stocked: Services) -> None:
    services = stocked
    strategy = await services.strategies.create("Cross", "SMA_CROSSOVER", {})
    given = {"strategy_id": strategy.id, "symbols": ["SPX"], "start": "2016-07-01",
             "end": "2018-12-31", "sampler": "random", "trials": 5, "walk_forward": False,
             "ranges": {"short_window": {"kind": "int", "low": 5, "high": 30}}}  # fmt: skip
    run = await proposed(services, "run_study", given)
    assert run.title == "Run an optimisation: Cross on SPX"
    assert run.change.splitlines() == [
        "+ strategy: Cross",
        "+ symbols: SPX",
        "+ period: 2016-07-01 to 2018-12-31",
        "+ capital: 100,000",
        "+ commission: 0.10% of every fill's value",
        "+ slippage: 0.00% of every fill's price",
        "+ fill at: next bar's open",
        "+ shares: fractional",
        "+ searched: short_window 5 … 30",
        "+ looked for: maximize Sharpe ratio",
        "+ trials: 5, chosen by random, seed 0",
        "+ walk forward: no",
    ], "people read it"
    started = await services.toolbox.approve(run)
    assert (started.data["status"], started.runs_on) == ("started", True)
    await services.jobs.jobs[0].wait()
    study_id = started.data["study_id"]
    shown = await answered(services, "show_study", {"study_id": study_id})
    trials = shown.data["best_trials"]
    assert trials[0]["values"] >= trials[-1]["values"]
    apply = {"study_id": study_id, "trial": trials[0]["number"]}
    change = await proposed(services, "apply_study", apply)
    window = trials[0]["params"]["short_window"]
    assert f"- short_window: 20\n+ short_window: {window}" in change.change
    assert (await services.toolbox.approve(change)).error == ""
    assert (await services.strategies.get(strategy.id)).parameters["short_window"] == window
    again = await proposed(services, "run_study", {**given, "name": started.citations[0].title})
    assert again.change.startswith("  There is a study of this name already")
