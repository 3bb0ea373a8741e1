"""What tools reach: the services of one signed-in user, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quant_tui.domain.errors import InvalidInput

if TYPE_CHECKING:
    from quant_tui.services.alerts import AlertService
    from quant_tui.services.backtests import BacktestService
    from quant_tui.services.companies import CompanyService
    from quant_tui.services.composition import Services
    from quant_tui.services.economics import EconomicsService
    from quant_tui.services.generation import GenerationService
    from quant_tui.services.market_data import MarketDataService
    from quant_tui.services.models import ModelService
    from quant_tui.services.news import NewsService
    from quant_tui.services.portfolios import PortfolioService
    from quant_tui.services.predictions import PredictionService
    from quant_tui.services.quotes import QuoteService
    from quant_tui.services.retrieval import RetrievalService
    from quant_tui.services.scenarios import ScenarioService
    from quant_tui.services.strategies import StrategyService
    from quant_tui.services.strategy_checks import StrategyCheckService
    from quant_tui.services.strategy_templates import TemplateService
    from quant_tui.services.studies import StudyService
    from quant_tui.services.symbols import SymbolService
    from quant_tui.services.watchlists import WatchlistService


SESSION: ContextVar[str] = ContextVar("session", default="")
"""The conversation in which a tool is called; empty outside of one."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """Services that tools may use. Every one of them asks its stores for this user alone.

    None of them is given what reaches the network, files or secrets: no fetching, no
    import or export, no settings, no accounts.
    """

    user_id: str
    strategies: StrategyService
    templates: TemplateService
    backtests: BacktestService
    studies: StudyService
    checks: StrategyCheckService
    portfolios: PortfolioService
    watchlists: WatchlistService
    alerts: AlertService
    models: ModelService
    predictions: PredictionService
    scenarios: ScenarioService
    generation: GenerationService
    retrieval: RetrievalService
    market_data: MarketDataService
    symbols: SymbolService
    quotes: QuoteService
    companies: CompanyService
    news: NewsService
    economics: EconomicsService
    model_name: Callable[[], str]

    @classmethod
    def of(cls, services: Services) -> ToolContext:
        """Take what the signed-in user has.

        Raises
        ------
        NotSignedIn
            When nobody is.
        """
        strategies = services.strategies

        def model_name() -> str:
            try:
                return services.chat_endpoints.get().model
            except InvalidInput:
                return ""  # the one in use is gone from the settings

        return cls(
            user_id=services.user.id if services.user else "",
            strategies=strategies,
            templates=services.templates,
            backtests=services.backtests,
            studies=services.studies,
            checks=services.checks,
            portfolios=services.portfolios,
            watchlists=services.watchlists,
            alerts=services.alerts,
            models=services.models,
            predictions=services.predictions,
            scenarios=services.scenarios,
            generation=services.generation,
            retrieval=services.retrieval,
            market_data=services.market_data,
            symbols=services.symbols,
            quotes=services.quotes,
            companies=services.companies,
            news=services.news,
            economics=services.economics,
            model_name=model_name,
        )
