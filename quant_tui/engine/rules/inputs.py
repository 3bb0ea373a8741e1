"""Series from outside the bars: macro figures, fundamentals, news, predictions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import StrategyError
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.library.spec import FunctionSpec
from quant_tui.engine.rules.operations import finite


def outside(
    frame: Frame, call: str, spec: FunctionSpec, inputs: Mapping[str, ArrayLike]
) -> FloatArray:
    """Return the figures given for a call, packed, (T, N).

    Parameters
    ----------
    frame
        Bars, T dates and N symbols.
    call
        Canonical text of the call, the key of ``inputs``.
    spec
        The function called.
    inputs
        (T,) or (T, N) figures by call, each as it was known on its date.

    Raises
    ------
    StrategyError
        There are none for this call, or they do not fit the bars.
    """
    if call not in inputs:
        raise StrategyError(f"There are no figures for {call}.", hint=spec.missing)
    values = np.asarray(inputs[call], dtype=np.float64)
    rows, columns = frame.shape
    if values.shape not in ((rows,), (rows, columns)):
        raise StrategyError(
            f"The figures for {call} have shape {values.shape}; the bars need ({rows},) or"
            f" ({rows}, {columns})."
        )
    return finite(frame.by_date(values) if values.ndim == 1 else frame.pack(values))
