"""Files that are wrong: each gets a clear answer naming the row and the column."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quant_tui.domain.errors import Cancelled, DataImportError, InvalidInput
from quant_tui.providers.files import ReadOptions, read_bars

HEADER = "date,open,high,low,close,volume\n"
GOOD = "2020-01-02,10,11,9,10.5,100\n"


def line(day: str = "2020-01-03", *cells: str) -> str:
    return ",".join((day, *(cells or ("10", "11", "9", "10.5", "100")))) + "\n"


ROWS = {
    "no close": (line("2020-01-03", "10", "11", "9", "", "1"), 3, "close", "is missing"),
    "no open": (line("2020-01-03", "", "11", "9", "10", "1"), 3, "open", "is missing"),
    "null high": (line("2020-01-03", "10", "null", "9", "10", "1"), 3, "high", "is missing"),
    "no date": (line("", "10", "11", "9", "10", "1"), 3, "date", "is missing"),
    "high below low": (
        line("2020-01-03", "10", "9", "9.5", "9.2", "1"),
        3,
        "high",
        "below the low of 9.5",
    ),
    "close above high": (line("2020-01-03", "10", "11", "9", "12", "1"), 3, "close", "outside"),
    "open below low": (line("2020-01-03", "8", "11", "9", "10", "1"), 3, "open", "outside"),
    "negative price": (line("2020-01-03", "10", "11", "-9", "10", "1"), 3, "low", "above zero"),
    "zero price": (line("2020-01-03", "0", "11", "9", "10", "1"), 3, "open", "above zero"),
    "negative volume": (line("2020-01-03", "10", "11", "9", "10", "-1"), 3, "volume", "below zero"),
    "word": (line("2020-01-03", "10", "11", "9", "ten", "1"), 3, "close", "'ten' is not a number"),
    "currency": (line("2020-01-03", "$10", "11", "9", "10", "1"), 3, "open", "currency sign"),
    "won": (line("2020-01-03", "10", "11", "9", "10원", "1"), 3, "close", "currency sign"),
    "percent": (line("2020-01-03", "10", "11%", "9", "10", "1"), 3, "high", "percent sign"),
    "abbreviated": (line("2020-01-03", "10", "11", "9", "10", "1.2M"), 3, "volume", "in full"),
    "infinite": (line("2020-01-03", "10", "inf", "9", "10", "1"), 3, "high", "not finite"),
    "overflow": (line("2020-01-03", "10", "1e999", "9", "10", "1"), 3, "high", "not a number"),
    "no day": (line("2020-02-30"), 3, "date", "not a day of the calendar"),
    "no date at all": (line("soon"), 3, "date", "'soon' is not a date"),
    "another style": (line("01/31/2020"), 3, "date", "in another way"),
    "excel day": (line("43831"), 3, "date", "Excel"),
    "year": (line("0202-01-03"), 3, "date", "1700 and 2200"),
    "future": (line("2199-01-03"), 3, "date", "lies in the future"),
    "too few": (
        "2020-01-03,10,11\n" + line("2020-01-06"),
        3,
        "",
        "has 3 columns, the header has 6",
    ),
    "too many": ("2020-01-03,10,11,9,10,1,000\n", 3, "", "has 7 columns, the header has 6"),
    "open quote": ('2020-01-03,"10,11,9,10,1\n' + line("2020-01-06"), 3, "", "quote"),
    "conflict": (line("2020-01-02", "10", "11", "9", "10.6", "100"), 3, "date", "rows 2, 3"),
    "cut line": ("2020-01-03,10,1", 3, "", "cut off after 3 of 6 columns"),
    "cut value": ("2020-01-03,10,11,9,10,", 3, "volume", "ends in the middle"),
    "decimal comma": (line("2020-01-03", '"10,5"', "11", "9", "10", "1"), 3, "open", "comma"),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_wrong_row_is_named(case: str, write, refusal) -> None:
    text, row, column, message = ROWS[case]
    error = refusal(write(HEADER + GOOD + text))
    first = error.problems[0]
    assert (first.row, first.column) == (row, column)
    assert message in first.message
    assert f"row {row}" in error.message
    assert error.hint


@pytest.mark.parametrize("case", ROWS)
def test_rows_count_blank_lines_and_titles(case: str, write, refusal) -> None:
    text, row, column, _ = ROWS[case]
    error = refusal(write("Prices of the day\n\n" + HEADER + "\n" + GOOD + text))
    first = error.problems[0]
    assert (first.row, first.column) == (row + 3, column)


@pytest.mark.parametrize(
    "symbol", [" ", "a,b", "x\ny", "\x1b[31mred", "\u202eabc", "\udcff", "A" * 41, " A"]
)
def test_a_name_that_is_no_symbol_is_refused(symbol: str, write, refusal) -> None:
    with pytest.raises(InvalidInput, match="is not a symbol") as caught:
        read_bars(write(HEADER + GOOD), ReadOptions(symbol=symbol))
    assert caught.value.field == "symbol"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("interval", ["0m", "00h", "1d\n", "-5m"])
def test_an_interval_without_length_is_refused(interval: str, write) -> None:
    with pytest.raises(InvalidInput, match="is not an interval"):
        read_bars(write(HEADER + GOOD), ReadOptions(interval=interval))


def test_a_date_format_that_python_does_not_know_is_refused(write) -> None:
    with pytest.raises(InvalidInput, match="'%Q' is not a date format"):
        read_bars(write(HEADER + GOOD), ReadOptions(date_format="%Q"))


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path, refusal) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    assert "is a pipe or a device" in refusal(pipe).message


def test_a_header_of_any_length_gives_a_message_of_a_few_lines(write, refusal) -> None:
    for header in ("x" * 1_000_000, ",".join(f"c{n}" for n in range(10_000))):
        assert len(str(refusal(write(header + "\n1,2\n")))) < 1_500


@pytest.mark.parametrize(
    ("close", "message"),
    [
        (pa.array([[1.0], [2.0]]), "column 'close': holds values of type list<element: double>"),
        (pa.array([b"\xff", b"1"]), "column 'close': holds values of type binary"),
        (pa.array([True, False]), "column 'close': holds values of type bool"),
    ],
)
def test_a_parquet_column_of_another_type_is_named(
    close: pa.Array, message: str, tmp_path: Path, refusal
) -> None:
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"date": ["2020-01-02", "2020-01-03"], "close": close}), path)
    assert message in refusal(path).message


WHOLE = {
    "empty": (b"", "is empty"),
    "byte-order mark alone": (b"\xff\xfe", "is empty"),
    "blank": (b"\n\n \n", "is empty"),
    "header only": (HEADER.encode(), "no bars"),
    "no header": (GOOD.encode() * 2, "no header"),
    "garbage": (bytes(range(256)) * 40, "not text and not Parquet"),
    "zip": (b"PK\x03\x04 something", "Excel"),
    "unknown columns": (b"a,b,c\n1,2,3\n", "no column found for date, close"),
    "some of the range": (b"date,open,close\n2020-01-02,1,1\n", "no column found for high, low"),
    "two closes": (b"date,close,Close\n2020-01-02,1,1\n", "Two columns could be close"),
    "ambiguous": (
        b"date,close\n01/02/2020,10\n03/04/2020,11\n",
        "could be day/month or month/day",
    ),
    "both orders": (b"date,close\n13/02/2020,10\n02/13/2020,11\n", "with the month first"),
    "ambiguous comma": (b"date;close\n2020-01-02;10,123\n", "decimal mark or separate thousands"),
    "cut gzip": (gzip.compress((HEADER + GOOD * 5000).encode())[:-20], "gzip stream ends early"),
    "cut parquet": (b"PAR1" + os.urandom(500), "cut off or damaged Parquet"),
    "half a latin word": (
        "date,close,name\n2020-01-02,10,Société\n".encode("latin-1"),
        "not UTF-8",
    ),
    "two-digit years": (b"date,close\n13/01/20,10\n", "year of two digits"),
    "empty rows": ((HEADER + ",,,,,\n").encode(), "no bars"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_wrong_file_is_explained(case: str, write) -> None:
    content, message = WHOLE[case]
    with pytest.raises((DataImportError, InvalidInput), match=message) as caught:
        read_bars(write(content))
    assert caught.value.hint


def test_a_missing_file_and_a_folder(tmp_path: Path, refusal) -> None:
    assert "no such file" in refusal(tmp_path / "none.csv").message
    assert "is a folder" in refusal(tmp_path).message


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_no_permission(write, refusal) -> None:
    path = write(HEADER + GOOD)
    path.chmod(0)
    assert "may not be read" in refusal(path).message


def test_a_truncated_parquet_file(tmp_path: Path, refusal) -> None:
    path = tmp_path / "AAPL.parquet"
    pq.write_table(pa.table({"date": ["2020-01-02"] * 1000, "close": np.ones(1000)}), path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "cut off or damaged" in refusal(path).message
    path.write_bytes(b"not at all")
    assert "is not a Parquet file" in refusal(path).message


def test_wrong_rows_of_parquet_are_counted_from_one(tmp_path: Path, refusal) -> None:
    path = tmp_path / "AAPL.parquet"
    days = np.datetime64("2020-01-01") + np.arange(3)
    pq.write_table(pa.table({"date": days, "close": [1.0, None, -1.0]}), path)
    problems = refusal(path).problems
    assert [(p.row, p.column) for p in problems if p.fatal] == [(3, "close")]


@pytest.mark.parametrize(
    ("encoding", "row", "byte"),
    [("utf-8", 40_002, 0xE9), ("cp949", 40_002, 0xE9), ("utf-16", 0, 0)],
)
def test_a_wrong_encoding_deep_in_the_file_names_row_and_byte(
    write, refusal, encoding: str, row: int, byte: int
) -> None:
    days = np.datetime64("1850-01-01") + np.arange(40_000)
    text = "date,close,name\n" + "".join(f"{day},10.25,plain old ascii text\n" for day in days)
    content = text.encode() + "2020-01-02,10,Société,\n".encode("latin-1")
    error = refusal(write(content), encoding=encoding)
    if row:
        assert error.problems[0].row == row
        assert f"0x{byte:02X}" in error.message
        position = content.index(bytes([byte])) + 1
        assert f"{position:,}" in error.message
        assert "latin-1" in error.hint


def test_all_problems_are_counted_and_the_first_listed(write, refusal) -> None:
    days = np.datetime64("2000-01-01") + np.arange(100)
    rows = "".join(line(str(day), "10", "9", "9.5", "9.2", "-1") for day in days)
    error = refusal(write(HEADER + rows), problem_limit=7)
    fatal = [problem for problem in error.problems if problem.fatal]
    assert len(fatal) == 7
    assert fatal[0].row == 2
    assert "200 problems in all" in error.message


def test_a_hopeless_file_is_not_read_to_its_end(write, refusal) -> None:
    days = np.datetime64("1750-01-01") + np.arange(60_000)
    rows = "".join(line(str(day), "x", "x", "x", "x", "x") for day in days)
    assert "or more problems" in refusal(write(HEADER + rows)).message


def test_problems_of_a_row_are_all_told(write, refusal) -> None:
    error = refusal(write(HEADER + line("2020-01-03", "10", "9", "9.5", "x", "-5")))
    assert {(p.row, p.column) for p in error.problems} == {(2, "close"), (2, "volume")}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("encoding", "utf-99"),
        ("timezone", "Mars/Base"),
        ("decimal", "x"),
        ("delimiter", ";;"),
        ("interval", "often"),
        ("date_format", "day first"),
        ("mapping", {"close": "nothing"}),
        ("mapping", {"profit": "close"}),
    ],
)
def test_options_that_cannot_be_meant(write, option: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_bars(write(HEADER + GOOD), ReadOptions(**{option: value}))  # type: ignore[arg-type]
    assert caught.value.field == option


def test_a_symbol_that_nothing_says(write, refusal) -> None:
    assert "no symbol" in refusal(write(HEADER + GOOD, "my prices (2).csv")).message


def test_one_name_for_many_symbols(write, refusal) -> None:
    path = write("symbol,date,close\nA,2020-01-02,1\nB,2020-01-02,1\n")
    assert "2 symbols (A, B" in refusal(path, symbol="X").message


def test_cancel(write) -> None:
    with pytest.raises(Cancelled):
        read_bars(write(HEADER + GOOD), cancel=lambda: True)
