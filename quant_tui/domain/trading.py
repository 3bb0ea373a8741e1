"""Trading domain: strategies, their backtests and optimisations, and portfolios."""

from __future__ import annotations

from pydantic import Field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now
from quant_tui.domain.vocabulary import CostMethod, RunStatus, TransactionKind, VersionReason


class Strategy(Stamped):
    """A user's trading strategy.

    Beyond the data model: ``document`` holds the rule document when the strategy is
    the user's own (``strategy_type`` CUSTOM); it is empty when the template of that
    type defines the rules. ``template_id`` says which template it came from. ``source``
    is the text of that document as its author typed it, comments included; ``tags`` and
    ``notes`` are the user's own. One that is not ``is_active`` is archived.
    """

    name: str
    description: str = ""
    strategy_type: str
    parameters: Document = Field(default_factory=dict)
    user_id: str
    is_active: bool = True
    document: Document = Field(default_factory=dict)
    template_id: str = ""
    source: str = ""
    tags: list[str] = Field(default_factory=list)
    notes: str = ""


class StrategyVersion(Entity):
    """What a strategy's rules and parameters were at one time. Beyond the data model.

    ``number`` counts from 1 for each strategy; ``reason`` says what made it;
    ``created_at`` is when.
    """

    strategy_id: str
    user_id: str
    number: int = Field(ge=1)
    reason: VersionReason = VersionReason.EDITED
    note: str = ""
    strategy_type: str
    parameters: Document = Field(default_factory=dict)
    document: Document = Field(default_factory=dict)
    source: str = ""
    created_at: UtcDatetime = Field(default_factory=utc_now)


class StrategyTemplate(Stamped):
    """A ready-made strategy, shared by all users, with the schema of its parameters."""

    name: str
    description: str = ""
    strategy_type: str
    default_parameters: Document = Field(default_factory=dict)
    parameter_schema: Document = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    usage_count: int = 0


class OwnTemplate(StrategyTemplate):
    """A template that a user made of a strategy, with its rules. Beyond the data model."""

    user_id: str
    document: Document = Field(default_factory=dict)
    source: str = ""


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


class StrategyCheck(Entity):
    """What every check of a strategy found, on the bars and with the costs of one run.

    Beyond the data model. ``rules_hash`` is of the rules and their parameters, ``version``
    the number that the strategy had then, None where none is known; ``data_hash`` and
    ``inputs_hash`` are of the bars and of the series from outside; ``data_stamp`` is the
    store's own mark of those bars, by which they are known again unread. ``config`` says what was
    run, as a backtest's does, with a snapshot of the strategy. ``card`` is a trust card
    whose lines hold the figures behind them. ``backtest_id`` is empty when the strategy was
    checked and not one of its backtests; ``strategy_id`` when that was never saved.
    """

    user_id: str
    strategy_id: str = ""
    backtest_id: str = ""
    version: int | None = None
    rules_hash: str
    data_hash: str
    data_stamp: str = ""
    inputs_hash: str = ""
    engine_version: str
    config: Document = Field(default_factory=dict)
    card: Document = Field(default_factory=dict)
    checked_at: UtcDatetime = Field(default_factory=utc_now)

    def is_of(self, result: BacktestResult | None) -> bool:
        """Whether a result is on the bars and series that were checked."""
        found = result.fingerprint if result is not None else {}
        return (self.data_hash, self.inputs_hash) == (found.get("data"), found.get("inputs", ""))


class OptimizationStudy(Stamped):
    """A search for a strategy's parameters.

    ``parameter_space`` holds the range of each searched parameter. ``strategy_id`` is empty
    when the strategy was given by type or file and never saved. The trials themselves are
    in the study's journal, a file beside the other data.

    Beyond the data model: ``config``, everything needed to resume it (symbols, dates,
    capital, costs, objectives, split, a snapshot of the strategy); ``sampler`` and
    ``seed``; ``done_trials`` of the ``n_trials``; ``analysis`` (trust card, importance,
    Pareto front, plateau, stability, walk-forward) of a study that has completed;
    ``notes``; ``error`` of one that failed; ``applied``, the strategy's parameters before
    a trial's were put in their place, so that it can be undone.
    A study that was paused is ``pending`` with trials done.
    """

    name: str
    strategy_id: str = ""
    parameter_space: Document = Field(default_factory=dict)
    n_trials: int = 0
    status: RunStatus = RunStatus.PENDING
    best_params: Document = Field(default_factory=dict)
    best_value: float | None = None
    user_id: str
    config: Document = Field(default_factory=dict)
    sampler: str = "tpe"
    seed: int = 0
    done_trials: int = 0
    analysis: Document = Field(default_factory=dict)
    notes: str = ""
    error: str = ""
    applied: Document = Field(default_factory=dict)

    @property
    def is_paused(self) -> bool:
        """Whether it waits to be resumed."""
        return self.status is RunStatus.PENDING and self.done_trials > 0


class Portfolio(Stamped):
    """Positions that a user holds, derived from the transactions that were recorded.

    ``positions`` (open ones) and ``performance`` are what they came to at the last change.
    Beyond the data model: ``base_currency``, the one currency of all prices and money;
    ``cost_method``; ``allow_short``; ``benchmark``, a symbol; ``apply_splits`` and
    ``apply_dividends``, whether announced ones change shares and cash by themselves;
    ``target_weights`` (symbol, weight) and ``rebalancing``, the rules by which orders to
    reach them are made; ``backtest_id`` of the run that it was made from.
    """

    name: str
    positions: list[Document] = Field(default_factory=list)
    performance: Document = Field(default_factory=dict)
    user_id: str
    description: str = ""
    base_currency: str = "USD"
    cost_method: CostMethod = CostMethod.FIFO
    allow_short: bool = False
    benchmark: str = ""
    apply_splits: bool = True
    apply_dividends: bool = False
    target_weights: list[Document] = Field(default_factory=list)
    rebalancing: Document = Field(default_factory=dict)
    backtest_id: str = ""


class PortfolioTransaction(Entity):
    """One line of a portfolio's history. Beyond the data model.

    Shares and prices are those of the day. ``quantity`` is shares of a trade, or new shares
    for one old share of a split; ``amount`` is the money of everything else, above zero (a
    dividend on a short position and interest paid are below). ``sequence`` orders the lines
    of one day.
    """

    portfolio_id: str
    user_id: str
    kind: TransactionKind
    date: UtcDatetime
    sequence: int = 0
    symbol: str = ""
    quantity: float = 0.0
    price: float = 0.0
    commission: float = 0.0
    amount: float = 0.0
    note: str = ""
    created_at: UtcDatetime = Field(default_factory=utc_now)
