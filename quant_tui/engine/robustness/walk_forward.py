"""Walk-forward analysis: choose in one window, trade in the next, again and again.

Source: Pardo (2008), "The evaluation and optimization of trading strategies", chapter 11;
the walk-forward efficiency is his.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.domain.tasks import RunTasks, run_in_turn
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics.returns import compound_annual_growth, sharpe_ratio
from quant_tui.engine.robustness.reruns import window
from quant_tui.engine.rules import StrategyDocument
from quant_tui.engine.run import document_of, run_backtest
from quant_tui.engine.sweep import sweep


class Looked(Protocol):
    """What the best combination has most of: of metrics, one figure a combination."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that it is made of."""
        ...

    def merits(self, metrics: Mapping[str, FloatArray]) -> FloatArray:
        """Return a figure a combination (K,), NaN where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Most:
    """Most of one metric."""

    metric: str

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)

    def merits(self, metrics: Mapping[str, FloatArray]) -> FloatArray:
        """Return the metric itself."""
        return metrics[self.metric]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows to choose in, ``train`` to before ``test``, and to trade in, to before ``stop``."""

    train: int
    test: int
    stop: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one window found.

    Attributes
    ----------
    window
        Its rows.
    params
        The combination chosen in sample.
    in_sample, out_of_sample
        Sharpe ratio, annual; None where the equity did not move.
    in_sample_growth, out_of_sample_growth
        Compound annual growth.
    """

    window: Window
    params: dict[str, object]
    in_sample: float | None
    out_of_sample: float | None
    in_sample_growth: float
    out_of_sample_growth: float


@dataclass(frozen=True, slots=True)
class WalkForward:
    """The windows, and the out-of-sample parts put together.

    Attributes
    ----------
    steps
        In the order of time.
    returns
        Simple returns (T,) of trading each window with what was chosen before it.
    sharpe
        Their annual Sharpe ratio; None when the equity did not move.
    growth
        Their compound annual growth.
    efficiency
        Mean growth out of sample over mean growth in sample: about 1 when choosing finds
        what lasts, near 0 when it finds noise. None when nothing grew in sample.
    """

    steps: tuple[Step, ...]
    returns: FloatArray
    sharpe: float | None
    growth: float
    efficiency: float | None


def walk_forward_windows(
    count: int, train: int, test: int, *, anchored: bool = False
) -> list[Window]:
    """Return windows that test every bar after the first ``train`` once.

    Parameters
    ----------
    count
        Bars in all.
    train, test
        Bars to choose in and to trade in; the last test may be shorter.
    anchored
        Whether every window begins at the first bar, and so grows, instead of rolling on.

    Raises
    ------
    InvalidInput
        A number is below 1.
    InsufficientData
        There is no bar after the first ``train``.
    """
    for name, value in (("train", train), ("test", test)):
        if value < 1:
            raise InvalidInput(f"{name} must be at least 1.", field=name)
    if count <= train:
        raise InsufficientData(
            f"A window of {train} bars leaves nothing of {count} to test.",
            hint="Shorten the window or widen the dates.",
        )
    return [
        Window(0 if anchored else start - train, start, min(start + test, count))
        for start in range(train, count, test)
    ]


def walk_forward(
    bars: Bars,
    strategy: str | StrategyDocument,
    grid: Mapping[str, Sequence[object]],
    windows: Sequence[Window],
    config: BacktestConfig | None = None,
    *,
    metric: str | Looked = "sharpe_ratio",
    product: bool = True,
    inputs: Mapping[str, ArrayLike] | None = None,
    progress: Callable[[float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    run: RunTasks = run_in_turn,
) -> WalkForward:
    """Choose the best combination in each window and trade it in the bars that follow.

    A test is preceded by as many bars as the chosen combination's warm-up, so that it can
    act from its first bar; it begins with the initial capital and no position.

    Parameters
    ----------
    bars, strategy, config
        As in :func:`~quant_tui.engine.run_backtest`.
    grid
        Values of each parameter.
    windows
        From :func:`walk_forward_windows`.
    metric
        What the best has most of, in sample: a metric, or a figure made of some.
    product
        Whether the lists of the grid are crossed, or paired.
    inputs
        Series from outside, as in :func:`~quant_tui.engine.run_backtest`.
    progress, cancel
        As in :func:`~quant_tui.engine.run_backtest`.
    run
        Runs the windows, each a part, where they take longer than a second or so; where
        that is does not change the figures.

    Raises
    ------
    InsufficientData
        In some window no combination can be run.
    InvalidInput, StrategyError
        As in :func:`~quant_tui.engine.sweep.sweep`.
    """
    if not windows:
        raise InvalidInput("Give at least one window.", field="windows")
    document = document_of(strategy)
    looked = Most(metric) if isinstance(metric, str) else metric
    outer = inputs or {}
    settings = (config or BacktestConfig()).resolve(
        symbols=len(bars.symbols),
        annualization=bars.periods_per_year,
        sizing=document.sizing,
    )
    annualization = settings.annualization or bars.periods_per_year
    data = _Chosen(bars, document, grid, settings, looked, product, outer)
    if not _is_long(data, windows):
        run = run_in_turn
    found = run(_step, data, windows, progress=progress, cancel=cancel)
    steps, parts = zip(*found, strict=True)
    returns = np.concatenate(parts)
    grown = float(np.mean([one.in_sample_growth for one in steps]))
    kept = float(np.mean([one.out_of_sample_growth for one in steps]))
    return WalkForward(
        steps,
        returns,
        sharpe_ratio(returns, annualization, 0.0),
        _growth(returns, annualization),
        kept / grown if grown > 0.0 else None,
    )


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What every window needs: what is chosen from, and by which figure."""

    bars: Bars
    document: StrategyDocument
    grid: Mapping[str, Sequence[object]]
    config: BacktestConfig
    looked: Looked
    product: bool
    outer: Mapping[str, ArrayLike]


def _is_long(data: _Chosen, windows: Sequence[Window]) -> bool:
    """Whether the windows are worth handing out."""
    from quant_tui.engine.sweep.run import by_bits
    from quant_tui.engine.sweep.tasks import LEAST_PARTS, part_size

    sizes = [len(values) for values in data.grid.values()]
    combinations = math.prod(sizes) if data.product else max(sizes, default=1)
    symbols = len(data.bars.symbols)
    bars = max(one.test - one.train for one in windows) * symbols
    bits = by_bits(data.config, data.document, symbols, data.looked.metrics)
    return combinations * len(windows) >= LEAST_PARTS * part_size(bars, by_bits=bits)


def _step(data: _Chosen, rows: Window, cancel: CancelCheck) -> tuple[Step, FloatArray]:
    """Return what one window found, and the returns (T,) of its test."""
    params = _best(data, rows, cancel)
    inside = _returns(data, params, rows.train, rows.test, cancel)
    lead = max(rows.test - data.document.warm_up(params), 0)
    outside = _returns(data, params, lead, rows.stop, cancel)
    outside = outside[rows.test - lead :]
    annualization = data.config.annualization or data.bars.periods_per_year
    step = Step(
        rows,
        params,
        sharpe_ratio(inside, annualization, 0.0),
        sharpe_ratio(outside, annualization, 0.0),
        _growth(inside, annualization),
        _growth(outside, annualization),
    )
    return step, outside


def _best(data: _Chosen, rows: Window, cancel: CancelCheck) -> dict[str, object]:
    """Return the combination with the most merit in sample; the first of equals."""
    part, series = window(data.bars, rows.train, rows.test, data.outer)
    looked = data.looked
    table = sweep(
        part, data.document, data.grid, data.config, looked.metrics, product=data.product,
        cancel=cancel, inputs=series,
    )  # fmt: skip
    figures = looked.merits({name: np.asarray(table[name]) for name in looked.metrics})
    if np.isnan(figures).all():
        raise InsufficientData(
            f"No combination has a {' or '.join(looked.metrics)} from {part.dates[0]} to"
            f" {part.dates[-1]}.",
            hint="Lengthen the window or shorten the strategy's own.",
        )
    row = table.row(int(np.nanargmax(figures)))
    return {name: row[name] for name in table.parameters}


def _returns(
    data: _Chosen, params: Mapping[str, object], first: int, stop: int, cancel: CancelCheck
) -> FloatArray:
    part, series = window(data.bars, first, stop, data.outer)
    report = run_backtest(part, data.document, params, data.config, cancel=cancel, inputs=series)
    return report.metrics.returns


def _growth(returns: FloatArray, annualization: float) -> float:
    """Compound annual growth, as far as it can be written (a day's may be beyond)."""
    grown = compound_annual_growth(float(np.prod(1.0 + returns)), len(returns), annualization)
    return min(grown, float(np.finfo(np.float64).max))
