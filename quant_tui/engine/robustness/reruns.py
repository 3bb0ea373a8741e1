"""Running again what a report ran, with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.arrays import BoolArray
from quant_tui.engine.bars import FIELDS, Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics import Metrics
from quant_tui.engine.report import Report
from quant_tui.engine.run import run_backtest

COSTS = {
    "commission": 0.5,
    "commission_per_share": 1e9,
    "commission_minimum": 1e9,
    "slippage": 0.5,
    "volume_impact": 10.0,
    "borrow_rate": 10.0,
}
"""Fields of the configuration that cost money, with the most that each may be."""


class Reruns:
    """The same strategy, parameters, bars and configuration, but for what is given.

    The configuration is the resolved one, so that sizes and annualisation stay those of
    the report when the bars change.

    Parameters
    ----------
    report
        What was run.
    inputs
        Series from outside that the run was given.
    cancel
        Asked now and then; true raises Cancelled.

    Attributes
    ----------
    seen
        The bars that the rules saw: those of the report and its warm-up bars before them.
    """

    def __init__(
        self,
        report: Report,
        inputs: Mapping[str, ArrayLike] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> None:
        self.report = report
        self.seen = report.history or report.bars
        self.inputs = inputs or {}
        self.cancel = cancel

    def run(
        self,
        *,
        first: int = 0,
        params: Mapping[str, object] | None = None,
        config: BacktestConfig | None = None,
        without: int | None = None,
    ) -> Metrics | None:
        """Return the figures of the changed run; None where the bars do not suffice.

        On the report's own bars its rules are warmed up as they were; from a later row on
        they warm themselves up.

        Parameters
        ----------
        first
            Row of the bars at which the run begins.
        params, config
            In place of the report's.
        without
            Column of a symbol of the report that is left out.
        """
        report = self.report
        bars, begin, inputs = self.seen, report.warm_up_bars, self.inputs
        try:
            if without is not None:
                name = report.bars.symbols[without]
                bars, inputs = leave_out(bars, bars.symbols.index(name), inputs)
            if first:
                bars, inputs = window(bars, begin + first, len(bars), inputs)
                begin = 0
            changed = run_backtest(
                bars,
                report.strategy,
                report.params if params is None else params,
                report.config if config is None else config,
                cancel=self.cancel,
                inputs=inputs,
                begin=begin,
            )
        except InsufficientData:
            return None
        return changed.metrics


def window(
    bars: Bars, first: int, stop: int, inputs: Mapping[str, ArrayLike]
) -> tuple[Bars, dict[str, ArrayLike]]:
    """Return bars and outside series of rows ``first`` to before ``stop``.

    Symbols without a bar in them are left out.

    Raises
    ------
    InsufficientData
        No symbol has a bar in them.
    """
    keep: BoolArray = np.logical_or.reduce(bars.present[first:stop], axis=0)
    if not keep.any():
        raise InsufficientData(f"No symbol has a bar in rows {first} to {stop - 1}.")
    return _part(bars, first, stop, keep, inputs)


def leave_out(
    bars: Bars, column: int, inputs: Mapping[str, ArrayLike]
) -> tuple[Bars, dict[str, ArrayLike]]:
    """Return bars and outside series without a symbol, on the same dates.

    Raises
    ------
    InsufficientData
        It is the only symbol.
    """
    keep = np.arange(len(bars.symbols)) != column
    if not keep.any():
        raise InsufficientData("There is no other symbol.")
    return _part(bars, 0, len(bars), keep, inputs)


def _part(
    bars: Bars, first: int, stop: int, keep: BoolArray, inputs: Mapping[str, ArrayLike]
) -> tuple[Bars, dict[str, ArrayLike]]:
    names = [name for name, kept in zip(bars.symbols, keep, strict=True) if kept]
    values = [getattr(bars, field)[first:stop][:, keep] for field in FIELDS]
    part = Bars(names, bars.dates[first:stop], *values)
    return part, {name: _cut(series, first, stop, keep) for name, series in inputs.items()}


def _cut(series: ArrayLike, first: int, stop: int, keep: BoolArray) -> ArrayLike:
    rows = np.asarray(series)[first:stop]
    return rows[:, keep] if rows.ndim == 2 else rows


def with_costs(config: BacktestConfig, factor: float) -> BacktestConfig:
    """Return the configuration with every cost multiplied, within what it may be."""
    changed = {name: min(getattr(config, name) * factor, most) for name, most in COSTS.items()}
    return replace(config, **changed)


def has_costs(config: BacktestConfig) -> bool:
    """Whether anything is paid for trading or for holding a short position."""
    return any(getattr(config, name) > 0.0 for name in COSTS)
