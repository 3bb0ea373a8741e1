"""Fixes of bars: each one recorded with what was there before, and taken back exactly.

A fix either changes bars (adjust for a split, drop, fill, take another source's values) or
marks dates that a check is not to speak of again (a known closure, a finding to ignore).
All of it is one transaction: a killed process leaves the whole fix, or nothing of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, cast

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.storage.duck import upsert
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.quality import other_source

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FILLED_SOURCE = "filled"
"""Source of bars that were filled in with the close before."""

_BAR = (
    "symbol, date, open_price, high_price, low_price, close_price, volume, data_source, "
    "created_at, batch_id"
)
_COLUMNS = (
    'id, made_at, made_by, symbol, "check", kind, first_date, last_date, bars, detail, reason, '
    "undone_at, undone_by"
)


@dataclass(frozen=True, slots=True)
class NewFix:
    """A fix to make.

    Attributes
    ----------
    symbol, check
        Whose finding, and of which check.
    kind
        ``adjust_split``, ``drop``, ``fill``, ``take_other``, ``closure`` or ``ignore``.
    dates
        Bars or sessions that it is about; the split's date alone to adjust for one.
    made_by, reason
        Who, and why in the person's own words.
    split_ratio
        New shares for an old one; only to adjust for a split.
    """

    symbol: str
    check: str
    kind: str
    dates: tuple[date, ...]
    made_by: str
    reason: str = ""
    split_ratio: float = 0.0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class RecordedFix:
    """A fix as it was recorded; ``bars`` counts the bars or dates that it is about."""

    id: str
    made_at: datetime
    made_by: str
    symbol: str
    check: str
    kind: str
    first: date
    last: date
    bars: int
    detail: str
    reason: str
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class UndoneFix:
    """A fix taken back.

    Attributes
    ----------
    restored
        Bars that are again as they were.
    kept
        Bars that an import had changed since, left as that import has them.
    """

    fix: RecordedFix
    restored: int
    kept: int


class BarFixRepository:
    """Making fixes to bars of sessions, listing them and taking them back."""

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def make(self, fix: NewFix) -> RecordedFix:
        """Make a fix and record it, in one transaction.

        Raises
        ------
        InvalidInput
            When there is nothing to fix on these dates, or the kind or ratio is unknown.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        with self._store.write() as connection:
            if fix.kind in ("closure", "ignore"):
                bars, detail = _mark(connection, fix), ""
            else:
                bars, detail = _change(connection, fix, now)
            first, last = (min(fix.dates), max(fix.dates)) if fix.dates else (now.date(),) * 2
            connection.execute(
                f"INSERT INTO data_fixes ({_COLUMNS}) VALUES "
                "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                [
                    *(fix.id, now, fix.made_by, fix.symbol, fix.check, fix.kind),
                    *(first, last, bars, detail, fix.reason),
                ],
            )
            return _find(connection, fix.id)

    def undo(self, fix_id: str, undone_by: str) -> UndoneFix:
        """Take a fix back: its bars are as they were, its dates are spoken of again.

        Bars that were imported anew since stay as the import has them.

        Parameters
        ----------
        fix_id
            Whole, or the beginning of it when only one fix begins so.
        undone_by
            Who.

        Raises
        ------
        NotFound
            When no fix has this id.
        Conflict
            When it was taken back already, or a later fix changed the same bars.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        with self._store.write() as connection:
            fix = _find(connection, fix_id)
            if fix.undone_at is not None:
                raise Conflict(f"The fix {fix.id[:8]} was undone already.")
            later = connection.execute(
                """
                SELECT fixes.id FROM data_fixes AS fixes
                JOIN data_fix_bars AS theirs ON theirs.fix_id = fixes.id
                JOIN data_fix_bars AS mine
                  ON mine.symbol = theirs.symbol AND mine.date = theirs.date
                WHERE mine.fix_id = $id AND fixes.id <> $id AND fixes.undone_at IS NULL
                  AND fixes.made_at >= $made_at
                ORDER BY fixes.made_at DESC LIMIT 1
                """,
                {"id": fix.id, "made_at": fix.made_at.astimezone(UTC).replace(tzinfo=None)},
            ).fetchone()
            if later is not None:
                raise Conflict(
                    f"A later fix, {later[0][:8]}, changed the same bars.",
                    hint="Undo that one first.",
                )
            restored, kept = _restore(connection, fix)
            connection.execute("DELETE FROM data_fix_dates WHERE fix_id = ?", [fix.id])
            connection.execute(
                "UPDATE data_fixes SET undone_at = ?, undone_by = ? WHERE id = ?",
                [now, undone_by, fix.id],
            )
            return UndoneFix(_find(connection, fix.id), restored, kept)

    def list_fixes(
        self, symbols: Sequence[str] | None = None, *, limit: int = 1000
    ) -> list[RecordedFix]:
        """Return fixes, those taken back included, the newest first."""
        where = "" if symbols is None else "WHERE symbol IN (SELECT unnest(?::VARCHAR[]))"
        values: list[object] = [] if symbols is None else [list(symbols)]
        with self._store.read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM data_fixes {where} ORDER BY made_at DESC, id LIMIT ?",
                [*values, limit],
            ).fetchall()
        return [_recorded(row) for row in rows]


def _find(connection: DuckDBPyConnection, fix_id: str) -> RecordedFix:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM data_fixes WHERE starts_with(id, ?) LIMIT 2", [fix_id]
    ).fetchall()
    if not fix_id or len(rows) != 1:
        raise NotFound(
            f"{'More than one fix begins with' if rows else 'No fix has the id'} {fix_id!r}.",
            hint="See: quant-tui data quality --fixes",
        )
    return _recorded(rows[0])


def _recorded(row: tuple[object, ...]) -> RecordedFix:
    made_at, undone_at = row[1], row[11]
    return RecordedFix(
        id=str(row[0]),
        made_at=_aware(made_at),
        made_by=str(row[2]),
        symbol=str(row[3]),
        check=str(row[4]),
        kind=str(row[5]),
        first=cast("date", row[6]),
        last=cast("date", row[7]),
        bars=cast("int", row[8]),
        detail=str(row[9]),
        reason=str(row[10]),
        undone_at=None if undone_at is None else _aware(undone_at),
        undone_by=None if row[12] is None else str(row[12]),
    )


def _aware(stored: object) -> datetime:
    return cast("datetime", stored).replace(tzinfo=UTC)


def _mark(connection: DuckDBPyConnection, fix: NewFix) -> int:
    if not fix.dates:
        raise InvalidInput("Name the dates to mark.", field="dates")
    connection.execute(
        "INSERT INTO data_fix_dates SELECT ?, ?, ?, unnest(?::DATE[])",
        [fix.id, fix.symbol, fix.check, list(fix.dates)],
    )
    return len(fix.dates)


# ------------------------------------------------------------------ changing bars


def _change(connection: DuckDBPyConnection, fix: NewFix, now: datetime) -> tuple[int, str]:
    """Change bars: what they become lies in ``fixed`` first; return how many, and how."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE fixed AS SELECT {_BAR} FROM market_data "
                       "LIMIT 0")  # fmt: skip
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT unnest(?::DATE[]) AS date",
        [list(fix.dates)],
    )
    if fix.kind == "adjust_split":
        detail = _adjusted(connection, fix, now)
    elif fix.kind == "fill":
        detail = _filled(connection, fix, now)
    elif fix.kind == "take_other":
        detail = _others(connection, fix)
    elif fix.kind == "drop":
        detail = "dropped"
    else:
        raise InvalidInput(f"{fix.kind!r} is not a kind of fix.", field="kind")
    connection.execute(
        f"""
        INSERT INTO data_fix_bars BY NAME
        SELECT $id AS fix_id, 'before' AS change, {_BAR} FROM market_data
        WHERE symbol = $symbol AND date IN (FROM touched)
        UNION ALL BY NAME
        SELECT $id AS fix_id, 'after' AS change, {_BAR} FROM fixed
        """,
        {"id": fix.id, "symbol": fix.symbol},
    )
    row = connection.execute(
        "SELECT count(DISTINCT date) FROM data_fix_bars WHERE fix_id = ?", [fix.id]
    ).fetchone()
    bars = int(row[0]) if row else 0
    if not bars:
        raise InvalidInput(
            f"{fix.symbol} has no bars on these dates that could be fixed so.", field="dates"
        )
    connection.execute("CREATE OR REPLACE TEMP TABLE wanted_bars AS FROM fixed")
    _put(connection, fix.symbol)
    return bars, detail


def _put(connection: DuckDBPyConnection, symbol: str) -> None:
    """Make the bars of ``touched`` dates those of ``wanted_bars``; others stay."""
    names = [name for name in _BAR.split(", ") if name not in ("symbol", "date")]
    connection.execute(
        """
        DELETE FROM market_data WHERE symbol = $symbol AND date IN (FROM touched)
        AND date NOT IN (SELECT date FROM wanted_bars)
        """,
        {"symbol": symbol},
    )
    connection.execute(
        f"""
        UPDATE market_data AS bars SET {", ".join(f"{name} = new.{name}" for name in names)}
        FROM wanted_bars AS new WHERE bars.symbol = new.symbol AND bars.date = new.date
        """
    )
    added = connection.execute(
        f"""
        INSERT INTO market_data ({_BAR})
        SELECT {_BAR} FROM wanted_bars AS new
        WHERE date NOT IN (SELECT date FROM market_data WHERE symbol = $symbol)
        """,
        {"symbol": symbol},
    ).fetchone()
    if added and added[0]:
        connection.execute("INSERT INTO sort_debt VALUES ('market_data', ?)", [int(added[0])])
    connection.execute("CREATE OR REPLACE TEMP TABLE fixed_symbol AS SELECT ? AS symbol", [symbol])
    upsert.refresh_summaries(connection, "market_data", "SELECT symbol FROM fixed_symbol")


def _adjusted(connection: DuckDBPyConnection, fix: NewFix, now: datetime) -> str:
    """Bars before the split become what they would have been after it."""
    if not fix.split_ratio > 0 or fix.split_ratio == 1 or len(fix.dates) != 1:
        raise InvalidInput(
            "To adjust for a split needs its date and its ratio: new shares for an old one.",
            field="ratio",
            hint="For example 4 for 4:1, 0.1 for 1:10.",
        )
    values = {"symbol": fix.symbol, "split": fix.dates[0], "id": fix.id}
    connection.execute(
        """
        INSERT INTO import_batches BY NAME
        WITH old AS (
            SELECT DISTINCT batch_id FROM market_data WHERE symbol = $symbol AND date < $split
        )
        SELECT batches.* REPLACE (
            $id || ':' || batches.id AS id, 'fix ' || $id AS origin, $now AS fetched_at,
            CASE WHEN adjustment IN ('none', 'unknown') THEN 'splits' ELSE adjustment END
                AS adjustment, '' AS content_hash
        ) FROM import_batches AS batches JOIN old ON old.batch_id = batches.id
        """,
        {**values, "now": now},
    )
    connection.execute(
        """
        INSERT INTO fixed BY NAME
        SELECT bars.* EXCLUDE (id) REPLACE (
            open_price / $ratio AS open_price, high_price / $ratio AS high_price,
            low_price / $ratio AS low_price, close_price / $ratio AS close_price,
            round(volume * $ratio)::BIGINT AS volume, $id || ':' || batch_id AS batch_id
        ) FROM market_data AS bars WHERE symbol = $symbol AND date < $split
        """,
        {**values, "ratio": fix.split_ratio},
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT date FROM fixed")
    return f"split {split_text(fix.split_ratio)}"


def _filled(connection: DuckDBPyConnection, fix: NewFix, now: datetime) -> str:
    """Sessions without a bar get the close before, without volume."""
    connection.execute(
        """
        INSERT INTO fixed BY NAME
        SELECT $symbol AS symbol, touched.date, before.close_price AS open_price,
               before.close_price AS high_price, before.close_price AS low_price,
               before.close_price, 0 AS volume, $source AS data_source, $now AS created_at,
               $id AS batch_id
        FROM touched ASOF JOIN (
            SELECT date, close_price FROM market_data WHERE symbol = $symbol
        ) AS before ON touched.date > before.date
        WHERE touched.date NOT IN (SELECT date FROM market_data WHERE symbol = $symbol)
        """,
        {"symbol": fix.symbol, "source": FILLED_SOURCE, "now": now, "id": fix.id},
    )
    # dates that have a bar stay out of it: nothing is overwritten by a filling
    connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT date FROM fixed")
    connection.execute(
        """
        INSERT INTO import_batches
        SELECT $id, $source, 'fix ' || $id, $now, 'unknown', '', '1d', false,
               count(*), count(*), 0 FROM fixed HAVING count(*) > 0
        """,
        {"id": fix.id, "source": FILLED_SOURCE, "now": now},
    )
    return "filled with the close before"


def _others(connection: DuckDBPyConnection, fix: NewFix) -> str:
    """Bars become what the other source said last."""
    connection.execute(
        f"""
        INSERT INTO fixed BY NAME
        SELECT {_BAR} FROM ({other_source("$symbol")}) WHERE date IN (FROM touched)
        """,
        {"symbol": fix.symbol},
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT date FROM fixed")
    row = connection.execute(
        "SELECT string_agg(DISTINCT data_source, ', ' ORDER BY data_source) FROM fixed"
    ).fetchone()
    return f"values of {row[0]}" if row and row[0] else ""


def _restore(connection: DuckDBPyConnection, fix: RecordedFix) -> tuple[int, int]:
    """Bring back the bars that are still as the fix left them; return how many, how many not."""
    values = {"id": fix.id, "symbol": fix.symbol}
    total = connection.execute(
        "SELECT count(DISTINCT date) FROM data_fix_bars WHERE fix_id = ?", [fix.id]
    ).fetchone()
    if not total or not total[0]:
        return 0, 0
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE touched AS
        WITH mine AS (
            SELECT DISTINCT date FROM data_fix_bars WHERE fix_id = $id
        ), left_so AS (
            SELECT {_BAR} FROM data_fix_bars WHERE fix_id = $id AND change = 'after'
        ), present AS (
            SELECT {_BAR} FROM market_data
            WHERE symbol = $symbol AND date IN (SELECT date FROM mine)
        ), changed AS (
            (FROM left_so EXCEPT FROM present) UNION ALL (FROM present EXCEPT FROM left_so)
        )
        SELECT date FROM mine WHERE date NOT IN (SELECT date FROM changed)
        """,
        values,
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE wanted_bars AS
        SELECT {_BAR} FROM data_fix_bars
        WHERE fix_id = $id AND change = 'before' AND date IN (FROM touched)
        """,
        {"id": fix.id},
    )
    _put(connection, fix.symbol)
    connection.execute(
        """
        DELETE FROM import_batches WHERE (id = $id OR starts_with(id, $id || ':'))
        AND id NOT IN (SELECT batch_id FROM market_data WHERE symbol = $symbol)
        """,
        values,
    )
    row = connection.execute("SELECT count(*) FROM touched").fetchone()
    restored = int(row[0]) if row else 0
    return restored, int(total[0]) - restored


def split_text(ratio: float) -> str:
    """Write a ratio as people do: 4.0 is ``4:1``, 0.1 is ``1:10``, 1.5 ``3:2``."""
    from fractions import Fraction

    fraction = Fraction(ratio).limit_denominator(200)
    return f"{fraction.numerator}:{fraction.denominator}"
