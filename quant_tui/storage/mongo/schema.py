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
from quant_tui.domain.genai import ChatSession, GeneratedStrategy, PromptTemplate, RAGDocument
from quant_tui.domain.market_data import Company, EconomicIndicator, NewsData
from quant_tui.domain.ml_platform import (
    EvaluationScenario,
    Experiment,
    Feature,
    FeatureVersion,
    MLModel,
    ModelDeployment,
)
from quant_tui.domain.trading import (
    Backtest,
    BacktestExecution,
    BacktestResult,
    OptimizationStudy,
    Portfolio,
    Strategy,
    StrategyTemplate,
    StrategyTrials,
)
from quant_tui.domain.user import Dashboard, User, Watchlist

FAILED_EXECUTION_SECONDS = 30 * 24 * 3600
"""Failed executions are removed after thirty days; all others stay."""


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
        ),
        shared=True,
    ),
    CollectionSpec("watchlists", Watchlist, "watchlist", (_by("user_id", "-created_at"),)),
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
        "optimization_studies",
        OptimizationStudy,
        "optimisation study",
        (_by("strategy_id", "status"), _by("user_id", "created_at")),
    ),
    CollectionSpec("portfolios", Portfolio, "portfolio", (_by("user_id", "-created_at"),)),
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
        (_by("symbol", "-published_at"), _by("-published_at")),  # ours
        shared=True,
    ),
    CollectionSpec("features", Feature, "feature", (_by("user_id", "name"),)),
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
        (_by("model_type", "status"), _by("user_id", "created_at")),
    ),
    CollectionSpec("experiments", Experiment, "experiment", (_by("user_id", "-created_at"),)),
    CollectionSpec(
        "model_deployments",
        ModelDeployment,
        "deployment",
        (_by("user_id", "-deployed_at"), _by("model_id", "environment")),  # ours
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
        (_by("document_id", unique=True), _by("user_id", "document_type")),
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
