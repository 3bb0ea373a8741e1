"""What the palette offers in the editor, where every letter is part of the text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from quant_tui.services.drafts import NEW
from quant_tui.ui.commands import Command
from quant_tui.ui.screens.strategies import actions

if TYPE_CHECKING:
    from quant_tui.domain.trading import Strategy
    from quant_tui.ui.screens.editor.workspace import Editor

Work = Callable[["Editor", "Strategy"], Awaitable[object]]


def editor_commands(editor: Editor) -> Iterator[Command]:
    """Offer a new text from anywhere; in front, what can be done with the strategy."""
    empty = partial(editor.switch_to, "editor", target=NEW)
    yield Command("editor: Empty text", "Write a strategy", empty)
    if editor.host.stack.front != "editor":
        return
    importing = partial(editor.spawn, partial(_import, editor), keys_wait=True)
    yield Command("editor: Import", "Make a strategy of a file", importing)
    strategy = editor.strategy
    if strategy is None:
        return
    offered: tuple[tuple[str, str, Work], ...] = (
        ("Duplicate", "Make a copy of this strategy", _duplicate),
        ("Tags and notes", "What you say about this strategy", _describe),
        ("Export", "Write the saved version to a file", actions.export),
        ("Make template", "Save it as a template of your own", actions.save_as_template),
        ("Archive", "Put this strategy away, or bring it back", _archive),
    )
    for name, about, work in offered:
        run = partial(editor.spawn, partial(work, editor, strategy), keys_wait=True)
        yield Command(f"editor: {name}", about, run)


async def _import(editor: Editor) -> None:
    if (made := await actions.import_file(editor)) is not None:
        await editor.jump(made.id)


async def _duplicate(editor: Editor, strategy: Strategy) -> None:
    await editor.jump((await actions.duplicate(editor, strategy)).id)


async def _describe(editor: Editor, strategy: Strategy) -> None:
    if (changed := await actions.tags_and_notes(editor, strategy)) is not None:
        editor.take(changed)
        editor.toast("Tags and notes kept  ·  / in the list of strategies finds them")


async def _archive(editor: Editor, strategy: Strategy) -> None:
    async def again() -> None:
        editor.take(await editor.services.strategies.get(strategy.id))

    editor.take(await actions.archive(editor, strategy, again))
