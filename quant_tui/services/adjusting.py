"""What prices and volumes are multiplied by for splits and dividends.

The method of CRSP (Data Definitions: "factor to adjust price"): going back in time, every
price before a split of r new shares for one is divided by r and its volume multiplied by
r; every price before an ex-date with a cash dividend D is multiplied by 1 - D / C, C being
the last close before the ex-date. Returns of the adjusted series are then the total
returns of a holder who reinvests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.errors import ProviderError
from quant_tui.storage.duck.records import CorporateAction

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]


def factors(
    days: Days, closes: Floats, actions: Sequence[CorporateAction], *, splits: bool = True
) -> tuple[Floats, Floats]:
    """Return the factors of prices and of volumes.

    Parameters
    ----------
    days
        Sessions, rising, (T,).
    closes
        As they came, (T,): not adjusted, or for splits alone when ``splits`` is False.
    actions
        Oldest first; those after the last session do not count yet.
    splits
        Whether splits are still to be adjusted for.

    Returns
    -------
    tuple
        Both (T,); 1 after the last action.

    Raises
    ------
    ProviderError
        A ratio is not above zero, or a dividend is not below the price it was paid from.
    """
    price = np.ones(len(days))
    volume = np.ones(len(days))
    for action in actions:
        before = int(np.searchsorted(days, np.datetime64(action.date, "D")))
        if before == 0 or before == len(days):
            # Nothing to adjust, or not in force on any session yet.
            continue
        if splits and action.split_ratio != 1.0:
            if not action.split_ratio > 0:
                raise ProviderError(
                    f"{action.symbol}: a split of {action.split_ratio} on {action.date}.",
                    hint="Fetch the prices without adjusting them.",
                )
            price[:before] /= action.split_ratio
            volume[:before] *= action.split_ratio
        if action.dividend:
            kept = 1.0 - action.dividend / closes[before - 1]
            if not 0 < kept <= 1:
                raise ProviderError(
                    f"{action.symbol}: a dividend of {action.dividend} on {action.date} from a "
                    f"close of {closes[before - 1]:g}.",
                    hint="Fetch the prices without adjusting them.",
                )
            price[:before] *= kept
    return price, volume


def unadjusted(
    days: Days, _closes: Floats, _actions: Sequence[CorporateAction]
) -> tuple[Floats, Floats]:
    """Return factors that leave prices and volumes as they came; shapes as in :func:`factors`."""
    return np.ones(len(days)), np.ones(len(days))
