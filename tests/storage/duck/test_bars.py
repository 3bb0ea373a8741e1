from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quant_tui.domain.errors import Cancelled, DataImportError, FileExists, InvalidInput, NotFound
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.export import ExportSelection
from quant_tui.storage.duck.records import ImportBatch, UpsertCounts

CSV = ImportBatch("csv", origin="a.csv", adjustment="none")


def replaced(table: pa.Table, column: str, row: int, value: object) -> pa.Table:
    values = table[column].to_pylist()
    values[row] = value
    place = table.column_names.index(column)
    return table.set_column(place, column, pa.array(values, table.schema.field(column).type))


def everything(store: DuckStore) -> list[tuple[object, ...]]:
    with store.read() as connection:
        return connection.execute("SELECT * FROM market_data ORDER BY symbol, date").fetchall()


def test_round_trip_on_the_union_calendar(bars: BarRepository, bars_of) -> None:
    early = bars_of(["A"], 3, "2020-01-01", seed=1)
    late = bars_of(["B"], 3, "2020-01-02", seed=2)
    assert bars.upsert(pa.concat_tables([early, late]), CSV) == UpsertCounts(6, 0, 0)
    table = bars.load(["B", "A"])
    assert table.symbols == ("B", "A")
    assert table.dates.dtype == np.dtype("datetime64[D]")
    assert table.dates.astype(str).tolist() == [
        "2020-01-01",
        "2020-01-02",
        "2020-01-03",
        "2020-01-04",
    ]
    assert table.close.shape == (4, 2)
    assert table.close.dtype == np.float64
    np.testing.assert_array_equal(table.close[1:, 0], late["close"].to_numpy())
    np.testing.assert_array_equal(table.volume[:3, 1], early["volume"].to_numpy())
    for field in (table.open, table.high, table.low, table.close, table.volume):
        assert np.isnan(field[0, 0])
        assert np.isnan(field[3, 1])
        assert np.isnan(field).sum() == 2
    assert table.sources == {"A": "csv", "B": "csv"}


def test_bounds_are_included(bars: BarRepository, bars_of) -> None:
    bars.upsert(bars_of(["A"], 10), CSV)
    table = bars.load(["A"], date(2020, 1, 3), date(2020, 1, 5))
    assert table.dates.astype(str).tolist() == ["2020-01-03", "2020-01-04", "2020-01-05"]
    assert bars.load(["A"], datetime(2020, 1, 10, tzinfo=UTC)).dates.shape == (1,)
    assert bars.load(["A"], date(2021, 1, 1)).close.shape == (0, 1)


def test_a_second_import_of_the_same_changes_nothing(
    bars: BarRepository, store: DuckStore, bars_of
) -> None:
    table = bars_of(["A", "B"], 50)
    bars.upsert(table, CSV)
    before, batches = everything(store), bars.batches()
    again = ImportBatch("csv", origin="other name.csv", adjustment="none")
    assert bars.upsert(table, again) == UpsertCounts(0, 0, 100)
    assert everything(store) == before
    assert bars.batches() == batches


def test_updates_keep_creation_time_and_take_the_new_batch(
    bars: BarRepository, store: DuckStore, bars_of
) -> None:
    table = bars_of(["A", "B"], 50)
    bars.upsert(table, CSV)
    before = everything(store)
    changed = pa.concat_tables(
        [replaced(table, "volume", 10, 7.0), bars_of(["A"], 2, "2021-01-01")]
    )
    second = ImportBatch("csv", adjustment="none")
    assert bars.upsert(changed, second) == UpsertCounts(2, 1, 99)
    after = {row[0]: row for row in everything(store)}
    touched = [row for row in before if after[row[0]] != row]
    assert [row[0] for row in touched] == ["A:2020-01-11"]
    assert after["A:2020-01-11"][7] == 7.0
    assert after["A:2020-01-11"][9] == touched[0][9], "created_at stays"
    assert after["A:2020-01-11"][10] == second.id
    stored = {entry.batch.id: entry for entry in bars.batches()}
    assert (stored[second.id].rows, stored[second.id].inserted) == (102, 2)
    assert stored[second.id].batch == second


@pytest.mark.parametrize(
    "other",
    [
        ImportBatch("yahoo", adjustment="none"),
        ImportBatch("csv", adjustment="splits"),
        ImportBatch("csv", adjustment="none", synthetic=True),
    ],
)
def test_a_change_of_provenance_is_an_update(bars: BarRepository, bars_of, other) -> None:
    bars.upsert(bars_of(["A"], 5), CSV)
    assert bars.upsert(bars_of(["A"], 5), other) == UpsertCounts(0, 5, 0)
    (summary,) = bars.summaries()
    assert (summary.source, summary.adjustment, summary.synthetic) == (
        other.source,
        other.adjustment,
        other.synthetic,
    )


def test_summaries_follow_every_change(bars: BarRepository, bars_of) -> None:
    assert bars.summaries() == []
    assert bars.last_session() is None
    bars.upsert(bars_of(["A", "B"], 5), CSV)
    bars.upsert(bars_of(["B"], 8), ImportBatch("yahoo", adjustment="splits", synthetic=True))
    weekly = bars_of(["W"], 8)
    dates = pa.array(np.datetime64("2020-01-03") + 7 * np.arange(8))
    bars.upsert(weekly.set_column(1, "date", dates), ImportBatch("csv", interval="1wk"))
    a, b, w = bars.summaries()
    assert (a.symbol, a.first, a.last, a.rows) == ("A", date(2020, 1, 1), date(2020, 1, 5), 5)
    assert (a.interval, a.source, a.synthetic) == ("1d", "csv", False)
    assert (b.rows, b.last, b.synthetic) == (8, date(2020, 1, 8), True)
    assert w.interval == "1wk"
    assert bars.load(["W"]).interval == "1wk"
    assert bars.last_session() == date(2020, 2, 21)
    assert [s.symbol for s in bars.summaries(["B", "none"])] == ["B"]
    assert bars.delete(["B"]) == 8
    assert [s.symbol for s in bars.summaries()] == ["A", "W"]


def test_intraday_bars_live_beside_daily_ones(bars: BarRepository, bars_of) -> None:
    bars.upsert(bars_of(["A"], 5), CSV)
    minutes = bars_of(["A"], 600, "2020-01-01T22:00", step="m")
    bars.upsert(minutes, ImportBatch("csv", interval="1m"))
    assert bars.load(["A"]).interval == "1d"
    table = bars.load(["A"], end=date(2020, 1, 1), interval="1m")
    assert table.dates.dtype == np.dtype("datetime64[us]")
    assert table.close.shape == (120, 1), "a plain date as end includes its whole day"
    assert {(s.interval, s.rows) for s in bars.summaries()} == {("1d", 5), ("1m", 600)}
    assert bars.upsert(minutes, ImportBatch("csv", interval="1m")).unchanged == 600
    assert bars.delete(["A"], interval="1m") == 600
    assert [s.interval for s in bars.summaries()] == ["1d"]


def test_the_interval_must_be_chosen_when_it_is_not_plain(bars: BarRepository, bars_of) -> None:
    minutes = bars_of(["A"], 10, "2020-01-01T22:00", step="m")
    bars.upsert(minutes, ImportBatch("csv", interval="1m"))
    assert bars.load(["A"]).interval == "1m"
    bars.upsert(minutes, ImportBatch("csv", interval="5m"))
    with pytest.raises(InvalidInput) as caught:
        bars.load(["A"])
    assert caught.value.field == "interval"


def test_what_cannot_be_loaded_is_named(bars: BarRepository, bars_of) -> None:
    bars.upsert(bars_of(["A"], 5), CSV)
    with pytest.raises(NotFound, match="ZZ, YY"):
        bars.load(["A", "ZZ", "YY"])
    with pytest.raises(InvalidInput, match="twice"):
        bars.load(["A", "A"])
    with pytest.raises(InvalidInput, match="at least one"):
        bars.load([])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("close", None, "1 bars to store have no usable close"),
        ("open", float("nan"), "no usable open"),
        ("volume", float("inf"), "no usable volume"),
        ("symbol", None, "no usable symbol or date"),
        ("date", date(2020, 1, 2), "repeat a symbol and date"),
    ],
)
def test_a_bad_stage_leaves_the_store_as_it_was(
    bars: BarRepository, store: DuckStore, bars_of, column, value, message
) -> None:
    bars.upsert(bars_of(["A"], 5), CSV)
    before = everything(store)
    with pytest.raises(DataImportError, match=message):
        bars.upsert(replaced(bars_of(["A"], 5, seed=3), column, 0, value), CSV)
    with pytest.raises(DataImportError, match="need the columns"):
        bars.upsert(bars_of(["A"], 5).drop_columns(["low"]), CSV)
    assert everything(store) == before


def test_cancelling_leaves_the_store_as_it_was(
    bars: BarRepository, store: DuckStore, bars_of
) -> None:
    bars.upsert(bars_of(["A"], 5), CSV)
    before = everything(store)
    seen: list[float] = []
    with pytest.raises(Cancelled):
        bars.upsert(
            bars_of([f"S{n}" for n in range(500)], 1000),
            ImportBatch("csv"),
            progress=lambda fraction, _: seen.append(fraction),
            cancel=lambda: bool(seen and seen[-1] > 0.4),
        )
    assert everything(store) == before
    assert bars.upsert(bars_of(["B"], 5), CSV).inserted == 5


def test_a_batch_may_come_in_several_stages(bars: BarRepository, bars_of) -> None:
    for symbol in ("A", "B", "C"):
        assert bars.upsert(bars_of([symbol], 5), CSV).inserted == 5
    assert bars.upsert(bars_of(["A"], 5), CSV).unchanged == 5
    (stored,) = bars.batches()
    assert (stored.rows, stored.inserted) == (15, 15)
    assert [summary.rows for summary in bars.summaries()] == [5, 5, 5]


def test_a_stage_may_be_a_file_or_a_reader(bars: BarRepository, tmp_path: Path, bars_of) -> None:
    table = bars_of(["A"], 5)
    path = tmp_path / "it's a stage.parquet"
    pq.write_table(table, path)
    assert bars.upsert(path, CSV).inserted == 5
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    assert bars.upsert(reader, CSV).unchanged == 5


def test_the_stamp_tells_bars_not_their_order(
    bars: BarRepository, store: DuckStore, bars_of, tmp_path: Path
) -> None:
    table = bars_of(["A", "B"], 50)
    bars.upsert(table, CSV)
    first = bars.stamp(["A", "B"])
    assert bars.stamp(["B", "A"]) == first
    assert bars.stamp(["A"]) != first
    assert bars.stamp(["A", "B"], end=date(2020, 1, 10)) != first
    bars.sort()
    assert bars.stamp(["A", "B"]) == first
    bars.upsert(replaced(table, "close", 99, table["close"][99].as_py() + 1e-9), CSV)
    assert bars.stamp(["A", "B"]) != first
    other = DuckStore(tmp_path / "other.duckdb")
    elsewhere = BarRepository(other)
    elsewhere.upsert(table.take(list(reversed(range(100)))), ImportBatch("yahoo"))
    assert elsewhere.stamp(["A", "B"]) == first
    other.close()


def test_sorting_keeps_everything_and_the_indexes(
    bars: BarRepository, store: DuckStore, bars_of
) -> None:
    bars.upsert(bars_of(["B"], 50), CSV)
    bars.upsert(bars_of(["A"], 50), CSV)
    before = everything(store)
    bars.sort()
    assert everything(store) == before
    with store.read() as connection:
        order = connection.execute("SELECT symbol FROM market_data ORDER BY rowid").fetchall()
        indexes = connection.execute("SELECT index_name FROM duckdb_indexes()").fetchall()
    assert order == sorted(order)
    assert len(indexes) == 5


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_export(bars: BarRepository, tmp_path: Path, bars_of, file_format: str) -> None:
    bars.upsert(bars_of(["A", "B"], 50), CSV)
    target = tmp_path / f"out.{file_format}"
    assert bars.export(target, ExportSelection(["A"]), file_format=file_format) == 50
    text = "symbol,date,open,high,low,close,volume,source"
    if file_format == "csv":
        assert target.read_text().splitlines()[0] == text
    else:
        assert pq.read_table(target).column_names == [*text.split(","), "batch"]
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_export_by_year_reads_back_identical(bars: BarRepository, tmp_path: Path, bars_of) -> None:
    bars.upsert(bars_of(["A", "B"], 800), CSV)
    bars.export(tmp_path / "years", by_year=True)
    assert sorted(p.name for p in (tmp_path / "years").iterdir()) == [
        "year=2020",
        "year=2021",
        "year=2022",
    ]
    bars.export(tmp_path / "one.parquet")
    keys = [("symbol", "ascending"), ("date", "ascending")]
    parts = pq.read_table(tmp_path / "years").drop_columns(["year"]).sort_by(keys)
    assert parts.to_pydict() == pq.read_table(tmp_path / "one.parquet").sort_by(keys).to_pydict()
    with pytest.raises(FileExists):
        bars.export(tmp_path / "years", by_year=True)
    with pytest.raises(InvalidInput, match="not a format"):
        bars.export(tmp_path / "x", file_format="xlsx")


def test_large_changes_rewrite_the_table_with_the_same_outcome(
    bars: BarRepository, store: DuckStore, bars_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways of writing updates give the same rows; one is for large changes."""
    first = bars_of(["A", "B"], 50)
    second = pa.concat_tables([replaced(first, "close", 3, 100.5), bars_of(["C"], 5)])
    outcomes = []
    for threshold in (1, 1_000_000):
        monkeypatch.setattr("quant_tui.storage.duck.upsert.REWRITE_AT_LEAST", threshold)
        bars.delete(["A", "B", "C"])
        bars.upsert(first, CSV)
        batch = ImportBatch("csv", adjustment="none", id="second")
        assert bars.upsert(second, batch) == UpsertCounts(5, 1, 99)
        outcomes.append([(*row[:9], row[10]) for row in everything(store)])
        with store.read() as connection:
            indexes = connection.execute("SELECT count(*) FROM duckdb_indexes()").fetchone()
        assert indexes == (5,)
    assert outcomes[0] == outcomes[1]


def test_intraday_rewrite(bars: BarRepository, bars_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quant_tui.storage.duck.upsert.REWRITE_AT_LEAST", 1)
    minutes = bars_of(["A"], 10, "2020-01-01T22:00", step="m")
    bars.upsert(minutes, ImportBatch("csv", interval="1m"))
    bars.upsert(minutes, ImportBatch("csv", interval="5m"))
    changed = replaced(minutes, "close", 3, 100.5)
    assert bars.upsert(changed, ImportBatch("csv", interval="1m")) == UpsertCounts(0, 1, 9)
    assert bars.load(["A"], interval="1m").close[3, 0] == 100.5
    assert bars.load(["A"], interval="5m").close[3, 0] != 100.5


def test_rows_that_come_out_of_order_are_sorted_in_time(
    bars: BarRepository, store: DuckStore, bars_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quant_tui.storage.duck.upsert.RESORT_AT_LEAST", 20)
    bars.upsert(bars_of(["A", "B"], 50), CSV)
    for day in range(15):
        bars.upsert(bars_of(["A", "B"], 2, f"2021-01-{2 * day + 1:02}"), CSV)
    with store.read() as connection:
        order = connection.execute("SELECT symbol FROM market_data ORDER BY rowid").fetchall()
        debt = connection.execute("SELECT coalesce(sum(rows), 0) FROM sort_debt").fetchone()
    assert len(order) == 160
    changes = sum(one != other for one, other in pairwise(order))
    assert changes < 25, "31 if never sorted"
    assert debt is not None
    assert debt[0] < 60


def test_the_extra_indexes_are_optional(tmp_path: Path, bars_of) -> None:
    path = tmp_path / "market.duckdb"
    expected = {True: 5, False: 3}
    for wanted in (True, False, True):
        store = DuckStore(path, extra_indexes=wanted)
        BarRepository(store).upsert(bars_of(["A"], 5), CSV)
        with store.read() as connection:
            found = connection.execute("SELECT count(*) FROM duckdb_indexes()").fetchone()
        assert found == (expected[wanted],)
        store.close()


def test_tables_and_indexes_are_those_of_the_data_model(store: DuckStore) -> None:
    with store.read() as connection:
        columns = {
            table: {
                name
                for (name,) in connection.execute(
                    f"SELECT column_name FROM (DESCRIBE {table})"
                ).fetchall()
            }
            for table in ("market_data", "technical_indicators")
        }
        indexes = {
            (table, name, unique)
            for table, name, unique in connection.execute(
                "SELECT table_name, index_name, is_unique FROM duckdb_indexes()"
            ).fetchall()
        }
    assert {
        *("id", "symbol", "date", "open_price", "high_price", "low_price", "close_price"),
        *("volume", "data_source", "created_at"),
    } <= columns["market_data"]
    assert {"id", "symbol", "indicator_type", "date", "values", "created_at"} <= columns[
        "technical_indicators"
    ]
    assert {
        ("market_data", "idx_market_data_pk", True),
        ("market_data", "idx_market_data_symbol_date", False),
        ("market_data", "idx_market_data_date", False),
        ("technical_indicators", "idx_tech_indicators", False),
    } <= indexes
