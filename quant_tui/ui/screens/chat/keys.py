"""Keys of a conversation."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("escape", "step_back", "Stop or back", id="chat.back",
            tooltip="Stop the answer; otherwise one step back"),
    Binding("r", "retry", "Retry", id="chat.retry", tooltip="Have this answered anew"),
    Binding("e", "edit", "Edit", id="chat.edit", tooltip="Change this question and resend it"),
    Binding("b", "branch", "Branch", id="chat.branch",
            tooltip="Go on from here in a conversation of its own"),
    Binding("left,h", "other(-1)", "Other branch", id="chat.branch_before", key_display="← →",
            tooltip="The branch before at this message"),
    Binding("right,l", "other(1)", "Next branch", id="chat.branch_after", show=False,
            tooltip="The branch after at this message"),
    Binding("y", "copy", "Copy", id="chat.copy", tooltip="Copy this to the clipboard"),
    Binding("ctrl+t", "leave_out", "Selection", id="chat.selection", show=False,
            tooltip="Send what is chosen beside along, or leave it out"),
    Binding("ctrl+o", "unfold", "What is sent", id="chat.what_is_sent", show=False,
            tooltip="Show exactly what of the selection is sent"),
    Binding("ctrl+g", "to_end", "To the last", id="chat.to_end", show=False,
            tooltip="Jump to the last line"),
    Binding("pageup", "page(-1)", "Page up", id="chat.field_page_up", show=False,
            tooltip="A page up in the conversation"),
    Binding("pagedown", "page(1)", "Page down", id="chat.field_page_down", show=False,
            tooltip="A page down in the conversation"),
]  # fmt: skip
"""For the part that has the cursor, the field, and the conversation as a whole."""
