"""The statuses, types and kinds that entities hold."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """Life of a backtest, an execution or a study: pending → running → one of the rest."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self not in (RunStatus.PENDING, RunStatus.RUNNING)


class StrategyType(StrEnum):
    """Types of the built-in templates, and CUSTOM for a rule document of one's own."""

    SMA_CROSSOVER = "SMA_CROSSOVER"
    EMA_CROSSOVER = "EMA_CROSSOVER"
    RSI_MEAN_REVERSION = "RSI_MEAN_REVERSION"
    MACD = "MACD"
    BOLLINGER_REVERSION = "BOLLINGER_REVERSION"
    DONCHIAN_BREAKOUT = "DONCHIAN_BREAKOUT"
    MOMENTUM = "MOMENTUM"
    VOLATILITY_TARGET = "VOLATILITY_TARGET"
    BUY_AND_HOLD = "BUY_AND_HOLD"
    ML_SIGNAL = "ML_SIGNAL"
    CUSTOM = "CUSTOM"


class VersionReason(StrEnum):
    """What made a version of a strategy."""

    CREATED = "created"
    EDITED = "edited"
    STUDY = "applied from study"
    RESTORED = "restored"


class ModelType(StrEnum):
    """Kinds of machine-learning model."""

    LIGHTGBM = "LightGBM"
    CATBOOST = "CatBoost"
    PROPHET = "Prophet"
    LSTM = "LSTM"


class ModelStatus(StrEnum):
    """Life of a model."""

    TRAINING = "training"
    PRODUCTION = "production"
    ARCHIVED = "archived"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FeatureType(StrEnum):
    """How a feature is computed."""

    EXPRESSION = "expression"
    """By an expression of the rule language."""
    FUNCTION = "function"
    """By a function of an installed package."""


class FeatureVersionStatus(StrEnum):
    """Life of a feature's version: draft → production → archived."""

    DRAFT = "draft"
    PRODUCTION = "production"
    ARCHIVED = "archived"


class DeploymentEnvironment(StrEnum):
    """Where a model is deployed."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class DeploymentStatus(StrEnum):
    """Whether a deployment stands."""

    DEPLOYED = "deployed"
    ROLLBACK = "rollback"


class GenerationStatus(StrEnum):
    """What became of a strategy that a language model wrote."""

    FAILED = "failed"
    """No answer could be used."""
    CHECKED = "checked"
    """Its rules can be used, and its user has not decided."""
    APPROVED = "approved"
    """It became a strategy."""
    REJECTED = "rejected"
    """Its user did not want it."""


class DocumentType(StrEnum):
    """What a retrieval document was made of."""

    BACKTEST = "backtest"
    STRATEGY = "strategy"
    MARKET_INSIGHT = "market_insight"


class MessageRole(StrEnum):
    """Who wrote a message of a conversation."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageStatus(StrEnum):
    """How far a message of a conversation came."""

    STREAMING = "streaming"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class CostMethod(StrEnum):
    """Which shares of a position a sale closes."""

    FIFO = "fifo"
    AVERAGE = "average"


class TransactionKind(StrEnum):
    """What a portfolio's transaction does."""

    BUY = "buy"
    SELL = "sell"
    DIVIDEND = "dividend"
    SPLIT = "split"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    FEE = "fee"
    INTEREST = "interest"
