"""From a trial to the strategy, and back."""

from __future__ import annotations

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput
from quant_tui.domain.trading import OptimizationStudy, Strategy
from quant_tui.domain.vocabulary import VersionReason
from quant_tui.engine.rules import parse_document
from quant_tui.services.strategies import StrategyService
from quant_tui.services.study_report import StudyReport, StudyTrial


class StudyApplication:
    """Puts parameters that a study found into strategies."""

    def __init__(self, strategies: StrategyService) -> None:
        self._strategies = strategies

    async def apply(self, report: StudyReport, number: int | None) -> tuple[Strategy, Document]:
        """Return the changed strategy, and what :meth:`undo` needs."""
        trial = chosen_trial(report, number)
        study = report.study
        snapshot = study.config["strategy"]
        if not study.strategy_id:
            document = parse_document(snapshot["document"])
            params = {**snapshot["params"], **trial.params}
            made = await self._strategies.create_from_document(document, params)
            return made, _applied(trial, made, None)
        strategy = await self._strategies.get(study.strategy_id)
        changed = await self._strategies.update(
            strategy.model_copy(update={"parameters": {**strategy.parameters, **trial.params}}),
            VersionReason.STUDY,
            f"{study.name}, trial {trial.number}",
        )
        return changed, _applied(trial, changed, dict(strategy.parameters))

    async def undo(self, study: OptimizationStudy) -> Strategy | None:
        """Give the strategy back what it had; remove one that was made."""
        applied = study.applied
        if not applied:
            raise InvalidInput(f"Nothing of {study.name} was applied.", field="study")
        strategy = await self._strategies.get(applied["strategy_id"])
        if strategy.parameters != applied["after"]:
            raise Conflict(
                f"{strategy.name} has been changed since.",
                hint="Choose its parameters by hand, or restore one of its versions.",
            )
        if applied["before"] is None:
            await self._strategies.delete(strategy.id)
            return None
        return await self._strategies.update(
            strategy.model_copy(update={"parameters": applied["before"]}),
            VersionReason.RESTORED,
            f"{study.name} undone",
        )


def chosen_trial(report: StudyReport, number: int | None) -> StudyTrial:
    """Return the trial of a number, or the suggested one.

    Raises
    ------
    InvalidInput
        There is no such trial, or none may be chosen.
    """
    if number is None:
        trial = report.suggested or report.best
        if trial is None:
            reason = report.suggestion_reason or "Run it first."
            raise InvalidInput(f"{report.study.name} suggests no trial.", hint=reason)
        return trial
    found = report.trial(number)
    if found is None:
        raise InvalidInput(
            f"{report.study.name} has no trial {number}.",
            field="trial",
            hint=f"It has {len(report.trials):,} trials.",
        )
    return found


def _applied(trial: StudyTrial, strategy: Strategy, before: Document | None) -> Document:
    return {
        "strategy_id": strategy.id,
        "number": trial.number,
        "before": before,
        "after": dict(strategy.parameters),
    }
