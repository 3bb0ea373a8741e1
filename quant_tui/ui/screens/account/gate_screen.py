"""What sign-in and lock look like: one opaque page with nothing of anybody on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.content import Content
from textual.widgets import Static

from quant_tui.domain.errors import InvalidInput
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.reporting import describe
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.ui.app import QuantApp


class GateScreen(Dialog[None]):
    """Base of the pages that stand between the keyboard and what a user has.

    Parameters
    ----------
    services
        The open services.
    """

    DEFAULT_CSS = """
    GateScreen {
        background: $background;
        & > .dialog { width: 92; padding: 1 3; border-title-align: center; }
        & .logo { color: $accent; width: 1fr; text-align: center; height: 3; margin-bottom: 1; }
        & .text { height: auto; margin-bottom: 1; }
        & .wrong { height: auto; margin-top: 1; color: $text-error; display: none; }
        & .keys { height: auto; margin-top: 1; }
        &.-short .logo { display: none; }
    }
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self.wrong = Static("", classes="wrong", markup=False)
        self.busy = False

    @property
    def host(self) -> QuantApp:
        """The app, by its own type."""
        return cast("QuantApp", self.app)

    def say(self, message: str, *, problem: bool = True) -> None:
        """Say something below the fields."""
        self.wrong.update(Content(f"✗ {message}" if problem and message else message))
        self.wrong.display = bool(message)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say in full what is wrong with the field that one comes to."""
        field = event.widget.parent
        if isinstance(field, Field) and field.error:
            self.say(field.error)

    def show_error(self, error: BaseException, form: Form) -> None:
        """Show what went wrong, beside its field where it names one."""
        title, message = describe(error)
        named = isinstance(error, InvalidInput) and form.show_errors({error.field: message})
        self.say(message if named else f"{title}: {message}")


def key_lines(*keys: tuple[str, str]) -> Content:
    """Return keys with what they do, a line each."""
    width = max(len(key) for key, _ in keys)
    return Content("\n").join(
        Content.assemble((key.rjust(width), "bold $footer-key-foreground"), f"  {what}")
        for key, what in keys
    )
