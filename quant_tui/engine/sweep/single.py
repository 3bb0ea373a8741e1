"""Combinations one by one, for what the bit loops do not know: the ordinary simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.run import Since, orders_of, run_backtest
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.orders import Orders
from quant_tui.engine.simulation.results import Simulation
from quant_tui.engine.simulation.simulator import run_orders, simulate, terms_of
from quant_tui.engine.sweep import accounts, metrics
from quant_tui.engine.sweep.figures import Figures


class Singles:
    """Runs single combinations of a sweep.

    Parameters
    ----------
    history
        Bars, with those that only warm up.
    begin
        Row of the first bar that is traded.
    document, config, inputs
        What is run; ``config`` resolved.
    figures
        Of the sweep.
    pause
        Called now and then; may raise to stop the work.
    """

    def __init__(
        self,
        history: Bars,
        begin: int,
        document: StrategyDocument,
        config: BacktestConfig,
        inputs: Mapping[str, ArrayLike] | None,
        figures: Figures,
        pause: Callable[[], None],
    ) -> None:
        self._history = history
        self._begin = begin
        self._bars = history.tail(begin) if begin else history
        self._close = np.ascontiguousarray(self._bars.last_close.T)
        self._document = document
        self._config = config
        self._inputs = inputs
        self._figures = figures
        self._pause = pause

    def measure(self, row: int, found: FloatArray) -> None:
        """Compute the figures (``accounts.FIGURES``) of one combination's account."""
        orders = self._orders(row)
        terms = terms_of(self._config, orders)
        account, cash = run_orders(self._bars, terms, orders, self._paused)
        symbols, rows = self._close.shape
        curve = cash if terms.accrues else np.empty(rows)
        closed, still_open = accounts.draw_fills(
            account.fills[: account.cursor[kernel.FILLS]], self._close, terms.initial,
            terms.accrues, curve, np.empty(symbols), np.empty(symbols, dtype=np.int64),
        )  # fmt: skip
        accounts.measure_curve(curve, terms.initial, found)
        found[accounts.CLOSED], found[accounts.OPEN] = closed, still_open

    def of_curve(self, row: int) -> dict[str, float | None]:
        """Return ``metrics.COLUMNS`` of one combination by the formulas of a single run."""
        simulation = self._simulation(row)
        fills = simulation.fills
        last = dict(zip(fills.symbol.tolist(), fills.position.tolist(), strict=True))
        return metrics.of_curve(
            simulation.equity,
            self._config,
            int((fills.position == 0.0).sum()),
            sum(position != 0.0 for position in last.values()),
        )

    def every(self, row: int) -> dict[str, float | None]:
        """Return every metric of one combination, as a single run computes them."""
        report = run_backtest(
            self._history, self._document, self._figures.values(row), self._config,
            cancel=self._cancelled, inputs=self._inputs, begin=self._begin,
        )  # fmt: skip
        return {**report.risk_metrics, **report.performance}

    def returns(self, row: int) -> FloatArray:
        """Return the simple returns of one combination (T,)."""
        equity = self._simulation(row).equity
        return metrics.simple_returns(equity, self._config.initial_capital)

    def _orders(self, row: int) -> Orders:
        interpreter = Since(self._figures.interpreter(row), self._begin)
        return orders_of(self._bars, self._document, interpreter, self._config)

    def _simulation(self, row: int) -> Simulation:
        return simulate(self._bars, self._config, self._orders(row), self._paused)

    def _paused(self, _fraction: float) -> None:
        self._pause()

    def _cancelled(self) -> bool:
        self._pause()
        return False
