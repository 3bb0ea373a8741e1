"""The keys that work everywhere; a screen's own come before them."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from quant_tui.ui.workspaces import WORKSPACES

FRAME_BINDINGS: list[BindingType] = [
    *(
        Binding(entry.key, f"go_to('{entry.code}')", entry.title, show=False,
                id=f"go.{entry.code}", tooltip=f"Go to {entry.title}")
        for entry in WORKSPACES
        if entry.key
    ),
    Binding("comma", "go_to('settings')", "Settings", show=False, id="go.settings",
            key_display=",", tooltip="Go to settings, keys and backups"),
    Binding("question_mark", "help", "help", id="app.help", key_display="?",
            tooltip="All keys"),
    Binding("ctrl+p", "command_palette", "commands", id="app.palette", priority=True,
            tooltip="Find any action, symbol, strategy or backtest by name"),
    Binding("ctrl+a", "chat('open')", "Chat", show=False, id="app.chat", priority=True,
            tooltip="Open the chat beside; again goes into it, once more closes it"),
    Binding("ctrl+a", "chat('enter')", "to the chat", id="app.chat_enter", priority=True,
            tooltip="Go into the chat beside"),
    Binding("ctrl+a", "chat('close')", "close chat", id="app.chat_close", priority=True,
            tooltip="Close the chat beside; what it is answering goes on"),
    Binding("q", "ask_quit", "quit", id="app.quit", tooltip="Quit"),
    Binding("ctrl+q", "ask_quit", "Quit", id="app.quit_anywhere", show=False, priority=True,
            tooltip="Quit, also from within a text field"),
    Binding("ctrl+backslash", "lock", "Lock", id="app.lock", show=False, priority=True,
            key_display="^\\",
            tooltip="Hide everything until the password is given"),
    Binding("u", "undo", "Undo", id="app.undo", tooltip="Take back the last deletion"),
    Binding("o", "open_finished", "Open result", id="app.open_finished",
            tooltip="Open what was finished last"),
    Binding("escape", "clear_toasts", "Close messages", id="app.clear_toasts", show=False,
            tooltip="Take the messages off the screen"),
    Binding("ctrl+l", "redraw", "Redraw", id="app.redraw", show=False,
            tooltip="Paint the screen anew"),
]  # fmt: skip
