"""Asking for the passphrase of the encrypted secrets."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from quant_tui.ui.modals.dialog import Dialog

if TYPE_CHECKING:
    from quant_tui.services.secrets import PassphraseQuestion
    from quant_tui.ui.app import QuantApp


class Passphrase(Dialog[str | None]):
    """One hidden line, two for a new passphrase; the result is None when left."""

    DEFAULT_CSS = """
    Passphrase > .dialog { width: 64; }
    Passphrase Input { height: 1; border: none; padding: 0 1; margin: 1 0 0 0; background: $panel; }
    Passphrase #wrong { height: auto; color: $text-error; margin: 1 0 0 0; }
    Passphrase #keys { height: auto; margin: 1 0 0 0; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", id="passphrase.leave",
                tooltip="Leave the secrets locked"),
    ]  # fmt: skip

    def __init__(self, question: PassphraseQuestion) -> None:
        super().__init__()
        self._question = question
        self._first = Input(password=True, placeholder="passphrase", compact=True, id="first")
        self._again = Input(password=True, placeholder="once more", compact=True, id="again")
        self._again.display = question.new
        self._wrong = Static("", id="wrong", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        question = self._question
        about = (
            f"Secrets will be kept in {question.path}, because {question.reason}. Choose a "
            "passphrase for it, and keep it well: without it they are lost."
            if question.new
            else f"It opens {question.path} until quant_tui ends."
        )
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "New passphrase" if question.new else "Passphrase of the secrets"
            yield Static(Content(about))
            yield self._first
            yield self._again
            yield self._wrong
            yield Static(Content("enter  go on      escape  leave them locked"), id="keys")

    def on_mount(self) -> None:
        """Begin with what was wrong the last time."""
        self._say(self._question.problem)
        self._first.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on, or say what is missing."""
        event.stop()
        if not self._first.value:
            self._say("Type the passphrase.")
        elif self._question.new and event.input is self._first:
            self._again.focus()
        elif self._question.new and self._again.value != self._first.value:
            self._say("The two are not the same.")
        else:
            self.dismiss(self._first.value)

    def action_leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)

    def _say(self, problem: str) -> None:
        self._wrong.display = bool(problem)
        self._wrong.update(Content(f"✗ {problem}"))


async def ask_passphrase(app: QuantApp, question: PassphraseQuestion) -> str | None:
    """Ask over whatever is on the screen; for :attr:`SecretService.asker`."""
    answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def take(given: str | None) -> None:
        if not answer.done():
            answer.set_result(given)

    app.type_ahead.drop()
    mode = app.gate.mode_of_questions
    app.call_later(partial(app.push_screen, Passphrase(question), take, mode=mode))
    return await answer
