"""The one place that turns an error into something a person can read.

A :class:`~quant_tui.domain.errors.QuantError` is shown as it is. Anything else is a
defect of ours: its traceback goes to the log file, the screen shows one line.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from textual import events
from textual.dom import DOMNode
from textual.message_pump import MessagePump

from quant_tui.domain.errors import Cancelled, QuantError
from quant_tui.domain.redaction import redact

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

logger = logging.getLogger("quant_tui")

Severity = Literal["information", "warning", "error"]


def toast(
    app: App[Any],
    message: str,
    *,
    title: str = "",
    severity: Severity = "information",
    seconds: float | None = None,
) -> None:
    """Show a short message over the screen; the text is never read as markup.

    Parameters
    ----------
    seconds
        How long it stays; None for Textual's usual five.
    """
    app.notify(message, title=title, severity=severity, timeout=seconds, markup=False)


def describe(error: BaseException) -> tuple[str, str]:
    """Return an error's title and message for people; the log gets what is not for them."""
    if isinstance(error, QuantError):
        return error.title, str(error)
    logger.error("Unexpected error", exc_info=error)
    return "Unexpected error", f"{_one_line(error)} The log file has the details."


def report(part: MessagePump, error: BaseException) -> None:
    """Show an error as a toast. Cancelling is not an error.

    Parameters
    ----------
    part
        Where it happened: the app, or a part of the screen. Of one that is being taken away
        nobody is there to tell, and it misses what it was made of: the log alone hears of it.
    """
    if leaves(part):
        logger.warning("failed while it was taken away: %r", part, exc_info=error)
        return
    app: App[Any] = part.app
    if isinstance(error, Cancelled):
        toast(app, error.message)
        return
    title, message = describe(error)
    toast(app, message, title=title, severity="error", seconds=10)


def leaves(part: MessagePump) -> bool:
    """Return whether a part of the screen is being taken away, or is gone.

    What it consists of goes before it: it looks as if it were still there when that is gone.
    """
    if part.is_dom_root:
        return False
    pruned = isinstance(part, DOMNode) and part._pruning
    return pruned or part._closing or not part.is_attached


def _one_line(error: BaseException) -> str:
    text = redact(" ".join(str(error).split())) or "no message"
    if len(text) > 160:
        text = text[:159] + "…"
    return f"{type(error).__name__}: {text}"


class Guarded(MessagePump):
    """Mixed into a part of the screen: an exception in a handler does not end the app.

    Textual ends the app at the first exception in any handler. Here it is reported and
    the part goes on with its next message. What happens while the part is being built
    cannot be passed over and still ends the app, unless the part is being taken away at
    the same time: nothing is put into it any more, and it misses what it is made of.
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            built = isinstance(message, events.Compose | events.Mount | events.Load)
            if built and not leaves(self):
                raise
            report(self, error)
