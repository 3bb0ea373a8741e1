"""What strategies start from: the built-in templates, and those of the user's own."""

from __future__ import annotations

import builtins

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import OwnTemplate, StrategyTemplate
from quant_tui.domain.vocabulary import StrategyType
from quant_tui.engine.rules import parse_document
from quant_tui.engine.templates import TEMPLATES
from quant_tui.services.names import checked_name
from quant_tui.services.strategy_rules import rules_of
from quant_tui.storage.mongo.queries import StrategyTemplateRepository
from quant_tui.storage.mongo.repositories import UserRepositories


class TemplateService:
    """Templates that everybody shares, and those of one user."""

    def __init__(
        self, repositories: UserRepositories, templates: StrategyTemplateRepository
    ) -> None:
        self._templates = templates
        self._own = repositories.own_templates
        self._strategies = repositories.strategies
        self._user_id = repositories.user_id

    async def list(self) -> builtins.list[StrategyTemplate]:
        """Return the built-in templates, the most used first, then as the engine lists them."""
        order = {strategy_type: place for place, strategy_type in enumerate(TEMPLATES)}
        found = [one for one in await self._templates.list() if one.strategy_type in order]
        return sorted(found, key=lambda one: (-one.usage_count, order[one.strategy_type]))

    async def own(self) -> builtins.list[OwnTemplate]:
        """Return the user's own templates, the most used first."""
        return await self._own.list(sort=[("usage_count", -1), ("name", 1)], limit=None)

    async def save_as_template(self, strategy_id: str, name: str) -> OwnTemplate:
        """Keep a strategy's rules as a template of one's own.

        The strategy's parameters become the defaults.

        Raises
        ------
        Conflict
            There is one of that name.
        InvalidInput
            The name is empty.
        """
        strategy = await self._strategies.get(strategy_id)
        document = rules_of(strategy)
        plain = document.to_document()
        for key, value in strategy.parameters.items():
            if key in plain.get("params", {}):
                plain["params"][key] = {**plain["params"][key], "default": value}
        plain["name"] = checked_name(name)
        if not plain["name"]:
            raise InvalidInput("A template needs a name.", field="name")
        plain["strategy_type"] = str(StrategyType.CUSTOM)
        checked = parse_document(plain)
        return await self._own.create(
            OwnTemplate(
                name=plain["name"],
                description=strategy.description or document.description,
                strategy_type=StrategyType.CUSTOM,
                default_parameters=checked.default_parameters(),
                parameter_schema={
                    key: spec.to_document() for key, spec in checked.parameters.items()
                },
                tags=strategy.tags or list(document.tags),
                user_id=self._user_id,
                document=checked.to_document(),
            )
        )

    async def delete(self, template_id: str) -> OwnTemplate:
        """Delete a template of the user's own; strategies made from it stay."""
        found = await self._own.get(template_id)
        await self._own.delete(template_id)
        return found

    async def restore(self, template: OwnTemplate) -> OwnTemplate:
        """Bring back a deleted template under its old id."""
        return await self._own.create(template)


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
