"""The workspace of features and models: names of its parts, and one of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from quant_tui.ui.screens.models.parts import PARTS, ModelsPart
from quant_tui.ui.widgets.paged import Paged
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.services.chat_selection import Selection
    from quant_tui.services.composition import Services
    from quant_tui.ui.commands import Command

FRESH_SECONDS = 1.0
"""How old a part may be when the workspace comes to the front."""


class Models(Workspace, Paged):
    """Features, and what is made of them; one part at a time."""

    BINDING_GROUP_TITLE = "Models"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_curly_bracket", "turn(1)", "Part", id="models.next_part",
                key_display="{ }", tooltip="Next part of the workspace"),
        Binding("left_curly_bracket", "turn(-1)", "Previous part", id="models.previous_part",
                show=False, tooltip="Previous part of the workspace"),
    ]  # fmt: skip

    page_titles = tuple((one.name, one.title) for one in PARTS)

    def __init__(self) -> None:
        super().__init__()
        self.head = Static("", id="models-head", markup=False)
        self.start_pages()
        self.stale_pages()
        self._filled_at = 0.0
        self._visited_from = ""

    def compose(self) -> ComposeResult:
        """Lay out the names and the first part."""
        yield self.head
        with self.pages:
            yield self.build_page(PARTS[0].name)

    async def load(self, services: Services) -> None:  # noqa: ARG002 -- the parts fetch
        """Fill the part in front."""
        self.write_head()
        await self._fill_part()

    async def _fill_part(self) -> None:
        self._stale.discard(self.page_name)
        await self._part_in_front.fill()
        self._filled_at = monotonic()

    def shown(self) -> None:
        """Have each part look again when it comes to the front."""
        if monotonic() - self._filled_at > FRESH_SECONDS:
            self.stale_pages()
            self.spawn(self._fill_part, group="part", exclusive=True)

    @property
    def _part_in_front(self) -> ModelsPart:
        return cast("ModelsPart", self.page(self.page_name))

    @property
    def _parts(self) -> list[ModelsPart]:
        return list(self.pages.query_children(ModelsPart))

    def focus_first(self) -> None:
        """Give the keys to the part in front."""
        self._part_in_front.take_focus()

    def focus_page(self) -> None:
        """Give the keys to the part in front."""
        self.focus_first()

    async def jump(self, target: str) -> None:
        """Open an object of a part: ``features:<id>``, or an id that a part owns."""
        name, found, rest = target.partition(":")
        if not found:
            name, rest = await self._owner(target), target
        if name in dict(self.page_titles):
            await self.action_page(name)
            await self._part_in_front.jump(rest)

    def visit(self, target: str) -> None:
        """Open an object of another part; :meth:`end_visit` comes back to this one."""
        here = self.page_name

        async def go() -> None:
            await self.jump(target)
            self._visited_from = here

        self.spawn(go, group="jump", exclusive=True, keys_wait=True)

    def forget_visit(self) -> None:
        """Stay in this part from now on."""
        self._visited_from = ""

    async def end_visit(self) -> None:
        """Go back to the part that opened what one looked at; nothing when none did."""
        if self._visited_from:
            await self.action_page(self._visited_from)

    async def _owner(self, target: str) -> str:
        for entry in PARTS:
            part = self.page(entry.name) or self.build_page(entry.name)
            if await cast("ModelsPart", part).owns(target):
                return entry.name
        return ""

    def jobs_changed(self) -> None:
        """Let the part in front look at the jobs."""
        self._part_in_front.jobs_changed()

    def commands(self) -> Iterable[Command]:
        """Offer the parts, and what the part in front offers."""
        if len(PARTS) > 1:
            yield from self.page_commands("models", "A part of the workspace")
        yield from self._part_in_front.commands()

    def open_page(self, name: str) -> None:
        """Go to a part from anywhere."""
        self.switch_to("models")
        self.spawn(partial(self.action_page, name), group="open")

    def selection(self) -> Selection | None:
        """Return what is chosen in the part in front, for the chat beside."""
        return self._part_in_front.selection()

    @property
    def unsaved(self) -> str:
        """What the parts would lose."""
        return ", ".join(filter(None, (one.unsaved for one in self._parts)))

    # -- parts

    def build_page(self, name: str) -> Widget:
        """Import and make a part."""
        factory = next(one.factory for one in PARTS if one.name == name)
        module, _, made = factory.partition(":")
        return cast("Widget", getattr(import_module(module), made)(self, id=name))

    async def action_page(self, name: str) -> None:
        """Go to a part, which looks again: another one may have changed what it shows."""
        self.forget_visit()
        self.stale_pages(name)
        await super().action_page(name)

    async def fill_page(self, page: Widget) -> None:
        """Fill a part."""
        await cast("ModelsPart", page).fill()

    def write_head(self) -> None:
        """Write the names of the parts."""
        self.head.update(self.page_tabs(max(20, self.size.width - 2)), layout=False)

    def on_resize(self) -> None:
        """Write the names for the new width."""
        super().on_resize()
        self.write_head()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the next part where there are several."""
        if action == "turn":
            return len(PARTS) > 1
        return super().check_action(action, parameters)
