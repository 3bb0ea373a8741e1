"""A text of several lines in a form: enter begins a line, tab goes on to the next field."""

from __future__ import annotations

from textual.widgets import TextArea


class TextField(TextArea):
    """A plain text area that a form treats like its other controls.

    Parameters
    ----------
    value
        The text at first.
    placeholder
        Shown while it is empty.
    """

    DEFAULT_CSS = """
    TextField {
        border: none;
        padding: 0 1;
        background: $panel;
        &:focus { background: $block-cursor-blurred-background; border: none; }
    }
    """

    def __init__(self, value: str, *, placeholder: str = "") -> None:
        super().__init__(
            value, placeholder=placeholder, compact=True, tab_behavior="focus",
            show_line_numbers=False, highlight_cursor_line=False,
        )  # fmt: skip

    @property
    def value(self) -> str:
        """What is typed."""
        return self.text

    @value.setter
    def value(self, value: str) -> None:
        if value != self.text:
            self.load_text(value)
