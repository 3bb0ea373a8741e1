"""User domain: who works here, and what they keep at hand."""

from __future__ import annotations

from pydantic import Field

from quant_tui.domain.base import Document, Stamped


class User(Stamped):
    """A person's account. ``email`` and ``username`` are unique.

    ``password_hash`` is empty for the local account of a private store that opens
    without a password.
    """

    email: str
    username: str
    password_hash: str = ""
    is_active: bool = True
    is_verified: bool = False


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
