"""The encrypted file's form: one JSON document, its values sealed under a passphrase.

The key comes from the passphrase by Argon2id with three passes over 64 MiB, as the second
recommended choice of RFC 9106 has it, but in one lane. The values are one AES-256-GCM message
(NIST SP 800-38D) with a new random nonce at each writing; everything else in the document is
authenticated with it. The names stand in the open, so that one can say which secrets there
are, and whether the passphrase is needed at all, without it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from quant_tui.domain.errors import StoreUnavailable

FORMAT = "quant-tui secrets"
VERSION = 1
SALT_BYTES = 16
NONCE_BYTES = 12
KEY_BYTES = 32
PASSES, MEMORY_KIB, LANES = 3, 65_536, 1
MOST_PASSES, MOST_MEMORY_KIB, MOST_LANES = 64, 2_097_152, 64


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a passphrase becomes the key of one file."""

    salt: bytes
    passes: int = PASSES
    memory_kib: int = MEMORY_KIB
    lanes: int = LANES

    @classmethod
    def new(cls) -> Derivation:
        """Return a derivation with a salt of its own."""
        return cls(secrets.token_bytes(SALT_BYTES))

    def key(self, passphrase: str) -> Key:
        """Derive the key: half a second of one core, and the memory stated."""
        from argon2.low_level import Type, hash_secret_raw

        raw = hash_secret_raw(
            passphrase.encode(),
            self.salt,
            time_cost=self.passes,
            memory_cost=self.memory_kib,
            parallelism=self.lanes,
            hash_len=2 * KEY_BYTES,
            type=Type.ID,
        )
        check = hashlib.sha256(raw[KEY_BYTES:]).digest()
        return Key(self, raw[:KEY_BYTES], check)


@dataclass(frozen=True, slots=True)
class Key:
    """A file's key, with what tells a wrong passphrase from a damaged file."""

    derivation: Derivation
    raw: bytes = field(repr=False)
    check: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The encrypted document as it was read."""

    derivation: Derivation
    check: bytes
    names: tuple[str, ...]
    nonce: bytes
    sealed: bytes


def seal(values: Mapping[str, str], key: Key) -> bytes:
    """Return the file's whole content."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    head = _head(key.derivation, key.check, tuple(sorted(values)), nonce)
    message = json.dumps(dict(values), ensure_ascii=False).encode()
    sealed = AESGCM(key.raw).encrypt(nonce, message, _bound(head))
    return json.dumps({**head, "sealed": b64encode(sealed).decode()}, indent=1).encode() + b"\n"


def read(content: bytes, name: str) -> Sealed:
    """Take the document apart, without its passphrase.

    Raises
    ------
    StoreUnavailable
        When it is damaged, or of a newer version.
    """
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise ValueError("another kind of file")
        if found["version"] > VERSION:
            raise StoreUnavailable(
                f"{name} was written by a newer quant-tui.", hint="Update quant-tui."
            )
        kdf = found["kdf"]
        derivation = Derivation(
            b64decode(kdf["salt"], validate=True),
            int(kdf["passes"]),
            int(kdf["memory_kib"]),
            int(kdf["lanes"]),
        )
        sealed = Sealed(
            derivation,
            b64decode(found["check"], validate=True),
            tuple(str(one) for one in found["names"]),
            b64decode(found["nonce"], validate=True),
            b64decode(found["sealed"], validate=True),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(name) from error
    sane = (
        kdf.get("name") == "argon2id"
        and len(derivation.salt) >= SALT_BYTES
        and 1 <= derivation.passes <= MOST_PASSES
        and 8 * derivation.lanes <= derivation.memory_kib <= MOST_MEMORY_KIB
        and 1 <= derivation.lanes <= MOST_LANES
        and len(sealed.nonce) == NONCE_BYTES
    )
    if not sane:
        raise _damaged(name)
    return sealed


def unseal(document: Sealed, key: Key, name: str) -> dict[str, str]:
    """Return the values.

    Parameters
    ----------
    key
        One whose ``check`` is the document's: it comes from the right passphrase.

    Raises
    ------
    StoreUnavailable
        When the document was changed by other hands, or damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = _head(document.derivation, document.check, document.names, document.nonce)
    try:
        message = AESGCM(key.raw).decrypt(document.nonce, document.sealed, _bound(head))
    except InvalidTag:
        raise _damaged(name) from None
    found: dict[str, str] = json.loads(message)
    return found


def _head(
    derivation: Derivation, check: bytes, names: tuple[str, ...], nonce: bytes
) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "kdf": {
            "name": "argon2id",
            "salt": b64encode(derivation.salt).decode(),
            "passes": derivation.passes,
            "memory_kib": derivation.memory_kib,
            "lanes": derivation.lanes,
        },
        "check": b64encode(check).decode(),
        "names": list(names),
        "nonce": b64encode(nonce).decode(),
    }


def _bound(head: Mapping[str, object]) -> bytes:
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _damaged(name: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"{name} is damaged or was changed by other hands; nothing was read from it.",
        hint="Move it away and set the secrets again.",
    )
