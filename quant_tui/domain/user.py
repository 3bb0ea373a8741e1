"""User domain: who works here, and what they keep at hand."""

from __future__ import annotations

import unicodedata

from pydantic import Field, computed_field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now


class User(Stamped):
    """A person's account. ``email`` and ``username`` are unique.

    ``password_hash`` is empty for the local account of a private store that opens
    without a password. ``is_verified`` says that the person has proved to read what is
    sent to ``email``. Beyond the data model: ``username_key``, unique as well, so that no
    name differs from another by its letters' width or case alone.
    """

    email: str
    username: str
    password_hash: str = ""
    is_active: bool = True
    is_verified: bool = False

    @computed_field  # type: ignore[prop-decorator]  # as pydantic has it
    @property
    def username_key(self) -> str:
        """What the username is compared by."""
        return folded(self.username)


def folded(text: str) -> str:
    """Return a name or an address as it is compared: ``Ｋim`` and ``KIM`` become ``kim``.

    Compatibility caseless matching (The Unicode Standard, section 3.13, D147, without its
    first step): NFKC, casefold, NFKC.
    """
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", once)


class UserSession(Entity):
    """A place where a user stays signed in. Beyond the data model.

    Attributes
    ----------
    token_hash
        SHA-256 of the token; the token itself is known only where the session is used.
    device
        Name of the machine on which it was begun.
    """

    user_id: str
    token_hash: str
    device: str = ""
    created_at: UtcDatetime = Field(default_factory=utc_now)
    expires_at: UtcDatetime


class VerificationCode(Entity):
    """The one-time code that proves a user's address, one a user. Beyond the data model.

    Attributes
    ----------
    email
        The address that it proves.
    code_hash
        Argon2id hash of the code.
    tries_left
        How many codes may still be compared with it.
    """

    user_id: str
    email: str
    code_hash: str
    tries_left: int
    created_at: UtcDatetime = Field(default_factory=utc_now)
    expires_at: UtcDatetime


class PasswordTries(Entity):
    """How often a password failed lately under one name. Beyond the data model.

    Attributes
    ----------
    key
        SHA-256 of the name as it is compared, whether or not there is such an account.
    locked_until
        When the next try is allowed; None for at once.
    """

    key: str
    failures: int
    locked_until: UtcDatetime | None = None
    expires_at: UtcDatetime


class Watchlist(Stamped):
    """Symbols that a user follows, in their order."""

    name: str
    description: str = ""
    symbols: list[str] = Field(default_factory=list)
    metadata: Document = Field(default_factory=dict)
    user_id: str


class Dashboard(Stamped):
    """A user's home screen; one each."""

    user_id: str
    layout: Document = Field(default_factory=dict)
    widgets: list[Document] = Field(default_factory=list)
