"""The editor of one strategy's rules: opening, reading, saving."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType

from quant_tui.domain.errors import QuantError
from quant_tui.engine.rules import format_document
from quant_tui.services.drafts import NEW
from quant_tui.services.strategy_rules import text_of
from quant_tui.ui import format as fmt
from quant_tui.ui.modals.symbol_jump import SymbolJump
from quant_tui.ui.reporting import report
from quant_tui.ui.screens.editor.code_area import CodeArea, Offers
from quant_tui.ui.screens.editor.head import EditorHead, Heading
from quant_tui.ui.screens.editor.look import Look, look_at
from quant_tui.ui.screens.editor.outside_editor import edit_outside
from quant_tui.ui.screens.editor.pages import EditorPages
from quant_tui.ui.screens.editor.palette import editor_commands
from quant_tui.ui.screens.editor.parameters_pane import ParametersPane
from quant_tui.ui.screens.editor.places import with_default
from quant_tui.ui.screens.editor.text_side import TextSide
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.widgets.form import Form
from quant_tui.ui.widgets.versions_view import RestoreAsked
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quant_tui.domain.trading import Strategy
    from quant_tui.services.composition import Services
    from quant_tui.ui.commands import Command

VERSIONS_OF = "versions:"
"""Begins a target that opens a strategy at its versions."""


class Editor(Workspace):
    """Text of one strategy; beside it help, parameters, versions, and a preview."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", id="editor.save", tooltip="Save as a new version"),
        Binding("ctrl+r", "run", "Run", id="editor.run", tooltip="Save, then backtest"),
        Binding("ctrl+g", "turn", "Page", id="editor.beside",
                tooltip="Next page: help, parameters, versions, preview"),
        Binding("escape", "back", "Back", id="editor.back",
                tooltip="To the text, then back to the strategies; unsaved text is kept"),
        Binding("ctrl+t", "symbol", "Symbol", id="editor.symbol",
                tooltip="Choose the symbol of the preview"),
        Binding("ctrl+o", "outside", "$EDITOR", id="editor.outside",
                tooltip="Edit the text in your own editor"),
        Binding("ctrl+n", "tidy", "Tidy", id="editor.tidy",
                tooltip="Write the text in its one canonical form; comments do not stay"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.head = EditorHead()
        self.offers = Offers()
        self.text_side = TextSide(self.offers)
        self.code = self.text_side.code
        self.pages = EditorPages(self.text_side)
        self.strategy: Strategy | None = None
        self.look = Look("")
        self.symbol = ""
        self._saved_text = ""
        self._version = 0
        self._opened = False
        self._has_draft = False
        self._came_for_versions = False

    def compose(self) -> ComposeResult:
        """Lay out the heading, the pages, and what is offered over them."""
        yield self.head
        yield self.pages
        yield self.offers

    # -- opening

    async def load(self, services: Services) -> None:
        """Find a symbol to preview on."""
        self.symbol = self.symbol or await services.previews.first_symbol()
        self._explain("")

    def shown(self) -> None:
        """Begin with an empty text when nothing was opened yet."""
        if not self._opened and not self._target:
            self.spawn(partial(self.jump, NEW), group="jump", exclusive=True, keys_wait=True)

    def focus_first(self) -> None:
        """Give the keys to the page that one came for."""
        if self._came_for_versions:
            self.pages.versions.focus_first()
        else:
            self.code.focus()

    async def jump(self, target: str) -> None:
        """Open a strategy by its id, or with ``new`` an empty text; then its draft, if any."""
        self._came_for_versions = target.startswith(VERSIONS_OF)
        key = target.removeprefix(VERSIONS_OF)
        page = "versions" if self._came_for_versions else "text"
        if self._opened and key == self._key and self.unsaved:
            self.pages.turn_to(page)
            return
        await self._keep_draft()
        strategy = None if key == NEW else await self.services.strategies.get(key)
        text = "" if strategy is None else _text_in_step(strategy)
        self._opened, self._has_draft = True, False
        self.strategy, self._saved_text, self._version = strategy, text, 0
        self.text_side.open(text)
        self.pages.preview.show(None)
        self.pages.versions.forget()
        self.spawn(self._read, group="read", exclusive=True)
        await self._load_versions()
        self.pages.turn_to(page)
        draft = await self.services.drafts.find(key)
        if draft is not None and draft.text != text and draft.text.strip():
            self.code.replace_all(draft.text)
            before = "the saved text" if strategy is not None else "an empty one"
            self.toast(
                f"What you typed {fmt.ago(draft.when)} and did not save is back; "
                f"ctrl+z goes to {before}."
            )

    @property
    def _key(self) -> str:
        return NEW if self.strategy is None else self.strategy.id

    @property
    def unsaved(self) -> str:
        """A text that differs from what is saved; its draft is on disk besides."""
        return "The text in the editor" if self.code.text != self._saved_text else ""

    # -- reading what is typed

    def on_text_side_typed(self, event: TextSide.Typed) -> None:
        """Say that the text is not saved."""
        event.stop()
        self._write_head()

    def on_text_side_paused(self, event: TextSide.Paused) -> None:
        """Read, keep and draw the text."""
        event.stop()
        if self.ready:
            self.spawn(self._read, group="read", exclusive=True)

    async def _read(self) -> None:
        text = self.code.text
        if text != self._saved_text:
            self._has_draft = True
            await self.services.drafts.keep(self._key, text)
        elif self._has_draft:
            self._has_draft = False
            await self.services.drafts.drop(self._key)
        self.look = look = await asyncio.to_thread(look_at, text)
        self.text_side.show_look(look)
        if look.document is not None:
            await self.pages.parameters.show_document(look.document)
        self._write_head()
        await self._draw()

    async def _draw(self) -> None:
        document = self.look.document
        if document is None:
            return
        if not self.symbol:
            why = "there are no bars yet; 0 Data brings some in"
            self.text_side.show_no_preview(why)
            self.pages.preview.show(None, why)
            return
        try:
            preview = await self.services.previews.preview(document, self.symbol)
        except QuantError as error:
            self.text_side.show_no_preview(error.message)
            self.pages.preview.show(None, error.message)
        else:
            self.pages.preview.show(preview)

    def action_symbol(self) -> None:
        """Choose the symbol of the preview."""
        self.spawn(self._choose_symbol, keys_wait=True)

    async def _choose_symbol(self) -> None:
        chosen = await self.host.push_screen_wait(SymbolJump(self.services.symbols, "Preview on"))
        if chosen:
            self.symbol = chosen
            await self._read()

    def _write_head(self) -> None:
        name = "New strategy" if self.strategy is None else self.strategy.name
        pages = self.pages
        self.head.show(Heading(name, self._version, bool(self.unsaved), pages.page, pages.names))

    def on_code_area_word_changed(self, event: CodeArea.WordChanged) -> None:
        """Explain what the cursor is on."""
        event.stop()
        self._explain(event.word)

    def _explain(self, word: str) -> None:
        self.pages.help_page.explain(word, self.look.document)

    # -- the pages

    def action_turn(self) -> None:
        """Show the next page."""
        self.pages.turn()

    def on_editor_head_page_clicked(self, event: EditorHead.PageClicked) -> None:
        """Show the page that was clicked."""
        event.stop()
        self.pages.turn_to(event.page)

    def on_editor_pages_turned(self, event: EditorPages.Turned) -> None:
        """Name the page that came to the front."""
        event.stop()
        self._write_head()

    def on_resize(self) -> None:
        """Name the pages that there are at this size."""
        super().on_resize()
        self._write_head()

    def on_parameters_pane_chosen(self, event: ParametersPane.Chosen) -> None:
        """Write a value into the text."""
        event.stop()
        text = with_default(self.code.text, event.name, event.value)
        if text != self.code.text:
            self.code.replace_all(text)

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Save from within the fields."""
        event.stop()
        self.action_save()

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Back to the text."""
        event.stop()
        self.pages.turn_to("text")

    def action_back(self) -> None:
        """Close the search, go to the text, or leave; what was typed is kept."""
        if self.text_side.close_find():
            return
        leaves = self.code.has_focus or (self._came_for_versions and self.pages.page == "versions")
        if not leaves:
            self.pages.turn_to("text")
            return
        self.spawn(self._keep_draft, group="save")
        if self.unsaved:
            self.toast("Not saved yet; your text is kept for when you come back.")
        self.switch_to("strategies", target=self.strategy.id if self.strategy else "")

    async def _keep_draft(self) -> None:
        if self._opened and self.ready and self.unsaved:
            await self.services.drafts.keep(self._key, self.code.text)

    # -- saving

    def action_save(self) -> None:
        """Save as a new version."""
        self.spawn(self._save, group="save", exclusive=True, keys_wait=True)

    def action_run(self) -> None:
        """Save, then open the form of a run."""
        self.spawn(self._save_and_run, group="save", exclusive=True, keys_wait=True)

    async def _save_and_run(self) -> None:
        if await self._save() and self.strategy is not None:
            self.switch_to("backtests", target=f"run:{self.strategy.id}")

    async def _save(self) -> bool:
        text, key = self.code.text, self._key
        if self.strategy is not None and text == self._saved_text:
            return True
        self.look = look = await asyncio.to_thread(look_at, text)
        if look.document is None:
            self.text_side.show_look(look)
            self.text_side.go_to_mistake(look)
            self.pages.turn_to("text")
            self.toast("Not saved: see under the text what is wrong; your text is kept.")
            return False
        if look.document.name == "Unnamed" and self.strategy is None:
            self.code.insert("name: \n", (0, 0))
            self.code.move_cursor((0, 6))
            self.pages.turn_to("text")
            self.toast("Give it a name first, then ctrl+s.")
            return False
        self.strategy = await self.services.strategies.save_text(text, {}, self.strategy)
        self._saved_text = text
        await self.services.drafts.drop(key)
        await self._load_versions()
        self.toast(f"{self.strategy.name} saved as version {self._version}  ·  ctrl+r runs it")
        return True

    async def _load_versions(self) -> None:
        versions = self.pages.versions
        if self.strategy is None:
            versions.show_versions((), {})
        else:
            service = self.services.strategies
            found = await service.versions(self.strategy.id)
            self._version = found[0].number
            versions.show_versions(found, await service.version_results(self.strategy.id, found))
        self._write_head()

    def on_restore_asked(self, event: RestoreAsked) -> None:
        """Save an old version again."""
        event.stop()
        self.spawn(partial(self._restore, event.number), group="save", exclusive=True)

    async def _restore(self, number: int) -> None:
        if self.strategy is None:
            return
        before = self._version
        self.strategy = await self.services.strategies.restore_version(self.strategy.id, number)
        self._saved_text = _text_in_step(self.strategy)
        self.code.replace_all(self._saved_text)
        await self._load_versions()
        self.offer_undo(f"Version {number} restored", partial(self._restore, before))

    # -- the text as a whole

    def action_tidy(self) -> None:
        """Write the text in its canonical form; undo brings the old one back."""
        try:
            text = format_document(self.code.text)
        except QuantError:
            self.toast("Only a text without mistakes can be tidied.")
        else:
            self.code.replace_all(text)

    def action_outside(self) -> None:
        """Hand the text to the user's own editor, and take it back."""
        folder = self.services.settings.locations.drafts
        try:
            with self.app.suspend():
                text = edit_outside(self.code.text, folder)
        except SuspendNotSupported:
            self.toast("This terminal cannot hand over to another program.")
        except QuantError as error:
            report(self, error)
        else:
            if text != self.code.text:
                self.code.replace_all(text)

    def commands(self) -> Iterable[Command]:
        """Offer what no key is left for."""
        return editor_commands(self)

    def take(self, strategy: Strategy) -> None:
        """Go on from a strategy that was changed in all but its rules."""
        if self._key == strategy.id:
            self.strategy = strategy


def _text_in_step(strategy: Strategy) -> str:
    """Return a strategy's text with its parameters for defaults."""
    text = text_of(strategy)
    for name, value in strategy.parameters.items():
        text = with_default(text, name, rules_text.write(value))
    return text
