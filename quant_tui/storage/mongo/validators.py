"""Collection validators (``$jsonSchema``) derived from the pydantic models.

The program checks entities before they are stored; the server checks again, for what
reaches it by another way. Fields that a newer version adds are allowed.
"""

from __future__ import annotations

import types
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from quant_tui.domain.base import Document, Entity

_SIMPLE: dict[type, list[str]] = {
    str: ["string"],
    bool: ["bool"],
    int: ["int", "long"],
    float: ["double", "int", "long"],
    datetime: ["date"],
    dict: ["object"],
}


def json_schema(entity: type[Entity]) -> Document:
    """Return the ``$jsonSchema`` of an entity's documents.

    Every field is required, since the repositories write all of them; ``id`` is the
    document's ``_id``.

    Raises
    ------
    TypeError
        The entity has a field of a type that this does not know.
    """
    properties: Document = {"_id": {"bsonType": "objectId"}}
    for name, info in entity.model_fields.items():
        if name != "id":
            properties[info.alias or name] = _property(info)
    for name, derived in entity.model_computed_fields.items():
        properties[name] = _type_schema(derived.return_type)
    return {
        "bsonType": "object",
        "title": entity.__name__,
        "required": [name for name in properties if name != "_id"],
        "properties": properties,
    }


def _property(info: FieldInfo) -> Document:
    schema = _type_schema(info.annotation)
    for constraint in info.metadata:
        if isinstance(constraint, annotated_types.Ge):
            schema["minimum"] = constraint.ge
        elif isinstance(constraint, annotated_types.Le):
            schema["maximum"] = constraint.le
    return schema


def _type_schema(annotation: Any) -> Document:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _type_schema(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return _union_schema(get_args(annotation))
    if origin is list:
        return {"bsonType": ["array"], "items": _type_schema(get_args(annotation)[0])}
    if origin is dict:
        return {"bsonType": ["object"]}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return {"bsonType": ["string"], "enum": [member.value for member in annotation]}
    if annotation in _SIMPLE:
        return {"bsonType": list(_SIMPLE[annotation])}
    raise TypeError(f"no validator is known for {annotation!r}")


def _union_schema(members: tuple[Any, ...]) -> Document:
    known = [_type_schema(member) for member in members if member is not type(None)]
    if len(known) != 1:
        raise TypeError(f"no validator is known for a choice of {members!r}")
    schema = known[0]
    schema["bsonType"] = [*schema["bsonType"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema
