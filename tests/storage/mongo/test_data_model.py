"""The given data model against the real server: nothing may be missing."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import WriteError

from quant_tui.domain.base import Entity
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import BacktestExecution
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.schema import BY_NAME, COLLECTIONS
from quant_tui.storage.mongo.store import MetadataStore
from quant_tui.storage.mongo.validators import json_schema
from tests.storage.mongo.samples import USER, sample, wait_for

ERD: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "erd.json").read_text("utf-8")
)
MONGO_ENTITIES = {
    name: entry for name, entry in ERD["entities"].items() if entry["store"] == "mongodb"
}
BSON_TYPES = {
    "string": "string",
    "object": "object",
    "array": "array",
    "boolean": "bool",
    "int": "int",
    "float": "double",
    "datetime": "date",
}


def entity_class(name: str) -> type[Entity]:
    for module in ("user", "trading", "market_data", "ml_platform", "genai"):
        found = getattr(importlib.import_module(f"quant_tui.domain.{module}"), name, None)
        if found is not None:
            return found
    raise AssertionError(f"there is no entity {name}")


@pytest.mark.parametrize("name", MONGO_ENTITIES)
def test_entity_has_every_field_of_the_model_with_its_type(name: str) -> None:
    entry = MONGO_ENTITIES[name]
    properties = json_schema(BY_NAME[entry["collection"]].entity)["properties"]
    for field in entry["fields"]:
        stored = "_id" if field["name"] == "id" else field["name"]
        assert stored in properties, field["name"]
        if stored != "_id":
            assert BSON_TYPES[field["type"]] in properties[stored]["bsonType"], field["name"]


def test_every_entity_has_its_collection() -> None:
    for name, entry in MONGO_ENTITIES.items():
        assert BY_NAME[entry["collection"]].entity is entity_class(name)


async def test_server_has_every_collection_with_its_validator(store: MetadataStore) -> None:
    found = {one["name"]: one async for one in await store.database.list_collections()}
    for name, entry in MONGO_ENTITIES.items():
        schema = found[entry["collection"]]["options"]["validator"]["$jsonSchema"]
        fields = {"_id" if one["name"] == "id" else one["name"] for one in entry["fields"]}
        assert fields <= set(schema["properties"]), name
        assert fields - {"_id"} <= set(schema["required"]), name


@pytest.mark.parametrize(
    "wanted", ERD["mongodb_indexes"], ids=lambda one: f"{one['collection']}-{one['keys']}"
)
async def test_server_has_every_index(store: MetadataStore, wanted: dict[str, Any]) -> None:
    information = await store.collection(wanted["collection"]).index_information()
    keys = [tuple(pair) for pair in wanted["keys"]]
    matching = [one for one in information.values() if [tuple(k) for k in one["key"]] == keys]
    assert len(matching) == 1
    for option, default in (
        ("unique", False),
        ("partialFilterExpression", None),
        ("expireAfterSeconds", None),
    ):
        assert matching[0].get(option, default) == wanted.get(option, default), option


async def test_every_entity_comes_back_as_it_was(
    mine: UserRepositories, repositories: Repositories, store: MetadataStore
) -> None:
    from quant_tui.storage.mongo.repository import OwnedRepository, Repository

    for spec in COLLECTIONS:
        repository: Any = (
            Repository(store, spec.entity)
            if spec.shared
            else OwnedRepository(store, spec.entity, USER)
        )
        made = await repository.create(sample(spec.entity))
        assert await repository.get(made.id) == made, spec.name


async def test_only_failed_executions_expire(store: MetadataStore, mine: UserRepositories) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    lately = datetime.now(UTC) - timedelta(days=29)
    for status in RunStatus:
        for age in (long_ago, lately):
            await mine.executions.create(
                BacktestExecution(
                    backtest_id=str(ObjectId()),
                    execution_id=str(ObjectId()),
                    status=status,
                    completed_at=age,
                    user_id=USER,
                )
            )

    async def expired() -> bool:
        return await mine.executions.count({"status": "failed"}) == 1

    await wait_for(expired, 60)
    assert await mine.executions.count() == 2 * len(RunStatus) - 1
    (left,) = await mine.executions.list(where={"status": "failed"})
    assert left.completed_at is not None
    assert left.completed_at > long_ago


@pytest.mark.parametrize("spec", COLLECTIONS, ids=lambda spec: spec.name)
async def test_validator_refuses_what_is_not_the_entity(store: MetadataStore, spec: Any) -> None:
    from quant_tui.storage.mongo.codec import to_document

    good = to_document(sample(spec.entity))
    collection = store.collection(spec.name)
    for field, value in good.items():
        wrong = ObjectId() if not isinstance(value, ObjectId) else 1
        with pytest.raises(WriteError, match="failed validation"):
            await collection.insert_one({**good, field: wrong})
        with pytest.raises(WriteError, match="failed validation"):
            await collection.insert_one({key: one for key, one in good.items() if key != field})
    await collection.insert_one({**good, "field_of_a_newer_version": 1})


async def test_validator_refuses_unknown_status_and_out_of_range(store: MetadataStore) -> None:
    from quant_tui.domain.market_data import NewsData
    from quant_tui.domain.trading import Backtest
    from quant_tui.storage.mongo.codec import to_document

    with pytest.raises(WriteError):
        await store.collection("backtests").insert_one(
            {**to_document(sample(Backtest)), "status": "sleeping"}
        )
    with pytest.raises(WriteError):
        await store.collection("news").insert_one(
            {**to_document(sample(NewsData)), "sentiment_score": 1.5}
        )


async def test_refusal_names_the_field(store: MetadataStore) -> None:
    from quant_tui.domain.trading import Backtest
    from quant_tui.storage.mongo.codec import to_document
    from quant_tui.storage.mongo.failures import translated

    document = {**to_document(sample(Backtest)), "status": "sleeping"}
    with pytest.raises(InvalidInput, match="sleeping") as refused, translated("backtest"):
        await store.collection("backtests").insert_one(document)
    assert refused.value.field == "status"
