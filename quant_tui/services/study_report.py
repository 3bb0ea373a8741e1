"""What a study came to: its trials, what to choose, and how far to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from quant_tui.domain.base import Document
from quant_tui.domain.trading import OptimizationStudy
from quant_tui.engine.optimization.space import Combination
from quant_tui.engine.robustness.card import TrustCard, TrustLine, Verdict


@dataclass(frozen=True, slots=True)
class StudyTrial:
    """One trial.

    Attributes
    ----------
    number
        Its place in the study.
    params
        Value of every searched parameter.
    values
        Of each objective; None where it is undefined.
    feasible, reason
        Whether it may be chosen, and why not, or what was taken off.
    metrics, out_of_sample
        Figures in sample, and out of it; None without a split.
    state
        ``complete``.
    """

    number: int
    params: Combination
    values: tuple[float, ...] | None
    feasible: bool
    reason: str
    metrics: dict[str, float | None]
    out_of_sample: dict[str, float | None] | None = None
    state: str = "complete"

    def to_document(self) -> Document:
        """Return the trial as JSON holds it."""
        return {
            "number": self.number,
            "params": dict(self.params),
            "values": None if self.values is None else list(self.values),
            "feasible": self.feasible,
            "reason": self.reason,
            "metrics": dict(self.metrics),
            "out_of_sample": None if self.out_of_sample is None else dict(self.out_of_sample),
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class StudyEstimate:
    """What a study will take.

    Attributes
    ----------
    combinations
        Trials that it has; of the grid, those that fulfil the constraints.
    memory_bytes
        Most that it holds at once.
    seconds
        How long searching and judging take, from a few trials that were run; None when none
        could be.
    """

    combinations: int
    memory_bytes: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class StudyProgress:
    """How far a running study is.

    Attributes
    ----------
    done, total
        Trials.
    best_value, best_params
        Of the best trial so far that may be chosen.
    eta_seconds
        None before it can be said.
    message
        What is being done.
    paused
        Whether it is stopping to be resumed.
    judging
        Whether all trials are done and are being looked at.
    """

    done: int
    total: int
    best_value: float | None = None
    best_params: Combination | None = None
    eta_seconds: float | None = None
    message: str = ""
    paused: bool = False
    judging: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which the chosen trials are looked at.

    Attributes
    ----------
    start, end
        Days.
    best, suggested
        Sharpe ratio, annual, of the best and the suggested trial; None where flat.
    """

    start: str
    end: str
    best: float | None
    suggested: float | None


@dataclass(frozen=True, slots=True)
class StudyStability:
    """How evenly a study's figures hold over time.

    Attributes
    ----------
    stretches
        The bars in sample in equal parts.
    positive
        Share of them in which the suggested trial's Sharpe ratio is above 0.
    rank_correlation
        Spearman's, of the trials' first objective in sample with that out of sample.
    """

    stretches: tuple[Stretch, ...] = ()
    positive: float | None = None
    rank_correlation: float | None = None


@dataclass(frozen=True, slots=True)
class WalkForwardStep:
    """One window: what was chosen in it, and what that gave in the bars after it."""

    start: str
    test: str
    end: str
    params: Combination
    in_sample: float | None
    out_of_sample: float | None


@dataclass(frozen=True, slots=True)
class StudyWalkForward:
    """Walk-forward optimisation over the bars in sample.

    Attributes
    ----------
    steps
        Windows in the order of time.
    sharpe, growth
        Of the stretches out of sample put together, annual.
    efficiency
        Their growth over that in sample.
    """

    steps: tuple[WalkForwardStep, ...]
    sharpe: float | None
    growth: float
    efficiency: float | None


@dataclass(frozen=True)
class StudyReport:
    """A study with everything.

    Attributes
    ----------
    study
        As it is kept.
    trials
        In the order of their numbers.
    best
        The trial with the best value; with several objectives the one best on average.
    suggested
        Centre of the plateau: the trial whose neighbours do best with it.
    suggestion_reason
        Why that one.
    importance
        Share of the values' spread that each parameter explains, the greatest first.
    pareto
        Numbers of the trials that no other beats in all objectives.
    plateau
        Numbers of the trials around the suggested one that keep most of its value.
    trust
        None before the study has completed.
    """

    study: OptimizationStudy
    trials: tuple[StudyTrial, ...] = ()
    best: StudyTrial | None = None
    suggested: StudyTrial | None = None
    suggestion_reason: str = ""
    importance: dict[str, float] = field(default_factory=dict)
    pareto: tuple[int, ...] = ()
    plateau: tuple[int, ...] = ()
    trust: TrustCard | None = None
    stability: StudyStability = field(default_factory=StudyStability)
    walk_forward: StudyWalkForward | None = None

    def to_document(self) -> Document:
        """Return the whole study as JSON holds it."""
        study = self.study
        config = {key: value for key, value in study.config.items() if key != "study"}
        analysis = study.analysis
        return {
            **summary_document(study),
            "parameter_space": study.parameter_space,
            "config": config,
            "objectives": study.config["study"]["objectives"],
            "settings": study.config["study"],
            "seed": study.seed,
            "notes": study.notes,
            "error": study.error,
            "applied": study.applied or None,
            "best": None if self.best is None else self.best.to_document(),
            "suggested": None if self.suggested is None else self.suggested.to_document(),
            "suggestion_reason": self.suggestion_reason,
            "importance": self.importance,
            "pareto": list(self.pareto),
            "plateau": list(self.plateau),
            "trust": analysis.get("trust"),
            "stability": analysis.get("stability"),
            "walk_forward": analysis.get("walk_forward"),
            "trials": [one.to_document() for one in self.trials],
        }

    def trial(self, number: int) -> StudyTrial | None:
        """Return a trial by its number."""
        return next((one for one in self.trials if one.number == number), None)


def summary_document(study: OptimizationStudy) -> Document:
    """Return a line of the list of studies as JSON holds it."""
    trust = study.analysis.get("trust")
    return {
        "study_id": study.id,
        "name": study.name,
        "status": "paused" if study.is_paused else str(study.status),
        "strategy_id": study.strategy_id or None,
        "symbols": study.config["symbols"],
        "sampler": study.sampler,
        "n_trials": study.n_trials,
        "done_trials": study.done_trials,
        "best_value": study.best_value,
        "best_params": study.best_params,
        "verdict": None if trust is None else trust["verdict"],
        "created_at": study.created_at.isoformat(),
        "updated_at": study.updated_at.isoformat(),
    }


def report_of(study: OptimizationStudy, trials: Sequence[StudyTrial]) -> StudyReport:
    """Return the report of a study as it is kept."""
    analysis = study.analysis
    by_number = {one.number: one for one in trials}
    card, walk = analysis.get("trust"), analysis.get("walk_forward")
    stability = analysis.get("stability")
    return StudyReport(
        study=study,
        trials=tuple(trials),
        best=by_number.get(analysis.get("best", -1)),
        suggested=by_number.get(analysis.get("suggested", -1)),
        suggestion_reason=analysis.get("suggestion_reason", ""),
        importance=dict(analysis.get("importance", {})),
        pareto=tuple(analysis.get("pareto", ())),
        plateau=tuple(analysis.get("plateau", ())),
        trust=None if card is None else card_from_document(card),
        stability=StudyStability()
        if stability is None
        else StudyStability(
            tuple(Stretch(**one) for one in stability["stretches"]),
            stability["positive"],
            stability["rank_correlation"],
        ),
        walk_forward=None
        if walk is None
        else StudyWalkForward(
            tuple(WalkForwardStep(**one) for one in walk["steps"]),
            walk["sharpe"],
            walk["growth"],
            walk["efficiency"],
        ),
    )


def card_from_document(document: Document) -> TrustCard:
    """Return the card of :meth:`TrustCard.to_document`."""
    lines = tuple(
        TrustLine(
            one["key"], one["title"], Verdict(one["verdict"]), one["value"], one["text"],
            one["rests_on"], one["checked"],
        )
        for one in document["lines"]
    )  # fmt: skip
    return TrustCard(Verdict(document["verdict"]), document["summary"], document["trials"], lines)
