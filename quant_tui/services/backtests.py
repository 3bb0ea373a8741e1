"""Backtests: from a request to a stored result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from quant_tui.domain.base import Document
from quant_tui.domain.trading import Backtest, BacktestExecution, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import BacktestConfig
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.strategies import StrategyService
from quant_tui.storage.mongo.lifecycle import BacktestLifecycle
from quant_tui.storage.mongo.repositories import UserRepositories


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
    """

    symbols: tuple[str, ...]
    strategy_id: str = ""
    strategy_type: str = ""
    document: Document = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    config: BacktestConfig = field(default_factory=BacktestConfig)
    benchmark: str = ""
    name: str = ""
    description: str = ""


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


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """A backtest with its last execution and, when that completed, the result."""

    backtest: Backtest
    execution: BacktestExecution | None
    result: BacktestResult | None

    def to_document(self) -> Document:
        """Return the JSON document of ``backtest run`` and ``backtest show``."""
        raise NotImplementedError


class BacktestService:
    """Backtests of one user."""

    def __init__(
        self,
        *,
        user_id: str,
        repositories: UserRepositories,
        lifecycle: BacktestLifecycle,
        market_data: MarketDataService,
        strategies: StrategyService,
        jobs: JobManager,
    ) -> None:
        self._user_id = user_id
        self._repositories = repositories
        self._lifecycle = lifecycle
        self._market_data = market_data
        self._strategies = strategies
        self._jobs = jobs

    async def validate(self, request: BacktestRequest) -> dict[str, str]:
        """Return what is wrong with a request: field to message, empty when all is well."""
        raise NotImplementedError

    async def start(self, request: BacktestRequest) -> Job[BacktestReport]:
        """Keep the backtest and run it as a job, whose ``target`` is the backtest's id.

        Raises
        ------
        InvalidInput, NotFound, StrategyError
            When the request cannot be run; nothing is kept then.
        """
        raise NotImplementedError

    async def run(
        self, request: BacktestRequest, context: JobContext, *, save: bool = True
    ) -> BacktestReport:
        """Run a backtest here and now."""
        raise NotImplementedError

    async def rerun(self, backtest_id: str) -> Job[BacktestReport]:
        """Run a kept backtest again, as a new execution of the same backtest."""
        raise NotImplementedError

    async def list(
        self,
        search: str = "",
        *,
        status: RunStatus | None = None,
        strategy_id: str = "",
        skip: int = 0,
        limit: int = 1000,
    ) -> list[BacktestSummary]:
        """Return backtests, the newest first, without trades and series."""
        raise NotImplementedError

    async def show(self, backtest_id: str) -> BacktestReport:
        """Return a backtest with everything.

        Raises
        ------
        NotFound
            When the user has none with that id.
        """
        raise NotImplementedError

    async def delete(self, backtest_id: str) -> BacktestReport:
        """Delete a backtest with its executions and results; return it for :meth:`restore`."""
        raise NotImplementedError

    async def restore(self, report: BacktestReport) -> None:
        """Bring back a deleted backtest under its old id, with its last result."""
        raise NotImplementedError

    async def export(self, backtest_id: str, out: Path, *, format: str = "json") -> list[Path]:  # noqa: A002
        """Write a backtest to files (``csv``: one a table, in a folder; ``json``: one)."""
        raise NotImplementedError
