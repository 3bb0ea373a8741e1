"""A trained model as files, and back: what it is made of and what it foretold while judged."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quant_tui.domain.errors import ArtifactDamaged, InvalidInput
from quant_tui.ml.models.protocol import TrainedModel
from quant_tui.ml.models.registry import model_kind, require_installed
from quant_tui.ml.panel import Dates, Floats, Panel
from quant_tui.ml.training import Trained

DESCRIPTION, PREDICTIONS = "description.json", "predictions.npy"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model that can be asked.

    Attributes
    ----------
    columns
        Features that it takes, in their order.
    symbols, dates, predictions
        What test samples were foretold, (T, N), NaN elsewhere.
    is_tradable
        Whether those had learned from nothing after them.
    known_until
        Last date of a price that it learned from: what it says of dates before it is no
        forecast.
    """

    model: TrainedModel
    columns: tuple[str, ...]
    symbols: tuple[str, ...]
    dates: Dates
    predictions: Floats
    is_tradable: bool
    known_until: np.datetime64


def to_files(kind: str, trained: Trained, panel: Panel) -> dict[str, bytes]:
    """Return everything of a trained model that is kept beside its entity."""
    description = {
        "model_type": kind,
        "columns": list(panel.columns),
        "symbols": list(panel.symbols),
        "dates": np.datetime_as_string(panel.dates).tolist(),
        "is_tradable": trained.is_tradable,
        "known_until": str(panel.dates[trained.known_until]),
    }
    buffer = io.BytesIO()
    np.save(buffer, trained.predictions, allow_pickle=False)
    return {
        **trained.model.files(),
        DESCRIPTION: json.dumps(description).encode(),
        PREDICTIONS: buffer.getvalue(),
    }


def from_files(kind: str, files: Mapping[str, bytes]) -> LoadedModel:
    """Return the model of :func:`to_files`.

    Raises
    ------
    ArtifactDamaged
        They are another type's, or cannot be read.
    InvalidInput
        The type's package is not installed.
    """
    require_installed(kind)
    own = {name: data for name, data in files.items() if name not in (DESCRIPTION, PREDICTIONS)}
    try:
        description = json.loads(files[DESCRIPTION])
        if description["model_type"] != kind:
            raise ArtifactDamaged(
                f"The artifact holds a {description['model_type']} model, not a {kind} one."
            )
        return LoadedModel(
            model=model_kind(kind).load(own),
            columns=tuple(description["columns"]),
            symbols=tuple(description["symbols"]),
            dates=np.array(description["dates"], "datetime64"),
            predictions=np.load(io.BytesIO(files[PREDICTIONS]), allow_pickle=False),
            is_tradable=bool(description["is_tradable"]),
            known_until=np.datetime64(description["known_until"]),
        )
    except (KeyError, ValueError, InvalidInput) as error:
        raise ArtifactDamaged(f"The artifact of the model cannot be read: {error}.") from error
