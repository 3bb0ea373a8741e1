"""Pages of a feature's card: text, chart, or a chart under its figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from quant_tui.ui.screens.models import feature_charts, feature_text
from quant_tui.ui.screens.models.feature_listing import figure, muted
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.services.feature_cards import FeatureCard
    from quant_tui.services.feature_records import FeatureHistory
    from quant_tui.ui.widgets.chart_data import ChartData


@dataclass(frozen=True)
class CardView:
    """What the pages of a feature are filled from.

    Attributes
    ----------
    history
        The feature with its versions.
    card
        None until it is worked out.
    notice
        What stands on the pages in its place.
    """

    history: FeatureHistory
    card: FeatureCard | None
    notice: Notice


Lines = Callable[["FeatureCard", int], Iterator[Content]]
Draw = Callable[["FeatureCard"], "ChartData | None"]


WIDE = 150
"""Columns from which the charts stand beside the overview."""


class OverviewPart(Horizontal):
    """What the feature is, and what is known of it; on wide terminals with its charts."""

    DEFAULT_CSS = """
    OverviewPart {
        & > Page { width: 1fr; }
        & > .charts { width: 1fr; display: none; border-left: vkey $rule; padding-left: 1; }
        &.-charts > .charts { display: block; }
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.page = Page()
        self.values, self.course = Chart(), Chart()
        self._card: FeatureCard | None = None

    def compose(self) -> ComposeResult:
        """Lay out text and charts."""
        yield self.page
        with Vertical(classes="charts"):
            yield self.values
            yield self.course

    async def show_view(self, view: CardView) -> None:
        """Show a feature."""
        state = f"{view.notice.title}  {view.notice.text}".strip()
        self.page.show(
            lambda width: list(feature_text.overview_lines(view.history, view.card, state, width))
        )
        self._card = view.card
        await self._draw()

    async def _draw(self) -> None:
        card = self._card
        charts = card is not None and self.size.width >= WIDE
        self.set_class(charts, "-charts")
        if charts and card is not None:
            self.values.show(await asyncio.to_thread(feature_charts.distribution_chart, card))
            self.course.show(await asyncio.to_thread(feature_charts.course_chart, card))

    async def on_resize(self) -> None:
        """Show the charts where there is room."""
        if self.has_class("-charts") != (self._card is not None and self.size.width >= WIDE):
            await self._draw()

    def focus_first(self) -> None:
        """Give the keys to the text."""
        self.page.focus()


class CardPart(Vertical):
    """Lines over a chart; either may be absent, and a notice stands in for both.

    Parameters
    ----------
    lines
        Writes the text; None for a chart alone.
    draw
        Makes the chart, in a thread; None for text alone.
    why
        Why there is no chart, where ``draw`` makes none.
    """

    DEFAULT_CSS = """
    CardPart {
        height: 1fr;
        & > MessagePanel { display: none; }
        &.-none > MessagePanel { display: block; }
        &.-none > Page, &.-none > Chart { display: none; }
        & > Page { height: 1fr; }
        & > Chart { height: 1fr; display: none; }
        &.-drawn > Chart { display: block; }
        &.-drawn.-both > Page { max-height: 55%; }
        &.-drawn.-both > Chart { border-top: solid $rule; min-height: 6; }
        &.-drawn.-alone > Page { display: none; }
    }
    """

    def __init__(
        self, lines: Lines | None, draw: Draw | None, why: str = "", *, id: str  # noqa: A002 -- Textual's name
    ) -> None:  # fmt: skip
        super().__init__(id=id, classes="-both" if lines else "-alone")
        self._lines = lines
        self._draw = draw
        self._why = why
        self.page = Page()
        self.chart = Chart()
        self.panel = MessagePanel()

    def compose(self) -> ComposeResult:
        """Lay out text, chart, and the panel that stands in for them."""
        yield self.page
        yield self.chart
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to the chart, or what is there."""
        if self.has_class("-none"):
            self.panel.focus()
        elif self.has_class("-drawn"):
            self.chart.focus()
        else:
            self.page.focus()

    async def show_view(self, view: CardView) -> None:
        """Show a feature."""
        card, had_focus = view.card, self.has_focus_within
        data = None
        if card is not None and self._draw is not None:
            data = await asyncio.to_thread(self._draw, card)
        self.set_class(card is None, "-none")
        self.set_class(data is not None, "-drawn")
        if card is None:
            self.panel.show(view.notice)
        else:
            lines = self._text(card, max(20, self.size.width - 1), drawn=data is not None)
            self.page.styles.height = len(lines) if data is not None else "1fr"
            self.page.show(lambda width: self._text(card, width, drawn=data is not None))
            self.chart.show(data)
        if had_focus:
            self.focus_first()

    def _text(self, card: FeatureCard, width: int, *, drawn: bool) -> list[Content]:
        lines = list(self._lines(card, width)) if self._lines is not None else []
        if not drawn and self._why:
            lines += [Content(""), Content.styled(self._why, "$text-muted")]
        return lines


def _bar(value: object) -> str:
    if not isinstance(value, float):
        return ""
    return ("█" * round(abs(value) * 10)).ljust(10)


def _figure(value: object) -> str:
    return figure(value if isinstance(value, float) else None)


COLUMNS = (
    Column("Feature", 18, grow=1),
    Column("Version", 8),
    Column("Of ranks", 9, "right", write=_figure, first="descending"),
    Column("", 10, write=_bar, sort=None),
    Column("Correlation", 11, "right", write=_figure, first="descending"),
    Column("Why not", 20, grow=1, role=muted),
)
ALONE = Notice(
    "No other feature",
    "This is where the others stand that say the same: a model gains little from both.",
    (("n", "New feature, from the list"),),
)


class NeighboursPart(Vertical):
    """The other features, by how they go with this one."""

    DEFAULT_CSS = """
    NeighboursPart {
        height: 1fr;
        & > MessagePanel { display: none; }
        &.-none > MessagePanel { display: block; }
        &.-none > Table { display: none; }
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.table = Table(COLUMNS, empty=ALONE, openable=False)
        self.panel = MessagePanel()

    def compose(self) -> ComposeResult:
        """Lay out the table, and the panel that stands in for it."""
        yield self.table
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to the table."""
        (self.panel if self.has_class("-none") else self.table).focus()

    async def show_view(self, view: CardView) -> None:
        """Show a feature."""
        had_focus = self.has_focus_within
        self.set_class(view.card is None, "-none")
        if view.card is None:
            self.panel.show(view.notice)
        else:
            found = sorted(view.card.neighbours, key=lambda one: -abs(one.rank or 0.0))
            self.table.set_rows(
                Row(one.name, (one.name, one.version, one.rank, one.rank, one.pearson, one.why))
                for one in found
            )
        if had_focus:
            self.focus_first()


def part_of(name: str) -> CardPart:
    """Return a page of text and chart by its name."""
    if name == "values":
        return CardPart(
            None,
            feature_charts.distribution_chart,
            "All values are alike: there is no distribution to draw.",
            id=name,
        )
    if name == "course":
        return CardPart(
            None,
            feature_charts.course_chart,
            "It takes two months of bars to draw a course over time.",
            id=name,
        )
    if name == "information":
        return CardPart(feature_text.information_lines, feature_charts.information_chart, id=name)
    if name == "drift":
        return CardPart(feature_text.drift_lines, feature_charts.drift_chart, id=name)
    return CardPart(feature_text.leakage_lines, None, id=name)
