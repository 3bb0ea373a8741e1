"""What the tests of the MongoDB store share beyond fixtures."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin

from quant_tui.domain.base import Entity

USER = "64b7f0c2a1b2c3d4e5f60718"
OTHER = "64b7f0c2a1b2c3d4e5f60799"


async def wait_for(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"{condition} did not hold within {seconds} s"
        await asyncio.sleep(0.02)


def sample(entity: type[Entity], user_id: str = USER) -> Any:
    """Return a valid entity with every required field filled in by its type."""
    values: dict[str, Any] = {}
    for name, info in entity.model_fields.items():
        if name == "user_id":
            values[name] = user_id
        elif info.is_required():
            values[name] = _value(info.annotation, name)
    return entity(**values)


def _value(annotation: Any, name: str) -> Any:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return _value(get_args(annotation)[0], name)
    if hasattr(annotation, "__members__"):
        return next(iter(annotation))
    makers: dict[Any, Any] = {
        str: f"{name}-{uuid.uuid4().hex[:8]}",
        int: 1,
        float: 1.5,
        bool: True,
        # far ahead, or MongoDB takes away what has expired while the test runs
        datetime: datetime(2099, 5, 6, tzinfo=UTC),
    }
    return makers[annotation]
