"""Choosing the columns of a list, and making columns of one's own."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from quant_tui.domain.watchlist import ListDetails, RuleColumn
from quant_tui.services.names import checked_name
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.screens.watchlists.columns import BUILT_IN, RULE, USUAL, shown_codes
from quant_tui.ui.screens.watchlists.dialogs import Values, rule_dialog, untitled
from quant_tui.ui.widgets.table import Column, Row, Table

COLUMNS = (
    Column("", 2, write=lambda shown: "✓" if shown else "·", sort=None),
    Column("Column", 16, sort=None),
    Column("What it shows", 30, grow=1, role=lambda _: "muted", sort=None),
)


class Chosen(NamedTuple):
    """Codes of the columns in order, and the user's own columns."""

    columns: tuple[str, ...]
    rules: tuple[RuleColumn, ...]


class ChooseColumns(Dialog[Chosen | None]):
    """All columns with those shown first, in their order.

    Parameters
    ----------
    details
        Of the list.
    """

    DEFAULT_CSS = """
    ChooseColumns > .dialog { width: 84; height: 90%; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "turn", "Show or hide", id="columns.turn", priority=True,
                tooltip="Show or hide the column"),
        Binding("J,shift+down", "shift(1)", "Later", id="columns.later", tooltip="Move it right"),
        Binding("K,shift+up", "shift(-1)", "Earlier", id="columns.earlier",
                tooltip="Move it left"),
        Binding("n", "new", "New of your own", id="columns.new",
                tooltip="A new column: an expression of the rule language"),
        Binding("e", "edit", "Edit", id="columns.edit", tooltip="Change a column of your own"),
        Binding("d", "delete", "Delete", id="columns.delete",
                tooltip="Delete a column of your own"),
        Binding("ctrl+s", "save", "Save", id="columns.save", tooltip="Show the list so"),
        Binding("escape", "close", "Leave", id="columns.close", tooltip="Leave it as it was"),
    ]  # fmt: skip

    def __init__(self, details: ListDetails) -> None:
        super().__init__()
        self._rules = {RULE + one.title: one for one in details.rules}
        self._shown = list(shown_codes(details))
        rest = [one for one in (*USUAL, *BUILT_IN, *self._rules) if one not in self._shown]
        self._order = [*self._shown, *dict.fromkeys(rest)]
        self.table = Table(COLUMNS, openable=False)

    def compose(self) -> ComposeResult:
        """Lay out the table."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Columns"
            box.border_subtitle = (
                "space shows · J K move · n new · e edit · d delete · ctrl+s saves"
            )
            yield self.table

    def on_mount(self) -> None:
        """Show the columns."""
        self._show()
        self.table.focus()

    def _show(self, code: str = "") -> None:
        self.table.set_rows(Row(one, self._values(one)) for one in self._order)
        if code:
            self.table.move_to(code)

    def _values(self, code: str) -> tuple[object, ...]:
        rule = self._rules.get(code)
        if rule is not None:
            return code in self._shown, rule.title, rule.rule
        one = BUILT_IN[code]
        return code in self._shown, one.column.title, one.about

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to change only columns of the user's own."""
        if action in ("edit", "delete"):
            return self.table.cursor_key in self._rules
        return super().check_action(action, parameters)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Offer what goes with the column under the cursor."""
        event.stop()
        self.refresh_bindings()

    def action_turn(self) -> None:
        """Show or hide the column under the cursor."""
        code = self.table.cursor_key
        if code in self._shown:
            self._shown.remove(code)
        else:
            self._shown.append(code)
        self.table.put_row(code, self._values(code))

    def action_shift(self, steps: int) -> None:
        """Move the column under the cursor."""
        code = self.table.cursor_key
        at = self._order.index(code)
        self._order.insert(max(0, at + steps), self._order.pop(at))
        self._show(code)

    def action_new(self) -> None:
        """Make a column."""
        self._ask(None)

    def action_edit(self) -> None:
        """Change a column of the user's own."""
        self._ask(self._rules[self.table.cursor_key])

    def _ask(self, rule: RuleColumn | None) -> None:
        taken = [one.title for one in self._rules.values() if one is not rule]
        self.app.push_screen(rule_dialog(rule, taken), partial(self._keep, rule))

    def _keep(self, before: RuleColumn | None, values: Values | None) -> None:
        if values is None:
            return
        title = checked_name(values["title"], title="title") or untitled(values["rule"])
        made = RuleColumn(
            title=title, rule=values["rule"].strip(), percent=values["percent"] == "percent"
        )
        code = RULE + title
        if before is None:
            self._order.insert(0, code)
            self._shown.append(code)
        else:
            old = RULE + before.title
            del self._rules[old]
            self._order = [code if one == old else one for one in self._order]
            self._shown = [code if one == old else one for one in self._shown]
        self._rules[code] = made
        self._show(code)

    def action_delete(self) -> None:
        """Delete a column of the user's own; nothing is lost before it is saved."""
        code = self.table.cursor_key
        del self._rules[code]
        self._order.remove(code)
        if code in self._shown:
            self._shown.remove(code)
        self._show()

    def action_save(self) -> None:
        """Close with what was chosen."""
        columns = tuple(one for one in self._order if one in self._shown)
        rules = tuple(self._rules[one] for one in self._order if one in self._rules)
        self.dismiss(Chosen(columns, rules))

    def action_close(self) -> None:
        """Leave the list as it was."""
        self.dismiss(None)
