"""What the keys of the portfolio screens do: asking, doing, and offering to undo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.ui.screens.portfolio import forms
from quant_tui.ui.screens.portfolio.save_dialog import SaveDialog, Values, long_field

if TYPE_CHECKING:
    from quant_tui.domain.trading import Portfolio
    from quant_tui.engine.portfolio.rebalance import RebalanceRules
    from quant_tui.services.portfolio_changes import TransactionChange, TransactionImport
    from quant_tui.services.portfolio_rebalance import RebalancePlan
    from quant_tui.services.portfolio_transactions import ImportFile
    from quant_tui.services.portfolios import DeletedPortfolio
    from quant_tui.ui.screens.portfolio.workspace import Portfolios


# -- portfolios


async def new_portfolio(screen: Portfolios) -> None:
    """Ask for the settings of a new portfolio, and open it."""
    made: list[Portfolio] = []

    async def save(settings: Document) -> None:
        service = screen.services.portfolios
        name = settings.pop("name")
        made.append(await service.create(service.blank(name, **settings)))

    if await screen.app.push_screen_wait(forms.settings_dialog(None, save)):
        await screen.refresh_list()
        screen.table.move_to(made[-1].id)
        await screen.show(made[-1].id)


async def edit_portfolio(screen: Portfolios, portfolio: Portfolio) -> None:
    """Ask for other settings."""
    now = await screen.services.portfolios.get(portfolio.id)

    async def save(settings: Document) -> None:
        await screen.services.portfolios.update(now.model_copy(update=settings))

    if await screen.app.push_screen_wait(forms.settings_dialog(now, save)):
        await _show_again(screen, portfolio.id)


async def delete_portfolio(screen: Portfolios, portfolio: Portfolio) -> None:
    """Ask, then delete a portfolio with its transactions."""
    if not await screen.confirm(
        f"Delete “{portfolio.name}”?", "Its transactions go with it.", yes="Delete"
    ):
        return
    deleted = await screen.services.portfolios.delete(portfolio.id)
    await screen.refresh_list()
    screen.table.focus()
    screen.offer_undo(f"{portfolio.name} deleted", partial(_restore, screen, deleted))


async def _restore(screen: Portfolios, deleted: DeletedPortfolio) -> None:
    await screen.services.portfolios.restore(deleted)
    await screen.refresh_list()
    screen.table.move_to(deleted.portfolio.id)


# -- transactions


async def new_transaction(screen: Portfolios, portfolio: Portfolio) -> None:
    """Ask for a transaction, field by field."""
    from quant_tui.services.portfolio_books import today

    done: list[TransactionChange] = []

    async def save(fields: Document) -> None:
        service = screen.services.portfolios.transactions
        made = service.blank(portfolio.id, **_stored(fields))
        done.append(await service.add(portfolio.id, [made]))

    dialog = forms.transaction_dialog(None, today(), save, _symbol_under_cursor(screen))
    if await screen.app.push_screen_wait(dialog):
        await _recorded(screen, done[-1])


async def quick_transaction(screen: Portfolios, portfolio: Portfolio) -> None:
    """Ask for a transaction in one line."""
    done: list[TransactionChange] = []

    async def save(text: str) -> None:
        done.append(await screen.services.portfolios.transactions.add_quick(portfolio.id, text))

    if await screen.app.push_screen_wait(forms.quick_dialog(save)):
        await _recorded(screen, done[-1])


async def edit_transaction(screen: Portfolios, portfolio: Portfolio, key: str) -> None:
    """Ask what to change of a transaction."""
    service = screen.services.portfolios.transactions
    now = (await service.list(portfolio.id)).find(key)
    done: list[TransactionChange] = []

    async def save(fields: Document) -> None:
        changed = service.blank(portfolio.id, **_stored(fields)).model_copy(update={"id": now.id})
        done.append(await service.edit(portfolio.id, changed))

    dialog = forms.transaction_dialog(now, now.date.date(), save)
    if await screen.app.push_screen_wait(dialog):
        await _show_again(screen, portfolio.id)
        screen.offer_undo("Transaction changed", partial(_undo, screen, done[-1]))


async def delete_transactions(screen: Portfolios, portfolio: Portfolio, ids: Sequence[str]) -> None:
    """Ask, then remove transactions; everything is worked out anew."""
    what = "this transaction" if len(ids) == 1 else f"{len(ids):,} transactions"
    if not await screen.confirm(
        f"Delete {what}?", "Positions and returns are worked out anew.", yes="Delete"
    ):
        return
    done = await screen.services.portfolios.transactions.remove(portfolio.id, ids)
    await _show_again(screen, portfolio.id)
    said = f"{len(done.removed):,} transaction{'s' * (len(done.removed) != 1)} deleted"
    screen.offer_undo(said, partial(_undo, screen, done))


async def import_transactions(screen: Portfolios, portfolio: Portfolio) -> None:
    """Ask for a file; its rows are recorded as a job, all or none."""

    async def save(file: ImportFile) -> None:
        # The form stays open until it is done: what is wrong with a row is said in it.
        job = screen.services.portfolios.transactions.start_import(portfolio.id, file)
        screen.follow(job, on_done=partial(_imported, screen), on_failed=lambda _error: None)
        await job.wait()

    await screen.app.push_screen_wait(forms.import_dialog(portfolio.base_currency, save))


async def _imported(screen: Portfolios, done: TransactionImport) -> None:
    await _show_again(screen, done.change.portfolio_id)
    said = f"{done.added:,} of {done.rows:,} rows recorded"
    if done.problems:
        screen.toast("\n".join(str(one) for one in done.problems), title=said)
    screen.offer_undo(said, partial(_undo, screen, done.change))


async def _recorded(screen: Portfolios, change: TransactionChange) -> None:
    from quant_tui.services.portfolio_ledger import describe

    await _show_again(screen, change.portfolio_id)
    screen.offer_undo(describe(change.added[0]), partial(_undo, screen, change))


async def _undo(screen: Portfolios, change: TransactionChange) -> None:
    await screen.services.portfolios.transactions.undo(change)
    await _show_again(screen, change.portfolio_id)


async def _show_again(screen: Portfolios, portfolio_id: str) -> None:
    """Show a changed portfolio where one is: on its page, or in the list."""
    if screen.pages.current == "portfolio" and screen.page.portfolio_id == portfolio_id:
        await screen.show(portfolio_id)
    else:
        await screen.refresh_list()


def _stored(fields: Document) -> Document:
    from quant_tui.services.portfolio_ledger import midnight

    day: date = fields["date"]
    return {**fields, "date": midnight(day)}


def _symbol_under_cursor(screen: Portfolios) -> str:
    table = screen.page.query_one("#positions-table")
    from quant_tui.ui.widgets.table import Table

    return table.cursor_key if isinstance(table, Table) else ""


# -- rebalancing


async def edit_targets(screen: Portfolios, portfolio: Portfolio) -> None:
    """Ask for target weights and the rules of reaching them."""
    from quant_tui.services.portfolio_rebalance import rules_of, targets_of

    service = screen.services.portfolios
    now = await service.get(portfolio.id)

    async def save(targets: dict[str, float], rules: RebalanceRules) -> None:
        await service.set_targets(portfolio.id, targets, rules)

    dialog = forms.targets_dialog(targets_of(now), rules_of(now), save)
    if await screen.app.push_screen_wait(dialog):
        await screen.show(portfolio.id)


async def export_orders(screen: Portfolios, portfolio: Portfolio, plan: RebalancePlan) -> None:
    """Ask where to, then write the orders."""
    written: list[Path] = []
    stem = re.sub(r"[^\w.-]+", "-", portfolio.name).strip("-") or "portfolio"

    async def save(values: Values) -> None:
        if not values["out"].strip():
            raise InvalidInput("needs a path", field="out")
        path = Path(values["out"].strip())

        async def write(overwrite: bool) -> Path:
            return await screen.services.portfolios.export_orders(plan, path, overwrite=overwrite)

        if (file := await screen.write_file(write)) is not None:
            written.append(file)

    dialog = SaveDialog(
        "Export orders",
        long_field("out", "Path", str(Path.cwd() / f"{stem}-orders.csv")),
        save=save,
        hint="CSV: symbol, action, quantity, price, value, costs, target and weight afterwards.",
    )
    if await screen.app.push_screen_wait(dialog) and written:
        screen.toast(str(written[-1]), title="Orders exported")
