"""Strategies: made from templates or from rule documents, checked before they are kept."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import OwnTemplate, Strategy, StrategyTemplate, StrategyVersion
from quant_tui.domain.vocabulary import StrategyType, VersionReason
from quant_tui.engine.rules import StrategyDocument, parse_document, validate_parameters
from quant_tui.engine.templates import TEMPLATES
from quant_tui.services.backtest_report import BacktestSummary
from quant_tui.services.names import checked_name, checked_tags
from quant_tui.services.strategy_rules import rules_of, rules_of_type, text_of
from quant_tui.services.strategy_versions import StrategyVersions
from quant_tui.storage.mongo.queries import StrategyTemplateRepository
from quant_tui.storage.mongo.repositories import UserRepositories

_SEARCHED = ("name", "description", "strategy_type", "tags", "notes")


class StrategyService:
    """Strategies of one user."""

    def __init__(
        self, repositories: UserRepositories, templates: StrategyTemplateRepository
    ) -> None:
        self._strategies = repositories.strategies
        self._user_id = repositories.user_id
        self._templates = templates
        self._own_templates = repositories.own_templates
        self._trials = repositories.trials
        self._history = StrategyVersions(repositories)

    async def list(
        self,
        search: str = "",
        *,
        tag: str = "",
        archived: bool | None = False,
        skip: int = 0,
        limit: int = 1000,
    ) -> list[Strategy]:
        """Return the user's strategies, the last changed first.

        Parameters
        ----------
        search
            Part of a name, description, type, tag or note, in any case.
        tag
            A tag that each must have, in any case; "" for any.
        archived
            Only those that are, or only those that are not; None for both.
        """
        where: Document = {}
        if search:
            pattern = {"$regex": re.escape(search), "$options": "i"}
            where["$or"] = [{key: pattern} for key in _SEARCHED]
        if tag:
            where["tags"] = {"$regex": f"^{re.escape(tag)}$", "$options": "i"}
        if archived is not None:
            where["is_active"] = not archived
        return await self._strategies.list(
            where=where, sort=[("updated_at", -1)], skip=skip, limit=limit
        )

    async def get(self, strategy_id: str) -> Strategy:
        """Return one strategy.

        Raises
        ------
        NotFound
            When the user has none with that id.
        """
        return await self._strategies.get(strategy_id)

    async def find(self, reference: str) -> Strategy:
        """Return one strategy by its id, or by its name where one alone has it.

        Raises
        ------
        NotFound
            When the user has none of that id or name.
        InvalidInput
            Several have the name.
        """
        found = await self._strategies.find(reference)
        if found is not None:
            return found
        named = await self._strategies.list(where={"name": reference.strip()}, limit=None)
        if len(named) > 1:
            raise InvalidInput(
                f"{len(named)} strategies are called {reference!r}.",
                field="strategy",
                hint=f"Give an id: {', '.join(one.id for one in named[:5])}.",
            )
        return named[0] if named else await self.get(reference)

    async def create(
        self,
        name: str,
        strategy_type: str,
        parameters: Mapping[str, object] | None = None,
        description: str = "",
    ) -> Strategy:
        """Make a strategy from a template; parameters not given take their defaults.

        Raises
        ------
        InvalidInput
            When the name is empty, the type unknown or a parameter out of range.
        """
        document = rules_of_type(strategy_type)
        template = await self._templates.by_type(strategy_type)
        strategy = await self._strategies.create(
            Strategy(
                name=_checked_name(name),
                description=description.strip(),
                strategy_type=strategy_type,
                parameters=_complete(document, parameters or {}),
                user_id=self._user_id,
                template_id=template.id if template else "",
            )
        )
        await self._history.record(strategy, VersionReason.CREATED)
        if template is not None:
            await self._templates.increment(template.id, "usage_count")
        return strategy

    async def create_from_document(
        self,
        document: StrategyDocument,
        parameters: Mapping[str, object] | None = None,
        *,
        source: str = "",
        template_id: str = "",
    ) -> Strategy:
        """Keep a rule document as a strategy of the user's own.

        Parameters
        ----------
        parameters
            Values; those not given take their defaults.
        source
            Its text as typed, when it is to be seen so again.
        template_id
            The template of the user's own that it came from.
        """
        strategy = await self._strategies.create(
            Strategy(
                name=_checked_name(document.name or "Unnamed"),
                description=document.description,
                strategy_type=document.strategy_type or StrategyType.CUSTOM,
                parameters=_complete(document, parameters or {}),
                user_id=self._user_id,
                document=document.to_document(),
                source=source,
                tags=list(document.tags),
                template_id=template_id,
            )
        )
        await self._history.record(strategy, VersionReason.CREATED)
        if template_id:
            await self._own_templates.increment(template_id, "usage_count")
        return strategy

    async def create_from_template(
        self, template: StrategyTemplate, values: Mapping[str, object]
    ) -> Strategy:
        """Make a strategy from a template, built-in or the user's own, and count that.

        Parameters
        ----------
        values
            ``name``, and if wanted ``description`` and ``parameters``.
        """
        name, description = str(values["name"]), str(values.get("description", ""))
        parameters = values.get("parameters")
        given = parameters if isinstance(parameters, Mapping) else {}
        if not isinstance(template, OwnTemplate):
            return await self.create(name, template.strategy_type, given, description)
        own = {"name": _checked_name(name), "description": description or template.description}
        document = parse_document({**template.document, **own})
        return await self.create_from_document(document, given, template_id=template.id)

    async def update(
        self, strategy: Strategy, reason: VersionReason = VersionReason.EDITED, note: str = ""
    ) -> Strategy:
        """Keep a changed strategy; changed rules or parameters become its next version.

        Parameters
        ----------
        reason, note
            What made the version, and more about it (the name of the study).

        Raises
        ------
        InvalidInput
            When the name is empty or a parameter out of range.
        Conflict
            When it was changed by someone else since it was read.
        """
        document = rules_of(strategy)
        before = await self._strategies.get(strategy.id)
        await self._history.record(before, VersionReason.EDITED)
        changed = await self._strategies.update(
            strategy.model_copy(
                update={
                    "name": _checked_name(strategy.name),
                    "parameters": _complete(document, strategy.parameters),
                    "tags": checked_tags(strategy.tags),
                    "notes": strategy.notes.strip(),
                }
            )
        )
        await self._history.record(changed, reason, note)
        return changed

    # -- versions

    async def versions(self, strategy_id: str) -> builtins.list[StrategyVersion]:
        """Return every version of a strategy, the newest first; there is always one."""
        return await self._history.list(await self._strategies.get(strategy_id))

    async def restore_version(self, strategy_id: str, number: int) -> Strategy:
        """Give a strategy the rules and parameters of a version, as a new version.

        Raises
        ------
        NotFound
            There is no such strategy or version.
        """
        strategy = await self._strategies.get(strategy_id)
        version = await self._history.get(strategy_id, number)
        state = {
            "strategy_type": version.strategy_type,
            "parameters": version.parameters,
            "document": version.document,
            "source": version.source,
        }
        return await self.update(
            strategy.model_copy(update=state), VersionReason.RESTORED, f"version {number}"
        )

    async def version_results(
        self, strategy_id: str, versions: builtins.list[StrategyVersion]
    ) -> dict[int, builtins.list[BacktestSummary]]:
        """Return the backtests that each version ran, the newest first, by its number."""
        return await self._history.results(strategy_id, versions)

    async def save_text(
        self,
        text: str,
        parameters: Mapping[str, object],
        strategy: Strategy | None = None,
    ) -> Strategy:
        """Keep a rule document as typed: as a new strategy, or as the next version of one.

        Description and tags that were given elsewhere stay as long as the text says
        nothing new of them.

        Parameters
        ----------
        parameters
            Values by name; names that the text does not have are left out.

        Raises
        ------
        StrategyError, InvalidInput, Conflict
            The text is no strategy, a parameter is out of range, or the strategy was
            changed by someone else.
        """
        document = parse_document(text)
        known = {key: value for key, value in parameters.items() if key in document.parameters}
        if strategy is None:
            return await self.create_from_document(document, known, source=text)
        own = document.strategy_type
        if own in TEMPLATES and rules_of_type(own).hash != document.hash:
            own = StrategyType.CUSTOM
        before = parse_document(text_of(strategy))
        said = {"description": document.description, "tags": list(document.tags)}
        unsaid = {"description": before.description, "tags": list(before.tags)}
        return await self.update(
            strategy.model_copy(
                update={
                    **{key: value for key, value in said.items() if value != unsaid[key]},
                    "name": document.name,
                    "strategy_type": own,
                    "parameters": known,
                    "document": document.to_document(),
                    "source": text,
                }
            )
        )

    # -- copies, archive, deleting

    async def duplicate(self, strategy_id: str, name: str) -> Strategy:
        """Make another strategy of the same rules and parameters, without the history.

        It keeps the count of trials, for its parameters are what those led to.
        """
        old = await self._strategies.get(strategy_id)
        fresh = {"id": "", "name": _checked_name(name), "is_active": True}
        copied = Strategy.model_validate(
            old.model_dump(exclude={"created_at", "updated_at"}) | fresh
        )
        made = await self._strategies.create(copied)
        await self._trials.carry_over(old.id, made.id)
        await self._history.record(made, VersionReason.CREATED, f"copy of {old.name}")
        return made

    async def archive(self, strategy_id: str, *, archived: bool = True) -> Strategy:
        """Put a strategy out of the way, or bring it back; nothing of it is lost.

        Raises
        ------
        NotFound
            When the user has none with that id.
        """
        strategy = await self._strategies.get(strategy_id)
        if strategy.is_active is not archived:
            return strategy
        return await self._strategies.update(
            strategy.model_copy(update={"is_active": not archived})
        )

    async def delete(self, strategy_id: str) -> Strategy:
        """Delete a strategy and return it, so that :meth:`restore` can undo that.

        Its backtests stay: each holds a snapshot of the rules that it ran.
        """
        strategy = await self._strategies.get(strategy_id)
        await self._strategies.delete(strategy_id)
        return strategy

    async def restore(self, strategy: Strategy) -> Strategy:
        """Bring back a deleted strategy under its old id."""
        return await self._strategies.create(strategy)


def _checked_name(name: str) -> str:
    name = checked_name(name)
    if not name:
        raise InvalidInput("A strategy needs a name.", field="name")
    return name


def _complete(document: StrategyDocument, parameters: Mapping[str, object]) -> Document:
    """Return the parameters with defaults filled in, or say what is wrong with them."""
    complete = {**document.default_parameters(), **parameters}
    wrong = validate_parameters(document, complete)
    if wrong:
        field, message = next(iter(wrong.items()))
        raise InvalidInput(f"{field}: {message}", field=field)
    return complete
