"""Endpoints of language models: the default one, and others by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from quant_tui.domain.errors import InvalidInput

OPENAI_URL = "https://api.openai.com/v1"
DEFAULT_KEY = "openai_api_key"
NO_KEY = "none"
DEFAULT_PROFILE = "default"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CUTOFF = re.compile(r"\d{4}-\d{2}(-\d{2})?")


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """One endpoint that speaks OpenAI's Chat Completions, and the model asked there.

    ``base_url`` is empty for OpenAI's own. ``key`` names the secret that holds the key;
    ``none`` for a server without keys. ``price_input`` and ``price_output`` are per million
    tokens, 0 where nothing is paid. ``knowledge_cutoff`` is the month or day that the model
    was trained up to, empty when it is not known. ``tools`` says how the model calls them:
    ``native``, ``json`` (as JSON in its text) or ``off``.

    Of the section itself, ``profile`` names the endpoint that is used when none is named:
    ``default`` is the section's own, the others are its tables ``[chat.profiles.NAME]``.
    """

    profile: str = DEFAULT_PROFILE
    base_url: str = ""
    model: str = ""
    key: str = DEFAULT_KEY
    context_window: int = 32_768
    price_input: float = 0.0
    price_output: float = 0.0
    knowledge_cutoff: str = ""
    tools: str = "native"
    timeout_seconds: int = 60

    @property
    def address(self) -> str:
        """Where the endpoint is."""
        return self.base_url.rstrip("/") or OPENAI_URL

    @property
    def host(self) -> str:
        """The endpoint's host, for people."""
        return urlsplit(self.address).netloc.rpartition("@")[2] or self.address

    @property
    def needs_key(self) -> bool:
        """Whether nothing can be had there without a key."""
        return self.address == OPENAI_URL


def profile_of(
    section: ChatSettings, others: Mapping[str, ChatSettings], name: str = ""
) -> ChatSettings:
    """Return a named endpoint, the one in use without a name; ``profile`` is its name.

    Raises
    ------
    InvalidInput
        There is none of that name.
    """
    wanted = name or section.profile
    if wanted == DEFAULT_PROFILE:
        return replace(section, profile=DEFAULT_PROFILE)
    if wanted not in others:
        names = ", ".join([DEFAULT_PROFILE, *sorted(others)])
        raise InvalidInput(
            f"There is no endpoint {wanted!r} for the chat.",
            field="profile",
            hint=f"There are: {names}. Add one: quant-tui chat endpoint NAME --url … --model …",
        )
    return others[wanted]


def checked_value(key: str, value: str) -> None:
    """Refuse what cannot be an endpoint's setting.

    Raises
    ------
    InvalidInput
        The value cannot be used.
    """
    if key == "base_url" and value:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(
                f"chat.base_url begins with http:// or https:// and a host, not {value!r}.",
                field="chat.base_url",
            )
    if key == "knowledge_cutoff" and value and not _CUTOFF.fullmatch(value):
        raise InvalidInput(
            f"chat.knowledge_cutoff is a month as 2025-06 or a day, not {value!r}.",
            field="chat.knowledge_cutoff",
        )


def checked_profile_name(name: str) -> str:
    """Return the name of an endpoint.

    Raises
    ------
    InvalidInput
        It cannot be the name of one.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "An endpoint's name is small letters, digits, - and _, as home-server.",
            field="profile",
        )
    return name
