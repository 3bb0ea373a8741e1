"""Any valid bars, written in any dialect, come back as the same bars."""

from __future__ import annotations

import csv
import gzip
import io
import math
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_tui.providers.files import ReadOptions, read_bars

Bar = tuple[str, date, float, float, float, float, float]

HEADERS = {
    "plain": ("symbol", "date", "open", "high", "low", "close", "volume"),
    "upper": ("TICKER", "DATE", "OPEN", "HIGH", "LOW", "CLOSE", "VOL."),
    "korean": ("종목코드", "일자", "시가", "고가", "저가", "종가", "거래량"),
    "alpha": ("Symbol", "timestamp", "1. open", "2. high", "3. low", "4. close", "5. volume"),
}
DATE_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%d.%m.%Y")


@dataclass(frozen=True)
class Dialect:
    headers: str
    delimiter: str
    line_end: str
    encoding: str
    date_format: str
    decimal_comma: bool
    thousands: bool
    quoted: bool
    compress: bool
    shuffled: bool
    repeated: bool


prices = st.floats(0.01, 99_999, allow_nan=False).map(lambda value: round(value, 4))


@st.composite
def frames(draw: st.DrawFn) -> list[Bar]:
    symbols = draw(
        st.lists(
            st.text("ABCDEFG0123456789.", min_size=1, max_size=6).filter(lambda name: name != "."),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    bars: list[Bar] = []
    for symbol in symbols:
        start = draw(st.dates(date(1990, 1, 1), date(2020, 1, 1)))
        gaps = draw(st.lists(st.integers(1, 9), min_size=0, max_size=8))
        days = [start]
        for gap in gaps:
            days.append(days[-1] + timedelta(days=gap))
        for day in days:
            four = sorted(draw(st.tuples(prices, prices, prices, prices)))
            swap = draw(st.booleans())
            inner = (four[2], four[1]) if swap else (four[1], four[2])
            volume = float(draw(st.integers(0, 10**10)))
            bars.append((symbol, day, inner[0], four[3], four[0], inner[1], volume))
    return bars


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    headers = draw(st.sampled_from(sorted(HEADERS)))
    decimal_comma = draw(st.booleans())
    return Dialect(
        headers=headers,
        delimiter=draw(st.sampled_from(";\t|" if decimal_comma else ",;\t|")),
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"])),
        date_format=draw(st.sampled_from(DATE_FORMATS)),
        decimal_comma=decimal_comma,
        thousands=draw(st.booleans()),
        quoted=draw(st.booleans()),
        compress=draw(st.booleans()),
        shuffled=draw(st.booleans()),
        repeated=draw(st.booleans()),
    )


def number(value: float, dialect: Dialect) -> str:
    text = f"{value:,.4f}" if dialect.thousands else f"{value:.4f}"
    return text.translate(str.maketrans(",.", ".,")) if dialect.decimal_comma else text


def write(bars: list[Bar], dialect: Dialect, path: Path) -> None:
    rows = [
        [symbol, day.strftime(dialect.date_format), *(number(value, dialect) for value in figures)]
        for symbol, day, *figures in bars
    ]
    if dialect.shuffled:
        rows = [rows[place] for place in np.random.default_rng(len(rows)).permutation(len(rows))]
    if dialect.repeated:
        rows.append(rows[0])
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=dialect.delimiter,
        lineterminator=dialect.line_end,
        quoting=csv.QUOTE_ALL if dialect.quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerow(HEADERS[dialect.headers])
    writer.writerows(rows)
    content = out.getvalue().encode(dialect.encoding)
    path.write_bytes(gzip.compress(content) if dialect.compress else content)


@given(bars=frames(), dialect=dialects())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_dialect_gives_the_same_bars(bars: list[Bar], dialect: Dialect) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.csv"
        write(bars, dialect, path)
        options = {"%d/%m/%Y": "dmy", "%m/%d/%Y": "mdy", "%d.%m.%Y": "dmy"}
        with read_bars(
            path, ReadOptions(date_format=options.get(dialect.date_format, ""))
        ) as staged:
            found = pq.read_table(staged.path).to_pylist()
    assert [tuple(row.values()) for row in found] == sorted(bars)


@given(bars=frames())
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_parquet_keeps_every_bit(bars: list[Bar]) -> None:
    names = HEADERS["plain"]
    columns = dict(zip(names, map(list, zip(*bars, strict=True)), strict=True))
    columns["close"] = [math.nextafter(value, 0) for value in columns["close"]]
    columns["low"] = [min(pair) for pair in zip(columns["low"], columns["close"], strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.parquet"
        pq.write_table(pa.table(columns), path)
        with read_bars(path) as staged:
            found = pq.read_table(staged.path).to_pylist()
    expected = sorted(zip(*columns.values(), strict=True))
    assert [tuple(row.values()) for row in found] == expected
