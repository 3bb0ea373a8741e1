"""What deployed models foretold, laid beside what came true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import NotFound
from quant_tui.domain.ml_platform import MLModel, PredictionRecord
from quant_tui.ml.evaluation import actual_scores
from quant_tui.ml.statistics import correlation
from quant_tui.ml.targets import Target

if TYPE_CHECKING:
    from quant_tui.services.feature_values import FeatureValues
    from quant_tui.services.models import ModelService
    from quant_tui.services.scoring import ScoringService


@dataclass(frozen=True, slots=True)
class LoggedPrediction:
    """One forecast of one symbol on one date.

    Attributes
    ----------
    value
        Score that was foretold.
    came
        Score of what came true, in the same unit; None while it is not known.
    """

    record: PredictionRecord
    symbol: str
    value: float
    came: float | None

    def to_document(self) -> Document:
        """Return it as plain data."""
        return {
            "date": self.record.date,
            "symbol": self.symbol,
            "version": self.record.model_version,
            "model_id": self.record.model_id,
            "environment": str(self.record.environment),
            "value": self.value,
            "came": self.came,
            "made_at": self.record.made_at,
        }


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """Forecasts of a name while it was deployed, the newest first.

    Attributes
    ----------
    known
        How many of them are known to have come true or not.
    rmse
        Of those.
    correlation
        Of those with what came.
    """

    name: str
    lines: tuple[LoggedPrediction, ...]
    known: int
    rmse: float | None
    correlation: float | None

    def to_document(self) -> Document:
        """Return it as plain data."""
        return {
            "name": self.name,
            "count": len(self.lines),
            "known": self.known,
            "rmse": self.rmse,
            "correlation": self.correlation,
            "predictions": [one.to_document() for one in self.lines],
        }


class PredictionLogs:
    """Reads one user's prediction log."""

    def __init__(
        self, scoring: ScoringService, models: ModelService, values: FeatureValues
    ) -> None:
        self._scoring = scoring
        self._models = models
        self._values = values

    async def read(self, name: str, *, environment: str = "", limit: int = 1000) -> PredictionLog:
        """Return what was foretold on the last ``limit`` dates, beside what came.

        What came is worked out from the bars as they are now.

        Raises
        ------
        NotFound
            There is no model of that name.
        """
        records = await self._scoring.log(name, environment=environment, limit=limit)
        lines: list[LoggedPrediction] = []
        models = {one: await self._models.find(one) for one in {each.model_id for each in records}}
        for model_id, model in models.items():
            mine = [one for one in records if one.model_id == model_id]
            lines += await self._joined(mine, model)
        lines.sort(key=lambda one: (one.record.date, one.record.made_at), reverse=True)
        pairs = np.array([(one.value, one.came) for one in lines if one.came is not None])
        pairs = pairs.reshape(-1, 2)
        squares = (pairs[:, 0] - pairs[:, 1]) ** 2
        return PredictionLog(
            name.partition("@")[0],
            tuple(lines),
            len(pairs),
            math.sqrt(squares.mean()) if len(pairs) else None,
            correlation(pairs[:, 0], pairs[:, 1]) if len(pairs) else None,
        )

    async def _joined(
        self, records: Sequence[PredictionRecord], model: MLModel | None
    ) -> list[LoggedPrediction]:
        """Return the forecasts of one model with what came true of them."""
        came: dict[tuple[str, object], float] = {}
        if model is not None:
            symbols = list(dict.fromkeys(one for each in records for one in each.symbols))
            try:
                bars = await self._values.load(symbols, records[0].interval)
            except NotFound:  # their bars were deleted: nothing can be said of what came
                bars = None
            if bars is not None:
                scores = actual_scores(bars.close, Target.from_document(model.target))
                moments = bars.dates.astype("datetime64[us]").tolist()
                for row, column in np.argwhere(np.isfinite(scores)).tolist():
                    came[bars.symbols[column], moments[row]] = float(scores[row, column])
        return [
            LoggedPrediction(
                record, symbol, value, came.get((symbol, record.date.replace(tzinfo=None)))
            )
            for record in records
            for symbol, value in zip(record.symbols, record.values, strict=True)
            if value is not None
        ]
