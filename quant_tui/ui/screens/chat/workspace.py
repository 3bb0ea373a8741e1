"""Workspace 8: the conversations, and beside the list the one that is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher, Input

from quant_tui.domain.errors import NotFound
from quant_tui.ui.screens.chat import actions, sessions
from quant_tui.ui.screens.chat.conversation import Conversation
from quant_tui.ui.screens.chat.library import LibraryPage
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.table import Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.domain.genai import ChatSession
    from quant_tui.services.composition import Services
    from quant_tui.ui.screens.chat.generated import GeneratedPage

FRESH_SECONDS = 1.0
LOOKS = 1.0
"""Seconds between two looks at which conversations are being answered."""

SEARCH_SECONDS = 0.15
"""Quiet after a letter of the filter before the store is searched."""

_OF_ONE = frozenset({"rename", "pin", "delete", "export"})


class Chat(Workspace):
    """Conversations with the assistant."""

    BINDING_GROUP_TITLE = "Chat"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="chats.new", tooltip="Begin a conversation"),
        Binding("e", "rename", "Rename", id="chats.rename", tooltip="Give it another title"),
        Binding("p", "pin", "Pin", id="chats.pin", tooltip="Keep it at the top, or no longer"),
        Binding("d", "delete", "Delete", id="chats.delete", tooltip="Delete this conversation"),
        Binding("x", "export", "Export", id="chats.export",
                tooltip="Write this conversation to a Markdown file"),
        Binding("P", "prompts", "Prompts", id="chats.prompts",
                tooltip="The library of prompts: use, write, change them"),
        Binding("w", "generated", "Written", id="chats.generated",
                tooltip="The strategies that the model has written: read and approve them"),
        Binding("T", "tools", "Tools", id="chats.tools",
                tooltip="What the assistant may call, and what it called"),
        Binding("m", "model", "Model", id="chats.model",
                tooltip="Set up the language model: address, name, key; and try it"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(sessions.COLUMNS, empty=sessions.EMPTY, id="chats")
        self.conversation = Conversation(self._title_changed)
        self.split = MasterDetail(self.table, self.conversation, id="conversations")
        self.pages = ContentSwitcher(initial="conversations")
        self._sessions: dict[str, ChatSession] = {}
        self._answering: frozenset[str] = frozenset()
        self._loaded_at = 0.0
        self._found: frozenset[str] = frozenset()
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """Lay out list and conversation."""
        with self.pages:
            yield self.split

    async def load(self, services: Services) -> None:
        """Fetch the conversations."""
        found = await services.chat.list()
        self._sessions = {one.session_id: one for one in found}
        self._answering = frozenset(services.chat.answering())
        self._list()
        self._loaded_at = monotonic()
        self.refresh_bindings()

    async def on_mount(self) -> None:
        """Look now and then which conversations are being answered."""
        await super().on_mount()
        self.set_interval(LOOKS, self._look)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look in what was said, too, for what the list is filtered by."""
        event.stop()
        self.spawn(partial(self._search, event.value), group="search", exclusive=True)

    async def _search(self, text: str) -> None:
        self._wanted = text.strip()
        await asyncio.sleep(SEARCH_SECONDS)
        found = await self.services.chat.search(text) if self._wanted else []
        self._found = frozenset(hit.session.session_id for hit in found)
        self._list()

    def _list(self) -> None:
        found = list(self._sessions.values())
        self.table.set_rows(sessions.rows(found, self._answering, self._found, self._wanted))

    def _look(self) -> None:
        if self.ready and self.loaded and self.has_class("-front"):
            answering = frozenset(self.services.chat.answering())
            if answering != self._answering:
                self._refresh_soon()

    def shown(self) -> None:
        """Look whether something was said, written or called elsewhere."""
        self.conversation.shown()
        if self.ready and (page := self._page) is not None:
            self.spawn(page.load, group="open")
        if self.ready and monotonic() - self._loaded_at > FRESH_SECONDS:
            self._refresh_soon()

    def _refresh_soon(self) -> None:
        self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def focus_first(self) -> None:
        """Give the keys to what is gone into, or else to the list."""
        page = self._page
        if page is not None:
            page.focus_first()
        elif self.split.detail_open:
            self.conversation.focus_first()
        else:
            self.table.focus()

    @property
    def _page(self) -> LibraryPage | None:
        current = self.pages.current
        found = self.pages.query_children(LibraryPage)
        return next((one for one in found if one.id == current), None)

    async def jump(self, target: str) -> None:
        """Open a conversation, or a page.

        Those are ``new``, ``prompts``, ``tools``, ``model`` and ``generated``, which takes
        the id of a strategy: ``generated:ID``.
        """
        page, _, object_id = target.partition(":")
        match page:
            case "new":
                self.action_new()
            case "prompts" | "tools":
                await self._open_library(page)
            case "generated":
                await self._open_generated(object_id)
            case "model":
                self.action_model()
            case _:
                if target not in self._sessions:
                    await self.load(self.services)
                if not self.table.move_to(target):
                    raise NotFound("This conversation is not there any more: it was deleted.")
                self._enter(target)

    # -- the list

    @property
    def _chosen(self) -> ChatSession | None:
        return self._sessions.get(self.table.cursor_key)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the conversation under the cursor, where there is room for it."""
        event.stop()
        self.refresh_bindings()
        beside = not self.split.narrow and not self.split.detail_open
        if beside and event.key and event.key != self.conversation.session_id:
            self.conversation.open(event.key)

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into a conversation."""
        event.stop()
        self._enter(event.key)

    def _enter(self, session_id: str) -> None:
        self.pages.current = "conversations"
        if session_id != self.conversation.session_id:
            self.conversation.open(session_id)
        self.split.open_detail(self.conversation.field)

    def on_conversation_left(self, event: Conversation.Left) -> None:
        """Go back to the list."""
        event.stop()
        self.split.close_detail()
        self.table.focus()

    def on_conversation_began(self, event: Conversation.Began) -> None:
        """Put the new conversation into the list."""
        event.stop()
        self.spawn(partial(self._load_and_choose, event.session_id), group="list", exclusive=True)

    async def _load_and_choose(self, session_id: str) -> None:
        await self.load(self.services)
        self.table.move_to(session_id)

    def _title_changed(self) -> None:
        if self.ready and self.loaded and self.is_attached:
            self._refresh_soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        at_list = self.loaded and self.pages.current == "conversations"
        if action in _OF_ONE:
            return at_list and self._chosen is not None and not self._in_conversation
        if action in ("new", "prompts", "generated", "tools", "model"):
            return at_list and not self._in_conversation
        return super().check_action(action, parameters)

    @property
    def _in_conversation(self) -> bool:
        focused = self.screen.focused
        return focused is not None and self.conversation in focused.ancestors

    # -- keys

    def action_new(self) -> None:
        """Begin a conversation."""
        self.pages.current = "conversations"
        self.conversation.begin()
        self.split.open_detail(self.conversation.field)

    def action_rename(self) -> None:
        """Ask for another title."""
        if (session := self._chosen) is not None:
            self.spawn(
                partial(actions.rename, self, session, self._load_and_choose), keys_wait=True
            )

    def action_pin(self) -> None:
        """Keep a conversation at the top, or no longer."""
        if (session := self._chosen) is not None:
            self.spawn(partial(self._pin, session), group="open")

    async def _pin(self, session: ChatSession) -> None:
        await self.services.chat.pin(session.session_id, pinned=not session.pinned)
        await self._load_and_choose(session.session_id)

    def action_delete(self) -> None:
        """Ask, then delete a conversation; it can be undone."""
        if (session := self._chosen) is not None:
            self.spawn(partial(self._delete, session), keys_wait=True)

    async def _delete(self, session: ChatSession) -> None:
        if await actions.delete(self, session, self._load_and_choose):
            if self.conversation.session_id == session.session_id:
                self.conversation.begin()
            await self.load(self.services)

    def action_export(self) -> None:
        """Write a conversation to a file."""
        if (session := self._chosen) is not None:
            self.spawn(partial(actions.export, self, session), keys_wait=True)

    def action_prompts(self) -> None:
        """Open the library of prompts."""
        self.spawn(partial(self._open_library, "prompts"), keys_wait=True)

    def action_generated(self) -> None:
        """Open the strategies that the model has written."""
        self.spawn(partial(self._open_library, "generated"), keys_wait=True)

    async def _open_generated(self, generated_id: str) -> None:
        page = await self._open_library("generated")
        if generated_id:
            await cast("GeneratedPage", page).open(generated_id)

    def action_tools(self) -> None:
        """Open tools and their log."""
        self.spawn(partial(self._open_library, "tools"), keys_wait=True)

    def action_model(self) -> None:
        """Set up the endpoint."""
        from quant_tui.ui.screens.chat import endpoint

        self.spawn(partial(self._set_up, endpoint.set_up), keys_wait=True)

    async def _set_up(self, ask: Callable[[Workspace], Awaitable[None]]) -> None:
        await ask(self)
        self.conversation.shown()

    # -- the pages in place of the conversations

    async def _open_library(self, name: str) -> LibraryPage:
        """Show a page of the library; it is made at the first visit."""
        pages = list(self.pages.query_children(f"#{name}").results(LibraryPage))
        if not pages:
            module = import_module(f"quant_tui.ui.screens.chat.{name}")
            pages = [module.PAGE()]
            await self.pages.mount(pages[0])
        self.pages.current = name
        pages[0].focus_first()
        await pages[0].load()
        self.refresh_bindings()
        return pages[0]

    def on_library_page_left(self, event: LibraryPage.Left) -> None:
        """Go back to the conversations."""
        event.stop()
        self.to_conversations()

    def to_conversations(self) -> None:
        """Show the conversations again."""
        self.pages.current = "conversations"
        self.focus_first()
        self.refresh_bindings()

    def write_into_field(self, text: str) -> None:
        """Put a text into the field of a new conversation: it has to do with none of the others."""
        self.pages.current = "conversations"
        self.conversation.begin()
        self.conversation.field.put(text)
        self.split.open_detail(self.conversation.field)
