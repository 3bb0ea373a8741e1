"""Results of any size come back as they were, and lists of them stay light."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import Conflict, InvalidInput, StoreUnavailable
from quant_tui.domain.trading import BacktestResult
from quant_tui.storage.mongo import packing
from quant_tui.storage.mongo.repositories import UserRepositories
from quant_tui.storage.mongo.result_parts import delete_abandoned
from quant_tui.storage.mongo.schema import RESULT_PARTS, RESULT_SERIES
from quant_tui.storage.mongo.store import MetadataStore
from tests.storage.mongo.samples import OTHER, USER


def result(points: int = 10, trades: int = 3, **fields: Any) -> BacktestResult:
    start = datetime(1990, 1, 1)
    dates = [(start + timedelta(minutes=one)).isoformat() for one in range(points)]
    values = [100_000 * (1 + 0.1 * math.sin(one / 50)) + one / 7 for one in range(points)]
    return BacktestResult(
        **{
            "backtest_id": str(ObjectId()),
            "execution_id": str(ObjectId()),
            "user_id": USER,
            "performance": {"total_return": 0.25, "total_trades": trades, "sharpe_ratio": None},
            "risk_metrics": {"skew": -0.5},
            "trades": [
                {
                    "date": dates[one % points],
                    "symbol": "SPX",
                    "action": "BUY" if one % 2 else "SELL",
                    "quantity": one / 3,
                    "price": 100 + one / 11,
                    "commission": 0.1,
                    "slippage": 0.0,
                }
                for one in range(trades)
            ],
            "round_trips": [
                {"symbol": "SPX", "entry_date": dates[0], "pnl": one / 9, "open": False}
                for one in range(trades // 2)
            ],
            "portfolio_value": {"date": dates, "value": values},
            "benchmark": {"date": dates, "value": [None, *values[1:]]},
            "details": {"drawdowns": [{"depth": -0.1}], "monthly": {"1990": {"1": 0.01}}},
            "fingerprint": {"data": "abc", "seed": 0},
            **fields,
        }
    )


async def parts_left(store: MetadataStore) -> int:
    counts = [
        await store.collection(name).count_documents({})
        for name in (RESULT_PARTS, f"{RESULT_SERIES}.files", f"{RESULT_SERIES}.chunks")
    ]
    return sum(counts)


async def largest(store: MetadataStore, name: str) -> int:
    """Return the size in bytes of a collection's largest document."""
    found = await store.collection(name).aggregate(
        [{"$group": {"_id": None, "bytes": {"$max": {"$bsonSize": "$$ROOT"}}}}]
    )
    (only,) = await found.to_list()
    return int(only["bytes"])


@pytest.mark.parametrize(
    ("points", "trades"),
    [(1, 0), (5_000, 2_000), (5_001, 2_001), (100_000, 10), (100_001, 4_000)],
)
async def test_comes_back_as_it_was(
    mine: UserRepositories, store: MetadataStore, points: int, trades: int
) -> None:
    made = await mine.results.create(result(points, trades))
    assert await mine.results.get(made.id) == made
    assert (await mine.results.of_execution(made.execution_id)) == made
    assert (await mine.results.of_backtest(made.backtest_id)) == made
    await mine.results.delete(made.id)
    assert await parts_left(store) == 0


async def test_two_hundred_thousand_points_and_fifty_thousand_trades(
    mine: UserRepositories, store: MetadataStore
) -> None:
    made = await mine.results.create(result(200_000, 50_000))
    assert await largest(store, "backtest_results") < 100_000
    assert await mine.results.get(made.id) == made
    assert await mine.results.list() == [made]
    await mine.results.delete(made.id)
    assert await parts_left(store) == 0


async def test_every_stored_document_is_far_below_the_limit(
    mine: UserRepositories, store: MetadataStore
) -> None:
    fat = [{"note": "x" * 20_000, "n": one} for one in range(2_500)]
    log = {"log": ["y" * 1000] * 4_000, "drawdown": [0.1] * 9}
    whole = result(90_000, details=log).model_copy(update={"trades": fat})
    made = await mine.results.create(whole)
    assert await largest(store, "backtest_results") < 8_000_000
    assert await largest(store, RESULT_PARTS) < 8_000_000
    assert await mine.results.get(made.id) == made


async def test_summaries_have_the_figures_and_nothing_heavy(
    mine: UserRepositories, theirs: UserRepositories
) -> None:
    made = [
        await mine.results.create(
            result(6_000, 2_500, executed_at=utc_now() + timedelta(seconds=number))
        )
        for number in range(3)
    ]
    await theirs.results.create(result(user_id=OTHER))
    found = await mine.results.summaries()
    assert [one.id for one in found] == [one.id for one in made[::-1]]
    assert found[0].performance == made[2].performance
    assert (found[0].trades_count, found[0].round_trips_count) == (2_500, 1_250)
    assert not hasattr(found[0], "trades")
    (only,) = await mine.results.summaries(where={"backtest_id": made[0].backtest_id}, limit=1)
    assert only.id == made[0].id


async def test_second_result_of_an_execution_is_refused_and_leaves_nothing(
    mine: UserRepositories, store: MetadataStore
) -> None:
    first = await mine.results.create(result(10, 2_500))
    before = await parts_left(store)
    with pytest.raises(Conflict, match="execution_id"):
        await mine.results.create(result(200_000, 2_500, execution_id=first.execution_id))
    assert await parts_left(store) == before
    assert await mine.results.get(first.id) == first


@pytest.mark.parametrize("field", ["performance", "benchmark", "trades"])
async def test_what_cannot_be_stored_leaves_nothing(
    mine: UserRepositories, store: MetadataStore, field: str
) -> None:
    whole = result(200_000, 2_500)
    bad = [*whole.trades, {"x": object()}] if field == "trades" else {"x": object()}
    with pytest.raises(InvalidInput):
        await mine.results.create(whole.model_copy(update={field: bad}))
    assert await parts_left(store) == 0


async def test_a_missing_part_is_said_and_not_hidden(
    mine: UserRepositories, store: MetadataStore
) -> None:
    made = await mine.results.create(result(200_000, 4_500))
    await store.collection(RESULT_PARTS).delete_one({"field": "trades", "sequence": 1})
    with pytest.raises(StoreUnavailable, match=f"trades of result {made.id}"):
        await mine.results.get(made.id)


async def test_a_damaged_series_is_said_and_not_hidden(
    mine: UserRepositories, store: MetadataStore
) -> None:
    made = await mine.results.create(result(200_000, 1))
    await store.collection(f"{RESULT_SERIES}.chunks").delete_one({})
    with pytest.raises(StoreUnavailable, match=made.id):
        await mine.results.get(made.id)


async def test_results_are_not_changed(mine: UserRepositories) -> None:
    made = await mine.results.create(result())
    with pytest.raises(Conflict):
        await mine.results.update(made)


async def test_only_old_parts_without_a_result_are_swept(
    mine: UserRepositories, store: MetadataStore
) -> None:
    kept = await mine.results.create(result(200_000, 2_500))
    being_written = await mine.results.prepare(result(200_000, 2_500))
    abandoned = await mine.results.prepare(result(200_000, 2_500))
    key = abandoned.result.id
    old = ObjectId.from_datetime(utc_now() - timedelta(hours=2))
    async for part in store.collection(RESULT_PARTS).find({"result_id": key}):
        await store.collection(RESULT_PARTS).delete_one({"_id": part["_id"]})
        await store.collection(RESULT_PARTS).insert_one({**part, "_id": old})
        old = ObjectId(f"{int(str(old), 16) + 1:024x}")
    await store.collection(f"{RESULT_SERIES}.files").update_many(
        {"metadata.result_id": key}, {"$set": {"uploadDate": utc_now() - timedelta(hours=2)}}
    )
    assert await delete_abandoned(store, "backtest_results") == 1
    assert await store.collection(RESULT_PARTS).count_documents({"result_id": key}) == 0
    await mine.results.insert(being_written)
    for whole in (kept, being_written.result):
        assert await mine.results.get(whole.id) == whole


@pytest.mark.parametrize(
    "series",
    [
        {},
        {"date": [], "value": []},
        {"date": ["a"] * 7_000, "value": [1.5] * 7_000},
        {"date": ["a"] * 7_000, "value": [None, 1.5, -0.0, 1e308] * 1_750},
        {"value": [1] * 6_000, "flag": [True, None] * 3_000, "name": "x", "nested": {"a": [1]}},
        {"value": [1, 2.0, 3] * 2_000},
        {"value": [float("inf"), -float("inf")] * 3_000},
        {"short": [1.0], "long": [2.0] * 7_000},
    ],
    ids=lambda one: ",".join(one) or "empty",
)
def test_packing_gives_back_what_it_was_given(series: dict[str, Any]) -> None:
    assert packing.unpack(packing.pack(series)) == series
    encoding, data = packing.to_bytes(series)
    back = packing.from_bytes(encoding, data)
    assert back == series
    for name, values in series.items():
        if isinstance(values, list):
            assert [type(one) for one in back[name]] == [type(one) for one in values]


def test_series_are_kept_as_parquet_that_others_can_read() -> None:
    encoding, data = packing.to_bytes({"date": ["2020-01-01"], "value": [1.0]})
    assert (encoding, data[:4]) == ("parquet", b"PAR1")


def test_not_a_number_survives_packing() -> None:
    (value,) = packing.from_bytes(*packing.to_bytes({"value": [math.nan]}))["value"]
    assert math.isnan(value)
