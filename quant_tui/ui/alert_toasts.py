"""Telling of alerts that fire, wherever one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quant_tui.domain.watchlist import AlertEvent
    from quant_tui.services.alerts import AlertFeed
    from quant_tui.ui.app import QuantApp

NAMED = 4
"""Symbols that one message names."""


class AlertToasts:
    """Shows a message for each alert that fires; ``o`` goes to the symbol in its list.

    Parameters
    ----------
    app
        Where messages go.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app

    def attach(self, feed: AlertFeed) -> None:
        """Listen from now on."""
        feed.subscribe(self._told)

    def _told(self, events: Sequence[AlertEvent]) -> None:
        by_alert: dict[str, list[AlertEvent]] = {}
        for one in events:
            by_alert.setdefault(one.alert_id, []).append(one)
        for told in by_alert.values():
            first = told[0]
            symbols = list(dict.fromkeys(one.symbol for one in told))
            named = ", ".join(symbols[:NAMED])
            more = f" and {len(symbols) - NAMED:,} more" if len(symbols) > NAMED else ""
            session = max(one.bar_date for one in told)
            self._app.jumps.offer(
                f"{named}{more}: {first.name} ({session})",
                "watchlists",
                f"{first.watchlist_id}:{first.symbol}",
                title=f"Alert · {first.watchlist}",
            )
