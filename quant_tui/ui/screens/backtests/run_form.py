"""The form of a new backtest: ready to run as it opens, every assumption on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message import Message

from quant_tui.domain.base import Document
from quant_tui.ui.screens.backtests.market_form import MarketForm
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
from quant_tui.ui.widgets.form import Field, Form

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


class RunForm(MarketForm):
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
    title, hint
        What the form is for, and the key that ends it.
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
        title: str = "New backtest",
        hint: str = "ctrl+s runs it",
    ) -> None:
        super().__init__(defaults, title, hint, dates_given=bool(config), id="run")
        config = config or {}
        self._beside = beside_form(config)
        texts = written(config, defaults.commission)
        warm_up = "before" if config.get("warm_up") else "within"
        self.form = RunFields(
            self._basic_fields(strategies, strategy_id, config, texts),
            [
                Field("warm_up", "Warm-up", warm_up, choices=WARM_UPS,
                      help_text="bars the rules need first"),
                *(option_field(one, texts) for one in MORE),
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
            *(option_field(one, texts) for one in BASIC),
            Field("benchmark", "Benchmark", benchmark, help_text="empty for none"),
            Field("name", "Name", "", placeholder="strategy on symbols", help_text="optional"),
        ]  # fmt: skip

    # -- what follows from what

    def _check(self, values: dict[str, str]) -> Mapping[str, str]:
        return read_request(values, self._known, self._beside)[1]

    def field_changed(self, key: str, values: Mapping[str, str]) -> None:
        """Let the help of the size follow what sizes."""
        if key == "sizing":
            field = self.form.field("sizing_value")
            field.help_text = SIZING_HELP[values["sizing"]]
            field.value = ""  # it is another thing now
            field.set_error("")

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


def option_field(option: Option, texts: Mapping[str, str]) -> Field:
    """Return the field of an option."""
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
    title: str = "New backtest",
    hint: str = "ctrl+s runs it",
) -> RunForm | None:
    """Make the form from what there is to choose from; None when there is no strategy.

    Parameters
    ----------
    strategy_id, config, more, title, hint
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
    return RunForm(
        strategies,
        defaults,
        strategy_id=strategy_id,
        config=config,
        more=more,
        title=title,
        hint=hint,
    )
