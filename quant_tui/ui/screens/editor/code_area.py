"""The pane that rules are typed into: colours, words on offer, mistakes underlined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import Static, TextArea
from textual.widgets.text_area import Selection, TextAreaTheme

from quant_tui.ui.screens.editor.completion import Candidate, Completion, complete, word_at
from quant_tui.ui.screens.editor.highlighting import COLOURS, spans
from quant_tui.ui.screens.editor.places import Mistake
from quant_tui.ui.widgets.table_grid import fit

SHOWN_OFFERS = 8
OFFER_WIDTH = 48
THEME = "rules"


class Offers(Static):
    """Words on offer under the cursor, one of them chosen."""

    DEFAULT_CSS = """
    Offers {
        overlay: screen;
        constrain: inside inflect;
        position: absolute;
        width: 50;
        height: auto;
        padding: 0 1;
        background: $surface;
        display: none;
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.completion: Completion | None = None
        self.chosen = 0
        self.moved = False

    @property
    def candidate(self) -> Candidate | None:
        """The chosen word, None while nothing is on offer."""
        return None if self.completion is None else self.completion.candidates[self.chosen]

    def offer(self, completion: Completion | None, at: Offset) -> None:
        """Show what is on offer at a place of the screen, or nothing."""
        self.completion, self.chosen, self.moved = completion, 0, False
        self.display = completion is not None
        if completion is not None:
            self.absolute_offset = at
            self._write()

    def move(self, steps: int) -> None:
        """Choose another one."""
        if self.completion is not None:
            self.chosen = (self.chosen + steps) % len(self.completion.candidates)
            self.moved = True
            self._write()

    def _write(self) -> None:
        if self.completion is None:
            return
        candidates = self.completion.candidates
        top = max(0, min(self.chosen - SHOWN_OFFERS + 1, len(candidates) - SHOWN_OFFERS))
        lines = [
            Content.styled(
                fit(f"{'›' if at == self.chosen else ' '} {one.shown}", OFFER_WIDTH, "left"),
                "bold reverse" if at == self.chosen else "",
            )
            for at, one in enumerate(candidates[top : top + SHOWN_OFFERS], start=top)
        ]
        about = candidates[self.chosen].about
        hint = f"{self.chosen + 1}/{len(candidates)}  tab takes it"
        lines.append(Content.styled(fit(about or hint, OFFER_WIDTH, "left"), "$text-muted"))
        self.update(Content("\n").join(lines))


class CodeArea(TextArea):
    """Text of a rule document.

    Parameters
    ----------
    offers
        Where words on offer are shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+at,ctrl+space", "offer", "Complete", id="editor.complete", show=False,
                tooltip="Offer the words that could stand here"),
        Binding("ctrl+f", "find", "Find", id="editor.find", show=False,
                tooltip="Search in the text"),
        Binding("ctrl+home", "to_start", "Start", id="editor.start", show=False,
                tooltip="Go to the first line"),
        Binding("ctrl+end", "to_end", "End", id="editor.end", show=False,
                tooltip="Go to the end of the text"),
    ]  # fmt: skip

    class WordChanged(Message):
        """The cursor came to another word or function."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    class FindAsked(Message):
        """Something is to be searched for."""

    def __init__(self, offers: Offers) -> None:
        # before the text, which is coloured as it is put in
        self.parameters: Mapping[str, str] = {}
        self.series: Sequence[str] = ()
        self.mistakes: Sequence[Mistake] = ()
        super().__init__(
            "",
            tab_behavior="indent",
            soft_wrap=False,
            show_line_numbers=True,
            compact=True,
            max_checkpoints=500,
            id="code",
        )
        self.indent_width = 2
        self.offers = offers
        self._word = ""
        self._typed = False

    def on_mount(self) -> None:
        """Take the colours of the theme, now and when it changes."""
        self._take_colours()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._take_colours())

    def action_to_start(self) -> None:
        """Go to the first line."""
        self.move_cursor(self.document.start)

    def action_to_end(self) -> None:
        """Go to the end of the text."""
        self.move_cursor(self.document.end)

    def _take_colours(self) -> None:
        variables = self.app.get_css_variables()
        styles = {
            kind: Style(color=_plain_colour(variables.get(name, "")), bold=kind == "key" or None)
            for kind, name in COLOURS.items()
        }
        wrong = Style(color=_plain_colour(variables.get("error", "")), underline=True)
        self.register_theme(TextAreaTheme(THEME, syntax_styles={**styles, "mistake": wrong}))
        self.theme = THEME
        self._set_theme(THEME)
        self._line_cache.clear()
        self.refresh()

    # -- what is known of the text

    def know(
        self,
        mistakes: Sequence[Mistake],
        parameters: Mapping[str, str] | None = None,
        series: Sequence[str] | None = None,
    ) -> None:
        """Underline mistakes, and colour and offer the names that the document defines.

        Names that are None stay as they were while the text could be read.
        """
        self.mistakes = mistakes
        if parameters is not None:
            self.parameters = parameters
        if series is not None:
            self.series = series
        self._build_highlight_map()
        self.refresh()

    def _build_highlight_map(self) -> None:
        self._line_cache.clear()
        self._highlights.clear()
        parameters, series = frozenset(self.parameters), frozenset(self.series)
        for row, line in enumerate(self.document.lines):
            found = [(*one,) for one in spans(line, parameters, series)]
            found += [(one.column, one.end, "mistake") for one in self.mistakes if one.line == row]
            plain = line.isascii()
            self._highlights[row] = [
                (start, end, kind)
                if plain
                else (len(line[:start].encode()), len(line[:end].encode()), kind)
                for start, end, kind in found
            ]

    def replace_all(self, text: str) -> None:
        """Put another text in place of the whole, so that undo brings the old one back."""
        row, column = self.cursor_location
        self.history.checkpoint()
        self.replace(text, (0, 0), self.document.end)
        self.history.checkpoint()
        row = min(row, self.document.line_count - 1)
        self.move_cursor((row, min(column, len(self.document.get_line(row)))))

    def find_next(self, words: str) -> bool:
        """Select the next place of some words, in any case, from the top again after the last."""
        row, column = self.selection.end
        lines, wanted = self.document.lines, words.lower()
        if not wanted:
            return False
        for step in range(len(lines) + 1):
            at = (row + step) % len(lines)
            found = lines[at].lower().find(wanted, column if step == 0 else 0)
            if found >= 0:
                self.selection = Selection((at, found), (at, found + len(words)))
                self.scroll_cursor_visible(center=True)
                return True
        return False

    # -- keys

    async def _on_key(self, event: events.Key) -> None:
        offered = self.offers.candidate
        self._typed = event.is_printable or event.key == "backspace"
        if offered is not None and event.key == "escape":
            self.offers.offer(None, Offset())
        elif offered is not None and (
            event.key == "tab" or (event.key == "enter" and self.offers.moved)
        ):
            self._take(offered)
        elif event.key == "enter" and not self.read_only:
            self.offers.offer(None, Offset())
            self._new_line()
        elif event.key == "escape":
            event.prevent_default()  # it would go to the next widget; it is for the workspace
            return
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def _new_line(self) -> None:
        """Begin a line as deep as the one before, deeper after a key without a value."""
        row, column = self.cursor_location
        line = self.document.get_line(row)[:column]
        depth = len(line) - len(line.lstrip())
        if line.rstrip().endswith(":"):
            depth += self.indent_width
        self._replace_via_keyboard("\n" + " " * depth, *self.selection)

    def _take(self, candidate: Candidate) -> None:
        completion = self.offers.completion
        self.offers.offer(None, Offset())
        if completion is not None:
            row, column = self.cursor_location
            self._typed = False
            self.replace(candidate.insert, (row, completion.start), (row, column))

    def action_cursor_up(self, select: bool = False) -> None:
        """Choose among what is on offer, or move up."""
        if self.offers.candidate is not None and not select:
            self.offers.move(-1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Choose among what is on offer, or move down."""
        if self.offers.candidate is not None and not select:
            self.offers.move(1)
        else:
            super().action_cursor_down(select)

    def action_delete_left(self) -> None:
        """Take away a letter, or before the first one a whole step of indentation."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        if self.selection.is_empty and before and not before.strip(" "):
            start = (column - 1) // self.indent_width * self.indent_width
            self._delete_via_keyboard((row, start), (row, column))
        else:
            super().action_delete_left()

    def action_offer(self) -> None:
        """Offer the words that could stand here."""
        self._offer(asked=True)

    def action_find(self) -> None:
        """Search in the text."""
        self.post_message(self.FindAsked())

    def on_blur(self) -> None:
        """Take away what is on offer."""
        self.offers.offer(None, Offset())

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        """Offer words while one types, and say when the cursor comes to another word."""
        event.stop()
        if self._typed and self.has_focus:
            self._offer()
        elif not self.offers.moved:
            self.offers.offer(None, Offset())
        row, column = self.cursor_location
        word = word_at(self.document.get_line(row), column)
        if word != self._word:
            self._word = word
            self.post_message(self.WordChanged(word))

    def _offer(self, *, asked: bool = False) -> None:
        row, column = self.cursor_location
        completion = complete(
            self.document.lines, row, column, self.parameters, self.series, asked=asked
        )
        at = self.cursor_screen_offset + Offset(-2, 1)
        self.offers.offer(completion, at)


def _plain_colour(text: str) -> str | None:
    """Return a colour as the code pane can take it: no share of the background."""
    from textual.color import Color, ColorParseError

    try:
        return Color.parse(text.split(" ")[0]).rich_color.name
    except ColorParseError:
        return None
