"""The newest bars of many symbols at once, side by side, for lists of quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.storage.duck.daily import fetch_days, together
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.selection import distinct

if TYPE_CHECKING:
    from collections.abc import Mapping

CALENDAR_DAYS = 400
"""How far back the newest daily bars reach: a year and the bars before it that warm up."""

FIELDS = ("high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class RecentBars:
    """The newest bars of several symbols, each symbol's last bar in the last row.

    Attributes
    ----------
    symbols
        Names, in the order asked for; N of them.
    counts
        Bars of each symbol in the arrays, (N,); 0 where there is none.
    dates
        datetime64[D], (S, N); NaT above a symbol's first bar here.
    high, low, close, volume
        float64, (S, N); NaN above a symbol's first bar here.
    """

    symbols: tuple[str, ...]
    counts: NDArray[np.int64]
    dates: NDArray[np.datetime64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]


class QuoteRepository:
    """The newest bars of symbols. Synchronous, as all of DuckDB; safe from any thread.

    Parameters
    ----------
    store
        The file.
    """

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def recent(self, symbols: Sequence[str], *, cancel: CancelCheck | None = None) -> RecentBars:
        """Load the bars of about the last thirteen months of each symbol, by one query.

        A symbol's own last bar is where its thirteen months end. Weekly and monthly bars
        reach as many bars back. Where some symbols have no bars by session, another query
        puts their intraday bars together to days. Symbols without bars have empty columns.

        Parameters
        ----------
        symbols
            At least one, none twice.
        cancel
            Asked ten times a second.

        Raises
        ------
        InvalidInput
            When none is given, or one twice.
        """
        names = distinct(symbols)
        query = f"""
            WITH wanted AS (
                SELECT name, row_number() OVER () - 1 AS position
                FROM (SELECT unnest(?::VARCHAR[]) AS name)
            ), since AS (
                SELECT name, position, max(last_date)::DATE - {CALENDAR_DAYS} * max(
                    CASE "interval" WHEN '1mo' THEN 21 WHEN '1wk' THEN 5 ELSE 1 END) AS first
                FROM wanted JOIN symbol_summaries ON symbol = name
                WHERE NOT intraday GROUP BY ALL
            )
            SELECT since.position::INTEGER AS position, bars.date AS date,
                   high_price AS high, low_price AS low, close_price AS close,
                   volume::DOUBLE AS volume
            FROM market_data AS bars
            JOIN since ON bars.symbol = since.name AND bars.date >= since.first
        """
        with (
            self._store.read(cancel=cancel) as connection,
            interrupted_by(cancel, connection.interrupt),
        ):
            fetched = connection.execute(query, [list(names)]).fetchnumpy()
            rows = {key: np.asarray(column) for key, column in fetched.items()}
            if not np.bincount(rows["position"], minlength=len(names)).all():
                rows = together(rows, fetch_days(connection, names, days=CALENDAR_DAYS))
        return _side_by_side(names, rows)


def _side_by_side(names: tuple[str, ...], rows: Mapping[str, NDArray[np.generic]]) -> RecentBars:
    """Put each symbol's rows into its column, the newest at the bottom."""
    position = rows["position"].astype(np.int64)
    dates = rows["date"].astype("datetime64[D]")
    counts = np.bincount(position, minlength=len(names))
    order = np.lexsort((dates, position))
    ends = np.cumsum(counts)
    size = int(counts.max(initial=0))
    column = position[order]
    place = size - ends[column] + np.arange(len(order))
    days = np.full((size, len(names)), np.datetime64("NaT", "D"))
    days[place, column] = dates[order]
    spread: dict[str, NDArray[np.float64]] = {}
    for name in FIELDS:
        matrix = np.full((size, len(names)), np.nan)
        matrix[place, column] = rows[name].astype(np.float64)[order]
        spread[name] = matrix
    return RecentBars(
        symbols=names,
        counts=counts,
        dates=days,
        high=spread["high"],
        low=spread["low"],
        close=spread["close"],
        volume=spread["volume"],
    )
