"""What can be done with a conversation as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.services.whole_file import write_export
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.screens.results.export import ExportDialog, Kind
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from quant_tui.domain.genai import ChatSession
    from quant_tui.ui.workspaces import Workspace

KINDS = {"markdown": Kind("Markdown", ".md", "The branch that is shown, to read and to send.")}


def title_of(session: ChatSession) -> str:
    """Return what people call a conversation."""
    return session.title or "New conversation"


async def rename(
    workspace: Workspace, session: ChatSession, again: Callable[[str], Awaitable[None]]
) -> None:
    """Ask for another title."""

    async def save(values: dict[str, str]) -> bool:
        await workspace.services.chat.rename(session.session_id, values["title"])
        return True

    field = Field("title", "Title", session.title)
    if await workspace.host.push_screen_wait(FormDialog("Rename", "", field, save=save)):
        await again(session.session_id)


async def delete(
    workspace: Workspace, session: ChatSession, again: Callable[[str], Awaitable[None]]
) -> bool:
    """Ask, then delete a conversation; ``u`` brings it back. Return whether it was deleted."""
    chat, key, title = workspace.services.chat, session.session_id, title_of(session)
    if not await workspace.confirm(f"Delete “{title}”?", yes="Delete"):
        return False
    await chat.delete(key)

    async def undo() -> None:
        await chat.restore(key)
        await again(key)

    workspace.offer_undo(f"“{title}” deleted", undo)
    return True


async def export(workspace: Workspace, session: ChatSession) -> None:
    """Ask for a path, then write a conversation there."""
    wanted = await workspace.host.push_screen_wait(ExportDialog(title_of(session), KINDS))
    if wanted is None:
        return
    text = await workspace.services.chat.export(session.session_id)

    async def write(overwrite: bool) -> Path:
        content = text.encode("utf-8")
        return await asyncio.to_thread(write_export, wanted.path, content, overwrite=overwrite)

    if (path := await workspace.write_file(write)) is not None:
        workspace.toast(str(path), title="Exported")
