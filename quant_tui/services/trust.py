"""Trust: the ledger of what was tried, and the card that says how far a result can be believed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping

from quant_tui.domain.trading import StrategyTrials
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.assess import assess
from quant_tui.engine.robustness.card import TrustCard
from quant_tui.jobs.manager import JobContext
from quant_tui.services.backtest_request import PreparedBacktest
from quant_tui.storage.mongo.repositories import UserRepositories
from quant_tui.storage.mongo.trials import TrialCount


class TrustService:
    """Trial ledger and trust cards of one user."""

    def __init__(self, repositories: UserRepositories) -> None:
        self._user_id = repositories.user_id
        self._trials = repositories.trials

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
        inputs: Mapping[str, FloatArray] | None = None,
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
        inputs
            Series from outside that the run was given.
        """

        def progress(fraction: float, message: str) -> None:
            context.progress(start + (0.95 - start) * fraction, message)

        return await context.run_in_thread(
            assess,
            report,
            trials=max(count.trials, 1),
            trial_variance=variance_of_a_period(count, report),
            costly=costly,
            inputs=inputs,
            progress=progress,
            cancel=context.cancel,
        )


def variance_of_a_period(count: TrialCount, report: Report | None) -> float | None:
    """Return the variance of the trials' Sharpe ratios of one period; None where unknown."""
    if count.variance is None or report is None:
        return None
    return count.variance / (report.config.annualization or 1.0)


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
