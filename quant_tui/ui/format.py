"""How numbers, times and lengths of time are written, the same everywhere.

Every function takes None and non-finite numbers and writes :data:`NOTHING` for them.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime

NOTHING = "–"
"""Stands for a value that does not exist; never 0, never "nan"."""


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def number(value: float | None, decimals: int = 2) -> str:
    """Write ``1,234.50`` with a fixed number of decimals and a minus sign where negative."""
    if value is None or _missing(value):
        return NOTHING
    text = f"{value:,.{decimals}f}"
    return text[1:] if text.startswith("-") and not any(c in "123456789" for c in text) else text


def integer(value: float | None) -> str:
    """Write ``1,234``."""
    return number(value, 0)


def signed(value: float | None, decimals: int = 2) -> str:
    """Write ``+1.50`` or ``-1.50``; zero carries no sign."""
    text = number(value, decimals)
    rounded_up = value is not None and value > 0 and any(c in "123456789" for c in text)
    return f"+{text}" if rounded_up else text


def percent(value: float | None, decimals: int = 2) -> str:
    """Write a fraction as a percentage: 0.0123 becomes ``1.23%``."""
    text = number(None if value is None else value * 100, decimals)
    return text if text == NOTHING else f"{text}%"


def change(value: float | None, decimals: int = 2) -> str:
    """Write a fraction as ``▲ +1.23%`` or ``▼ -1.23%``: meaning never rests on colour alone."""
    if value is None or _missing(value):
        return NOTHING
    text = f"{signed(value * 100, decimals)}%"
    return f"{arrow(value)} {text}"


def arrow(value: float | None) -> str:
    """Return ``▲`` for a rise, ``▼`` for a fall, a middle dot for neither."""
    if value is None or _missing(value) or value == 0:
        return "·"
    return "▲" if value > 0 else "▼"


def direction(value: object) -> str:
    """Return the role of a signed value: ``up``, ``down`` or plain."""
    if not isinstance(value, int | float) or _missing(value) or value == 0:
        return ""
    return "up" if value > 0 else "down"


_SIZES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def compact(value: float | None) -> str:
    """Write ``1.2k``, ``3.4M``, ``5.6B``: at most six cells."""
    if value is None or _missing(value):
        return NOTHING
    for size, suffix in _SIZES:
        if abs(value) >= size:
            return f"{value / size:.1f}{suffix}"
    return f"{value:.0f}"


_FIGURE = re.compile(
    r"(?P<lead>(?:\S )?[+-]?)(?P<whole>\d[\d,]*)(?:\.(?P<part>\d+))?(?P<unit>%|x| pp)?"
)


def shortened(text: str, width: int) -> str:
    """Write a figure in fewer digits, so that none of those before the point is cut off.

    ``12,345.678`` becomes ``12,345.7`` in eight cells and ``12.3k`` in five.

    Returns
    -------
    str
        Of at most ``width`` cells; empty when the text is no figure, cannot be so short, or
        would become zero.
    """
    found = _FIGURE.fullmatch(text)
    if found is None:
        return ""
    lead, part, unit = found["lead"], found["part"] or "", found["unit"] or ""
    value = float(f"{found['whole'].replace(',', '')}.{part or 0}")
    ways = [(1.0, "", decimals) for decimals in range(len(part) - 1, -1, -1)]
    largest = next((one for one in _SIZES if value >= one[0]), None)
    ways += [(*largest, decimals) for decimals in (2, 1, 0)] if largest else []
    for size, suffix, decimals in ways:
        figure = f"{value / size:,.{decimals}f}"
        written = f"{lead}{figure}{suffix}{unit}"
        if len(written) <= width and (any(c in "123456789" for c in figure) or not value):
            return written
    return ""


def memory(count: float | None) -> str:
    """Write a number of bytes: ``40 kB``, ``136 MB``, ``1.4 GB``."""
    if count is None or _missing(count):
        return NOTHING
    for size, unit, decimals in ((1e9, "GB", 1), (1e6, "MB", 0)):
        if count >= size:
            return f"{number(count / size, decimals)} {unit}"
    return f"{number(count / 1e3, 0)} kB"


def day(value: date | datetime | None) -> str:
    """Write ``2026-03-31``."""
    return NOTHING if value is None else value.strftime("%Y-%m-%d")


def moment(value: datetime | None) -> str:
    """Write ``2026-03-31 14:05`` in the machine's time zone."""
    return NOTHING if value is None else value.astimezone().strftime("%Y-%m-%d %H:%M")


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """Write how long ago something was: ``just now``, ``5 min ago``, ``3 h ago``, or its day."""
    if value is None:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - value).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    return day(value.astimezone())


def duration(seconds: float | None) -> str:
    """Write a length of time in at most seven cells: ``0.4 s``, ``12 s``, ``3:05``, ``2:03:05``."""
    if seconds is None or _missing(seconds):
        return NOTHING
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def bar(fraction: float, width: int) -> str:
    """Draw a progress bar of ``width`` cells, to half a cell; ``fraction`` is 0..1."""
    halves = round(min(1.0, max(0.0, fraction)) * width * 2)
    full, half = divmod(halves, 2)
    return ("━" * full + ("╸" if half else "")).ljust(width, "─")


_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float] | tuple[float, ...], width: int) -> str:
    """Draw a series in one line of ``width`` cells; gaps are blank.

    Longer series are cut into ``width`` pieces of which the last value is drawn, so that
    the right end is always the newest value.
    """
    if width <= 0 or not values:
        return ""
    if len(values) > width:
        step = len(values) / width
        values = [values[min(len(values) - 1, int((i + 1) * step) - 1)] for i in range(width)]
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return " " * len(values)
    low, high = min(finite), max(finite)
    span = high - low
    return "".join(
        " " if not math.isfinite(v) else _BLOCKS[round((v - low) / span * 7)] if span else "▄"
        for v in values
    )
