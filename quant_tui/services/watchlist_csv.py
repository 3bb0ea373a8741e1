"""Watchlists as CSV: ``symbol,group,note,tags``, in order, the same when read back."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quant_tui.domain.errors import DataImportError, DataProblem, InvalidInput
from quant_tui.domain.user import Watchlist
from quant_tui.services import watchlist_edits as edits
from quant_tui.services.watchlist_edits import Edit, details_of
from quant_tui.services.watchlists import Resolved, WatchlistService
from quant_tui.services.whole_file import write_export

COLUMNS = ("symbol", "group", "note", "tags")

MOST_BYTES = 16 << 20
"""Greatest file; 20,000 symbols with notes of ordinary length are 2 MB."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a file; ``row`` is its line, and a row without a symbol makes its group."""

    row: int
    symbol: str
    group: str
    note: str
    tags: tuple[str, ...]


def to_csv(watchlist: Watchlist) -> str:
    """Write a list as CSV text.

    Groups that their symbols do not give in order, such as empty ones, come first as rows
    without a symbol.
    """
    details = details_of(watchlist)
    entries = details.by_symbol()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    given: dict[str, None] = {}
    for symbol in watchlist.symbols:
        if symbol in entries:
            given |= dict.fromkeys(edits.group_paths(entries[symbol].group))
    order = [one.path for one in details.groups]
    if order != list(given):
        writer.writerows(("", path, "", "") for path in order)
    for symbol in watchlist.symbols:
        one = details.entry(symbol) if symbol in entries else None
        said = (one.group, one.note, ", ".join(one.tags)) if one else ("", "", "")
        writer.writerow((symbol, *said))
    return out.getvalue()


def read_csv(text: str) -> tuple[list[ListRow], list[DataProblem]]:
    """Read CSV text; return its rows and what is wrong with others.

    The first line may name the columns, in any order; without names the first column holds
    the symbols, and the others follow as :data:`COLUMNS` has them. Columns of other names
    are passed over. A semicolon or a tab may stand for the comma.
    """
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows: list[ListRow] = []
    problems: list[DataProblem] = []
    places: list[str] = []
    seen: dict[str, int] = {}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not places:
                names = [cell.strip().casefold() for cell in cells]
                places = names if "symbol" in names else list(COLUMNS)
                if "symbol" in names:
                    continue
            row = _row(line, cells, places, problems)
            if row is None:
                continue
            if row.symbol and row.symbol in seen:
                problems.append(
                    DataProblem(
                        line, "symbol", f"{row.symbol} is in row {seen[row.symbol]} already"
                    )
                )
                continue
            seen[row.symbol] = line
            rows.append(row)
    except csv.Error as error:
        problems.append(DataProblem(reader.line_num, "", f"cannot be read as CSV ({error})"))
    return rows, problems


def _row(
    line: int, cells: Sequence[str], places: Sequence[str], problems: list[DataProblem]
) -> ListRow | None:
    if len(cells) > len(places):
        problems.append(
            DataProblem(line, "", f"has {len(cells)} cells, {len(places)} columns are named;"
                        " put a note that holds a comma into quotes")
        )  # fmt: skip
        return None
    given = dict.fromkeys(COLUMNS, "") | dict(zip(places, cells, strict=False))
    column = "symbol"
    try:
        symbol = edits.checked_symbol(given["symbol"]) if given["symbol"].strip() else ""
        column = "group"
        group = edits.checked_group(given["group"])
        column = "note"
        note = edits.checked_note(given["note"])
        column = "tags"
        tags = edits.checked_tags(given["tags"])
    except InvalidInput as error:
        problems.append(DataProblem(line, column, error.message))
        return None
    if not symbol and not group:
        problems.append(DataProblem(line, "symbol", "is empty"))
        return None
    return ListRow(line, symbol, group, note, tags)


def _edit(rows: Sequence[ListRow]) -> Edit:
    """Return the change that puts rows into a list: new symbols at the end, old ones in place."""

    def edit(watchlist: Watchlist) -> Watchlist:
        said = [one for one in rows if one.group or one.note or one.tags]
        changed = edits.add([one.symbol for one in rows if one.symbol])(watchlist)
        changed = edits.add_groups(one.group for one in rows if one.group)(changed)
        return edits.describe_each(
            {one.symbol: (one.group, one.note, one.tags) for one in said if one.symbol}
        )(changed)

    return edit


async def import_list(
    service: WatchlistService, path: Path, *, name: str = "", unknown: bool = False
) -> Watchlist:
    """Read a file into a list: all of it, or nothing.

    Parameters
    ----------
    name
        The list, made when there is none of that name; empty for the file's own name.
    unknown
        Whether symbols that have neither bars nor a known company may be in it.

    Raises
    ------
    DataImportError
        The file cannot be read, or rows of it cannot be used; ``problems`` name them.
    """
    text = _decoded(path)
    rows, problems = read_csv(text)
    if not unknown:
        found = await service.resolve([one.symbol for one in rows if one.symbol])
        rows = _known(rows, found, problems)
    if problems:
        problems.sort(key=lambda one: one.row)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise DataImportError(
            f"{path.name}: {problems[0]}{more}. Nothing was imported.",
            hint="Mend the rows, or import unknown symbols as they are."
            if any(one.message.startswith("unknown") for one in problems)
            else "Mend the rows.",
            problems=tuple(problems),
        )
    if not rows:
        raise DataImportError(f"{path.name} holds no symbols.")
    wanted = name or path.stem
    for one in await service.list():
        if one.name.casefold() == " ".join(wanted.split()).casefold():
            return await service.change(one.id, _edit(rows))
    made = await service.create(wanted)
    return await service.change(made.id, _edit(rows))


def _known(rows: Sequence[ListRow], found: Resolved, problems: list[DataProblem]) -> list[ListRow]:
    """Return the rows with symbols written as they are known; note those that are not."""
    spelling = {one.casefold(): one for one in found.symbols}
    kept: list[ListRow] = []
    for one in rows:
        if one.symbol in found.unknown:
            near = found.unknown[one.symbol]
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            problems.append(DataProblem(one.row, "symbol", f"unknown symbol {one.symbol}{hint}"))
        else:
            symbol = one.symbol
            if symbol not in found.symbols:
                symbol = spelling.get(symbol.casefold(), symbol)
            kept.append(ListRow(one.row, symbol, one.group, one.note, one.tags))
    return kept


def export_list(watchlist: Watchlist, path: Path, *, overwrite: bool = False) -> Path:
    """Write a list to a CSV file, or to one of its name in a folder; return where it is.

    Raises
    ------
    FileExists
        The file is there, and it may not be overwritten.
    InvalidInput
        It cannot be written.
    """
    path = path.expanduser()
    target = path / f"{watchlist.name.replace('/', '-')}.csv" if path.is_dir() else path
    return write_export(target, to_csv(watchlist).encode("utf-8"), overwrite=overwrite)


def _decoded(path: Path) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or Korean CP949."""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there"
            raise DataImportError(f"{path} {what}.", hint="Name a CSV file.")
        if path.stat().st_size > MOST_BYTES:
            raise DataImportError(f"{path} is larger than {MOST_BYTES >> 20} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise DataImportError(f"{path} cannot be read: {error.strerror}.") from error
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataImportError(f"{path} is not text in UTF-8.", hint="Save it as CSV in UTF-8.")
