"""Portfolios of a user: their settings, what they come to, and orders for their targets."""

from __future__ import annotations

import asyncio
import builtins
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Portfolio, PortfolioTransaction
from quant_tui.engine.arrays import DateArray, FloatArray
from quant_tui.engine.portfolio.rebalance import RebalanceRules
from quant_tui.jobs.manager import JobManager
from quant_tui.services.arrivals import Arrivals
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.names import checked_name
from quant_tui.services.portfolio_backtest import portfolio_of
from quant_tui.services.portfolio_books import PortfolioBooks
from quant_tui.services.portfolio_ledger import Ledger, to_entity, to_stored
from quant_tui.services.portfolio_market import PortfolioMarket
from quant_tui.services.portfolio_rebalance import (
    RebalancePlan,
    checked_targets,
    make_plan,
    rules_of,
    targets_of,
)
from quant_tui.services.portfolio_report import PortfolioReport
from quant_tui.services.portfolio_transactions import PortfolioTransactionService
from quant_tui.services.whole_file import write_export
from quant_tui.storage.mongo.portfolios import Changes
from quant_tui.storage.mongo.repositories import UserRepositories

CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class DeletedPortfolio:
    """A portfolio that was deleted, for :meth:`PortfolioService.restore`."""

    portfolio: Portfolio
    transactions: tuple[PortfolioTransaction, ...]


class PortfolioService:
    """Portfolios of one user; ``transactions`` records what happens in them."""

    def __init__(
        self,
        *,
        repositories: UserRepositories,
        market: PortfolioMarket,
        market_data: MarketDataService,
        arrivals: Arrivals,
        jobs: JobManager,
    ) -> None:
        self._user_id = repositories.user_id
        self._portfolios = repositories.portfolios
        self._transactions = repositories.portfolio_transactions
        self._market = market
        self._market_data = market_data
        self._books = PortfolioBooks(
            repositories=repositories, market=market, arrivals=arrivals, jobs=jobs
        )
        self.transactions = PortfolioTransactionService(
            repositories=repositories, books=self._books, market_data=market_data, jobs=jobs
        )

    def close(self) -> None:
        """Listen to new bars no longer."""
        self._books.close()

    async def list(self, search: str = "", *, limit: int = 1000) -> list[Portfolio]:
        """Return the user's portfolios by name, each with the figures of its last change."""
        where: Document = {}
        if search:
            where["name"] = {"$regex": re.escape(search), "$options": "i"}
        found = await self._portfolios.list(where=where, limit=limit)
        return sorted(found, key=lambda one: one.name.casefold())

    async def get(self, portfolio_id: str) -> Portfolio:
        """Return one portfolio.

        Raises
        ------
        NotFound
            The user has none with that id.
        """
        return await self._portfolios.get(portfolio_id)

    async def create(self, portfolio: Portfolio) -> Portfolio:
        """Keep a new, empty portfolio.

        Raises
        ------
        InvalidInput
            Naming the setting that is wrong.
        """
        return await self._portfolios.create(await self._checked(portfolio))

    def blank(self, name: str, **settings: object) -> Portfolio:
        """Return a portfolio of this user that is not stored yet."""
        return Portfolio.model_validate({"name": name, "user_id": self._user_id, **settings})

    async def update(self, portfolio: Portfolio) -> Portfolio:
        """Keep changed settings, and compute everything anew.

        Raises
        ------
        InvalidInput
            A setting is wrong, or the transactions cannot be under it.
        Conflict
            It was changed elsewhere since it was read.
        """
        wanted = await self._checked(portfolio)
        ledger = await self._books.ledger(wanted.id)
        return await self._books.apply(wanted, ledger, Changes())

    async def delete(self, portfolio_id: str) -> DeletedPortfolio:
        """Delete a portfolio with its transactions; return it for :meth:`restore`."""
        portfolio = await self.get(portfolio_id)
        documents = await self._transactions.documents(portfolio_id)
        entities = await asyncio.to_thread(lambda: tuple(map(to_entity, documents)))
        await self._portfolios.delete(portfolio_id)
        self._books.forget(portfolio_id)
        return DeletedPortfolio(portfolio, entities)

    async def restore(self, deleted: DeletedPortfolio) -> Portfolio:
        """Bring back a deleted portfolio under its old id."""
        return await self._portfolios.add(deleted.portfolio, deleted.transactions)

    async def from_backtest(self, report: BacktestReport) -> Portfolio:
        """Make a portfolio of a run: its capital, its fills, its last weights as targets.

        Raises
        ------
        InvalidInput
            The run holds nothing to make one of.
        """
        portfolio, made = await asyncio.to_thread(portfolio_of, report, self._user_id)
        ledger = await asyncio.to_thread(lambda: Ledger.of([to_stored(one) for one in made]))
        found = await self._books.compute(portfolio, ledger)
        weights: builtins.list[Document] = [
            {"symbol": one.symbol, "weight": one.weight}
            for one in found.held
            if one.weight is not None
        ]
        named = found.snapshot().model_copy(
            update={"name": await self._free_name(portfolio.name), "target_weights": weights}
        )
        return await self._portfolios.add(named, made)

    async def _free_name(self, name: str) -> str:
        taken = {one.name for one in await self._portfolios.list(limit=None)}
        free, number = name, 2
        while free in taken:
            free, number = f"{name} {number}", number + 1
        return free

    async def _checked(self, portfolio: Portfolio) -> Portfolio:
        name = checked_name(portfolio.name)
        if not name:
            raise InvalidInput("A portfolio needs a name.", field="name")
        currency = portfolio.base_currency.strip().upper()
        if not CURRENCY.fullmatch(currency):
            raise InvalidInput(
                f"{portfolio.base_currency!r} is not a currency.", field="base_currency",
                hint="Write its three letters, as USD or KRW.",
            )  # fmt: skip
        if portfolio.benchmark:
            await self._market_data.require((portfolio.benchmark,), field="benchmark")
        checked_targets(targets_of(portfolio), allow_short=portfolio.allow_short)
        rules_of(portfolio)
        taken = await self._portfolios.find_one({"name": name})
        if taken is not None and taken.id != portfolio.id:
            raise InvalidInput(f"There is a portfolio {name!r} already.", field="name")
        return portfolio.model_copy(
            update={
                "name": name,
                "description": portfolio.description.strip(),
                "base_currency": currency,
            }
        )

    # -- what it comes to

    async def report(self, portfolio_id: str, *, anew: bool = False) -> PortfolioReport:
        """Return a portfolio with everything.

        Parameters
        ----------
        anew
            Whether to compute it even when nothing is known to have changed.

        Raises
        ------
        NotFound
            The user has none with that id.
        """
        if anew:
            self._books.forget(portfolio_id)
        return await self._books.report(await self.get(portfolio_id))

    async def value_history(self, portfolio_id: str) -> tuple[DateArray, FloatArray]:
        """Return days and the value at each close, (T,); both empty without transactions."""
        history = (await self.report(portfolio_id)).history
        if history is None:
            return np.empty(0, dtype="datetime64[D]"), np.empty(0)
        return history.valuation.dates, history.valuation.value

    # -- rebalancing

    async def set_targets(
        self, portfolio_id: str, targets: Mapping[str, float], rules: RebalanceRules
    ) -> Portfolio:
        """Keep target weights and the rules of reaching them."""
        portfolio = await self.get(portfolio_id)
        checked_targets(targets, allow_short=portfolio.allow_short)
        weights: builtins.list[Document] = [
            {"symbol": symbol, "weight": weight} for symbol, weight in targets.items()
        ]
        wanted = portfolio.model_copy(
            update={"target_weights": weights, "rebalancing": asdict(rules)}
        )
        kept = await self._portfolios.update(wanted)
        self._books.moved(portfolio, kept)
        return kept

    async def plan(
        self,
        portfolio_id: str,
        targets: Mapping[str, float] | None = None,
        rules: RebalanceRules | None = None,
    ) -> RebalancePlan:
        """Find the orders that reach target weights; those that are kept without others.

        Raises
        ------
        InvalidInput
            There are no targets, they make no sense, or a symbol has no price.
        """
        report = await self.report(portfolio_id)
        wanted = dict(targets) if targets is not None else targets_of(report.portfolio)
        known = {one.symbol for one in report.positions}
        prices = await self._market.last_closes([one for one in wanted if one not in known])
        return await asyncio.to_thread(
            make_plan, report, wanted, rules or rules_of(report.portfolio), prices
        )

    @staticmethod
    async def export_orders(plan: RebalancePlan, path: Path, *, overwrite: bool = False) -> Path:
        """Write the orders of a plan as CSV.

        Raises
        ------
        FileExists
            The file is there, and it may not be overwritten.
        InvalidInput
            It cannot be written.
        """
        content = plan.to_csv().encode("utf-8")
        return await asyncio.to_thread(write_export, path, content, overwrite=overwrite)
