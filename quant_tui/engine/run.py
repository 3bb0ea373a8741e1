"""One backtest: from bars and a strategy to a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.calendars import periods_per_year
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics import compute_metrics
from quant_tui.engine.report import EquityCurve, Report
from quant_tui.engine.rules.document import StrategyDocument, parse_document
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.interpreter import Interpreter
from quant_tui.engine.rules.validation import resolve_parameters, warm_up
from quant_tui.engine.simulation.orders import (
    Orders,
    changed_rows,
    from_signals,
    from_weights,
    stopped,
)
from quant_tui.engine.simulation.round_trips import RoundTrips, round_trips
from quant_tui.engine.simulation.simulator import Drop, Simulation, simulate
from quant_tui.engine.templates import TEMPLATES

Progress = Callable[[float, str], None]
"""Takes the fraction done, 0 to 1, and what is being done."""


def run_backtest(
    bars: Bars,
    strategy: str | StrategyDocument,
    params: Mapping[str, object] | None = None,
    config: BacktestConfig | None = None,
    benchmark: ArrayLike | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Report:
    """Run a strategy over bars.

    Parameters
    ----------
    bars
        T dates, N symbols.
    strategy
        Type of a template (``SMA_CROSSOVER``), text of a strategy in the rule language,
        or a parsed one.
    params
        Values of the strategy's parameters; those left out take their defaults.
    config
        Capital, costs, fills, sizing; defaults when left out.
    benchmark
        Level of a benchmark at each date (T,), NaN where unknown.
    progress
        Told how far the run is.
    cancel
        Asked now and then; true ends the run.

    Returns
    -------
    Report
        A pure function of the other arguments.

    Raises
    ------
    InvalidInput
        A parameter or the benchmark cannot be used; ``field`` names it.
    StrategyError
        The strategy cannot be used.
    InsufficientData
        No symbol has more bars than the strategy's warm-up.
    Cancelled
        ``cancel`` said so.
    """
    if config is None:
        config = BacktestConfig()
    watch = _Watch(progress, cancel)
    document = document_of(strategy)
    values = resolve_parameters(document, params)
    warm = warm_up(document, values)
    config = config.resolve(
        symbols=len(bars.symbols),
        annualization=periods_per_year(bars.dates),
        sizing=document.sizing,
    )
    levels = _checked_benchmark(benchmark, len(bars.dates))
    watch.step(0.02, "computing signals")
    _check_length(bars, warm)
    interpreter = Interpreter(
        Frame(bars), document.lets, values, watch.pause, document.rules.values()
    )
    orders = _orders(bars, document, interpreter, config)
    watch.step(0.4, "simulating")
    simulation = simulate(bars, config, orders, watch.part(0.4, 0.7))
    watch.step(0.7, "computing figures")
    trips = round_trips(bars, config, simulation.fills)
    fills = simulation.fills
    metrics = compute_metrics(
        bars.dates,
        simulation.equity,
        initial_capital=config.initial_capital,
        annualization=config.annualization or periods_per_year(bars.dates),
        risk_free=config.risk_free,
        invested=simulation.invested,
        trade_pnl=trips.pnl,
        trade_returns=trips.return_,
        trade_bars=trips.bars,
        trade_open=trips.open,
        traded_value=float((np.abs(fills.quantity) * fills.price).sum()),
        fees_paid=float(fills.commission.sum()),
        slippage_paid=float(fills.slippage.sum()),
        benchmark=levels,
    )
    with np.errstate(all="ignore"):
        share = np.where(simulation.equity > 0.0, simulation.invested / simulation.equity, 0.0)
    report = Report(
        bars=bars,
        strategy=document,
        params=values,
        config=config,
        metrics=metrics,
        fills=fills,
        round_trips=trips,
        drops=simulation.drops,
        equity_curve=EquityCurve(bars.dates, simulation.equity, simulation.cash, share),
        benchmark_curve=_benchmark_curve(levels, config.initial_capital),
        warm_up=warm,
        warnings=tuple(_warnings(bars, config, simulation, trips)),
    )
    watch.step(1.0, "done")
    return report


def document_of(strategy: str | StrategyDocument) -> StrategyDocument:
    """Return the document of a template's type, of a text in the rule language, or itself.

    Raises
    ------
    InvalidInput
        There is no such template.
    StrategyError
        The text cannot be used.
    """
    if isinstance(strategy, StrategyDocument):
        return strategy
    if strategy in TEMPLATES:
        return parse_document(TEMPLATES[strategy].document)
    if ":" in strategy:
        return parse_document(strategy)
    hint = did_you_mean(strategy, [name.lower() for name in TEMPLATES]).upper()
    raise InvalidInput(
        f"There is no strategy type {strategy[:64]!r}.",
        field="strategy",
        hint=hint.replace("DID YOU MEAN", "Did you mean") or f"Types: {', '.join(TEMPLATES)}.",
    )


class _Watch:
    """Tells progress and honours cancelling."""

    def __init__(self, progress: Progress | None, cancel: Callable[[], bool] | None) -> None:
        self._progress = progress
        self._cancel = cancel

    def pause(self) -> None:
        """Stop here when the run was cancelled."""
        if self._cancel is not None and self._cancel():
            raise Cancelled("The backtest was cancelled.")

    def step(self, fraction: float, message: str) -> None:
        """Tell progress, unless cancelled."""
        self.pause()
        if self._progress is not None:
            self._progress(fraction, message)

    def part(self, low: float, high: float) -> Callable[[float], None]:
        """Return a function that tells progress within a part of the whole."""
        return lambda fraction: self.step(low + (high - low) * fraction, "simulating")


def _orders(
    bars: Bars, document: StrategyDocument, interpreter: Interpreter, config: BacktestConfig
) -> Orders:
    rules = document.rules
    rank = interpreter.series(rules["rank"]) if "rank" in rules else None
    if document.uses_weights:
        weights = interpreter.series(rules["weight"])
        if "rebalance" in rules:
            rows = np.logical_or.reduce(interpreter.signal(rules["rebalance"]), axis=1)
        else:
            rows = changed_rows(weights)
        return from_weights(bars, config, weights, rows, rank)
    entry = interpreter.signal(rules["entry"])
    never = np.zeros_like(entry)
    exit_ = interpreter.signal(rules["exit"]) if "exit" in rules else never
    return from_signals(bars, config, entry, exit_, rank)


def _check_length(bars: Bars, warm: int) -> None:
    longest = int(bars.present.sum(axis=0).max())
    if longest <= warm:
        raise InsufficientData(
            f"The strategy needs more than {warm} bars before it can act; there are {longest}.",
            hint="Widen the dates or shorten the strategy's windows.",
        )


def _checked_benchmark(benchmark: ArrayLike | None, count: int) -> FloatArray | None:
    if benchmark is None:
        return None
    levels = np.array(benchmark, dtype=np.float64)
    if levels.shape != (count,):
        raise InvalidInput(
            f"benchmark has shape {levels.shape}; {count} dates need ({count},).",
            field="benchmark",
        )
    if ((levels <= 0.0) | np.isinf(levels)).any():
        raise InvalidInput("benchmark levels must be finite and above zero.", field="benchmark")
    return levels


def _benchmark_curve(levels: FloatArray | None, initial_capital: float) -> FloatArray | None:
    if levels is None:
        return None
    there = np.isfinite(levels)
    if not there.any():
        return np.full(len(levels), np.nan)
    rows = np.where(there, np.arange(len(levels)), 0)
    np.maximum.accumulate(rows, out=rows)
    curve: FloatArray = levels[rows] / levels[int(there.argmax())] * initial_capital
    return curve


def _matters(drop: Drop) -> bool:
    """Whether an order lost more than the costs of other orders in the same cash."""
    return drop.wanted is None or drop.filled is None or drop.filled < 0.99 * drop.wanted


def _warnings(
    bars: Bars, config: BacktestConfig, simulation: Simulation, trips: RoundTrips
) -> list[str]:
    found = bars.problems()
    gone = stopped(bars, config)
    for column in bars.by_name[gone[bars.by_name]]:
        held = bool((trips.delisted & (trips.symbol == column)).any())
        row = bars.last_row[column]
        text = f"{bars.symbols[column]} stopped trading on {bars.dates[row]}"
        if held:
            text += "; the position was closed at its last price"
        found.append(text + ".")
    for outcome, sentence in (
        ("rejected", "order(s) were rejected for want of cash or size."),
        ("cut", "order(s) were cut by more than 1 % to the cash there was."),
        ("unfilled", "order(s) had no later bar to fill on."),
    ):
        count = sum(drop.outcome == outcome and _matters(drop) for drop in simulation.drops)
        if count:
            found.append(f"{count} {sentence}")
    if not len(simulation.fills):
        found.append("The strategy never traded.")
    return found
