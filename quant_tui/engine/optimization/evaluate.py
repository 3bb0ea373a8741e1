"""Trials: parameter sets on prepared data, to figures. A pure function, cut anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.tasks import HoldTasks, never
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.optimization.objective import SHOWN, Objective
from quant_tui.engine.optimization.space import Combination, columns_of
from quant_tui.engine.robustness.reruns import window
from quant_tui.engine.rules import StrategyDocument
from quant_tui.engine.sweep import sweep, sweep_returns
from quant_tui.engine.sweep.run import by_bits

MEMORY_BYTES = 128 << 20
"""Most bytes of figures that a batch of trials holds at once."""


@dataclass(frozen=True)
class TrialData:
    """What trials are run on; sent once to whoever evaluates them.

    Attributes
    ----------
    bars
        T dates, N symbols, with those that only warm up.
    document
        Strategy, whose default parameters are the values of what is not searched.
    config
        Capital, costs, fills, sizing.
    inputs
        Series from outside.
    begin
        Row of the first bar that is traded in sample.
    split
        Row of the first bar out of sample; None where all is in sample. The account out of
        sample is opened there, with the strategy's series warmed up by the bars before.
    metrics
        Figures that are kept of every trial.
    """

    bars: Bars
    document: StrategyDocument
    config: BacktestConfig
    inputs: Mapping[str, FloatArray] = field(default_factory=dict)
    begin: int = 0
    split: int | None = None
    metrics: tuple[str, ...] = SHOWN

    @property
    def is_quick(self) -> bool:
        """Whether the sweep's bit loops compute the metrics, in microseconds a trial."""
        config = self.config.resolve(
            symbols=len(self.bars.symbols),
            annualization=self.bars.periods_per_year,
            sizing=self.document.sizing,
        )
        return by_bits(config, self.document, len(self.bars.symbols), tuple(self.metrics))

    @property
    def stop(self) -> int:
        """Row after the last bar in sample."""
        return len(self.bars) if self.split is None else self.split

    @property
    def in_sample(self) -> TrialData:
        """The same without the bars out of sample."""
        if self.split is None:
            return self
        bars, inputs = window(self.bars, 0, self.split, self.inputs)
        kept = {name: np.asarray(values) for name, values in inputs.items()}
        return TrialData(bars, self.document, self.config, kept, self.begin, None, self.metrics)

    @property
    def out_of_sample(self) -> TrialData | None:
        """The same traded from the split on, the bars before only warming up."""
        if self.split is None:
            return None
        return TrialData(
            self.bars, self.document, self.config, self.inputs, self.split, None, self.metrics
        )


@dataclass(frozen=True)
class TrialFigures:
    """What a batch of K trials came to.

    Attributes
    ----------
    in_sample, out_of_sample
        A column (K,) a metric, NaN where undefined; ``out_of_sample`` None without a split.
    invalid
        Why a trial could not be run, by its place in the batch.
    """

    in_sample: dict[str, FloatArray]
    out_of_sample: dict[str, FloatArray] | None = None
    invalid: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.in_sample.values()), ()))


PART_BARS = 1 << 19
"""Bars over symbols and combinations of a part, where each combination is a full run: a
tenth of a second. Fewer than two parts, and what the bit loops know, stay where they are."""

PARTS_OF_BATCH = 16
"""Parts that a batch is cut into at least, so that as many workers have something to do."""

LONG_STUDY = 16
"""Parts of which a long study consists: a second or two of work."""


class Evaluator:
    """Evaluates batches on the same data; use it in a ``with`` block.

    Parameters
    ----------
    data
        What trials are run on.
    threads
        Most threads of a batch; they do not change its figures.
    hold
        Runs parts of batches elsewhere, which does not change their figures either;
        None runs all here.
    trials
        How many there will be in all: of a long study every batch is handed out, of
        others only a long one.
    """

    def __init__(
        self,
        data: TrialData,
        threads: int = 2,
        hold: HoldTasks | None = None,
        trials: int = 0,
    ) -> None:
        self.data = data
        self._threads = threads
        self._inside = data.in_sample
        self._outside = data.out_of_sample
        self._held = None if hold is None or data.is_quick else hold(evaluate, data)
        self._in_part = max(1, PART_BARS // max(data.bars.close.size, 1))
        self._least = 1 if trials >= LONG_STUDY * self._in_part else self._in_part

    def __enter__(self) -> Self:
        """Begin; nothing is sent anywhere before the first long batch."""
        if self._held is not None:
            self._held.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Take back what was sent."""
        if self._held is not None:
            self._held.__exit__(None, None, None)

    def __call__(
        self, rows: Sequence[Combination], cancel: Callable[[], bool] | None = None
    ) -> TrialFigures:
        """Run a batch; the same combination gives the same figures in any batch.

        Raises
        ------
        InvalidInput, StrategyError
            As :func:`~quant_tui.engine.sweep.sweep`.
        Cancelled
            ``cancel`` said so.
        """
        if self._held is not None and len(rows) > self._least:
            size = min(self._in_part, -(-len(rows) // PARTS_OF_BATCH))
            parts = [rows[first : first + size] for first in range(0, len(rows), size)]
            return together(self._held.run(parts, cancel=cancel))
        inside, invalid = self._figures(self._inside, rows, cancel)
        outside = None
        if self._outside is not None:
            outside, _ = self._figures(self._outside, rows, cancel)
        return TrialFigures(inside, outside, invalid)

    @property
    def memory_bytes(self) -> int:
        """Most that a batch takes: the bars, a copy in sample, and the figures of indicators."""
        copies = 1 if self.data.split is None else 2
        return copies * len(self.data.bars) * len(self.data.bars.symbols) * 6 * 8 + MEMORY_BYTES

    def returns(
        self, rows: Sequence[Combination], cancel: Callable[[], bool] | None = None
    ) -> FloatArray:
        """Return the simple returns (T, K) in sample; NaN throughout what cannot run."""
        data = self._inside
        return sweep_returns(
            data.bars, data.document, columns_of(rows), data.config, threads=self._threads,
            product=False, cancel=cancel, inputs=data.inputs, begin=data.begin,
            memory_bytes=max(MEMORY_BYTES, len(data.bars) * len(rows) * 8),
        )  # fmt: skip

    def _figures(
        self, data: TrialData, rows: Sequence[Combination], cancel: Callable[[], bool] | None
    ) -> tuple[dict[str, FloatArray], dict[int, str]]:
        table = sweep(
            data.bars, data.document, columns_of(rows), data.config, data.metrics,
            threads=self._threads, product=False, cancel=cancel, memory_bytes=MEMORY_BYTES,
            inputs=data.inputs, begin=data.begin,
        )  # fmt: skip
        columns = {name: np.asarray(table[name], dtype=np.float64) for name in data.metrics}
        return columns, dict(table.invalid)


def evaluate(
    data: TrialData, rows: Sequence[Combination], cancel: CancelCheck = never
) -> TrialFigures:
    """Run parameter sets on prepared data, on one thread: a task that runs anywhere."""
    return Evaluator(data, threads=1)(rows, cancel)


def together(parts: Sequence[TrialFigures]) -> TrialFigures:
    """Return the figures of parts of a batch as one."""
    first = parts[0]
    inside = {
        name: np.concatenate([one.in_sample[name] for one in parts]) for name in first.in_sample
    }
    outside = None
    if first.out_of_sample is not None:
        outside = {
            name: np.concatenate([(one.out_of_sample or {})[name] for one in parts])
            for name in first.out_of_sample
        }
    invalid: dict[int, str] = {}
    before = 0
    for one in parts:
        invalid.update({before + place: why for place, why in one.invalid.items()})
        before += len(one)
    return TrialFigures(inside, outside, invalid)


def metrics_of(objectives: Sequence[Objective]) -> tuple[str, ...]:
    """Return the metrics that trials keep: those always shown, and those looked for."""
    names = list(SHOWN)
    for one in objectives:
        names.extend(one.metrics)
    return tuple(dict.fromkeys(names))
