"""Prices as the engine takes them: one row a date, one column a symbol."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine.arrays import BoolArray, DateArray, FloatArray, IntArray
from quant_tui.engine.calendars import periods_per_year

FIELDS = ("open", "high", "low", "close", "volume")
PRICES = (1e-12, 1e15)
"""Least and greatest price: products and squares of money stay numbers in between."""

MOST_VOLUME = 1e18
"""Most units traded on a bar."""

_HASH_CANONICAL_NAN = np.float64(np.nan)


class Bars:
    """Open, high, low, close and volume of one or many symbols on common dates.

    Parameters
    ----------
    symbols
        N distinct names.
    dates
        ``datetime64`` (T,), strictly ascending: session dates, or UTC times of
        intraday bars.
    open, high, low, close
        Prices (T, N), or (T,) for one symbol, within :data:`PRICES`. NaN in all four
        means that the symbol has no bar on that date (not listed yet, halted, delisted).
    volume
        Units traded (T, N), zero or more; NaN where it is not known.

    Raises
    ------
    InvalidInput
        A shape, date, symbol or price cannot be used; the message names the first place.
    InsufficientData
        There is no bar at all.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        dates: ArrayLike,
        open: ArrayLike,  # noqa: A002 - the field's own word
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        volume: ArrayLike | None = None,
    ) -> None:
        self.symbols: tuple[str, ...] = _checked_symbols(symbols)
        self.dates: DateArray = _checked_dates(dates)
        shape = (len(self.dates), len(self.symbols))
        self.open = _matrix("open", open, shape)
        self.high = _matrix("high", high, shape)
        self.low = _matrix("low", low, shape)
        self.close = _matrix("close", close, shape)
        if volume is None:
            self.volume: FloatArray = np.full(shape, np.nan)
        else:
            self.volume = _matrix("volume", volume, shape)
        self._check_prices()
        for name in FIELDS:
            getattr(self, name).flags.writeable = False
        self.dates.flags.writeable = False

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs: not what can be worked out again."""
        return {name: getattr(self, name) for name in ("symbols", "dates", *FIELDS)}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take arrays that were checked where they came from, read-only as they were."""
        self.__dict__.update(state)
        for name in ("dates", *FIELDS):
            getattr(self, name).flags.writeable = False

    def __repr__(self) -> str:
        first, last = self.dates[0], self.dates[-1]
        return f"Bars({len(self.symbols)} symbols, {len(self.dates)} dates, {first} to {last})"

    def __len__(self) -> int:
        return len(self.dates)

    @cached_property
    def present(self) -> BoolArray:
        """Whether the symbol has a bar on the date, (T, N)."""
        return np.isfinite(self.close)

    @cached_property
    def complete(self) -> bool:
        """Whether every symbol has a bar on every date."""
        return bool(self.present.all())

    @cached_property
    def periods_per_year(self) -> float:
        """Annualisation factor that the dates give."""
        return periods_per_year(self.dates)

    @cached_property
    def by_name(self) -> IntArray:
        """Columns in the order of the symbols' names, (N,).

        Sums that follow it do not depend on the order in which symbols were given.
        """
        order = sorted(range(len(self.symbols)), key=lambda column: self.symbols[column])
        return np.array(order, dtype=np.int64)

    @cached_property
    def first_row(self) -> IntArray:
        """Row of each symbol's first bar, (N,)."""
        rows: IntArray = self.present.argmax(axis=0).astype(np.int64)
        return rows

    @cached_property
    def last_row(self) -> IntArray:
        """Row of each symbol's last bar, (N,)."""
        rows: IntArray = len(self.dates) - 1 - self.present[::-1].argmax(axis=0).astype(np.int64)
        return rows

    @cached_property
    def last_close(self) -> FloatArray:
        """Close carried forward over rows without a bar, (T, N); NaN before the first bar."""
        if self.complete:
            return self.close
        rows = np.where(self.present, np.arange(len(self.dates))[:, None], 0)
        np.maximum.accumulate(rows, axis=0, out=rows)
        carried: FloatArray = np.take_along_axis(self.close, rows, axis=0)
        carried.flags.writeable = False  # as all prices are: one kind of array for the loops
        return carried

    @cached_property
    def days(self) -> FloatArray:
        """Calendar days from the date before, with fractions for times, (T,); 0 first."""
        steps = np.diff(self.dates) / np.timedelta64(1, "D")
        days: FloatArray = np.concatenate(([0.0], steps))
        return days

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of symbols, dates and figures; the order of the symbols does not matter."""
        digest = hashlib.sha256()
        order = self.by_name.tolist()
        digest.update("\n".join(self.symbols[column] for column in order).encode())
        digest.update(np.ascontiguousarray(self.dates.astype("datetime64[ns]")).tobytes())
        for name in FIELDS:
            values: FloatArray = getattr(self, name)
            for column in order:
                figures = np.ascontiguousarray(values[:, column])
                figures = np.where(np.isnan(figures), _HASH_CANONICAL_NAN, figures) + 0.0
                digest.update(figures.tobytes())
        return digest.hexdigest()

    def head(self, rows: int) -> Bars:
        """Return the first ``rows`` dates; symbols with no bar in them are kept out.

        Raises
        ------
        InsufficientData
            No symbol has a bar in them.
        """
        keep: BoolArray = np.logical_or.reduce(self.present[:rows], axis=0)
        if not keep.any():
            raise InsufficientData(f"No symbol has a bar in the first {rows} dates.")
        names = [name for name, kept in zip(self.symbols, keep, strict=True) if kept]
        return Bars(
            names,
            self.dates[:rows],
            self.open[:rows][:, keep],
            self.high[:rows][:, keep],
            self.low[:rows][:, keep],
            self.close[:rows][:, keep],
            self.volume[:rows][:, keep],
        )

    def tail(self, first: int) -> Bars:
        """Return the dates from row ``first`` on.

        Raises
        ------
        InsufficientData
            A symbol has no bar in them.
        """
        return Bars(self.symbols, self.dates[first:], *(getattr(self, f)[first:] for f in FIELDS))

    def _check_prices(self) -> None:
        missing = np.isnan(self.close)
        for name in ("open", "high", "low", "close"):
            values: FloatArray = getattr(self, name)
            partial = np.isnan(values) != missing
            if partial.any():
                raise InvalidInput(
                    f"{self._place(partial)}: {name} and close must both be given or both be"
                    " missing.",
                    field=name,
                    hint="Give all four prices, or NaN in all four where there is no bar.",
                )
            wrong = ~missing & ~((values >= PRICES[0]) & (values <= PRICES[1]))
            if wrong.any():
                raise InvalidInput(
                    f"{self._place(wrong)}: {name} must be a finite price above zero"
                    f" ({PRICES[0]:g} to {PRICES[1]:g}).",
                    field=name,
                )
        wrong = (self.volume < 0.0) | (self.volume > MOST_VOLUME)
        if wrong.any():
            raise InvalidInput(
                f"{self._place(wrong)}: volume must be zero or more, and at most {MOST_VOLUME:g}.",
                field="volume",
            )
        if missing.all():
            raise InsufficientData("The bars hold no price at all.")
        empty = missing.all(axis=0)
        if empty.any():
            name = self.symbols[int(empty.argmax())]
            raise InsufficientData(
                f"{name} has no bar in these dates.", hint="Leave it out or widen the dates."
            )

    def _place(self, wrong: BoolArray) -> str:
        row, column = np.argwhere(wrong)[0]
        return f"{self.symbols[column]} on {self.dates[row]}"

    @cached_property
    def outside_range(self) -> BoolArray:
        """Whether a bar's open or close lies outside its low to high, (T, N)."""
        with np.errstate(invalid="ignore"):
            top = np.maximum(self.open, self.close)
            bottom = np.minimum(self.open, self.close)
            return (self.high < top) | (self.low > bottom)

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """What is odd in the bars though they can be used, one sentence each."""
        found: list[str] = []
        outside = self.outside_range
        odd: BoolArray = np.logical_or.reduce(outside, axis=0)
        for column in self.by_name[odd[self.by_name]]:
            count = int(outside[:, column].sum())
            first = self.dates[int(outside[:, column].argmax())]
            found.append(
                f"{self.symbols[column]}: {count} bar(s) whose open or close lies outside"
                f" low to high, first on {first}."
            )
        return tuple(found)


def _checked_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    if isinstance(symbols, str):
        raise InvalidInput("symbols must be a list of names, not one text.", field="symbols")
    names = tuple(str(symbol) for symbol in symbols)
    if not names:
        raise InvalidInput("At least one symbol is needed.", field="symbols")
    seen: set[str] = set()
    for name in names:
        if not name.strip():
            raise InvalidInput("A symbol is empty.", field="symbols")
        if name in seen:
            raise InvalidInput(f"The symbol {name} is given twice.", field="symbols")
        seen.add(name)
    return names


def _checked_dates(dates: ArrayLike) -> DateArray:
    given = np.asarray(dates)
    if given.dtype.kind != "M":
        try:
            given = given.astype("datetime64[ns]")
        except (TypeError, ValueError) as error:
            raise InvalidInput("dates must be dates.", field="dates") from error
    if given.ndim != 1 or len(given) == 0:
        raise InsufficientData("There are no dates.")
    if np.isnat(given).any():
        row = int(np.isnat(given).argmax())
        raise InvalidInput(f"dates: row {row} is not a date.", field="dates")
    unit = np.datetime_data(given.dtype)[0]
    target = "datetime64[D]" if unit in ("Y", "M", "W", "D") else "datetime64[ns]"
    checked: DateArray = given.astype(target)
    if target == "datetime64[ns]":
        days = checked.astype("datetime64[D]")
        if (days.astype(target) == checked).all():
            checked = days
    falls = np.flatnonzero(checked[1:] <= checked[:-1])
    if len(falls):
        row = int(falls[0]) + 1
        raise InvalidInput(
            f"dates must ascend: row {row} ({checked[row]}) does not follow {checked[row - 1]}.",
            field="dates",
        )
    return checked.copy()


def _matrix(name: str, values: ArrayLike, shape: tuple[int, int]) -> FloatArray:
    try:
        matrix = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} must hold numbers.", field=name) from error
    if matrix.ndim == 1 and shape[1] == 1:
        matrix = matrix.reshape(-1, 1)
    if matrix.shape != shape:
        raise InvalidInput(
            f"{name} has shape {matrix.shape}; {shape[0]} dates and {shape[1]} symbols need"
            f" {shape}.",
            field=name,
        )
    return np.ascontiguousarray(matrix)
