"""``quant-tui chat``: asking the assistant, and its conversations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.asking import agrees
from quant_tui.cli.chat_told import Told, plain_lines, say_answer, to_document, what_waits
from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.cli.shared_options import ForceOption
from quant_tui.domain.base import Document
from quant_tui.domain.errors import Cancelled, LanguageModelError, NotFound
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.services.chat import find_session
from quant_tui.services.chat_command_words import is_command, read_line
from quant_tui.services.chat_tool_use import open_proposals
from quant_tui.services.composition import Services
from quant_tui.services.conversation import checked_question, shown, totals
from quant_tui.services.whole_file import write_export

commands = typer.Typer(
    help="Ask the assistant, keep its conversations, and find your own work.", no_args_is_help=True
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SessionArgument = Annotated[
    str, typer.Argument(help="The conversation's id, or its title.", metavar="SESSION")
]


@commands.command(
    "ask",
    epilog='Examples:  quant-tui chat ask "What is a Sharpe ratio?"  ·  '
    'quant-tui chat ask "Compare my two best backtests" --tools  ·  quant-tui chat ask /backtests',
)
def ask(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="The question, or a command as /help; - for stdin.")],
    session: Annotated[
        str, typer.Option("--session", help="Go on with this conversation.", metavar="ID")
    ] = "",
    tools: Annotated[
        bool, typer.Option("--tools/--no-tools", help="Let the model read what is yours.")
    ] = False,
    profile: Annotated[
        str, typer.Option("--profile", help="The endpoint to ask.", metavar="NAME")
    ] = "",
    model: Annotated[str, typer.Option("--model", help="Another model of the endpoint.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask, and print the answer as it comes; ctrl+c stops it, and what came is kept."""
    command: CommandContext = context.obj
    question = sys.stdin.read() if text == "-" else text

    async def work(services: Services) -> tuple[ChatSession, ChatMessage]:
        chat = services.chat
        if session:
            found = await _find(services, session)
        else:  # what is wrong is said before a conversation is begun
            checked_question(question)
            if is_command(question):
                read_line(question)
            chat.endpoints.get(profile)
            found = await chat.create()
        key = found.session_id
        told = Told(
            quiet=as_json,
            by_program=is_command(question) or not (model or chat.endpoints.get(profile).model),
        )
        await told.read(chat.ask(key, question, tools=tools, profile=profile, model=model))
        if told.failed is not None and is_command(question) and not session:
            await chat.delete(key)  # a command that was mistyped is no conversation
        return await _to_the_end(services, key, told)

    say_answer(*command.run(work), as_json=as_json)


@commands.command(
    "decide",
    epilog="Examples:  quant-tui chat decide 1f0c  ·  quant-tui chat decide 1f0c --approve",
)
def decide(
    context: typer.Context,
    session: SessionArgument,
    approve: Annotated[
        bool | None, typer.Option("--approve/--reject", help="Do it, or leave it as it is.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the first open proposal of a conversation would change; do it, or leave it.

    Without --approve or --reject it is asked at a terminal, and else only shown. Exit code 1
    when it was to be done and could not be.
    """
    command: CommandContext = context.obj

    async def work(services: Services) -> tuple[ChatSession, ChatMessage, bool]:
        found = await services.chat.get((await _find(services, session)).session_id)
        told = Told(quiet=as_json, by_program=not shown(found)[-1].model)
        waiting = open_proposals(found)
        if not waiting:
            raise NotFound(f"Nothing waits to be decided in {found.title or found.session_id}.")
        told.propose(waiting[0])
        if approve is not None:
            told.proposals.clear()
            await told.read(services.chat.decide(found.session_id, waiting[0].id, approve))
        found, ended = await _to_the_end(services, found.session_id, told)
        undone = bool(approve) and told.decided.get(waiting[0].id) not in ("approved", "started")
        return found, ended, undone

    found, ended, undone = command.run(work)
    say_answer(found, ended, as_json=as_json)
    if undone:
        raise typer.Exit(1)


async def _to_the_end(services: Services, key: str, told: Told) -> tuple[ChatSession, ChatMessage]:
    """Have proposals decided while somebody is there; return how the conversation stands."""
    while told.proposals and told.decides:
        proposal = told.proposals.pop(0)
        try:
            approved = agrees(f"{plain(proposal.title)}: do it?")
        except Cancelled:
            print(f"\n{what_waits(key, [proposal])}", file=sys.stderr)
            raise
        await told.read(services.chat.decide(key, proposal.id, approved))
    if told.failed is not None and not told.decided:
        raise told.failed
    if told.failed is not None:  # what was decided stands, whatever is said of it
        print(f"No answer followed: {plain(str(told.failed))}", file=sys.stderr)
    found = await services.chat.get(key)
    if told.ended is None and told.failed is None and not open_proposals(found):
        raise LanguageModelError("The answer did not end.")
    return found, told.ended or shown(found)[-1]


@commands.command("list", epilog="Example:  quant-tui chat list --search sharpe --json")
def list_(
    context: typer.Context,
    search: Annotated[str, typer.Option("--search", help="Only those with these words.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List conversations, pinned ones first, then the latest."""
    command: CommandContext = context.obj

    async def work(services: Services) -> list[ChatSession]:
        return await services.chat.list(search)

    found = command.run(work)
    if as_json:
        print_json([_head(one) for one in found])
        return
    print_table(
        ("title", "pinned", "changed", "id"),
        [(one.title, "*" if one.pinned else "", _when(one), one.session_id) for one in found],
        "No conversations yet. Begin one: quant-tui chat ask TEXT",
    )


@commands.command("show", epilog="Example:  quant-tui chat show 1f0c --json")
def show(context: typer.Context, session: SessionArgument, as_json: JsonOption = False) -> None:
    """Show a conversation's branch as it was last read."""
    command: CommandContext = context.obj

    async def work(services: Services) -> tuple[ChatSession, str]:
        found = await _find(services, session)
        return await services.chat.get(found.session_id), await services.chat.export(
            found.session_id
        )

    found, markdown = command.run(work)
    if as_json:
        messages = shown(found)
        summed = totals(messages)
        print_json(
            {
                **_head(found),
                "messages": [to_document(one) for one in messages],
                "tokens": {"input": summed.input, "output": summed.output},
                "cost": summed.cost,
            }
        )
        return
    print(plain_lines(markdown))


@commands.command("export", epilog="Example:  quant-tui chat export 1f0c answer.md")
def export(
    context: typer.Context,
    session: SessionArgument,
    out: Annotated[Path, typer.Argument(help="The Markdown file to write.")],
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a conversation to a Markdown file, private to you."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Path:
        found = await _find(services, session)
        text = await services.chat.export(found.session_id)
        return write_export(out, text.encode("utf-8"), overwrite=force)

    written = command.run(work)
    if as_json:
        print_json({"path": str(written)})
    else:
        print(f"✓ Written to {written}.")


@commands.command("delete", epilog="Example:  quant-tui chat delete 1f0c")
def delete(
    context: typer.Context,
    session: SessionArgument,
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring a deleted one back instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a conversation; it can be brought back for thirty days."""
    command: CommandContext = context.obj

    async def work(services: Services) -> ChatSession:
        if restore:
            gone = find_session(await services.chat.deleted(), session)
            return await services.chat.restore(gone.session_id)
        found = await _find(services, session)
        await services.chat.delete(found.session_id)
        return found

    found = command.run(work)
    if as_json:
        print_json({"session_id": found.session_id, "deleted": not restore})
    else:
        done = "is back" if restore else "is deleted; --restore brings it back for thirty days"
        print(f"✓ {plain(found.title or found.session_id)} {done}.")


async def _find(services: Services, wanted: str) -> ChatSession:
    return find_session(await services.chat.list(), wanted)


def _head(session: ChatSession) -> Document:
    return session.model_dump(
        mode="json", include={"session_id", "title", "pinned", "created_at", "updated_at"}
    )


def _when(session: ChatSession) -> str:
    return f"{session.updated_at:%Y-%m-%d %H:%M}"
