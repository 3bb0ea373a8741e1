"""What takes no model: forecasts that a trained one has to beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from quant_tui.ml.metrics import LEAST_PROBABILITY
from quant_tui.ml.panel import Floats

BASELINES: Mapping[str, str] = {
    "zero": "nothing is foretold: 0, or every class as likely as the others",
    "last": "the label last known of the symbol",
    "mean": "the mean of the labels learned from, or how often each class was among them",
}
"""Baselines, and what each forecasts."""

TRUST_IN_LAST = 0.9
"""Probability that ``last`` gives to the class last known; the others share the rest."""


def baseline_forecasts(trained: Floats, last_known: Floats, classes: int) -> dict[str, Floats]:
    """Return the forecasts of each baseline.

    Parameters
    ----------
    trained
        Labels learned from, (m,).
    last_known
        The label last known at each sample to be judged, (n,); NaN where there is none, which
        then takes the mean.
    classes
        How many there are; 0 of numbers.

    Returns
    -------
    dict
        By name, (n,) numbers or (n, classes) probabilities.
    """
    count, known = len(last_known), np.isfinite(last_known)
    if not classes:
        mean = float(trained.mean())
        return {
            "zero": np.zeros(count),
            "last": np.where(known, last_known, mean),
            "mean": np.full(count, mean),
        }
    often = np.bincount(trained.astype(np.int64), minlength=classes) / len(trained)
    often = np.clip(often, LEAST_PROBABILITY, None)
    shares = np.tile(often / often.sum(), (count, 1))
    last = shares.copy()
    last[known] = (1.0 - TRUST_IN_LAST) / (classes - 1)
    last[known, last_known[known].astype(np.int64)] = TRUST_IN_LAST
    return {"zero": np.full((count, classes), 1.0 / classes), "last": last, "mean": shares}
