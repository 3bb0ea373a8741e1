"""``quant-tui chat prompts``: prompts with variables, the library's and one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.genai import PromptTemplate
from quant_tui.genai.prompt_variables import laid_over, range_text
from quant_tui.services.composition import Services
from quant_tui.services.strategy_files import read_text

prompts = typer.Typer(help="Prompts with variables: the library and your own.",
                      no_args_is_help=True)  # fmt: skip

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Prompt = Annotated[str, typer.Argument(help="Id or name of a prompt.")]
Text = Annotated[str | None, typer.Option(help="The text, with {name} for each variable.")]
TextFile = Annotated[Path | None, typer.Option("--file", help="A file with the text.")]
VariableOption = Annotated[
    list[str] | None,
    typer.Option(
        "--variable",
        help="What a variable may be, as window=integer,default=14,low=2,high=100 or "
        "reader=choice,choices=trader|beginner. Types: text, integer, number, date, choice, "
        "symbols.",
    ),
]
Tags = Annotated[str | None, typer.Option(help="Tags, with commas between.")]
Language = Annotated[str | None, typer.Option(help="Language of the text, as en or ko.")]
Description = Annotated[str | None, typer.Option(help="What it is for.")]
Values = Annotated[
    list[str] | None, typer.Option("--value", "-v", help="A variable's value, name=value.")
]


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group ``chat``."""
    group.add_typer(prompts, name="prompts")


def read_values(pairs: list[str] | None) -> dict[str, object]:
    """Read ``name=value`` pairs.

    Raises
    ------
    typer.BadParameter
        When a pair has no ``=``.
    """
    values: dict[str, object] = {}
    for pair in pairs or []:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"--value needs name=value, not {pair!r}.")
        values[name.strip()] = text
    return values


@prompts.command(
    "list", epilog="Examples:  quant-tui chat prompts list  ·  chat prompts list rsi --language ko"
)
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help="Words of name, text or tags.")] = "",
    tag: Annotated[str, typer.Option(help="Only those with this tag.")] = "",
    language: Annotated[str, typer.Option(help="Only those in this language.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List prompts: your own, then the library's."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[Document]:
        found = await services.prompts.list(search, tag=tag, language=language)
        return [_summary(services, one) for one in found]

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "language", "variables", "tags", "version"),
        [
            (
                one["id"],
                one["name"],
                one["language"],
                ", ".join(one["variables"]),
                ", ".join(one["tags"]),
                "library" if one["built_in"] else one["version"],
            )
            for one in found
        ],
        "There are no such prompts.",
    )


@prompts.command("show", epilog="Example:  quant-tui chat prompts show 'RSI 전략 만들어줘'")
def show(context: typer.Context, prompt: Prompt, as_json: JsonOption = False) -> None:
    """Show a prompt with its variables and versions."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        found = await services.prompts.get(prompt)
        versions = await services.prompts.versions(found.id)
        return _summary(services, found) | {
            "template": found.template,
            "versions": [
                {
                    "version": one.version,
                    "changed_at": one.updated_at,
                    "name": one.name,
                    "template": one.template,
                }
                for one in versions
            ],
        }

    found = command.run(work)
    if as_json:
        print_json(found)
        return
    print(plain(f"{found['name']}  ({found['id']})\n{found['description']}\n\n{found['template']}"))
    print()
    print_table(
        ("variable", "type", "default", "range", "title"),
        [
            (name, one.get("type"), one.get("default"), _range(one), one.get("title", ""))
            for name, one in found["variables"].items()
        ],
        "It has no variables.",
    )
    if len(found["versions"]) > 1:
        print_table(
            ("version", "changed", "name", "text"),
            [
                (one["version"], f"{one['changed_at']:%Y-%m-%d %H:%M}", one["name"],
                 one["template"])
                for one in found["versions"]
            ],
            "",
        )  # fmt: skip
        oldest = found["versions"][-1]["version"]
        print(
            f"To go back: quant-tui chat prompts change {found['id']} --version {oldest}",
            file=sys.stderr,
        )


@prompts.command(
    "create",
    epilog="Example:  quant-tui chat prompts create --name Dips --text 'Buy {symbol} after "
    "{days} falls' --variable days=integer,default=3,low=1,high=10",
)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What it is called.")],
    text: Text = None,
    file: TextFile = None,
    description: Description = None,
    variable: VariableOption = None,
    tags: Tags = None,
    language: Language = None,
    as_json: JsonOption = False,
) -> None:
    """Make a prompt of your own."""
    command: CommandContext = context.obj
    template = _text(text, file)
    if template is None:
        raise InvalidInput("Give the prompt's text.", field="text", hint="--text, or --file PATH.")
    variables = _variables(variable)

    async def work(services: Services) -> Document:
        made = await services.prompts.create(
            name,
            template,
            description=description or "",
            variables=variables,
            tags=(tags or "").split(","),
            language=language or "",
        )
        return _summary(services, made)

    _say(command.run(work), "Made", as_json=as_json)


@prompts.command("copy", epilog="Example:  quant-tui chat prompts copy rsi.ko --name '내 RSI'")
def copy(
    context: typer.Context,
    prompt: Prompt,
    name: Annotated[str, typer.Option(help="What the copy is called.")],
    as_json: JsonOption = False,
) -> None:
    """Make a prompt of your own of another."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _summary(services, await services.prompts.copy(prompt, name))

    _say(command.run(work), "Made", as_json=as_json)


@prompts.command("change", epilog="Example:  quant-tui chat prompts change Dips --tags idea")
def change(
    context: typer.Context,
    prompt: Prompt,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    text: Text = None,
    file: TextFile = None,
    description: Description = None,
    variable: VariableOption = None,
    tags: Tags = None,
    language: Language = None,
    version: Annotated[
        int | None, typer.Option(help="Make it what it was in this version.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Change a prompt of your own; what is not given stays, and what it was is a version.

    Variables that the text has no more go; an empty bound, as low=, takes that bound away.
    """
    command: CommandContext = context.obj
    given = {"name": name, "template": _text(text, file), "description": description,
             "language": language}  # fmt: skip
    changes: Document = {key: value for key, value in given.items() if value is not None}
    if tags is not None:
        changes["tags"] = tags.split(",")
    described = _variables(variable)

    async def work(services: Services) -> Document:
        if version is not None:
            if changes or described:
                raise InvalidInput("--version stands alone.", field="version")
            return _summary(services, await services.prompts.restore_version(prompt, version))
        found = await services.prompts.get(prompt)
        template = str(changes.get("template", found.template))
        changes["variables"] = laid_over(template, found.variables, described)
        return _summary(services, await services.prompts.change(found.model_copy(update=changes)))

    _say(command.run(work), "Changed", as_json=as_json)


@prompts.command(
    "fill", epilog="Example:  quant-tui chat prompts fill 'RSI 전략 만들어줘' --value window=10"
)
def fill(
    context: typer.Context, prompt: Prompt, value: Values = None, as_json: JsonOption = False
) -> None:
    """Print a prompt with values in it, to send or to pipe."""
    command: CommandContext = context.obj
    values = read_values(value)

    async def work(services: Services) -> Document:
        found = await services.prompts.get(prompt)
        return {"id": found.id, "name": found.name, "text": services.prompts.fill(found, values)}

    found = command.run(work)
    if as_json:
        print_json(found)
    else:
        print(plain(found["text"]))


@prompts.command("delete", epilog="Example:  quant-tui chat prompts delete Dips")
def delete(context: typer.Context, prompt: Prompt, as_json: JsonOption = False) -> None:
    """Delete a prompt of your own with its versions."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        return _summary(services, await services.prompts.delete(prompt))

    _say(command.run(work), "Deleted", as_json=as_json)


def _summary(services: Services, prompt: PromptTemplate) -> Document:
    variables = services.prompts.variables(prompt)
    return {
        "id": prompt.id,
        "name": prompt.name,
        "description": prompt.description,
        "language": prompt.language,
        "variables": {name: one.to_document() for name, one in variables.items()},
        "tags": prompt.tags,
        "version": prompt.version,
        "built_in": services.prompts.is_built_in(prompt),
    }


def _text(text: str | None, file: Path | None) -> str | None:
    if file is None:
        return text
    if text is not None:
        raise typer.BadParameter("Give --text or --file, not both.")
    return sys.stdin.read() if str(file) == "-" else read_text(file)


def _variables(given: list[str] | None) -> Document:
    """Read ``name=type,key=value,…``; choices are parted by ``|``."""
    found: Document = {}
    for one in given or []:
        name, equals, rest = one.partition("=")
        kind, *parts = rest.split(",")
        if not equals or not kind:
            raise typer.BadParameter(f"--variable needs name=type, not {one!r}.")
        spec: Document = {"type": kind.strip()}
        for part in parts:
            key, equals, text = part.partition("=")
            if not equals:
                raise typer.BadParameter(f"--variable {name}: {part!r} is no key=value.")
            key = key.strip()
            empty = not text and key in ("low", "high", "title")
            spec[key] = text.split("|") if key == "choices" else None if empty else _value(text)
        found[name.strip()] = spec
    return found


def _value(text: str) -> object:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text


def _range(variable: Document) -> str:
    if choices := variable.get("choices"):
        return " | ".join(choices)
    return range_text(variable.get("low"), variable.get("high"))


def _say(found: Document, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print(plain(f"{done} {found['name']} ({found['id']})."))
