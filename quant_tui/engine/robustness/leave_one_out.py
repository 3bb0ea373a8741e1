"""Whether a result hangs on one symbol: run without each in turn.

Source: the jackknife (Quenouille 1956; Efron & Tibshirani 1993, "An Introduction to the
Bootstrap", ch. 11), with symbols in place of observations: what a figure changes by when
one is left out is that one's influence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quant_tui.engine.robustness.reruns import Reruns
from quant_tui.engine.robustness.stress import Outcome

MOST_LEFT_OUT = 40
"""Symbols that are left out in turn; of more, those that earned or lost most."""


def symbols_by_weight(reruns: Reruns) -> list[int]:
    """Return the columns of a report's symbols, those that earned or lost most first."""
    trips, bars = reruns.report.round_trips, reruns.report.bars
    earned = np.bincount(trips.symbol, weights=trips.pnl, minlength=len(bars.symbols))
    return sorted(
        range(len(bars.symbols)), key=lambda column: (-abs(earned[column]), bars.symbols[column])
    )


def leave_one_out(
    reruns: Reruns,
    most: int = MOST_LEFT_OUT,
    *,
    told: Callable[[float], None] = lambda _: None,
) -> list[Outcome]:
    """Run without each symbol in turn, the one that earned or lost most first.

    Sizes stay those of the report: of a strategy that gives each of N symbols a part, the
    part of the missing one stays in cash. Ranks and target weights are taken among the
    others.

    Parameters
    ----------
    reruns
        What was run.
    most
        Symbols that are left out at most.
    told
        Told the fraction done.

    Returns
    -------
    list of Outcome
        Empty with one symbol.
    """
    symbols = reruns.report.bars.symbols
    if len(symbols) < 2:
        return []
    columns = symbols_by_weight(reruns)[:most]
    found = []
    for place, column in enumerate(columns):
        told(place / len(columns))
        found.append(Outcome.of(f"without {symbols[column]}", reruns.run(without=column)))
    return found
