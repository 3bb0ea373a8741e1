"""Two to six results beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.backtest_compare import FEWEST, MOST
from quant_tui.ui.commands import Command
from quant_tui.ui.screens.results import comparison
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.services.backtest_report import BacktestSummary

PARTS = (("curves", "Equity"), ("figures", "Metrics"), ("differences", "What differs"))

ROOM = (150, 40)
"""Columns and rows from which all parts are shown together."""

SAME = Notice(
    "Nothing differs", "Configuration, parameters, rules, data and code are the same in all runs."
)


class Compare(Vertical):
    """Curves, figures, and what differs: one at a time, or all where there is room."""

    DEFAULT_CSS = """
    Compare {
        height: 1fr;
        & > #compare-head { height: 2; }
        & > #compare-parts {
            height: 1fr;
            & > * { display: none; height: 1fr; }
            & > .-front { display: block; }
        }
        & #runs { height: auto; border-top: solid $rule; }
        &.-all > #compare-parts {
            layout: grid;
            grid-size: 2 2;
            grid-columns: 1fr 1fr;
            grid-rows: 2fr 1fr;
            grid-gutter: 1 3;
            & > * { display: block; }
            & > #figures { row-span: 2; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next part", id="compare.next",
                key_display="[ ]", tooltip="Next part of the comparison"),
        Binding("left_square_bracket", "turn(-1)", "Previous part", id="compare.previous",
                show=False, tooltip="Previous part of the comparison"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.head = Static("", id="compare-head", markup=False)
        self.parts = Container(id="compare-parts")
        self.chart = Chart()
        self.runs = Static("", id="runs", markup=False)
        self.front = PARTS[0][0]
        self._document: Document = {}

    def compose(self) -> ComposeResult:
        """Lay out heading and curves; the tables come with their columns."""
        yield self.head
        with self.parts, Vertical(id="curves"):
            yield self.chart
            yield self.runs

    def focus_first(self) -> None:
        """Give the keys to the part in front."""
        part = next(iter(self.parts.query_children(f"#{self.front}")), None)
        if isinstance(part, Table):
            part.focus()
        else:
            self.chart.focus()

    async def show_document(self, document: Document) -> None:
        """Show a comparison: runs, metrics, differences and curves, as JSON has them."""
        self._document = document
        runs = document["runs"]
        await self.parts.remove_children(Table)
        figures = Table(comparison.figure_columns(runs), openable=False, id="figures")
        differences = Table(
            comparison.difference_columns(runs), empty=SAME, openable=False, id="differences"
        )
        await self.parts.mount(figures, differences)
        figures.set_rows(comparison.figure_rows(document["metrics"]))
        differences.set_rows(comparison.difference_rows(document["differences"]))
        self._arrange()
        self.chart.show(await asyncio.to_thread(comparison.equity_chart, document["curves"]))

    def on_resize(self, event: events.Resize) -> None:
        """Show one part or all, whichever fits."""
        del event
        self._arrange()

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Keep to oneself where the cursor is."""
        event.stop()

    def _arrange(self) -> None:
        width, height = self.size
        self.set_class(width >= ROOM[0] and height >= ROOM[1], "-all")
        for name, _ in PARTS:
            for part in self.parts.query_children(f"#{name}"):
                part.set_class(name == self.front, "-front")
        if not self._document:
            return
        runs = self._document["runs"]
        room = width // 2 - 2 if self.has_class("-all") else width
        self.runs.update(comparison.run_lines(self._document, max(40, room)))
        title = Content.assemble(
            (f"Comparison of {len(runs)} backtests", "bold $accent"),
            (f"  differences are against A  {comparison.BEST} best", "$text-muted"),
            ("  ! other periods" if self._document.get("warnings") else "", "$text-warning"),
        )
        tabs = Content("  ").join(self._tab(name, text) for name, text in PARTS)
        self.head.update(Content("\n").join([title.truncate(max(20, width), ellipsis=True), tabs]))

    def _tab(self, name: str, title: str) -> Content:
        active = name == self.front
        shown = f"[{title}]" if active else f" {title} "
        style = "bold $accent" if active else "$text-muted"
        return Content.styled(shown, style).stylize(Style.from_meta({"part": name}))

    # -- keys

    def action_turn(self, steps: int) -> None:
        """Go to the next or previous part; it goes round."""
        names = [name for name, _ in PARTS]
        self.show_part(names[(names.index(self.front) + steps) % len(names)])

    def commands(self) -> Iterator[Command]:
        """Offer the parts to the palette."""
        for name, title in PARTS:
            yield Command(f"compare: {title}", "A part of this comparison",
                          partial(self.show_part, name))  # fmt: skip

    def on_click(self, event: events.Click) -> None:
        """Go to the part whose name was clicked."""
        if name := event.style.meta.get("part"):
            self.show_part(str(name))

    def show_part(self, name: str) -> None:
        """Go to a part."""
        self.front = name
        with self.app.batch_update():
            self._arrange()
            self.focus_first()
        self.refresh_bindings()


def compare_hint(chosen: Iterable[BacktestSummary]) -> str:
    """Say in one line what to mark instead; "" when the chosen ones can be compared."""
    marked = list(chosen)
    if not FEWEST <= len(marked) <= MOST:
        is_are = "is" if len(marked) == 1 else "are"
        return f"Mark two to six backtests with space; {len(marked) or 'none'} {is_are} marked."
    without = [one.name for one in marked if one.status is not RunStatus.COMPLETED]
    return f"{without[0]} has no result to compare; unmark it with space." if without else ""
