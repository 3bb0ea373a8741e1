"""What is odd in bars that can be used: signs of bad data, looked for before a result is believed.

Nothing is mended. Each check looks at one symbol's own bars, in one pass over arrays, and
says how often and where first. All thresholds are constants of this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from quant_tui.engine.arrays import BoolArray, DateArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.calendars import is_intraday

OUTLIER_DEVIATIONS = 8.0
"""A return further from the median than so many robust standard deviations is an outlier.

The robust standard deviation is 1.4826 times the median absolute deviation, which equals
the standard deviation of normal returns (Rousseeuw and Croux, 1993)."""

OUTLIER_RETURN = 0.02
"""Returns smaller than this are no outliers, however quiet the symbol."""

LOCAL_DEVIATIONS, LOCAL_BARS = 5.0, 10
"""A spike must also be so many robust deviations of the returns of so many bars before
and after it away: in a crisis a large fall and rise are no fault of the data."""

REVERTED = 0.2
"""An outlier reverted when the next bar leaves less than this part of the move."""

SPLIT_RATIOS = (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100)
"""New shares for an old one, or old for a new one, of usual splits."""

SPLIT_TOLERANCE = 0.05
"""How far, as a fraction, open and close may lie from the price that a split would give."""

SPLIT_TURNOVER, TURNOVER_BARS = 4.0, 20
"""A fall with more than so many times the turnover (close times volume) that was usual in
so many bars before is a crash: a split leaves the turnover as it was."""

STALE_DAYS, STALE_BARS = 5, 60
"""A close that repeats so often in a row is stale: daily bars, intraday bars."""

GAP_WEEKDAYS = 7
"""More weekdays without any bar than this are a gap; the longest usual holidays have 6."""

TRADED_WEEKDAY = 0.2
"""A symbol trades on a weekday when it has this part of its commonest weekday's bars."""

SHORT_SESSION = 0.4
"""A session with less than this part of the usual number of intraday bars is short."""

_SPLIT_FACTORS = np.array([factor for n in SPLIT_RATIOS for factor in (1.0 / n, float(n))])
_SAMPLE = 16_384
"""Returns from which the robust deviation is taken, evenly spread over longer series."""


@dataclass(frozen=True, slots=True)
class DataQualityIssue:
    """One kind of oddity in one symbol's bars.

    Attributes
    ----------
    symbol
        Whose bars.
    check
        ``missing_sessions``, ``gap``, ``short_session``, ``zero_volume``, ``spike``,
        ``unadjusted_split``, ``stale_close`` or ``outside_range``.
    count
        How often.
    first
        The first bar, an ISO date or UTC time.
    text
        One sentence for people.
    """

    symbol: str
    check: str
    count: int
    first: str
    text: str

    def to_document(self) -> dict[str, Any]:
        """Return the issue as JSON holds it."""
        return {
            "symbol": self.symbol,
            "check": self.check,
            "count": self.count,
            "first": self.first,
            "text": self.text,
        }


def data_quality(bars: Bars) -> list[DataQualityIssue]:
    """Look for signs of bad data in bars.

    Parameters
    ----------
    bars
        T dates, N symbols.

    Returns
    -------
    list
        By symbol's name, then in the order of the checks; empty when nothing is odd.
    """
    intraday = np.datetime_data(bars.dates.dtype)[0] != "D" and is_intraday(bars.dates)
    sessions = _Sessions(bars.dates, intraday) if bars.complete else None
    missing = _missing(bars, intraday)
    found: list[DataQualityIssue] = []
    for column in bars.by_name.tolist():
        name = bars.symbols[column]
        own = _Series(bars, column, intraday, sessions)
        if missing is not None and missing[:, column].any():
            rows = np.flatnonzero(missing[:, column])
            found.append(
                _issue(
                    name, "missing_sessions", bars.dates, rows,
                    "bar(s) are missing on dates on which most other symbols have one",
                )
            )  # fmt: skip
        found += own.issues(name)
    return found


@dataclass(frozen=True, slots=True)
class Jumps:
    """Closes that jump, arrays of shape (K,).

    Attributes
    ----------
    earlier, before, opened, close, after
        The two closes before, the bar's own open and close, the close after (NaN where
        there is none).
    usual_move
        Robust deviation of the returns around, the jump and what follows it left out.
    turnover
        Close times volume over its median in :data:`TURNOVER_BARS` bars before; NaN
        when there was none.
    """

    earlier: FloatArray
    before: FloatArray
    opened: FloatArray
    close: FloatArray
    after: FloatArray
    usual_move: FloatArray
    turnover: FloatArray


def judge_jumps(jumps: Jumps) -> tuple[BoolArray, FloatArray]:
    """Tell errors and splits from moves of the market.

    Returns
    -------
    spikes
        (K,) where the next bar took the jump back and its neighbours move far less.
    split_ratios
        (K,) new shares for an old one of the usual split that would explain the jump,
        NaN where none does: open and close must both be near its price, the next bar
        must not take it back, it must itself not take the bar before back, and a fall
        must not come with a crash's turnover.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        moves = np.abs(np.log(jumps.close / jumps.before))
        back = np.abs(np.log(jumps.after / jumps.before)) < REVERTED * moves
        takes_back = np.abs(np.log(jumps.close / jumps.earlier)) < REVERTED * moves
        change = jumps.close / jumps.before - 1.0
        spikes: BoolArray = back & (np.abs(change) > LOCAL_DEVIATIONS * jumps.usual_move)
        prices = jumps.before[:, None] * _SPLIT_FACTORS
        off = np.maximum(
            np.abs(jumps.close[:, None] / prices - 1.0),
            np.abs(jumps.opened[:, None] / prices - 1.0),
        )
        crash = (change < 0.0) & (jumps.turnover > SPLIT_TURNOVER)
    ratios = np.full(len(moves), np.nan)
    if len(moves):
        nearest = off.argmin(axis=1)
        is_split = (off.min(axis=1) < SPLIT_TOLERANCE) & ~(spikes | takes_back | crash)
        ratios[is_split] = 1.0 / _SPLIT_FACTORS[nearest[is_split]]
    return spikes, ratios


def _missing(bars: Bars, intraday: bool) -> BoolArray | None:
    """Where a symbol lacks a bar that most other symbols have, (T, N).

    Only between the symbol's first and last bar and, for daily bars, on weekdays on
    which it trades at all.
    """
    if bars.complete or len(bars.symbols) < 2:
        return None
    rows = np.arange(len(bars))[:, None]
    listed = (rows >= bars.first_row) & (rows <= bars.last_row)
    absent = listed & ~bars.present
    others_listed = listed.sum(axis=1)[:, None] - listed
    others_present = bars.present.sum(axis=1)[:, None] - bars.present
    missing: BoolArray = absent & (2 * others_present > others_listed)
    if not intraday:
        weekday = (bars.dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
        counts = np.stack([bars.present[weekday == day].sum(axis=0) for day in range(7)])
        missing &= (counts >= TRADED_WEEKDAY * counts.max(axis=0))[weekday]
    return missing


class _Sessions:
    """The sessions of some dates: their days, and the row of each one's first bar."""

    def __init__(self, dates: DateArray, intraday: bool) -> None:
        days = dates.astype("datetime64[D]")
        if intraday:
            new = np.ones(len(days), dtype=np.bool_)
            np.not_equal(days[1:], days[:-1], out=new[1:])
            self.rows: IntArray = np.flatnonzero(new)
        else:
            self.rows = np.arange(len(days))
        self.days: DateArray = days[self.rows]
        self._intraday = intraday
        self._count = len(days)

    @cached_property
    def gaps(self) -> IntArray:
        """Rows of the bars that come after a gap."""
        steps = np.diff(self.days).astype(np.int64)
        if len(steps) == 0 or np.median(steps) > 4:
            return np.empty(0, dtype=np.int64)
        after = np.flatnonzero(steps > GAP_WEEKDAYS) + 1
        weekdays = np.busday_count(self.days[after - 1], self.days[after]) - 1
        rows: IntArray = self.rows[after[weekdays > GAP_WEEKDAYS]]
        return rows

    @cached_property
    def short(self) -> IntArray:
        """Rows of the first bars of sessions that lack most of their bars.

        The first and the last session may be cut by the dates asked for.
        """
        if not self._intraday:
            return np.empty(0, dtype=np.int64)
        counts = np.diff(np.append(self.rows, self._count))
        short = counts < SHORT_SESSION * np.median(counts)
        short[[0, -1]] = False
        rows: IntArray = self.rows[short]
        return rows


class _Series:
    """One symbol's bars, those that it has, and the checks on them."""

    def __init__(self, bars: Bars, column: int, intraday: bool, sessions: _Sessions | None) -> None:
        keep = slice(None) if bars.complete else np.flatnonzero(bars.present[:, column])
        self._intraday = intraday
        self._dates: DateArray = bars.dates[keep]
        self._sessions = sessions or _Sessions(self._dates, intraday)
        self._open: FloatArray = np.ascontiguousarray(bars.open[:, column][keep])
        self._outside: BoolArray = bars.outside_range[:, column][keep]
        self._close: FloatArray = np.ascontiguousarray(bars.close[:, column][keep])
        self._volume: FloatArray = np.ascontiguousarray(bars.volume[:, column][keep])

    def issues(self, name: str) -> Iterator[DataQualityIssue]:
        """Run every check."""
        spikes, splits = self._jumps()
        for check, rows, text in (
            (
                "gap",
                self._sessions.gaps,
                f"gap(s) of more than {GAP_WEEKDAYS} weekdays without a bar",
            ),
            (
                "short_session",
                self._sessions.short,
                f"session(s) with less than {SHORT_SESSION:.0%} of the usual bars",
            ),
            ("zero_volume", np.flatnonzero(self._volume == 0.0), "bar(s) without volume"),
            (
                "spike",
                spikes,
                f"close(s) more than {OUTLIER_DEVIATIONS:g} robust deviations away that the"
                " next bar took back",
            ),
            (
                "unadjusted_split",
                splits,
                "jump(s) to a price as after a split that is not adjusted for",
            ),
            ("stale_close", self._stale(), "stretch(es) in which the close never changed"),
            (
                "outside_range",
                np.flatnonzero(self._outside),
                "bar(s) whose open or close lies outside low to high",
            ),
        ):
            if len(rows):
                yield _issue(name, check, self._dates, rows, text)

    def _jumps(self) -> tuple[IntArray, IntArray]:
        """Rows of closes that jump and come back, and of jumps as after a split."""
        close = self._close
        none = np.empty(0, dtype=np.int64)
        if len(close) < 3:
            return none, none
        returns = close[1:] / close[:-1] - 1.0
        sample = returns[:: max(1, len(returns) // _SAMPLE)]
        centre = float(np.median(sample))
        deviation = 1.4826 * float(np.median(np.abs(sample - centre)))
        bound = max(OUTLIER_DEVIATIONS * deviation, OUTLIER_RETURN)
        rows = np.flatnonzero(np.abs(returns - centre) > bound) + 1
        if len(rows) == 0:
            return none, none
        around = np.concatenate(([np.nan], close, [np.nan]))
        spikes, ratios = judge_jumps(
            Jumps(
                earlier=around[rows - 1],
                before=close[rows - 1],
                opened=self._open[rows],
                close=close[rows],
                after=around[rows + 2],
                usual_move=self._usual_moves(returns, rows - 1),
                turnover=self._turnover(rows),
            )
        )
        return rows[spikes], rows[np.isfinite(ratios)]

    @staticmethod
    def _usual_moves(returns: FloatArray, places: IntArray) -> FloatArray:
        """Robust deviation of what returns are around places, their reversal left out."""
        around = np.concatenate((np.arange(-LOCAL_BARS, 0), np.arange(2, LOCAL_BARS + 2)))
        near = places[:, None] + around
        inside = (near >= 0) & (near < len(returns))
        moves = np.abs(returns[np.clip(near, 0, len(returns) - 1)])
        moves[~inside] = np.nan
        moves[~inside.any(axis=1)] = 0.0
        usual: FloatArray = 1.4826 * np.nanmedian(moves, axis=1)
        return usual

    def _turnover(self, rows: IntArray) -> FloatArray:
        """Turnover of bars over what was usual before them; NaN without volume."""
        traded = self._close * self._volume
        traded[self._volume <= 0.0] = np.nan
        near = rows[:, None] - np.arange(1, TURNOVER_BARS + 1)
        usual = traded[np.maximum(near, 0)]
        usual[near < 0] = np.nan
        known = np.isfinite(usual).any(axis=1)
        found = np.full(len(rows), np.nan)
        found[known] = traded[rows[known]] / np.nanmedian(usual[known], axis=1)
        return found

    def _stale(self) -> IntArray:
        """Rows at which a close begins to repeat for too long."""
        longest = STALE_BARS if self._intraday else STALE_DAYS
        changed = np.flatnonzero(self._close[1:] != self._close[:-1]) + 1
        ends = np.append(changed, len(self._close))
        starts = np.concatenate(([0], changed))
        rows: IntArray = starts[ends - starts > longest]
        return rows


def _issue(
    symbol: str, check: str, dates: DateArray, rows: IntArray, text: str
) -> DataQualityIssue:
    first = _iso(dates[int(rows[0])])
    count = len(rows)
    return DataQualityIssue(
        symbol, check, count, first, f"{symbol}: {count:,} {text}, first on {first}."
    )


def _iso(moment: np.datetime64) -> str:
    if np.datetime_data(moment.dtype)[0] == "D":
        return str(moment)
    return str(np.datetime_as_string(moment, unit="s", timezone="UTC"))
