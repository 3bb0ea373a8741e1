"""What a screen shows instead of its content: empty, loading, or an error with a retry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

Kind = Literal["empty", "loading", "error"]

_MARK = {"empty": "", "loading": "◌ ", "error": "✗ "}
_STYLE = {"empty": "$accent", "loading": "$text-muted", "error": "$text-error"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A text for a :class:`MessagePanel`.

    Attributes
    ----------
    title
        One short line.
    text
        A sentence or three; blank lines separate paragraphs.
    keys
        Pairs of a key as people write it and what it does here.
    picture
        A few lines drawn quietly above the title, where there is room.
    """

    title: str
    text: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    kind: Kind = "empty"
    picture: str = ""


class MessagePanel(Widget, can_focus=True):
    """A centred notice. It takes the focus, so that its screen's keys go on working."""

    DEFAULT_CSS = """
    MessagePanel {
        width: 1fr;
        height: 1fr;
        padding: 0 2;
        content-align: center middle;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "retry", "Try again", id="panel.retry", tooltip="Try once more"),
    ]
    MEASURE: ClassVar[int] = 62
    """Widest line of text, in cells; longer ones are hard to read."""

    def __init__(self, notice: Notice | None = None, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.notice = notice or Notice("")
        self._retry: Callable[[], object] | None = None

    def show(self, notice: Notice, *, retry: Callable[[], object] | None = None) -> None:
        """Show a notice; ``retry`` is what ``enter`` does on an error."""
        self.notice = notice
        self._retry = retry
        self.refresh()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer the retry only where there is one."""
        return self._retry is not None if action == "retry" else True

    def action_retry(self) -> None:
        """Try again."""
        if self._retry is not None:
            self._retry()

    def render(self) -> Content:
        """Lay the notice out as a block of even width, which the styles then centre."""
        notice = self.notice
        width = max(10, min(self.MEASURE, self.size.width - 4))
        keys = notice.keys
        if notice.kind == "error" and self._retry is not None:
            keys = (*keys, ("enter", "Try again"))
        lines: list[Content] = []
        if notice.picture and self.size.height >= 20:
            lines += [Content.styled(one, "$rule-strong") for one in notice.picture.split("\n")]
            lines.append(Content(""))
        lines.append(
            Content.styled(_MARK[notice.kind] + notice.title, f"bold {_STYLE[notice.kind]}")
        )
        for paragraph in notice.text.split("\n\n") if notice.text else ():
            lines.append(Content(""))
            lines += Content(" ".join(paragraph.split())).wrap(width)
        if keys:
            lines.append(Content(""))
            key_width = max(len(key) for key, _ in keys)
            for key, what in keys:
                lines.append(
                    Content.assemble(
                        (key.rjust(key_width), "bold $footer-key-foreground"), "  ", what
                    )
                )
        widest = max(line.cell_length for line in lines)
        return Content("\n").join(
            line.pad_right(max(0, widest - line.cell_length)) for line in lines
        )
