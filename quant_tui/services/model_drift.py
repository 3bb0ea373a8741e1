"""How far what a model sees and says has moved since it was trained, and how old it is.

Population stability index and Kolmogorov-Smirnov distance of each feature, and of the
forecasts, between the dates that the model learned from and the newest after them; see
:mod:`quant_tui.ml.features.drift`.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InsufficientData
from quant_tui.ml.features.drift import LITTLE, MUCH
from quant_tui.ml.statistics import SampleDifference, sample_difference

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel
    from quant_tui.services.feature_values import FeaturePanel
    from quant_tui.services.features import FeatureService
    from quant_tui.services.model_artifacts import LoadedModel
    from quant_tui.services.models import ModelService
    from quant_tui.services.predictions import Predictions, PredictionService

RECENT_DATES = 126
"""Newest dates that are compared with those learned from."""

FEWEST_DATES = 20
"""Dates after those learned from without which nothing is said."""

FORECASTS = "forecasts"
"""Not a feature: what the model says."""


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One feature, or the forecasts."""

    name: str
    difference: SampleDifference

    @property
    def verdict(self) -> str:
        """``stable``, ``some``, ``much``, or ``unknown`` where there is too little."""
        psi = self.difference.psi
        if psi is None:
            return "unknown"
        return "stable" if psi < LITTLE else "some" if psi <= MUCH else "much"

    def to_document(self) -> Document:
        """Return it as plain data."""
        return {"name": self.name, "verdict": self.verdict, **asdict(self.difference)}


@dataclass(frozen=True, slots=True)
class ModelDrift:
    """How far a model's features and forecasts have moved.

    Attributes
    ----------
    trained, recent
        First and last date of both samples.
    lines
        Forecasts first, then the features.
    """

    model: MLModel
    trained: tuple[str, str]
    recent: tuple[str, str]
    lines: tuple[DriftLine, ...]

    @property
    def worst(self) -> DriftLine:
        """The one that moved most."""
        return max(self.lines, key=lambda one: one.difference.psi or 0.0)

    @property
    def verdict(self) -> str:
        """That of the one that moved most."""
        return self.worst.verdict

    def to_document(self) -> Document:
        """Return it as plain data."""
        return {
            "model_id": self.model.id,
            "name": self.model.name,
            "version": self.model.version,
            "trained": list(self.trained),
            "recent": list(self.recent),
            "verdict": self.verdict,
            "worst": self.worst.name,
            "lines": [one.to_document() for one in self.lines],
        }


class DriftService:
    """Drift of one user's models."""

    def __init__(
        self, models: ModelService, features: FeatureService, predictions: PredictionService
    ) -> None:
        self._models = models
        self._features = features
        self._predictions = predictions

    async def of(self, reference: str) -> ModelDrift:
        """Compare the newest bars of a model's symbols with those that it learned from.

        Raises
        ------
        NotFound, InvalidInput, ArtifactDamaged
            The model cannot be asked.
        InsufficientData
            There are fewer than 20 dates after those that it learned from.
        """
        model = await self._models.get(reference)
        loaded = await self._models.load(model)
        start = date.fromisoformat(str(model.lineage["first_date"]))
        symbols, interval = list(model.lineage["symbols"]), str(model.lineage["interval"])
        found = await self._features.panel(model.features, symbols, interval, start, None)
        later = int(np.searchsorted(found.index, loaded.known_until, side="right"))
        if len(found.index) - later < FEWEST_DATES:
            raise InsufficientData(
                f"There are {len(found.index) - later} dates after {model.lineage['known_until']},"
                f" the last that {model.title} learned from; {FEWEST_DATES} are needed.",
                hint="Import newer bars.",
            )
        recent = max(later, len(found.index) - RECENT_DATES)
        said = await self._predictions.predict(
            model.id, symbols, start=found.index[recent].astype("datetime64[D]").item()
        )
        return await asyncio.to_thread(_drift, model, loaded, found, said, later, recent)


def _drift(
    model: MLModel,
    loaded: LoadedModel,
    found: FeaturePanel,
    said: Predictions,
    later: int,
    recent: int,
) -> ModelDrift:
    lines = [DriftLine(FORECASTS, sample_difference(loaded.predictions, said.values))]
    for place, name in enumerate(found.columns):
        values = found.values[:, :, place]
        lines.append(DriftLine(name, sample_difference(values[:later], values[recent:])))
    days = np.datetime_as_string(found.index[[0, later - 1, recent, -1]], unit="D").tolist()
    return ModelDrift(model, (days[0], days[1]), (days[2], days[3]), tuple(lines))
