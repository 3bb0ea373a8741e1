"""What the bar repository takes and gives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

DAILY_INTERVALS = frozenset({"1d", "1wk", "1mo"})
"""Intervals whose bars belong to a session date; all others are times in UTC."""

STAGE_COLUMNS = ("symbol", "date", "open", "high", "low", "close", "volume")
"""Columns that a stage must have: symbol text, date a DATE (daily) or TIMESTAMP in UTC
(intraday), the rest float64, nothing missing. More columns are ignored."""


def is_intraday(interval: str) -> bool:
    """Whether bars of this interval are kept by time rather than by session date."""
    return interval not in DAILY_INTERVALS


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Where a set of bars came from.

    Attributes
    ----------
    source
        Who made the figures, as shown beside them (``alpha_vantage``, ``csv``).
    origin
        File name or address they were read from.
    adjustment
        What prices are adjusted for: ``none``, ``splits``, ``splits and dividends``, or
        ``unknown``.
    content_hash
        Hash of what was read; empty when not known.
    interval
        ``1d``, ``1wk``, ``1mo``, or minutes and hours such as ``5m``, ``1h``.
    synthetic
        Whether the figures are invented; shown wherever they are shown.
    fetched_at
        When they were read, aware.
    id
        Made here; kept with every row.
    """

    source: str
    origin: str = ""
    adjustment: str = "unknown"
    content_hash: str = ""
    interval: str = "1d"
    synthetic: bool = False
    fetched_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch as it was recorded: what came, and how many rows it changed then."""

    batch: ImportBatch
    rows: int
    inserted: int
    updated: int


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    """What an upsert did; unchanged rows kept their batch and creation time."""

    inserted: int
    updated: int
    unchanged: int

    @property
    def total(self) -> int:
        """Rows that came."""
        return self.inserted + self.updated + self.unchanged


@dataclass(frozen=True, slots=True)
class SymbolSummary:
    """What is stored of one symbol at one interval.

    ``source`` and ``adjustment`` list every one that a stored row has, comma-separated.
    """

    symbol: str
    first: date
    last: date
    rows: int
    interval: str
    source: str
    adjustment: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class BarTable:
    """Bars of several symbols on their union calendar.

    Attributes
    ----------
    symbols
        Names, in the order asked for; N of them.
    dates
        datetime64[D] sessions, or datetime64[us] UTC times intraday; shape (T,), rising.
    open, high, low, close, volume
        float64, shape (T, N); NaN in all of them where a symbol has no bar.
    interval
        Of the bars.
    sources
        Source by symbol.
    """

    symbols: tuple[str, ...]
    dates: NDArray[np.datetime64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    interval: str
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A split or a dividend.

    Attributes
    ----------
    symbol, date
        What and when (the ex-date).
    split_ratio
        New shares for one old share; 1 when there is no split.
    dividend
        Cash a share, in the currency of the prices; 0 when there is none.
    source
        Who says so.
    """

    symbol: str
    date: date
    split_ratio: float = 1.0
    dividend: float = 0.0
    source: str = ""
