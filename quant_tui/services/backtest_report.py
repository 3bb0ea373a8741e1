"""What a backtest is when it is shown: rows of the list, and the whole report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from quant_tui.domain.base import Document
from quant_tui.domain.trading import Backtest, BacktestExecution, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.result_hash import HASHED, result_hash


@dataclass(frozen=True, slots=True)
class BacktestSummary:
    """One row of the list: a backtest with the main figures of its last result."""

    id: str
    name: str
    strategy_name: str
    strategy_type: str
    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    status: RunStatus
    created_at: datetime
    total_return: float | None
    sharpe_ratio: float | None
    max_drawdown: float | None
    total_trades: int | None
    error: str

    @classmethod
    def of(
        cls, backtest: Backtest, performance: Document | None, error: str = ""
    ) -> BacktestSummary:
        """Build the row of a backtest from its last performance, if any."""
        config = backtest.config
        strategy = config.get("strategy", {})
        figures = performance or {}
        return cls(
            id=backtest.id,
            name=backtest.name,
            strategy_name=strategy.get("name", ""),
            strategy_type=strategy.get("strategy_type", ""),
            symbols=tuple(config.get("symbols", ())),
            start=_date(config.get("start_date")),
            end=_date(config.get("end_date")),
            status=backtest.status,
            created_at=backtest.created_at,
            total_return=figures.get("total_return"),
            sharpe_ratio=figures.get("sharpe_ratio"),
            max_drawdown=figures.get("max_drawdown"),
            total_trades=figures.get("total_trades"),
            error=error,
        )

    def to_document(self) -> Document:
        """Return the row as JSON holds it."""
        return {
            "backtest_id": self.id,
            "name": self.name,
            "strategy": self.strategy_name,
            "strategy_type": self.strategy_type,
            "symbols": list(self.symbols),
            "start_date": self.start.isoformat() if self.start else None,
            "end_date": self.end.isoformat() if self.end else None,
            "status": str(self.status),
            "created_at": self.created_at.isoformat(),
            "total_return": self.total_return,
            "sharpe_ratio": self.sharpe_ratio,
            "max_drawdown": self.max_drawdown,
            "total_trades": self.total_trades,
            "error": self.error or None,
        }


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """A backtest with its last execution and, when that completed, the result."""

    backtest: Backtest
    execution: BacktestExecution | None
    result: BacktestResult | None

    def to_document(self) -> Document:
        """Return the JSON document of ``backtest run`` and ``backtest show``.

        Fractions, not percent; a value that does not exist is None.
        """
        result = self.result
        error = self.execution.error_details if self.execution else {}
        return {
            "backtest_id": self.backtest.id or None,
            "execution_id": self.execution.execution_id if self.execution else None,
            "name": self.backtest.name,
            "description": self.backtest.description,
            "status": str(self.backtest.status),
            "error": error or None,
            "created_at": self.backtest.created_at.isoformat(),
            "executed_at": result.executed_at.isoformat() if result else None,
            "config": self.backtest.config,
            "performance": result.performance if result else {},
            "risk_metrics": result.risk_metrics if result else {},
            "trades": result.trades if result else [],
            "round_trips": result.round_trips if result else [],
            "portfolio_value": result.portfolio_value if result else {"date": [], "value": []},
            "benchmark": (result.benchmark or None) if result else None,
            "details": result.details if result else {},
            "fingerprint": _fingerprint(result) if result else {},
        }


def _fingerprint(result: BacktestResult) -> Document:
    """Return the fingerprint; runs from before it held the result's hash get it here."""
    if "result" in result.fingerprint:
        return result.fingerprint
    return {**result.fingerprint, "result": result_hash(result.model_dump(include={*HASHED}))}


def _date(text: object) -> date | None:
    return date.fromisoformat(text[:10]) if isinstance(text, str) and text else None
