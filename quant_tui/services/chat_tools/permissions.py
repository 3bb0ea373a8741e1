"""What one user has decided about the tools: allow, ask or never."""

from __future__ import annotations

from collections.abc import Mapping

from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.genai import ToolPermissions
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.genai.tools import Consent, Permission, ToolSpec
from quant_tui.services.chat_tools.tool import Tool
from quant_tui.storage.mongo.repositories import UserRepositories


class ToolConsents:
    """Decisions of one user, kept in the store."""

    def __init__(self, repositories: UserRepositories) -> None:
        self._kept = repositories.tool_permissions
        self._user_id = repositories.user_id
        self._choices: dict[str, Consent] = {}

    async def load(self) -> None:
        """Read them anew: another window may have changed them."""
        found = await self._kept.find_one({})
        known = {str(one) for one in Consent}
        choices = found.choices if found is not None else {}
        self._choices = {name: Consent(value) for name, value in choices.items() if value in known}

    def of(self, spec: ToolSpec) -> Consent:
        """Return what holds for a tool: reading is free, everything else is asked for.

        A tool that changes something is never allowed without being asked, whatever is
        stored: text from anybody may be what a model acts on.
        """
        usual = Consent.ALLOW if spec.permission is Permission.READ else Consent.ASK
        chosen = self._choices.get(spec.name, usual)
        if chosen is Consent.ALLOW and spec.permission is Permission.WRITE:
            return Consent.ASK
        return chosen

    async def change(self, tools: Mapping[str, Tool], name: str, consent: Consent) -> None:
        """Decide about a tool.

        Raises
        ------
        NotFound
            There is no such tool.
        InvalidInput
            It changes something and was to be allowed without being asked.
        """
        tool = tools.get(name)
        if tool is None:
            raise NotFound(f"There is no tool {name!r}.", hint=did_you_mean(name, list(tools)))
        if consent is Consent.ALLOW and tool.spec.permission is Permission.WRITE:
            raise InvalidInput(
                f"{tool.spec.title} changes something, so it is always asked for.",
                field="permission",
                hint="Choose ask or never.",
            )
        found = await self._kept.find_one({})
        if found is None:
            found = await self._kept.create(ToolPermissions(user_id=self._user_id))
        choices = {**found.choices, name: str(consent)}
        await self._kept.update(found.model_copy(update={"choices": choices}))
        await self.load()
