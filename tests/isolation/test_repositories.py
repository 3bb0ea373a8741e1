"""Two users at one store: every repository, and every call of it, with the other's ids."""

from __future__ import annotations

import inspect
import typing
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from quant_tui.domain.base import Entity, utc_now
from quant_tui.domain.trading import BacktestResult, PortfolioTransaction
from quant_tui.storage.mongo.migrations import migrate
from quant_tui.storage.mongo.portfolios import Changes
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.repository import OwnedRepository, Repository
from quant_tui.storage.mongo.results import PreparedResult
from quant_tui.storage.mongo.schema import COLLECTIONS
from quant_tui.storage.mongo.store import MetadataStore
from tests.isolation.attack import answer_of, calls, everything_of, leaks, methods_of
from tests.storage.mongo.samples import OTHER, USER, sample

MARKER = "geheim-"


def repositories_of(mine: UserRepositories) -> dict[str, OwnedRepository[Any]]:
    return {name: one for name, one in vars(mine).items() if isinstance(one, Repository)}


@pytest.fixture(scope="module")
def names() -> list[str]:
    return sorted(repositories_of(UserRepositories(_nowhere(), USER)))


def _nowhere() -> Any:
    class Nowhere:
        def collection(self, _name: str) -> None:
            return None

    return Nowhere()


def secret_sample(entity: type[Entity], user_id: str) -> Any:
    """Return an entity whose every text is marked, with times that have not passed."""
    made = sample(entity, user_id)
    for name, value in made.model_dump().items():
        if isinstance(value, str) and name != "user_id" and value.startswith(f"{name}-"):
            setattr(made, name, f"{MARKER}{value}")
    if "expires_at" in entity.model_fields:
        made.expires_at = utc_now() + timedelta(days=1)
    return made


@pytest.fixture
async def store(mongo_uri: str) -> AsyncIterator[MetadataStore]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    opened = await MetadataStore.open(mongo_uri, name)
    await migrate(opened)
    yield opened
    await opened.database.client.drop_database(name)
    await opened.close()


def test_everything_that_is_not_shared_is_reached_through_a_users_repositories(
    names: list[str],
) -> None:
    reached = {
        one._spec.name for one in repositories_of(UserRepositories(_nowhere(), USER)).values()
    }
    assert reached == {spec.name for spec in COLLECTIONS if not spec.shared}
    for spec in COLLECTIONS:
        assert spec.shared == ("user_id" not in spec.entity.model_fields), spec.name


def test_nothing_of_one_user_is_reached_through_the_shared_repositories() -> None:
    shared = [one for one in vars(Repositories(_nowhere())).values() if isinstance(one, Repository)]
    assert shared
    for one in shared:
        assert one._spec.shared, one._spec.name


@pytest.mark.timeout(300)
async def test_no_call_of_any_repository_reaches_what_another_user_has(
    store: MetadataStore, names: list[str]
) -> None:
    everybody = Repositories(store)
    theirs, mine = everybody.for_user(USER), everybody.for_user(OTHER)
    kept: dict[str, Any] = {}
    for name, repository in repositories_of(theirs).items():
        entity = secret_sample(repository._entity, USER)
        if isinstance(entity, BacktestResult):  # large enough to have parts of its own
            entity.trades = [{"date": "2024-01-02", "symbol": "SPX", "number": n}
                             for n in range(6000)]  # fmt: skip
        kept[name] = await create(repository, entity)
    secrets = [MARKER, *(one.id for one in kept.values())]
    before = await everything_of(store, USER)
    assert len(before) > len(kept), "the result has parts"
    tried = 0
    for name, repository in repositories_of(mine).items():
        own = await create(repository, sample(repository._entity, OTHER))
        arguments = Tried(repository, kept, kept[name], own)
        for method in methods_of(repository):
            if method == "noun":
                continue
            for given in calls(repository, method, arguments):
                answer = await answer_of(repository, method, given)
                tried += 1
                place = f"{name}.{method}({given})"
                if not arguments.holds_secrets(given):
                    assert not leaks(answer, secrets), f"{place} gave {answer!r}"
        after = await everything_of(store, USER)
        assert after == before, f"a call of {name} changed {difference(before, after)}"
    assert tried > 400


def difference(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(set(before.items()) ^ set(after.items()))[:6]


async def create(repository: OwnedRepository[Any], entity: Entity) -> Entity:
    if hasattr(repository, "record"):  # the ledger of trials counts and has no create of its own
        made = await Repository.create(repository, entity)
    else:
        made = await repository.create(entity)
    return made


class Tried:
    """What of another user is tried, by parameter."""

    def __init__(
        self, repository: OwnedRepository[Any], kept: dict[str, Any], theirs: Any, own: Any
    ) -> None:
        self._repository = repository
        self._kept = kept
        self._theirs = theirs
        self._own = own
        self._handed: set[int] = set()

    def __call__(self, method: str, name: str, parameter: inspect.Parameter) -> list[Any] | None:
        theirs, own = self._theirs, self._own
        fresh = sample(type(theirs), OTHER)
        forged = fresh.model_copy(update={"id": theirs.id})
        claimed = theirs.model_copy(update={"user_id": OTHER})
        entities = [forged, own, theirs, claimed, fresh]
        texts = [getattr(one, name) for one in self._kept.values() if hasattr(one, name)]
        if name == "session":
            return [None]
        if name == "where":
            return [None, {}, {"user_id": USER}, {"id": theirs.id}, {"user_id": {"$exists": True}},
                    {"$or": [{"user_id": USER}, {"id": theirs.id}]}, {"id": {"$in": [theirs.id]}},
                    {"$nor": [{"user_id": OTHER}]}]  # fmt: skip
        if name == "id":
            return [theirs.id, theirs.user_id]
        if name == "keys":
            texts_of_theirs = [key for key, one in theirs.model_dump(by_alias=True).items()
                               if isinstance(one, str) and key != "id"]  # fmt: skip
            return [["user_id"], texts_of_theirs]
        if name == "message":
            texts_of_theirs = {"id": "geheim", "role": "user", "content": "overwritten"}
            return [texts_of_theirs, {}]
        if name == "proposal_id":
            return [theirs.id]
        if name == "values":
            return [{"user_id": OTHER, "title": "mine"}, {"is_active": False}, {}]
        if name == "text":
            return [MARKER, "geheim", "."]
        if name == "field":
            return ["version", "updated_at"]
        if name == "entities":
            return self._handed_over([[one] for one in entities])
        if name == "transactions":
            lines = [self._kept["portfolio_transactions"]]
            return self._handed_over([lines, [sample(PortfolioTransaction, OTHER)]])
        if name == "changes":
            line = self._kept["portfolio_transactions"]
            posed = line.model_copy(update={"user_id": OTHER})
            return self._handed_over(
                [Changes(remove=[line.id]), Changes(replace=[posed]), Changes(add=[posed]),
                 Changes(add=[line]), Changes(replace=[line])]
            )  # fmt: skip
        if name == "prepared":
            return self._handed_over(
                [PreparedResult(one, {"_id": uuid.uuid4().hex, "user_id": one.user_id})
                 for one in entities]
            )  # fmt: skip
        if name == "execution_id":
            return [self._kept["executions"].execution_id, self._kept["executions"].id]
        if name == "document_ids":
            return [[self._kept["rag_documents"].document_id], {theirs.id}]
        if name == "content_hashes":
            return [[self._kept["rag_documents"].content_hash]]
        if name == "documents":
            return self._handed_over([[one] for one in entities])
        if name in ("kind", "embedder"):
            return [getattr(self._kept["rag_documents"], name)]
        if name == "to":
            return [self._kept["trials"].strategy_key, own.id]
        if name == "limit":
            return [None if "None" in str(parameter.annotation) else 100]
        if name.endswith("_id") and texts:
            return [theirs.id, *dict.fromkeys(texts)]
        if name.endswith("_ids"):
            return [[one.id for one in self._kept.values()]]
        if name in ("strategy_key", "token_hash", "name", "code_hash"):
            return texts
        if _is_entity(parameter, self._repository, method):
            return self._handed_over(entities)
        return None

    def _handed_over(self, values: list[Any]) -> list[Any]:
        self._handed |= {id(one) for one in values}
        self._alive = [*getattr(self, "_alive", []), values]
        return values

    def holds_secrets(self, given: dict[str, Any]) -> bool:
        """Whether a call was handed things of the other user, which it may answer with."""
        return any(id(one) in self._handed for one in given.values())


def _is_entity(parameter: inspect.Parameter, repository: object, method: str) -> bool:
    if parameter.name in ("entity", "entry", "code", "portfolio"):
        return True
    hints = typing.get_type_hints(getattr(type(repository), method))
    kind = hints.get(parameter.name)
    return isinstance(kind, type) and issubclass(kind, Entity)
