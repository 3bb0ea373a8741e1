"""The composition root: settings → stores → services.

What every command needs is made at once; the rest, and its module imported, when first asked
for. The app imports all of it beforehand, away from its event loop (:func:`import_services`).
"""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from quant_tui.config.settings import BackupSettings, Settings
from quant_tui.domain.errors import NotSignedIn
from quant_tui.domain.user import User
from quant_tui.jobs.executors import Executors
from quant_tui.jobs.manager import JobManager
from quant_tui.services.accounts import AccountService
from quant_tui.services.arrivals import Arrivals
from quant_tui.services.companies import CompanyService
from quant_tui.services.mail import Mail
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.passwords import Passwords
from quant_tui.services.secrets import SecretService, open_secrets
from quant_tui.services.sessions import KeepsSecrets, Sessions, store_fingerprint
from quant_tui.services.stores import Stores, address_of, open_stores
from quant_tui.services.task_versions import task_versions
from quant_tui.services.throttle import Throttle
from quant_tui.services.user_services import UserServices
from quant_tui.services.verification import Verification

if TYPE_CHECKING:
    from quant_tui.services.alerts import AlertFeed, AlertService
    from quant_tui.services.backtests import BacktestService
    from quant_tui.services.backup import BackupService
    from quant_tui.services.backup_schedule import BackupSchedule
    from quant_tui.services.bar_exports import BarExportService
    from quant_tui.services.chat import ChatService
    from quant_tui.services.chat_endpoints import ChatEndpoints
    from quant_tui.services.chat_tools.box import ToolBox
    from quant_tui.services.dashboards import DashboardService
    from quant_tui.services.data_quality import DataQualityService
    from quant_tui.services.deployments import DeploymentService
    from quant_tui.services.drafts import Drafts
    from quant_tui.services.economics import EconomicsService
    from quant_tui.services.experiments import ExperimentService
    from quant_tui.services.feature_cards import FeatureCards
    from quant_tui.services.features import FeatureService
    from quant_tui.services.fetching import FetchingService
    from quant_tui.services.freshness import FreshnessService
    from quant_tui.services.generation import GenerationService
    from quant_tui.services.health import HealthService
    from quant_tui.services.indicator_rows import IndicatorRowService
    from quant_tui.services.learning import Learning
    from quant_tui.services.models import ModelService
    from quant_tui.services.news import NewsService
    from quant_tui.services.portfolios import PortfolioService
    from quant_tui.services.prediction_log import PredictionLogs
    from quant_tui.services.predictions import PredictionService
    from quant_tui.services.prompts import PromptService
    from quant_tui.services.quotes import QuoteService
    from quant_tui.services.retrieval import RetrievalService
    from quant_tui.services.rule_values import RuleValues
    from quant_tui.services.sample_data import SampleDataService
    from quant_tui.services.scenarios import ScenarioService
    from quant_tui.services.scoring import ScoringService, WarningFeed
    from quant_tui.services.signal_preview import SignalPreviews
    from quant_tui.services.strategies import StrategyService
    from quant_tui.services.strategy_checks import StrategyCheckService
    from quant_tui.services.strategy_templates import TemplateService
    from quant_tui.services.studies import StudyService
    from quant_tui.services.symbol_calendars import SymbolCalendars
    from quant_tui.services.symbols import SymbolService
    from quant_tui.services.trading_calendars import TradingCalendars
    from quant_tui.services.training import TrainingService
    from quant_tui.services.trust import TrustService
    from quant_tui.services.watched_folders import WatchedFolders
    from quant_tui.services.watching import ArrivalsElsewhere
    from quant_tui.services.watchlists import WatchlistService


MADE_LATER = (
    "alerts", "backtests", "backup", "backup_schedule", "bar_exports", "chat", "chat_endpoints",
    "chat_tools.box", "chat_tools.context", "dashboards", "data_quality", "drafts", "economics",
    "fetching", "freshness", "generation", "generation_preview", "health", "indicator_rows",
    "learning", "news", "outside_series", "portfolio_market", "portfolios", "prompts", "quotes",
    "retrieval_making", "rule_values", "sample_data", "scoring", "signal_preview", "strategies",
    "strategy_checks", "strategy_templates", "studies", "symbol_calendars", "symbols",
    "trading_calendars", "trust", "watched_folders", "watching", "watchlists",
)  # fmt: skip
"""Modules of the services that are made when first asked for."""

log = logging.getLogger(__name__)


class Services:
    """All services of one running program.

    ``user`` is None until :meth:`sign_in` and after :meth:`sign_out`; then only what does
    not belong to a user is of use.

    Parameters
    ----------
    settings
        Of the program.
    stores
        Open.
    secrets
        Keys and passwords.
    """

    def __init__(self, settings: Settings, stores: Stores, secrets: SecretService) -> None:
        self.settings = settings
        self.stores = stores
        self.secrets = secrets
        self.jobs = JobManager(settings.jobs.workers)
        self.executors = Executors(settings.jobs, task_versions)
        self.arrivals = Arrivals()
        self.market_data = MarketDataService(stores, self.jobs, self.arrivals)
        self.companies = CompanyService(stores.repositories)
        self.accounts = _accounts(settings, stores, secrets)
        self._mine: UserServices | None = None
        self._keeps_index = False

    @property
    def user(self) -> User | None:
        """Who is signed in."""
        return self._mine.user if self._mine is not None else None

    @user.setter
    def user(self, user: User) -> None:
        """Go on as the same user, changed; news of somebody who is gone are not taken."""
        if self.mine.user.id == user.id:
            self.mine.user = user

    @cached_property
    def health(self) -> HealthService:
        """How the stores are."""
        from quant_tui.services.health import HealthService

        made = HealthService(
            self.settings, self.stores, self.secrets, self.executors, self.chat_endpoints
        )
        made.index_problem = self._index_problem
        return made

    @cached_property
    def sample_data(self) -> SampleDataService:
        """The data that come along."""
        from quant_tui.services.sample_data import SampleDataService

        return SampleDataService(self.stores, self.arrivals)

    @cached_property
    def economics(self) -> EconomicsService:
        """Economic series."""
        from quant_tui.services.economics import EconomicsService

        return EconomicsService(self.stores.repositories)

    @cached_property
    def news(self) -> NewsService:
        """News."""
        from quant_tui.services.news import NewsService

        return NewsService(self.stores.repositories)

    @cached_property
    def calendars(self) -> TradingCalendars:
        """Sessions of the exchanges."""
        from quant_tui.services.trading_calendars import TradingCalendars

        return TradingCalendars(self.settings.locations.calendars)

    @cached_property
    def symbol_calendars(self) -> SymbolCalendars:
        """Sessions of the symbols."""
        from quant_tui.services.symbol_calendars import SymbolCalendars

        return SymbolCalendars(self.stores, self.companies, self.calendars)

    @cached_property
    def freshness(self) -> FreshnessService:
        """How far the bars lag behind."""
        from quant_tui.services.freshness import FreshnessService

        return FreshnessService(self.stores, self.symbol_calendars, self.calendars, self.arrivals)

    @cached_property
    def data_quality(self) -> DataQualityService:
        """Gaps, jumps and other faults of the bars."""
        from quant_tui.services.data_quality import DataQualityService

        return DataQualityService(
            stores=self.stores,
            jobs=self.jobs,
            arrivals=self.arrivals,
            calendars=self.calendars,
            symbol_calendars=self.symbol_calendars,
            freshness=self.freshness,
        )

    @cached_property
    def quotes(self) -> QuoteService:
        """Last prices."""
        from quant_tui.services.quotes import QuoteService
        from quant_tui.storage.duck.quotes import QuoteRepository

        return QuoteService(QuoteRepository(self.stores.duck))

    @cached_property
    def rule_values(self) -> RuleValues:
        """Values of rules on many symbols."""
        from quant_tui.services.rule_values import RuleValues
        from quant_tui.storage.duck.daily import DailyBarRepository

        return RuleValues(DailyBarRepository(self.stores.duck), self.jobs)

    @cached_property
    def alert_feed(self) -> AlertFeed:
        """Who wants to hear of alerts that fire."""
        from quant_tui.services.alerts import AlertFeed

        return AlertFeed()

    @cached_property
    def model_feed(self) -> WarningFeed:
        """Who wants to hear of warnings about deployed models."""
        from quant_tui.services.scoring import WarningFeed

        return WarningFeed()

    @cached_property
    def symbols(self) -> SymbolService:
        """What is known of one symbol."""
        from quant_tui.services.symbols import SymbolService

        stores = self.stores
        return SymbolService(stores.bars, stores.corporate_actions, self.companies, self.arrivals)

    @cached_property
    def fetching(self) -> FetchingService:
        """Data from providers."""
        from quant_tui.services.fetching import FetchingService

        return FetchingService(
            self.settings, self.stores, self.jobs, self.arrivals, self.secrets.get
        )

    @cached_property
    def indicator_rows(self) -> IndicatorRowService:
        """Indicators kept beside the bars."""
        from quant_tui.services.indicator_rows import IndicatorRowService

        return IndicatorRowService(self.stores.indicators, self.arrivals)

    @cached_property
    def chat_endpoints(self) -> ChatEndpoints:
        """Where language models are asked."""
        from quant_tui.services.chat_endpoints import ChatEndpoints

        return ChatEndpoints(self.settings, self.secrets)

    @cached_property
    def backups(self) -> BackupService:
        """Backups of the stores."""
        from quant_tui.services.backup import BackupService

        return BackupService(self.settings, self.stores, self.jobs, lambda: self.user)

    @cached_property
    def backup_schedule(self) -> BackupSchedule:
        """Backups by themselves, once the app has begun them."""
        from quant_tui.services.backup_schedule import BackupSchedule

        return BackupSchedule(self.settings, self.backups, self.jobs)

    @cached_property
    def previews(self) -> SignalPreviews:
        """Signals of rules that are being written."""
        from quant_tui.services.signal_preview import SignalPreviews

        return SignalPreviews(self.market_data)

    @cached_property
    def bar_exports(self) -> BarExportService:
        """Bars out of the store as files."""
        from quant_tui.services.bar_exports import BarExportService

        return BarExportService(self.stores, self.jobs)

    @cached_property
    def watched_folders(self) -> WatchedFolders:
        """Folders whose files are imported, once the app has begun that."""
        from quant_tui.services.watched_folders import WatchedFolders

        return WatchedFolders(self.settings, self.stores, self.market_data)

    @cached_property
    def arrivals_elsewhere(self) -> ArrivalsElsewhere:
        """Bars that other processes bring in, once the app has begun to look for them."""
        from quant_tui.services.watching import ArrivalsElsewhere

        return ArrivalsElsewhere(self.stores.bars, self.stores.duck.path, self.arrivals)

    def change_backups(self, plan: BackupSettings) -> None:
        """Back up by another plan from now on."""
        self.backups.plan = plan

    # -- what belongs to the signed-in user

    @property
    def mine(self) -> UserServices:
        """What belongs to the signed-in user, named below too.

        Raises
        ------
        NotSignedIn
            Nobody is.
        """
        if self._mine is None:
            raise nobody()
        return self._mine

    @property
    def drafts(self) -> Drafts:
        """Unsaved texts of the signed-in user."""
        from quant_tui.services.drafts import Drafts

        return Drafts(self.settings.locations.drafts / self.mine.user.id)

    @property
    def strategies(self) -> StrategyService:
        """Strategies of the signed-in user."""
        return self.mine.strategies

    @property
    def templates(self) -> TemplateService:
        """Built-in templates, and those of the signed-in user."""
        return self.mine.templates

    @property
    def backtests(self) -> BacktestService:
        """Backtests of the signed-in user."""
        return self.mine.backtests

    @property
    def portfolios(self) -> PortfolioService:
        """Portfolios of the signed-in user."""
        return self.mine.portfolios

    @property
    def studies(self) -> StudyService:
        """Optimisation studies of the signed-in user."""
        return self.mine.studies

    @property
    def trust(self) -> TrustService:
        """Trial ledger and trust cards of the signed-in user."""
        return self.mine.trust

    @property
    def checks(self) -> StrategyCheckService:
        """Checks of the signed-in user's strategies and backtests."""
        return self.mine.checks

    @property
    def dashboards(self) -> DashboardService:
        """Dashboard of the signed-in user."""
        return self.mine.dashboards

    @property
    def learning(self) -> Learning:
        """The signed-in user's ML platform; its services are named here too."""
        return self.mine.learning

    @property
    def features(self) -> FeatureService:
        """Features of the signed-in user."""
        return self.learning.features

    @property
    def feature_cards(self) -> FeatureCards:
        """Cards of the signed-in user's features."""
        return self.learning.feature_cards

    @property
    def models(self) -> ModelService:
        """Models of the signed-in user."""
        return self.learning.models

    @property
    def training(self) -> TrainingService:
        """Training of the signed-in user's models."""
        return self.learning.training

    @property
    def predictions(self) -> PredictionService:
        """What the signed-in user's models foretell."""
        return self.learning.predictions

    @property
    def experiments(self) -> ExperimentService:
        """Experiments of the signed-in user."""
        return self.learning.experiments

    @property
    def deployments(self) -> DeploymentService:
        """Deployments of the signed-in user's models."""
        return self.learning.deployments

    @property
    def scenarios(self) -> ScenarioService:
        """Evaluation scenarios of the signed-in user."""
        return self.learning.scenarios

    @property
    def scoring(self) -> ScoringService:
        """Scoring of the signed-in user's deployed models."""
        return self.learning.scoring

    @property
    def prediction_logs(self) -> PredictionLogs:
        """What the signed-in user's deployed models foretold."""
        return self.learning.prediction_logs

    @property
    def watchlists(self) -> WatchlistService:
        """Watchlists of the signed-in user."""
        return self.mine.watchlists

    @property
    def alerts(self) -> AlertService:
        """Alerts of the signed-in user."""
        return self.mine.alerts

    @property
    def retrieval(self) -> RetrievalService:
        """Finding the signed-in user's objects by what they say."""
        return self.mine.retrieval

    @property
    def toolbox(self) -> ToolBox:
        """What a language model may call for the signed-in user."""
        return self.mine.toolbox

    @property
    def prompts(self) -> PromptService:
        """Prompts of the signed-in user, and the library's."""
        return self.mine.prompts

    @property
    def generation(self) -> GenerationService:
        """Strategies that a model writes for the signed-in user."""
        return self.mine.generation

    @property
    def chat(self) -> ChatService:
        """Conversations of the signed-in user with the assistant."""
        return self.mine.chat

    async def sign_in(self, user: User) -> None:
        """Work as ``user`` from now on."""
        if self._mine is not None:
            await self._mine.end_answers()
            self._mine.close()
        self._mine = UserServices(user, self)
        await self._mine.recover()
        if self._keeps_index:
            self.keep_index()

    def keep_index(self) -> None:
        """Keep what retrieval finds in step with changes from now on, whoever is signed in."""
        self._keeps_index = True
        if self._mine is not None:
            _ = self._mine.retrieval

    async def sign_out(self) -> None:
        """Stop the user's jobs and let go of everything made for the user."""
        mine = self._mine
        if mine is not None:
            await mine.end_answers()
        self._mine = None
        await self.jobs.forget_all()
        if mine is not None:
            mine.close()

    async def close(self) -> None:
        """Cancel what runs and leave the stores clean."""
        made = vars(self)
        if self._mine is not None:
            await self._mine.end_answers()
        if "backup_schedule" in made:
            await self.backup_schedule.stop()
        if "watched_folders" in made:
            await self.watched_folders.stop()
        if "arrivals_elsewhere" in made:
            await self.arrivals_elsewhere.stop()
        await self.jobs.shutdown()
        await asyncio.to_thread(self.executors.close)
        if self._mine is not None:
            self._mine.close()
        if "indicator_rows" in made:
            await self.indicator_rows.close()
        if "chat_endpoints" in made:
            await self.chat_endpoints.client.close()
        await self.stores.close()

    def _index_problem(self) -> str:
        mine = self._mine
        return mine.retrieval.problem if mine is not None and mine.has("retrieval") else ""


async def open_services(settings: Settings) -> Services:
    """Open the stores, and the services over them.

    Whoever may work here without being asked is signed in: the account of a private store
    without a password, or the one whose session was kept on this machine.

    Raises
    ------
    StoreUnavailable
        When a store cannot be started or reached; what was opened is closed again.
    """
    stores = await open_stores(settings)
    try:
        services = Services(settings, stores, open_secrets(settings))
        user, recovered = await asyncio.gather(
            services.accounts.recognise(), stores.lifecycle.recover()
        )
        if recovered:
            log.warning("%d executions of killed processes were marked failed", recovered)
        if user is not None:
            await services.sign_in(user)
    except BaseException:
        await stores.close()
        raise
    return services


def import_services() -> None:
    """Import every service now, so that no key waits for one later; call it in a thread."""
    for module in MADE_LATER:
        import_module(f"quant_tui.services.{module}")


def _accounts(settings: Settings, stores: Stores, secrets: KeepsSecrets) -> AccountService:
    repositories, private = stores.repositories, stores.server is not None
    passwords, throttle = Passwords(), Throttle(stores.repositories.password_tries)
    return AccountService(
        repositories,
        passwords=passwords,
        throttle=throttle,
        sessions=Sessions(
            repositories,
            secrets,
            store_fingerprint(address_of(settings)),
            settings.account.session_days,
        ),
        verification=Verification(
            repositories, passwords, throttle, Mail(settings.smtp, secrets), private=private
        ),
        private=private,
    )


def nobody() -> NotSignedIn:
    """Return the error of what needs a user while there is none."""
    return NotSignedIn("Nobody is signed in.", hint="Sign in, or make an account first.")
