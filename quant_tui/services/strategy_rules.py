"""The rules of a strategy: read from where they are kept, written as text, and checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import OwnTemplate, Strategy, StrategyTemplate
from quant_tui.engine.rules import StrategyDocument, format_document, parse_document
from quant_tui.engine.templates import TEMPLATES

_NAME_LINE = re.compile(r"^name:.*$", re.MULTILINE)


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


def check_text(text: str) -> CheckedStrategy:
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


def rules_of(strategy: Strategy) -> StrategyDocument:
    """Return the rules of a strategy: its own document, or its template's.

    Raises
    ------
    InvalidInput
        When it has none of its own and there is no template of its type.
    """
    if strategy.document:
        return parse_document(strategy.document)
    return rules_of_type(strategy.strategy_type)


def rules_of_type(strategy_type: str) -> StrategyDocument:
    """Return the rules of a built-in template.

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


def rules_of_template(template: StrategyTemplate) -> StrategyDocument:
    """Return the rules of a template, the user's own or a built-in one."""
    if isinstance(template, OwnTemplate):
        return parse_document(template.document)
    return rules_of_type(template.strategy_type)


def text_of(strategy: Strategy) -> str:
    """Return a strategy's rules as YAML, named as the strategy is.

    What its author typed is given back to the letter, but for a name that was changed
    since; otherwise it is written anew.
    """
    document = rules_of(strategy)
    if strategy.source:
        same = document.name == strategy.name
        return strategy.source if same else _named(strategy.source, strategy.name)
    plain = {**document.to_document(), "name": strategy.name, "tags": strategy.tags}
    if strategy.description:
        plain["description"] = strategy.description
    return format_document(json.dumps(plain))


def exported_text(strategy: Strategy) -> str:
    """Return a strategy as a rule document of its own: its parameters are the defaults.

    What its author typed is given back to the letter where that says the same.
    """
    document = rules_of(strategy)
    plain = document.to_document()
    said = (document.name, document.description, list(document.tags))
    wanted = (strategy.name, strategy.description, strategy.tags)
    changed = {
        key: value
        for key, value in strategy.parameters.items()
        if key in document.parameters and document.parameters[key].default != value
    }
    if strategy.source and said == wanted and not changed:
        return strategy.source
    plain |= {"name": strategy.name, "description": strategy.description}
    plain["tags"] = strategy.tags
    for key, value in changed.items():
        plain["params"][key] = {**plain["params"][key], "default": value}
    return format_document(json.dumps(plain))


def _named(source: str, name: str) -> str:
    line = f"name: {json.dumps(name, ensure_ascii=False)}"
    found, count = _NAME_LINE.subn(lambda _: line, source, count=1)
    return found if count else f"{line}\n{source}"
