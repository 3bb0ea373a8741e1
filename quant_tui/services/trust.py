"""Trust: the ledger of what was tried, and the card that says how far a result can be believed."""

from __future__ import annotations

import asyncio
import hashlib
import json

from quant_tui.domain.errors import Conflict, NotFound
from quant_tui.domain.trading import StrategyTrials
from quant_tui.engine import run_backtest
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.assess import assess
from quant_tui.engine.robustness.card import TrustCard
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.backtest_request import PreparedBacktest, load_bars
from quant_tui.services.market_data import MarketDataService
from quant_tui.storage.mongo.repositories import UserRepositories
from quant_tui.storage.mongo.trials import TrialCount


class TrustService:
    """Trial ledger and trust cards of one user."""

    def __init__(
        self,
        *,
        repositories: UserRepositories,
        market_data: MarketDataService,
        jobs: JobManager,
    ) -> None:
        self._user_id = repositories.user_id
        self._backtests = repositories.backtests
        self._results = repositories.results
        self._trials = repositories.trials
        self._market_data = market_data
        self._jobs = jobs

    async def trials_of(self, prepared: PreparedBacktest) -> TrialCount:
        """Return how many trials the ledger has of a strategy, and how their Sharpes vary."""
        return await self._trials.count_of(strategy_key(prepared))

    async def record(
        self, prepared: PreparedBacktest, report: Report, sharpes: list[float | None] | None = None
    ) -> TrialCount:
        """Enter a run into the ledger and return what its strategy's trials come to now.

        Also runs that are not saved are entered: their figures were looked at, and what
        was looked at and dropped is just what a Sharpe ratio has to be deflated by. Of the
        run itself nothing is kept but a hash and its Sharpe ratio.

        Parameters
        ----------
        prepared
            What was asked for.
        report
            What came out; of a search, the report of its best.
        sharpes
            Annual Sharpe ratios of all combinations of a search, which are one entry of as
            many trials; None where one has none. Left out for a single run.
        """
        own = report.performance["sharpe_ratio"]
        given = [None if own is None else float(own)] if sharpes is None else sharpes
        known = [one for one in given if one is not None]
        entry = StrategyTrials(
            user_id=self._user_id,
            strategy_key=strategy_key(prepared),
            fingerprint=_fingerprint(prepared, report, len(given)),
            trials=len(given),
            sharpe_count=len(known),
            sharpe_sum=sum(known),
            sharpe_squares=sum(one * one for one in known),
        )
        # Each knows nothing of the other, so both take one way to the store together.
        _, count = await asyncio.gather(self._trials.record(entry), self._trials.count_with(entry))
        return count

    async def card(
        self,
        report: Report,
        count: TrialCount,
        context: JobContext,
        *,
        start: float = 0.0,
        costly: bool | None = None,
    ) -> TrustCard:
        """Make the card of a run as a part of a job.

        Parameters
        ----------
        report, count
            What was run, and the trials of its strategy.
        context
            The job; its progress goes from ``start`` to 0.95.
        costly
            Whether to run the strategy again for its checks; None where that is quick.
        """

        def progress(fraction: float, message: str) -> None:
            context.progress(start + (0.95 - start) * fraction, message)

        annualization = report.config.annualization or 1.0
        return await context.run_in_thread(
            assess,
            report,
            trials=max(count.trials, 1),
            trial_variance=None if count.variance is None else count.variance / annualization,
            costly=costly,
            progress=progress,
            cancel=context.cancel,
        )

    async def check(self, backtest_id: str) -> Job[TrustCard]:
        """Make every check of a kept backtest, however long they take, as a job.

        The result that is kept is not changed: the card is what the job returns, with
        the trials that the ledger has by now.

        Raises
        ------
        NotFound
            There is no such backtest. The job fails with NotFound when it has no result,
            and with Conflict when the bars are no longer those of the result.
        """
        backtest = await self._backtests.get(backtest_id)

        async def work(context: JobContext) -> TrustCard:
            context.progress(0.02, "loading bars")
            result = await self._results.of_backtest(backtest_id)
            if result is None:
                raise NotFound(f"{backtest.name} has no result.", hint="Run it first.")
            prepared = PreparedBacktest.from_snapshot(backtest)
            bars, benchmark = await load_bars(prepared, self._market_data)
            context.progress(0.1, "running")
            report = await context.run_in_thread(
                run_backtest,
                bars,
                prepared.strategy,
                prepared.params,
                prepared.config,
                benchmark=benchmark,
                cancel=context.cancel,
                begin=prepared.begin(bars),
            )
            if report.fingerprint["data"] != result.fingerprint.get("data"):
                raise Conflict(
                    f"The bars of {backtest.name} have changed since it ran.",
                    hint="Run it again, then check.",
                )
            count = await self._trials.count_of(strategy_key(prepared))
            return await self.card(report, count, context, start=0.2, costly=True)

        return self._jobs.start("check", f"Check {backtest.name}", work, target=backtest_id)


def strategy_key(prepared: PreparedBacktest) -> str:
    """Return what the ledger calls a strategy: its id when it is saved, else its rules' hash.

    The count of a saved strategy stays when its rules are changed, for changing them is
    trying. One that is not saved is its rules, under whatever name.
    """
    return prepared.strategy_id or prepared.strategy.hash


def _fingerprint(prepared: PreparedBacktest, report: Report, trials: int) -> str:
    """Return what tells one trial from another.

    The period is the one asked for, so that the same run over bars fetched since is the
    same trial; the seed decides nothing, and the configuration is the resolved one, in
    which a default and the same value given are alike.
    """
    config = {name: value for name, value in report.config.to_document().items() if name != "seed"}
    tried = {
        "rules": report.strategy.hash,
        "params": report.params,
        "symbols": sorted(prepared.symbols),
        "start": str(prepared.start),
        "end": str(prepared.end),
        "warm_up_bars": report.warm_up_bars,
        "config": config,
        "trials": trials,
    }
    text = json.dumps(tried, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
