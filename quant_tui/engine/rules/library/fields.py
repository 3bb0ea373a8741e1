"""What every bar has: prices, volume and facts of the calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.calendars import period_start
from quant_tui.engine.rules import calendar_fields, operations
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Condition, Kind, Value
from quant_tui.engine.rules.library.spec import FieldSpec

_CALENDAR = "Calendar"


def fields() -> Iterator[FieldSpec]:
    """Yield the specs."""
    for name, units, text in (
        ("open", "price", "First price of the bar."),
        ("high", "price", "Highest price of the bar."),
        ("low", "price", "Lowest price of the bar."),
        ("close", "price", "Last price of the bar."),
        ("volume", "units", "Units traded; undefined where unknown."),
    ):
        yield FieldSpec(name, Kind.SERIES, units, text, _price(name))
    for period in ("day", "week", "month", "quarter", "year"):
        text = f"True on the first date of a {period} in the data (known on that date)."
        yield FieldSpec(
            f"{period}_start", Kind.CONDITION, "condition", text, _start(period), _CALENDAR
        )
    calendar: tuple[tuple[str, str, Callable[[Frame], FloatArray]], ...] = (
        ("year", "Calendar year.", calendar_fields.year),
        ("quarter", "Quarter of the year, 1 to 4.", calendar_fields.quarter),
        ("month", "Month, 1 to 12.", calendar_fields.month),
        ("weekday", "Day of the week, 1 = Monday to 7.", calendar_fields.weekday),
        ("month_day", "Day of the month, 1 to 31.", calendar_fields.month_day),
        ("month_session", "Session of the month, 1 = its first in the data.",
         calendar_fields.month_session),
        ("hour", "Hour of the bar's time stamp, 0 to 23; 0 on daily bars.", calendar_fields.hour),
        ("minute", "Minute of the bar's time stamp, 0 to 59; 0 on daily bars.",
         calendar_fields.minute),
    )  # fmt: skip
    for name, text, function in calendar:
        yield FieldSpec(name, Kind.SERIES, "number", text, _by_date(function), _CALENDAR)
    yield FieldSpec(
        "bar_number", Kind.SERIES, "bars", "1 on the symbol's first bar.", operations.bar_number,
        _CALENDAR,
    )  # fmt: skip


def _price(name: str) -> Callable[[Frame], Value]:
    return lambda frame: frame.field(name)


def _start(period: str) -> Callable[[Frame], Value]:
    def evaluate(frame: Frame) -> Condition:
        starts = frame.by_date(period_start(frame.bars.dates, period).astype(np.float64))
        return Condition(starts == 1.0, frame.valid)

    return evaluate


def _by_date(function: Callable[[Frame], FloatArray]) -> Callable[[Frame], Value]:
    return lambda frame: frame.by_date(function(frame))
