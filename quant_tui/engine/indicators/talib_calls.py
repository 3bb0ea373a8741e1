"""TA-Lib's functions over many symbols, from a table that is known without importing it.

Importing TA-Lib takes a second (it imports pandas), so only a computation does that.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.indicators.lift import by_run
from quant_tui.engine.indicators.talib_lookback import AVERAGES, LOOKBACKS

PRICES = ("open", "high", "low", "close", "volume")
"""Inputs that the bars give; any other is an argument."""


@dataclass(frozen=True, slots=True)
class TalibFunction:
    """One function of TA-Lib.

    Attributes
    ----------
    name, group, title
        As TA-Lib has them.
    inputs
        Names of its series; those of :data:`PRICES` are the bars' own.
    parameters
        Name, kind (``int``, ``real`` or ``average``), default, least and greatest value.
    outputs
        Names of what it gives.
    lookback
        Takes the ``int`` and ``average`` parameters in order: bars before the first value.
    """

    name: str
    group: str
    title: str
    inputs: tuple[str, ...]
    parameters: tuple[tuple[str, str, float, float | None, float | None], ...]
    outputs: tuple[str, ...]
    lookback: Callable[..., int]

    def counts(self, values: tuple[float | str, ...]) -> list[float | str]:
        """Return the values that the lookback takes."""
        kinds = [kind for _, kind, *_ in self.parameters]
        return [value for value, kind in zip(values, kinds, strict=True) if kind != "real"]


@cache
def talib_functions() -> dict[str, TalibFunction]:
    """Return every function of TA-Lib by its name."""
    text = resources.files(__package__).joinpath("talib_functions.json").read_text("utf-8")
    found = {}
    for entry in json.loads(text):
        name, fixed = entry["name"], entry["lookback"]
        found[name] = TalibFunction(
            name=name,
            group=entry["group"],
            title=entry["title"],
            inputs=tuple(entry["inputs"]),
            parameters=tuple(map(tuple, entry["parameters"])),
            outputs=tuple(entry["outputs"]),
            lookback=LOOKBACKS[name] if fixed is None else _always(fixed),
        )
    return found


def _always(bars: int) -> Callable[..., int]:
    return lambda: bars


def call(
    name: str, output: int, inputs: list[FloatArray], values: tuple[float | str, ...]
) -> FloatArray:
    """Compute one output of a function for every symbol.

    Parameters
    ----------
    name
        TA-Lib's name.
    output
        Place of the output among the function's.
    inputs
        Matrices (T, N), in the function's order.
    values
        Its parameters in order; averages by name.

    Returns
    -------
    FloatArray
        (T, N); NaN where it or an input is undefined.
    """
    import talib

    spec = talib_functions()[name]
    lookback = spec.lookback(*spec.counts(values))
    plain = [AVERAGES[value] if isinstance(value, str) else value for value in values]
    function = getattr(talib, name)

    def run(*series: FloatArray) -> FloatArray:
        if len(series[0]) <= lookback:
            return np.full(len(series[0]), np.nan)
        found = function(*series, *plain)
        chosen = found[output] if isinstance(found, tuple) else found
        figures: FloatArray = chosen.astype(np.float64)
        figures[:lookback] = np.nan  # whole numbers are 0 there
        figures[np.isinf(figures)] = np.nan
        return figures

    return by_run(run, *inputs)
