"""Trading domain: strategies, their backtests and optimisations, and portfolios."""

from __future__ import annotations

from pydantic import Field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now
from quant_tui.domain.vocabulary import RunStatus


class Strategy(Stamped):
    """A user's trading strategy.

    Beyond the data model: ``document`` holds the rule document when the strategy is
    the user's own (``strategy_type`` CUSTOM); it is empty when the template of that
    type defines the rules. ``template_id`` says which template it came from.
    """

    name: str
    description: str = ""
    strategy_type: str
    parameters: Document = Field(default_factory=dict)
    user_id: str
    is_active: bool = True
    document: Document = Field(default_factory=dict)
    template_id: str = ""


class StrategyTemplate(Stamped):
    """A ready-made strategy, shared by all users, with the schema of its parameters."""

    name: str
    description: str = ""
    strategy_type: str
    default_parameters: Document = Field(default_factory=dict)
    parameter_schema: Document = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    usage_count: int = 0


class Backtest(Stamped):
    """What is to be tested, and how.

    ``config`` holds the symbols, dates, capital, costs and fills with every default
    filled in, and a snapshot of the strategy, so that a backtest can be read and run
    again after its strategy was changed or deleted. ``strategy_id`` is empty when the
    strategy was given by type or file and never saved.
    """

    name: str
    description: str = ""
    strategy_id: str = ""
    config: Document = Field(default_factory=dict)
    status: RunStatus = RunStatus.PENDING
    user_id: str


class BacktestExecution(Entity):
    """One run of a backtest.

    Beyond the data model: ``process`` (host, pid and start of the running process)
    and ``heartbeat_at`` tell a run that lives from one whose process was killed.
    """

    backtest_id: str
    execution_id: str
    status: RunStatus = RunStatus.PENDING
    started_at: UtcDatetime | None = None
    completed_at: UtcDatetime | None = None
    error_details: Document = Field(default_factory=dict)
    user_id: str
    process: Document = Field(default_factory=dict)
    heartbeat_at: UtcDatetime | None = None


class BacktestResult(Entity):
    """What one execution found.

    ``trades`` are the fills; ``portfolio_value`` holds ``date`` and ``value`` lists.
    Beyond the data model: ``round_trips``, ``fingerprint`` (data, strategy, config,
    seed, engine_version), ``details`` (drawdowns, monthly table, reasons of undefined
    figures, counts of rejected orders, data warnings, trust card) and ``benchmark`` (date, value).
    """

    backtest_id: str
    execution_id: str
    performance: Document = Field(default_factory=dict)
    trades: list[Document] = Field(default_factory=list)
    risk_metrics: Document = Field(default_factory=dict)
    portfolio_value: Document = Field(default_factory=dict)
    executed_at: UtcDatetime = Field(default_factory=utc_now)
    user_id: str
    round_trips: list[Document] = Field(default_factory=list)
    fingerprint: Document = Field(default_factory=dict)
    details: Document = Field(default_factory=dict)
    benchmark: Document = Field(default_factory=dict)


class StrategyTrials(Entity):
    """One entry of the trial ledger: what was tried of a strategy in one go.

    Beyond the data model. A backtest is one trial, a search one entry of many. Entries
    are only ever added: what a strategy's Sharpe ratio has to be measured against is the
    number of all that was looked at, also of what was thrown away.

    ``strategy_key`` is the id of a saved strategy, whatever its rules become, and the hash
    of the rules of one that is not saved. ``fingerprint`` says what was tried (rules,
    parameters, symbols, period, configuration): the same again is the same trial.
    ``sharpe_count`` of the ``trials`` had a Sharpe ratio; ``sharpe_sum`` and
    ``sharpe_squares`` add up those, annual, and their squares.
    """

    user_id: str
    strategy_key: str
    fingerprint: str
    trials: int = Field(default=1, ge=1)
    sharpe_count: int = Field(default=0, ge=0)
    sharpe_sum: float = 0.0
    sharpe_squares: float = Field(default=0.0, ge=0.0)
    recorded_at: UtcDatetime = Field(default_factory=utc_now)


class OptimizationStudy(Stamped):
    """A search for a strategy's parameters."""

    name: str
    strategy_id: str
    parameter_space: Document = Field(default_factory=dict)
    n_trials: int = 0
    status: RunStatus = RunStatus.PENDING
    best_params: Document = Field(default_factory=dict)
    best_value: float | None = None
    user_id: str


class Portfolio(Stamped):
    """Positions that a user holds."""

    name: str
    positions: list[Document] = Field(default_factory=list)
    performance: Document = Field(default_factory=dict)
    user_id: str
