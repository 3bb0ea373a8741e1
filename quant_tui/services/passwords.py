"""Argon2id: passwords and codes are kept as hashes that take time and memory to try."""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import TYPE_CHECKING

from quant_tui.services.account_rules import LONGEST_PASSWORD, clean_password

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TIME_COST = 3
MEMORY_KIB = 65536
PARALLELISM = 4
"""Passes, memory and lanes: the second recommended option of RFC 9106, section 4."""

SALT_BYTES = 16
HASH_BYTES = 32


class Passwords:
    """Hashes and compares, in a thread: each takes some 50 ms and 64 MiB."""

    async def hash(self, password: str) -> str:
        """Return the hash of a password or code, with its salt and parameters."""
        return await asyncio.to_thread(lambda: _hasher().hash(_bytes(password)))

    async def matches(self, password_hash: str, password: str) -> bool:
        """Return whether a password belongs to a hash.

        Always one computation: where there is no hash, or the password is longer than any,
        a made-up one is compared, so that the time tells nothing.
        """
        too_long = len(password) > 4 * LONGEST_PASSWORD  # letters taken apart, as of Hangul
        if not password_hash or too_long:
            password_hash, password = _made_up_hash(), password[:LONGEST_PASSWORD]
        return await asyncio.to_thread(_verify, password_hash, password)

    async def is_outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with other parameters than today's."""
        return await asyncio.to_thread(lambda: _hasher().check_needs_rehash(password_hash))


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher, Type

    return PasswordHasher(
        time_cost=TIME_COST,
        memory_cost=MEMORY_KIB,
        parallelism=PARALLELISM,
        salt_len=SALT_BYTES,
        hash_len=HASH_BYTES,
        type=Type.ID,
    )


def _verify(password_hash: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(password_hash, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _made_up_hash() -> str:
    """Return a hash of nothing anybody knows, with today's parameters; made without hashing."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (SALT_BYTES, HASH_BYTES)
    )
    cost = f"m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


def _bytes(password: str) -> bytes:
    return clean_password(password).encode("utf-8", "surrogatepass")
