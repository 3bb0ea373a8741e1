"""The form of a new backtest: ready to run as it opens, every assumption on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from quant_tui.domain.base import Document
from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.backtests.run_fields import RunFields
from quant_tui.ui.screens.backtests.run_options import (
    BASIC,
    MORE,
    SIZING_HELP,
    Option,
    beside_form,
    written,
)
from quant_tui.ui.screens.backtests.run_request import read_request, symbols_in
from quant_tui.ui.screens.backtests.symbol_picker import SymbolPicker
from quant_tui.ui.widgets.form import Field, Form
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.domain.trading import Strategy
    from quant_tui.services.backtest_request import BacktestRequest
    from quant_tui.services.composition import Services
    from quant_tui.services.run_defaults import RunDefaults
WARM_UPS = (("within", "within the period"), ("before", "before it"))


RUN = "run:"
"""A jump to ``run:ID`` opens the form of a new run with that strategy."""

SYMBOLS = "symbol:"
"""A jump to ``symbol:A,B`` opens the form of a new run on those symbols."""


def wanted_run(target: str) -> tuple[str, list[str]] | None:
    """Return strategy and symbols of the run that a jump wants; None if it goes elsewhere."""
    if target.startswith(RUN):
        return target.removeprefix(RUN), []
    if target.startswith(SYMBOLS):
        return "", symbols_in(target.removeprefix(SYMBOLS))
    return ("", []) if target == "new" else None


class RunForm(Vertical):
    """What to run: strategy, symbols, dates, money, costs, fills, sizing, benchmark.

    Parameters
    ----------
    strategies
        Those to choose from.
    defaults
        Symbols there are, and what to begin with.
    strategy_id
        The one chosen at first.
    config
        Config of an earlier backtest to begin with; empty for the defaults.
    more
        Whether the fields beyond the usual ones are shown from the start.
    """

    # the rules for narrow terminals begin with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    RunForm {
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
    .-narrow RunForm {
        & > #run-body { layout: vertical; }
        & RunFields { width: 1fr; height: auto; max-height: 14; }
        & SymbolPicker { width: 1fr; height: 1fr; border: none; padding: 0; margin-top: 1; }
        & > .heading { height: 1; }
    }
    """

    class Started(Message):
        """Everything is right and is to be run."""

        def __init__(self, form: RunForm, request: BacktestRequest) -> None:
            super().__init__()
            self.form = form
            self.request = request

    class Left(Message):
        """Left without running."""

    def __init__(
        self,
        strategies: Sequence[Strategy],
        defaults: RunDefaults,
        *,
        strategy_id: str = "",
        config: Document | None = None,
        more: bool = False,
    ) -> None:
        super().__init__(id="run")
        self._defaults = defaults
        self._known = {one.symbol: (one.first, one.last) for one in defaults.available}
        self._dates_touched = bool(config)
        self._filling = False
        self.picker = SymbolPicker()
        config = config or {}
        self._beside = beside_form(config)
        texts = written(config, defaults.commission)
        warm_up = "before" if config.get("warm_up") else "within"
        self.form = RunFields(
            self._basic_fields(strategies, strategy_id, config, texts),
            [
                Field("warm_up", "Warm-up", warm_up, choices=WARM_UPS,
                      help_text="bars the rules need first"),
                *(_field(one, texts) for one in MORE),
            ],
            {"warm_up": "within", **written({}, defaults.commission)},
            check=self._check,
            opened=more,
        )  # fmt: skip

    def _basic_fields(
        self,
        strategies: Sequence[Strategy],
        strategy_id: str,
        config: Document,
        texts: Mapping[str, str],
    ) -> list[Field]:
        symbols = config.get("symbols") or list(self._defaults.symbols)
        start, end = self._range(symbols)
        start, end = config.get("start_date") or start, config.get("end_date") or end
        benchmark = self._defaults.benchmark
        if config:
            benchmark = config.get("benchmark") or ""
        return [
            Field(
                "strategy", "Strategy", strategy_id,
                choices=[(one.id, one.name) for one in strategies],
                help_text="← → to choose",
            ),
            Field("symbols", "Symbols", ", ".join(symbols), help_text="ctrl+t marks"),
            Field("start", "From", start, help_text="first session; empty: all"),
            Field("end", "To", end, help_text="last session"),
            *(_field(one, texts) for one in BASIC),
            Field("benchmark", "Benchmark", benchmark, help_text="empty for none"),
            Field("name", "Name", "", placeholder="strategy on symbols", help_text="optional"),
        ]  # fmt: skip

    def compose(self) -> ComposeResult:
        """Lay out fields and symbols."""
        yield Static(
            Content.assemble("New backtest  ", ("ctrl+s runs it", "$text-muted not bold")),
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

    def _check(self, values: dict[str, str]) -> Mapping[str, str]:
        return read_request(values, self._known, self._beside)[1]

    def _range(self, symbols: Sequence[str]) -> tuple[str, str]:
        from quant_tui.services.run_defaults import common_range

        found = common_range(self._defaults.available, symbols)
        return (found[0].isoformat(), found[1].isoformat()) if found else ("", "")

    def on_form_changed(self, event: Form.Changed) -> None:
        """Let the marks, the dates and the help follow."""
        event.stop()
        if event.key in ("start", "end") and not self._filling:
            self._dates_touched = True
        elif event.key == "symbols":
            symbols = symbols_in(event.values["symbols"])
            if set(symbols) != self.picker.marked:
                self.picker.follow_text(symbols)
            self._fill_dates(symbols)
        elif event.key == "sizing":
            field = self.form.field("sizing_value")
            field.help_text = SIZING_HELP[event.values["sizing"]]
            field.value = ""  # it is another thing now
            field.set_error("")
        self.form.write_line()

    def _fill_dates(self, symbols: Sequence[str]) -> None:
        """Put the symbols' common range, unless a person put other dates."""
        start, end = self._range(symbols)
        if self._dates_touched or not start:
            return
        self._filling = True
        self.form.field("start").value = start
        self.form.field("end").value = end
        self.call_after_refresh(self._filled)

    def _filled(self) -> None:
        self._filling = False

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

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Send the request on."""
        event.stop()
        request, _ = read_request(event.values, self._known, self._beside)
        if request is not None:
            self.post_message(self.Started(self, request))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.post_message(self.Left())


def _field(option: Option, texts: Mapping[str, str]) -> Field:
    about = SIZING_HELP[texts["sizing"]] if option.key == "sizing_value" else option.help_text
    return Field(
        option.key, option.label, texts[option.key], choices=option.choices, help_text=about
    )


async def make_form(
    services: Services,
    strategy_id: str,
    config: Document | None,
    symbols: Sequence[str],
    *,
    more: bool,
) -> RunForm | None:
    """Make the form from what there is to choose from; None when there is no strategy.

    Parameters
    ----------
    strategy_id, config, more
        As :class:`RunForm` has them.
    symbols
        Those to begin with; empty for the likeliest.
    """
    from quant_tui.services.run_defaults import suggest_run

    strategies = await services.strategies.list()
    if not strategies:
        return None
    companies = services.stores.repositories.companies
    defaults = await suggest_run(services.market_data, services.backtests, companies)
    if symbols:
        defaults = replace(defaults, symbols=tuple(symbols))
    return RunForm(strategies, defaults, strategy_id=strategy_id, config=config, more=more)
