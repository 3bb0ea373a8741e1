"""What models foretell on bars: out of sample alone, so that it could have been traded.

In-sample figures are left out in :func:`out_of_sample`: a date before the last one that the
model learned from has a figure only where a split judged a model on it that had learned from
nothing after it (``holdout`` and ``walk_forward``; never ``purged_kfold``). That date itself,
whose price is the last that it knows, and every later one have the model's own forecast, from
the features as they were known on that date.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InsufficientData, NotFound, StrategyError
from quant_tui.domain.ml_platform import MLModel
from quant_tui.ml.panel import Dates, Floats, Panel
from quant_tui.ml.targets import Target
from quant_tui.ml.training import score

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.services.feature_values import FeaturePanel
    from quant_tui.services.features import FeatureService
    from quant_tui.services.model_artifacts import LoadedModel
    from quant_tui.services.models import ModelService

MOST_NAMED = 5
"""Models that are named where one is not there."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model foretells.

    Attributes
    ----------
    dates, symbols
        T and N.
    values
        (T, N); NaN where it has no forecast, or an in-sample one.
    later
        Row from which the figures are the model's own, after all that it learned from.
    left_out
        Places with features whose figure would be in-sample.
    """

    model: MLModel
    dates: Dates
    symbols: tuple[str, ...]
    values: Floats
    later: int
    left_out: int

    def on_dates(self, dates: Dates) -> Floats:
        """Return the figures on given dates, one row each; NaN where there are none."""
        values = np.full((len(dates), len(self.symbols)), np.nan)
        places = np.searchsorted(self.dates, dates)
        there = places < len(self.dates)
        there[there] = self.dates[places[there]] == dates[there]
        values[there] = self.values[places[there]]
        return values


class PredictionService:
    """Asks one user's models."""

    def __init__(self, models: ModelService, features: FeatureService) -> None:
        self._models = models
        self._features = features

    async def model(self, reference: str) -> MLModel:
        """Return the model that a reference means now.

        Raises
        ------
        NotFound
            There is none.
        """
        return await self._models.get(reference)

    async def predict(
        self,
        reference: str,
        symbols: Sequence[str] = (),
        *,
        start: date | None = None,
        end: date | None = None,
    ) -> Predictions:
        """Return what a model foretells of symbols, without in-sample figures.

        Parameters
        ----------
        reference
            See :class:`~quant_tui.services.models.ModelService`.
        symbols
            Empty for those that it learned from.
        start, end
            First and last date, both included.

        Raises
        ------
        NotFound
            There is no such model, feature or symbol.
        InvalidInput, ArtifactDamaged
            The model cannot be asked.
        """
        model = await self._models.get(reference)
        loaded = await self._models.load(model)
        found = await self._features.panel(
            model.features,
            list(symbols) or list(model.lineage["symbols"]),
            str(model.lineage["interval"]),
            start,
            end,
        )
        return await asyncio.to_thread(out_of_sample, model, loaded, found)

    async def series(self, reference: str, bars: Bars) -> tuple[Floats, Document]:
        """Return what a model foretells on the dates of bars, (T, N), and what it is.

        Raises
        ------
        StrategyError
            There is no such model; it names those that there are.
        InsufficientData
            It has no forecast on any of the bars.
        """
        try:
            model = await self._models.get(reference)
        except NotFound as error:
            names = dict.fromkeys(one.name for one in await self._models.list())
            known = f"Your models: {', '.join([*names][:MOST_NAMED])}. " if names else ""
            raise StrategyError(
                f'The rules ask model("{reference}"). {error.message}',
                hint=f"{known}{error.hint}",
            ) from error
        first, last = (bars.dates[place].astype("datetime64[D]").item() for place in (0, -1))
        found = await self.predict(model.id, bars.symbols, start=first, end=last)
        values = found.on_dates(bars.dates)
        places = int(np.isfinite(bars.close).sum())
        if not np.isfinite(values).any():
            raise InsufficientData(
                f"{model.title} has a forecast on none of the {places:,} bars from {first} to"
                f" {last}: it learned until {model.lineage['known_until']}, and"
                f" {found.left_out:,} of them would be in sample.",
                hint="Take later bars, or train it on earlier ones.",
            )
        trained = [one for one in await self._models.versions(model.name) if one.is_ready]
        source = {
            "model": model.title,
            "trained_versions": len(trained),
            "model_id": model.id,
            "artifact_hash": model.lineage["artifact_hash"],
            "known_until": model.lineage["known_until"],
            "values": int(np.isfinite(values).sum()),
            "bars": places,
            "in_sample_left_out": found.left_out,
        }
        return values, source


def out_of_sample(model: MLModel, loaded: LoadedModel, found: FeaturePanel) -> Predictions:
    """Return the figures that could have been known on their dates.

    Parameters
    ----------
    found
        The model's features, in their order.
    """
    panel = Panel(found.symbols, found.index, found.columns, found.values, found.close)
    later = int(np.searchsorted(panel.dates, loaded.known_until))
    values = score(loaded.model, panel, Target.from_document(model.target), later)
    if loaded.is_tradable:
        _fill_judged(values, panel, loaded, later)
    known = panel.known[:later]
    left_out = int((known & np.isnan(values[:later])).sum())
    return Predictions(model, panel.dates, panel.symbols, values, later, left_out)


def _fill_judged(values: Floats, panel: Panel, loaded: LoadedModel, later: int) -> None:
    """Put in what test samples were foretold, on dates before the model's own."""
    rows = np.searchsorted(loaded.dates, panel.dates[:later])
    inside = rows < len(loaded.dates)
    inside[inside] = loaded.dates[rows[inside]] == panel.dates[:later][inside]
    for column, symbol in enumerate(panel.symbols):
        if symbol in loaded.symbols:
            judged = loaded.predictions[:, loaded.symbols.index(symbol)]
            values[:later][inside, column] = judged[rows[inside]]
