"""The endpoints that the chat knows: which is used, changing them, trying one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace

from quant_tui.config.chat import (
    DEFAULT_KEY,
    DEFAULT_PROFILE,
    NO_KEY,
    ChatSettings,
    checked_profile_name,
    profile_of,
)
from quant_tui.config.settings import Settings, checked, forget_section, remember
from quant_tui.domain.errors import InvalidInput, QuantError, SecretsLocked
from quant_tui.genai.client import ChatClient, missing_key
from quant_tui.genai.endpoint import Completion, Endpoint
from quant_tui.services.secrets import SecretService

FIELDS = tuple(name for name in ChatSettings.__dataclass_fields__ if name != "profile")
"""What can be set of an endpoint."""


class ChatEndpoints:
    """Endpoints by name; a change holds at once, and in the file of settings.

    Attributes
    ----------
    client
        What asks them.
    """

    def __init__(self, settings: Settings, secrets: SecretService) -> None:
        self._settings = settings
        self._secrets = secrets
        self.client = ChatClient()
        self._section = settings.chat
        self._others = dict(settings.chat_profiles)

    def get(self, name: str = "") -> ChatSettings:
        """Return a named endpoint, the one in use without a name.

        Raises
        ------
        InvalidInput
            There is none of that name.
        """
        return profile_of(self._section, self._others, name)

    def all(self) -> list[ChatSettings]:
        """Return every endpoint, the section's own first."""
        return [self.get(DEFAULT_PROFILE), *(self._others[one] for one in sorted(self._others))]

    @property
    def used(self) -> str:
        """Name of the one in use."""
        return self._section.profile

    async def keep(self, name: str, values: Mapping[str, str]) -> ChatSettings:
        """Set some of an endpoint's settings; a new name adds one.

        Parameters
        ----------
        values
            As written in a form or on the command line, by the names of :data:`FIELDS`.

        Raises
        ------
        InvalidInput
            A value cannot be used, or the file cannot be written; nothing is changed.
        """
        known = name == DEFAULT_PROFILE or name in self._others
        if not known:
            checked_profile_name(name)
        unknown = set(values) - set(FIELDS)
        if unknown:
            raise InvalidInput(f"An endpoint has no {min(unknown)}.", field=min(unknown))
        wanted = {key: checked(f"chat.{key}", raw.strip()) for key, raw in values.items()}
        before = self.get(name) if known else ChatSettings(profile=name, key="")
        made = replace(before, **wanted)  # type: ignore[arg-type]  # checked by their names
        if not made.model:
            raise InvalidInput("An endpoint needs the name of its model.", field="model")
        if not made.key:
            made = replace(made, key=DEFAULT_KEY if made.needs_key else NO_KEY)
            wanted["key"] = made.key
        section = "chat" if name == DEFAULT_PROFILE else f"chat.profiles.{name}"
        for key, value in wanted.items():
            await asyncio.to_thread(remember, self._settings, section, key, value)
        if name == DEFAULT_PROFILE:
            self._section = replace(made, profile=self._section.profile)
        else:
            self._others[name] = made
        return made

    async def use(self, name: str) -> ChatSettings:
        """Use an endpoint from now on.

        Raises
        ------
        InvalidInput
            There is none of that name, or the file cannot be written.
        """
        found = self.get(name)
        await asyncio.to_thread(remember, self._settings, "chat", "profile", found.profile)
        self._section = replace(self._section, profile=found.profile)
        return found

    async def remove(self, name: str) -> None:
        """Forget an endpoint; where it was the one in use, the section's own is from now on.

        Raises
        ------
        InvalidInput
            There is none of that name, it is the section's own, or the file cannot be written.
        """
        if self.get(name).profile == DEFAULT_PROFILE:
            raise InvalidInput(
                "The endpoint default is the settings' own and stays; change it instead.",
                field="name",
            )
        if self.used == name:
            await self.use(DEFAULT_PROFILE)
        await asyncio.to_thread(forget_section, self._settings, f"chat.profiles.{name}")
        del self._others[name]

    async def health(self) -> tuple[bool | None, str]:
        """Say whether a model can be asked, without asking it; None where none is set up."""
        try:
            profile = self.get()
        except InvalidInput as error:
            return False, str(error)
        if not profile.model:
            return None, "no model is configured"
        where = f"{profile.model} at {profile.host}"
        if profile.needs_key and not await self._has_key(profile.key):
            return False, f"{where}: its key {profile.key} is not set"
        return True, where

    async def _has_key(self, name: str) -> bool:
        try:
            return bool(await self._secrets.get(name, ask=False))
        except SecretsLocked:
            return True  # it is there, behind a passphrase
        except QuantError:
            return False

    async def endpoint(self, profile: ChatSettings) -> Endpoint:
        """Return an endpoint with its key.

        Raises
        ------
        LanguageModelError
            Nothing can be had there without a key, and it is not set.
        SecretsLocked
            The key lies in the encrypted file, and the passphrase was not given.
        """
        named = "" if profile.key == NO_KEY else profile.key
        key = await self._secrets.get(named) if named else None
        endpoint = Endpoint(
            name=profile.host,
            address=profile.address,
            model=profile.model,
            key=key or "",
            key_name=named,
            timeout_seconds=float(profile.timeout_seconds),
        )
        if not key and profile.needs_key:
            raise missing_key(endpoint)
        return endpoint

    async def test(self, name: str = "") -> float:
        """Ask an endpoint for a word, and return after how many seconds it had answered.

        Raises
        ------
        LanguageModelError
            It gave no usable answer; the message says what to do.
        """
        profile = self.get(name)
        if not profile.model:
            raise InvalidInput("No language model is configured.", field="model")
        began = time.monotonic()
        question = [{"role": "user", "content": "Answer with the word yes."}]
        async with contextlib.aclosing(
            self.client.stream(await self.endpoint(profile), question)
        ) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    break
        return time.monotonic() - began
