"""Strategies: made from templates or from rule documents, checked before they are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Strategy, StrategyTemplate
from quant_tui.domain.vocabulary import StrategyType
from quant_tui.engine.rules import (
    Entry,
    ParameterSpec,
    StrategyDocument,
    format_document,
    parse_document,
    reference,
    validate_parameters,
)
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.engine.rules.functions import ELSEWHERE
from quant_tui.engine.templates import TEMPLATES
from quant_tui.services.names import checked_name
from quant_tui.storage.mongo.queries import StrategyTemplateRepository
from quant_tui.storage.mongo.repositories import UserRepositories


@dataclass(frozen=True, slots=True)
class CheckedStrategy:
    """What checking a rule document found when it is right.

    Attributes
    ----------
    name, strategy_type
        As the document gives them.
    canonical
        The document in its one canonical form.
    warm_up
        Bars that pass before the first signal is possible.
    parameters
        Default parameters.
    """

    name: str
    strategy_type: str
    canonical: str
    warm_up: int
    parameters: Document


class StrategyService:
    """Strategies of one user, and the templates that everybody shares."""

    def __init__(
        self, repositories: UserRepositories, templates: StrategyTemplateRepository
    ) -> None:
        self._strategies = repositories.strategies
        self._user_id = repositories.user_id
        self._templates = templates

    async def templates(self) -> list[StrategyTemplate]:
        """Return the templates, the most used first, then as the engine lists them."""
        order = {strategy_type: place for place, strategy_type in enumerate(TEMPLATES)}
        found = [one for one in await self._templates.list() if one.strategy_type in order]
        return sorted(found, key=lambda one: (-one.usage_count, order[one.strategy_type]))

    async def list(self, search: str = "", *, skip: int = 0, limit: int = 1000) -> list[Strategy]:
        """Return the user's strategies, the last changed first.

        Parameters
        ----------
        search
            Part of a name, description or type, in any case.
        """
        where: Document = {}
        if search:
            pattern = {"$regex": re.escape(search), "$options": "i"}
            where = {"$or": [{key: pattern} for key in ("name", "description", "strategy_type")]}
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

    def document_of(self, strategy: Strategy) -> StrategyDocument:
        """Return the rules of a strategy: its own document, or its template's."""
        if strategy.document:
            return parse_document(strategy.document)
        return self.document_of_type(strategy.strategy_type)

    def document_of_type(self, strategy_type: str) -> StrategyDocument:
        """Return the rules of a template.

        Raises
        ------
        InvalidInput
            When there is no template of that type.
        """
        template = TEMPLATES.get(strategy_type)
        if template is None:
            raise InvalidInput(
                f"There is no strategy type {strategy_type!r}.",
                field="strategy_type",
                hint=f"Known types: {', '.join(TEMPLATES)}.",
            )
        return parse_document(template.document)

    def parameter_specs(self, strategy_type: str) -> dict[str, ParameterSpec]:
        """Return the parameters of a template's type, in the order of its form."""
        return dict(self.document_of_type(strategy_type).parameters)

    def validate(self, strategy_type: str, parameters: Mapping[str, object]) -> dict[str, str]:
        """Return what is wrong with parameters: field to message, empty when all is well."""
        return self.validate_document(self.document_of_type(strategy_type), parameters)

    @staticmethod
    def validate_document(
        document: StrategyDocument, parameters: Mapping[str, object]
    ) -> dict[str, str]:
        """Return what is wrong with parameters of given rules: field to message."""
        return validate_parameters(document, parameters)

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
        document = self.document_of_type(strategy_type)
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
        if template is not None:
            await self._templates.increment(template.id, "usage_count")
        return strategy

    async def create_from_document(self, document: StrategyDocument) -> Strategy:
        """Keep a rule document as a strategy of the user's own."""
        return await self._strategies.create(
            Strategy(
                name=_checked_name(document.name or "Unnamed"),
                description=document.description,
                strategy_type=document.strategy_type or StrategyType.CUSTOM,
                parameters=_complete(document, {}),
                user_id=self._user_id,
                document=document.to_document(),
            )
        )

    async def update(self, strategy: Strategy) -> Strategy:
        """Keep a changed strategy.

        Raises
        ------
        InvalidInput
            When the name is empty or a parameter out of range.
        Conflict
            When it was changed by someone else since it was read.
        """
        document = self.document_of(strategy)
        return await self._strategies.update(
            strategy.model_copy(
                update={
                    "name": _checked_name(strategy.name),
                    "parameters": _complete(document, strategy.parameters),
                }
            )
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

    @staticmethod
    def check(text: str) -> CheckedStrategy:
        """Check a rule document given as YAML or JSON.

        Raises
        ------
        StrategyError
            With every finding: place, what is wrong, suggestion.
        """
        document = parse_document(text)
        return CheckedStrategy(
            name=document.name,
            strategy_type=document.strategy_type,
            canonical=document.canonical(),
            warm_up=document.warm_up(),
            parameters=document.default_parameters(),
        )

    @staticmethod
    def format(text: str) -> str:
        """Return a rule document as canonical YAML.

        Raises
        ------
        StrategyError
            As from :meth:`check`.
        """
        return format_document(text)


def language_reference(words: str = "") -> list[Entry]:
    """Return what the rule language can call and name: one by its name, or by words.

    Raises
    ------
    InvalidInput
        When nothing has all the words.
    """
    entries = reference()
    found = [one for one in entries if one.name == words.strip().lower()]
    found = found or [one for one in entries if words and one.is_talibs(words)]
    found = found or [one for one in entries if one.matches(words)]
    if not found:
        near = ELSEWHERE.get(words.lower()) or did_you_mean(words, [one.name for one in entries])
        raise InvalidInput(
            f"The rule language has no {words!r}.",
            field="name",
            hint=f"{near[:1].upper()}{near[1:]}" if near else "Leave it out to list everything.",
        )
    return found


async def store_templates(templates: StrategyTemplateRepository) -> None:
    """Bring the stored templates up to date with the built-in ones, keeping usage counts."""
    stored = {one.strategy_type: one for one in await templates.list(limit=None)}
    kept = {"id", "created_at", "updated_at", "usage_count"}
    for strategy_type, template in TEMPLATES.items():
        document = parse_document(template.document)
        wanted = StrategyTemplate(
            name=template.name,
            description=template.description,
            strategy_type=strategy_type,
            default_parameters=document.default_parameters(),
            parameter_schema={
                name: spec.to_document() for name, spec in document.parameters.items()
            },
            tags=list(template.tags),
        )
        old = stored.get(strategy_type)
        if old is None or old.model_dump(exclude=kept) != wanted.model_dump(exclude=kept):
            await templates.put(wanted)


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
