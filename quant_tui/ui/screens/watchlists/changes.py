"""What the keys of the lists change: ask, change, show what came of it, offer to undo."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import DataImportError
from quant_tui.services import watchlist_edits as edits
from quant_tui.services.watchlist_csv import export_list, import_list
from quant_tui.services.watchlist_edits import Edit, details_of
from quant_tui.services.watchlists import symbols_in
from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.watchlists import dialogs
from quant_tui.ui.screens.watchlists.add_symbols import AddSymbols
from quant_tui.ui.screens.watchlists.choose_columns import ChooseColumns

if TYPE_CHECKING:
    from quant_tui.domain.user import Watchlist
    from quant_tui.services.watchlist_edits import Removed
    from quant_tui.ui.screens.watchlists.workspace import Watchlists


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _path(text: str) -> Path:
    return Path(text.strip()).expanduser()


def _show(screen: Watchlists, watchlist: Watchlist) -> None:
    """Show a changed list, if it is still the one in front."""
    screen.lists[watchlist.id] = watchlist
    screen.lists_table.put_row(watchlist.id, (watchlist.name, len(watchlist.symbols)))
    if screen.current is not None and screen.current.id == watchlist.id:
        screen.show_list(watchlist)


async def _change(screen: Watchlists, edit: Edit) -> None:
    if screen.current is not None:
        _show(screen, await screen.services.watchlists.change(screen.current.id, edit))


# --------------------------------------------------------------------------------- lists


async def new_list(screen: Watchlists) -> None:
    """Make a list."""
    taken = [one.name for one in screen.lists.values()]
    values = await screen.host.push_screen_wait(dialogs.list_dialog(None, taken))
    if values is not None:
        made = await screen.services.watchlists.create(
            values["name"], description=values["description"]
        )
        await _open(screen, made)


async def _open(screen: Watchlists, watchlist: Watchlist) -> None:
    screen.current = watchlist
    await screen.load(screen.services)
    screen.lists_table.move_to(watchlist.id)
    screen.go_into("quotes-page")


async def edit_list(screen: Watchlists) -> None:
    """Change name and description of the list under the cursor."""
    watchlist = screen.lists.get(screen.lists_table.cursor_key)
    if watchlist is None:
        return
    taken = [one.name for one in screen.lists.values() if one.id != watchlist.id]
    values = await screen.host.push_screen_wait(dialogs.list_dialog(watchlist, taken))
    if values is not None:
        await screen.services.watchlists.rename(watchlist.id, values["name"], values["description"])
        await screen.load(screen.services)


async def delete_list(screen: Watchlists) -> None:
    """Delete the list under the cursor."""
    watchlist = screen.lists.get(screen.lists_table.cursor_key)
    if watchlist is None:
        return
    alerts = len(details_of(watchlist).alerts)
    more = f" and {_counted(alerts, 'alert')}" if alerts else ""
    if not await screen.confirm(
        f"Delete “{watchlist.name}”?",
        f"{_counted(len(watchlist.symbols), 'symbol')}{more}, with your notes.",
        yes="Delete",
    ):
        return
    deleted = await screen.services.watchlists.delete(watchlist.id)
    screen.current = None
    await screen.load(screen.services)
    screen.lists_table.focus()
    screen.offer_undo(f"{watchlist.name} deleted", partial(_restore_list, screen, deleted))


async def _restore_list(screen: Watchlists, watchlist: Watchlist) -> None:
    await _open(screen, await screen.services.watchlists.restore(watchlist))


async def import_file(screen: Watchlists) -> None:
    """Read a list from a file."""
    name = screen.current.name if screen.current is not None and screen.place != "lists" else ""
    dialog = dialogs.file_dialog(
        "Import a list", "", "CSV with columns symbol, group, note, tags; or symbols alone.",
        name=name,
    )  # fmt: skip
    values = await screen.host.push_screen_wait(dialog)
    if values is None:
        return
    path = _path(values["path"])
    try:
        made = await import_list(
            screen.services.watchlists, path, name=values["name"].strip(),
            unknown=values["unknown"] == "yes",
        )  # fmt: skip
    except DataImportError as error:
        told = "\n".join(str(one) for one in error.problems[:8])
        more = len(error.problems) - 8
        told += f"\nand {more} more" if more > 0 else ""
        toast(
            screen.app, f"{told}\nNothing was imported." if told else str(error),
            title=f"{path.name} was not imported", severity="error", seconds=20,
        )  # fmt: skip
        return
    await _open(screen, made)
    screen.toast(f"{made.name} holds {_counted(len(made.symbols), 'symbol')}")


async def export_file(screen: Watchlists) -> None:
    """Write the list to a file."""
    watchlist = screen.current
    if watchlist is None:
        return
    suggested = f"~/{watchlist.name.replace('/', '-')}.csv"
    dialog = dialogs.file_dialog(
        f"Export {watchlist.name}", suggested, "CSV with columns symbol, group, note, tags."
    )
    values = await screen.host.push_screen_wait(dialog)
    if values is None:
        return
    target = _path(values["path"])

    async def write(overwrite: bool) -> Path:
        return await asyncio.to_thread(export_list, watchlist, target, overwrite=overwrite)

    if (path := await screen.write_file(write)) is not None:
        screen.toast(f"{_counted(len(watchlist.symbols), 'symbol')} written to {path}")


# ------------------------------------------------------------------------------- symbols


async def add_symbols(screen: Watchlists) -> None:
    """Add symbols to the list, into the group under the cursor."""
    watchlist = screen.current
    if watchlist is None:
        return
    group = screen.table.group
    service = screen.services.watchlists
    known = await service.known_symbols()
    dialog = AddSymbols(known, frozenset(watchlist.symbols), service)
    wanted = await screen.host.push_screen_wait(dialog)
    if wanted is None:
        return
    changed = await service.add(watchlist.id, wanted.symbols, group=group, unknown=wanted.unknown)
    _show(screen, changed)
    new = set(changed.symbols) - set(watchlist.symbols)
    screen.table.move_to(next((one for one in changed.symbols if one in new), ""))
    there = len(wanted.symbols) - len(new)
    screen.toast(
        f"{_counted(len(new), 'symbol')} added"
        + (f"  ·  {there:,} in the list already" if there > 0 else "")
    )


async def edit_line(screen: Watchlists) -> None:
    """Change note, tags and group of the symbol, or the name of the group."""
    watchlist, symbol, group = screen.current, screen.table.symbol, screen.table.group
    if watchlist is None:
        return
    if group:
        paths = [one.path for one in details_of(watchlist).groups if one.path != group]
        dialog = dialogs.group_dialog(f"Group {group}", group, paths, needed=True)
        values = await screen.host.push_screen_wait(dialog)
        if values is not None and values["group"].strip() != group:
            await _change(screen, edits.rename_group(group, values["group"]))
    elif symbol:
        entry = details_of(watchlist).entry(symbol)
        values = await screen.host.push_screen_wait(dialogs.symbol_dialog(symbol, entry))
        if values is not None:
            await _change(screen, edits.describe(
                [symbol], note=values["note"], tags=values["tags"], group=values["group"]
            ))  # fmt: skip


async def delete_lines(screen: Watchlists) -> None:
    """Take out the marked symbols, or the one or the group under the cursor."""
    watchlist, group = screen.current, screen.table.group
    if watchlist is None:
        return
    if group and not screen.table.marked:
        if await screen.confirm(f"Remove the group “{group}”?", "Its symbols stay.", yes="Remove"):
            before = details_of(watchlist)
            await _change(screen, edits.remove_group(group))
            screen.offer_undo(
                f"Group {group} removed", partial(_change, screen, edits.restore_details(before))
            )
        return
    symbols = screen.table.chosen
    what = symbols[0] if len(symbols) == 1 else _counted(len(symbols), "symbol")
    if not symbols or not await screen.confirm(
        f"Remove {what} from {watchlist.name}?", "Notes and tags go with it.", yes="Remove"
    ):
        return
    removed = await screen.services.watchlists.remove(watchlist.id, symbols)
    screen.table.clear_marks()
    _show(screen, await screen.services.watchlists.get(watchlist.id))
    screen.offer_undo(f"{what} removed", partial(_put_back, screen, watchlist.id, removed))


async def _put_back(screen: Watchlists, list_id: str, removed: Removed) -> None:
    _show(screen, await screen.services.watchlists.put_back(list_id, removed))
    screen.table.move_to(removed.places[0][0])


async def shift(screen: Watchlists, symbol: str, steps: int) -> None:
    """Move a symbol within its group."""
    await _change(screen, edits.move(symbol, steps))
    screen.table.move_to(symbol)


async def fold(screen: Watchlists, group: str) -> None:
    """Fold or unfold a group."""
    if screen.current is not None:
        folded = any(o.folded for o in details_of(screen.current).groups if o.path == group)
        await _change(screen, edits.fold(group, folded=not folded))


async def group_symbols(screen: Watchlists) -> None:
    """Put the marked symbols, or this one, into a group."""
    watchlist, symbols = screen.current, screen.table.chosen
    if watchlist is None or not symbols:
        return
    details = details_of(watchlist)
    what = symbols[0] if len(symbols) == 1 else _counted(len(symbols), "symbol")
    dialog = dialogs.group_dialog(
        f"Group of {what}", details.entry(symbols[0]).group,
        [one.path for one in details.groups], needed=False,
    )  # fmt: skip
    values = await screen.host.push_screen_wait(dialog)
    if values is not None:
        screen.table.clear_marks()
        await _change(screen, edits.put_into_group(symbols, values["group"]))
        screen.table.move_to(symbols[0])


async def choose_columns(screen: Watchlists) -> None:
    """Choose columns, and make columns of the user's own."""
    if screen.current is None:
        return
    chosen = await screen.host.push_screen_wait(ChooseColumns(details_of(screen.current)))
    if chosen is not None:
        await _change(
            screen, partial(edits.with_details, columns=chosen.columns, rules=chosen.rules)
        )


# -------------------------------------------------------------------------------- alerts


async def new_alert(screen: Watchlists) -> None:
    """Make an alert on the list."""
    watchlist = screen.current
    if watchlist is None:
        return
    values = await screen.host.push_screen_wait(dialogs.alert_dialog(None, watchlist))
    if values is not None:
        made = await screen.services.alerts.add(
            watchlist.id, values["rule"], name=values["name"],
            symbols=symbols_in(values["symbols"]),
        )  # fmt: skip
        if values["active"] == "no":
            await screen.services.alerts.switch(watchlist.id, made.id, active=False)
        await _show_alerts(screen, watchlist.id, made.id)


async def edit_alert(screen: Watchlists) -> None:
    """Change the alert under the cursor; only a changed rule begins anew."""
    watchlist, key = screen.current, screen.alert_key
    if watchlist is None:
        return
    alert = next((one for one in details_of(watchlist).alerts if one.id == key), None)
    if alert is None:
        return
    values = await screen.host.push_screen_wait(dialogs.alert_dialog(alert, watchlist))
    if values is None:
        return
    service, symbols = screen.services.alerts, symbols_in(values["symbols"])
    if (values["rule"], values["name"], tuple(symbols)) != (alert.rule, alert.name, alert.symbols):
        alert = await service.replace(
            watchlist.id, alert.id, values["rule"], name=values["name"], symbols=symbols
        )
    await service.switch(watchlist.id, alert.id, active=values["active"] == "yes")
    await _show_alerts(screen, watchlist.id, alert.id)


async def delete_alert(screen: Watchlists) -> None:
    """Delete the alert under the cursor."""
    watchlist, key = screen.current, screen.alert_key
    if watchlist is None or not key:
        return
    if not await screen.confirm("Delete this alert?", "What it told stays.", yes="Delete"):
        return
    alert = await screen.services.alerts.remove(watchlist.id, key)
    await _show_alerts(screen, watchlist.id)

    async def undo() -> None:
        await screen.services.alerts.put_back(watchlist.id, alert)
        await _show_alerts(screen, watchlist.id, alert.id)

    screen.offer_undo(f"{alert.name} deleted", undo)


async def _show_alerts(screen: Watchlists, list_id: str, alert_id: str = "") -> None:
    _show(screen, await screen.services.watchlists.get(list_id))
    await screen.show_alerts()
    if screen.alerts_page is not None:
        screen.alerts_page.alerts.move_to(alert_id)
        screen.alerts_page.alerts.focus()
