"""The collections of the data model: which entity each holds, and its indexes, as data.

``shared`` collections belong to everybody; every document of the others carries the
``user_id`` of its owner. Indexes marked *ours* are beyond the data model: they serve a
query of the program or guard against doubles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from quant_tui.domain.base import Document, Entity
from quant_tui.domain.genai import (
    ChatSession,
    GeneratedStrategy,
    PromptTemplate,
    RAGDocument,
    ToolCall,
    ToolPermissions,
)
from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData
from quant_tui.domain.ml_platform import (
    EvaluationScenario,
    Experiment,
    Feature,
    FeatureVersion,
    MLModel,
    ModelDeployment,
    PredictionRecord,
)
from quant_tui.domain.trading import (
    Backtest,
    BacktestExecution,
    BacktestResult,
    OptimizationStudy,
    OwnTemplate,
    Portfolio,
    PortfolioTransaction,
    Strategy,
    StrategyCheck,
    StrategyTemplate,
    StrategyTrials,
    StrategyVersion,
)
from quant_tui.domain.user import (
    Dashboard,
    PasswordTries,
    User,
    UserSession,
    VerificationCode,
    Watchlist,
)
from quant_tui.domain.watchlist import AlertEvent

FAILED_EXECUTION_SECONDS = 30 * 24 * 3600
"""Failed executions are removed after thirty days; all others stay."""

DELETED_CHAT_SECONDS = 30 * 24 * 3600
"""Deleted conversations can be brought back for thirty days."""


@dataclass(frozen=True)
class Index:
    """One index: fields with direction, and what is special about it."""

    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    partial: Document = field(default_factory=dict)
    expire_after_seconds: int | None = None

    def model(self) -> IndexModel:
        """Return it as the driver wants it."""
        options: dict[str, Any] = {}
        if self.unique:
            options["unique"] = True
        if self.partial:
            options["partialFilterExpression"] = self.partial
        if self.expire_after_seconds is not None:
            options["expireAfterSeconds"] = self.expire_after_seconds
        return IndexModel(list(self.keys), **options)


@dataclass(frozen=True)
class CollectionSpec:
    """One collection of entities.

    Attributes
    ----------
    name, entity, noun
        The collection, what it holds, and how messages call one of them.
    indexes
        All but the one on ``_id``.
    shared
        Whether it belongs to everybody rather than to the user in ``user_id``.
    """

    name: str
    entity: type[Entity]
    noun: str
    indexes: tuple[Index, ...]
    shared: bool = False


def _by(*names: str, **options: Any) -> Index:
    """Return an index on ``names``; a leading minus means descending."""
    keys = tuple(
        (name.removeprefix("-"), DESCENDING if name.startswith("-") else ASCENDING)
        for name in names
    )
    return Index(keys, **options)


RESULT_PARTS = "backtest_result_parts"
"""Fills and round trips of large results, in chunks."""

RESULT_SERIES = "backtest_series"
"""GridFS bucket: series of large results."""

MIGRATIONS = "schema_migrations"
"""Which migrations were applied, and who is applying one now."""

COLLECTIONS: tuple[CollectionSpec, ...] = (
    CollectionSpec(
        "users",
        User,
        "user",
        (
            _by("email", unique=True),
            _by("username", unique=True),
            _by("is_active", "-created_at"),
            _by("username_key", unique=True, partial={"username_key": {"$gt": ""}}),  # ours
        ),
        shared=True,
    ),
    CollectionSpec(
        "user_sessions",
        UserSession,
        "session",
        (  # ours
            _by("user_id", "token_hash", unique=True),
            _by("expires_at", expire_after_seconds=0),
        ),
    ),
    CollectionSpec(
        "verification_codes",
        VerificationCode,
        "verification code",
        (  # ours
            _by("user_id", unique=True),
            _by("expires_at", expire_after_seconds=0),
        ),
    ),
    CollectionSpec(
        "password_tries",
        PasswordTries,
        "count of tries",
        (  # ours
            _by("key", unique=True),
            _by("expires_at", expire_after_seconds=0),
        ),
        shared=True,
    ),
    CollectionSpec("watchlists", Watchlist, "watchlist", (_by("user_id", "-created_at"),)),
    CollectionSpec(
        "alert_events",
        AlertEvent,
        "alert event",
        (  # ours
            _by("user_id", "-fired_at"),
            _by("alert_id", "symbol", "bar_date", unique=True),  # fires once a session
        ),
    ),
    CollectionSpec("dashboards", Dashboard, "dashboard", (_by("user_id", unique=True),)),
    CollectionSpec(
        "strategies",
        Strategy,
        "strategy",
        (
            _by("user_id", "strategy_type"),
            _by("user_id", "is_active"),
            _by("strategy_type", "-created_at"),
            _by("user_id", "-created_at", partial={"is_active": True}),
        ),
    ),
    CollectionSpec(
        "strategy_templates",
        StrategyTemplate,
        "strategy template",
        (_by("name", unique=True), _by("strategy_type")),  # ours: two starters seed them once
        shared=True,
    ),
    CollectionSpec(
        "strategy_versions",
        StrategyVersion,
        "version",
        (_by("strategy_id", "-number", unique=True), _by("user_id")),  # ours
    ),
    CollectionSpec(
        "own_templates",
        OwnTemplate,
        "template",
        (_by("user_id", "name", unique=True),),  # ours
    ),
    CollectionSpec(
        "backtests",
        Backtest,
        "backtest",
        (
            _by("user_id", "status"),
            _by("strategy_id", "-created_at"),
            _by("user_id", "-created_at"),
        ),
    ),
    CollectionSpec(
        "backtest_executions",
        BacktestExecution,
        "execution",
        (
            _by(
                "completed_at",
                partial={"status": "failed"},
                expire_after_seconds=FAILED_EXECUTION_SECONDS,
            ),
            _by("execution_id", unique=True),  # ours
            _by("backtest_id", "-started_at"),  # ours: history of a backtest
            _by("status", partial={"status": "running"}),  # ours: recovery at start
        ),
    ),
    CollectionSpec(
        "backtest_results",
        BacktestResult,
        "result",
        (
            _by("backtest_id", "-executed_at"),
            _by("user_id", "-executed_at"),
            _by("execution_id", unique=True),
        ),
    ),
    CollectionSpec(
        "strategy_trials",
        StrategyTrials,
        "trial",
        (_by("user_id", "strategy_key", "fingerprint", unique=True),),  # ours: counts once
    ),
    CollectionSpec(
        "strategy_checks",
        StrategyCheck,
        "check",
        (  # ours
            _by("user_id", "strategy_id", "-checked_at"),
            _by("backtest_id", "-checked_at"),
        ),
    ),
    CollectionSpec(
        "optimization_studies",
        OptimizationStudy,
        "optimisation study",
        (_by("strategy_id", "status"), _by("user_id", "created_at")),
    ),
    CollectionSpec("portfolios", Portfolio, "portfolio", (_by("user_id", "-created_at"),)),
    CollectionSpec(
        "portfolio_transactions",
        PortfolioTransaction,
        "transaction",
        (_by("portfolio_id", "date", "sequence"),),  # ours
    ),
    CollectionSpec("companies", Company, "company", (_by("symbol", unique=True),), shared=True),
    CollectionSpec(
        "economic_indicators",
        EconomicIndicator,
        "economic indicator",
        (_by("indicator_type", "date", "source", unique=True),),  # ours
        shared=True,
    ),
    CollectionSpec(
        "news",
        NewsData,
        "news item",
        (  # ours
            _by("symbol", "-published_at"),
            _by("-published_at"),
            _by("symbol", "url", unique=True, partial={"url": {"$gt": ""}}),
        ),
        shared=True,
    ),
    CollectionSpec(
        "features",
        Feature,
        "feature",
        (
            _by("user_id", "name"),
            _by("name", "user_id", unique=True),  # ours: it is called by its name
        ),
    ),
    CollectionSpec(
        "feature_versions",
        FeatureVersion,
        "feature version",
        (_by("feature_id", "version", unique=True), _by("user_id", "-created_at")),  # ours
    ),
    CollectionSpec(
        "ml_models",
        MLModel,
        "model",
        (
            _by("model_type", "status"),
            _by("user_id", "created_at"),
            _by("user_id", "name", "version", unique=True),  # ours
        ),
    ),
    CollectionSpec("experiments", Experiment, "experiment", (_by("user_id", "-created_at"),)),
    CollectionSpec(
        "model_deployments",
        ModelDeployment,
        "deployment",
        (  # ours
            _by("user_id", "-deployed_at"),
            _by("model_id", "environment"),
            _by("user_id", "model_name", "environment", "-deployed_at"),
        ),
    ),
    CollectionSpec(  # ours
        "prediction_records",
        PredictionRecord,
        "prediction",
        (
            _by("user_id", "model_id", "environment", "interval", "date", unique=True),
            _by("user_id", "model_name", "-date"),
        ),
    ),
    CollectionSpec(
        "evaluation_scenarios",
        EvaluationScenario,
        "evaluation scenario",
        (_by("user_id", "-created_at"),),
    ),
    CollectionSpec(
        "chat_sessions",
        ChatSession,
        "chat session",
        (
            _by("session_id", unique=True),
            _by("user_id", "is_active"),
            _by("user_id", "-updated_at"),
            _by("deleted_at", expire_after_seconds=DELETED_CHAT_SECONDS),  # ours
        ),
    ),
    CollectionSpec(
        "prompt_templates", PromptTemplate, "prompt template", (_by("user_id", "-created_at"),)
    ),
    CollectionSpec(
        "generated_strategies",
        GeneratedStrategy,
        "generated strategy",
        (_by("user_id", "-created_at"),),
    ),
    CollectionSpec(
        "rag_documents",
        RAGDocument,
        "document",
        (
            _by("document_id", unique=True),
            _by("user_id", "document_type"),
            _by("user_id", "-updated_at"),  # ours: what changed since
            _by("user_id", "content_hash"),  # ours: what was embedded before
        ),
    ),
    CollectionSpec(
        "tool_permissions",
        ToolPermissions,
        "tool permissions",
        (_by("user_id", unique=True),),  # ours
    ),
    CollectionSpec(
        "tool_calls",
        ToolCall,
        "tool call",
        (_by("user_id", "-called_at"),),  # ours
    ),
)

PART_INDEXES: dict[str, tuple[Index, ...]] = {
    RESULT_PARTS: (_by("result_id", "field", "sequence", unique=True),),
    f"{RESULT_SERIES}.files": (
        _by("filename", "uploadDate"),  # GridFS would make these two itself
        _by("metadata.result_id"),
    ),
    f"{RESULT_SERIES}.chunks": (_by("files_id", "n", unique=True),),
}
"""Collections that hold no entities, with their indexes."""

BY_ENTITY: dict[type[Entity], CollectionSpec] = {spec.entity: spec for spec in COLLECTIONS}
BY_NAME: dict[str, CollectionSpec] = {spec.name: spec for spec in COLLECTIONS}
