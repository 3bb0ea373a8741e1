"""Every repository of the data model: those for everybody, and each user's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from quant_tui.domain.genai import (
    GeneratedStrategy,
    PromptTemplate,
    ToolPermissions,
)
from quant_tui.domain.ml_platform import (
    EvaluationScenario,
    Experiment,
    Feature,
    FeatureVersion,
    ModelDeployment,
    PredictionRecord,
)
from quant_tui.domain.trading import OptimizationStudy, OwnTemplate, StrategyVersion
from quant_tui.domain.user import Dashboard, Watchlist
from quant_tui.domain.watchlist import AlertEvent
from quant_tui.storage.mongo.accounts import (
    PasswordTriesRepository,
    SessionRepository,
    VerificationCodeRepository,
)
from quant_tui.storage.mongo.chats import ChatRepository
from quant_tui.storage.mongo.checks import CheckRepository
from quant_tui.storage.mongo.portfolios import PortfolioRepository, TransactionRepository
from quant_tui.storage.mongo.queries import (
    BacktestRepository,
    CompanyRepository,
    EconomicIndicatorRepository,
    ExecutionRepository,
    ModelRepository,
    NewsRepository,
    StrategyRepository,
    StrategyTemplateRepository,
    UserAccountRepository,
)
from quant_tui.storage.mongo.rag_documents import RagDocumentRepository
from quant_tui.storage.mongo.repository import OwnedRepository
from quant_tui.storage.mongo.results import ResultRepository
from quant_tui.storage.mongo.store import MetadataStore, Session
from quant_tui.storage.mongo.tool_calls import ToolCallRepository
from quant_tui.storage.mongo.trials import TrialRepository

T = TypeVar("T")


class UserRepositories:
    """What one user has. Nothing of another user can be read or written through it.

    Parameters
    ----------
    store
        Where it is.
    user_id
        Whose it is.
    """

    def __init__(self, store: MetadataStore, user_id: str) -> None:
        self.user_id = user_id
        self._store = store
        self.sessions = SessionRepository(store, user_id)
        self.verification_codes = VerificationCodeRepository(store, user_id)
        self.strategies = StrategyRepository(store, user_id)
        self.strategy_versions = OwnedRepository(store, StrategyVersion, user_id)
        self.own_templates = OwnedRepository(store, OwnTemplate, user_id)
        self.backtests = BacktestRepository(store, user_id)
        self.executions = ExecutionRepository(store, user_id)
        self.results = ResultRepository(store, user_id)
        self.trials = TrialRepository(store, user_id)
        self.checks = CheckRepository(store, user_id)
        self.studies = OwnedRepository(store, OptimizationStudy, user_id)
        self.portfolios = PortfolioRepository(store, user_id)
        self.portfolio_transactions = TransactionRepository(store, user_id)
        self.watchlists = OwnedRepository(store, Watchlist, user_id)
        self.alert_events = OwnedRepository(store, AlertEvent, user_id)
        self.dashboards = OwnedRepository(store, Dashboard, user_id)
        self.features = OwnedRepository(store, Feature, user_id)
        self.feature_versions = OwnedRepository(store, FeatureVersion, user_id)
        self.ml_models = ModelRepository(store, user_id)
        self.experiments = OwnedRepository(store, Experiment, user_id)
        self.deployments = OwnedRepository(store, ModelDeployment, user_id)
        self.prediction_records = OwnedRepository(store, PredictionRecord, user_id)
        self.evaluation_scenarios = OwnedRepository(store, EvaluationScenario, user_id)
        self.chat_sessions = ChatRepository(store, user_id)
        self.prompt_templates = OwnedRepository(store, PromptTemplate, user_id)
        self.generated_strategies = OwnedRepository(store, GeneratedStrategy, user_id)
        self.rag_documents = RagDocumentRepository(store, user_id)
        self.tool_permissions = OwnedRepository(store, ToolPermissions, user_id)
        self.tool_calls = ToolCallRepository(store, user_id)

    @property
    def has_transactions(self) -> bool:
        """Whether :meth:`in_transaction` is all or nothing."""
        return self._store.supports_transactions

    async def in_transaction(self, work: Callable[[Session | None], Awaitable[T]]) -> T:
        """Make the writes of several repositories together; see :class:`MetadataStore`."""
        return await self._store.in_transaction(work)


class Repositories:
    """What belongs to everybody, and the way to what belongs to one user.

    Parameters
    ----------
    store
        Where it is.
    """

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self.users = UserAccountRepository(store)
        self.password_tries = PasswordTriesRepository(store)
        self.strategy_templates = StrategyTemplateRepository(store)
        self.companies = CompanyRepository(store)
        self.economic_indicators = EconomicIndicatorRepository(store)
        self.news = NewsRepository(store)

    def for_user(self, user_id: str) -> UserRepositories:
        """Return what the user has.

        Raises
        ------
        InvalidInput
            The id is empty: nobody is signed in.
        """
        return UserRepositories(self._store, user_id)
