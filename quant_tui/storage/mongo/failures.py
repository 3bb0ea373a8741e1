"""Turn what the driver raises into the errors of the program."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from bson.errors import BSONError
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    CursorNotFound,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from quant_tui.domain.errors import Conflict, InvalidInput, StoreUnavailable

T = TypeVar("T")

DUPLICATE = 11000
"""A unique value is taken."""

_VALIDATION = 121
_WRITE_CONFLICT = 112
_DISK_FULL = 14031
_UNAUTHORIZED = (13, 18)
_SHUTTING_DOWN = (91, 11600, 11602, 189, 10107, 13435)


@contextmanager
def translated(noun: str) -> Iterator[None]:
    """Run store calls about a ``noun`` (such as "strategy"); raise only our own errors.

    Raises
    ------
    Conflict
        A unique value is taken, or two transactions changed the same object.
    InvalidInput
        The object cannot be stored; ``field`` names which field where that is known.
    StoreUnavailable
        The server is away, refuses, or has no room.
    """
    try:
        yield
    except DuplicateKeyError as error:
        raise _taken(noun, error.details or {}) from error
    except BulkWriteError as error:
        raise _refused_first(noun, error) from error
    except DocumentTooLarge as error:
        raise InvalidInput(
            f"This {noun} is too large to store ({error}).", hint="Keep it below 16 MB."
        ) from error
    except AutoReconnect as error:  # also time-outs and a server that cannot be found
        raise unavailable(error) from error
    except OperationFailure as error:
        raise _refused(noun, error) from error
    except (BSONError, OverflowError, UnicodeEncodeError) as error:
        raise InvalidInput(
            f"This {noun} holds something that cannot be stored: {error}."
        ) from error
    except PyMongoError as error:
        raise unavailable(error) from error


async def repeated(work: Callable[[], Awaitable[T]]) -> T:
    """Do what may be done twice; once more when the server went away meanwhile and is back.

    The driver does so by itself only for one command that it can tell from another: not for
    a write of many documents, nor for the later parts of a long answer. Not for what belongs
    to a transaction, which is repeated whole.
    """
    try:
        return await work()
    except ServerSelectionTimeoutError:
        raise  # it was waited for
    except (AutoReconnect, CursorNotFound):
        return await work()


def unavailable(error: PyMongoError) -> StoreUnavailable:
    """Return the error for a server that cannot be reached or used."""
    if isinstance(error, ConfigurationError):
        said = str(error).rstrip(".")
        if "database name" in said:
            # It quotes what follows the first slash: of a password with one, the rest.
            said = "a / in user or password must be written %2F, or its database name is wrong"
        return StoreUnavailable(
            f"The address of MongoDB cannot be used: {said}.",
            hint="Check mongodb.uri in config.toml, --set and QUANT_TUI_MONGODB_URI.",
        )
    return StoreUnavailable(
        f"MongoDB cannot be reached: {str(error).partition(', Timeout:')[0][:300]}",
        hint="Try again in a moment; quant-tui doctor says what is wrong.",
    )


def _taken(noun: str, details: Mapping[str, Any]) -> Conflict:
    values = details.get("keyValue") or {}
    fields = [name for name in details.get("keyPattern") or values if name != "user_id"]
    if not fields or fields == ["_id"]:
        return Conflict(f"This {noun} exists already.")
    named = " and ".join(f"{name} {values.get(name)!r}" for name in fields)
    return Conflict(f"A {noun} with {named} exists already.", hint=f"Choose another {fields[0]}.")


def _refused_first(noun: str, error: BulkWriteError) -> Exception:
    """Return the error for the first of many writes that was refused."""
    refused = error.details.get("writeErrors", [])
    if not refused:
        return _refused(noun, error)
    first = refused[0]
    if first["code"] == DUPLICATE:
        return _taken(noun, first)
    return _refused(noun, OperationFailure(first.get("errmsg", ""), first["code"], first))


def _refused(noun: str, error: OperationFailure) -> Exception:
    if error.code == _VALIDATION:
        field, reason = _broken_rule(error.details or {})
        return InvalidInput(f"This {noun} is not valid: {reason}.", field=field)
    if error.code == _WRITE_CONFLICT or error.has_error_label("TransientTransactionError"):
        return Conflict(
            f"This {noun} was changed by someone else at the same moment.", hint="Try again."
        )
    if error.code == _DISK_FULL or "No space left" in str(error):
        return StoreUnavailable(
            "MongoDB cannot write: the disk is full.",
            hint="Free some space, then try again; nothing that was saved is lost.",
        )
    if error.code in _UNAUTHORIZED:
        return StoreUnavailable(
            "MongoDB refuses this user.", hint="Check user, password and rights in the address."
        )
    if error.code in _SHUTTING_DOWN or isinstance(error, ExecutionTimeout):
        return unavailable(error)
    return StoreUnavailable(f"MongoDB refuses: {error.details and error.details.get('errmsg')}.")


def _broken_rule(details: Mapping[str, Any]) -> tuple[str, str]:
    """Return the first field that broke a validator, and what was wrong with it."""
    rules = details.get("errInfo", {}).get("details", {}).get("schemaRulesNotSatisfied", [])
    for rule in rules:
        for missing in rule.get("missingProperties", []):
            return str(missing), f"{missing} is missing"
        for broken in rule.get("propertiesNotSatisfied", []):
            name = str(broken.get("propertyName", ""))
            reasons = [
                f"{one.get('reason', 'breaks its rule')} ({one.get('consideredValue')!r})"
                for one in broken.get("details", [])
            ]
            return name, f"{name}: {'; '.join(reasons)}"
    return "", "it breaks the collection's rules"
