"""When the sessions of a symbol's exchange end, from the ending of its name.

Enough to tell a bar that is over from one that still moves; holidays and shortened
sessions are the exchange calendar's (``services.data_quality``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SETTLING = timedelta(minutes=20)
"""After the close: closing auctions and late prints still move a bar so long."""

_NEW_YORK = ("America/New_York", time(16, 0))
_CLOSES = {
    "KS": ("Asia/Seoul", time(15, 30)),
    "KQ": ("Asia/Seoul", time(15, 30)),
    "T": ("Asia/Tokyo", time(15, 30)),
    "HK": ("Asia/Hong_Kong", time(16, 0)),
    "HKG": ("Asia/Hong_Kong", time(16, 0)),
    "SS": ("Asia/Shanghai", time(15, 0)),
    "SHH": ("Asia/Shanghai", time(15, 0)),
    "SZ": ("Asia/Shanghai", time(15, 0)),
    "SHZ": ("Asia/Shanghai", time(15, 0)),
    "NS": ("Asia/Kolkata", time(15, 30)),
    "BO": ("Asia/Kolkata", time(15, 30)),
    "BSE": ("Asia/Kolkata", time(15, 30)),
    "AX": ("Australia/Sydney", time(16, 0)),
    "L": ("Europe/London", time(16, 30)),
    "LON": ("Europe/London", time(16, 30)),
    "DE": ("Europe/Berlin", time(17, 30)),
    "DEX": ("Europe/Berlin", time(17, 30)),
    "PA": ("Europe/Paris", time(17, 30)),
    "PAR": ("Europe/Paris", time(17, 30)),
    "TO": ("America/Toronto", time(16, 0)),
    "TRT": ("America/Toronto", time(16, 0)),
}
"""Zone and closing time by what follows the last dot of a symbol; New York without one."""


def closes_at(symbol: str, day: date) -> datetime:
    """Return when the session of a day is over for good, aware."""
    zone, close = _CLOSES.get(symbol.rpartition(".")[2].upper(), _NEW_YORK)
    return datetime.combine(day, close, ZoneInfo(zone)) + SETTLING


def last_over(symbol: str, now: datetime) -> date:
    """Return the last weekday whose session is over.

    Parameters
    ----------
    symbol
        Names the exchange.
    now
        Aware.
    """
    day = now.astimezone(UTC).date() + timedelta(days=1)
    while day.weekday() > 4 or closes_at(symbol, day) > now:
        day -= timedelta(days=1)
    return day
