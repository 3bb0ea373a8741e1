"""What is odd in the bars of sessions, found by DuckDB: some hundred symbols a query.

Each query answers one question and gives one row a symbol: how often, first, last, and
the dates. Dates that a person has marked (a known closure, a finding to ignore) are left
out. Jumps are only gathered here, with what is needed to judge them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.storage.duck.database import DuckStore

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LISTED_DATES = 200
"""Dates that a finding lists at most; its count is of all of them."""

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Where a check begins to speak; all of them chosen by the caller.

    Attributes
    ----------
    jump_deviations, jump_return
        A return further from its symbol's median than so many robust standard deviations,
        and than this fraction, is a jump.
    local_bars
        Bars before and after a jump that say what moves are usual there.
    turnover_bars
        Bars before a jump that say what turnover is usual there.
    stale_bars
        A close that repeats more often than this is stale.
    latest
        Last day of which there can be a bar.
    price_tolerance
        Fraction by which prices of two sources may differ.
    """

    jump_deviations: float
    jump_return: float
    local_bars: int
    turnover_bars: int
    stale_bars: int
    latest: date = date.max
    price_tolerance: float = 1e-4


@dataclass(frozen=True, slots=True)
class CheckedSymbol:
    """A symbol to check; ``calendar`` is empty when its sessions are not to be compared."""

    symbol: str
    calendar: str


@dataclass(frozen=True, slots=True)
class FoundDates:
    """One kind of oddity of one symbol.

    Attributes
    ----------
    count, first, last
        How often, and from when to when.
    dates
        The first of them; :data:`LISTED_DATES` unless asked for more.
    detail
        More, where the check has more to say: the other source of a conflict.
    """

    symbol: str
    check: str
    count: int
    first: date
    last: date
    dates: tuple[date, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FoundJumps:
    """Closes that jump, arrays of shape (K,), in order of symbol and date.

    Attributes
    ----------
    symbol, date
        Whose, and when.
    earlier, before, open, close, after
        The two closes before, the bar's own open and close, the close after (NaN where
        there is none).
    usual_move
        1.4826 times the median absolute return of the neighbours, the jump and what
        follows it left out; 0 without neighbours.
    turnover
        Close times volume over its median in the bars before; NaN without volume.
    known_ratio
        New shares for an old one of a split recorded for this date; NaN without.
    """

    symbol: tuple[str, ...]
    date: tuple[date, ...]
    earlier: NDArray[np.float64]
    before: NDArray[np.float64]
    open: NDArray[np.float64]
    close: NDArray[np.float64]
    after: NDArray[np.float64]
    usual_move: NDArray[np.float64]
    turnover: NDArray[np.float64]
    known_ratio: NDArray[np.float64]


class BarQualityRepository:
    """Questions about the quality of bars of sessions (``market_data``)."""

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def check(
        self,
        symbols: Sequence[CheckedSymbol],
        sessions: Mapping[str, Days],
        limits: QualityLimits,
        *,
        listed: int | None = LISTED_DATES,
        cancel: CancelCheck | None = None,
    ) -> tuple[list[FoundDates], FoundJumps]:
        """Look for everything odd in the bars of some symbols, in one lease.

        Memory and time grow with the bars of these symbols: a hundred symbols of twenty
        years take about 100 MB.

        Parameters
        ----------
        symbols
            Each once.
        sessions
            By calendar, datetime64[D], rising; dates outside the first and last are
            not compared.
        limits
            Where a check begins to speak.
        listed
            Dates to list at most of each finding; None for all.
        cancel
            Asked ten times a second.
        """
        with self._looking(cancel) as connection:
            _look_at(connection, symbols, sessions)
            found = [
                FoundDates(symbol, check, count, first, last, tuple(dates), detail or "")
                for check, query in _CHECKS.items()
                for symbol, count, first, last, dates, detail in connection.execute(
                    _grouped(check, query, listed), _bound(query, limits)
                ).fetchall()
            ]
            jumps = _jumps(connection, limits)
        return found, jumps

    def date_profiles(
        self,
        symbols: Sequence[str],
        sessions: Mapping[str, Days],
        *,
        days: int,
        cancel: CancelCheck | None = None,
    ) -> dict[str, dict[str, float]]:
        """Say how well the dates of symbols match calendars, by symbol and calendar.

        The match is the share of dates that bars and sessions have in common (Jaccard's
        index) in the symbol's last ``days`` days; 1 when they are the same.

        Parameters
        ----------
        symbols
            Each once.
        sessions
            By calendar, datetime64[D], rising.
        days
            Calendar days to look back from each symbol's last bar.
        cancel
            Asked ten times a second.
        """
        with self._looking(cancel) as connection:
            _look_at(connection, [CheckedSymbol(one, "") for one in symbols], sessions, days=days)
            rows = connection.execute(
                """
                WITH bounds AS (
                    SELECT symbol, min(date) AS first, max(date) AS last, count(*) AS bars
                    FROM looked GROUP BY symbol
                ), expected AS (
                    SELECT symbol, calendar, count(*) AS days
                    FROM bounds JOIN sessions ON day BETWEEN first AND last GROUP BY ALL
                ), matched AS (
                    SELECT looked.symbol, sessions.calendar, count(*) AS days
                    FROM looked JOIN sessions ON day = date GROUP BY ALL
                )
                SELECT symbol, calendar, matched.days / (expected.days + bars - matched.days)
                FROM expected JOIN matched USING (symbol, calendar) JOIN bounds USING (symbol)
                """
            ).fetchall()
        found: dict[str, dict[str, float]] = {}
        for symbol, calendar, share in rows:
            found.setdefault(symbol, {})[calendar] = float(share)
        return found

    @contextmanager
    def _looking(self, cancel: CancelCheck | None) -> Iterator[DuckDBPyConnection]:
        """A lease whose queries hear a cancel."""
        with (
            self._store.read(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            yield connection

    def ignored_dates(self, check: str, symbols: Sequence[str]) -> set[tuple[str, date]]:
        """Return the dates of symbols that a check is not to speak of."""
        with self._store.read() as connection:
            rows = connection.execute(
                'SELECT symbol, date FROM data_fix_dates WHERE "check" = ? '
                "AND symbol IN (SELECT unnest(?::VARCHAR[]))",
                [check, list(symbols)],
            ).fetchall()
        return {(symbol, day) for symbol, day in rows}

    def bars_on(
        self, symbol: str, dates: Sequence[date]
    ) -> list[tuple[date, float, float, float, float, float, int, str]]:
        """Return close before, open, high, low, close, volume and source on some dates."""
        with self._store.read() as connection:
            return connection.execute(
                """
                WITH own AS (
                    SELECT date, lag(close_price) OVER (ORDER BY date) AS before, open_price,
                           high_price, low_price, close_price, volume, data_source
                    FROM market_data WHERE symbol = ?
                )
                SELECT * FROM own WHERE date IN (SELECT unnest(?::DATE[])) ORDER BY date
                """,
                [symbol, list(dates)],
            ).fetchall()

    def other_values(
        self, symbol: str, dates: Sequence[date]
    ) -> list[tuple[date, float, float, float, float, int, str]]:
        """Return what another source said last of bars: date, prices, volume, source."""
        with self._store.read() as connection:
            return connection.execute(
                f"""
                SELECT date, open_price, high_price, low_price, close_price, volume, data_source
                FROM ({other_source("?")}) WHERE date IN (SELECT unnest(?::DATE[]))
                ORDER BY date
                """,
                [symbol, list(dates)],
            ).fetchall()


def other_source(symbols: str) -> str:
    """Return a query of what was replaced last by another source, one row a bar.

    Parameters
    ----------
    symbols
        A query that gives the symbols, or a placeholder's list.
    """
    return f"""
        SELECT revisions.symbol, bars.date, revisions.open_price, revisions.high_price,
               revisions.low_price, revisions.close_price, revisions.volume,
               revisions.data_source, revisions.created_at, revisions.batch_id
        FROM bar_revisions AS revisions
        JOIN market_data AS bars
          ON bars.symbol = revisions.symbol AND bars.date = revisions.date::DATE
        WHERE revisions."interval" IN ('1d', '1wk', '1mo')
          AND revisions.data_source <> bars.data_source
          AND revisions.symbol IN ({symbols})
        QUALIFY row_number() OVER (
            PARTITION BY revisions.symbol, revisions.date ORDER BY replaced_at DESC
        ) = 1
    """


_CHECKS = {
    "missing_sessions": """
        SELECT bounds.symbol, day AS date, '' AS detail
        FROM (SELECT symbol, calendar, min(date) AS first, max(date) AS last
              FROM looked GROUP BY ALL) AS bounds
        JOIN sessions ON sessions.calendar = bounds.calendar AND day > first AND day < last
        ANTI JOIN looked ON looked.symbol = bounds.symbol AND looked.date = day
    """,
    "unexpected_session": """
        SELECT symbol, date, '' AS detail FROM looked
        JOIN (SELECT calendar, min(day) AS first, max(day) AS last FROM sessions
              GROUP BY calendar) AS known USING (calendar)
        ANTI JOIN sessions ON sessions.calendar = looked.calendar AND day = date
        WHERE date BETWEEN first AND last
    """,
    "zero_volume": """
        SELECT symbol, date, '' AS detail FROM looked
        JOIN (SELECT symbol FROM looked GROUP BY symbol HAVING max(volume) > 0) USING (symbol)
        WHERE volume <= 0
    """,
    "outside_range": """
        SELECT symbol, date, '' AS detail FROM looked
        WHERE low > high OR greatest(open, close) > high OR least(open, close) < low OR low <= 0
    """,
    "future": """
        SELECT symbol, date, '' AS detail FROM looked
        WHERE date > $latest
    """,
    "duplicate_bar": """
        SELECT symbol, date, '' AS detail FROM looked
        WHERE repeats
    """,
    "duplicate_import": """
        SELECT symbol, min(date) AS date, any_value(origin) AS detail
        FROM looked JOIN import_batches AS batches ON batches.id = batch_id
        WHERE content_hash <> ''
        GROUP BY symbol, content_hash HAVING count(DISTINCT batches.id) > 1
    """,
    "stale_close": """
        SELECT symbol, min(date) AS date, '' AS detail FROM (
            SELECT symbol, date, sum(CASE WHEN close = before THEN 0 ELSE 1 END) OVER (
                PARTITION BY symbol ORDER BY date) AS stretch
            FROM looked SEMI JOIN (
                SELECT symbol FROM looked WHERE close = before
                GROUP BY symbol HAVING count(*) >= $stale_bars
            ) AS often USING (symbol)
        ) GROUP BY symbol, stretch HAVING count(*) > $stale_bars
    """,
    "conflict": f"""
        SELECT symbol, date, others.data_source AS detail
        FROM ({other_source("SELECT symbol FROM wanted")}) AS others
        JOIN looked USING (symbol, date)
        WHERE greatest(
            abs(open_price / open - 1), abs(high_price / high - 1), abs(low_price / low - 1),
            abs(close_price / close - 1)
        ) > $price_tolerance
    """,
}
"""By check, a query that gives symbol, date and detail of everything odd."""


def _grouped(check: str, query: str, listed: int | None) -> str:
    """One row a symbol of what is odd and not marked."""
    return f"""
        SELECT odd.symbol, count(*), min(odd.date), max(odd.date),
               (list(odd.date ORDER BY odd.date)){"" if listed is None else f"[:{listed:d}]"},
               string_agg(DISTINCT detail, ', ' ORDER BY detail) AS detail
        FROM ({query}) AS odd
        ANTI JOIN (SELECT symbol, date FROM data_fix_dates WHERE "check" = '{check}') AS marked
          ON marked.symbol = odd.symbol AND marked.date = odd.date
        GROUP BY odd.symbol ORDER BY odd.symbol
    """


def _bound(query: str, limits: QualityLimits) -> dict[str, object]:
    """Values of the placeholders: DuckDB refuses one that the statement lacks."""
    values = {
        "stale_bars": limits.stale_bars,
        "latest": limits.latest,
        "price_tolerance": limits.price_tolerance,
    }
    return {name: value for name, value in values.items() if f"${name}" in query}


def _look_at(
    connection: DuckDBPyConnection,
    symbols: Sequence[CheckedSymbol],
    sessions: Mapping[str, Days],
    *,
    days: int | None = None,
) -> None:
    """Lay out the bars of some symbols with their neighbours, and the sessions."""
    import pyarrow as pa

    connection.register(
        "wanted_arrow",
        pa.table(
            {
                "symbol": [one.symbol for one in symbols],
                "calendar": [one.calendar for one in symbols],
            },
            schema=pa.schema([("symbol", pa.string()), ("calendar", pa.string())]),
        ),
    )
    names = sorted(sessions)
    lengths = [len(sessions[name]) for name in names]
    every = [sessions[name] for name in names] or [np.empty(0, dtype="datetime64[D]")]
    connection.register(
        "sessions_arrow",
        pa.table(
            {
                "calendar": pa.array(np.repeat(names, lengths).tolist(), pa.string()),
                "day": pa.array(np.concatenate(every)),
            }
        ),
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE wanted AS FROM wanted_arrow")
    connection.execute("CREATE OR REPLACE TEMP TABLE sessions AS FROM sessions_arrow")
    since = ""
    if days is not None:
        since = f"""
            JOIN (SELECT symbol, max(last_date)::DATE - {days:d} AS since FROM symbol_summaries
                  WHERE NOT intraday GROUP BY symbol) AS ends USING (symbol)
        """
    # rows lie in order of symbol: the outer bounds let whole row groups be passed over
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE looked AS
        SELECT symbol, date, calendar, open_price AS open, high_price AS high,
               low_price AS low, close_price AS close, volume, batch_id,
               lag(close_price) OVER own AS before, lead(close_price) OVER own AS after,
               row_number() OVER own AS place,
               volume > 0 AND high_price > low_price AND volume = lag(volume) OVER own
                   AND (open_price, high_price, low_price, close_price)
                     = lag((open_price, high_price, low_price, close_price)) OVER own AS repeats
        FROM market_data JOIN wanted USING (symbol) {since}
        WHERE symbol BETWEEN $first AND $last {"AND date >= since" if since else ""}
        WINDOW own AS (PARTITION BY symbol ORDER BY date)
        """,
        {
            "first": min((one.symbol for one in symbols), default=""),
            "last": max((one.symbol for one in symbols), default=""),
        },
    )


def _jumps(connection: DuckDBPyConnection, limits: QualityLimits) -> FoundJumps:
    columns = connection.execute(
        """
        WITH moves AS (
            SELECT symbol, date, place, close / before - 1 AS move FROM looked
            WHERE before > 0 AND close > 0
        ), centres AS (
            SELECT symbol, median(move) AS centre FROM moves GROUP BY symbol
        ), spreads AS (
            SELECT symbol, any_value(centre) AS centre,
                   1.4826 * median(abs(move - centre)) AS deviation
            FROM moves JOIN centres USING (symbol) GROUP BY symbol
        ), jumps AS (
            SELECT symbol, date, place FROM moves JOIN spreads USING (symbol)
            WHERE abs(move - centre) > greatest($deviations * deviation, $least)
        ), around AS (
            SELECT jumps.symbol, jumps.place, 1.4826 * median(abs(move)) AS usual_move
            FROM jumps JOIN moves ON moves.symbol = jumps.symbol
             AND (moves.place BETWEEN jumps.place - $near AND jumps.place - 1
                  OR moves.place BETWEEN jumps.place + 2 AND jumps.place + $near + 1)
            GROUP BY ALL
        ), traded AS (
            SELECT jumps.symbol, jumps.place, median(close * volume) AS usual_turnover
            FROM jumps JOIN looked ON looked.symbol = jumps.symbol AND volume > 0
             AND looked.place BETWEEN jumps.place - $traded AND jumps.place - 1
            GROUP BY ALL
        )
        SELECT looked.symbol, looked.date, coalesce(previous.before, 'nan'::DOUBLE) AS earlier,
               looked.before, looked.open, looked.close,
               coalesce(looked.after, 'nan'::DOUBLE) AS after,
               coalesce(usual_move, 0.0) AS usual_move,
               coalesce(CASE WHEN looked.volume > 0
                             THEN looked.close * looked.volume / usual_turnover END,
                        'nan'::DOUBLE) AS turnover,
               coalesce(CASE WHEN split_ratio <> 1 THEN split_ratio END, 'nan'::DOUBLE)
                   AS known_ratio
        FROM jumps JOIN looked USING (symbol, date)
        LEFT JOIN looked AS previous
          ON previous.symbol = looked.symbol AND previous.place = looked.place - 1
        LEFT JOIN around ON around.symbol = looked.symbol AND around.place = looked.place
        LEFT JOIN traded ON traded.symbol = looked.symbol AND traded.place = looked.place
        LEFT JOIN corporate_actions AS actions
          ON actions.symbol = looked.symbol AND actions.date = looked.date
        ORDER BY looked.symbol, looked.date
        """,
        {
            "deviations": limits.jump_deviations,
            "least": limits.jump_return,
            "near": limits.local_bars,
            "traded": limits.turnover_bars,
        },
    ).fetchnumpy()
    numbers = {
        name: np.asarray(columns[name], dtype=np.float64)
        for name in (
            "earlier",
            "before",
            "open",
            "close",
            "after",
            "usual_move",
            "turnover",
            "known_ratio",
        )
    }
    return FoundJumps(
        symbol=tuple(np.asarray(columns["symbol"]).tolist()),
        date=tuple(np.asarray(columns["date"]).astype("datetime64[D]").tolist()),
        **numbers,
    )
