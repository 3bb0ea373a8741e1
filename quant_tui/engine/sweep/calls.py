"""One function of the rule language over many sets of numbers, without an interpreter each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.indicators import moments, rolling
from quant_tui.engine.indicators.lift import by_run
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.library.spec import FunctionSpec

_BANDS = {"bollinger_upper": 1.0, "bollinger_lower": -1.0}
"""Band → side of the average that it is on."""


def evaluated(
    frame: Frame, spec: FunctionSpec, arguments: list[list[object]], pause: Callable[[], None]
) -> Iterator[tuple[int, FloatArray]]:
    """Evaluate a function for each of R sets of arguments.

    Parameters
    ----------
    frame
        Bars.
    spec
        A function that gives a series.
    arguments
        For each of its arguments, the value in every set: a packed series (T, N), the same
        one in all of them, or a number, or a word.
    pause
        Called before each; may raise to stop the work.

    Yields
    ------
    tuple
        Place of a set, and its figures packed over each symbol's own bars (T, N). Those of
        one window of a Bollinger band come one after another: they share average and
        deviation.
    """
    if spec.name in _BANDS and set(arguments[3]) == {"sma"}:
        yield from _bands(_BANDS[spec.name], arguments, pause)
        return
    for place, values in enumerate(zip(*arguments, strict=True)):
        pause()
        yield place, cast(FloatArray, spec.evaluate(frame, *values))


def _bands(
    side: float, arguments: list[list[object]], pause: Callable[[], None]
) -> Iterator[tuple[int, FloatArray]]:
    """Bands in the order of their windows, by the formula of ``operations.bollinger``."""
    series = cast(list[FloatArray], arguments[0])
    windows, deviations = cast(list[int], arguments[1]), cast(list[float], arguments[2])
    last = 0
    for place in np.argsort(windows, kind="stable").tolist():
        pause()
        window = windows[place]
        if window != last:
            last = window
            middle = by_run(partial(rolling.sma, window=window), series[place])
            spread = by_run(partial(moments.stddev, window=window), series[place])
        yield place, middle + side * deviations[place] * spread
