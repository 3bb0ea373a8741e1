"""``quant-tui chat endpoint``: the language models that the chat can ask."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from quant_tui.cli.chat import JsonOption
from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.passphrase import read_hidden, terminal_asker
from quant_tui.config.chat import DEFAULT_KEY, DEFAULT_PROFILE, NO_KEY, ChatSettings
from quant_tui.domain.base import Document
from quant_tui.services.chat_endpoints import ChatEndpoints
from quant_tui.services.secrets import open_secrets


def add_to(group: typer.Typer) -> None:
    """Add the command to the group ``chat``."""
    group.command(
        "endpoint",
        epilog="Examples:  quant-tui chat endpoint  ·  "
        "quant-tui chat endpoint default --model gpt-4o-mini --ask-key  ·  "
        "quant-tui chat endpoint local --url http://127.0.0.1:8080/v1 --model qwen --use --test"
        "  ·  quant-tui chat endpoint local --remove",
    )(endpoint)


def endpoint(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Which; without one they are listed.")] = "",
    url: Annotated[
        str | None, typer.Option("--url", help="Where it is, as http://127.0.0.1:8080/v1.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model's name there.")] = None,
    key: Annotated[
        str | None, typer.Option("--key-name", help="Secret that holds its key; none for no key.")
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", help="Context window in tokens.")
    ] = None,
    price_input: Annotated[
        str | None, typer.Option("--price-input", help="Price of a million tokens read.")
    ] = None,
    price_output: Annotated[
        str | None, typer.Option("--price-output", help="Price of a million tokens written.")
    ] = None,
    cutoff: Annotated[
        str | None, typer.Option("--cutoff", help="Month that its knowledge ends, as 2025-06.")
    ] = None,
    tools: Annotated[str | None, typer.Option("--tools", help="native, json or off.")] = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", help="Seconds without a word until it is given up.")
    ] = None,
    ask_key: Annotated[
        bool, typer.Option("--ask-key", help="Ask for its key, or take it from a pipe.")
    ] = False,
    use: Annotated[bool, typer.Option("--use", help="Use it from now on.")] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Ask it for one word; one that fails is not used.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Forget it; a key that it has stays.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Set up, choose or try an endpoint that speaks OpenAI's API; or list them."""
    command: CommandContext = context.obj
    given = {
        "base_url": url, "model": model, "key": key, "context_window": window,
        "price_input": price_input, "price_output": price_output, "knowledge_cutoff": cutoff,
        "tools": tools, "timeout_seconds": timeout,
    }  # fmt: skip
    values = {field: text for field, text in given.items() if text is not None}
    if not name and (values or ask_key or use or remove):
        raise typer.BadParameter("Say which endpoint: default, or a name of your own.")
    if remove and (values or ask_key or use or test):
        raise typer.BadParameter("--remove goes alone.")
    wanted_key = values.get("key") or _key_name(name)
    secret = read_hidden(f"Key of {name}: ") if ask_key else ""
    if ask_key:
        values["key"] = wanted_key

    async def work() -> tuple[list[ChatSettings], str, float | None]:
        secrets = open_secrets(command.settings)
        secrets.asker = terminal_asker()
        endpoints = ChatEndpoints(command.settings, secrets)
        try:
            if values:
                await endpoints.keep(name, values)
            if secret:
                await secrets.put(wanted_key, secret)
            if remove:
                await endpoints.remove(name)
                return endpoints.all(), endpoints.used, None
            seconds = await endpoints.test(name) if test else None
            if use:
                await endpoints.use(name)
            found = [endpoints.get(name)] if name else endpoints.all()
            return found, endpoints.used, seconds
        finally:
            await endpoints.client.close()

    found, used, seconds = command.run_plain(work)
    if as_json:
        listed = [_document(one, used) for one in found]
        one = name and not remove
        print_json({**listed[0], "seconds": seconds} if one else {"endpoints": listed})
        return
    print_table(
        ("name", "used", "model", "address", "key", "window", "tools"),
        [
            (one.profile, "*" if one.profile == used else "", one.model or "–", one.address,
             one.key, one.context_window, one.tools)
            for one in found
        ],
        "",
    )  # fmt: skip
    if seconds is not None:
        print(f"✓ It answered in {seconds:.1f} s.")


def _key_name(name: str) -> str:
    return DEFAULT_KEY if name in ("", DEFAULT_PROFILE) else f"chat_{name}_api_key"


def _document(one: ChatSettings, used: str) -> Document:
    document = dataclasses.asdict(one)
    return {
        "name": document.pop("profile"),
        "used": one.profile == used,
        **document,
        "base_url": one.address,
        "key": None if one.key == NO_KEY else one.key,
    }
