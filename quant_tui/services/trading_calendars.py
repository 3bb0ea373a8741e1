"""Sessions of the world's exchanges, kept in files so that they are worked out once.

``exchange_calendars`` takes some seconds to import and to work a calendar out, so it is
asked on a thread, and its answer kept under ``data/calendars`` until the library's version
or the year changes. Half days count as sessions with their own close; ad-hoc closures
(storms, mourning, elections) are no sessions.
"""

from __future__ import annotations

import logging
import re
import threading
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quant_tui.config.whole_file import write_whole
from quant_tui.domain.errors import InvalidInput

log = logging.getLogger(__name__)

UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, NotImplementedError),
    *(BadZipFile, zlib.error, TokenError),
)
"""What NumPy raises on a file that was cut or overwritten, by where."""

ALWAYS_OPEN = "24/7"
DEFAULT = "XNYS"
INFERRED = (
    "XNYS", "XKRX", "XTKS", "XLON", "XHKG", "XSHG", "XETR", "XPAR", "XTSE", "XASX", "XBOM",
)  # fmt: skip
"""Calendars that dates are compared with; earlier ones win where they match as well."""

FIRST_YEAR = 1990
DELIVERY = timedelta(hours=3)
"""How long after the close daily bars may take to be delivered before they are overdue."""

_EXCHANGES = {
    "XNYS": (
        *("nyse", "nasdaq", "amex", "arca", "bats", "nysearca", "nysemkt", "us", "nyq", "nms"),
        *("nasdaqgs", "nasdaqgm", "nasdaqcm", "nyseamerican", "cboeus"),
    ),
    "XKRX": ("krx", "kospi", "kosdaq", "korea", "ks", "kq", "kse", "koe", "ksc"),
    "XTKS": ("tse", "jpx", "tyo", "tokyo"),
    "XLON": ("lse", "lon", "london"),
    "XHKG": ("hkex", "hkg", "hongkong"),
    "XSHG": ("sse", "shanghai", "szse", "shenzhen"),
    "XETR": ("xetra", "etr", "ger"),
    "XPAR": ("euronextparis", "par", "paris"),
    "XTSE": ("tsx", "toronto", "tor"),
    "XASX": ("asx", "sydney"),
    "XBOM": ("bse", "nse", "bombay", "mumbai"),
    ALWAYS_OPEN: ("crypto", "cryptocurrency", "ccc", "binance", "coinbase"),
}
_BY_EXCHANGE = {name: code for code, names in _EXCHANGES.items() for name in names}
_KOREAN = re.compile(r"\d{6}(\.(KS|KQ))?")
_CRYPTO = re.compile(r"[A-Z0-9]{2,10}[-/](USD|USDT|USDC|KRW|EUR|BTC)")
_CODE = re.compile(r"[A-Z0-9/_]{2,12}")


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one calendar.

    Attributes
    ----------
    days
        datetime64[D], rising.
    closes
        datetime64[m] in UTC, of the same length.
    since
        The year from which they were asked for; the calendar itself may begin later.
    """

    days: NDArray[np.datetime64]
    closes: NDArray[np.datetime64]
    since: int

    def expected(self, now: datetime) -> date | None:
        """Return the last session whose bars should be there; None past the known ones."""
        due = np.datetime64((now.astimezone(UTC) - DELIVERY).replace(tzinfo=None), "m")
        place = int(np.searchsorted(self.closes, due, side="right")) - 1
        if place < 0 or (place == len(self.days) - 1 and due > self.closes[-1] + _A_WEEK):
            return None
        day: date = self.days[place].item()
        return day

    def behind(self, last: date, expected: date) -> int:
        """Return how many sessions after ``last`` are due until ``expected``."""
        here, there = np.searchsorted(
            self.days, np.array([last, expected], dtype="datetime64[D]"), side="right"
        )
        return max(0, int(there - here))


_A_WEEK = np.timedelta64(7 * 24 * 60, "m")


def by_exchange(exchange: str) -> str:
    """Return the calendar of an exchange as data vendors name it; empty when not known."""
    return _BY_EXCHANGE.get(re.sub(r"[^a-z]", "", exchange.casefold()), "")


def by_name(symbol: str) -> str:
    """Return the calendar that a symbol's form speaks for; empty when it says nothing."""
    if _KOREAN.fullmatch(symbol):
        return "XKRX"
    if _CRYPTO.fullmatch(symbol):
        return ALWAYS_OPEN
    return ""


class TradingCalendars:
    """Sessions by calendar. Every method may be called from any thread, and may take seconds.

    Parameters
    ----------
    folder
        Where they are kept; made when something is to be kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Sessions] = {}
        self._lock = threading.Lock()

    def is_ready(self, code: str) -> bool:
        """Whether the sessions of a calendar need not be worked out."""
        return code in self._known or self._file(code).is_file()

    def sessions(self, code: str, first: date | None = None) -> Sessions:
        """Return the sessions of a calendar, into next year.

        Parameters
        ----------
        code
            ISO market identifier as ``XNYS``, or ``24/7``.
        first
            From when they are needed, when that is before 1990.

        Raises
        ------
        InvalidInput
            When there is no such calendar.
        """
        year = min(FIRST_YEAR, first.year if first else FIRST_YEAR)
        with self._lock:
            for look in (self._known.get, self._read):
                found = look(code)
                if found is not None and found.since <= year:
                    self._known[code] = found
                    return found
            found = _work_out(code, year)
            self._keep(code, found)
            self._known[code] = found
            return found

    def check(self, code: str) -> str:
        """Return the calendar's code as the library has it: ``nyse`` gives ``XNYS``.

        Raises
        ------
        InvalidInput
            When there is no such calendar.
        """
        wanted = by_exchange(code) or code.strip().upper()
        self.sessions(wanted)
        return wanted

    def _file(self, code: str) -> Path:
        from importlib.metadata import version

        plain = code.replace("/", "-")
        year = datetime.now(UTC).year
        return self._folder / f"{plain}-{version('exchange_calendars')}-{year}.npz"

    def _read(self, code: str) -> Sessions | None:
        path = self._file(code)
        try:
            with path.open("rb") as file, np.load(file) as held:
                days, closes, since = held["days"], held["closes"], int(held["since"])
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            log.warning("%s cannot be read (%s): worked out again", path, error)
            return None
        if not len(days) or len(days) != len(closes):
            return None
        return Sessions(days.astype("datetime64[D]"), closes.astype("datetime64[m]"), since)

    def _keep(self, code: str, found: Sessions) -> None:
        """Keep them for the next run; a disk that refuses costs only time."""
        path = self._file(code)
        content = BytesIO()
        np.savez_compressed(
            content,
            days=found.days.astype(np.int64),
            closes=found.closes.astype(np.int64),
            since=found.since,
        )
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, content.getvalue())
        except OSError as error:
            log.warning("%s cannot be written (%s)", path, error)


def _work_out(code: str, year: int) -> Sessions:
    import exchange_calendars
    from exchange_calendars.errors import CalendarError
    from pandas import Timestamp

    try:
        if not _CODE.fullmatch(code):
            raise InvalidInput(f"{code!r} is not the code of a calendar.", field="calendar")
        calendar = exchange_calendars.get_calendar(code)
    except (CalendarError, InvalidInput) as error:
        raise InvalidInput(
            f"There is no calendar {code!r}.",
            field="calendar",
            hint=f"Use a market identifier, as {', '.join(INFERRED[:4])}, or {ALWAYS_OPEN}.",
        ) from error
    start, bound = Timestamp(year, 1, 1), calendar.bound_min()
    if bound is not None and bound > start:
        start = bound
    if calendar.first_session > start:
        calendar = type(calendar)(start=start, end=calendar.last_session)
    closes = calendar.closes
    return Sessions(
        days=calendar.sessions.to_numpy().astype("datetime64[D]"),
        closes=closes.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[m]"),
        since=year,
    )
