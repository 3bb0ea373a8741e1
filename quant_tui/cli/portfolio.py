"""``quant-tui portfolio``: positions, transactions, orders for target weights."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from quant_tui.cli import portfolio_output
from quant_tui.cli.asking import agrees
from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json
from quant_tui.cli.plain import plain
from quant_tui.cli.shared_options import ForceOption
from quant_tui.domain.base import Document
from quant_tui.domain.errors import Cancelled, DataImportError, NotFound
from quant_tui.domain.trading import Portfolio
from quant_tui.services.composition import Services

commands = typer.Typer(
    help="Portfolios: positions from transactions, value, risk, rebalancing.", no_args_is_help=True
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
IdArgument = Annotated[str, typer.Argument(help="The portfolio's id, or its name.", metavar="ID")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="Our column=the file's, for example --map price=Fill."),
]
SHOWN_PROBLEMS = 20


async def _find(services: Services, wanted: str) -> Portfolio:
    """Return a portfolio by its id or its name."""
    try:
        return await services.portfolios.get(wanted)
    except NotFound:
        for one in await services.portfolios.list(wanted):
            if one.name == wanted:
                return one
        raise


@commands.command("list", epilog="Example:  quant-tui portfolio list --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List your portfolios with their value."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        from quant_tui.services.portfolio_document import summary_document

        found = await services.portfolios.list(search)
        reports = [await services.portfolios.report(one.id) for one in found]
        return [summary_document(one.snapshot()) for one in reports]

    empty = "No portfolios yet. Make one with: quant-tui portfolio create --name Savings"
    if search:
        empty = f"No portfolio has {search!r} in its name."
    portfolio_output.print_portfolios(command.run(work), as_json=as_json, empty=empty)


@commands.command("show", epilog="Example:  quant-tui portfolio show 6741… --json")
def show(context: typer.Context, portfolio_id: IdArgument, as_json: JsonOption = False) -> None:
    """Show a portfolio: figures, positions, risk, what is doubtful."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        from quant_tui.services.portfolio_document import report_document

        portfolio = await _find(services, portfolio_id)
        return report_document(await services.portfolios.report(portfolio.id))

    portfolio_output.print_report(command.run(work), as_json=as_json)


@commands.command(
    "create",
    epilog="Example:  quant-tui portfolio create --name Savings --currency USD --benchmark SPX",
)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    currency: Annotated[str, typer.Option(help="The one currency of all prices.")] = "USD",
    cost_method: Annotated[str, typer.Option(help="fifo or average.")] = "fifo",
    allow_short: Annotated[
        bool, typer.Option("--allow-short", help="Let more be sold than is held.")
    ] = False,
    benchmark: Annotated[str, typer.Option(help="A symbol to compare with.")] = "",
    apply_splits: Annotated[
        bool, typer.Option(help="Apply announced splits to what is held.")
    ] = True,
    apply_dividends: Annotated[
        bool, typer.Option(help="Book announced dividends that were not recorded.")
    ] = False,
    from_backtest: Annotated[
        str, typer.Option(metavar="ID", help="Take over a backtest's fills and last weights.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a portfolio, empty or of what a backtest held at its end."""
    command: CommandContext = context.obj
    if cost_method not in ("fifo", "average"):
        raise typer.BadParameter("--cost-method is fifo or average.")
    if bool(name) == bool(from_backtest):
        raise typer.BadParameter("Give --name, or --from-backtest alone.")

    async def work(services: Services) -> Portfolio:
        portfolios = services.portfolios
        if from_backtest:
            return await portfolios.from_backtest(await services.backtests.show(from_backtest))
        return await portfolios.create(
            portfolios.blank(
                name,
                base_currency=currency,
                cost_method=cost_method,
                allow_short=allow_short,
                benchmark=benchmark,
                apply_splits=apply_splits,
                apply_dividends=apply_dividends,
            )
        )

    made = command.run(work)
    if as_json:
        print_json({"portfolio_id": made.id, "name": made.name})
    else:
        print(plain(f"{made.id}  {made.name}"))


@commands.command("transactions", epilog="Example:  quant-tui portfolio transactions 6741… --json")
def transactions(
    context: typer.Context, portfolio_id: IdArgument, as_json: JsonOption = False
) -> None:
    """List the transactions of a portfolio, the oldest first."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        from quant_tui.services.portfolio_document import transaction_documents

        portfolio = await _find(services, portfolio_id)
        ledger = await services.portfolios.transactions.list(portfolio.id)
        return transaction_documents(ledger.documents)

    portfolio_output.print_transactions(command.run(work), as_json=as_json)


@commands.command(
    "add",
    context_settings={"ignore_unknown_options": True},  # a number may begin with a minus
    epilog="Examples:  quant-tui portfolio add 6741… buy 100 GOOG @ 152.30 2026-03-02  ·  "
    "quant-tui portfolio add 6741… deposit 10000 2026-01-02  ·  … sell 50 GOOG @ 160 fee 1.5  ·  "
    "… dividend GOOG 42.50  ·  … split GOOG 20:1 2022-07-18",
)
def add(
    context: typer.Context,
    portfolio_id: IdArgument,
    entry: Annotated[
        list[str], typer.Argument(help="A transaction in one line.", metavar="TRANSACTION")
    ],
    as_json: JsonOption = False,
) -> None:
    """Record a transaction; today's without a date."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        from quant_tui.services.portfolio_document import transaction_documents
        from quant_tui.services.portfolio_ledger import to_stored

        portfolio = await _find(services, portfolio_id)
        change = await services.portfolios.transactions.add_quick(portfolio.id, " ".join(entry))
        return transaction_documents(to_stored(one) for one in change.added)

    (made,) = command.run(work)
    if as_json:
        print_json(made)
    else:
        print(f"{made['transaction_id']} recorded")


@commands.command("remove", epilog="Example:  quant-tui portfolio remove 6741… 6742… 6743…")
def remove(
    context: typer.Context,
    portfolio_id: IdArgument,
    ids: Annotated[list[str], typer.Argument(help="Transactions' ids.", metavar="TRANSACTION...")],
    as_json: JsonOption = False,
) -> None:
    """Remove transactions."""
    command: CommandContext = context.obj

    async def work(services: Services) -> int:
        portfolio = await _find(services, portfolio_id)
        return len((await services.portfolios.transactions.remove(portfolio.id, ids)).removed)

    count = command.run(work)
    if as_json:
        print_json({"removed": count})
    else:
        print(f"{count} removed")


@commands.command(
    "import",
    epilog="Example:  quant-tui portfolio import 6741… trades.csv   with the columns "
    "date,type,symbol,quantity,price,commission,amount",
)
def import_(
    context: typer.Context,
    portfolio_id: IdArgument,
    path: Annotated[Path, typer.Argument(help="A CSV file.")],
    columns: MapOption = None,
    date_format: Annotated[str, typer.Option(help="dmy or mdy, or a format as %d.%m.%y.")] = "",
    encoding: Annotated[str, typer.Option(help="For example cp949.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Record the rows of a CSV file, all or none; rows recorded already are left out and told."""
    command: CommandContext = context.obj
    mapping: dict[str, str] = {}
    for text in columns or ():
        ours, equals, theirs = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"--map {text!r} is not OURS=THEIRS.")
        mapping[ours.strip()] = theirs.strip()

    async def work(services: Services) -> Document:
        from quant_tui.services.portfolio_transactions import ImportFile

        portfolio = await _find(services, portfolio_id)
        file = ImportFile(path, encoding, date_format, mapping)
        job = services.portfolios.transactions.start_import(portfolio.id, file)
        done = await finished(services.jobs, job)
        return {
            "path": done.path,
            "rows": done.rows,
            "added": done.added,
            "known": done.known,
            "problems": [str(one) for one in done.problems],
        }

    try:
        done = command.run(work)
    except DataImportError as error:
        for problem in error.problems[1:SHOWN_PROBLEMS]:
            print(plain(f"quant-tui: {problem}"), file=sys.stderr)
        raise
    if as_json:
        print_json(done)
        return
    print(f"{done['added']:,} of {done['rows']:,} rows recorded")
    for problem in done["problems"]:
        print(plain(problem))


@commands.command(
    "rebalance",
    epilog="Examples:  quant-tui portfolio rebalance 6741… --target GOOG=0.6 --target MSFT=30%  ·  "
    "… --cash-buffer 0.02 --min-trade 500 --only-buy --out orders.csv",
)
def rebalance(
    context: typer.Context,
    portfolio_id: IdArgument,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="SYM=WEIGHT", help="A target; those that are kept without any."),
    ] = None,
    commission: Annotated[float | None, typer.Option(help="Fraction of an order's value.")] = None,
    commission_per_share: Annotated[float | None, typer.Option(help="Money a share.")] = None,
    commission_minimum: Annotated[float | None, typer.Option(help="Least an order.")] = None,
    slippage: Annotated[float | None, typer.Option(help="Fraction of the price.")] = None,
    shares: Annotated[str, typer.Option(help="whole or fractional.")] = "",
    min_trade: Annotated[float | None, typer.Option(help="No order below this much money.")] = None,
    cash_buffer: Annotated[
        float | None, typer.Option(help="Fraction of the value that stays in cash.")
    ] = None,
    only_buy: Annotated[bool | None, typer.Option(help="Sell nothing.")] = None,
    keep_others: Annotated[
        bool | None, typer.Option(help="Leave positions without a target; else they are sold.")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep targets and rules.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the orders to this CSV file.")] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the orders that bring a portfolio to target weights."""
    command: CommandContext = context.obj
    given: dict[str, Any] = {
        "commission": commission,
        "commission_per_share": commission_per_share,
        "commission_minimum": commission_minimum,
        "slippage": slippage,
        "shares": shares or None,
        "minimum_trade": min_trade,
        "cash_buffer": cash_buffer,
        "only_buy": only_buy,
        "keep_others": keep_others,
    }

    async def work(services: Services) -> Document:
        from quant_tui.services.portfolio_rebalance import parse_targets, rules_of, targets_of

        portfolio = await _find(services, portfolio_id)
        targets = parse_targets(target) if target else targets_of(portfolio)
        chosen = {name: value for name, value in given.items() if value is not None}
        rules = replace(rules_of(portfolio), **chosen)
        plan = await services.portfolios.plan(portfolio.id, targets, rules)
        if out is not None:
            await services.portfolios.export_orders(plan, out, overwrite=force)
        if save:
            await services.portfolios.set_targets(portfolio.id, targets, rules)
        return plan.to_document()

    portfolio_output.print_plan(command.run(work), as_json=as_json)


@commands.command("delete", epilog="Example:  quant-tui portfolio delete 6741…")
def delete(
    context: typer.Context,
    portfolio_id: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask on a terminal.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a portfolio with its transactions."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        portfolio = await _find(services, portfolio_id)
        asked = not yes and sys.stdin.isatty() and not as_json
        if asked and not agrees(f"Delete {plain(portfolio.name)} with its transactions?"):
            raise Cancelled
        deleted = await services.portfolios.delete(portfolio.id)
        return {
            "portfolio_id": portfolio.id,
            "name": portfolio.name,
            "transactions": len(deleted.transactions),
        }

    gone = command.run(work)
    if as_json:
        print_json(gone)
    else:
        print(plain(f"{gone['name']} and {gone['transactions']:,} transactions deleted"))
