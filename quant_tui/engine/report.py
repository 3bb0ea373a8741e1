"""What a backtest found, and the document it is shown and stored as."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from quant_tui.engine.arrays import DateArray, FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import INTRABAR, BacktestConfig
from quant_tui.engine.metrics import Drawdown, Metrics
from quant_tui.engine.metrics.figures import Figure
from quant_tui.engine.rules import ParameterValue, StrategyDocument
from quant_tui.engine.simulation.orders import Orders
from quant_tui.engine.simulation.results import KIND_NAMES, Drop, Drops, Fills
from quant_tui.engine.simulation.round_trips import RoundTrips
from quant_tui.engine.simulation.simulator import simulate
from quant_tui.engine.version import ENGINE_VERSION

LISTED_DROPS = 200
"""Most rejected, cut or unfilled orders that a document lists; all are counted."""


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """The account at each close, (T,) each.

    Attributes
    ----------
    dates
        Dates of the bars.
    value, cash, exposure
        Value of the account, its cash, and the share of the value that is invested.
    """

    dates: DateArray
    value: FloatArray
    cash: FloatArray
    exposure: FloatArray


@dataclass(frozen=True)
class Report:
    """Everything that one backtest found.

    Attributes
    ----------
    bars, strategy, params, config
        What was run; ``config`` with sizing and annualisation filled in.
    metrics
        Every figure.
    fills, round_trips
        As arrays; ``symbol`` is a column of ``bars.symbols``, rows are rows of ``bars``.
    drops
        Orders rejected, cut or unfilled.
    plan
        The orders that the signals asked for.
    interest
        Money received on cash, less that paid on cash below zero.
    borrowed_open
        Money paid for shares sold short since the last fill of their position.
    equity_curve
        The account over time.
    benchmark_curve
        The benchmark scaled to the initial capital (T,), NaN before its first level;
        None without one.
    warnings
        What a reader of the figures should know, a sentence each.
    history
        ``bars`` with those before them from which the strategy's series were warmed up;
        None when there are none.
    """

    bars: Bars
    strategy: StrategyDocument
    params: dict[str, ParameterValue]
    config: BacktestConfig
    metrics: Metrics
    fills: Fills
    round_trips: RoundTrips
    drops: Drops
    plan: Orders
    interest: float
    borrowed_open: float
    equity_curve: EquityCurve
    benchmark_curve: FloatArray | None
    warm_up: int
    warnings: tuple[str, ...]
    history: Bars | None = None

    @property
    def performance(self) -> dict[str, Figure]:
        """Metrics of performance by name."""
        return self.metrics.performance

    @property
    def risk_metrics(self) -> dict[str, Figure]:
        """Metrics of risk by name."""
        return self.metrics.risk

    @property
    def undefined(self) -> dict[str, str]:
        """Metric → why it does not exist."""
        return self.metrics.undefined

    @property
    def drawdown(self) -> FloatArray:
        """Fall from the running peak, (T,), ≤ 0."""
        return self.metrics.drawdown

    @property
    def drawdowns(self) -> tuple[Drawdown, ...]:
        """The five deepest, deepest first."""
        return self.metrics.top_drawdowns

    @property
    def monthly_table(self) -> dict[int, dict[int, float]]:
        """Year → month → return."""
        return self.metrics.monthly_table

    @property
    def borrowing_costs(self) -> float:
        """Money paid for shares sold short."""
        return self.borrowed_open + float(self.fills.borrowed.sum())

    @cached_property
    def orders(self) -> dict[str, Any]:
        """Counts of filled, rejected, cut and unfilled orders, and why."""
        listed = range(min(len(self.drops), LISTED_DROPS))
        return {
            "filled": len(self.fills),
            **self.drops.counts(),
            "reasons": self.drops.reasons(),
            "listed": [self._drop_document(self.drops[place]) for place in listed],
        }

    @property
    def assumptions(self) -> int:
        """Fills that rest on an assumption about the order of prices inside a bar."""
        return int(self.fills.assumed.sum())

    def bracket(self) -> dict[str, dict[str, float]]:
        """Return final equity and total return under both assumptions about bars.

        Where no fill rests on an assumption, both are this run's.

        Returns
        -------
        dict
            ``pessimistic`` and ``optimistic`` → ``final_equity`` (money) and
            ``total_return`` (fraction).
        """
        found = {}
        for assumption in INTRABAR:
            final = float(self.equity_curve.value[-1])
            if assumption != self.config.intrabar and self.assumptions:
                config = replace(self.config, intrabar=assumption)
                final = float(simulate(self.bars, config, self.plan).equity[-1])
            total = final / self.config.initial_capital - 1.0
            found[assumption] = {"final_equity": final, "total_return": total}
        return found

    @property
    def warm_up_bars(self) -> int:
        """Bars before the first one that was traded."""
        return 0 if self.history is None else len(self.history) - len(self.bars)

    @cached_property
    def fingerprint(self) -> dict[str, Any]:
        """Hashes from which two runs can be told alike: data, strategy, config, seed, version."""
        seen = self.bars if self.history is None else self.history
        config = self.config.to_document()
        if self.warm_up_bars:
            config["warm_up_bars"] = self.warm_up_bars
        return {
            "data": seen.content_hash,
            "strategy": _hash({"rules": self.strategy.hash, "params": self.params}),
            "config": _hash(config),
            "seed": self.config.seed,
            "engine_version": ENGINE_VERSION,
        }

    def to_document(self) -> dict[str, Any]:
        """Return the run as JSON-ready data: finite numbers, ISO dates, None.

        The keys are those of ``backtest run --json`` (fractions, not percent), with
        ``benchmark`` and ``details`` beside them.
        """
        dates = _iso(self.bars.dates)
        return {
            "config": self.config.to_document(),
            "performance": dict(self.performance),
            "risk_metrics": dict(self.risk_metrics),
            "trades": self._fill_documents(dates),
            "round_trips": self._round_trip_documents(dates),
            "portfolio_value": {"date": dates, "value": _numbers(self.equity_curve.value)},
            "benchmark": self._benchmark_document(dates),
            "fingerprint": dict(self.fingerprint),
            "details": self._details(dates),
        }

    def _fill_documents(self, dates: list[str]) -> list[dict[str, Any]]:
        fills = self.fills
        columns = zip(
            fills.row.tolist(),
            fills.symbol.tolist(),
            fills.quantity.tolist(),
            fills.price.tolist(),
            fills.commission.tolist(),
            fills.slippage.tolist(),
            fills.kind.tolist(),
            fills.decided_row.tolist(),
            fills.assumed.tolist(),
            strict=True,
        )
        return [
            {
                "date": dates[row],
                "symbol": self.bars.symbols[symbol],
                "action": "BUY" if quantity > 0.0 else "SELL",
                "quantity": abs(quantity),
                "price": price,
                "commission": commission,
                "slippage": slippage,
                "reason": KIND_NAMES[kind],
                "decided": dates[decided],
                "assumed": assumed,
            }
            for (
                row,
                symbol,
                quantity,
                price,
                commission,
                slippage,
                kind,
                decided,
                assumed,
            ) in columns
        ]

    def _round_trip_documents(self, dates: list[str]) -> list[dict[str, Any]]:
        trips = self.round_trips
        found = []
        for place in range(len(trips)):
            is_open = bool(trips.open[place])
            sold = bool(np.isfinite(trips.exit_price[place]))
            found.append(
                {
                    "symbol": self.bars.symbols[trips.symbol[place]],
                    "short": bool(trips.short[place]),
                    "entry_date": dates[trips.entry_row[place]],
                    "entry_price": float(trips.entry_price[place]),
                    "exit_date": None if is_open else dates[trips.exit_row[place]],
                    "exit_price": float(trips.exit_price[place]) if sold else None,
                    "quantity": float(trips.quantity[place]),
                    "pnl": float(trips.pnl[place]),
                    "return": float(trips.return_[place]),
                    "bars": int(trips.bars[place]),
                    "commission": float(trips.commission[place]),
                    "slippage": float(trips.slippage[place]),
                    "mae": float(trips.mae[place]),
                    "mfe": float(trips.mfe[place]),
                    "open": is_open,
                    "delisted": bool(trips.delisted[place]),
                }
            )
        return found

    def _benchmark_document(self, dates: list[str]) -> dict[str, Any] | None:
        if self.benchmark_curve is None:
            return None
        return {"date": dates, "value": _numbers(self.benchmark_curve)}

    def _details(self, dates: list[str]) -> dict[str, Any]:
        return {
            "strategy": {
                "strategy_type": self.strategy.strategy_type,
                "name": self.strategy.name,
                "params": dict(self.params),
                "warm_up": self.warm_up,
                "warm_up_bars": self.warm_up_bars,
                "document": self.strategy.to_document(),
            },
            "config": self.config.to_document(),
            "undefined": dict(self.undefined),
            "drawdowns": [self._drawdown_document(one, dates) for one in self.drawdowns],
            "monthly_table": {
                str(year): {str(month): value for month, value in months.items()}
                for year, months in self.monthly_table.items()
            },
            "orders": self.orders,
            "assumptions": self.assumptions,
            "bracket": self.bracket() if self.assumptions else None,
            "interest": self.interest,
            "borrowing_costs": self.borrowing_costs,
            "warnings": list(self.warnings),
            "series": {
                "cash": _numbers(self.equity_curve.cash),
                "exposure": _numbers(self.equity_curve.exposure),
                "drawdown": _numbers(self.drawdown),
            },
        }

    def _drawdown_document(self, one: Drawdown, dates: list[str]) -> dict[str, Any]:
        recovery = one.recovery_row
        return {
            "depth": one.depth,
            "peak_date": dates[max(one.peak_row, 0)],
            "valley_date": dates[one.valley_row],
            "recovery_date": None if recovery is None else dates[recovery],
            "bars": one.bars,
            "days": one.days,
        }

    def _drop_document(self, drop: Drop) -> dict[str, Any]:
        return {
            "outcome": drop.outcome,
            "reason": drop.reason,
            "decided": str(self.bars.dates[drop.row]),
            "symbol": self.bars.symbols[drop.symbol],
            "action": drop.side,
            "quantity_wanted": drop.wanted,
            "quantity_filled": drop.filled,
        }


def _iso(dates: DateArray) -> list[str]:
    """ISO dates of sessions, or ISO times in UTC."""
    if np.datetime_data(dates.dtype)[0] == "D":
        return [str(text) for text in np.datetime_as_string(dates)]
    return [str(text) for text in np.datetime_as_string(dates, unit="s", timezone="UTC")]


def _numbers(values: FloatArray) -> list[float | None]:
    """Return plain floats, None for what is not finite."""
    if np.isfinite(values).all():
        return list(values.tolist())
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _hash(data: dict[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
