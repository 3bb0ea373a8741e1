"""What can be done with a strategy as a whole, from its list as from the editor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import Input

from quant_tui.domain.trading import OwnTemplate, Strategy
from quant_tui.services.strategy_files import read_text, suggested_file
from quant_tui.services.strategy_rules import exported_text
from quant_tui.services.whole_file import write_export
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.screens.data_import.paths import PathSuggester
from quant_tui.ui.screens.strategies.listing import free_name
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from quant_tui.ui.workspaces import Workspace

RULE_FILES = (".yaml", ".yml", ".json")
Again = Callable[[], Awaitable[object]]
"""Fetches what the screen shows anew."""


async def duplicate(workspace: Workspace, strategy: Strategy) -> Strategy:
    """Make a copy under a free name; ``u`` deletes it again."""
    service = workspace.services.strategies
    taken = [one.name for one in await service.list(archived=None, limit=10_000)]
    made = await service.duplicate(strategy.id, free_name(f"{strategy.name} copy", taken))
    workspace.toast(f"{made.name} made  ·  e names it, w writes its rules")
    return made


async def archive(workspace: Workspace, strategy: Strategy, again: Again) -> Strategy:
    """Put a strategy into the archive or bring it back; ``u`` takes that back."""
    service = workspace.services.strategies

    async def undo() -> None:
        await service.archive(strategy.id, archived=not strategy.is_active)
        await again()

    kept = await service.archive(strategy.id, archived=strategy.is_active)
    done = "archived, its backtests stay" if strategy.is_active else "brought back"
    workspace.offer_undo(f"{strategy.name} {done}", undo)
    return kept


async def delete(workspace: Workspace, strategy: Strategy, again: Again) -> bool:
    """Ask, then delete a strategy; return whether that was done."""
    if not await workspace.confirm(
        f"Delete “{strategy.name}”?", "Its backtests stay, with the rules that they ran.",
        yes="Delete",
    ):  # fmt: skip
        return False
    service = workspace.services.strategies
    deleted = await service.delete(strategy.id)

    async def undo() -> None:
        await service.restore(deleted)
        await again()

    workspace.offer_undo(f"{strategy.name} deleted", undo)
    return True


async def export(workspace: Workspace, strategy: Strategy) -> None:
    """Ask where to, and write a strategy as a file."""
    path = Field("file", "File", _here(suggested_file(strategy.name)))
    _complete_paths(path)

    async def save(values: dict[str, str]) -> Path | None:
        file, content = _path(values), exported_text(strategy).encode("utf-8")

        async def write(overwrite: bool) -> Path:
            return await asyncio.to_thread(
                write_export, file, content, overwrite=overwrite, field="file"
            )

        return await workspace.write_file(write)

    file = await workspace.host.push_screen_wait(
        FormDialog[Path | None](
            f"Export {strategy.name}",
            "A text file that  quant-tui strategy check  and  import  read, and git compares. "
            "The parameters become its defaults.",
            path,
            save=save,
            check=_check_path,
            verb="Export",
        )
    )
    if file is not None:
        workspace.toast(str(file), title=f"{strategy.name} exported")


async def import_file(workspace: Workspace) -> Strategy | None:
    """Ask for a file, and make a strategy of it; None when left."""
    path = Field("file", "File", "", placeholder="a .yaml or .json file; → completes")
    _complete_paths(path)

    async def save(values: dict[str, str]) -> Strategy:
        text = await asyncio.to_thread(read_text, _path(values))
        return await workspace.services.strategies.save_text(text, {})

    made = await workspace.host.push_screen_wait(
        FormDialog[Strategy](
            "Import a strategy",
            "A rule document, as exported here or written by hand. Nothing is kept unless "
            "all of it is right.",
            path,
            save=save,
            check=_check_path,
            verb="Import",
        )
    )
    if made is not None:
        workspace.toast(f"{made.name} imported")
    return made


async def save_as_template(workspace: Workspace, strategy: Strategy) -> OwnTemplate | None:
    """Ask for a name, and keep a strategy's rules as a template; None when left."""
    templates = workspace.services.templates

    async def save(values: dict[str, str]) -> OwnTemplate:
        return await templates.save_as_template(strategy.id, values["name"])

    taken = {one.name for one in await templates.own()}

    def check(values: dict[str, str]) -> dict[str, str]:
        name = " ".join(values["name"].split())
        if not name:
            return {"name": "needs a name"}
        return {"name": "a template has this name"} if name in taken else {}

    made = await workspace.host.push_screen_wait(
        FormDialog[OwnTemplate](
            "Save as a template of your own",
            "Its rules, with the parameters as they are now for defaults. It stands among the "
            "templates that  n  offers.",
            Field("name", "Name", free_name(strategy.name, taken)),
            save=save,
            check=check,
        )
    )
    if made is not None:
        workspace.toast(f"{made.name} is a template now  ·  n begins with it")
    return made


async def delete_template(workspace: Workspace, template: OwnTemplate, again: Again) -> None:
    """Ask, then delete a template of the user's own."""
    used = f"It was used {template.usage_count:,} times; " if template.usage_count else ""
    if not await workspace.confirm(
        f"Delete the template “{template.name}”?",
        f"{used}{'s' if used else 'S'}trategies made from it stay.",
        yes="Delete",
    ):
        return
    templates = workspace.services.templates
    deleted = await templates.delete(template.id)

    async def undo() -> None:
        await templates.restore(deleted)
        await again()

    await again()
    workspace.offer_undo(f"Template {template.name} deleted", undo)


async def tags_and_notes(workspace: Workspace, strategy: Strategy) -> Strategy | None:
    """Ask for what one says about a strategy; None when left."""

    async def save(values: dict[str, str]) -> Strategy:
        said = {"tags": values["tags"].split(","), "notes": values["notes"]}
        return await workspace.services.strategies.update(strategy.model_copy(update=said))

    return await workspace.host.push_screen_wait(
        FormDialog[Strategy](
            f"Tags and notes of {strategy.name}",
            "",
            Field("tags", "Tags", ", ".join(strategy.tags), help_text="commas between"),
            Field("notes", "Notes", strategy.notes, help_text="what it showed"),
            save=save,
        )
    )


def _complete_paths(field: Field) -> None:
    field.add_class("-long")
    if isinstance(field.control, Input):
        field.control.suggester = PathSuggester(RULE_FILES)


def _here(name: str) -> str:
    return str(Path.cwd() / name)


def _path(values: dict[str, str]) -> Path:
    return Path(values["file"].strip()).expanduser()


def _check_path(values: dict[str, str]) -> dict[str, str]:
    text = values["file"].strip()
    if not text:
        return {"file": "which file?"}
    return {"file": "is a folder"} if _path(values).is_dir() else {}
