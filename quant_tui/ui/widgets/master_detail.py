"""Master on the left, detail on the right; under 100 columns the detail is a second page."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget


class MasterDetail(Horizontal):
    """Two parts of a screen side by side, or one at a time where the terminal is narrow.

    Parameters
    ----------
    master, detail
        The parts. On a narrow terminal :meth:`open_detail` shows the second in the
        first's place and :meth:`close_detail` goes back.
    """

    # the rules for narrow terminals begin with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    MasterDetail {
        height: 1fr;
        & > .-master { width: 2fr; height: 1fr; }
        & > .-detail { width: 3fr; height: 1fr; border-left: vkey $rule; padding-left: 1; }
    }
    .-narrow MasterDetail {
        & > .-master { width: 1fr; }
        & > .-detail { display: none; border: none; padding: 0; width: 1fr; }
        &.-open > .-master { display: none; }
        &.-open > .-detail { display: block; }
    }
    """

    def __init__(
        self,
        master: Widget,
        detail: Widget,
        *,
        id: str | None = None,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self.master = master
        self.detail = detail
        self._moves = 0
        master.add_class("-master")
        detail.add_class("-detail")

    def compose(self) -> ComposeResult:
        """Lay out both parts."""
        yield self.master
        yield self.detail

    @property
    def narrow(self) -> bool:
        """Whether only one part fits."""
        return self.screen.has_class("-narrow")

    @property
    def detail_open(self) -> bool:
        """Whether the detail has been gone into."""
        return self.has_class("-open")

    def open_detail(self, focus: Widget | None = None) -> None:
        """Go into the detail; ``focus`` or else its first focusable part takes the keys."""
        self.add_class("-open")
        self._give_keys(self.detail, focus)

    def close_detail(self) -> bool:
        """Go back to the master; return whether the detail was open at all."""
        if not self.detail_open:
            return False
        self.remove_class("-open")
        self._give_keys(self.master, None)
        return True

    def _give_keys(self, part: Widget, wanted: Widget | None) -> None:
        self._moves += 1
        self.refresh_bindings()
        self.call_after_refresh(self._focus_in, part, wanted, self._moves)

    def _focus_in(self, part: Widget, wanted: Widget | None, move: int) -> None:
        if move != self._moves:  # gone elsewhere before this was drawn
            return
        if wanted is not None:  # may be a table, which gives the keys on to its rows
            wanted.focus()
            return
        for widget in (part, *part.query("*").results(Widget)):
            if widget.focusable and widget.display:
                widget.focus()
                return
