"""Checks of strategies and backtests: made as a job, kept, and said to be stale in time."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quant_tui.domain.errors import Conflict, InsufficientData, NotFound, StrategyError
from quant_tui.domain.tasks import HoldTasks, run_by
from quant_tui.domain.trading import Backtest, BacktestResult, StrategyCheck
from quant_tui.engine import Bars, run_backtest
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.every_check import CHECKS, CheckedRun, check_run, checked_names
from quant_tui.engine.rules import StrategyDocument
from quant_tui.engine.version import ENGINE_VERSION
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.backtest_request import (
    BacktestRequest,
    PreparedBacktest,
    load_bars,
    prepare,
)
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.outside_series import (
    OutsideSeries,
    OutsideSeriesService,
    outside_calls,
)
from quant_tui.services.strategies import StrategyService
from quant_tui.services.strategy_rules import rules_of
from quant_tui.services.strategy_versions import plain_rules, rules_key
from quant_tui.services.trust import TrustService
from quant_tui.storage.mongo.repositories import UserRepositories

KIND = "check"
"""What jobs of this service are called."""


class StrategyCheckService:
    """Checks of one user's strategies and backtests."""

    def __init__(
        self,
        *,
        repositories: UserRepositories,
        strategies: StrategyService,
        trust: TrustService,
        market_data: MarketDataService,
        outside: OutsideSeriesService,
        jobs: JobManager,
        hold: HoldTasks | None = None,
    ) -> None:
        self._user_id = repositories.user_id
        self._run_checks = None if hold is None else run_by(hold)
        self._checks = repositories.checks
        self._backtests = repositories.backtests
        self._results = repositories.results
        self._strategies = strategies
        self._trust = trust
        self._market_data = market_data
        self._outside = outside
        self._jobs = jobs

    # -- making

    async def start(self, request: BacktestRequest, only: Sequence[str] = ()) -> Job[StrategyCheck]:
        """Check a strategy as a job, whose ``target`` is ``strategy:ID``.

        The run behind the checks counts as a trial of the strategy. What is found is kept
        when the strategy is saved and every check was made.

        Parameters
        ----------
        request
            What to run.
        only
            Names of the checks to make; all of them when empty.

        Raises
        ------
        InvalidInput, NotFound, StrategyError
            When the request cannot be run, or there is no such check.
        Conflict
            The strategy is being checked already.
        """
        names = checked_names(only)
        prepared = await prepare(request, self._strategies, self._market_data)

        async def work(context: JobContext) -> StrategyCheck:
            loaded = await self._run(prepared, context)
            found = await self._found(prepared, loaded, names, context)
            if not prepared.strategy_id or len(names) < len(CHECKS):
                return found
            context.progress(0.97, "keeping what was found")
            return await self._checks.keep(found)

        target = f"strategy:{prepared.strategy_id}" if prepared.strategy_id else ""
        self._refuse_second(target, prepared.strategy_name)
        return self._jobs.start(KIND, f"Check {prepared.strategy_name}", work, target=target)

    async def start_backtest(self, backtest_id: str) -> Job[StrategyCheck]:
        """Make every check of a kept backtest as a job, whose ``target`` is ``backtest:ID``.

        What is found is kept beside it; the result itself is not changed. The trials are those
        that the ledger has by now.

        Raises
        ------
        NotFound
            There is no such backtest. The job fails with NotFound when it has no result,
            and with Conflict when its bars or series are no longer those of the result.
        Conflict
            It is being checked already.
        """
        backtest = await self._backtests.get(backtest_id)

        async def work(context: JobContext) -> StrategyCheck:
            result = await self._results.of_backtest(backtest_id)
            if result is None:
                raise NotFound(f"{backtest.name} has no result.", hint="Run it first.")
            prepared = PreparedBacktest.from_snapshot(backtest)
            loaded = await self._run(prepared, context)
            _require_unchanged(backtest, result, loaded)
            found = await self._found(prepared, loaded, tuple(CHECKS), context)
            context.progress(0.97, "keeping what was found")
            return await self._checks.keep(found.model_copy(update={"backtest_id": backtest_id}))

        target = f"backtest:{backtest_id}"
        self._refuse_second(target, backtest.name)
        return self._jobs.start(KIND, f"Check {backtest.name}", work, target=target)

    def _refuse_second(self, target: str, name: str) -> None:
        if target and any(job.kind == KIND and job.target == target for job in self._jobs.active):
            raise Conflict(f"{name} is being checked.", hint="Wait for it, or cancel it.")

    async def _run(self, prepared: PreparedBacktest, context: JobContext) -> _Loaded:
        context.progress(0.02, "loading bars")
        stamp = await self._market_data.stamp(prepared.symbols, prepared.end)
        bars, benchmark = await load_bars(prepared, self._market_data)
        outside = await self._outside.of(prepared.strategy, bars)
        context.cancel.raise_if_cancelled()
        context.progress(0.08, "running")
        report = await context.run_in_thread(
            run_backtest,
            bars,
            prepared.strategy,
            prepared.params,
            prepared.config,
            benchmark=benchmark,
            inputs=outside.inputs,
            cancel=context.cancel,
            begin=prepared.begin(bars),
        )
        return _Loaded(report, bars, outside, stamp)

    async def _found(
        self,
        prepared: PreparedBacktest,
        loaded: _Loaded,
        names: tuple[str, ...],
        context: JobContext,
    ) -> StrategyCheck:
        count = await self._trust.record(prepared, loaded.report)
        annualization = loaded.report.config.annualization or 1.0

        def progress(fraction: float, message: str) -> None:
            context.progress(0.1 + 0.85 * fraction, message)

        found: CheckedRun = await context.run_in_thread(
            check_run,
            loaded.report,
            names,
            trials=max(count.trials, 1),
            trial_variance=None if count.variance is None else count.variance / annualization,
            inputs=loaded.outside.inputs,
            progress=progress,
            cancel=context.cancel,
            run=self._run_checks,
        )
        data_hash = await context.run_in_thread(lambda: loaded.bars.content_hash)
        context.cancel.raise_if_cancelled()
        return StrategyCheck(
            user_id=self._user_id,
            strategy_id=prepared.strategy_id,
            version=await self._version_of(prepared),
            rules_hash=rules_hash(prepared.strategy, prepared.params),
            data_hash=data_hash,
            data_stamp=loaded.stamp,
            inputs_hash=loaded.outside.content_hash,
            engine_version=ENGINE_VERSION,
            config=prepared.snapshot(),
            card=found.to_document(),
        )

    async def _version_of(self, prepared: PreparedBacktest) -> int | None:
        """Return the newest version of the strategy that has these rules and parameters."""
        if not prepared.strategy_id:
            return None
        try:
            versions = await self._strategies.versions(prepared.strategy_id)
        except NotFound:
            return None  # a backtest stays when its strategy is deleted
        key = rules_key(prepared.strategy.to_document(), prepared.params)
        same = (one for one in versions if rules_key(plain_rules(one), one.parameters) == key)
        return next((one.number for one in same), None)

    # -- finding again

    async def of_strategy(self, strategy_id: str) -> StrategyCheck | None:
        """Return the newest check of a strategy: of its rules as they are, or else of others.

        Raises
        ------
        NotFound
            When the user has no such strategy.
        """
        now = await self._rules_now(strategy_id)
        return await self._checks.of_strategy(strategy_id, now) or await self._checks.of_strategy(
            strategy_id
        )

    async def of_backtest(self, backtest_id: str) -> StrategyCheck | None:
        """Return the newest check of a backtest, None when there is none."""
        return await self._checks.of_backtest(backtest_id)

    async def backtest_name(self, backtest_id: str) -> str:
        """Return how a backtest is called.

        Raises
        ------
        NotFound
            When the user has none with that id.
        """
        return (await self._backtests.get(backtest_id)).name

    async def stale(self, check: StrategyCheck, strategy_id: str = "") -> tuple[str, ...]:
        """Return what has changed since a check was made, a few words each; empty for nothing.

        The bars are loaded again only where the store's mark of them differs from that of
        then, or where the strategy reads series from outside, which lie on their dates.

        Parameters
        ----------
        check
            What was found.
        strategy_id
            The strategy whose rules it is to be of; left out for a backtest, which has its
            own for good.
        """
        changed = []
        if strategy_id and await self._rules_now(strategy_id) != check.rules_hash:
            changed.append("the rules or parameters")
        if check.engine_version != ENGINE_VERSION:
            changed.append("the engine")
        return (*changed, *await self._changed_data(check))

    async def _changed_data(self, check: StrategyCheck) -> list[str]:
        prepared = _snapshot_of(check)
        try:
            if check.data_stamp and not outside_calls(prepared.strategy):
                stamp = await self._market_data.stamp(prepared.symbols, prepared.end)
                if stamp == check.data_stamp:
                    return []
            bars, _ = await load_bars(prepared, self._market_data)
            outside = await self._outside.of(prepared.strategy, bars)
        except (NotFound, InsufficientData, StrategyError):
            return ["the bars"]
        if await asyncio.to_thread(lambda: bars.content_hash) != check.data_hash:
            return ["the bars"]
        return ["the series from outside"] if outside.content_hash != check.inputs_hash else []

    async def _rules_now(self, strategy_id: str) -> str:
        strategy = await self._strategies.get(strategy_id)
        document = rules_of(strategy)
        return rules_hash(document, {**document.default_parameters(), **strategy.parameters})

    async def suggest(self, strategy_id: str) -> BacktestRequest | None:
        """Return what to check a strategy on: what it was checked or run on last.

        None when it was neither.
        """
        check = await self._checks.of_strategy(strategy_id)
        if check is not None:
            return BacktestRequest.again(check.config, strategy_id)
        ran = await self._backtests.of_strategy(strategy_id, limit=1)
        return BacktestRequest.again(ran[0].config, strategy_id) if ran else None


@dataclass(frozen=True, slots=True)
class _Loaded:
    report: Report
    bars: Bars
    outside: OutsideSeries
    stamp: str


def rules_hash(document: StrategyDocument, params: Mapping[str, object]) -> str:
    """Return the SHA-256 of rules and the values of all their parameters."""
    text = json.dumps({"rules": document.hash, "params": dict(params)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _snapshot_of(check: StrategyCheck) -> PreparedBacktest:
    return PreparedBacktest.from_snapshot(
        Backtest(name="", strategy_id=check.strategy_id, config=check.config, user_id=check.user_id)
    )


def _require_unchanged(backtest: Backtest, result: BacktestResult, loaded: _Loaded) -> None:
    """Refuse when the result was of other bars or series than there are now.

    Raises
    ------
    Conflict
        They have changed.
    """
    hint = "Run it again, then check."
    if loaded.report.fingerprint["data"] != result.fingerprint.get("data"):
        raise Conflict(f"The bars of {backtest.name} have changed since it ran.", hint=hint)
    if loaded.outside.content_hash != result.fingerprint.get("inputs", ""):
        raise Conflict(
            f"The series that {backtest.name} reads have changed since it ran.", hint=hint
        )
