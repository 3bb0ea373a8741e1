"""Portfolios as they are computed, kept for the next look, and stored together."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from quant_tui.domain.errors import Conflict
from quant_tui.domain.trading import Portfolio
from quant_tui.jobs.manager import JobContext, JobManager
from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.portfolio_changes import changed
from quant_tui.services.portfolio_history import TransactionOversold
from quant_tui.services.portfolio_ledger import Ledger
from quant_tui.services.portfolio_market import PortfolioMarket
from quant_tui.services.portfolio_report import PortfolioReport, make_report
from quant_tui.storage.mongo.portfolios import Changes
from quant_tui.storage.mongo.repositories import UserRepositories

T = TypeVar("T")

KEPT_REPORTS = 8
"""Reports of portfolios that are kept for when they are looked at again."""

DAYS_BEFORE = 400
"""Days before the first transaction whose closes are looked at for the risk of what is held."""

JOB_FROM = 2_000
"""Transactions from which a report is a job, to be followed and cancelled: 10,000 take 0.4 s."""

ATTEMPTS = 3
"""How often a change is made anew when another instance was faster."""


class PortfolioBooks:
    """Reports of one user's portfolios, computed in threads, and changes of them."""

    def __init__(
        self,
        *,
        repositories: UserRepositories,
        market: PortfolioMarket,
        arrivals: Arrivals,
        jobs: JobManager,
    ) -> None:
        self._portfolios = repositories.portfolios
        self._transactions = repositories.portfolio_transactions
        self._market = market
        self._jobs = jobs
        self._reports: OrderedDict[str, PortfolioReport] = OrderedDict()
        self._stop = arrivals.subscribe(self._bars_arrived)

    def close(self) -> None:
        """Listen to new bars no longer."""
        self._stop()

    def forget(self, portfolio_id: str) -> None:
        """Compute a portfolio anew when it is next looked at."""
        self._reports.pop(portfolio_id, None)

    def _bars_arrived(self, arrived: BarsArrived) -> None:
        symbols = set(arrived.symbols)
        for key, report in list(self._reports.items()):
            if symbols & {*report.ledger.symbols, report.portfolio.benchmark}:
                del self._reports[key]

    async def ledger(self, portfolio_id: str) -> Ledger:
        """Return the transactions of a portfolio, in the order of effect."""
        documents = await self._transactions.documents(portfolio_id)
        return await self._jobs.run_in_thread(Ledger.of, documents)

    async def report(self, portfolio: Portfolio) -> PortfolioReport:
        """Return a portfolio with everything, as it was kept when nothing changed since."""
        kept = self._reports.get(portfolio.id)
        if kept is not None and kept.portfolio.updated_at == portfolio.updated_at:
            self._reports.move_to_end(portfolio.id)
            return kept
        ledger = await self.ledger(portfolio.id)
        if len(ledger) < JOB_FROM:
            return await self._shown(portfolio, ledger)
        return await self._jobs.start(
            "portfolio",
            f"Value of {portfolio.name}, {len(ledger):,} transactions",
            partial(self._shown, portfolio, ledger),
        ).wait()

    async def _shown(
        self, portfolio: Portfolio, ledger: Ledger, context: JobContext | None = None
    ) -> PortfolioReport:
        try:
            found = await self.compute(portfolio, ledger, context)
        except TransactionOversold as error:
            # A split that was announced since can do that: it is shown, so as to be mended.
            short = portfolio.model_copy(update={"allow_short": True})
            found = await self.compute(short, ledger, context)
            said = f"{error.message} Shown as a short position until it is corrected."
            found = replace(found, warnings=(said, *found.warnings))
        return self._keep(found, portfolio)

    async def compute(
        self, portfolio: Portfolio, ledger: Ledger, context: JobContext | None = None
    ) -> PortfolioReport:
        """Compute what a ledger comes to; nothing is kept."""
        start: date = ledger.transactions.day[0].item() if len(ledger) else today()
        before = start - timedelta(days=DAYS_BEFORE)
        _go_on(context, 0.1, "loading prices")
        market = await self._market.load(ledger.symbols, portfolio.benchmark, before)
        _go_on(context, 0.5, "computing lots, values and risk")
        report = await self._jobs.run_in_thread(make_report, portfolio, ledger, market)
        _go_on(context, 1.0, "computed")
        return report

    def moved(self, before: Portfolio, after: Portfolio) -> None:
        """Go on with a report whose portfolio changed in nothing that it rests on."""
        report = self._reports.get(before.id)
        if report is not None and report.portfolio.updated_at == before.updated_at:
            self._keep(report, after)

    def _keep(self, report: PortfolioReport, portfolio: Portfolio) -> PortfolioReport:
        kept = self._reports[portfolio.id] = replace(report, portfolio=portfolio)
        self._reports.move_to_end(portfolio.id)
        while len(self._reports) > KEPT_REPORTS:
            self._reports.popitem(last=False)
        return kept

    async def apply(
        self,
        portfolio: Portfolio,
        ledger: Ledger,
        changes: Changes,
        context: JobContext | None = None,
    ) -> Portfolio:
        """Compute what changed transactions come to, then keep both, or neither when it fails.

        Raises
        ------
        TransactionOversold
            A sale is then of more than is held.
        Conflict
            Another instance changed the portfolio meanwhile.
        """
        after = await self._jobs.run_in_thread(changed, ledger, changes)
        found = await self.compute(portfolio, after)
        if context is not None:
            context.cancel.raise_if_cancelled()
            context.progress(0.8, "saving; too late to cancel")
        kept = await self._portfolios.change(found.snapshot(), changes)
        self._keep(found, kept)
        return kept

    async def again(
        self, portfolio_id: str, work: Callable[[Portfolio, Ledger], Awaitable[T]]
    ) -> T:
        """Do work on the present state, anew when another instance changed it meanwhile."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._once(portfolio_id, work)
            except Conflict:
                await asyncio.sleep(0)
        return await self._once(portfolio_id, work)

    async def _once(
        self, portfolio_id: str, work: Callable[[Portfolio, Ledger], Awaitable[T]]
    ) -> T:
        return await work(await self._portfolios.get(portfolio_id), await self.ledger(portfolio_id))


def _go_on(context: JobContext | None, fraction: float, what: str) -> None:
    """Tell a job's progress, and end it when it was cancelled."""
    if context is not None:
        context.cancel.raise_if_cancelled()
        context.progress(fraction, what)


def today() -> date:
    """Return the day here."""
    return datetime.now().astimezone().date()
