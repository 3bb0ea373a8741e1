"""The look that every screen over the app shares."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

from quant_tui.ui.reporting import Guarded

T = TypeVar("T")


class Dialog(Guarded, ModalScreen[T]):
    """A box in the middle: put one container with the class ``dialog`` into it."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > .dialog {
            width: 72;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 1 2;
            background: $background;
            border: round $border;
            border-title-color: $accent;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        & .heading { text-style: bold; color: $accent; height: 1; }
        & .hint { color: $text-muted; height: auto; }
    }
    """
