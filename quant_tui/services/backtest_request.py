"""What a backtest is asked for, checked, and kept as a snapshot that can be run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.domain.trading import Backtest
from quant_tui.engine import BacktestConfig, Bars
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.rules import StrategyDocument, parse_document, validate_parameters
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.names import checked_name
from quant_tui.services.strategies import StrategyService
from quant_tui.services.strategy_rules import rules_of, rules_of_type

DEFAULT_COMMISSION = 0.001
"""Commission of a new run, as a fraction of the value traded, unless one is given."""

_BESIDE_CONFIG = frozenset(
    {"symbols", "start_date", "end_date", "benchmark", "warm_up", "strategy"}
)
"""Keys of a backtest's ``config`` that are not the engine's."""


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What to test. Exactly one of ``strategy_id``, ``strategy_type``, ``document`` is given.

    Attributes
    ----------
    params
        Parameters over the strategy's own; missing ones keep theirs.
    start, end
        First and last session, both included; None for all there is.
    benchmark
        A symbol to compare with; empty for none.
    name
        Empty for one made of strategy and symbols.
    warm_up
        Whether bars before ``start`` warm the strategy's series up, so that it can act on
        the first day; without it the first bars of the period do, and it acts after them.
    """

    symbols: tuple[str, ...]
    strategy_id: str = ""
    strategy_type: str = ""
    document: Document = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    config: BacktestConfig = field(
        default_factory=lambda: BacktestConfig(commission=DEFAULT_COMMISSION)
    )
    benchmark: str = ""
    name: str = ""
    description: str = ""
    warm_up: bool = False

    @classmethod
    def again(cls, config: Document, strategy_id: str) -> BacktestRequest:
        """Return a request of a strategy as it is now, on what a kept ``config`` ran on."""
        settings = _Settings.of(config)
        return cls(
            settings.symbols,
            strategy_id=strategy_id,
            start=settings.start,
            end=settings.end,
            config=settings.config,
            benchmark=settings.benchmark,
            warm_up=settings.warm_up,
        )


@dataclass(frozen=True, slots=True)
class PreparedBacktest:
    """A request whose every part was found to be right."""

    strategy: StrategyDocument
    strategy_id: str
    strategy_name: str
    params: Document
    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    config: BacktestConfig
    benchmark: str
    warm_up: bool = False

    @property
    def warm_up_bars(self) -> int:
        """Bars that every symbol should have before the start."""
        if not self.warm_up or self.start is None:
            return 0
        return self.strategy.warm_up(self.params)

    def begin(self, bars: Bars) -> int:
        """Return the row of the first bar that is traded; those before it warm up.

        Raises
        ------
        InsufficientData
            No bar is at or after the start.
        """
        if not self.warm_up_bars:
            return 0
        row = int(np.searchsorted(bars.dates, np.datetime64(self.start, "D")))
        if row == len(bars):
            raise InsufficientData(f"There are no bars from {self.start} on.")
        return row

    def snapshot(self) -> Document:
        """Return the backtest's ``config``: everything needed to run it again."""
        return {
            "symbols": list(self.symbols),
            "start_date": self.start.isoformat() if self.start else None,
            "end_date": self.end.isoformat() if self.end else None,
            **self.config.to_document(),
            "benchmark": self.benchmark or None,
            "warm_up": self.warm_up,
            "strategy": {
                "name": self.strategy_name,
                "strategy_type": self.strategy.strategy_type,
                "params": self.params,
                "document": self.strategy.to_document(),
            },
        }

    @classmethod
    def from_snapshot(cls, backtest: Backtest) -> PreparedBacktest:
        """Return what a kept backtest was asked for."""
        strategy = backtest.config["strategy"]
        settings = _Settings.of(backtest.config)
        return cls(
            strategy=parse_document(strategy["document"]),
            strategy_id=backtest.strategy_id,
            strategy_name=strategy["name"],
            params=dict(strategy["params"]),
            symbols=settings.symbols,
            start=settings.start,
            end=settings.end,
            config=settings.config,
            benchmark=settings.benchmark,
            warm_up=settings.warm_up,
        )


@dataclass(frozen=True, slots=True)
class _Settings:
    """What a kept ``config`` says beside its strategy."""

    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    config: BacktestConfig
    benchmark: str
    warm_up: bool

    @classmethod
    def of(cls, config: Document) -> _Settings:
        start, end = config["start_date"], config["end_date"]
        return cls(
            symbols=tuple(config["symbols"]),
            start=date.fromisoformat(start) if start else None,
            end=date.fromisoformat(end) if end else None,
            config=BacktestConfig.from_document(
                {key: value for key, value in config.items() if key not in _BESIDE_CONFIG}
            ),
            benchmark=config["benchmark"] or "",
            warm_up=bool(config.get("warm_up", False)),
        )


async def load_bars(
    prepared: PreparedBacktest, market_data: MarketDataService
) -> tuple[Bars, FloatArray | None]:
    """Return the bars that a request runs on, and its benchmark's closes on their dates.

    Raises
    ------
    NotFound, InsufficientData
        A symbol has no bars, or none in the period.
    """
    return await market_data.load_with_benchmark(
        prepared.symbols,
        prepared.benchmark,
        prepared.start,
        prepared.end,
        before=prepared.warm_up_bars,
    )


async def prepare(
    request: BacktestRequest, strategies: StrategyService, market_data: MarketDataService
) -> PreparedBacktest:
    """Check every part of a request.

    Raises
    ------
    InvalidInput, NotFound, StrategyError
        Naming the field that is wrong.
    """
    given = [bool(request.strategy_id), bool(request.strategy_type), bool(request.document)]
    if sum(given) != 1:
        raise InvalidInput("Give one strategy: an id, a type or a document.", field="strategy")
    own: Mapping[str, object] = {}
    strategy_id = ""
    if request.strategy_id:
        strategy = await strategies.find(request.strategy_id)
        strategy_id = strategy.id
        document = rules_of(strategy)
        name, own = strategy.name, strategy.parameters
    elif request.strategy_type:
        document = rules_of_type(request.strategy_type)
        name = request.strategy_type
    else:
        document = parse_document(request.document)
        name = document.name or "Unnamed"
    params = {**document.default_parameters(), **own, **request.params}
    wrong = validate_parameters(document, params)
    if wrong:
        parameter, message = next(iter(wrong.items()))
        raise InvalidInput(f"{parameter}: {message}", field=parameter)
    symbols = tuple(dict.fromkeys(one.strip() for one in request.symbols if one.strip()))
    if not symbols:
        raise InvalidInput("Choose at least one symbol.", field="symbols")
    if request.start and request.end and request.start > request.end:
        raise InvalidInput(
            f"The start {request.start} is after the end {request.end}.", field="start"
        )
    await market_data.require(symbols, field="symbols")
    if request.benchmark:
        await market_data.require((request.benchmark,), field="benchmark")
    checked_name(request.name)
    return PreparedBacktest(
        strategy=document,
        strategy_id=strategy_id,
        strategy_name=name,
        params=params,
        symbols=symbols,
        start=request.start,
        end=request.end,
        config=request.config,
        benchmark=request.benchmark,
        warm_up=request.warm_up,
    )
