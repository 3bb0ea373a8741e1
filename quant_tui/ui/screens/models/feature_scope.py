"""The dialog that asks which bars a card is about."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from quant_tui.services.feature_cards import MOST_SYMBOLS, FeatureScope
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from quant_tui.services.market_data import MarketDataService

_DATES = ("start", "end", "split")


def scope_dialog(scope: FeatureScope, market_data: MarketDataService) -> FormDialog[FeatureScope]:
    """Ask for symbols, dates, and where the later period of the drift begins."""

    async def save(values: dict[str, str]) -> FeatureScope:
        symbols = tuple(one.strip() for one in values["symbols"].split(",") if one.strip())
        if symbols:
            await market_data.require(symbols, field="symbols")
        start, end, split = (_date(values[key]) for key in _DATES)
        return FeatureScope(symbols, values["interval"].strip() or "1d", start, end, split)

    return FormDialog(
        "Bars of the card",
        "What the figures of the feature are made of.",
        Field("symbols", "Symbols", ", ".join(scope.symbols),
              help_text=f"with commas; empty for those of the store, {MOST_SYMBOLS} at most"),
        Field("interval", "Interval", scope.interval, help_text="1d, 1wk, 5m …"),
        Field("start", "From", _written(scope.start), help_text="YYYY-MM-DD; empty for the first"),
        Field("end", "To", _written(scope.end), help_text="YYYY-MM-DD; empty for the last"),
        Field("split", "Later from", _written(scope.split),
              help_text="where the drift's later period begins; empty for the middle"),
        save=save,
        check=_wrong,
        verb="Work out",
    )  # fmt: skip


def _wrong(values: dict[str, str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for key in _DATES:
        try:
            _date(values[key])
        except ValueError:
            wrong[key] = "is no date; write YYYY-MM-DD"
    if not wrong:
        start, end = _date(values["start"]), _date(values["end"])
        if start is not None and end is not None and end < start:
            wrong["end"] = "is before the first date"
    return wrong


def _date(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() else None


def _written(value: date | None) -> str:
    return "" if value is None else value.isoformat()
