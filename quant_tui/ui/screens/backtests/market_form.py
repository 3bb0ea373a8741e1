"""The part of a form that is about symbols and dates, with the table of symbols beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.backtests.run_fields import RunFields
from quant_tui.ui.screens.backtests.run_request import symbols_in
from quant_tui.ui.screens.backtests.symbol_picker import SymbolPicker
from quant_tui.ui.widgets.form import Form
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.services.run_defaults import RunDefaults


class MarketForm(Vertical):
    """Fields with ``symbols``, ``start`` and ``end`` among them, and the symbols to mark.

    Parameters
    ----------
    defaults
        Symbols there are, and what to begin with.
    title, hint
        What is made, and the key that ends the form.
    dates_given
        Whether the dates stay when other symbols are chosen.
    """

    # the rules for narrow terminals begin with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    MarketForm {
        height: 1fr;
        & > .heading { height: 2; color: $accent; text-style: bold; }
        & > #run-body { height: 1fr; }
        & RunFields { width: 3fr; height: 1fr; }
        & Field > .label { width: 14; }
        & Field > Input, & Field > Choice { width: 3fr; }
        & #field-symbols > Input { width: 4fr; }
        & #field-symbols > .note { width: 2fr; }
        & #field-symbols.-wrong > .note { width: 4fr; }
        & SymbolPicker { width: 2fr; height: 1fr; border-left: vkey $rule; padding-left: 1; }
    }
    .-narrow MarketForm {
        & > #run-body { layout: vertical; }
        & RunFields { width: 1fr; height: auto; max-height: 14; }
        & SymbolPicker { width: 1fr; height: 1fr; border: none; padding: 0; margin-top: 1; }
        & > .heading { height: 1; }
    }
    """

    form: RunFields

    def __init__(
        self,
        defaults: RunDefaults,
        title: str,
        hint: str,
        *,
        dates_given: bool,
        id: str,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self._defaults = defaults
        self._heading = (title, hint)
        self._known = {one.symbol: (one.first, one.last) for one in defaults.available}
        self._dates_touched = dates_given
        self._filled: dict[str, str] = {}
        self.picker = SymbolPicker()

    def field_changed(self, key: str, values: Mapping[str, str]) -> None:
        """Let what else there is follow a field that changed."""

    def compose(self) -> ComposeResult:
        """Lay out fields and symbols."""
        yield Static(
            Content.assemble(self._heading[0], "  ", (self._heading[1], "$text-muted not bold")),
            classes="heading",
        )
        with Horizontal(id="run-body"):
            yield self.form
            yield self.picker

    def on_mount(self) -> None:
        """List the symbols, the chosen ones marked."""
        self.picker.show_symbols(self._defaults)
        self.picker.follow_text(symbols_in(self.form.field("symbols").value))

    def focus_first(self) -> None:
        """Give the keys to the symbols: the field that changes most."""
        self.form.field("symbols").control.focus()

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Say what is wrong with a request, beside its fields where it has some."""
        if not self.form.show_errors(wrong):
            toast(self.app, " ".join(wrong.values()), severity="error")

    # -- what follows from what

    def _range(self, symbols: Sequence[str]) -> tuple[str, str]:
        from quant_tui.services.run_defaults import common_range

        found = common_range(self._defaults.available, symbols)
        return (found[0].isoformat(), found[1].isoformat()) if found else ("", "")

    def on_form_changed(self, event: Form.Changed) -> None:
        """Let the marks, the dates and the help follow."""
        event.stop()
        if event.key in ("start", "end"):
            if event.values[event.key] != self._filled.get(event.key):
                self._dates_touched = True
        elif event.key == "symbols":
            symbols = symbols_in(event.values["symbols"])
            if set(symbols) != self.picker.marked:
                self.picker.follow_text(symbols)
            self._fill_dates(symbols)
        self.field_changed(event.key, event.values)
        self.form.write_line()

    def _fill_dates(self, symbols: Sequence[str]) -> None:
        """Put the symbols' common range, unless a person put other dates."""
        start, end = self._range(symbols)
        if self._dates_touched or not start:
            return
        self._filled = {"start": start, "end": end}
        for key, text in self._filled.items():
            self.form.field(key).value = text

    def on_table_marks_changed(self, event: Table.MarksChanged) -> None:
        """Write the marked symbols into the field, those there first."""
        event.stop()
        field = self.form.field("symbols")
        kept = [one for one in symbols_in(field.value) if one in event.keys]
        added = [row.key for row in self.picker.model.rows if row.key in event.keys - set(kept)]
        field.value = ", ".join(kept + added)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Keep it to ourselves."""
        event.stop()

    # -- keys

    def on_key(self, event: events.Key) -> None:
        """Let ``enter`` complete an unfinished symbol."""
        control = self.form.field("symbols").control
        if event.key == "enter" and control.has_focus and self._complete(control):
            event.stop()
            event.prevent_default()

    def _complete(self, control: Widget) -> bool:
        symbols = symbols_in(self.form.field("symbols").value)
        match = self.picker.first_match()
        if not symbols or symbols[-1] in self._known or not match:
            return False
        text = ", ".join([*symbols[:-1], match])
        self.form.field("symbols").value = text
        if isinstance(control, Input):
            control.cursor_position = len(text)
        return True

    def on_run_fields_pick(self, event: RunFields.Pick) -> None:
        """Go to the table of symbols."""
        event.stop()
        self.picker.focus()

    def on_symbol_picker_done(self, event: SymbolPicker.Done) -> None:
        """Go back to the fields."""
        event.stop()
        self.focus_first()
