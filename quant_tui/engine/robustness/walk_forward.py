"""Walk-forward analysis: choose in one window, trade in the next, again and again.

Source: Pardo (2008), "The evaluation and optimization of trading strategies", chapter 11;
the walk-forward efficiency is his.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics.returns import compound_annual_growth, sharpe_ratio
from quant_tui.engine.robustness.reruns import window
from quant_tui.engine.rules import StrategyDocument
from quant_tui.engine.run import document_of, run_backtest
from quant_tui.engine.sweep import sweep


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
    metric: str = "sharpe_ratio",
    progress: Callable[[float, str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> WalkForward:
    """Choose the best combination in each window and trade it in the bars that follow.

    A test is preceded by as many bars as the chosen combination's warm-up, so that it can
    act from its first bar; it begins with the initial capital and no position.

    Parameters
    ----------
    bars, strategy, config
        As in :func:`~quant_tui.engine.run_backtest`.
    grid
        Values of each parameter, crossed.
    windows
        From :func:`walk_forward_windows`.
    metric
        What the best has most of, in sample.
    progress, cancel
        As in :func:`~quant_tui.engine.run_backtest`.

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
    settings = (config or BacktestConfig()).resolve(
        symbols=len(bars.symbols),
        annualization=bars.periods_per_year,
        sizing=document.sizing,
    )
    annualization = settings.annualization or bars.periods_per_year
    steps: list[Step] = []
    parts: list[FloatArray] = []
    for place, rows in enumerate(windows):
        raise_if_cancelled(cancel)
        if progress is not None:
            progress(place / len(windows), f"window {place + 1} of {len(windows)}")
        params = _best(bars, document, grid, rows, settings, metric, cancel)
        inside = _returns(bars, document, params, rows.train, rows.test, settings, cancel)
        lead = max(rows.test - document.warm_up(params), 0)
        outside = _returns(bars, document, params, lead, rows.stop, settings, cancel)
        outside = outside[rows.test - lead :]
        steps.append(
            Step(
                rows,
                params,
                sharpe_ratio(inside, annualization, 0.0),
                sharpe_ratio(outside, annualization, 0.0),
                _growth(inside, annualization),
                _growth(outside, annualization),
            )
        )
        parts.append(outside)
    returns = np.concatenate(parts)
    grown = float(np.mean([one.in_sample_growth for one in steps]))
    kept = float(np.mean([one.out_of_sample_growth for one in steps]))
    return WalkForward(
        tuple(steps),
        returns,
        sharpe_ratio(returns, annualization, 0.0),
        _growth(returns, annualization),
        kept / grown if grown > 0.0 else None,
    )


def _best(
    bars: Bars,
    document: StrategyDocument,
    grid: Mapping[str, Sequence[object]],
    rows: Window,
    config: BacktestConfig,
    metric: str,
    cancel: Callable[[], bool] | None,
) -> dict[str, object]:
    """Return the combination with the most of the metric in sample; the first of equals."""
    part, _ = window(bars, rows.train, rows.test, {})
    table = sweep(part, document, grid, config, metrics=(metric,), cancel=cancel)
    figures = table[metric]
    if np.isnan(figures).all():
        raise InsufficientData(
            f"No combination has a {metric} from {part.dates[0]} to {part.dates[-1]}.",
            hint="Lengthen the window or shorten the strategy's own.",
        )
    row = table.row(int(np.nanargmax(figures)))
    return {name: row[name] for name in table.parameters}


def _returns(
    bars: Bars,
    document: StrategyDocument,
    params: Mapping[str, object],
    first: int,
    stop: int,
    config: BacktestConfig,
    cancel: Callable[[], bool] | None,
) -> FloatArray:
    part, _ = window(bars, first, stop, {})
    return run_backtest(part, document, params, config, cancel=cancel).metrics.returns


def _growth(returns: FloatArray, annualization: float) -> float:
    """Compound annual growth, as far as it can be written (a day's may be beyond)."""
    grown = compound_annual_growth(float(np.prod(1.0 + returns)), len(returns), annualization)
    return min(grown, float(np.finfo(np.float64).max))
