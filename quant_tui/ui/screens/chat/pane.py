"""The chat beside a workspace: one conversation, and what is chosen there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from quant_tui.ui.reporting import Guarded
from quant_tui.ui.screens.chat.conversation import Conversation

if TYPE_CHECKING:
    from quant_tui.ui.app import QuantApp


class ChatPane(Guarded, Widget):
    """A conversation with a heading that says which key does what to the pane."""

    DEFAULT_CSS = """
    ChatPane {
        dock: right;
        height: 1fr;
        layout: vertical;
        border-left: vkey $rule-strong;
        background: $background;
        &.-fills { border-left: none; padding-left: 1; }
        & > .heading { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
        &:focus-within > .heading { color: $text-accent; }
    }
    """  # noqa: E501 -- one rule a line
    BINDING_GROUP_TITLE = "Chat beside"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "new", "New chat", id="pane.new", tooltip="Begin another conversation"),
        Binding("ctrl+w", "whole", "Whole screen", id="pane.whole", show=False,
                tooltip="Go on with this conversation in workspace 8"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(id="chat-pane")
        self.conversation = Conversation(self._title_changed)
        self._heading = Static("", classes="heading", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out heading and conversation."""
        yield self._heading
        yield self.conversation

    @property
    def _host(self) -> QuantApp:
        return cast("QuantApp", self.app)

    def opened(self) -> None:
        """Begin to look at what is chosen beside."""
        self._title_changed()
        self.conversation.shown()

    def focus_first(self) -> None:
        """Give the keys to what waits for them."""
        self.conversation.focus_first()

    def on_descendant_focus(self) -> None:
        """Say what the key does now."""
        self._title_changed()

    def on_descendant_blur(self) -> None:
        """Say what the key does now."""
        self.call_after_refresh(self._title_changed)

    def _title_changed(self) -> None:
        if not self.is_attached:
            return
        inside = self._host.beside.has_keys
        key = "bold $footer-key-foreground"
        title = self.conversation.title or "New conversation"
        does = " closes" if inside else " to write"
        right = Content.assemble(("^a", key), does)
        room = max(4, self._heading.size.width - 2 - right.cell_length - 2)
        left = Content.styled(title, "bold").truncate(room, ellipsis=True)
        gap = max(2, room + 2 - left.cell_length)
        self._heading.update(Content.assemble(left, " " * gap, right))

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the heading."""
        self.call_after_refresh(self._title_changed)

    def on_conversation_left(self, event: Conversation.Left) -> None:
        """Go back to the workspace."""
        event.stop()
        self._host.beside.leave()

    def action_new(self) -> None:
        """Begin another conversation."""
        self.conversation.begin()
        self.conversation.field.focus()

    def action_whole(self) -> None:
        """Go on in workspace 8."""
        self._host.go_to("chat", target=self.conversation.session_id)
