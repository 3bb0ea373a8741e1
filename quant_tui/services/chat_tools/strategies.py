"""Tools about strategies: reading, checking, and proposing them."""

from __future__ import annotations

import json
from functools import partial

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput, StrategyError
from quant_tui.domain.trading import Strategy
from quant_tui.engine.rules import StrategyDocument, parse_document, validate_parameters
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import added, difference, facts, table, taken, words
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool
from quant_tui.services.generation_language import language
from quant_tui.services.rule_reference import language_reference
from quant_tui.services.strategy_rules import check_text, rules_of, text_of

ID = Field(description="Id of a strategy, as list_strategies gives it.")
RULES = Field(
    description="A whole rule document as YAML or JSON: name, params, let, entry, exit …",
    min_length=1,
)


class ListStrategies(ToolArguments):
    """What to list."""

    search: str = Field("", description="Part of a name, description, type, tag or note.")
    limit: int = Field(20, ge=1, le=100, description="Most strategies to list.")


class OneStrategy(ToolArguments):
    """Which strategy."""

    strategy_id: str = ID


class NoArguments(ToolArguments):
    """Nothing."""


class RuleText(ToolArguments):
    """A rule document."""

    text: str = RULES


class LanguageWords(ToolArguments):
    """What to look up."""

    words: str = Field("", description="A function's name or words, as 'rsi' or 'moving average'.")


class ChangeRules(ToolArguments):
    """Which strategy, and its new rules."""

    strategy_id: str = ID
    text: str = RULES


class SetParameters(ToolArguments):
    """Which strategy, and its new values."""

    strategy_id: str = ID
    parameters: dict[str, int | float | bool | str] = Field(
        description="New values by parameter name; others stay.", min_length=1, max_length=50
    )


class ArchiveStrategy(ToolArguments):
    """Which strategy, and where to."""

    strategy_id: str = ID
    archived: bool = Field(True, description="False brings it back.")


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_strategies", "List strategies",
            "List the user's strategies, the last changed first.",
            ListStrategies, partial(_list, context),
        ),
        ReadingTool(
            "show_strategy", "Show a strategy",
            "Show a strategy's rules as YAML, its parameters, tags and notes.",
            OneStrategy, partial(_show, context),
        ),
        ReadingTool(
            "list_strategy_templates", "List strategy templates",
            "List the built-in strategy types and the user's own templates, with parameters.",
            NoArguments, partial(_templates, context),
        ),
        ReadingTool(
            "rule_language", "Look up the rule language",
            "Look up the rule language in which strategies are written: everything in short, or "
            "what single functions mean.",
            LanguageWords, _language,
        ),
        ReadingTool(
            "check_strategy", "Check a rule document",
            "Check a rule document without saving it: what is wrong and where, or its warm-up.",
            RuleText, _check,
        ),
        ChangingTool(
            "create_strategy", "Create a strategy",
            "Propose to save a rule document as it is; try_strategy tries a new one first.",
            RuleText, Permission.WRITE, partial(_create, context),
        ),
        ChangingTool(
            "change_strategy", "Change a strategy's rules",
            "Propose other rules for a strategy. The user sees the difference and decides.",
            ChangeRules, Permission.WRITE, partial(_change, context),
        ),
        ChangingTool(
            "set_strategy_parameters", "Set a strategy's parameters",
            "Propose other parameter values for a strategy. The user decides.",
            SetParameters, Permission.WRITE, partial(_parameters, context),
        ),
        ChangingTool(
            "archive_strategy", "Archive a strategy",
            "Propose to put a strategy out of the way, or to bring it back. The user decides.",
            ArchiveStrategy, Permission.WRITE, partial(_archive, context),
        ),
    )  # fmt: skip


def cite(strategy: Strategy) -> Citation:
    """Return what an answer about a strategy points at."""
    return Citation("strategy", strategy.id, strategy.name)


async def _list(context: ToolContext, given: ListStrategies) -> ToolResult:
    found = await context.strategies.list(given.search, limit=given.limit)
    rows = [
        {
            "strategy_id": one.id,
            "name": one.name,
            "strategy_type": one.strategy_type,
            "parameters": one.parameters,
            "tags": one.tags,
            "updated_at": one.updated_at,
        }
        for one in found
    ]
    note = "There may be more: raise the limit." if len(found) == given.limit else ""
    return table("Strategies", rows, [cite(one) for one in found], kind="strategies", note=note)


async def _show(context: ToolContext, given: OneStrategy) -> ToolResult:
    strategy = await context.strategies.get(given.strategy_id)
    document = {
        "strategy_id": strategy.id,
        "name": strategy.name,
        "description": strategy.description,
        "strategy_type": strategy.strategy_type,
        "parameters": strategy.parameters,
        "warm_up_bars": rules_of(strategy).warm_up(strategy.parameters),
        "tags": strategy.tags,
        "notes": strategy.notes,
        "archived": not strategy.is_active,
        "updated_at": strategy.updated_at,
        "rules": text_of(strategy),
    }
    head = "\n".join(f"{key}: {value}" for key, value in document.items() if key != "rules")
    text = f"{head}\nrules:\n{document['rules']}"
    return words("Strategy", text, [cite(strategy)], kind="strategy", data=document)


async def _templates(context: ToolContext, given: NoArguments) -> ToolResult:
    del given
    found = [*await context.templates.list(), *await context.templates.own()]
    rows = [
        {
            "strategy_type": one.strategy_type,
            "name": one.name,
            "description": one.description,
            "parameters": one.default_parameters,
        }
        for one in found
    ]
    return table("Templates of strategies", rows, kind="templates")


async def _language(given: LanguageWords) -> ToolResult:
    if not given.words:
        known = language()
        whole = {
            "keys": ", ".join(known.keys),
            "example": known.examples[0],
            **{head: "; ".join(names) for head, names in known.functions},
        }
        text = "\n".join(f"{key}: {value}" for key, value in whole.items())
        return words("The rule language", text, kind="reference", data=whole)
    rows = [
        {"signature": one.signature, "gives": one.result, "help": one.help}
        for one in language_reference(given.words)
    ]
    return table("The rule language", rows, kind="reference")


async def _check(given: RuleText) -> ToolResult:
    try:
        checked = check_text(given.text)
    except StrategyError as error:
        rows = [
            {"place": one.place, "column": one.column, "wrong": one.message, "do": one.suggestion}
            for one in error.findings
        ]
        return table("The rules cannot be used", rows, kind="findings", beside={"usable": False})
    return facts(
        "The rules can be used",
        {
            "usable": True,
            "name": checked.name,
            "strategy_type": checked.strategy_type,
            "warm_up_bars": checked.warm_up,
            "parameters": checked.parameters,
        },
        kind="check",
    )


async def _create(context: ToolContext, given: RuleText) -> Change:
    document = parse_document(given.text)

    async def make() -> ToolResult:
        made = await context.strategies.save_text(given.text, {})
        return facts("Created", {"strategy_id": made.id, "name": made.name}, [cite(made)])

    title = f"Create strategy {document.name or 'Unnamed'}"
    lines = [*await namesakes(context, document.name), added(given.text.splitlines())]
    return Change(title, "\n".join(lines), make)


async def namesakes(context: ToolContext, name: str) -> list[str]:
    """Return a line for a proposal that would make a second strategy of a name, none otherwise."""
    known = await context.strategies.list(name, archived=None)
    return taken("strategy", name, (one.name for one in known))


async def _change(context: ToolContext, given: ChangeRules) -> Change:
    strategy = await context.strategies.get(given.strategy_id)
    before = text_of(strategy)
    rules = parse_document(given.text)
    kept = {name: value for name, value in strategy.parameters.items() if name in rules.parameters}
    _checked(rules, {**rules.default_parameters(), **kept})
    change = difference(before, given.text)
    if not change:
        raise InvalidInput(f"The text is what {strategy.name} has already.", field="text")

    async def make() -> ToolResult:
        made = await context.strategies.save_text(given.text, strategy.parameters, strategy)
        return facts("Changed", {"strategy_id": made.id, "name": made.name}, [cite(made)])

    return Change(f"Change strategy {strategy.name}", change, make, _state(strategy))


async def _parameters(context: ToolContext, given: SetParameters) -> Change:
    strategy = await context.strategies.get(given.strategy_id)
    rules = rules_of(strategy)
    wrong = [name for name in given.parameters if name not in rules.parameters]
    if wrong:
        known = ", ".join(rules.parameters) or "none"
        raise InvalidInput(
            f"{strategy.name} has no parameter {wrong[0]!r}.",
            field=wrong[0],
            hint=f"It has: {known}.",
        )
    before = {**rules.default_parameters(), **strategy.parameters}
    after = _checked(rules, {**before, **given.parameters})
    change = difference(_lines(before), _lines(after))
    if not change:
        raise InvalidInput(f"{strategy.name} has these parameters already.", field="parameters")

    async def make() -> ToolResult:
        made = await context.strategies.update(
            strategy.model_copy(update={"parameters": after}), note="proposed in a chat"
        )
        document = {"strategy_id": made.id, "parameters": made.parameters}
        return facts("Changed", document, [cite(made)])

    return Change(f"Set parameters of {strategy.name}", change, make, _state(strategy))


async def _archive(context: ToolContext, given: ArchiveStrategy) -> Change:
    strategy = await context.strategies.get(given.strategy_id)
    if strategy.is_active is not given.archived:
        state = "archived" if given.archived else "not archived"
        raise InvalidInput(f"{strategy.name} is {state} already.", field="archived")

    async def make() -> ToolResult:
        made = await context.strategies.archive(strategy.id, archived=given.archived)
        document = {"strategy_id": made.id, "archived": not made.is_active}
        return facts("Done", document, [cite(made)])

    title = f"{'Archive' if given.archived else 'Bring back'} strategy {strategy.name}"
    before, after = ("no", "yes") if given.archived else ("yes", "no")
    change = difference(f"archived: {before}", f"archived: {after}")
    return Change(title, change, make, _state(strategy))


def _checked(rules: StrategyDocument, values: Document) -> Document:
    """Return values as the parameters are kept, a number that was written as text as a number.

    Raises
    ------
    InvalidInput
        One is out of its range or of another kind, or they do not fit each other.
    """
    for name, message in validate_parameters(rules, values).items():
        raise InvalidInput(f"{name}: {message}", field=name)
    return {name: rules.parameters[name].coerce(value) for name, value in values.items()}


def _state(strategy: Strategy) -> str:
    return strategy.updated_at.isoformat()


def _lines(parameters: dict[str, object]) -> str:
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in parameters.items())
