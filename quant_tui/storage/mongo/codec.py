"""Between entities and documents: ids, enumerations, and fields of other versions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from bson import ObjectId
from bson.errors import InvalidId
from pydantic import ValidationError

from quant_tui.domain.base import Document, Entity
from quant_tui.domain.errors import NotFound, StoreUnavailable

E = TypeVar("E", bound=Entity)


def object_id(text: str, noun: str) -> ObjectId:
    """Return the store's form of an id.

    Raises
    ------
    NotFound
        No object can have that id.
    """
    try:
        return ObjectId(text)
    except (InvalidId, TypeError):
        raise NotFound(f"There is no {noun} {text!r}.") from None


def to_document(entity: Entity) -> Document:
    """Return an entity's document without its ``_id``; fields by their stored names."""
    return {
        name: _plain(value)
        for name, value in entity.model_dump(by_alias=True, exclude={"id"}).items()
    }


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def to_entity(entity: type[E], document: Mapping[str, Any], noun: str) -> E:
    """Return the entity of a stored document; fields that it does not know are left out.

    Raises
    ------
    StoreUnavailable
        The document was damaged, or written by a version that means something else.
    """
    known = {info.alias or name for name, info in entity.model_fields.items()}
    fields = {name: value for name, value in document.items() if name in known}
    try:
        return entity.model_validate({**fields, "id": str(document["_id"])})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreUnavailable(
            f"The stored {noun} {document.get('_id')} cannot be read: {where}: {first['msg']}.",
            hint="It was written by another version or changed from outside.",
        ) from error


def to_filter(where: Mapping[str, Any] | None, noun: str) -> Document:
    """Return a query for conditions on an entity's fields; ``id`` becomes ``_id``."""
    conditions: Document = {}
    for name, value in (where or {}).items():
        if name != "id":
            conditions[name] = _plain(value)
        elif isinstance(value, str):
            conditions["_id"] = object_id(value, noun)
        else:
            conditions["_id"] = {
                operator: object_id(operand, noun)
                if isinstance(operand, str)
                else [object_id(one, noun) for one in operand]
                for operator, operand in value.items()
            }
    return conditions
