"""The trust card: how far the figures can be believed, a verdict a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from textual import events

    from quant_tui.domain.base import Document
    from quant_tui.ui.screens.results.view import ResultView


class Verdict(NamedTuple):
    """How a verdict is written, and its role in a table; a mark and words, never colour alone."""

    text: str
    role: str
    style: str
    rank: int


VERDICTS = {
    "bad": Verdict("✗ bad", "error", "$text-error", 0),
    "doubtful": Verdict("! doubtful", "warning", "$text-warning", 1),
    "unknown": Verdict("? unknown", "muted", "$text-muted", 2),
    "good": Verdict("✓ good", "up", "$up", 3),
}
NO_CARD = Notice(
    "No trust card",
    "The card says how far these figures can be believed: how many trials stand behind them, "
    "how sure the Sharpe ratio is, what higher costs would leave.\n\n"
    "This result was made without one.",
    (("t", "Make every check now"), ("R", "Run again, with the card")),
)

_COUNTS = frozenset({"trials", "trades", "look_ahead"})
"""Checks whose main figure is a number of things."""

_SHARES = frozenset({
    "probabilistic_sharpe", "deflated_sharpe", "start_dates", "plateau", "warm_up", "jitter",
    "leave_one_out", "luck", "overfitting", "study_plateau", "stability",
})  # fmt: skip
"""Checks whose main figure is a share; of the others it is a ratio, or a number of years."""


def verdict_of(key: object) -> Verdict:
    """Return how a verdict is written; what is not known of is unknown."""
    return VERDICTS.get(str(key), VERDICTS["unknown"])


def _verdict(value: object) -> str:
    return verdict_of(value).text


def _role(value: object) -> str:
    return verdict_of(value).role


def _rank(value: object) -> int:
    return verdict_of(value).rank


class _Value(NamedTuple):
    key: str
    value: float | None


def _write(value: object) -> str:
    one = cast("_Value", value)
    if one.key in _SHARES:
        return fmt.percent(one.value, 1)
    return fmt.integer(one.value) if one.key in _COUNTS else fmt.number(one.value)


def _number(value: object) -> float | None:
    return cast("_Value", value).value


COLUMNS = (
    Column("Verdict", 10, write=_verdict, role=_role, sort=_rank),
    Column("Check", 22),
    Column("Value", 8, "right", write=_write, sort=_number, first="descending"),
    Column("What it says", 24, grow=1, role=lambda _: "muted"),
)


def card_rows(lines: Iterable[Document]) -> list[Row]:
    """Return the lines of a card as rows of :data:`COLUMNS`."""
    return [
        Row(
            str(line["key"]),
            (
                line.get("verdict"),
                str(line.get("title")),
                _Value(str(line["key"]), line.get("value")),
                str(line.get("text") or ""),
            ),
            str(line.get("rests_on") or ""),
        )
        for line in lines
    ]


class TrustCard(Vertical):
    """The total verdict, the lines, and what the line under the cursor rests on."""

    DEFAULT_CSS = """
    TrustCard {
        height: 1fr;
        & > #trust-total { height: auto; margin-bottom: 1; }
        & > #trust-about { height: 5; padding-left: 2; border-top: solid $rule; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.total = Static("", id="trust-total", markup=False)
        self.table = Table(COLUMNS, empty=NO_CARD, openable=False)
        self.about = Static("", id="trust-about", markup=False)
        self._lines: dict[str, Document] = {}

    def compose(self) -> ComposeResult:
        """Lay out verdict, lines, and what they rest on."""
        yield self.total
        yield self.table
        yield self.about

    def focus_first(self) -> None:
        """Give the keys to the lines."""
        self.table.focus()

    async def show_view(self, view: ResultView) -> None:
        """Show the card of a result, or say that it has none."""
        self.show_card(view.card)

    def show_card(self, card: Document) -> None:
        """Show a card as JSON has it; an empty one says that there is none."""
        lines: Sequence[Document] = card.get("lines") or ()
        self._lines = {str(line["key"]): line for line in lines}
        self.total.display = self.about.display = bool(lines)
        self.total.update(total_of(card))
        self.table.set_rows(card_rows(lines))
        self._show_about()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say what the line rests on."""
        event.stop()
        self._show_about()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        self._show_about()

    def _show_about(self) -> None:
        line = self._lines.get(self.table.cursor_key)
        width = max(20, self.size.width - 3)
        self.about.update(about_line(line, width) if line else "", layout=False)


def total_of(card: Document) -> Content:
    """Write the verdict of the whole card, and how many trials it counts."""
    if not card:
        return Content("")
    verdict = verdict_of(card.get("verdict"))
    trials = card.get("trials")
    counted = ""
    if trials is not None:
        counted = f"  {fmt.integer(trials)} trial{'s' * (trials != 1)} counted"
    return Content.assemble(
        (f" {verdict.text} ", f"bold reverse {verdict.style}"),
        f"  {card.get('summary') or ''}",
        (counted, "$text-muted"),
    )


def about_line(line: Document, width: int) -> Content:
    """Write a line's sentence in full, and what it rests on, in at most four rows."""
    verdict = verdict_of(line.get("verdict"))
    text = Content.assemble(
        (f"{verdict.text}  ", f"bold {verdict.style}"),
        (f"{line.get('title')}: ", "bold"),
        str(line.get("text") or ""),
    )
    rests = Content.styled(f"Rests on {line.get('rests_on') or 'nothing stated'}", "$text-muted")
    rows = [*text.wrap(width), *rests.wrap(width)]
    return Content("\n").join(rows[:4])
