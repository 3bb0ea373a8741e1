"""Two users at one store: every service of a user, and every call of it, with the other's ids.

Also their jobs, results and trust cards, and what an account may do to another's sessions.
"""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from quant_tui.domain.errors import NotSignedIn, QuantError
from quant_tui.domain.genai import ChatSession, GeneratedStrategy, PromptTemplate
from quant_tui.domain.ml_platform import EvaluationScenario, Feature, MLModel
from quant_tui.domain.trading import (
    OptimizationStudy,
    OwnTemplate,
    Portfolio,
    PortfolioTransaction,
    StrategyCheck,
)
from quant_tui.domain.user import User
from quant_tui.domain.vocabulary import ModelStatus, TransactionKind
from quant_tui.domain.watchlist import AlertEvent
from quant_tui.engine import BacktestConfig
from quant_tui.engine.portfolio.rebalance import RebalanceRules
from quant_tui.services.accounts import AccountService
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.backtest_request import BacktestRequest, PreparedBacktest
from quant_tui.services.composition import Services
from quant_tui.services.feature_cards import FeatureScope
from quant_tui.services.features import DeletedFeature
from quant_tui.services.portfolio_changes import TransactionChange
from quant_tui.services.portfolio_transactions import ImportFile
from quant_tui.services.portfolios import DeletedPortfolio
from quant_tui.services.scenario_definition import ScenarioDefinition
from quant_tui.services.scenario_windows import Window
from quant_tui.services.strategy_rules import rules_of
from quant_tui.services.study_request import StudyRequest
from quant_tui.services.training_request import TrainingRequest
from quant_tui.services.user_services import UserServices
from quant_tui.services.watchlist_edits import Removed
from tests.accounts import PASSWORD, sign_up
from tests.isolation.attack import answer_of, calls, everything_of, leaks, methods_of

MARKER = "geheim"

HANDED_ARRAYS = {
    ("TrustService", "card"): "the run's own arrays; it reads no store",
    ("TrustService", "record"): "the run's own arrays; it writes its user's ledger alone",
    ("AlertService", "listen"): "a subscription, which is the first thing of a sign-in",
    ("AlertService", "stop"): "its end",
    ("PortfolioService", "close"): "the end of a subscription",
    ("PortfolioService", "from_backtest"): "a report, which only its owner is shown",
    ("PortfolioService", "export_orders"): "a plan, which it writes to a file",
    ("PredictionService", "series"): "bars; the model is found as predict finds it",
    ("ScoringService", "listen"): "a subscription, which is the first thing of a sign-in",
    ("ScoringService", "stop"): "its end",
    ("ModelService", "close"): "the end of what was deleted here",
    ("PortfolioTransactionService", "blank"): "it stores nothing and gives back what it is given",
    ("GenerationService", "generate"): "words, and symbols that everybody shares",
    ("ChatService", "state"): "counts, of what get gives",
    ("ChatService", "close"): "the end of its answers",
    ("ChatService", "answering"): "what this program writes for its user",
    ("ChatEndpoints", "keep"): "settings of the program, which are no user's",
    ("ChatEndpoints", "get"): "as keep",
    ("ChatEndpoints", "use"): "as keep",
    ("ChatEndpoints", "test"): "as keep",
    ("ChatEndpoints", "endpoint"): "as keep",
    ("RetrievalService", "begin"): "a subscription, which is the first thing of a sign-in",
    ("RetrievalService", "stop"): "its end",
    ("RetrievalService", "settle"): "a wait",
    ("ToolBox", "call"): "test_tools.py tries every tool",
    ("ToolBox", "approve"): "test_tools.py tries a proposal of the other's",
    ("ToolBox", "reject"): "as approve",
    ("ToolBox", "take_up"): "test_tools.py takes up a proposal of the other's",
    ("ToolBox", "permit"): "a tool's name and the user's own decision",
}
"""Calls that take no id of anybody, and why they are not tried."""


STUDY = StudyRequest(
    symbols=("SPX",), strategy_type="SMA_CROSSOVER", name=f"{MARKER} study", sampler="random",
    start=date(2015, 1, 1), end=date(2018, 12, 31), trials=5, walk_forward=None,
)  # fmt: skip
"""A search that takes a moment."""

SCENARIO = ScenarioDefinition((Window("2018", date(2018, 6, 1), date(2018, 12, 28)),), ("SPX",))
"""A setting in which models are compared."""


@dataclass
class Theirs:
    """What the other user has."""

    user: User
    strategy: Any
    report: BacktestReport
    watchlist: Any
    alert: Any
    portfolio: Portfolio
    line: PortfolioTransaction
    check: StrategyCheck
    template: OwnTemplate
    study: OptimizationStudy
    feature: Feature
    feature_version: str
    model: MLModel
    prompt: PromptTemplate
    generated: GeneratedStrategy
    scenario: EvaluationScenario
    chat: ChatSession

    @property
    def ids(self) -> list[str]:
        execution, result = self.report.execution, self.report.result
        assert execution is not None
        assert result is not None
        return [self.strategy.id, self.report.backtest.id, execution.id, execution.execution_id,
                result.id, self.watchlist.id, self.alert.id, self.portfolio.id,
                self.line.id, self.check.id, self.template.id, self.study.id,
                self.feature.id, self.model.id, self.model.experiment_id, self.prompt.id,
                self.generated.id, self.scenario.id, self.chat.id,
                self.chat.session_id]  # fmt: skip


@pytest.fixture
async def theirs(stocked: Services) -> Theirs:
    """Fill the store as its first user, then sign in as another."""
    services = stocked
    assert services.user is not None
    user = services.user
    strategy = await services.strategies.create(f"{MARKER} strategy", "BUY_AND_HOLD", {})
    request = BacktestRequest(
        symbols=("SPX",),
        strategy_id=strategy.id,
        start=date(2018, 1, 1),
        end=date(2018, 12, 31),
        name=f"{MARKER} run",
    )
    report = await (await services.backtests.start(request)).wait()
    await (await services.checks.start_backtest(report.backtest.id)).wait()
    check = await (await services.checks.start(replace(request, benchmark=""))).wait()
    template = await services.templates.save_as_template(strategy.id, f"{MARKER} template")
    study = (await (await services.studies.start(STUDY)).wait()).study
    watchlist = await services.watchlists.create(f"{MARKER} list", ["SPX"])
    alert = await services.alerts.add(watchlist.id, "close > 1", name=f"{MARKER} alert")
    mine = services.stores.repositories.for_user(user.id)
    await mine.alert_events.create(
        AlertEvent(
            user_id=user.id, watchlist_id=watchlist.id, watchlist=watchlist.name,
            alert_id=alert.id, name=alert.name, rule=alert.rule, symbol="SPX",
            bar_date="2018-12-31", close=1.0,
        )
    )  # fmt: skip
    portfolio = await services.portfolios.create(services.portfolios.blank(f"{MARKER} portfolio"))
    line = services.portfolios.transactions.blank(
        portfolio.id, kind=TransactionKind.DEPOSIT, date=datetime(2018, 1, 2, tzinfo=UTC),
        amount=1000.0, note=MARKER,
    )  # fmt: skip
    change = await services.portfolios.transactions.add(portfolio.id, [line])
    await services.dashboards.save(await services.dashboards.load())
    feature = await services.features.create(f"{MARKER}_feature", "close")
    (version,) = await services.features.versions(feature.id)
    training = await services.training.start(
        TrainingRequest(
            f"{MARKER}_model", ("SPX",), features=(feature.name,), start=date(2018, 1, 1),
            parameters={"rounds": 1}, experiment=f"{MARKER} runs",
        )
    )  # fmt: skip
    model = await training.wait()
    await services.deployments.promote(model.id, "prod")
    prompt = await services.prompts.create(f"{MARKER} prompt", f"{MARKER} {{x}}")
    generated = await mine.generated_strategies.create(
        GeneratedStrategy(
            name=f"{MARKER} idea", code="entry: close > 1\nexit: close < 1", user_id=user.id
        )
    )
    await services.scoring.start().wait()
    scenario = await services.scenarios.create(f"{MARKER} scenario", SCENARIO, models=[model.id])
    chat = await services.chat.create(f"{MARKER} talk")
    async for _ in services.chat.ask(chat.session_id, f"what is {MARKER}?"):
        pass
    chat = await services.chat.get(chat.session_id)
    await services.retrieval.catch_up()
    assert len(await mine.rag_documents.list(limit=None)) >= 5
    await services.sign_out()
    await sign_up(services, "other")
    return Theirs(
        user, strategy, report, watchlist, alert, portfolio, change.added[0], check, template,
        study, feature, version.id, model, prompt, generated, scenario, chat,
    )  # fmt: skip


def names_of_personal_services() -> list[str]:
    """Return what the services of one user are called."""
    made = (name for name, one in vars(UserServices).items() if isinstance(one, cached_property))
    return [name for name in made if not name.startswith("_")]


def personal_services(services: Services) -> dict[str, object]:
    """Return what is made for the signed-in user, and the services that stand in it."""
    found: dict[str, object] = {}
    for one in names_of_personal_services():
        service = getattr(services.mine, one)
        found[type(service).__name__] = service
        for name, inner in vars(service).items():
            if not name.startswith("_") and type(inner).__module__.startswith("quant_tui"):
                found[type(inner).__name__] = inner
    return found


@pytest.mark.timeout(300)
async def test_no_call_of_any_service_reaches_what_another_user_has(
    stocked: Services, theirs: Theirs, tmp_path: Path
) -> None:
    services = stocked
    store = services.stores.metadata
    secrets = [MARKER, *theirs.ids]
    before = await everything_of(store, theirs.user.id)
    assert len(before) >= 10
    values = await _values(services, theirs, tmp_path)
    tried = 0
    for name, service in personal_services(services).items():
        for method in methods_of(service):
            if (name, method) in HANDED_ARRAYS:
                continue
            for given in calls(service, method, values):
                answer = await answer_of(service, method, given)
                tried += 1
                place = f"{name}.{method}({given})"
                handed = any(not isinstance(one, str | list | bool | int) for one in given.values())
                if not handed:
                    assert not leaks(answer, secrets), f"{place} gave {answer!r}"
            after = await everything_of(store, theirs.user.id)
            assert after == before, f"{name}.{method} changed what another user has"
    assert tried > 60
    assert services.jobs.active == []


async def _values(services: Services, theirs: Theirs, tmp_path: Path) -> Any:
    file = tmp_path / "transactions.csv"
    file.write_text("date,kind,amount\n2018-01-03,deposit,5\n")
    document = rules_of(theirs.strategy)
    ids = theirs.ids
    line = theirs.line.model_copy(update={"user_id": services.user.id if services.user else ""})
    prepared = PreparedBacktest(
        strategy=document, strategy_id=theirs.strategy.id, strategy_name="x", params={},
        symbols=("SPX",), start=None, end=None, config=BacktestConfig(), benchmark="",
    )  # fmt: skip
    runs = {"symbols": ("SPX",), "start": date(2018, 6, 1), "end": date(2018, 12, 31)}
    known: dict[str, list[Any]] = {
        "strategy_id": ids, "backtest_id": ids, "list_id": ids, "alert_id": ids, "only": [[]],
        "portfolio_id": ids, "backtest_ids": [ids[1:3], ids], "ids": [ids],
        "search": [MARKER], "name": ["mine"], "description": ["x"],
        "symbols": [["SPX"]], "rule": ["close > 2"], "text": ["buy 1 SPX @ 2"],
        "strategy_type": ["BUY_AND_HOLD"], "parameters": [{}], "active": [False],
        "document": [document], "strategy": [theirs.strategy], "report": [theirs.report],
        "request": [BacktestRequest(strategy_id=theirs.strategy.id, **runs)],
        "check": [theirs.check], "prepared": [prepared],
        "out": [tmp_path / "out.json"], "path": [tmp_path / "orders.csv"],
        "portfolio": [theirs.portfolio], "watchlist": [theirs.watchlist],
        "alert": [theirs.alert], "edit": [lambda found: found],
        "removed": [Removed((("SPX", 0),), ())], "transactions": [[line]], "transaction": [line],
        "deleted": [DeletedPortfolio(theirs.portfolio, (theirs.line,))],
        "change": [TransactionChange(theirs.portfolio.id, added=(theirs.line,)),
                   TransactionChange(theirs.portfolio.id, removed=(theirs.line,))],
        "file": [ImportFile(file)], "targets": [{"SPX": 1.0}], "rules": [RebalanceRules()],
        "state": [await services.dashboards.load()],
    }  # fmt: skip
    builtin = (await services.templates.list())[:1]
    versions = await services.stores.repositories.for_user(theirs.user.id).strategy_versions.list()
    known |= {
        "tag": ["x"], "archived": [True], "values": [{"name": "mine"}],
        "template_id": ids, "template": [theirs.template], "study_id": ids, "number": [1],
        "notes": ["x"], "note": ["x"], "versions": [versions],
        "feature_id": ids, "reference": [*ids, f"{MARKER}_feature"], "names": [["mine"]],
        "expression": ["close"], "older": ["0.1.0"], "newer": ["0.1.0"],
        "scope": [FeatureScope(("SPX",), start=date(2018, 6, 1))],
        "version_id": [*ids, theirs.feature_version], "statistics": [{"x": 1}],
    }  # fmt: skip
    known |= {
        "model_id": ids, "model": [theirs.model], "changes": [{"notes": "x"}],
        "alias": ["champion"], "environment": ["prod"], "tags": [["x"]], "force": [True],
        "day": [date(2100, 1, 1)], "scenario_id": ids, "scenario": [theirs.scenario],
        "models": [[theirs.model.id], [f"{MARKER}_model"]], "deployment_ids": [ids],
    }  # fmt: skip
    known |= {"prompt_id": [*ids, f"{MARKER} prompt"], "prompt": [theirs.prompt]}
    messages = [one["id"] for one in theirs.chat.conversation_history]
    known |= {"session_id": ids, "message_id": messages, "title": ["x"], "proposal_id": ids,
              "approved": [True], "pinned": [True]}  # fmt: skip
    known |= {"generated_id": ids, "generated": [theirs.generated]}
    known |= {"kind": ["strategy", "backtest", "model"], "object_id": ids}
    known["reference"] += [
        f"{MARKER}_model",
        f"{MARKER}_model@prod",
        f"{MARKER} runs",
        f"{MARKER} scenario",
    ]
    defaults = {
        "metric",
        "start",
        "end",
        "reason",
        "more",
        "file_format",
        "limit",
        "skip",
        "status",
        "group",
        "unknown",
        "anew",
        "context",
        "version",
        "interval",
        "feature_type",
        "progress",
        "cancel",
    }

    def values(method: str, name: str, parameter: inspect.Parameter) -> list[Any] | None:
        if method == "find":
            return [f"{MARKER} list"]
        if (method, name) in (
            ("versions", "name"),
            ("on", "name"),
            ("roll_back", "name"),
            ("before", "name"),
        ):
            return [f"{MARKER}_model"]
        if name == "template" and parameter.annotation == "str":
            return ["Look at {symbol}"]
        if (method, name) == ("give_up", "status"):
            return [ModelStatus.CANCELLED]
        if name in defaults:
            return None
        if (method, name) == ("judge", "models"):
            return [[theirs.model]]
        if parameter.annotation in ("ScenarioDefinition", "ScenarioDefinition | None"):
            return [SCENARIO]
        if method in ("log", "read") and name == "name":
            return [f"{MARKER}_model"]
        if parameter.annotation == "EvaluationScenario | str":
            return ids
        if parameter.annotation == "DeletedFeature":
            return [DeletedFeature(theirs.feature, ())]
        if parameter.annotation == "TrainingRequest":
            return [TrainingRequest("mine", ("SPX",), features=(f"{MARKER}_feature",))]
        if parameter.annotation == "StudyRequest":
            return [replace(STUDY, strategy_type="", strategy_id=theirs.strategy.id)]
        if parameter.annotation == "StrategyTemplate":
            return builtin
        return known.get(name)

    return values


def test_every_service_that_outlives_a_sign_out_is_nobodys_own(stocked: Services) -> None:
    """One that is made with a user's repositories belongs to ``UserServices``."""
    for name, one in vars(Services).items():
        if isinstance(one, cached_property):
            getattr(stocked, name)
    for name, service in vars(stocked).items():
        if type(service).__module__.startswith("quant_tui.services") and name != "_mine":
            wanted = str(inspect.signature(type(service).__init__))
            assert "UserRepositories" not in wanted, name


async def test_no_account_call_reaches_another_account(stocked: Services, theirs: Theirs) -> None:
    """A user's own object is what says who one is: one that is made up opens nothing."""
    services = stocked
    accounts = services.accounts
    me = services.user
    assert me is not None
    (place,) = await accounts.places(me)
    before = await everything_of(services.stores.metadata, theirs.user.id)
    stored = await services.stores.repositories.users.get(theirs.user.id)
    tries: dict[str, list[Any]] = {
        "check_password": [theirs.user, "not the password"],
        "change_password": [theirs.user, "not the password", "a new password"],
        "deactivate": [theirs.user, "not the password"],
        "end_place": [theirs.user, place.id],
        "change_names": [me, theirs.user.username, theirs.user.email],
        "sign_up": [theirs.user.username, "new@example.org", PASSWORD],
        "sign_in": [theirs.user.username, "not the password"],
        "create_local": [theirs.user.username],
    }
    harmless = {"recognise", "is_new", "local", "sign_out", "places"}
    assert set(methods_of(accounts)) == set(tries) | harmless, "say here how to try a new call"
    for method, arguments in tries.items():
        with pytest.raises(QuantError):
            await getattr(accounts, method)(*arguments)
    assert await services.stores.repositories.users.get(theirs.user.id) == stored
    assert await everything_of(services.stores.metadata, theirs.user.id) == before
    assert isinstance(accounts, AccountService)


async def test_a_code_of_another_user_verifies_nobody_else(
    stocked: Services, theirs: Theirs
) -> None:
    verification = stocked.accounts.verification
    verification._private = True
    sent = await verification.send(theirs.user)
    me = stocked.user
    assert me is not None
    with pytest.raises(QuantError):
        await verification.confirm(me, sent.code)
    assert not (await stocked.stores.repositories.users.get(me.id)).is_verified


async def test_after_the_sign_out_nothing_of_the_user_is_in_reach(stocked: Services) -> None:
    job = stocked.jobs.start("x", "of the user", _forever)
    await stocked.sign_out()
    assert job.status.is_final
    assert stocked.jobs.jobs == []
    assert stocked.user is None
    with pytest.raises(NotSignedIn):
        _ = stocked.mine
    named = [name for name in names_of_personal_services() if hasattr(type(stocked), name)]
    assert len(named) > 10
    for name in named:
        with pytest.raises(NotSignedIn):
            getattr(stocked, name)


async def _forever(context: Any) -> None:
    while not context.cancel():  # noqa: ASYNC110 -- as work hears that it is cancelled
        await asyncio.sleep(0.01)
    context.cancel.raise_if_cancelled()
