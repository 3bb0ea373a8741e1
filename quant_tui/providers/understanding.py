"""Telling from a file's first rows how its cells are to be understood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from quant_tui.domain.errors import InvalidInput
from quant_tui.providers.builder import Reading
from quant_tui.providers.dates import (
    DateStyle,
    UndecidableDates,
    chosen_style,
    recognise_style,
)
from quant_tui.providers.delimited import Rows, date_cells
from quant_tui.providers.layout import Group, Layout
from quant_tui.providers.numbers import decimal_mark
from quant_tui.providers.options import ReadOptions, symbol_from_name
from quant_tui.providers.problems import file_error


def understand(
    path: Path,
    layout: Layout,
    head: Rows,
    encoding: str,
    options: ReadOptions,
    *,
    need_symbol: bool = True,
) -> Reading:
    """Tell how the cells of a text file are to be understood.

    Parameters
    ----------
    path, layout, encoding
        Of the file.
    head
        Its first rows.
    options
        What the user says.
    need_symbol
        Whether to refuse a file whose symbol nothing says.

    Raises
    ------
    DataImportError
        When dates or decimal marks could be read in two ways, naming the option to set.
    """
    group = layout.groups[0]
    default_symbol = symbol_from_name(path)
    said = "symbol" in group.places or group.symbol or options.symbol or default_symbol
    if need_symbol and not said:
        raise file_error(
            path,
            "no symbol: there is no column for it and the file name does not say it",
            "Name the symbol, or add a symbol column.",
        )
    mark = options.decimal or decimal_mark(
        _cells(head, group, ("open", "high", "low", "close")),
        _cells(head, group, ("volume",)),
        layout.delimiter,
    )
    if mark is None:
        raise file_error(
            path,
            "the comma in prices such as "
            f"{next(iter(_cells(head, group, ('close', 'adjusted_close'))), '')!r} could be a "
            "decimal mark or separate thousands",
            "Say which: set the decimal option to ',' or '.'.",
        )
    style = _style(path, layout, head, encoding, options)
    return Reading(style, mark, layout.names, default_symbol, options)


def _style(
    path: Path, layout: Layout, head: Rows, encoding: str, options: ReadOptions
) -> DateStyle:
    chosen = chosen_style(options.date_format)
    if chosen is not None:
        if chosen.name == "custom" and not _is_date_pattern(chosen.pattern):
            raise InvalidInput(
                f"{options.date_format!r} is not a date format.",
                field="date_format",
                hint="Use dmy, mdy, or a format such as %d.%m.%Y.",
            )
        return chosen
    column = layout.names["date"]
    cells = [cell for cell in _date_texts(head, layout) if cell]
    try:
        style = recognise_style(cells)
    except UndecidableDates as unclear:
        style = _decide(path, layout, encoding, column, unclear)
    # Where none is a date, every row says so by itself.
    return style or DateStyle("ymd")


def _is_date_pattern(pattern: str) -> bool:
    """Whether dates can be read with a pattern: Python knows all its directives."""
    if "%" not in pattern:
        return False
    try:
        datetime.strptime(datetime(2001, 2, 3, tzinfo=UTC).strftime(pattern), pattern)
    except ValueError:
        return False
    return True


def _decide(
    path: Path, layout: Layout, encoding: str, column: str, unclear: UndecidableDates
) -> DateStyle:
    """Look through the whole file for a date that says which way all of them are."""
    if not unclear.conflict:
        for cells in date_cells(path, encoding, layout):
            try:
                style = recognise_style(cells)
            except UndecidableDates as still:
                if still.conflict:
                    unclear = still
                    break
            else:
                if style is not None:
                    return style
    if unclear.conflict:
        message = (
            f"has dates with the day first ({unclear.example!r}) and with the month first "
            f"({unclear.conflict!r})"
        )
        hint = "Write them all in one way, best as 2024-12-31."
    else:
        message = f"{unclear.example!r} could be day/month or month/day, and so could all dates"
        hint = "Set the date format to dmy or mdy."
    raise file_error(path, message, hint, row=layout.last_header_line + 1, column=column)


def _cells(head: Rows, group: Group, names: tuple[str, ...]) -> Iterator[str]:
    import pyarrow as pa

    for name in names:
        place = group.places.get(name)
        if place is not None and pa.types.is_string(head.columns[place].type):
            yield from (cell or "" for cell in head.columns[place].slice(0, 5000).to_pylist())


def _date_texts(head: Rows, layout: Layout) -> list[str]:
    import pyarrow as pa

    column = head.columns[layout.groups[0].places["date"]]
    if pa.types.is_temporal(column.type):
        return []
    return [str(cell) for cell in column.unique().to_pylist() if cell is not None]
