"""Trying everything a thing can do with another user's ids: found by reflection, so that
what is added later is tried too, or fails the test until somebody says how to try it.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from bson import ObjectId, encode

from quant_tui.domain.errors import QuantError
from quant_tui.jobs.manager import Job
from quant_tui.storage.mongo.store import MetadataStore

Arguments = Callable[[str, str, inspect.Parameter], list[Any] | None]
"""From method, name and parameter to the values to try; None when nobody has said."""


def methods_of(thing: object) -> list[str]:
    """Return the names of everything that can be called on a thing."""
    return [
        name
        for name in dir(type(thing))
        if not name.startswith("_") and callable(getattr(type(thing), name))
    ]


def calls(thing: object, method: str, values: Arguments) -> Iterator[dict[str, Any]]:
    """Yield arguments of a method: each value of each parameter in turn, the rest at first.

    Raises
    ------
    AssertionError
        A parameter that nobody has said a value for.
    """
    tried: dict[str, list[Any]] = {}
    for name, parameter in inspect.signature(getattr(thing, method)).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        given = values(method, name, parameter)
        if given is None:
            assert parameter.default is not parameter.empty, (
                f"{type(thing).__name__}.{method}({name}): say in this test what of another "
                "user to try there"
            )
            continue
        tried[name] = given
    yield {name: given[0] for name, given in tried.items()}
    for name, given in tried.items():
        for value in given[1:]:
            yield {**{other: rest[0] for other, rest in tried.items()}, name: value}


async def answer_of(thing: object, method: str, arguments: Mapping[str, Any]) -> Any:
    """Call a method and wait for all of it; the error when it refuses."""
    try:
        found = getattr(thing, method)(**arguments)
        if inspect.isasyncgen(found):
            return [one async for one in _all(found)]
        if inspect.isawaitable(found):
            found = await found
        if isinstance(found, Job):
            found = await found.wait()
    except QuantError as error:
        return error
    return found


async def _all(found: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for one in found:
        yield one


async def everything_of(store: MetadataStore, user_id: str) -> dict[str, str]:
    """Return what one user has: every document of every collection, as a hash of its bytes."""
    found: dict[str, str] = {}
    results: list[str] = []
    for name in sorted(await store.database.list_collection_names()):
        if name.startswith("system."):
            continue
        async for document in store.collection(name).find({"user_id": user_id}):
            found[f"{name}/{document['_id']}"] = hashlib.sha256(encode(document)).hexdigest()
            if name == "backtest_results":
                results.append(str(document["_id"]))
    for name, field in (
        ("backtest_result_parts", "result_id"),
        ("backtest_series.files", "metadata.result_id"),
    ):
        async for document in store.collection(name).find({field: {"$in": results}}):
            found[f"{name}/{document['_id']}"] = hashlib.sha256(encode(document)).hexdigest()
            chunks = store.collection("backtest_series.chunks").find({"files_id": document["_id"]})
            async for chunk in chunks:
                found[f"chunk/{chunk['_id']}"] = hashlib.sha256(encode(chunk)).hexdigest()
    return found


def leaks(answer: object, secrets: Iterable[str]) -> list[str]:
    """Return what of another user an answer holds."""
    text = "" if isinstance(answer, QuantError) else written(answer)
    return [secret for secret in secrets if secret in text]


def written(value: object, depth: int = 8) -> str:
    """Write a value out with all it holds."""
    if depth == 0 or isinstance(value, str | int | float | bool | type(None) | ObjectId):
        return str(value)
    if isinstance(value, Mapping):
        return " ".join(f"{key} {written(one, depth - 1)}" for key, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return " ".join(written(one, depth - 1) for one in value)
    names = getattr(type(value), "model_fields", None) or getattr(
        type(value), "__dataclass_fields__", None
    )
    if names:
        return " ".join(written(getattr(value, name), depth - 1) for name in names)
    return repr(value)
