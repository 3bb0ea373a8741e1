"""One backtest: from bars and a strategy to a report."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.bars import PRICES, Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics import compute_metrics
from quant_tui.engine.metrics.benchmark import benchmark_warnings, carried
from quant_tui.engine.report import EquityCurve, Report
from quant_tui.engine.rules.document import StrategyDocument, parse_document
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.interpreter import Interpreter
from quant_tui.engine.rules.validation import resolve_parameters, warm_up
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.orders import (
    Orders,
    Stops,
    changed_rows,
    from_signals,
    from_weights,
    stopped,
)
from quant_tui.engine.simulation.results import Simulation
from quant_tui.engine.simulation.round_trips import RoundTrips, round_trips
from quant_tui.engine.simulation.simulator import simulate
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
    inputs: Mapping[str, ArrayLike] | None = None,
    begin: int = 0,
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
    inputs
        Series from outside that the strategy asks for, (T,) or (T, N), as of the bars,
        by the canonical text of the call: ``macro("CPI")``.
    begin
        Row of the first bar that is traded and counted. Those before it only warm the
        strategy's series up, so that it can act on that very bar; the report is about the
        bars from it on, as if the account had been opened then. ``volatility_target``
        measures from it on too.

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
    config = config_of(config)
    watch = _Watch(progress, cancel)
    document = document_of(strategy)
    values = resolve_parameters(document, params)
    warm = warm_up(document, values)
    history, bars = bars, traded(bars, begin)
    config = config.resolve(
        symbols=len(bars.symbols),
        annualization=bars.periods_per_year,
        sizing=document.sizing,
    )
    levels = _checked_benchmark(benchmark, len(history))
    if levels is not None:
        levels = carried(levels[begin:])
    watch.step(0.02, "computing signals")
    check_length(history, warm)
    interpreter = Interpreter(
        Frame(history), document.lets, values, watch.pause, document.rules.values(), inputs
    )
    orders = orders_of(bars, document, Since(interpreter, begin), config)
    watch.step(0.4, "simulating")
    simulation = simulate(bars, config, orders, watch.part(0.4, 0.7))
    watch.step(0.7, "computing figures")
    trips = round_trips(bars, config, simulation)
    fills, equity = simulation.fills, simulation.equity
    share = np.divide(simulation.gross, equity, out=np.zeros(len(equity)), where=equity > 0.0)
    metrics = compute_metrics(
        bars.dates,
        equity,
        initial_capital=config.initial_capital,
        annualization=config.annualization or bars.periods_per_year,
        risk_free=config.risk_free,
        exposure=share,
        trade_pnl=trips.pnl,
        trade_returns=trips.return_,
        trade_bars=trips.bars,
        trade_open=trips.open,
        traded_value=float((np.abs(fills.quantity) * fills.price).sum()),
        fees_paid=float(fills.commission.sum()),
        slippage_paid=float(fills.slippage.sum()),
        benchmark=levels,
    )
    warnings = _warnings(bars, config, simulation, trips)
    if levels is not None:
        warnings += benchmark_warnings(bars.dates, levels)
    report = Report(
        bars=bars,
        strategy=document,
        params=values,
        config=config,
        metrics=metrics,
        fills=fills,
        round_trips=trips,
        drops=simulation.drops,
        plan=orders,
        interest=simulation.interest,
        borrowed_open=float(simulation.borrowed.sum()),
        equity_curve=EquityCurve(bars.dates, equity, simulation.cash, share),
        benchmark_curve=_benchmark_curve(levels, config.initial_capital),
        warm_up=warm,
        warnings=tuple(warnings),
        history=history,
    )
    watch.step(1.0, "done")
    return report


def document_of(strategy: str | StrategyDocument) -> StrategyDocument:
    """Return the document of a template's type, of a text in the rule language, or itself.

    Raises
    ------
    InvalidInput
        There is no such template, or this is none of the three.
    StrategyError
        The text cannot be used.
    """
    if isinstance(strategy, StrategyDocument):
        return strategy
    if not isinstance(strategy, str):
        raise InvalidInput(
            f"strategy must be a text or a parsed document, not {type(strategy).__name__}.",
            field="strategy",
            hint="Give a template's type, a rule document as YAML or JSON text, or what"
            " parse_document made of its data.",
        )
    if strategy in TEMPLATES:
        return _template(strategy)
    if ":" in strategy:
        return parse_document(strategy)
    hint = did_you_mean(strategy, [name.lower() for name in TEMPLATES]).upper()
    raise InvalidInput(
        f"There is no strategy type {strategy[:64]!r}.",
        field="strategy",
        hint=hint.replace("DID YOU MEAN", "Did you mean") or f"Types: {', '.join(TEMPLATES)}.",
    )


def config_of(config: BacktestConfig | None) -> BacktestConfig:
    """Return the config, or the defaults in place of None.

    Raises
    ------
    InvalidInput
        It is something else, such as a mapping.
    """
    if config is None:
        return BacktestConfig()
    if not isinstance(config, BacktestConfig):
        raise InvalidInput(
            f"config must be a BacktestConfig, not {type(config).__name__}.",
            field="config",
            hint="BacktestConfig.from_document reads a mapping.",
        )
    return config


@cache
def _template(strategy: str) -> StrategyDocument:
    """Return a template's document, read once."""
    return parse_document(TEMPLATES[strategy].document)


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


class Evaluated(Protocol):
    """What gives the values of a strategy's expressions on the bars that are traded."""

    def series(self, tree: ast.expr) -> FloatArray:
        """Return a series, (T, N)."""
        ...

    def signal(self, tree: ast.expr) -> BoolArray:
        """Return a condition, (T, N)."""
        ...


class Since:
    """Values from a row on, computed from all rows."""

    def __init__(self, interpreter: Interpreter, begin: int) -> None:
        self._interpreter = interpreter
        self._begin = begin

    def series(self, tree: ast.expr) -> FloatArray:
        """Return figures on the common dates, as the interpreter does."""
        return self._interpreter.series(tree)[self._begin :]

    def signal(self, tree: ast.expr) -> BoolArray:
        """Return where a condition is known and true, as the interpreter does."""
        return self._interpreter.signal(tree)[self._begin :]


def traded(bars: Bars, begin: int) -> Bars:
    """Return the bars from row ``begin`` on.

    Raises
    ------
    InvalidInput
        There is no such row.
    """
    if isinstance(begin, bool) or not isinstance(begin, int) or not 0 <= begin < len(bars):
        raise InvalidInput(
            f"begin must be a row of the bars, 0 to {len(bars) - 1}, not {begin!r}.", field="begin"
        )
    return bars.tail(begin) if begin else bars


def orders_of(
    bars: Bars, document: StrategyDocument, interpreter: Evaluated, config: BacktestConfig
) -> Orders:
    """Return the orders that a strategy gives, under a resolved configuration.

    Raises
    ------
    InvalidInput
        The strategy goes short and the configuration does not allow it.
    """
    rules = document.rules
    for key in ("short_entry", "short_exit"):
        if key in rules and not config.allow_short:
            raise InvalidInput(
                f"The strategy has a {key}, but the configuration does not allow short positions.",
                field="allow_short",
                hint="Set allow_short, or take the rule out of the strategy.",
            )

    def series(key: str) -> FloatArray | None:
        return interpreter.series(rules[key]) if key in rules else None

    def signal(key: str) -> BoolArray | None:
        return interpreter.signal(rules[key]) if key in rules else None

    rank = series("rank")
    if document.uses_weights:
        weights = interpreter.series(rules["weight"])
        rebalance = signal("rebalance")
        if rebalance is None:
            rows = changed_rows(weights)
        else:
            rows = np.logical_or.reduce(rebalance, axis=1)
        return from_weights(bars, config, weights, rows, rank)
    universe = signal("universe")
    stops = Stops(series("stop_loss"), series("take_profit"), series("trailing_stop"))
    entry, short_entry = interpreter.signal(rules["entry"]), signal("short_entry")
    exit_ = signal("exit")
    if universe is not None:
        entry = entry & universe
        short_entry = None if short_entry is None else short_entry & universe
    return from_signals(
        bars, config, entry, np.zeros_like(entry) if exit_ is None else exit_, rank,
        short_entry=short_entry, short_exit=signal("short_exit"), stops=stops,
    )  # fmt: skip


def check_length(bars: Bars, warm: int) -> None:
    """Refuse bars that are no more than a strategy's warm-up.

    Raises
    ------
    InsufficientData
        They are too few.
    """
    longest = int(bars.present.sum(axis=0).max())
    if longest <= warm:
        raise InsufficientData(
            f"The strategy needs more than {warm} bars before it can act; there are {longest}.",
            hint="Widen the dates or shorten the strategy's windows.",
        )


def _checked_benchmark(benchmark: ArrayLike | None, count: int) -> FloatArray | None:
    if benchmark is None:
        return None
    levels = np.asarray(benchmark, dtype=np.float64)
    if levels.shape != (count,):
        raise InvalidInput(
            f"benchmark has shape {levels.shape}; {count} dates need ({count},).",
            field="benchmark",
        )
    if ((levels < PRICES[0]) | (levels > PRICES[1])).any():
        raise InvalidInput(
            f"benchmark levels must be finite and above zero ({PRICES[0]:g} to {PRICES[1]:g}).",
            field="benchmark",
        )
    return levels


def _benchmark_curve(levels: FloatArray | None, initial_capital: float) -> FloatArray | None:
    if levels is None:
        return None
    curve: FloatArray = levels / levels[int(np.isfinite(levels).argmax())]
    curve *= initial_capital
    return curve


def _warnings(
    bars: Bars, config: BacktestConfig, simulation: Simulation, trips: RoundTrips
) -> list[str]:
    found = list(bars.problems)
    gone = stopped(bars, config)
    for column in bars.by_name[gone[bars.by_name]]:
        held = bool((trips.delisted & (trips.symbol == column)).any())
        row = bars.last_row[column]
        text = f"{bars.symbols[column]} stopped trading on {bars.dates[row]}"
        if held:
            text += "; the position was closed at its last price"
        found.append(text + ".")
    drops = simulation.drops
    capped = drops.reason == kernel.VOLUME
    lost = ~(drops.filled >= 0.99 * drops.wanted)  # else other orders' costs in the same cash
    unsized = np.isin(drops.reason, (kernel.NO_CASH, kernel.BELOW_ONE_SHARE))
    for chosen, sentence in (
        (unsized & lost, "order(s) were rejected for want of cash or size."),
        (drops.reason == kernel.NO_VOLATILITY, "order(s) came before the volatility was known."),
        (
            (drops.reason == kernel.CUT) & lost,
            "order(s) were cut by more than 1 % to the cash there was.",
        ),
        (capped, "order(s) were cut to the share of the bar's volume that may be taken."),
        (drops.outcome == 2, "order(s) had no later bar to fill on."),
    ):
        if count := int(chosen.sum()):
            found.append(f"{count} {sentence}")
    if simulation.unknown_volume:
        found.append(
            f"{simulation.unknown_volume} fill(s) fell on bars whose volume is not known: they had"
            " neither cap nor price impact."
        )
    if simulation.ruin_row is not None:
        found.append(
            f"The equity was gone on {bars.dates[simulation.ruin_row]}: everything was closed,"
            " and nothing traded afterwards."
        )
    if not len(simulation.fills):
        found.append("The strategy never traded.")
    return found
