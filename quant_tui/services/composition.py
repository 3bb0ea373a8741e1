"""The composition root: settings → stores → services."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.user import User
from quant_tui.jobs.manager import JobManager
from quant_tui.services.accounts import AccountService
from quant_tui.services.backtests import BacktestService
from quant_tui.services.health import HealthService
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.sample_data import SampleDataService
from quant_tui.services.stores import Stores, open_stores
from quant_tui.services.strategies import StrategyService
from quant_tui.services.trust import TrustService

log = logging.getLogger(__name__)


@dataclass
class Services:
    """All services of one running program.

    ``user`` is None until :meth:`sign_in`; before that only ``accounts``, ``health``
    and ``market_data`` are of use.
    """

    settings: Settings
    stores: Stores
    jobs: JobManager
    accounts: AccountService
    health: HealthService
    market_data: MarketDataService
    sample_data: SampleDataService
    user: User | None = None
    _strategies: StrategyService | None = None
    _backtests: BacktestService | None = None
    _trust: TrustService | None = None

    @property
    def strategies(self) -> StrategyService:
        """Strategies of the signed-in user."""
        if self._strategies is None:
            raise InvalidInput("Nobody is signed in.", hint="Make the local account first.")
        return self._strategies

    @property
    def backtests(self) -> BacktestService:
        """Backtests of the signed-in user."""
        if self._backtests is None:
            raise InvalidInput("Nobody is signed in.", hint="Make the local account first.")
        return self._backtests

    @property
    def trust(self) -> TrustService:
        """Trial ledger and trust cards of the signed-in user."""
        if self._trust is None:
            raise InvalidInput("Nobody is signed in.", hint="Make the local account first.")
        return self._trust

    async def sign_in(self, user: User) -> None:
        """Work as ``user`` from now on, and mend what a killed process left running."""
        mine = self.stores.repositories.for_user(user.id)
        self.user = user
        self._strategies = StrategyService(mine, self.stores.repositories.strategy_templates)
        self._trust = TrustService(repositories=mine, market_data=self.market_data, jobs=self.jobs)
        self._backtests = BacktestService(
            user_id=user.id,
            repositories=mine,
            lifecycle=self.stores.lifecycle,
            market_data=self.market_data,
            strategies=self._strategies,
            trust=self._trust,
            jobs=self.jobs,
        )

    async def close(self) -> None:
        """Cancel what runs and leave the stores clean."""
        await self.jobs.shutdown()
        await self.stores.close()


async def open_services(settings: Settings) -> Services:
    """Open the stores and build every service over them.

    When there is a local account already, it is signed in.

    Raises
    ------
    StoreUnavailable
        When a store cannot be started or reached; what was opened is closed again.
    """
    stores = await open_stores(settings)
    try:
        jobs = JobManager(settings.jobs.workers)
        market_data = MarketDataService(stores, jobs)
        services = Services(
            settings=settings,
            stores=stores,
            jobs=jobs,
            accounts=AccountService(stores.repositories),
            health=HealthService(settings, stores),
            market_data=market_data,
            sample_data=SampleDataService(stores),
        )
        user, recovered = await asyncio.gather(
            services.accounts.local(), stores.lifecycle.recover()
        )
        if recovered:
            log.warning("%d executions of killed processes were marked failed", recovered)
        if user is not None:
            await services.sign_in(user)
    except BaseException:
        await stores.close()
        raise
    return services
