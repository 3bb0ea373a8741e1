"""What the assistant may call, what the person has decided about it, and what was called.

``enter`` opens a tool or a call, with all that is known of it; only ``e`` changes a permission.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.chat.library import LibraryPage
from quant_tui.ui.screens.chat.reading import arguments, short
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.genai import ToolCall
    from quant_tui.genai.tools import Consent, ToolSpec

MOST_CALLS = 200
DOES = {"read": "reads", "cost": "starts a job", "write": "changes something"}
HOLDS = {"allow": "✓ allowed", "ask": "? asks first", "never": "✗ never"}

NO_CALLS = Notice("Nothing was called yet", "Every call of a tool is written down here.")


def _muted(_value: object) -> str:
    return "muted"


def _outcome_role(value: object) -> str:
    return {"failed": "error", "refused": "warning", "rejected": "warning"}.get(str(value), "")


TOOLS = (
    Column("Tool", 26),
    Column("What it does", 30, grow=1, role=_muted),
    Column("Kind", 17),
    Column("Holds", 12),
)
CALLS = (
    Column("When", 16, role=_muted, write=lambda value: fmt.moment(value)),  # type: ignore[arg-type]
    Column("Tool", 22),
    Column("With", 24, grow=1, role=_muted),
    Column("Came to", 10, role=_outcome_role),
    Column("Took", 8, "right", write=lambda value: f"{value:.2f} s"),
    Column("Given", 9, "right", write=lambda value: f"{value:,}"),
)


class ToolsPage(LibraryPage):
    """Tools over the log of their calls."""

    DEFAULT_CSS = """
    ToolsPage {
        & > #tools-list { height: 3fr; }
        & > #calls { height: 2fr; }
        & > .heading { height: 1; color: $text-muted; text-style: bold; }
        & > .about { height: auto; color: $text-muted; }
        & > #tool-text { display: none; height: 1fr; }
        &.-reading > * { display: none; }
        &.-reading > #tool-text { display: block; }
    }
    """
    BINDING_GROUP_TITLE = "Tools"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "permit", "Allow, ask, never", id="tools.permit",
                tooltip="Change whether this tool may be called"),
        Binding("r", "refresh", "Refresh", id="tools.refresh", tooltip="Look again"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(id="tools")
        self.table = Table(TOOLS, id="tools-list")
        self.calls = Table(CALLS, empty=NO_CALLS, id="calls")
        self.text = Page(id="tool-text")
        self._opened_from = self.table
        self._about = Static("", classes="about", markup=False)
        self._permissions: dict[str, tuple[ToolSpec, Consent]] = {}
        self._calls: dict[str, ToolCall] = {}

    def compose(self) -> ComposeResult:
        """Lay out both."""
        yield self.table
        yield self._about
        yield Static("Log of calls  (tab)", classes="heading", markup=False)
        yield self.calls
        yield self.text

    async def fetch(self) -> None:
        """Fetch permissions and log."""
        box = self.services.toolbox
        await box.load()
        self._permissions = {one.name: (one, now) for one, now in box.permissions().items()}
        self.table.set_rows(
            Row(name, (spec.title, short(spec.description, 200), DOES[spec.permission],
                       HOLDS[consent]))
            for name, (spec, consent) in self._permissions.items()
        )  # fmt: skip
        self._calls = {one.id: one for one in await box.log(MOST_CALLS)}
        self.calls.set_rows(
            Row(one.id, (one.called_at, one.tool, arguments(one.arguments, 200), one.outcome,
                         one.seconds, one.characters), one.detail)
            for one in self._calls.values()
        )  # fmt: skip
        self._say()

    def focus_first(self) -> None:
        """Give the keys to what is read, or else to the tools."""
        (self.text if self.has_class("-reading") else self._opened_from).focus()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say more about the row under the cursor."""
        event.stop()
        self._say(of_call=event.table is self.calls)

    def _say(self, *, of_call: bool = False) -> None:
        text = ""
        if of_call and (call := self._calls.get(self.calls.cursor_key)) is not None:
            text = call.detail
        elif (found := self._permissions.get(self.table.cursor_key)) is not None:
            text = found[0].description
        self._about.update(Content(short(text, 300)))

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open a tool or a call."""
        event.stop()
        self._opened_from = event.table
        if event.table is self.calls and (call := self._calls.get(event.key)) is not None:
            lines = list(lines_of_call(call))
        elif event.table is self.table and event.key in self._permissions:
            lines = list(lines_of_tool(*self._permissions[event.key]))
        else:
            return
        self.add_class("-reading")
        self.text.show(lambda width: [part for one in lines for part in one.wrap(width)])
        self.text.scroll_home(animate=False)
        self.text.focus()
        self.refresh_bindings()

    def action_leave(self) -> None:
        """Close what is read, or go back to the conversations."""
        if not self.has_class("-reading"):
            super().action_leave()
            return
        self.remove_class("-reading")
        self._opened_from.focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action == "permit":
            return not self.has_class("-reading")
        return super().check_action(action, parameters)

    def action_permit(self) -> None:
        """Go on to the next of what can be decided about a tool."""
        if self.table.cursor_key:
            self.spawn(partial(self._permit, self.table.cursor_key))

    async def _permit(self, name: str) -> None:
        spec, now = self._permissions[name]
        fitting = [one for one in type(now) if one != "allow" or spec.permission != "write"]
        await self.services.toolbox.permit(name, fitting[(fitting.index(now) + 1) % len(fitting)])
        await self.load()


def lines_of_tool(spec: ToolSpec, consent: Consent) -> Iterator[Content]:
    """Return what is known of a tool: what it does and takes."""
    yield Content.styled(spec.title, "bold")
    yield Content.styled(f"{spec.name}  ·  {DOES[spec.permission]}  ·  {HOLDS[consent]}",
                         "$text-muted")  # fmt: skip
    yield Content("")
    yield Content(spec.description)
    yield Content("")
    yield Content.styled("Arguments", "bold")
    fields = spec.arguments.model_fields
    for name, field in fields.items():
        need = "  (needed)" if field.is_required() else ""
        yield Content(f"{name}{need}" + (f": {field.description}" if field.description else ""))
    if not fields:
        yield Content.styled("none", "$text-muted")


def lines_of_call(call: ToolCall) -> Iterator[Content]:
    """Return all that the log has of a call."""
    yield Content.styled(call.tool, "bold")
    facts = (fmt.moment(call.called_at), call.outcome, f"{call.seconds:.2f} s",
             f"{call.characters:,} characters given")  # fmt: skip
    yield Content.styled("  ·  ".join(facts), "$text-muted")
    if call.detail:
        yield Content("")
        yield from (Content(one) for one in call.detail.splitlines())
    yield Content("")
    yield Content.styled("Arguments", "bold")
    for name, value in call.arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        first, *more = text.splitlines() or [""]
        yield Content(f"{name}: {first}")
        yield from (Content(f"  {one}") for one in more)
    if not call.arguments:
        yield Content.styled("none", "$text-muted")


PAGE = ToolsPage
