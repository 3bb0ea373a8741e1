"""Where the header of a text file is, its delimiter, and which column is which."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.errors import InvalidInput
from quant_tui.providers.columns import listed, missing, normalise, recognise
from quant_tui.providers.options import ReadOptions
from quant_tui.providers.problems import file_error

DELIMITERS = (",", ";", "\t", "|")
HEADER_WITHIN = 30
"""Lines of title that may stand above the header."""

DATE_CELL = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|^\d{8}$")
NUMBER_CELL = re.compile(r"^[+-]?\d[\d.,]*$")


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that make the bars of one symbol, or of all when ``symbol`` is empty."""

    places: Mapping[str, int]
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text file is laid out.

    Attributes
    ----------
    delimiter
        One character.
    columns
        Names as the file has them.
    last_header_line
        Rows of figures begin on the next line.
    groups
        One, or one a symbol where the file is wide.
    """

    delimiter: str
    columns: tuple[str, ...]
    last_header_line: int
    groups: tuple[Group, ...]

    @property
    def names(self) -> dict[str, str]:
        """Our column name to the file's."""
        return {ours: self.columns[place] for ours, place in self.groups[0].places.items()}


def cells_of(line: str, delimiter: str) -> list[str]:
    """Split one line; one that cannot be split is one cell."""
    try:
        return next(csv.reader([line.replace("\r", " ")], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def find_layout(path: Path, sample: str, options: ReadOptions, *, strict: bool = True) -> Layout:
    """Find the layout in the first lines of a file.

    Parameters
    ----------
    path
        Named in errors.
    sample
        Text from the beginning; the last line may be cut.
    options
        Mapping and delimiter.
    strict
        Whether to refuse a file in which columns are missing.

    Raises
    ------
    DataImportError
        When there is no header, or columns cannot be found in it.
    InvalidInput
        When the mapping is wrong.
    """
    lines = sample.splitlines()
    number, delimiter = _header(lines, options)
    if not number:
        raise file_error(path, "is empty", "Export the data again.")
    header = [cell.strip() for cell in cells_of(lines[number - 1], delimiter)]
    wide = _yahoo_layout(lines, number, delimiter, header)
    if wide is not None:
        return wide
    if _looks_like_data(header) and not options.mapping:
        raise file_error(
            path,
            "has no header: the first line is figures already",
            "Put a line of column names on top: symbol,date,open,high,low,close,volume.",
            row=number,
        )
    try:
        places = recognise(header, options.mapping)
    except InvalidInput:
        if strict:
            raise
        places = recognise([], None)
    lacking = missing(places)
    if lacking and strict:
        raise file_error(
            path,
            f"no column found for {', '.join(lacking)}",
            f"The columns are {listed(header) or 'without names'}; say which is which.",
            row=number,
        )
    return Layout(delimiter, tuple(header), number, (Group(places),))


def _header(lines: Sequence[str], options: ReadOptions) -> tuple[int, str]:
    """Return the line number of the header, 0 if there is none, and the delimiter."""
    delimiters = (options.delimiter,) if options.delimiter else DELIMITERS
    wanted = {normalise(name) for name in options.mapping.values() if name}
    first = (0, delimiters[0])
    best = (1, 0, *first)
    for number, line in enumerate(lines[:HEADER_WITHIN], start=1):
        if not line.strip(" \t,;|") or line.lstrip().startswith("#"):
            continue
        for delimiter in delimiters:
            cells = cells_of(line, delimiter)
            score = _score(cells, wanted)
            if score > best[0] or (
                score == best[0] > 1 and len(cells) > best[1] and number == best[2]
            ):
                best = (score, len(cells), number, delimiter)
        if not first[0]:
            widest = max(delimiters, key=lambda mark: len(cells_of(line, mark)))
            first = (number, widest)
    if best[0] > 1:
        return best[2], best[3]
    return first


def _score(cells: Sequence[str], wanted: set[str]) -> int:
    try:
        known = len(recognise(cells))
    except InvalidInput:
        known = 2
    return known + len(wanted & {normalise(cell) for cell in cells})


def _looks_like_data(header: Sequence[str]) -> bool:
    dates = sum(bool(DATE_CELL.match(cell)) for cell in header)
    numbers = sum(bool(NUMBER_CELL.match(cell)) for cell in header)
    return dates >= 1 and numbers >= 1


def _yahoo_layout(
    lines: Sequence[str], number: int, delimiter: str, header: Sequence[str]
) -> Layout | None:
    """Read the headers of a frame that yfinance saved: fields, tickers, then ``Date``."""
    if header[:1] not in (["Price"], [""]) or len(lines) < number + 1:
        return None
    tickers = [cell.strip() for cell in cells_of(lines[number], delimiter)]
    if tickers[:1] not in (["Ticker"], [""], ["Date"], ["Datetime"]) or len(tickers) != len(header):
        return None
    last = number + 1
    for following in lines[number + 1 : number + 2]:
        cells = [cell.strip() for cell in cells_of(following, delimiter)]
        if cells[:1] in (["Date"], ["Datetime"]) and not any(cells[1:]):
            last = number + 2
    groups: list[Group] = []
    for ticker in dict.fromkeys(tickers[1:]):
        mine = [place for place, name in enumerate(tickers) if place and name == ticker]
        found = recognise([header[place] for place in mine])
        places = {ours: mine[place] for ours, place in found.items()}
        places["date"] = 0
        if ticker and not missing(places):
            groups.append(Group(places, ticker))
    if not groups:
        return None
    columns = (
        "Date",
        *(f"{field} {ticker}" for field, ticker in zip(header[1:], tickers[1:], strict=True)),
    )
    return Layout(delimiter, columns, last, tuple(groups))
