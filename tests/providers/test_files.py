"""Files that are right, in the many ways in which they are written."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.providers.base import get_provider, provider_names
from quant_tui.providers.files import FileProvider, ReadOptions, inspect_file, read_bars

EXPECTED = {
    "symbol": ["AAPL", "AAPL"],
    "date": [date(2020, 1, 2), date(2020, 1, 13)],
    "open": [1010.5, 1011.5],
    "high": [1012.0, 1013.0],
    "low": [1009.0, 1010.0],
    "close": [1011.25, 1012.25],
    "volume": [1234567.0, 2000.0],
}
PLAIN = (
    "Date,Open,High,Low,Close,Volume\n"
    "2020-01-02,1010.5,1012,1009,1011.25,1234567\n"
    "2020-01-13,1011.5,1013,1010,1012.25,2000\n"
)

FORMS: dict[str, tuple[str, dict[str, object]]] = {
    "plain": (PLAIN, {}),
    "carriage returns": (PLAIN.replace("\n", "\r\n"), {}),
    "old mac": (PLAIN.replace("\n", "\r"), {}),
    "no last line end": (PLAIN[:-1], {}),
    "trailing blank lines": (PLAIN + "\n\n   \n", {}),
    "tabs": (PLAIN.replace(",", "\t"), {}),
    "pipes": (PLAIN.replace(",", "|"), {}),
    "title and comment": ("# made today\nPrices of Apple\n\n" + PLAIN, {}),
    "alpha vantage": (
        PLAIN.replace(
            "Date,Open,High,Low,Close,Volume",
            "timestamp,1. open,2. high,3. low,4. close,5. volume",
        ),
        {},
    ),
    "thousands": (
        "date,open,high,low,close,volume\n"
        '2020-01-02,"1,010.5","1,012","1,009","1,011.25","1,234,567"\n'
        '2020-01-13,"1,011.5","1,013","1,010","1,012.25","2,000"\n',
        {},
    ),
    "decimal comma": (
        "date;open;high;low;close;volume\n"
        "2020-01-02;1010,5;1012;1009;1011,25;1.234.567\n"
        "2020-01-13;1.011,5;1013;1010;1012,25;2.000\n",
        {},
    ),
    "korean": (
        "일자,시가,고가,저가,종가,거래량,거래대금,시가총액,등락률\n"
        '2020.01.02,"1,010.5",1012,1009,1011.25,1234567,1,2,0.1%\n'
        "2020.01.13,1011.5,1013,1010,1012.25,2000,1,2,0.1%\n",
        {},
    ),
    "korean words": (
        "날짜,시가,고가,저가,종가,거래량\n"
        "2020년 1월 2일,1010.5,1012,1009,1011.25,1234567\n"
        "2020년 1월 13일,1011.5,1013,1010,1012.25,2000\n",
        {},
    ),
    "compact": (PLAIN.replace("2020-01-02", "20200102").replace("2020-01-13", "20200113"), {}),
    "slashes": (PLAIN.replace("2020-01-02", "2020/1/2").replace("2020-01-13", "2020/1/13"), {}),
    "day first": (
        PLAIN.replace("2020-01-02", "02/01/2020").replace("2020-01-13", "13/01/2020"),
        {},
    ),
    "month first": (
        PLAIN.replace("2020-01-02", "1/2/2020").replace("2020-01-13", "1/13/2020"),
        {},
    ),
    "dots": (PLAIN.replace("2020-01-02", "2.1.2020").replace("2020-01-13", "13.1.2020"), {}),
    "named month": (
        PLAIN.replace("2020-01-02", "02-Jan-2020").replace("2020-01-13", "13-Jan-2020"),
        {},
    ),
    "month name first": (
        PLAIN.replace("2020-01-02", '"Jan 2, 2020"').replace("2020-01-13", '"Jan 13, 2020"'),
        {},
    ),
    "custom": (
        PLAIN.replace("2020-01-02", "02/01/20").replace("2020-01-13", "13/01/20"),
        {"date_format": "%d/%m/%y"},
    ),
    "midnight with zone": (
        PLAIN.replace("2020-01-02", "2020-01-02 00:00:00-05:00").replace(
            "2020-01-13", "2020-01-13 00:00:00-05:00"
        ),
        {},
    ),
    "utc instants, zone named": (
        PLAIN.replace("2020-01-02", "2020-01-01T15:00:00Z").replace(
            "2020-01-13", "2020-01-12T15:00:00Z"
        ),
        {"timezone": "Asia/Seoul"},
    ),
    "epoch seconds": (
        PLAIN.replace("2020-01-02", "1577923200").replace("2020-01-13", "1578873600"),
        {},
    ),
    "epoch milliseconds, at the open": (
        PLAIN.replace("2020-01-02", "1577975400000").replace("2020-01-13", "1578925800000"),
        {},
    ),
    "midnight utc stays the session": (
        PLAIN.replace("2020-01-02", "1577923200").replace("2020-01-13", "1578873600"),
        {"timezone": "America/New_York"},
    ),
    "metastock": (
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "AAPL,D,20200102,000000,1010.5,1012,1009,1011.25,1234567,0\n"
        "AAPL,D,20200113,000000,1011.5,1013,1010,1012.25,2000,0\n",
        {},
    ),
    "yahoo": (
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2020-01-02,1010.5,1012,1009,1011.25,900,1234567\n"
        "2020-01-03,null,null,null,null,null,null\n"
        "2020-01-13,1011.5,1013,1010,1012.25,901,2000\n",
        {},
    ),
    "yfinance frame": (
        "Price,Close,High,Low,Open,Volume\n"
        "Ticker,AAPL,AAPL,AAPL,AAPL,AAPL\n"
        "Date,,,,,\n"
        "2020-01-02,1011.25,1012,1009,1010.5,1234567\n"
        "2020-01-13,1012.25,1013,1010,1011.5,2000\n",
        {},
    ),
    "mapped": (
        PLAIN.replace("Date,Open,High,Low,Close,Volume", "when,a,b,c,d,e"),
        {
            "mapping": {
                **{"date": "when", "open": "a", "high": "b", "low": "c"},
                **{"close": "d", "volume": "e"},
            }
        },
    ),
    "unsorted and repeated": (
        PLAIN.splitlines(keepends=True)[0]
        + "".join(reversed(PLAIN.splitlines(keepends=True)[1:]))
        + PLAIN.splitlines(keepends=True)[1],
        {},
    ),
    "halted day": (PLAIN + "2020-01-14,0,0,0,1012.25,0\n", {}),
    "spaces": (PLAIN.replace(",", " , "), {}),
    "symbol option": (PLAIN, {"symbol": "AAPL"}),
    "symbol column with one name": (
        PLAIN.replace("Date", "code,Date").replace("2020-", "005930,2020-"),
        {"symbol": "AAPL"},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, write, bars) -> None:
    text, options = FORMS[form]
    assert bars(write(text, "daily_AAPL.csv"), **options).to_pydict() == EXPECTED


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("compress", [False, True])
def test_encodings_are_recognised(encoding: str, compress: bool, write, bars) -> None:
    text = (
        "종목코드,종목명,일자,시가,고가,저가,종가,거래량\n005930,삼성전자,20200102,10,11,9,10.5,7\n"
    )
    content = text.encode(encoding)
    path = write(gzip.compress(content) if compress else content)
    assert bars(path).to_pylist() == [
        {
            **{"symbol": "005930", "date": date(2020, 1, 2), "open": 10.0, "high": 11.0},
            **{"low": 9.0, "close": 10.5, "volume": 7.0},
        }
    ]


def test_latin_text_is_read_when_named(write, bars) -> None:
    path = write("date,close,name\n2020-01-02,10,Société\n", encoding="latin-1")
    assert bars(path, encoding="latin-1")["close"].to_pylist() == [10.0]


def test_many_symbols_become_sorted(write, bars) -> None:
    path = write(
        "Date,Ticker,Close\n2020-01-03,B,3\n2020-01-02,B,2\n2020-01-02,A,1\n2020-01-03,A,4\n"
    )
    table = bars(path)
    assert table["symbol"].to_pylist() == ["A", "A", "B", "B"]
    assert table["close"].to_pylist() == [1.0, 4.0, 2.0, 3.0]
    assert table["open"].to_pylist() == table["close"].to_pylist()


def test_a_wide_frame_of_several_tickers(write, bars) -> None:
    path = write(
        "Price,Close,Close,Volume,Volume\nTicker,AAA,BBB,AAA,BBB\nDate,,,,\n"
        "2020-01-02,1,2,10,20\n2020-01-03,1.5,,11,\n"
    )
    rows = [(r["symbol"], r["close"], r["volume"]) for r in bars(path).to_pylist()]
    assert rows == [("AAA", 1.0, 10.0), ("AAA", 1.5, 11.0), ("BBB", 2.0, 20.0)]


def test_what_was_mended_is_noted_with_its_row(write) -> None:
    path = write(
        "date,open,high,low,close,volume\n"
        "2020-01-03,10,11,9,10,\n"
        "2020-01-02,10,11,9,10,5\n"
        "2020-01-02,10,11,9,10,5\n"
        "2020-01-06,,,,,\n"
        "2020-01-07,0,0,0,10,0\n"
        "2020-01-08,10,10.99999,9,11,1\n"
    )
    with read_bars(path) as staged:
        notes = {problem.row: problem.message for problem in staged.problems}
        assert not any(problem.fatal for problem in staged.problems)
        assert pq.read_table(staged.path)["high"].to_pylist() == [11.0, 11.0, 11.0]
    assert "taken as 0" in notes[2]
    assert "sorted" in notes[3]
    assert "repeats an earlier row" in notes[4]
    assert "no session" in notes[5]
    assert "halted" in notes[6]
    assert "rounding" in notes[7]


def test_adjusting_scales_all_prices(write, bars) -> None:
    path = write("Date,Open,High,Low,Close,Adj Close\n2020-01-02,10,12,8,10,5\n")
    (row,) = bars(path, adjust=True).to_pylist()
    assert (row["open"], row["high"], row["low"], row["close"]) == (5.0, 6.0, 4.0, 5.0)


MINUTES = "time,open,high,low,close\n{}\n"


@pytest.mark.parametrize(
    ("times", "options", "expected", "interval"),
    [
        (
            ["2020-01-02 09:30", "2020-01-02 09:31", "2020-01-02 09:32"],
            {},
            datetime(2020, 1, 2, 9, 30),
            "1m",
        ),
        (
            ["2020-07-02 09:30", "2020-07-02 09:35", "2020-07-02 09:40"],
            {"timezone": "America/New_York"},
            datetime(2020, 7, 2, 13, 30),
            "5m",
        ),
        (
            [f"2020-01-02T{hour}:00:00+09:00" for hour in ("09", "10", "11")],
            {},
            datetime(2020, 1, 2, 0, 0),
            "1h",
        ),
        (
            ["1/13/2020 9:30 AM", "1/13/2020 12:30 PM", "1/13/2020 3:30 PM"],
            {},
            datetime(2020, 1, 13, 9, 30),
            "3h",
        ),
        (["1577975400", "1577975430", "1577975460"], {}, datetime(2020, 1, 2, 14, 30), "30s"),
    ],
)
def test_intraday_times_become_utc(write, bars, times, options, expected, interval) -> None:
    path = write(MINUTES.format("\n".join(f"{time},1,1,1,1" for time in times)))
    with read_bars(path, ReadOptions(**options)) as staged:
        assert staged.interval == interval
        assert staged.first == expected.date()
        assert pq.read_table(staged.path)["date"].to_pylist()[0] == expected


def test_daily_times_that_fall_on_sundays_need_the_zone(write, refusal) -> None:
    days = ["05", "06", "07", "08", "12", "13", "14", "15"]
    path = write("date,close\n" + "".join(f"2020-01-{day}T15:00:00Z,1\n" for day in days))
    error = refusal(path)
    assert "name the timezone" in error.message
    assert error.problems[0].row == 2


@pytest.mark.parametrize(("step", "interval"), [(7, "1wk"), (1, "1d"), (30, "1mo")])
def test_longer_intervals(write, step: int, interval: str) -> None:
    start = date(2020, 1, 3).toordinal()
    rows = "".join(f"{date.fromordinal(start + step * n)},1\n" for n in range(10))
    with read_bars(write("date,close\n" + rows)) as staged:
        assert staged.interval == interval


def test_an_undecided_start_is_decided_by_a_later_row(write, bars) -> None:
    rows = "".join(f"{1 + n % 12:02}/05/{1750 + n // 12},1\n" for n in range(3000))
    text = "date,close\n" + rows
    path = write(text + "25/12/2019,2\n")
    found = bars(path)["date"].to_pylist()
    assert date(2019, 12, 25) in found
    assert found[1] == date(1750, 5, 2)


def test_parquet_types(tmp_path: Path, bars) -> None:
    table = pa.table(
        {
            "Symbol": pa.array(["X", "X"]).dictionary_encode(),
            "Timestamp": pa.array(
                [datetime(2020, 1, 2, 5), datetime(2020, 1, 3, 5)], pa.timestamp("ns", "UTC")
            ).cast(pa.timestamp("ns", "America/New_York")),
            "close_price": pa.array([1, 2], pa.int32()),
            "volume": pa.array([None, 5.5], pa.float32()),
        }
    )
    path = tmp_path / "any.parquet"
    pq.write_table(table, path)
    assert bars(path).to_pydict() == {
        "symbol": ["X", "X"],
        "date": [date(2020, 1, 2), date(2020, 1, 3)],
        **{name: [1.0, 2.0] for name in ("open", "high", "low", "close")},
        "volume": [0.0, 6.0],
    }


def test_inspection(write, tmp_path: Path) -> None:
    path = write("종목코드;일자;종가;기타\n005930;13/01/2020;10,5;x\n005930;14/01/2020;-1;y\n")
    seen = inspect_file(path)
    assert (seen.format, seen.encoding, seen.delimiter, seen.decimal) == ("csv", "utf-8", ";", ",")
    assert seen.date_style == "dmy"
    assert seen.mapping == {"symbol": "종목코드", "date": "일자", "close": "종가"}
    assert seen.columns == ("종목코드", "일자", "종가", "기타")
    assert seen.missing == ()
    assert seen.sample[0] == ("005930", "13/01/2020", "10,5", "x")
    assert seen.symbols == ("005930",)
    assert (seen.rows, seen.exact) == (2, True)
    assert [(p.row, p.column) for p in seen.problems] == [(3, "종가")]
    other = inspect_file(write("when;what\n1;2\n", "x.csv"))
    assert other.missing == ("date", "close")
    assert other.columns == ("when", "what")
    unclear = inspect_file(write("date,close\n01/02/2020,1\n", "y.csv"))
    assert "mdy" in unclear.problems[0].message
    pq.write_table(pa.table({"date": ["2020-01-02"], "close": [1.0]}), tmp_path / "z.parquet")
    assert inspect_file(tmp_path / "z.parquet").symbols == ("Z",)


def test_inspection_of_a_large_file_estimates(write) -> None:
    seen = inspect_file(write("date,close\n" + "2020-01-02,10.25\n" * 200_000))
    assert not seen.exact
    assert 190_000 < seen.rows < 210_000


def test_registry() -> None:
    assert "file" in provider_names()
    assert get_provider("file") is FileProvider
    with pytest.raises(NotFound, match="no market-data provider"):
        get_provider("nobody")


def test_importing_the_readers_is_light() -> None:
    script = (
        "import sys, quant_tui.providers.files, quant_tui.storage.duck.bars;"
        "print([m for m in ('pyarrow', 'duckdb', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_folders_of_killed_processes_are_removed(private_folders: Path, write, bars) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (private_folders / f"quant-tui-import-{gone.pid}-abc").mkdir()
    alive = private_folders / f"quant-tui-import-{os.getppid()}-abc"
    alive.mkdir()
    bars(write(PLAIN))
    assert list(private_folders.iterdir()) == [alive]
    alive.rmdir()


def test_progress_rises_to_the_end(write) -> None:
    seen: list[float] = []
    with read_bars(write(PLAIN), progress=lambda fraction, _: seen.append(fraction)):
        assert seen == sorted(seen)
        assert seen[-1] == 1.0


def test_one_bar_a_day_cannot_be_several(write) -> None:
    with pytest.raises(InvalidInput, match="not an interval"):
        read_bars(write(PLAIN), ReadOptions(interval="1x"))
