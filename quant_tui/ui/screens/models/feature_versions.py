"""Versions of a feature: where each stands, and what it changed or differs in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import (
    figure,
    muted,
    newest_run,
    status_role,
    status_text,
)
from quant_tui.ui.widgets.page import Page, heading
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import FeatureVersion
    from quant_tui.services.feature_records import FeatureHistory
    from quant_tui.ui.screens.models.feature_parts import CardView


def _figure(value: object) -> str:
    return figure(value if isinstance(value, float) else None)


COLUMNS = (
    Column("Version", 9),
    Column("Status", 22, role=status_role),
    Column("Made", 10, "right", role=muted, sort=None),
    Column("Rank IC", 8, "right", write=_figure, first="descending"),
    Column("Expression", 20, grow=1),
)


class VersionsPart(Vertical):
    """The versions, and under them what the one under the cursor changed."""

    DEFAULT_CSS = """
    VersionsPart {
        height: 1fr;
        & > Table { height: 1fr; min-height: 4; }
        & > Page { height: 1fr; border-top: solid $rule; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pin", "Pin", id="versions.pin",
                tooltip="Let the name mean this version whatever is promoted, or no longer"),
        Binding("c", "compare", "Compare", id="versions.compare",
                tooltip="Show what differs between the two marked versions"),
    ]  # fmt: skip

    class PinAsked(Message):
        """A version is to be pinned, or none with ""."""

        def __init__(self, version: str) -> None:
            super().__init__()
            self.version = version

    def __init__(self, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.table = Table(COLUMNS, markable=True)
        self.page = Page()
        self._history: FeatureHistory | None = None
        self._compared: tuple[FeatureVersion, FeatureVersion] | None = None

    def compose(self) -> ComposeResult:
        """Lay out list and change."""
        yield self.table
        yield self.page

    def focus_first(self) -> None:
        """Give the keys to the list."""
        self.table.focus()

    async def show_view(self, view: CardView) -> None:
        """Show a feature's versions."""
        history = self._history = view.history
        used = history.used.version
        self.table.set_rows(
            Row(
                one.version,
                (
                    ("▸ " if one.version == used else "  ") + one.version,
                    status_text(one, pinned=history.feature.pinned and one.version == used),
                    fmt.ago(one.created_at),
                    (newest_run(one) or {}).get("rank_ic"),
                    one.expression,
                ),
            )
            for one in history.versions
        )
        self._show_change()

    @property
    def chosen(self) -> FeatureVersion | None:
        """The version under the cursor."""
        return self._by_number(self.table.cursor_key)

    def _by_number(self, version: str) -> FeatureVersion | None:
        versions = self._history.versions if self._history is not None else ()
        return next((one for one in versions if one.version == version), None)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show what the version changed."""
        event.stop()
        self._compared = None
        self._show_change()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into the change."""
        event.stop()
        self.page.focus()

    def action_pin(self) -> None:
        """Pin the version under the cursor, or let it go."""
        history, chosen = self._history, self.chosen
        if history is not None and chosen is not None:
            pinned = history.feature.pinned and history.feature.version == chosen.version
            self.post_message(self.PinAsked("" if pinned else chosen.version))

    def action_compare(self) -> None:
        """Show what differs between the marked versions."""
        marked = [one for key in self.table.marked if (one := self._by_number(key)) is not None]
        if len(marked) != 2:
            self.notify("Mark two versions with space, then compare them.", markup=False)
            return
        newer, older = sorted(
            marked, key=lambda one: self._history.versions.index(one) if self._history else 0
        )
        self._compared = older, newer
        self._show_change()

    def _show_change(self) -> None:
        history, chosen = self._history, self.chosen
        if history is None or chosen is None:
            self.page.show(None)
            return
        at = history.versions.index(chosen)
        before = history.versions[at + 1] if at + 1 < len(history.versions) else None
        older, newer = self._compared or (before, chosen)
        self.page.show(partial(_change, older, newer))


def _change(older: FeatureVersion | None, newer: FeatureVersion, width: int) -> list[Content]:
    return list(_lines(older, newer, width))


def _lines(older: FeatureVersion | None, newer: FeatureVersion, width: int) -> Iterator[Content]:
    from quant_tui.services.feature_versions import difference

    if older is None:
        yield heading(f"{newer.version}, the first", width)
        yield Content.styled(newer.expression, "bold")
        yield Content(newer.description)
        return
    yield heading(f"{older.version} → {newer.version}", width)
    changed = difference(older, newer)
    for one in changed:
        yield Content.styled(one.field, "$text-muted")
        yield Content.styled(f"- {one.older}", "$text-error")
        yield Content.styled(f"+ {one.newer}", "$text-success")
    if not changed:
        yield Content.styled("They say the same.", "$text-muted")
