"""Small forms over the lists: a list, a symbol, a group, an alert, a column, a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from quant_tui.domain.errors import InvalidInput
from quant_tui.services import watchlist_edits as edits
from quant_tui.services.names import LONGEST_NAME, checked_name
from quant_tui.services.watchlists import symbols_in
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.widgets.form import Check, Field, Form

if TYPE_CHECKING:
    from quant_tui.domain.user import Watchlist
    from quant_tui.domain.watchlist import ListAlert, ListEntry, RuleColumn

Values = dict[str, str]


class FormDialog(Dialog[Values | None]):
    """A form in a box: its values when it is saved, None when it is left.

    Parameters
    ----------
    title
        What is made or changed.
    fields
        Of the form.
    check
        From values to messages by field.
    hint
        A line under the form.
    """

    DEFAULT_CSS = """
    FormDialog > .dialog { width: 100; }
    FormDialog {
        & Field { height: auto; }
        & Field > .label { width: 14; }
        & Field > .note { height: auto; text-wrap: wrap; }
        & .hint { margin-top: 1; }
    }
    """

    def __init__(self, title: str, *fields: Field, check: Check, hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self.form = Form(*fields, check=check)

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            box.border_subtitle = "ctrl+s save · escape back"
            yield self.form
            if self._hint:
                yield Static(self._hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Give the keys to the first field."""
        self.form.fields[0].control.focus()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Close with what was typed."""
        event.stop()
        self.dismiss(event.values)

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Close with nothing."""
        event.stop()
        self.dismiss(None)


def _wrong(checks: Mapping[str, Callable[[], object]]) -> dict[str, str]:
    """Return the messages of the checks that refuse."""
    found: dict[str, str] = {}
    for field, check in checks.items():
        try:
            check()
        except InvalidInput as error:
            found[field] = str(error)
    return found


def list_dialog(watchlist: Watchlist | None, taken: Sequence[str]) -> FormDialog:
    """Ask for name and description of a list."""
    others = {one.casefold() for one in taken}

    def check(values: Values) -> dict[str, str]:
        wrong = _wrong({"description": lambda: edits.checked_note(values["description"])})
        try:
            name = checked_name(values["name"])
        except InvalidInput as error:
            return {**wrong, "name": str(error)}
        if not name:
            wrong["name"] = "needs a name"
        elif name.casefold() in others:
            wrong["name"] = "another list has this name"
        return wrong

    return FormDialog(
        f"Edit {watchlist.name}" if watchlist else "New watchlist",
        Field("name", "Name", watchlist.name if watchlist else "",
              help_text="how you will find it again"),
        Field("description", "Description", watchlist.description if watchlist else "",
              help_text="optional"),
        check=check,
    )  # fmt: skip


def symbol_dialog(symbol: str, entry: ListEntry) -> FormDialog:
    """Ask for note, tags and group of a symbol."""

    def check(values: Values) -> dict[str, str]:
        return _wrong(
            {
                "note": lambda: edits.checked_note(values["note"]),
                "tags": lambda: edits.checked_tags(values["tags"]),
                "group": lambda: edits.checked_group(values["group"]),
            }
        )

    return FormDialog(
        symbol,
        Field("note", "Note", entry.note, help_text="your own words"),
        Field("tags", "Tags", ", ".join(entry.tags), help_text="with commas between"),
        Field("group", "Group", entry.group, help_text="Technology/Chips nests; empty for none"),
        check=check,
    )


def group_dialog(title: str, path: str, groups: Sequence[str], *, needed: bool) -> FormDialog:
    """Ask for the path of a group."""

    def check(values: Values) -> dict[str, str]:
        wrong = _wrong({"group": lambda: edits.checked_group(values["group"])})
        if needed and not values["group"].strip():
            wrong["group"] = "needs a name"
        return wrong

    return FormDialog(
        title,
        Field("group", "Group", path, help_text="Technology/Chips nests"
              + ("" if needed else "; empty for no group")),
        check=check,
        hint=f"There are: {', '.join(groups)}" if groups else "A new name makes a new group.",
    )  # fmt: skip


def alert_dialog(alert: ListAlert | None, watchlist: Watchlist, symbols: str = "") -> FormDialog:
    """Ask for rule, name and symbols of an alert."""

    def check(values: Values) -> dict[str, str]:
        from quant_tui.services.rule_values import rule_problem

        wrong = _wrong({"name": lambda: checked_name(values["name"])})
        if problem := rule_problem(values["rule"], condition=True):
            wrong["rule"] = problem
        absent = [one for one in symbols_in(values["symbols"]) if one not in watchlist.symbols]
        if absent:
            wrong["symbols"] = f"not in this list: {', '.join(absent[:5])}"
        return wrong

    return FormDialog(
        f"Edit {alert.name}" if alert else f"New alert on {watchlist.name}",
        Field("rule", "Rule", alert.rule if alert else "",
              help_text="a condition, as rsi(close, 14) < 30"),
        Field("name", "Name", alert.name if alert else "", help_text="empty for the rule itself"),
        Field("symbols", "Symbols", ", ".join(alert.symbols) if alert else symbols,
              help_text="empty for the whole list"),
        Field("active", "Active", "yes" if alert is None or alert.active else "no",
              choices=(("yes", "yes"), ("no", "no"))),
        check=check,
        hint="It tells once on each session on which the rule becomes true.",
    )  # fmt: skip


def untitled(rule: str) -> str:
    """Return the title of a column that was given none: its rule, as far as a name may go."""
    return " ".join(rule.split())[:LONGEST_NAME]


def rule_dialog(rule: RuleColumn | None, taken: Sequence[str]) -> FormDialog:
    """Ask for title and expression of a column."""

    def check(values: Values) -> dict[str, str]:
        from quant_tui.services.rule_values import rule_problem

        wrong: dict[str, str] = {}
        try:
            title = checked_name(values["title"], title="title")
        except InvalidInput as error:
            title = "?"
            wrong["title"] = str(error)
        if (title or untitled(values["rule"])) in taken:
            wrong["title"] = "another column has this title"
        if problem := rule_problem(values["rule"]):
            wrong["rule"] = problem
        return wrong

    return FormDialog(
        f"Edit column {rule.title}" if rule else "New column",
        Field("rule", "Rule", rule.rule if rule else "",
              help_text="as close / rolling_max(high, 252) - 1, or rsi(close, 14) < 30"),
        Field("title", "Title", rule.title if rule else "", help_text="empty for the rule itself"),
        Field("percent", "Written as", "percent" if rule and rule.percent else "number",
              choices=(("number", "number"), ("percent", "percent"))),
        check=check,
        hint="Its value on the last daily bar is shown. F on the screen below lists all functions.",
    )  # fmt: skip


def file_dialog(title: str, path: str, hint: str, *, name: str | None = None) -> FormDialog:
    """Ask for a file, and for the list that it becomes where ``name`` is given."""

    def check(values: Values) -> dict[str, str]:
        wrong = {} if values["path"].strip() else {"path": "needs a path"}
        if "name" in values:
            wrong |= _wrong({"name": lambda: checked_name(values["name"])})
        return wrong

    fields = [Field("path", "Path", path)]
    if name is not None:
        fields += [
            Field("name", "List", name, help_text="empty for the file's name"),
            Field("unknown", "Unknown", "no", choices=(("no", "refuse"), ("yes", "take as is")),
                  help_text="symbols without bars"),
        ]  # fmt: skip
    return FormDialog(title, *fields, check=check, hint=hint)
