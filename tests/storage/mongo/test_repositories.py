"""Reading and writing entities; nobody reaches another's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from quant_tui.domain.errors import Conflict, InvalidInput, NotFound, StoreUnavailable
from quant_tui.domain.genai import RAGDocument
from quant_tui.domain.market_data import Company
from quant_tui.domain.ml_platform import MLModel, ModelDeployment
from quant_tui.domain.trading import Strategy, StrategyTemplate
from quant_tui.domain.user import User
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.repository import OwnedRepository
from quant_tui.storage.mongo.schema import COLLECTIONS
from quant_tui.storage.mongo.store import MetadataStore
from tests.storage.mongo.samples import OTHER, USER, sample


def owned(repositories: UserRepositories) -> dict[str, OwnedRepository[Any]]:
    return {
        name: one for name, one in vars(repositories).items() if isinstance(one, OwnedRepository)
    }


def test_every_owned_collection_has_its_repository(mine: UserRepositories) -> None:
    names = {one._spec.name for one in owned(mine).values()}
    assert names == {spec.name for spec in COLLECTIONS if not spec.shared}


async def test_another_users_object_does_not_exist(
    mine: UserRepositories, theirs: UserRepositories
) -> None:
    for name, repository in owned(mine).items():
        foreign = owned(theirs)[name]
        secret = await foreign.create(sample(foreign._entity, OTHER))
        with pytest.raises(NotFound):
            await repository.get(secret.id)
        with pytest.raises(NotFound):
            await repository.delete(secret.id)
        with pytest.raises(NotFound):
            await repository.increment(secret.id, "n")
        with pytest.raises((NotFound, Conflict)):  # Conflict: results are never changed
            await repository.update(secret)
        with pytest.raises((NotFound, Conflict)):
            await repository.update(secret.model_copy(update={"user_id": USER}))
        with pytest.raises(InvalidInput):
            await repository.create(sample(foreign._entity, OTHER))
        assert await repository.find(secret.id) is None
        assert await repository.list() == []
        assert await repository.list(where={"user_id": OTHER}) == []
        assert await repository.list(where={"$or": [{"user_id": OTHER}, {}]}) == []
        assert await repository.count({"id": secret.id}) == 0
        assert await foreign.get(secret.id) == secret


@pytest.mark.parametrize("bad", ["", "x", "None", "64b7f0c2a1b2c3d4e5f6071", "../../etc", "💥"])
async def test_malformed_id_is_not_found(mine: UserRepositories, bad: str) -> None:
    for repository in owned(mine).values():
        with pytest.raises(NotFound):
            await repository.get(bad)
        with pytest.raises(NotFound):
            await repository.delete(bad)
        assert await repository.find(bad) is None


def test_nobody_is_no_user(repositories: Repositories) -> None:
    with pytest.raises(InvalidInput):
        repositories.for_user("")


async def test_create_get_update_delete(mine: UserRepositories) -> None:
    made = await mine.strategies.create(
        Strategy(
            name="추세 추종",
            strategy_type="CUSTOM",
            user_id=USER,
            parameters={"BRK.B": 1, "$odd": [1, None, {"deep": 2.5}]},
        )
    )
    assert ObjectId.is_valid(made.id)
    assert await mine.strategies.get(made.id) == made
    changed = await mine.strategies.update(made.model_copy(update={"name": "new"}))
    assert changed.updated_at > made.updated_at
    assert await mine.strategies.get(made.id) == changed
    await mine.strategies.delete(made.id)
    with pytest.raises(NotFound):
        await mine.strategies.delete(made.id)
    with pytest.raises(NotFound):
        await mine.strategies.update(changed)


async def test_update_of_a_stale_object_is_refused(mine: UserRepositories) -> None:
    made = await mine.strategies.create(sample(Strategy))
    first, second = await mine.strategies.get(made.id), await mine.strategies.get(made.id)
    first.name, second.name = "first", "second"
    await mine.strategies.update(first)
    with pytest.raises(Conflict, match="changed by someone else"):
        await mine.strategies.update(second)
    assert (await mine.strategies.get(made.id)).name == "first"


async def test_of_many_writers_at_once_one_wins(mine: UserRepositories) -> None:
    made = await mine.strategies.create(sample(Strategy))
    done = await asyncio.gather(
        *(
            mine.strategies.update(made.model_copy(update={"name": f"writer {number}"}))
            for number in range(8)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Strategy) for one in done) == 1
    assert sum(isinstance(one, Conflict) for one in done) == 7


async def test_taken_value_names_the_field(repositories: Repositories, user: User) -> None:
    with pytest.raises(Conflict, match=r"user with email 'ada@example.org'"):
        await repositories.users.create(User(email=user.email, username="other"))
    with pytest.raises(Conflict, match="username"):
        await repositories.users.create(User(email="x@example.org", username=user.username))


async def test_taken_value_on_update_names_the_field(
    repositories: Repositories, user: User
) -> None:
    other = await repositories.users.create(User(email="b@example.org", username="b"))
    other.username = user.username
    with pytest.raises(Conflict, match="username"):
        await repositories.users.update(other)


async def test_pages_are_sorted_and_do_not_overlap(mine: UserRepositories) -> None:
    for number in range(25):
        await mine.strategies.create(
            Strategy(name=f"s{number % 3}", strategy_type="CUSTOM", user_id=USER)
        )
    pages = [
        await mine.strategies.list(sort=[("name", 1)], skip=skip, limit=10) for skip in (0, 10, 20)
    ]
    assert [len(page) for page in pages] == [10, 10, 5]
    everything = [one for page in pages for one in page]
    assert len({one.id for one in everything}) == 25
    assert [one.name for one in everything] == sorted(one.name for one in everything)
    assert len(await mine.strategies.list(limit=None)) == 25
    assert await mine.strategies.count({"name": "s1"}) == 8


async def test_newest_first_without_a_sort(mine: UserRepositories) -> None:
    made = [await mine.watchlists.create(sample_watchlist(number)) for number in range(3)]
    assert [one.id for one in await mine.watchlists.list()] == [one.id for one in made[::-1]]


def sample_watchlist(number: int) -> Any:
    from quant_tui.domain.user import Watchlist

    return Watchlist(name=str(number), symbols=["SPX"], user_id=USER)


@pytest.mark.parametrize(
    "value",
    [object(), 2**70, {1: "number as key"}, "\ud800", {"nul\0": 1}],
    ids=["object", "huge", "int-key", "surrogate", "nul-key"],
)
async def test_what_cannot_be_stored_is_invalid(mine: UserRepositories, value: Any) -> None:
    with pytest.raises(InvalidInput):
        await mine.strategies.create(
            Strategy(name="x", strategy_type="CUSTOM", user_id=USER, parameters={"v": value})
        )


async def test_too_large_is_invalid(mine: UserRepositories) -> None:
    with pytest.raises(InvalidInput, match="too large"):
        await mine.strategies.create(
            Strategy(
                name="x",
                strategy_type="CUSTOM",
                user_id=USER,
                parameters={"v": "x" * 17_000_000},
            )
        )


async def test_fields_of_a_newer_version_survive_an_update(
    store: MetadataStore, mine: UserRepositories
) -> None:
    made = await mine.strategies.create(sample(Strategy))
    await store.collection("strategies").update_one(
        {"_id": ObjectId(made.id)}, {"$set": {"newer": 7}}
    )
    read = await mine.strategies.get(made.id)
    await mine.strategies.update(read.model_copy(update={"name": "renamed"}))
    raw = await store.collection("strategies").find_one({"_id": ObjectId(made.id)})
    assert raw is not None
    assert (raw["name"], raw["newer"]) == ("renamed", 7)


async def test_unreadable_document_says_which_and_why(
    store: MetadataStore, mine: UserRepositories
) -> None:
    made = await mine.strategies.create(sample(Strategy))
    await store.database.command(
        "update",
        "strategies",
        updates=[{"q": {"_id": ObjectId(made.id)}, "u": {"$set": {"is_active": "maybe"}}}],
        bypassDocumentValidation=True,
    )
    with pytest.raises(StoreUnavailable, match=f"{made.id} cannot be read: is_active"):
        await mine.strategies.get(made.id)


async def test_upsert_many_keeps_ids_and_changes_values(repositories: Repositories) -> None:
    companies = [Company(symbol=f"S{number}", name="old") for number in range(50)]
    assert await repositories.companies.upsert_many(companies, ["symbol"]) == 50
    before = {one.symbol: one for one in await repositories.companies.list()}
    renamed = [one.model_copy(update={"name": "new"}) for one in companies]
    assert await repositories.companies.upsert_many(renamed, ["symbol"]) == 0
    after = {one.symbol: one for one in await repositories.companies.list()}
    assert {one.name for one in after.values()} == {"new"}
    assert all(after[key].id == before[key].id for key in before)
    assert all(after[key].created_at == before[key].created_at for key in before)
    assert await repositories.companies.upsert_many([], ["symbol"]) == 0


async def test_texts_put_by_many_at_once_are_stored_once(mine: UserRepositories) -> None:
    """Each is looked for by more than what is unique of it: the server repeats no such upsert."""
    text = sample(RAGDocument)
    for number in range(100):
        texts = [text.model_copy(update={"document_id": f"{number} {n}"}) for n in range(3)]
        new = await asyncio.gather(*(mine.rag_documents.put(texts) for _ in range(8)))
        assert sum(new) == 3
    assert await mine.rag_documents.count() == 300


async def test_what_is_refused_among_many_is_named(
    mine: UserRepositories, theirs: UserRepositories
) -> None:
    text = sample(RAGDocument).model_copy(update={"document_id": "one"})
    await mine.rag_documents.put([text])
    with pytest.raises(Conflict, match="'one' exists already"):
        await theirs.rag_documents.put([text.model_copy(update={"user_id": OTHER})])


async def test_templates_put_by_two_instances_are_one(repositories: Repositories) -> None:
    template = StrategyTemplate(name="SMA", strategy_type="SMA_CROSSOVER")
    made = await asyncio.gather(*(repositories.strategy_templates.put(template) for _ in range(6)))
    assert len({one.id for one in made}) == 1
    await asyncio.gather(
        *(repositories.strategy_templates.increment(made[0].id, "usage_count") for _ in range(5))
    )
    again = await repositories.strategy_templates.put(
        template.model_copy(update={"description": "new words"})
    )
    assert (again.usage_count, again.description) == (5, "new words")


async def test_transaction_is_all_or_nothing(store: MetadataStore, mine: UserRepositories) -> None:
    async def broken_off() -> None:
        async with store.transaction() as session:
            await mine.strategies.create(sample(Strategy), session=session)
            await mine.strategies.get(str(ObjectId()), session=session)

    with pytest.raises(NotFound):
        await broken_off()
    assert await mine.strategies.count() == 0
    async with store.transaction() as session:
        made = await mine.strategies.create(sample(Strategy), session=session)
        assert await mine.strategies.find(made.id) is None
    assert await mine.strategies.count() == 1


async def test_deleting_a_strategy_keeps_its_backtests(mine: UserRepositories) -> None:
    from quant_tui.domain.trading import Backtest

    strategy = await mine.strategies.create(sample(Strategy))
    backtest = await mine.backtests.create(
        Backtest(name="b", strategy_id=strategy.id, user_id=USER, config={"strategy": {"x": 1}})
    )
    await mine.strategies.delete(strategy.id)
    assert await mine.backtests.get(backtest.id) == backtest


async def test_a_model_in_use_is_not_deleted(mine: UserRepositories) -> None:
    from quant_tui.domain.ml_platform import Experiment

    model = await mine.ml_models.create(sample(MLModel))
    experiment = await mine.experiments.create(
        Experiment(name="e", model_ids=[model.id, "other"], user_id=USER)
    )
    deployment = await mine.deployments.create(
        ModelDeployment(model_id=model.id, environment="dev", user_id=USER)  # type: ignore[arg-type] # pydantic turns the text into the member
    )
    with pytest.raises(Conflict, match="used by 1 deployment"):
        await mine.ml_models.delete(model.id)
    await mine.deployments.delete(deployment.id)
    await mine.ml_models.delete(model.id)
    assert (await mine.experiments.get(experiment.id)).model_ids == ["other"]


async def test_deleting_a_user_takes_everything_of_theirs_and_nothing_else(
    repositories: Repositories, user: User, theirs: UserRepositories, store: MetadataStore
) -> None:
    for name, repository in owned(repositories.for_user(user.id)).items():
        await repository.create(sample(repository._entity, user.id))
        await owned(theirs)[name].create(sample(repository._entity, OTHER))
    await repositories.users.delete(user.id)
    for spec in COLLECTIONS:
        if not spec.shared:
            assert await store.collection(spec.name).count_documents({"user_id": user.id}) == 0
            count = await store.collection(spec.name).count_documents({"user_id": OTHER})
            assert count == 1, spec.name


async def test_last_errors_and_performances(mine: UserRepositories) -> None:
    from quant_tui.domain.trading import BacktestExecution, BacktestResult

    assert await mine.executions.last_errors([]) == {}
    await mine.executions.create(
        BacktestExecution(
            backtest_id="b1",
            execution_id="e1",
            status="failed",  # type: ignore[arg-type] # pydantic turns the text into the member
            error_details={"message": "no bars"},
            user_id=USER,
        )
    )
    await mine.results.create(
        BacktestResult(backtest_id="b2", execution_id="e2", performance={"cagr": 0.1}, user_id=USER)
    )
    assert await mine.executions.last_errors(["b1", "b2"]) == {"b1": "no bars"}
    assert await mine.results.last_performances(["b1", "b2"]) == {"b2": {"cagr": 0.1}}


async def test_unreachable_server_is_said_so() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await MetadataStore.open("mongodb://%2Fnowhere%2Fm.sock/?serverSelectionTimeoutMS=200")
    with pytest.raises(StoreUnavailable, match="address") as refused:
        await MetadataStore.open("postgres://user:secret@host")
    assert "secret" not in str(refused.value)
    for wrong in ("localhost", "mongodb://user:top/secret@host:1/", "mongodb://user:secret@[bad"):
        with pytest.raises(StoreUnavailable, match="address") as refused:
            await MetadataStore.open(wrong)
        assert "secret" not in str(refused.value)
