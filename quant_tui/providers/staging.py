"""The private folder in which a file's bars are sorted and checked against one another.

Only here can it be told whether the file is daily or intraday, and whether a bar is there
twice: rows far apart are compared. DuckDB sorts on disk, so memory stays bounded.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from quant_tui.domain.cancellation import CancelCheck, interrupted_by
from quant_tui.domain.errors import DataProblem
from quant_tui.providers.options import ReadOptions
from quant_tui.providers.problems import ProblemLog

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from pyarrow.parquet import ParquetWriter

DAY = 86_400_000_000
SORT_MEMORY = "512MB"
PREFIX = "quant-tui-import-"


@dataclass(frozen=True, slots=True)
class StagedBars:
    """Bars of one file: checked, in order of symbol and date, none twice.

    Use as a context manager: leaving it removes the private folder.

    Attributes
    ----------
    path
        Parquet file with symbol, date (DATE for sessions, TIMESTAMP in UTC for intraday
        bars), open, high, low, close, volume; the stage that ``BarRepository.upsert`` takes.
    interval
        ``1d``, ``1wk``, ``1mo``, or intraday such as ``5m``.
    symbols
        In alphabetical order.
    rows
        Bars.
    first, last
        Dates of the first and last bar.
    problems
        What was mended, left out or merely noted; none is fatal.
    origin
        File name.
    content_hash
        SHA-256 of the file's bytes.
    mapping
        Our column name to the file's.
    """

    path: Path
    interval: str
    symbols: tuple[str, ...]
    rows: int
    first: date
    last: date
    problems: tuple[DataProblem, ...]
    origin: str
    content_hash: str
    mapping: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> StagedBars:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the private folder."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Sorted:
    """What sorting found out."""

    path: Path
    interval: str
    symbols: tuple[str, ...]
    rows: int
    first: date
    last: date


class RawStage:
    """The private folder, with the rows as they come."""

    def __init__(self) -> None:
        remove_abandoned()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self._path = self.folder / "raw.parquet"
        self._writer: ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        from pyarrow.parquet import ParquetWriter

        if self._writer is None:
            self._writer = ParquetWriter(
                self._path, table.schema, compression="snappy", use_dictionary=["symbol"]
            )
        self._writer.write_table(table)

    def discard(self) -> None:
        """Remove the folder with everything in it."""
        self._finish()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sort(
        self,
        log: ProblemLog,
        options: ReadOptions,
        *,
        date_column: str,
        naive_times: bool,
        in_order: bool,
        cancel: CancelCheck | None,
    ) -> Sorted:
        """Sort the rows, drop repeated ones, and tell daily from intraday.

        With ``in_order`` the rows are known to rise by symbol and time.

        Raises
        ------
        DataImportError
            When bars contradict one another, or the zone of daily times cannot be told.
        Cancelled
            When ``cancel`` says so.
        """
        import duckdb

        self._finish()
        with duckdb.connect(
            config={
                "memory_limit": SORT_MEMORY,
                "threads": 2,
                "temp_directory": str(self.folder / "tmp"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": in_order,
            }
        ) as connection:
            escaped = str(self._path).replace("'", "''")
            connection.execute(f"CREATE VIEW raw AS FROM read_parquet('{escaped}')")
            with interrupted_by(cancel, connection.interrupt):
                work = _Sorting(connection, log, options, date_column)
                target = self.folder / "bars.parquet"
                return work.run(target, naive_times=naive_times, in_order=in_order)

    def _finish(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@dataclass(slots=True)
class _Sorting:
    connection: DuckDBPyConnection
    log: ProblemLog
    options: ReadOptions
    date_column: str

    def run(self, target: Path, *, naive_times: bool, in_order: bool) -> Sorted:
        timed, off_midnight = self._row(
            f"SELECT bool_or(local % {DAY} <> 0), bool_or(utc % {DAY} <> 0) FROM raw"
        )
        intraday = bool(timed) and self._has_several_a_day()
        wanted = self.options.interval
        if wanted and wanted[-1] in "smh":
            intraday = True
        elif wanted and intraday:
            self.log.fatal(0, self.date_column, f"has several bars a day, not {wanted}")
        if intraday:
            moment, kind = "make_timestamp(utc)", "TIMESTAMP"
            if naive_times and not self.options.timezone:
                self.log.note(
                    0, self.date_column, "has times without a zone, taken as UTC; name the timezone"
                )
        else:
            clock = "utc" if timed and not off_midnight else "local"
            moment, kind = f"make_timestamp({clock})::DATE", "DATE"
            self._check_weekend(moment, timed=bool(timed), naive=naive_times)
        self.connection.execute(
            f"CREATE VIEW bars AS SELECT symbol, {moment} AS date, line, open, high, low, close, "
            "volume FROM raw"
        )
        repeated = 0 if in_order else self._check_repeated()
        self.log.raise_if_fatal()
        distinct = (
            "SELECT symbol, date, any_value(open) AS open, any_value(high) AS high, "
            "any_value(low) AS low, any_value(close) AS close, any_value(volume) AS volume "
            "FROM bars GROUP BY symbol, date"
            if repeated
            else "SELECT symbol, date, open, high, low, close, volume FROM bars"
        )
        escaped = str(target).replace("'", "''")
        order = "" if in_order else "ORDER BY symbol, date"
        self.connection.execute(
            f"COPY ({distinct} {order}) TO '{escaped}' (FORMAT parquet, COMPRESSION snappy)"
        )
        return self._describe(target, escaped, intraday=intraday, kind=kind)

    def _has_several_a_day(self) -> bool:
        found = self.connection.execute(
            f"SELECT 1 FROM raw GROUP BY symbol, local // {DAY} HAVING min(local) <> max(local) "
            "LIMIT 1"
        ).fetchone()
        return found is not None

    def _check_weekend(self, moment: str, *, timed: bool, naive: bool) -> None:
        """Daily times in UTC fall on the day before east of Greenwich: Sundays, no Fridays."""
        if not timed or naive or self.options.timezone:
            return
        sundays, fridays, line = self._row(
            f"SELECT count(*) FILTER (WHERE dayofweek({moment}) = 0), "
            f"count(*) FILTER (WHERE dayofweek({moment}) = 5), "
            f"min(line) FILTER (WHERE dayofweek({moment}) = 0) FROM raw"
        )
        if int(sundays) and not int(fridays):
            self.log.fatal(
                int(line),
                self.date_column,
                "gives sessions on Sundays and none on Fridays: its times are not in the zone of "
                "the exchange; name the timezone, for example Asia/Seoul",
            )

    def _check_repeated(self) -> int:
        """Name bars that contradict one another; return how many rows only repeat others."""
        rows, keys = self._row(
            "SELECT sum(n), count(*) FROM (SELECT count(*) AS n FROM bars GROUP BY symbol, date)"
        )
        extra = int(rows or 0) - int(keys)
        if not extra:
            return 0
        self.connection.execute(
            "CREATE TEMP TABLE repeated AS SELECT symbol, date, min(line) AS first, "
            "count(*) AS n, count(DISTINCT (open, high, low, close, volume)) AS versions, "
            "list_sort(list(line)) AS lines "
            "FROM bars GROUP BY symbol, date HAVING count(*) > 1"
        )
        conflicts = self.connection.execute(
            "SELECT symbol, date, lines FROM repeated WHERE versions > 1 ORDER BY first LIMIT ?",
            [self.log.room],
        ).fetchall()
        for symbol, when, lines in conflicts:
            named = ", ".join(str(line) for line in lines[:5])
            self.log.fatal(
                int(lines[1]),
                self.date_column,
                f"rows {named} contradict one another: all are {symbol} on {when}",
            )
        total, same, row = self._row(
            "SELECT count(*) FILTER (WHERE versions > 1), "
            "sum(n - 1) FILTER (WHERE versions = 1), "
            "min(lines[2]) FILTER (WHERE versions = 1) FROM repeated"
        )
        self.log.fatal_more(int(total) - len(conflicts))
        if same:
            self.log.note(int(row), "", "repeats an earlier row, left out", int(same))
        return extra

    def _describe(self, target: Path, escaped: str, *, intraday: bool, kind: str) -> Sorted:
        rows, first, last = self._row(
            f"SELECT count(*), min(date)::DATE, max(date)::DATE FROM read_parquet('{escaped}')"
        )
        symbols = self.connection.execute(
            f"SELECT DISTINCT symbol FROM read_parquet('{escaped}') ORDER BY symbol"
        ).fetchall()
        step = self._row(
            f"SELECT mode(date - before) FROM (SELECT date::{kind}::TIMESTAMP AS date, "
            "lag(date::TIMESTAMP) OVER (PARTITION BY symbol ORDER BY date) AS before "
            f"FROM (SELECT symbol, date FROM read_parquet('{escaped}') "
            "WHERE symbol IN (SELECT min(symbol) FROM raw UNION SELECT max(symbol) FROM raw)))"
        )[0]
        interval = self.options.interval or _interval_name(step, intraday=intraday)
        return Sorted(target, interval, tuple(name for (name,) in symbols), int(rows), first, last)

    def _row(self, query: str) -> tuple[Any, ...]:  # as DuckDB types its rows
        row = self.connection.execute(query).fetchone()
        return row if row is not None else ()


def remove_abandoned() -> None:
    """Remove the private folders that killed processes of ours left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        if not process.isdecimal():
            continue
        try:
            mine = folder.stat().st_uid == os.getuid()
            os.kill(int(process), 0)
        except ProcessLookupError:
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # Gone meanwhile, or the process is somebody else's.
            continue


def _interval_name(step: object, *, intraday: bool) -> str:
    if not isinstance(step, timedelta):
        return "1m" if intraday else "1d"
    if not intraday:
        return "1wk" if step.days == 7 else "1mo" if 28 <= step.days <= 31 else "1d"
    seconds = int(step.total_seconds())
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{max(1, seconds)}s"
