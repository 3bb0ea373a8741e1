"""From columns of a file to checked bars in a raw stage.

Rules for what a file may hold, chosen so that nothing wrong enters a backtest unseen:

* A close, open, high or low that is missing, not a number, or not above zero is an error.
* High below low, or open or close outside of them, is an error; within 1e-5 of the price
  it is rounding of adjusted prices, and high and low are widened.
* A row without any price is no session: left out and noted. So is a halted one, as the
  Korea Exchange writes it: open, high, low and volume 0 beside the last close.
* A missing volume is 0, noted; a negative one is an error.
* A bar of the future is an error, wherever the exchange is; a bar of a week or month may be
  dated by its end, hence :data:`~quant_tui.domain.market_data.MOST_AHEAD`.
* A file of closes alone (indexes, fund values) has open, high and low taken from close,
  noted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.market_data import MOST_AHEAD
from quant_tui.providers.dates import EARLIEST, LATEST, DateStyle, explain_date, parse_dates
from quant_tui.providers.numbers import explain_number, parse_numbers
from quant_tui.providers.options import ReadOptions, is_symbol
from quant_tui.providers.order import OrderWatch
from quant_tui.providers.problems import ProblemLog

if TYPE_CHECKING:
    import pyarrow as pa

ROUNDING = 1e-5
"""How far, in parts of the price, open and close may lie outside of high and low."""

PRICES = ("open", "high", "low", "close")


class RawWriter(Protocol):
    """Takes checked bars."""

    def write(self, table: pa.Table) -> None:
        """Append rows with the columns of :data:`RAW_COLUMNS`."""


MOST_VOLUME = 2.0**53
"""Largest volume of a bar: up to here floating point holds whole numbers exactly."""

RAW_COLUMNS = ("symbol", "local", "utc", "line", *PRICES, "volume")
"""Of the raw stage: wall clock and UTC in microseconds, row of the file, figures."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of one file are to be understood."""

    style: DateStyle
    mark: str
    names: Mapping[str, str]
    default_symbol: str
    options: ReadOptions


class BarBuilder:
    """Checks rows and hands the good ones on.

    Parameters
    ----------
    reading
        How to understand cells; ``names`` are the file's columns by ours.
    log
        Told about problems.
    writer
        Where good rows go.
    """

    def __init__(self, reading: Reading, log: ProblemLog, writer: RawWriter) -> None:
        self._reading = reading
        self._log = log
        self._writer = writer
        self._symbols: dict[str, int] = {}
        self._newest = int((datetime.now(UTC) + MOST_AHEAD).timestamp() * 1_000_000)
        self.rows = 0
        self.order = OrderWatch()
        self.naive_times = False

    @property
    def symbols(self) -> dict[str, int]:
        """Symbols seen in the file's own column, with the first row of each."""
        return self._symbols

    def add(
        self, cells: Mapping[str, pa.Array], lines: NDArray[np.int64], symbol: str = ""
    ) -> None:
        """Check rows and write the good ones.

        Parameters
        ----------
        cells
            Arrays by our column name, all of one length.
        lines
            Row number of each in the file.
        symbol
            Of all of them, when the file says it elsewhere than in a column.
        """
        count = len(lines)
        if not count:
            return
        figures, absent, wrong = self._numbers(cells, count)
        times = parse_dates(cells["date"], self._reading.style)
        empty = absent["open"] & absent["high"] & absent["low"] & absent["close"]
        self._note(empty & ~times.absent, lines, "", "has no prices: no session, left out")
        self._note(empty & times.absent, lines, "", "is empty, left out")
        halted = self._halted(figures)
        self._note(halted, lines, "", "has no open, high, low and volume: halted, left out")
        skip = empty | halted
        self._fatal(times.absent & ~skip, lines, "date", lambda _: "is missing")
        self._fatal(
            times.wrong & ~skip,
            lines,
            "date",
            lambda row: explain_date(_text(cells["date"], row), self._reading.style),
        )
        self._fatal(
            ~times.wrong & ~times.absent & ~skip & ~_between(times.local),
            lines,
            "date",
            lambda row: f"{_text(cells['date'], row)!r} is not between the years 1700 and 2200",
        )
        future = _between(times.local) & (times.local > self._newest)
        self._fatal(
            future & ~times.wrong & ~times.absent & ~skip,
            lines,
            "date",
            lambda row: f"{_text(cells['date'], row)!r} lies in the future",
        )
        names, bad_symbol = self._names(cells, count, lines, skip, symbol)
        bad = self._check_figures(figures, absent, wrong, lines, skip)
        bad |= bad_symbol | times.absent | times.wrong | ~_between(times.local) | future
        keep = ~bad & ~skip
        local, utc = self._clocks(times.local, times.offset, times.zoned)
        if bool(np.any(keep & ~times.zoned & (times.local % 86_400_000_000 != 0))):
            self.naive_times = True
        self._write(names, local, utc, lines, figures, keep)

    # ------------------------------------------------------------------ figures

    def _numbers(
        self, cells: Mapping[str, pa.Array], count: int
    ) -> tuple[
        dict[str, NDArray[np.float64]], dict[str, NDArray[np.bool_]], dict[str, NDArray[np.bool_]]
    ]:
        figures: dict[str, NDArray[np.float64]] = {}
        absent: dict[str, NDArray[np.bool_]] = {}
        wrong: dict[str, NDArray[np.bool_]] = {}
        for name in (*PRICES, "adjusted_close", "volume"):
            if name in cells:
                figures[name], absent[name], wrong[name] = parse_numbers(
                    cells[name], self._reading.mark
                )
        self._cells = cells
        if "close" not in figures:
            figures["close"] = figures.pop("adjusted_close")
            absent["close"], wrong["close"] = absent["adjusted_close"], wrong["adjusted_close"]
        elif self._reading.options.adjust and "adjusted_close" in figures:
            with np.errstate(divide="ignore", invalid="ignore"):
                factor = figures["adjusted_close"] / figures["close"]
            for name in PRICES:
                if name in figures:
                    figures[name] = figures[name] * factor
            absent["close"] = absent["close"] | absent["adjusted_close"]
            wrong["close"] = wrong["close"] | wrong["adjusted_close"]
        for name in ("open", "high", "low"):
            if name not in figures:
                figures[name] = figures["close"].copy()
                absent[name], wrong[name] = absent["close"], wrong["close"]
        if "volume" not in figures:
            figures["volume"] = np.zeros(count)
            absent["volume"] = wrong["volume"] = np.zeros(count, dtype=bool)
        return figures, absent, wrong

    @staticmethod
    def _halted(figures: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        none = (figures["open"] == 0) & (figures["high"] == 0) & (figures["low"] == 0)
        still = (figures["volume"] == 0) | np.isnan(figures["volume"])
        halted: NDArray[np.bool_] = none & still & (figures["close"] > 0)
        return halted

    def _check_figures(
        self,
        figures: dict[str, NDArray[np.float64]],
        absent: Mapping[str, NDArray[np.bool_]],
        wrong: Mapping[str, NDArray[np.bool_]],
        lines: NDArray[np.int64],
        skip: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        bad = np.zeros(len(lines), dtype=bool)
        own = [name for name in PRICES if name in self._reading.names or name == "close"]
        for name in own:
            source = name if name in self._cells else "adjusted_close"
            gone = absent[name] & ~skip
            self._fatal(gone, lines, source, lambda _: "is missing")
            self._wrong_number(wrong[name] & ~skip, lines, source)
            low = ~(figures[name] > 0) & ~absent[name] & ~wrong[name] & ~skip
            self._fatal(
                low,
                lines,
                source,
                lambda row, name=name: (  # type: ignore[misc]  # binds the loop's name
                    f"is {figures[name][row]:g}; prices must be above zero"
                ),
            )
            bad |= gone | wrong[name] | low
        bad |= self._check_range(figures, lines, ~bad & ~skip)
        volume = figures["volume"]
        self._wrong_number(wrong["volume"] & ~skip, lines, "volume")
        negative = (volume < 0) & ~skip
        self._fatal(negative, lines, "volume", lambda row: f"is {volume[row]:g}, below zero")
        self._note(absent["volume"] & ~skip, lines, "volume", "is missing, taken as 0")
        huge = (volume > MOST_VOLUME) & ~skip
        self._fatal(huge, lines, "volume", lambda row: f"is {volume[row]:g}, beyond any market's")
        whole = np.rint(np.where(np.isnan(volume), 0.0, volume))
        self._note(
            (np.abs(volume - whole) > 0) & ~skip, lines, "volume", "is no whole number, rounded"
        )
        bad |= negative | huge | wrong["volume"]
        figures["volume"] = whole
        return bad

    def _check_range(
        self,
        figures: dict[str, NDArray[np.float64]],
        lines: NDArray[np.int64],
        usable: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        open_, high, low, close = (figures[name] for name in PRICES)
        slack = ROUNDING * np.abs(close)
        crossed = usable & (high < low - slack)
        self._fatal(
            crossed,
            lines,
            "high",
            lambda row: f"is {high[row]:g}, below the low of {low[row]:g}",
        )
        bad = crossed
        for name, price in (("open", open_), ("close", close)):
            out = usable & ~crossed & ((price > high + slack) | (price < low - slack))
            self._fatal(
                out,
                lines,
                name,
                lambda row, price=price: (  # type: ignore[misc]  # binds the loop's price
                    f"is {price[row]:g}, outside of low {low[row]:g} to high {high[row]:g}"
                ),
            )
            bad = bad | out
        top, bottom = (
            np.maximum.reduce([open_, high, low, close]),
            np.minimum.reduce([open_, high, low, close]),
        )
        off = usable & ~bad & ((top != high) | (bottom != low))
        self._note(off, lines, "high", "and low are off by rounding, widened to open and close")
        figures["high"], figures["low"] = np.where(off, top, high), np.where(off, bottom, low)
        return bad

    # ------------------------------------------------------------ symbols, times

    def _names(
        self,
        cells: Mapping[str, pa.Array],
        count: int,
        lines: NDArray[np.int64],
        skip: NDArray[np.bool_],
        symbol: str,
    ) -> tuple[pa.Array, NDArray[np.bool_]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        none = np.zeros(count, dtype=bool)
        if "symbol" not in cells:
            name = self._reading.options.symbol or symbol or self._reading.default_symbol
            self._symbols.setdefault(name, int(lines[0]))
            return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), [name]), none
        text = pc.utf8_trim_whitespace(pc.fill_null(pc.cast(cells["symbol"], pa.string()), ""))
        encoded = text.dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        distinct = encoded.dictionary.to_pylist()
        bad = none
        for code, name in enumerate(distinct):
            if name not in self._symbols:
                at = int(np.argmax(codes == code))
                if not is_symbol(name):
                    mine = (codes == code) & ~skip
                    said = f"{name[:40]!r} is not a symbol" if name else "is missing"
                    self._fatal(mine, lines, "symbol", lambda _, said=said: said)  # type: ignore[misc]  # binds the loop's text
                    bad = bad | mine
                    continue
                self._symbols[name] = int(lines[at])
        if self._reading.options.symbol:
            renamed = [self._reading.options.symbol] * len(distinct)
            encoded = pa.DictionaryArray.from_arrays(encoded.indices, renamed)
        return encoded, bad

    def _clocks(
        self, local: NDArray[np.int64], offset: NDArray[np.int64], zoned: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the wall clock at the exchange, and UTC."""
        zone = self._reading.options.timezone
        utc = local - offset
        if not zone:
            return local, utc
        import pyarrow as pa
        import pyarrow.compute as pc

        if not zoned.all():
            # The hour that summer time takes or repeats is no trading hour: either will do.
            assumed = pc.assume_timezone(
                pa.array(local).cast(pa.timestamp("us")),
                zone,
                ambiguous="earliest",
                nonexistent="earliest",
            )
            utc = np.where(zoned, utc, assumed.cast(pa.int64()).to_numpy(zero_copy_only=False))
        if zoned.any():
            aware = pa.array(utc).cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", zone))
            there = pc.local_timestamp(aware).cast(pa.int64()).to_numpy(zero_copy_only=False)
            local = np.where(zoned, there, local)
        return local, utc

    # ------------------------------------------------------------------- output

    def _write(
        self,
        names: pa.Array,
        local: NDArray[np.int64],
        utc: NDArray[np.int64],
        lines: NDArray[np.int64],
        figures: Mapping[str, NDArray[np.float64]],
        keep: NDArray[np.bool_],
    ) -> None:
        import pyarrow as pa

        codes = names.indices.to_numpy(zero_copy_only=False)
        back = (codes[1:] == codes[:-1]) & (local[1:] < local[:-1]) & keep[1:] & keep[:-1]
        self._note(
            np.concatenate(([False], back)), lines, "date", "is before the row above; sorted"
        )
        self.order.look(names, local, utc, keep)
        self.rows += int(keep.sum())
        columns = {
            "symbol": names.cast(pa.string()),
            "local": local,
            "utc": utc,
            "line": lines,
            **{name: figures[name] for name in (*PRICES, "volume")},
        }
        table = pa.table({name: columns[name] for name in RAW_COLUMNS})
        self._writer.write(table if keep.all() else table.filter(pa.array(keep)))

    def _column(self, ours: str) -> str:
        return self._reading.names.get(ours, ours)

    def _wrong_number(self, mask: NDArray[np.bool_], lines: NDArray[np.int64], column: str) -> None:
        self._fatal(
            mask,
            lines,
            column,
            lambda row: explain_number(_text(self._cells[column], row), self._reading.mark),
        )

    def _fatal(
        self,
        mask: NDArray[np.bool_],
        lines: NDArray[np.int64],
        column: str,
        message: Callable[[int], str],
    ) -> None:
        rows = np.flatnonzero(mask)
        named = rows[: self._log.room]
        for row in named:
            self._log.fatal(int(lines[row]), self._column(column), message(int(row)))
        self._log.fatal_more(len(rows) - len(named))

    def _note(
        self, mask: NDArray[np.bool_], lines: NDArray[np.int64], column: str, message: str
    ) -> None:
        rows = np.flatnonzero(mask)
        if len(rows):
            name = self._column(column) if column else ""
            self._log.note(int(lines[rows[0]]), name, message, len(rows))


def _text(cells: pa.Array, row: int) -> str:
    return str(cells[row].as_py())


def _between(local: NDArray[np.int64]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (local >= EARLIEST) & (local < LATEST)
    return inside
