"""What every type of model is to the rest: fitted, asked, saved and loaded in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.tasks import never
from quant_tui.ml.panel import Floats, Ints, Panel, Samples

Value = float | int | str | bool
Parameters = Mapping[str, Value]
"""A value for each parameter of a type."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a type of model.

    Attributes
    ----------
    default
        Its value where none is given; its Python type is the parameter's.
    help
        What it does, for people.
    low, high
        Bounds of a number, both included.
    choices
        Values of a text.
    log
        Whether a search spreads it over its logarithm.
    searched
        Whether a search varies it when nobody says what to vary.
    """

    default: Value
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    log: bool = False
    searched: bool = False


@dataclass(frozen=True, slots=True)
class LossCurve:
    """Loss after each round of learning.

    Attributes
    ----------
    name
        Which loss, in the library's word.
    train, validation
        One figure a round; ``validation`` is empty where nothing decides when to stop.
    best
        Rounds that are kept.
    """

    name: str = ""
    train: tuple[float, ...] = ()
    validation: tuple[float, ...] = ()
    best: int = 0


def _silent(fraction: float, curve: LossCurve) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one model is fitted to.

    Attributes
    ----------
    panel
        Where the samples are.
    train, validation
        To learn from, and to stop by; nothing stops early without the second.
    classes
        How many classes there are; 0 where a number is foretold.
    parameters
        Every one of the type's.
    weights
        Of the training samples, (n,); None for equal ones.
    patience
        Rounds without a better validation loss after which learning ends.
    rounds
        Rounds to learn for instead of those of the parameters; 0 for those.
    seed, threads
        The same seed gives the same model with the same threads.
    progress
        Told the share done and the curve so far.
    cancel
        Asked many times a second.
    """

    panel: Panel
    train: Samples
    validation: Samples | None
    classes: int
    parameters: Parameters
    weights: Floats | None = None
    patience: int = 20
    rounds: int = 0
    seed: int = 0
    threads: int = 1
    progress: Callable[[float, LossCurve], None] = _silent
    cancel: CancelCheck = field(default=never)


class TrainedModel(Protocol):
    """A model that has learned."""

    @property
    def curve(self) -> LossCurve:
        """How it learned; empty of one that was loaded."""
        ...

    def predict(self, panel: Panel, rows: Ints, columns: Ints) -> Floats:
        """Return forecasts at places of a panel: numbers (n,) or probabilities (n, classes).

        NaN where it cannot say. Nothing after row t of the panel changes the forecast at t.
        """
        ...

    def importance(self) -> Floats | None:
        """Return each feature's share in the forecasts, (F,), together 1; None if unknown."""
        ...

    def files(self) -> dict[str, bytes]:
        """Return what it is made of, in formats that hold data and no code."""
        ...


class ModelKind(Protocol):
    """A type of model.

    Attributes
    ----------
    name
        As entities hold it.
    extra
        Extra of the installation that it needs; empty for none.
    package
        Package that has to be there.
    parameters
        What may be set.
    most_classes
        The most classes that it tells apart.
    """

    name: str
    extra: str
    package: str
    parameters: Mapping[str, Parameter]
    most_classes: int

    def fit(self, lesson: Lesson) -> TrainedModel:
        """Learn.

        Raises
        ------
        Cancelled
            ``lesson.cancel`` said so; within a second.
        """
        ...

    def load(self, files: Mapping[str, bytes]) -> TrainedModel:
        """Return the model of :meth:`TrainedModel.files`.

        Raises
        ------
        InvalidInput
            They are not such files.
        """
        ...


def shares(weights: Floats) -> Floats | None:
    """Return weights as shares of their sum; None when all are 0."""
    total = float(weights.sum())
    return weights / total if total > 0.0 else None
