"""Recording, changing, removing and importing a portfolio's transactions."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.errors import DataImportError, DataProblem, InvalidInput
from quant_tui.domain.trading import Portfolio, PortfolioTransaction
from quant_tui.jobs.manager import Job, JobContext, JobManager
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.portfolio_books import PortfolioBooks, today
from quant_tui.services.portfolio_changes import (
    TransactionChange,
    TransactionImport,
    rows_to_add,
)
from quant_tui.services.portfolio_history import TransactionOversold
from quant_tui.services.portfolio_ledger import Ledger, checked, parse_quick, to_entity
from quant_tui.storage.mongo.portfolios import Changes
from quant_tui.storage.mongo.repositories import UserRepositories


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file of transactions, and what it does not say itself."""

    path: Path
    encoding: str = ""
    date_format: str = ""
    mapping: Mapping[str, str] | None = None


class PortfolioTransactionService:
    """Transactions of one user's portfolios. Each change computes everything anew."""

    def __init__(
        self,
        *,
        repositories: UserRepositories,
        books: PortfolioBooks,
        market_data: MarketDataService,
        jobs: JobManager,
    ) -> None:
        self._user_id = repositories.user_id
        self._portfolios = repositories.portfolios
        self._transactions = repositories.portfolio_transactions
        self._books = books
        self._market_data = market_data
        self._jobs = jobs

    async def list(self, portfolio_id: str) -> Ledger:
        """Return the transactions of a portfolio, in the order of effect.

        Raises
        ------
        NotFound
            The user has none with that id.
        """
        await self._portfolios.get(portfolio_id)
        return await self._books.ledger(portfolio_id)

    def blank(self, portfolio_id: str, **fields: object) -> PortfolioTransaction:
        """Return a transaction of this user that is not recorded yet."""
        return PortfolioTransaction.model_validate(
            {"portfolio_id": portfolio_id, "user_id": self._user_id, **fields}
        )

    async def add(
        self, portfolio_id: str, transactions: Sequence[PortfolioTransaction]
    ) -> TransactionChange:
        """Record transactions.

        Raises
        ------
        InvalidInput
            One makes no sense, or sells more than is held then.
        """

        async def work(portfolio: Portfolio, ledger: Ledger) -> TransactionChange:
            made = await self._prepared(portfolio, transactions, ledger.next_sequence)
            await self._books.apply(portfolio, ledger, Changes(add=made))
            return TransactionChange(portfolio_id, added=tuple(made))

        return await self._books.again(portfolio_id, work)

    async def add_quick(self, portfolio_id: str, text: str) -> TransactionChange:
        """Record a transaction that was typed in one line, as ``buy 100 GOOG @ 152.30``."""
        made = parse_quick(text, portfolio_id, self._user_id, today())
        return await self.add(portfolio_id, [made])

    async def edit(self, portfolio_id: str, transaction: PortfolioTransaction) -> TransactionChange:
        """Change a recorded transaction, its place within a day kept.

        Raises
        ------
        InvalidInput
            It makes no sense, or is not there, or leaves a later sale without its shares.
        """

        async def work(portfolio: Portfolio, ledger: Ledger) -> TransactionChange:
            before = ledger.find(transaction.id)
            (after,) = await self._prepared(portfolio, [transaction], before.sequence)
            after = after.model_copy(update={"created_at": before.created_at})
            await self._books.apply(portfolio, ledger, Changes(replace=[after]))
            return TransactionChange(portfolio_id, replaced=(before,))

        return await self._books.again(portfolio_id, work)

    async def remove(self, portfolio_id: str, ids: Sequence[str]) -> TransactionChange:
        """Remove recorded transactions.

        Raises
        ------
        InvalidInput
            One is not there, or a later sale needs its shares.
        """

        async def work(portfolio: Portfolio, ledger: Ledger) -> TransactionChange:
            wanted = set(ids)
            gone = tuple(to_entity(o) for o in ledger.documents if str(o["_id"]) in wanted)
            await self._books.apply(portfolio, ledger, Changes(remove=list(wanted)))
            return TransactionChange(portfolio_id, removed=gone)

        return await self._books.again(portfolio_id, work)

    async def undo(self, change: TransactionChange) -> None:
        """Take a change back."""

        async def work(portfolio: Portfolio, ledger: Ledger) -> None:
            await self._books.apply(portfolio, ledger, change.undoing())

        await self._books.again(change.portfolio_id, work)

    def start_import(self, portfolio_id: str, file: ImportFile) -> Job[TransactionImport]:
        """Record the rows of a CSV file as a job, all or none of them."""

        async def work(context: JobContext) -> TransactionImport:
            return await self._import(portfolio_id, file, context)

        return self._jobs.start("import", file.path.name, work, target=portfolio_id)

    async def _import(
        self, portfolio_id: str, file: ImportFile, context: JobContext
    ) -> TransactionImport:
        from quant_tui.providers.transactions import read_transactions

        portfolio = await self._portfolios.get(portfolio_id)
        context.progress(0.1, f"reading {file.path.name}")
        rows = await context.run_in_thread(
            read_transactions,
            file.path.expanduser(),
            currency=portfolio.base_currency,
            encoding=file.encoding,
            date_format=file.date_format,
            mapping=file.mapping,
        )
        context.cancel.raise_if_cancelled()

        async def record(portfolio: Portfolio, ledger: Ledger) -> TransactionImport:
            context.progress(0.4, "following the transactions")
            made, new, problems = await context.run_in_thread(
                rows_to_add, file.path, rows, ledger, portfolio_id, self._user_id
            )
            lines = {one.sequence: row.line for one, row in zip(made, new, strict=True)}
            try:
                made = await self._prepared(portfolio, made, ledger.next_sequence, lines)
                await self._books.apply(portfolio, ledger, Changes(add=made), context)
            except TransactionOversold as error:
                raise _import_error(file.path, lines, error) from error
            change = TransactionChange(portfolio_id, added=tuple(made))
            return TransactionImport(
                str(file.path), len(rows), len(made), len(rows) - len(made), problems, change
            )

        return await self._books.again(portfolio_id, record)

    async def _prepared(
        self,
        portfolio: Portfolio,
        transactions: Sequence[PortfolioTransaction],
        sequence: int,
        lines: Mapping[int, int] | None = None,
    ) -> builtins.list[PortfolioTransaction]:
        """Check transactions, give symbols their stored spelling, ids and numbers in order."""
        spelling = {one.symbol.casefold(): one.symbol for one in await self._market_data.symbols()}
        day = today()

        def prepare() -> builtins.list[PortfolioTransaction]:
            made = []
            for at, one in enumerate(transactions):
                symbol = one.symbol.strip()
                known = spelling.get(symbol.casefold(), symbol.upper())
                update = {
                    "symbol": known,
                    "portfolio_id": portfolio.id,
                    "user_id": self._user_id,
                    "sequence": sequence + at,
                }
                try:
                    made.append(checked(one.model_copy(update=update), day))
                except InvalidInput as error:
                    if lines is None:
                        raise
                    problem = DataProblem(lines[one.sequence], error.field, str(error))
                    raise DataImportError(
                        f"{problem}", hint="Nothing was stored.", problems=(problem,)
                    ) from error
            return self._transactions.with_ids(made)

        return await self._jobs.run_in_thread(prepare)


def _import_error(
    path: Path, lines: Mapping[int, int], error: TransactionOversold
) -> DataImportError:
    """Name the row of the file that sells too much, or the recorded sale that then does."""
    line = lines.get(error.transaction.sequence, 0)
    problem = DataProblem(line, "", error.message)
    return DataImportError(
        f"{path.name}: {problem}", hint=f"{error.hint} Nothing was stored.", problems=(problem,)
    )
