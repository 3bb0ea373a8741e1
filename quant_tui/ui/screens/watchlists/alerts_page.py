"""Alerts of one list, and below them what all alerts told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.services.watchlist_edits import details_of
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.user import Watchlist
    from quant_tui.domain.watchlist import AlertEvent, ListAlert


def _muted(_value: object) -> str:
    return "muted"


ALERTS = (
    Column("Alert", 16, grow=1),
    Column("Rule", 20, grow=2, role=_muted),
    Column("Symbols", 10, role=_muted),
    Column("Active", 6, write=lambda value: "✓ yes" if value else "· no"),
)
LOG = (
    Column("Session", 10),
    Column("Symbol", 10),
    Column("Close", 10, "right", write=lambda v: fmt.number(v)),  # type: ignore[arg-type]  # the column holds numbers
    Column("Alert", 16, grow=2),
    Column("List", 12, grow=1, role=_muted),
    Column("Told", 16, write=lambda v: fmt.moment(v), role=_muted),  # type: ignore[arg-type]  # the column holds times
)
NO_ALERTS = Notice(
    "No alerts on this list",
    "An alert is a condition of the rule language, such as rsi(close, 14) < 30. It tells you on "
    "each session on which it becomes true, here and with quant-tui watch.",
    (("n", "New alert"),),
)
NOTHING_TOLD = Notice("Nothing told yet", "What alerts tell is kept here, the newest first.")


class AlertsPage(Vertical):
    """Two tables: what is watched for, and what it told."""

    DEFAULT_CSS = """
    AlertsPage {
        & > .heading { height: 1; color: $accent; text-style: bold; }
        & > #alerts { height: 2fr; }
        & > #alert-log { height: 3fr; border-top: solid $rule; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="alerts-page")
        self.heading = Static("", classes="heading", markup=False)
        self.alerts = Table(ALERTS, empty=NO_ALERTS, openable=False, id="alerts")
        self.log_table = Table(LOG, empty=NOTHING_TOLD, id="alert-log")
        self._events: dict[str, AlertEvent] = {}

    def compose(self) -> ComposeResult:
        """Lay out both tables."""
        yield self.heading
        yield self.alerts
        yield self.log_table

    def show(self, watchlist: Watchlist, events: Sequence[AlertEvent]) -> None:
        """Show the alerts of a list, and the log."""
        self.heading.update(
            Content.assemble(watchlist.name, ("  alerts · tab: the log", "$text-muted not bold"))
        )
        self.alerts.set_rows(
            Row(one.id, (one.name, one.rule, self._watched(one), one.active))
            for one in details_of(watchlist).alerts
        )
        self._events = {one.id: one for one in events}
        self.log_table.set_rows(Row(one.id, _told(one), also=one.rule) for one in events)

    def event(self, key: str) -> AlertEvent | None:
        """Return a line of the log."""
        return self._events.get(key)

    @staticmethod
    def _watched(alert: ListAlert) -> str:
        return ", ".join(alert.symbols) or "all"


def _told(event: AlertEvent) -> tuple[object, ...]:
    return (
        event.bar_date, event.symbol, event.close, event.name, event.watchlist, event.fired_at,
    )  # fmt: skip
