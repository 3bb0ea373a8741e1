"""What every entity shares: an id, a strict shape, and times that are aware and UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def utc_now() -> datetime:
    """Return the present time, aware and in UTC, to the millisecond (MongoDB's precision)."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone")
    return value.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(_to_utc)]
"""A timezone-aware time, held in UTC."""

Document = dict[str, Any]
"""A free-form object of the data model, as MongoDB and JSON hold it."""


class Entity(BaseModel):
    """An entity of the data model.

    ``id`` is empty until the entity is stored; stores that use another kind of key
    convert at their edge.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        protected_namespaces=(),
    )

    id: str = ""


class Stamped(Entity):
    """An entity that knows when it was made and last changed."""

    created_at: UtcDatetime = Field(default_factory=utc_now)
    updated_at: UtcDatetime = Field(default_factory=utc_now)
