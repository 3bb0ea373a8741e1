"""The form of a fetch: what and from where on the left, what it takes on the right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from quant_tui.ui.reporting import describe, leaves, report
from quant_tui.ui.screens.data_fetch.fetch_text import plan_lines, problem_page, waiting_lines
from quant_tui.ui.widgets.choice import Choice
from quant_tui.ui.widgets.form import Field, Form
from quant_tui.ui.widgets.page import Page

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.services.fetching import FetchingService, FetchRequest

KINDS = (
    ("bars", "bars"),
    ("company", "company, statements"),
    ("news", "news, sentiment"),
    ("bars,company,news", "bars, company, news"),
    ("economic", "economic series"),
)
INTERVALS = (
    ("1d", "day"),
    ("1h", "hour"),
    ("30m", "30 minutes"),
    ("15m", "15 minutes"),
    ("5m", "5 minutes"),
    ("1m", "minute"),
)
ADJUSTED = (
    ("", "as the stored"),
    ("yes", "adjusted"),
    ("no", "as traded"),
)
AGAIN = (("", "what is missing"), ("yes", "all of it"))
FIRST_PROVIDER = "alpha_vantage"
REST_SECONDS = 0.25


class FetchFields(Form):
    """The fields; saving is called fetching here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Fetch", id="fetch.start", tooltip="Fetch as a job"),
    ]


class FetchForm(Vertical):
    """What to fetch, with the requests, the budget and the time that it takes.

    Parameters
    ----------
    service
        Plans fetches.
    symbols
        Offered first.
    """

    # the rules for narrow terminals begin with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    FetchForm {
        height: 1fr;
        & > .heading { height: 2; color: $accent; text-style: bold; }
        & > #fetch-body { height: 1fr; }
        & FetchFields { width: 1fr; height: 1fr; }
        & Field > .label { width: 10; }
        & Field > .note { width: 2fr; }
        & Page { width: 1fr; height: 1fr; border-left: vkey $rule; padding-left: 1; }
    }
    .-narrow FetchForm {
        & > .heading { height: 1; }
        & > #fetch-body { layout: vertical; }
        & FetchFields { height: auto; max-height: 9; }
        & Page { border: none; padding: 0; margin-top: 1; }
    }
    """

    class Started(Message):
        """The request is to be fetched."""

        def __init__(self, request: FetchRequest) -> None:
            super().__init__()
            self.request = request

    class Left(Message):
        """Left without fetching."""

    def __init__(self, service: FetchingService, symbols: Sequence[str]) -> None:
        super().__init__(id="fetch")
        self._service = service
        self._resting: Timer | None = None
        self._wrong: dict[str, str] = {}
        """What the service found wrong with the fields, by field."""
        self.form = FetchFields(
            Field("symbols", "Symbols", ", ".join(symbols), help_text="IBM, AAPL"),
            Field("provider", "From", choices=[(FIRST_PROVIDER, "Alpha Vantage")]),
            Field("kinds", "What", "bars", choices=KINDS),
            Field("start", "From day", "", help_text="2020-01-31"),
            Field("end", "To day", "", help_text="empty: today"),
            Field("interval", "Every", "1d", choices=INTERVALS),
            Field("adjusted", "Prices", "", choices=ADJUSTED, help_text="for splits, dividends"),
            Field("series", "Series", "", help_text="CPI; empty: all"),
            Field("again", "Fetch", "", choices=AGAIN),
            check=self._check,
        )
        self.page = Page(id="fetch-page")

    def compose(self) -> ComposeResult:
        """Lay out fields and plan."""
        yield Static(
            Content.assemble(
                "Fetch market data  ", ("only what is missing", "$text-muted not bold")
            ),
            classes="heading",
        )
        with Horizontal(id="fetch-body"):
            yield self.form
            yield self.page

    def on_mount(self) -> None:
        """Ask which providers there are, and plan."""
        self._show_fields()
        _asking: Worker[None] = self.run_worker(
            self._offer_providers, group="open", exit_on_error=False
        )

    def focus_first(self) -> None:
        """Give the keys to the symbols."""
        self.form.field("symbols").control.focus()

    async def _offer_providers(self) -> None:
        states = await self._service.providers()
        choices = [
            (one.name, one.title) for one in states if {*one.capabilities} - {"files", "search"}
        ]
        control = self.form.field("provider").control
        if isinstance(control, Choice):
            control.set_choices(choices, control.value or FIRST_PROVIDER)
        self._plan_soon()

    # -- planning

    def on_form_changed(self, event: Form.Changed) -> None:
        """Plan again, once the typing rests."""
        event.stop()
        self._show_fields()
        # What stood here was of other values.
        self.page.show(waiting_lines)
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_SECONDS, self._plan_soon)

    def _show_fields(self) -> None:
        """Show only the fields that the chosen kinds have a use for."""
        kinds = self.form.field("kinds").value.split(",")
        for key in ("start", "end", "interval", "adjusted"):
            self.form.field(key).display = "bars" in kinds
        self.form.field("series").display = "economic" in kinds
        self.form.field("symbols").display = kinds != ["economic"]

    def _plan_soon(self) -> None:
        _planning: Worker[None] = self.run_worker(
            self._plan, group="inspect", exclusive=True, exit_on_error=False
        )

    async def _plan(self) -> None:
        from quant_tui.domain.errors import InvalidInput

        values = self.form.values
        self._wrong = {}
        if any(self._check(values).values()):
            self.page.show(None)
            return
        try:
            plan = await self._service.plan(self._request(values))
            await self._service.require_key(values["provider"])
        except InvalidInput as error:
            self._wrong = {error.field: error.message}
            self.page.show(partial(problem_page, *describe(error)))
            return
        except Exception as error:  # noqa: BLE001 -- shown, and logged when it is ours
            if leaves(self):
                report(self, error)
            else:
                self.page.show(partial(problem_page, *describe(error)))
            return
        self.page.show(partial(plan_lines, plan))

    # -- sending it on

    def _request(self, values: dict[str, str]) -> FetchRequest:
        from quant_tui.services.fetching import FetchRequest

        kinds = tuple(values["kinds"].split(","))
        bars = "bars" in kinds
        economic = "economic" in kinds
        return FetchRequest(
            symbols=() if kinds == ("economic",) else _names(values["symbols"]),
            provider=values["provider"],
            kinds=kinds,
            start=_day(values["start"]) if bars else None,
            end=_day(values["end"]) if bars else None,
            interval=values["interval"],
            adjusted={"": None, "yes": True, "no": False}[values["adjusted"]],
            series=_names(values["series"]) if economic else (),
            again=bool(values["again"]),
        )

    def _check(self, values: dict[str, str]) -> dict[str, str]:
        kinds = values["kinds"].split(",")
        wrong: dict[str, str] = {}
        if kinds != ["economic"] and not _names(values["symbols"]):
            wrong["symbols"] = "which symbols?"
        if "bars" in kinds:
            for key in ("start", "end"):
                try:
                    _day(values[key])
                except ValueError:
                    wrong[key] = "a day as 2020-01-31"
        return wrong or self._wrong

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Send the request on."""
        event.stop()
        self.post_message(self.Started(self._request(event.values)))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.post_message(self.Left())


def _names(text: str) -> tuple[str, ...]:
    return tuple(one for one in text.replace(",", " ").split() if one)


def _day(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() else None
