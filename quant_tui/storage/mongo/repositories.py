"""Every repository of the data model: those for everybody, and each user's own."""

from __future__ import annotations

from quant_tui.domain.genai import ChatSession, GeneratedStrategy, PromptTemplate, RAGDocument
from quant_tui.domain.market_data import EconomicIndicator, NewsData
from quant_tui.domain.ml_platform import (
    EvaluationScenario,
    Experiment,
    Feature,
    FeatureVersion,
    MLModel,
    ModelDeployment,
)
from quant_tui.domain.trading import OptimizationStudy, Portfolio
from quant_tui.domain.user import Dashboard, Watchlist
from quant_tui.storage.mongo.queries import (
    BacktestRepository,
    CompanyRepository,
    ExecutionRepository,
    StrategyRepository,
    StrategyTemplateRepository,
    UserAccountRepository,
)
from quant_tui.storage.mongo.repository import OwnedRepository, Repository
from quant_tui.storage.mongo.results import ResultRepository
from quant_tui.storage.mongo.store import MetadataStore
from quant_tui.storage.mongo.trials import TrialRepository


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
        self.strategies = StrategyRepository(store, user_id)
        self.backtests = BacktestRepository(store, user_id)
        self.executions = ExecutionRepository(store, user_id)
        self.results = ResultRepository(store, user_id)
        self.trials = TrialRepository(store, user_id)
        self.studies = OwnedRepository(store, OptimizationStudy, user_id)
        self.portfolios = OwnedRepository(store, Portfolio, user_id)
        self.watchlists = OwnedRepository(store, Watchlist, user_id)
        self.dashboards = OwnedRepository(store, Dashboard, user_id)
        self.features = OwnedRepository(store, Feature, user_id)
        self.feature_versions = OwnedRepository(store, FeatureVersion, user_id)
        self.ml_models = OwnedRepository(store, MLModel, user_id)
        self.experiments = OwnedRepository(store, Experiment, user_id)
        self.deployments = OwnedRepository(store, ModelDeployment, user_id)
        self.evaluation_scenarios = OwnedRepository(store, EvaluationScenario, user_id)
        self.chat_sessions = OwnedRepository(store, ChatSession, user_id)
        self.prompt_templates = OwnedRepository(store, PromptTemplate, user_id)
        self.generated_strategies = OwnedRepository(store, GeneratedStrategy, user_id)
        self.rag_documents = OwnedRepository(store, RAGDocument, user_id)


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
        self.strategy_templates = StrategyTemplateRepository(store)
        self.companies = CompanyRepository(store)
        self.economic_indicators = Repository(store, EconomicIndicator)
        self.news = Repository(store, NewsData)

    def for_user(self, user_id: str) -> UserRepositories:
        """Return what the user has.

        Raises
        ------
        InvalidInput
            The id is empty: nobody is signed in.
        """
        return UserRepositories(self._store, user_id)
