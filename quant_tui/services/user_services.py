"""The services of one signed-in user, each made, and its module imported, when first asked for.

A command that runs one backtest imports neither the ML platform nor the chat: a third of the
time that it takes to start.
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from quant_tui.domain.user import User

if TYPE_CHECKING:
    from quant_tui.services.alerts import AlertService
    from quant_tui.services.arrivals import BarsArrived
    from quant_tui.services.backtests import BacktestService
    from quant_tui.services.chat import ChatService
    from quant_tui.services.chat_tools.box import ToolBox
    from quant_tui.services.composition import Services
    from quant_tui.services.dashboards import DashboardService
    from quant_tui.services.generation import GenerationService
    from quant_tui.services.learning import Learning
    from quant_tui.services.outside_series import OutsideSeriesService
    from quant_tui.services.portfolios import PortfolioService
    from quant_tui.services.prompts import PromptService
    from quant_tui.services.retrieval import RetrievalService
    from quant_tui.services.strategies import StrategyService
    from quant_tui.services.strategy_checks import StrategyCheckService
    from quant_tui.services.strategy_templates import TemplateService
    from quant_tui.services.studies import StudyService
    from quant_tui.services.trust import TrustService
    from quant_tui.services.watchlists import WatchlistService


class UserServices:
    """What belongs to one user; the event loop's own.

    Parameters
    ----------
    user
        Whose.
    shared
        What belongs to everybody.
    """

    def __init__(self, user: User, shared: Services) -> None:
        self.user = user
        self._shared = shared
        self._mine = shared.stores.repositories.for_user(user.id)
        self._hold = None if shared.executors.kind == "threads" else shared.executors.hold
        self._leaving = contextlib.ExitStack()
        self._missed: tuple[BarsArrived, ...] = ()
        self._stop_waiting = shared.arrivals.subscribe(self._on_first_arrival)

    async def recover(self) -> None:
        """Put right what killed processes left: models half trained or half promoted."""
        mine = self._mine
        if await mine.ml_models.in_training(limit=1):
            await self.learning.training.recover()
        if not mine.has_transactions and await mine.deployments.list(limit=1):
            await self.learning.deployments.recover()

    async def end_answers(self) -> None:
        """End the answers of the assistant: they start jobs and ask services."""
        if self.has("chat"):
            await self.chat.close()

    def close(self) -> None:
        """Let go of what listens and is open."""
        self._stop_waiting()
        self._leaving.close()

    def has(self, name: str) -> bool:
        """Return whether a service was asked for so far."""
        return name in vars(self)

    def _on_first_arrival(self, arrived: BarsArrived) -> None:
        """Make what acts on new bars, now that there are some."""
        self._stop_waiting()
        self._missed = (arrived,)
        _ = self.alerts, self.learning

    # -- strategies and their runs

    @cached_property
    def strategies(self) -> StrategyService:
        """Strategies."""
        from quant_tui.services.strategies import StrategyService

        return StrategyService(self._mine, self._shared.stores.repositories.strategy_templates)

    @cached_property
    def templates(self) -> TemplateService:
        """Built-in templates, and the user's."""
        from quant_tui.services.strategy_templates import TemplateService

        return TemplateService(self._mine, self._shared.stores.repositories.strategy_templates)

    @cached_property
    def _outside(self) -> OutsideSeriesService:
        """Series that strategies ask for from outside the bars."""
        from quant_tui.services.outside_series import OutsideSeriesService

        repositories = self._shared.stores.repositories
        return OutsideSeriesService(repositories, lambda: self.learning.predictions)

    @cached_property
    def trust(self) -> TrustService:
        """Trial ledger and trust cards."""
        from quant_tui.services.trust import TrustService

        return TrustService(self._mine)

    @cached_property
    def backtests(self) -> BacktestService:
        """Backtests."""
        from quant_tui.services.backtests import BacktestService

        return BacktestService(
            user_id=self.user.id,
            repositories=self._mine,
            lifecycle=self._shared.stores.lifecycle,
            market_data=self._shared.market_data,
            strategies=self.strategies,
            trust=self.trust,
            outside=self._outside,
            jobs=self._shared.jobs,
        )

    @cached_property
    def studies(self) -> StudyService:
        """Optimisation studies."""
        from quant_tui.services.studies import StudyService

        made = StudyService(
            repositories=self._mine,
            market_data=self._shared.market_data,
            strategies=self.strategies,
            trust=self.trust,
            outside=self._outside,
            jobs=self._shared.jobs,
            folder=self._shared.settings.locations.studies,
            hold=self._hold,
        )
        self._leaving.callback(made.close)
        return made

    @cached_property
    def checks(self) -> StrategyCheckService:
        """Checks of strategies and backtests."""
        from quant_tui.services.strategy_checks import StrategyCheckService

        return StrategyCheckService(
            repositories=self._mine,
            strategies=self.strategies,
            trust=self.trust,
            market_data=self._shared.market_data,
            outside=self._outside,
            jobs=self._shared.jobs,
            hold=self._hold,
        )

    # -- the ML platform

    @cached_property
    def learning(self) -> Learning:
        """The ML platform."""
        from quant_tui.services.learning import learning_of

        shared = self._shared
        made = learning_of(
            self.user,
            shared.settings,
            shared.stores,
            shared.jobs,
            shared.market_data,
            shared.model_feed,
        )
        made.scoring.listen(shared.arrivals, *self._missed)
        self._leaving.callback(made.models.close)
        self._leaving.callback(made.scoring.stop)
        return made

    # -- watching and owning

    @cached_property
    def dashboards(self) -> DashboardService:
        """The dashboard."""
        from quant_tui.services.dashboards import DashboardService

        return DashboardService(self._mine)

    @cached_property
    def watchlists(self) -> WatchlistService:
        """Watchlists."""
        from quant_tui.services.watchlists import WatchlistService

        return WatchlistService(self._mine, self._shared.market_data, self._shared.companies)

    @cached_property
    def alerts(self) -> AlertService:
        """Alerts."""
        from quant_tui.services.alerts import AlertService

        shared = self._shared
        made = AlertService(
            self._mine,
            self.watchlists,
            shared.rule_values,
            shared.jobs,
            shared.alert_feed,
        )
        made.listen(shared.arrivals, *self._missed)
        self._leaving.callback(made.stop)
        return made

    @cached_property
    def portfolios(self) -> PortfolioService:
        """Portfolios."""
        from quant_tui.services.portfolio_market import PortfolioMarket
        from quant_tui.services.portfolios import PortfolioService

        shared = self._shared
        bars, actions = shared.stores.bars, shared.stores.corporate_actions
        made = PortfolioService(
            repositories=self._mine,
            market=PortfolioMarket(bars, actions, shared.companies),
            market_data=shared.market_data,
            arrivals=shared.arrivals,
            jobs=shared.jobs,
        )
        self._leaving.callback(made.close)
        return made

    # -- the assistant

    @cached_property
    def retrieval(self) -> RetrievalService:
        """Finding objects by what they say; it keeps up with changes from the first call on."""
        from quant_tui.services.retrieval_making import retrieval_of

        shared = self._shared
        made = retrieval_of(self._mine, shared.settings, shared.stores, shared.secrets, shared.jobs)
        made.begin(shared.stores.metadata.writes)
        self._leaving.callback(made.stop)
        return made

    @cached_property
    def prompts(self) -> PromptService:
        """Prompts, and the library's."""
        from quant_tui.services.prompts import PromptService

        return PromptService(self._mine)

    @cached_property
    def generation(self) -> GenerationService:
        """Strategies that a model writes."""
        from quant_tui.services.generation import GenerationService
        from quant_tui.services.generation_preview import GenerationPreviews

        return GenerationService(
            repositories=self._mine,
            strategies=self.strategies,
            backtests=self.backtests,
            previews=GenerationPreviews(
                backtests=self.backtests,
                checks=self.checks,
                market_data=self._shared.market_data,
                companies=self._shared.stores.repositories.companies,
            ),
        )

    @cached_property
    def toolbox(self) -> ToolBox:
        """What a language model may call."""
        from quant_tui.services.chat_tools.box import ToolBox
        from quant_tui.services.chat_tools.context import ToolContext

        return ToolBox(ToolContext.of(self._shared), self._mine)

    @cached_property
    def chat(self) -> ChatService:
        """Conversations with the assistant."""
        from quant_tui.services.chat import ChatService

        return ChatService(
            self._shared.chat_endpoints,
            self._mine,
            tools=lambda: self.toolbox,
            finds=lambda: self.retrieval,
            generation=lambda: self.generation,
        )
