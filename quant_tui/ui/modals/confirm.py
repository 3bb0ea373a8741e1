"""Ask once before something that cannot simply be taken back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui.modals.dialog import Dialog


class Confirm(Dialog[bool]):
    """A question with yes and no; the answer is the screen's result.

    Parameters
    ----------
    question
        One line, ending in a question mark.
    consequence
        What happens on yes.
    yes
        The verb on the yes side: "Delete", "Quit".
    """

    DEFAULT_CSS = """
    Confirm > .dialog { width: 60; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", id="confirm.yes", tooltip="Do it"),
        Binding("n,escape,q", "answer(False)", "No", id="confirm.no", tooltip="Leave it"),
    ]

    def __init__(self, question: str, consequence: str = "", *, yes: str = "Yes") -> None:
        super().__init__()
        self.question = question
        self.consequence = consequence
        self.yes = yes

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        lines = [Content.styled(self.question, "bold")]
        if self.consequence:
            lines += [Content(""), Content(self.consequence)]
        lines += [
            Content(""),
            Content.assemble(
                ("y", "bold $footer-key-foreground"), f"  {self.yes}      ",
                ("n", "bold $footer-key-foreground"), "  Cancel",
            ),
        ]  # fmt: skip
        with Vertical(classes="dialog"):
            yield Static(Content("\n").join(lines))

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)
