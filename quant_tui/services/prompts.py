"""Prompts: a library in English and Korean, and those of one user, with their versions."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from difflib import get_close_matches

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.genai import PromptTemplate
from quant_tui.genai.prompt_library import LIBRARY
from quant_tui.genai.prompt_text import fill_text
from quant_tui.genai.prompt_variables import Variable, read_variables, write_value
from quant_tui.services.names import checked_name, checked_tags
from quant_tui.storage.mongo.repositories import UserRepositories

BUILT_IN = "builtin:"
"""What the ids of the library's prompts begin with."""

MOST_VERSIONS = 50
"""Earlier versions of a prompt that are kept."""

LONGEST_DESCRIPTION = 2_000

_KEPT = ("version", "name", "description", "template", "variables", "tags", "language")
"""Fields of a prompt that its version holds."""


class PromptService:
    """Prompts of one user, and those of the library, which everybody has."""

    def __init__(self, repositories: UserRepositories) -> None:
        self._prompts = repositories.prompt_templates
        self._user_id = repositories.user_id

    async def list(
        self, search: str = "", *, tag: str = "", language: str = ""
    ) -> list[PromptTemplate]:
        """Return the user's own prompts by name, then those of the library.

        Parameters
        ----------
        search
            Words that name, description, text and tags must have, in any case.
        tag, language
            Only those that have it.
        """
        own = await self._prompts.list(sort=[("name", 1)], limit=None)
        wanted = search.casefold().split()
        return [
            one
            for one in (*own, *self._library())
            if (not language or one.language == language)
            and (not tag or tag.casefold() in (have.casefold() for have in one.tags))
            and all(word in _searched(one) for word in wanted)
        ]

    async def get(self, prompt_id: str) -> PromptTemplate:
        """Return a prompt by its id or its name, in any case; the user's own come first.

        Raises
        ------
        NotFound
            There is none.
        """
        found = await self.list()
        wanted = " ".join(prompt_id.split()).casefold()
        for one in found:
            if one.id == prompt_id:
                return one
        for one in found:
            if one.name.casefold() == wanted or one.id == f"{BUILT_IN}{wanted}":
                return one
        near = get_close_matches(wanted, [one.name.casefold() for one in found], n=1)
        hint = f"Did you mean {near[0]}?" if near else "See: quant-tui chat prompts list"
        raise NotFound(f"There is no prompt {prompt_id[:100]!r}.", hint=hint)

    @staticmethod
    def is_built_in(prompt: PromptTemplate) -> bool:
        """Whether it is of the library, which is copied and not changed."""
        return prompt.id.startswith(BUILT_IN)

    async def create(
        self,
        name: str,
        template: str,
        *,
        description: str = "",
        variables: Mapping[str, object] | None = None,
        tags: builtins.list[str] | None = None,
        language: str = "",
    ) -> PromptTemplate:
        """Make a prompt.

        Parameters
        ----------
        template
            Text with ``{name}`` for each variable.
        variables
            What each may be, by its name; those not described are texts.

        Raises
        ------
        InvalidInput
            Naming the field or variable that is wrong.
        Conflict
            Another prompt of the user's has this name.
        """
        prompt = PromptTemplate(
            name=name,
            description=description,
            template=template,
            variables=dict(variables or {}),
            tags=list(tags or []),
            language=language,
            user_id=self._user_id,
        )
        return await self._prompts.create(await self._checked(prompt))

    async def copy(self, prompt_id: str, name: str) -> PromptTemplate:
        """Make a prompt of one's own of another; raises as :meth:`create` does."""
        found = await self.get(prompt_id)
        return await self.create(
            name,
            found.template,
            description=found.description,
            variables=found.variables,
            tags=found.tags,
            language=found.language,
        )

    async def change(self, prompt: PromptTemplate) -> PromptTemplate:
        """Keep a changed prompt; what it was becomes a version.

        Raises
        ------
        InvalidInput
            Naming what is wrong; a prompt of the library cannot be changed.
        Conflict
            It was changed by someone else since it was read, or its name is taken.
        """
        self._refuse_built_in(prompt)
        before = await self._prompts.get(prompt.id)
        checked = await self._checked(prompt)
        if _state(checked) == _state(before):
            return before
        earlier = {**_state(before), "version": before.version, "changed_at": before.updated_at}
        return await self._prompts.update(
            checked.model_copy(
                update={
                    "version": before.version + 1,
                    "versions": [earlier, *before.versions][:MOST_VERSIONS],
                }
            )
        )

    async def versions(self, prompt_id: str) -> builtins.list[PromptTemplate]:
        """Return a prompt as it is and as it was, the newest first."""
        found = await self.get(prompt_id)
        earlier = [
            found.model_copy(
                update={key: one[key] for key in _KEPT} | {"updated_at": one["changed_at"]}
            )
            for one in found.versions
        ]
        return [found, *earlier]

    async def restore_version(self, prompt_id: str, number: int) -> PromptTemplate:
        """Make a prompt what it was in a version, as a new version.

        Raises
        ------
        NotFound
            There is no such prompt or version.
        """
        found = await self.versions(prompt_id)
        for one in found:
            if one.version == number:
                wanted = {key: getattr(one, key) for key in _KEPT if key != "version"}
                return await self.change(found[0].model_copy(update=wanted))
        numbers = ", ".join(str(one.version) for one in found)
        raise NotFound(f"{found[0].name} has no version {number}.", hint=f"It has {numbers}.")

    async def delete(self, prompt_id: str) -> PromptTemplate:
        """Delete a prompt and return it, for :meth:`restore`.

        Raises
        ------
        NotFound, InvalidInput
            There is none, or it is of the library.
        """
        found = await self.get(prompt_id)
        self._refuse_built_in(found)
        await self._prompts.delete(found.id)
        return found

    async def restore(self, prompt: PromptTemplate) -> PromptTemplate:
        """Bring back a deleted prompt under its old id."""
        return await self._prompts.create(prompt)

    @staticmethod
    def variables(prompt: PromptTemplate) -> dict[str, Variable]:
        """Return the variables of a prompt in the order of its text."""
        return read_variables(prompt.template, prompt.variables)

    def fill(self, prompt: PromptTemplate, values: Mapping[str, object]) -> str:
        """Return a prompt's text with values in it; those not given take their defaults.

        Raises
        ------
        InvalidInput
            A value is missing, wrong, or of no variable; the message names it.
        """
        known = self.variables(prompt)
        for name in values:
            if name not in known:
                names = ", ".join(known) or "none"
                hint = f"Its variables: {names}."
                raise InvalidInput(
                    f"{prompt.name} has no variable {name!r}.", field=name, hint=hint
                )
        written: dict[str, str] = {}
        for name, variable in known.items():
            given = values.get(name)
            if given is None or not str(given).strip():
                given = variable.default
            if given is None:
                title = f" ({variable.title})" if variable.title else ""
                hint = f"Give {name}{title}."
                raise InvalidInput(f"{name} has no value.", field=name, hint=hint)
            # a default may be empty: what then stands there is nothing
            empty = given == "" and variable.default == ""
            written[name] = "" if empty else write_value(name, variable, given)
        return fill_text(prompt.template, written).strip()

    def _library(self) -> builtins.list[PromptTemplate]:
        return [
            PromptTemplate(
                id=f"{BUILT_IN}{one.key}",
                name=one.name,
                description=one.description,
                template=one.template,
                variables={name: dict(spec) for name, spec in one.variables.items()},
                tags=list(one.tags),
                language=one.language,
                user_id=self._user_id,
            )
            for one in LIBRARY
        ]

    async def _checked(self, prompt: PromptTemplate) -> PromptTemplate:
        name = checked_name(prompt.name)
        if not name:
            raise InvalidInput("A prompt needs a name.", field="name")
        if not prompt.template.strip():
            raise InvalidInput("A prompt needs a text.", field="template")
        if len(prompt.description) > LONGEST_DESCRIPTION:
            raise InvalidInput("The description is too long.", field="description")
        if prompt.language and not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,8})?", prompt.language):
            raise InvalidInput(
                f"{prompt.language!r} is no language.", field="language", hint="Write en or ko."
            )
        variables = read_variables(prompt.template, prompt.variables)
        same = [one for one in await self._prompts.list(limit=None) if one.id != prompt.id]
        if name.casefold() in (one.name.casefold() for one in same):
            raise Conflict(f"There is a prompt {name} already.", hint="Choose another name.")
        return prompt.model_copy(
            update={
                "name": name,
                "description": prompt.description.strip(),
                "variables": {key: one.to_document() for key, one in variables.items()},
                "tags": checked_tags(prompt.tags),
            }
        )

    def _refuse_built_in(self, prompt: PromptTemplate) -> None:
        if self.is_built_in(prompt):
            raise InvalidInput(
                f"{prompt.name} is of the library, which is not changed.",
                field="prompt",
                hint="Make a copy and change that.",
            )


def _state(prompt: PromptTemplate) -> Document:
    return {key: getattr(prompt, key) for key in _KEPT if key != "version"}


def _searched(prompt: PromptTemplate) -> str:
    words = (prompt.name, prompt.description, prompt.template, prompt.language, *prompt.tags)
    return " ".join(words).casefold()
