"""The library of prompts: used by filling their variables, written, changed, deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import ContentSwitcher

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.chat import prompt_forms
from quant_tui.ui.screens.chat.library import LibraryPage
from quant_tui.ui.screens.chat.prompt_versions import PromptVersions
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page, heading
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.widgets.versions_view import RestoreAsked

if TYPE_CHECKING:
    from quant_tui.domain.genai import PromptTemplate

EMPTY = Notice(
    "No prompts yet",
    "A prompt is a text with variables that is asked again and again: {symbol}, {period}. It is "
    "filled by a form and put into the field of the chat.",
    (("n", "Write one"), ("escape", "Back to the conversations")),
)


def _muted(_value: object) -> str:
    return "muted"


COLUMNS = (
    Column("Prompt", 22, grow=1),
    Column("Tags", 16, role=_muted),
    Column("Changed", 10, "right", write=lambda value: fmt.ago(value), role=_muted,  # type: ignore[arg-type]
           first="descending"),
)  # fmt: skip


class PromptsPage(LibraryPage):
    """The list, and beside it the text of the chosen prompt."""

    BINDING_GROUP_TITLE = "Prompts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="prompts.new", tooltip="Write a prompt"),
        Binding("e", "edit", "Edit", id="prompts.edit", tooltip="Change this prompt"),
        Binding("v", "versions", "Versions", id="prompts.versions",
                tooltip="What this prompt was before, what each version changed; bring one back"),
        Binding("d", "delete", "Delete", id="prompts.delete", tooltip="Delete this prompt"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(id="prompts")
        self.table = Table(COLUMNS, empty=EMPTY, id="prompt-list")
        self.text = Page(id="prompt-text")
        self.versions = PromptVersions()
        self.pages = ContentSwitcher(self.text, self.versions, initial="prompt-text")
        self.split = MasterDetail(self.table, self.pages)
        self._prompts: dict[str, PromptTemplate] = {}
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Lay out list and text."""
        yield self.split

    async def fetch(self) -> None:
        """Fetch the prompts."""
        found = await self.services.prompts.list()
        self._prompts = {one.id: one for one in found}
        self.table.set_rows(
            Row(one.id, (one.name, ", ".join(one.tags), one.updated_at),
                f"{one.description}\n{one.template}")
            for one in found
        )  # fmt: skip
        self._write()
        self.refresh_bindings()

    def focus_first(self) -> None:
        """Give the keys to the versions when they are open, or else to the list."""
        (self.versions.table if self._at_versions else self.table).focus()

    @property
    def _at_versions(self) -> bool:
        return self.pages.current == "prompt-versions"

    @property
    def _chosen(self) -> PromptTemplate | None:
        return self._prompts.get(self.table.cursor_key)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the prompt under the cursor."""
        event.stop()
        if event.key != self._shown:
            self.pages.current = "prompt-text"
        self._write()
        self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Use a prompt."""
        event.stop()
        if (prompt := self._prompts.get(event.key)) is not None:
            self.spawn(partial(prompt_forms.use, self.workspace, prompt))

    def _write(self) -> None:
        prompt = self._chosen
        self._shown = "" if prompt is None else prompt.id
        self.text.show(None if prompt is None else partial(lines_of, prompt))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in ("new", "edit", "versions", "delete") and self._at_versions:
            return False
        if action in ("edit", "versions", "delete"):
            chosen = self._chosen
            own = chosen is not None and not self.services.prompts.is_built_in(chosen)
            return own or (chosen is not None and action == "edit")
        return super().check_action(action, parameters)

    def action_new(self) -> None:
        """Write a prompt."""
        self.spawn(partial(self._edit, None))

    def action_edit(self) -> None:
        """Change the prompt."""
        self.spawn(partial(self._edit, self._chosen))

    async def _edit(self, prompt: PromptTemplate | None) -> None:
        kept = await prompt_forms.edit(self.workspace, prompt)
        if kept is not None:
            await self.load()
            self.table.move_to(kept.id)

    def action_versions(self) -> None:
        """Show what the prompt was before."""
        if (prompt := self._chosen) is not None:
            self.spawn(partial(self._open_versions, prompt.id))

    async def _open_versions(self, prompt_id: str) -> None:
        versions = await self.services.prompts.versions(prompt_id)
        self.versions.forget()
        self.versions.put(versions)
        self.pages.current = "prompt-versions"
        self.split.open_detail(self.versions.table.grid)

    def on_restore_asked(self, event: RestoreAsked) -> None:
        """Make the prompt what it was in a version."""
        event.stop()
        if (prompt := self._chosen) is not None:
            self.spawn(partial(self._restore, prompt, event.number))

    async def _restore(self, prompt: PromptTemplate, number: int) -> None:
        prompts = self.services.prompts
        await prompts.restore_version(prompt.id, number)
        await self.load()
        await self._open_versions(prompt.id)

        async def undo() -> None:
            await prompts.restore_version(prompt.id, prompt.version)
            await self.load()

        self.workspace.offer_undo(f"Version {number} restored", undo)

    def action_leave(self) -> None:
        """Go from the versions back to the list, or from there to the conversations."""
        if self._at_versions:
            self.pages.current = "prompt-text"
            self.split.close_detail()
        else:
            super().action_leave()

    def action_delete(self) -> None:
        """Ask, then delete the prompt; it can be undone."""
        if (prompt := self._chosen) is not None:
            self.spawn(partial(self._delete, prompt))

    async def _delete(self, prompt: PromptTemplate) -> None:
        workspace, prompts = self.workspace, self.services.prompts
        if not await workspace.confirm(f"Delete “{prompt.name}”?", yes="Delete"):
            return
        deleted = await prompts.delete(prompt.id)

        async def undo() -> None:
            await prompts.restore(deleted)
            await self.load()

        workspace.offer_undo(f"“{prompt.name}” deleted", undo)
        await self.load()


PAGE = PromptsPage


def lines_of(prompt: PromptTemplate, width: int) -> list[Content]:
    """Write a prompt: what it is for, its text, its variables."""
    lines = [Content.styled(prompt.name, "bold")]
    if prompt.description:
        lines += Content(prompt.description).wrap(width)
    lines += [Content(""), heading("Text", width)]
    for line in prompt.template.splitlines() or [""]:
        lines += Content(line).wrap(width) if line else [Content("")]
    if prompt.variables:
        lines += [Content(""), heading("Variables", width)]
        for name, about in prompt.variables.items():
            lines.append(Content.assemble((name, "$text-accent"), f"  {_about(about)}"))
    return lines


def _about(value: object) -> str:
    if isinstance(value, dict):
        words = [str(value.get(key)) for key in ("title", "default") if value.get(key)]
        return "  ·  ".join(words)
    return "" if value is None else str(value)
