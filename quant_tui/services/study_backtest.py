"""A trial of a study as a backtest of its own."""

from __future__ import annotations

from quant_tui.domain.trading import OptimizationStudy
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.study_report import StudyTrial
from quant_tui.services.study_request import PreparedStudy


def trial_request(study: OptimizationStudy, trial: StudyTrial) -> BacktestRequest:
    """Return the backtest of one trial: over the study's whole dates, by the rules it searched.

    The rules are those of the study's own snapshot, whatever became of the strategy since.
    """
    prepared = PreparedStudy.from_study(study).backtest
    return BacktestRequest(
        symbols=prepared.symbols,
        document=prepared.strategy.to_document(),
        params={**prepared.params, **trial.params},
        start=prepared.start,
        end=prepared.end,
        config=prepared.config,
        benchmark=prepared.benchmark,
        name=f"{study.name} · trial {trial.number}",
        warm_up=prepared.warm_up,
    )
