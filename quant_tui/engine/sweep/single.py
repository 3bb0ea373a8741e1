"""Combinations one by one, for what the bit loops do not know: the ordinary simulator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.rules.parameters import ParameterValue
from quant_tui.engine.run import orders_of, run_backtest
from quant_tui.engine.simulation.results import Simulation
from quant_tui.engine.simulation.round_trips import round_trips
from quant_tui.engine.simulation.simulator import simulate
from quant_tui.engine.sweep import metrics
from quant_tui.engine.sweep.figures import Figures


class Singles:
    """Runs single combinations of a sweep.

    Parameters
    ----------
    bars, document, config
        What is run; ``config`` resolved.
    figures
        Of the sweep.
    pause
        Called now and then; may raise to stop the work.
    """

    def __init__(
        self,
        bars: Bars,
        document: StrategyDocument,
        config: BacktestConfig,
        figures: Figures,
        pause: Callable[[], None],
    ) -> None:
        self._bars = bars
        self._document = document
        self._config = config
        self._figures = figures
        self._pause = pause

    def simulation(self, row: int) -> Simulation:
        """Simulate one combination."""
        orders = orders_of(self._bars, self._document, self._figures.interpreter(row), self._config)
        return simulate(self._bars, self._config, orders, lambda _fraction: self._pause())

    def of_curve(self, row: int) -> dict[str, float | None]:
        """Return the metrics that an account's curve gives, ``metrics.COLUMNS``."""
        simulation = self.simulation(row)
        still_open = round_trips(self._bars, self._config, simulation).open
        open_trades = int(still_open.sum())
        return metrics.of_curve(
            simulation.equity, self._config, len(still_open) - open_trades, open_trades
        )

    def every(self, values: dict[str, ParameterValue]) -> dict[str, float | None]:
        """Return every metric of one combination, as a single run computes them."""
        report = run_backtest(
            self._bars, self._document, values, self._config, cancel=self._cancelled
        )
        return {**report.risk_metrics, **report.performance}

    def returns(self, row: int) -> FloatArray:
        """Return the simple returns of one combination (T,)."""
        equity = self.simulation(row).equity
        return metrics.simple_returns(equity, self._config.initial_capital)

    def _cancelled(self) -> bool:
        self._pause()
        return False


def as_figure(value: float | None) -> float:
    """Return a metric as arrays hold it: NaN where it is undefined."""
    return np.nan if value is None else float(value)
