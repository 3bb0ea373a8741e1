"""Training: fitted on each part of a split, judged on the rest, and the model that is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.tasks import never
from quant_tui.ml.baselines import BASELINES, baseline_forecasts
from quant_tui.ml.metrics import (
    Daily,
    Figures,
    Forecasts,
    calibration,
    confusion,
    correlations_by_date,
    figures_of,
    predicted_against_actual,
    residuals,
    score_of,
)
from quant_tui.ml.models.protocol import Lesson, LossCurve, ModelKind, Parameters, TrainedModel
from quant_tui.ml.panel import Floats, Panel, Samples
from quant_tui.ml.splits import Fold, Split, folds_of, with_validation
from quant_tui.ml.targets import Labels, Target, labels_of

KEPT_POINTS = 500
"""Points kept of the information coefficients over time; of more dates each is a mean."""

Progress = Callable[[float, str, LossCurve], None]
"""Takes the share done, what is being done, and the loss curve so far."""


def _silent(fraction: float, message: str, curve: LossCurve) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is trained.

    Attributes
    ----------
    target, split
        What is foretold, and on what it is judged.
    parameters
        Every one of the type's.
    class_weight
        ``balanced``: classes weigh alike however rare they are; ``none``: samples do.
    patience
        Rounds without a better validation loss after which learning ends; 0 never stops early.
    seed, threads
        See :class:`~quant_tui.ml.models.protocol.Lesson`.
    refit
        Whether the model kept learns from all samples; None: after ``holdout`` the model that
        was judged is kept, after the others one that learned from all.
    """

    target: Target
    split: Split
    parameters: Parameters
    class_weight: str = "none"
    patience: int = 20
    seed: int = 0
    threads: int = 1
    refit: bool | None = None

    def __post_init__(self) -> None:
        if self.class_weight not in ("none", "balanced"):
            raise InvalidInput(
                f"class_weight is none or balanced, not {self.class_weight!r}.",
                field="class_weight",
            )
        if self.class_weight == "balanced" and not self.target.classes:
            raise InvalidInput(
                f"A {self.target.kind} target has no classes to balance.", field="class_weight"
            )
        if self.patience < 0:
            raise InvalidInput("A patience of 0 rounds or more.", field="patience")
        if not 1 <= self.threads <= 64:
            raise InvalidInput(f"1 to 64 threads, not {self.threads}.", field="threads")

    @property
    def refits(self) -> bool:
        """Whether the model kept learns from all samples."""
        return self.split.kind != "holdout" if self.refit is None else self.refit


@dataclass(frozen=True, slots=True)
class FoldReport:
    """One part of the split: rows of the panel and what came of it."""

    first_train: int
    last_train: int
    first_test: int
    last_test: int
    samples: int
    tested: int
    rounds: int
    figures: Figures


@dataclass(frozen=True, eq=False)
class Trained:
    """What training comes to.

    Attributes
    ----------
    model
        The model that is kept.
    figures, baselines
        On test samples alone, of the models and of each baseline.
    folds
        Each part of the split.
    predictions
        Score of each test sample, (T, N), from a model that had not learned from it; NaN
        elsewhere.
    is_tradable
        Whether those models had learned from nothing after the sample either.
    known_until
        Row of the last price that the kept model learned from.
    curve, importance
        Of the kept model; the curve of the last part where the kept one had no validation.
    charts
        Calibration and confusion, or predicted against actual and residuals; and the
        information coefficients over time.
    """

    model: TrainedModel
    figures: Figures
    baselines: dict[str, Figures]
    folds: tuple[FoldReport, ...]
    predictions: Floats
    is_tradable: bool
    known_until: int
    curve: LossCurve
    importance: Floats | None
    samples: int
    charts: Document = field(default_factory=dict)


def train(
    panel: Panel,
    kind: ModelKind,
    plan: Plan,
    *,
    progress: Progress = _silent,
    cancel: CancelCheck = never,
) -> Trained:
    """Train a model on a panel.

    Raises
    ------
    InsufficientData, InvalidInput
        There are too few samples, one class alone, or a target that the type cannot foretell.
    Cancelled
        ``cancel`` said so.
    """
    classes = len(plan.target.classes)
    if classes > kind.most_classes:
        raise InvalidInput(
            f"{kind.name} does not tell {classes} classes apart.",
            field="target",
            hint="Choose another target, or another type.",
        )
    labels = labels_of(panel.close, plan.target)
    samples = labels.samples(panel)
    raise_if_cancelled(cancel)
    folds = folds_of(samples, plan.split)
    work = _Work(panel, kind, plan, classes, progress, cancel, len(folds) + plan.refits)
    found = [work.judge(labels, samples, fold) for fold in folds]
    judged = _Judged.joined([one for one, _, _ in found], plan.target.classes)
    models = [model for _, _, model in found]
    reports = tuple(report for _, report, _ in found)
    if plan.refits:
        rounds = round(float(np.mean([one.curve.best for one in models])))
        last = with_validation(samples, 0.0)
        model = work.fit(samples, last, "all samples", rounds)
        known_until = int(samples.ends.max())
    else:
        model, last = models[-1], folds[-1]
        learned = np.concatenate((last.train, last.validation))
        known_until = int(samples.ends[learned].max())
    scores = np.full(panel.close.shape, np.nan)
    forecasts = judged.forecasts
    scores[forecasts.rows, forecasts.columns] = forecasts.score
    return Trained(
        model=model,
        figures=figures_of(forecasts),
        baselines={
            name: figures_of(replace(forecasts, predicted=judged.baselines[name]))
            for name in BASELINES
        },
        folds=reports,
        predictions=scores,
        is_tradable=plan.split.is_causal,
        known_until=known_until,
        curve=models[-1].curve,
        importance=model.importance(),
        samples=len(samples),
        charts=_charts(forecasts),
    )


def score(model: TrainedModel, panel: Panel, target: Target, first_row: int = 0) -> Floats:
    """Return the model's score at every place with features from a row on, (T, N); else NaN."""
    found = np.full(panel.close.shape, np.nan)
    rows, columns = np.nonzero(panel.known[first_row:])
    if len(rows):
        rows = rows + first_row
        found[rows, columns] = score_of(model.predict(panel, rows, columns), target.classes)
    return found


@dataclass(frozen=True, eq=False)
class _Judged:
    """Forecasts of test samples, of the model and of the baselines."""

    forecasts: Forecasts
    baselines: dict[str, Floats]

    @classmethod
    def joined(cls, parts: list[_Judged], classes: tuple[float, ...]) -> _Judged:
        """Return the forecasts of all parts, in the order of their dates."""
        one = [part.forecasts for part in parts]
        return cls(
            Forecasts(
                np.concatenate([part.predicted for part in one]),
                np.concatenate([part.values for part in one]),
                np.concatenate([part.outcome for part in one]),
                np.concatenate([part.rows for part in one]),
                np.concatenate([part.columns for part in one]),
                classes,
            ),
            {name: np.concatenate([part.baselines[name] for part in parts]) for name in BASELINES},
        )


class _Work:
    """The fits of one training, one after another."""

    def __init__(
        self,
        panel: Panel,
        kind: ModelKind,
        plan: Plan,
        classes: int,
        progress: Progress,
        cancel: CancelCheck,
        fits: int,
    ) -> None:
        self._panel = panel
        self._kind = kind
        self._plan = plan
        self._classes = classes
        self._progress = progress
        self._cancel = cancel
        self._fits = fits
        self._done = 0

    def judge(
        self, labels: Labels, samples: Samples, fold: Fold
    ) -> tuple[_Judged, FoldReport, TrainedModel]:
        """Fit to a part of the samples and forecast its test samples."""
        name = "the split" if self._fits == 1 else f"part {self._done + 1} of {self._fits}"
        model = self.fit(samples, fold, name)
        test = samples.take(fold.test)
        predicted = model.predict(self._panel, test.rows, test.columns)
        # A type that has no forecast for some sample is judged as if it had foretold nothing.
        blank = ~np.isfinite(predicted if predicted.ndim == 1 else predicted[:, 0])
        predicted[blank] = 1.0 / self._classes if self._classes else 0.0
        raise_if_cancelled(self._cancel)
        places = (test.rows, test.columns)
        learned = samples.take(np.sort(np.concatenate((fold.train, fold.validation))))
        forecasts = Forecasts(
            predicted,
            test.values,
            labels.outcome[places],
            test.rows,
            test.columns,
            self._plan.target.classes,
        )
        judged = _Judged(
            forecasts,
            baseline_forecasts(learned.values, labels.last_known[places], self._classes),
        )
        report = FoldReport(
            first_train=int(learned.rows[0]),
            last_train=int(learned.rows[-1]),
            first_test=int(test.rows[0]),
            last_test=int(test.rows[-1]),
            samples=len(learned),
            tested=len(test),
            rounds=model.curve.best,
            figures=figures_of(forecasts),
        )
        return judged, report, model

    def fit(self, samples: Samples, fold: Fold, name: str, rounds: int = 0) -> TrainedModel:
        """Fit to the training samples of a part."""
        raise_if_cancelled(self._cancel)
        train = samples.take(fold.train)
        if self._classes and (train.values == train.values[0]).all():
            raise InvalidInput(
                "All samples to learn from are of one class.",
                field="target",
                hint="Take more bars, or barriers that are nearer.",
            )
        began, total = self._done, self._fits

        def told(fraction: float, curve: LossCurve) -> None:
            self._progress((began + min(fraction, 1.0)) / total, f"learning from {name}", curve)

        stops = len(fold.validation) > 0 and self._plan.patience > 0
        model = self._kind.fit(
            Lesson(
                panel=self._panel,
                train=train,
                validation=samples.take(fold.validation) if stops else None,
                classes=self._classes,
                parameters=self._plan.parameters,
                weights=self._weights(train),
                patience=self._plan.patience,
                rounds=rounds,
                seed=self._plan.seed,
                threads=self._plan.threads,
                progress=told,
                cancel=self._cancel,
            )
        )
        self._done += 1
        return model

    def _weights(self, train: Samples) -> Floats | None:
        if self._plan.class_weight == "none":
            return None
        counts = np.bincount(train.values.astype(np.int64), minlength=self._classes)
        each = len(train) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        weights: Floats = each[train.values.astype(np.int64)]
        return weights


def information_over_time(daily: Daily, most: int = KEPT_POINTS) -> Document:
    """Return correlations over time, at most so many points: means of as many dates each.

    Each has the last ``row`` of its dates, how many ``dates``, and the means ``ic`` and
    ``rank_ic``; the last may be of fewer dates than the others.
    """
    step = max(1, -(-len(daily.rows) // most))
    starts = np.arange(0, len(daily.rows), step)
    ends = np.minimum(starts + step, len(daily.rows))

    def means(values: Floats) -> list[float]:
        return (
            [] if not len(starts) else (np.add.reduceat(values, starts) / (ends - starts)).tolist()
        )

    return {
        "row": daily.rows[ends - 1].tolist(),
        "dates": (ends - starts).tolist(),
        "ic": means(daily.ic),
        "rank_ic": means(daily.rank_ic),
    }


def _charts(forecasts: Forecasts) -> Document:
    found: Document = {"information": information_over_time(correlations_by_date(forecasts))}
    if forecasts.classes:
        found["calibration"] = calibration(forecasts.predicted, forecasts.values)
        found["confusion"] = confusion(forecasts.predicted, forecasts.values)
    else:
        found["predicted_actual"] = predicted_against_actual(forecasts.predicted, forecasts.values)
        found["residuals"] = residuals(forecasts.predicted, forecasts.values)
    return found


def report_document(report: FoldReport) -> Document:
    """Return a part of the split as plain data."""
    return asdict(report)
