"""One widget of the dashboard: a frame with a table or a chart in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from quant_tui.ui.reporting import describe, leaves, report
from quant_tui.ui.screens.dashboard.content import Curve, Lines, Place, Source
from quant_tui.ui.screens.dashboard.kinds import BY_CODE
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.services.dashboard_layout import WidgetPlace
    from quant_tui.ui.widgets.chart import Chart


class Unknown(Source):
    """Stands in for a kind that this program does not know; its place is kept."""

    def __init__(self, kind: str) -> None:
        self.notice = Notice(
            f"Unknown widget “{kind}”",
            "It was put here by another version of the program, and stays as it is.",
        )

    async def load(self, services: Services, settings: object) -> None:
        """Fetch nothing."""


class Card(Vertical, can_focus=False):
    """The frame of a widget.

    Parameters
    ----------
    place
        Kind, size and settings.
    """

    DEFAULT_CSS = """
    Card {
        border: round $border;
        border-title-color: $text-muted;
        padding: 0 1 0 1;
        &:focus-within { border: round $accent; border-title-color: $accent; border-title-style: bold; }
        &.-arranged { border: double $warning; border-title-color: $warning; }
        & > MessagePanel { padding: 0; }
    }
    """  # noqa: E501 -- one rule a line
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="dashboard.open",
                tooltip="Go to where this is worked with"),
    ]  # fmt: skip

    class Opened(Message):
        """``enter``: go to where this leads."""

        def __init__(self, place: Place) -> None:
            super().__init__()
            self.place = place

    def __init__(self, place: WidgetPlace) -> None:
        super().__init__(id=f"card-{place.id}")
        self.place = place
        kind = BY_CODE.get(place.kind)
        self.source = kind.make() if kind else Unknown(place.kind)
        self.heading = kind.title if kind else place.kind
        self.border_title = Content(self.heading)
        self.panel = MessagePanel(Notice("Loading …", kind="loading"))
        self.table: Table | None = None
        self.chart: Chart | None = None
        if self.source.columns:
            self.table = Table(self.source.columns, empty=self.source.empty)
            self.table.display = False

    def compose(self) -> ComposeResult:
        """Lay out the panel, and the table if it is one."""
        yield self.panel
        if self.table is not None:
            yield self.table

    @property
    def has_keys(self) -> bool:
        """Whether the focus is in here."""
        focused = self.screen.focused
        return focused is not None and self in focused.ancestors_with_self

    def focus(self, scroll_visible: bool = True) -> Card:
        """Give the keys to what is shown."""
        if self.table is not None and self.table.display:
            self.table.focus(scroll_visible)
        elif self.chart is not None and self.chart.display:
            self.screen.set_focus(self.chart, scroll_visible=scroll_visible)
        else:
            self.screen.set_focus(self.panel, scroll_visible=scroll_visible)
        return self

    async def fill(self, services: Services, retry: Callable[[], object]) -> None:
        """Fetch and show; an error is shown in the frame alone, with a retry."""
        if isinstance(self.source, Unknown):
            self._show_panel(self.source.notice)
            return
        try:
            found = await self.source.load(services, self.place.settings)
        except Exception as error:  # noqa: BLE001 -- shown, and logged when it is ours
            if leaves(self):
                report(self, error)
                return
            title, message = describe(error)
            self._show_panel(Notice(title, message, kind="error"), retry)
            return
        if leaves(self):
            return
        if found is None:
            self._show_panel(self.source.empty)
        elif isinstance(found, Lines):
            self._show_lines(found)
        else:
            await self._show_curve(found)

    def _head(self, title: str) -> None:
        self.border_title = Content(title or self.heading)

    def _show_panel(self, notice: Notice, retry: Callable[[], object] | None = None) -> None:
        had_keys = self.has_keys
        self._head("")
        self.panel.show(notice, retry=retry)
        self._show_only(self.panel)
        if had_keys:
            self.focus(scroll_visible=False)

    def _show_lines(self, found: Lines) -> None:
        assert self.table is not None  # noqa: S101 -- sources of lines have columns
        had_keys = self.has_keys
        self._head(found.title)
        rows = list(found.rows)
        if [row.key for row in rows] == [row.key for row in self.table.model.rows]:
            for row in rows:
                if self.table.model.find(row.key) != row:
                    self.table.put_row(row.key, row.values)
        else:
            self.table.set_rows(rows)
        self._show_only(self.table)
        if had_keys:
            self.focus(scroll_visible=False)

    async def _show_curve(self, found: Curve) -> None:
        had_keys = self.has_keys
        self._head(found.title)
        if self.chart is None:
            from quant_tui.ui.widgets.chart import Chart

            self.chart = Chart()
            await self.mount(self.chart)
        self.chart.show(found.data)
        self._show_only(self.chart)
        if had_keys:
            self.focus(scroll_visible=False)

    def _show_only(self, shown: MessagePanel | Table | Chart) -> None:
        for one in (self.panel, self.table, self.chart):
            if one is not None:
                one.display = one is shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer to open where that leads somewhere."""
        if action == "open":
            return self.source.place_of("", self.place.settings) is not None
        return True

    def action_open(self) -> None:
        """Go to where the chart, or the empty frame, leads."""
        if (place := self.source.place_of("", self.place.settings)) is not None:
            self.post_message(self.Opened(place))

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go to where the row leads."""
        event.stop()
        if (place := self.source.place_of(event.key, self.place.settings)) is not None:
            self.post_message(self.Opened(place))
