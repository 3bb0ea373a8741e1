"""Versions of something: a list, and under it what the one under the cursor changed.

A subclass says what the rows are, what stands over a change, and how two versions differ;
``c`` compares two marked ones, or else the one under the cursor with the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from quant_tui.ui.reporting import toast
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page, heading
from quant_tui.ui.widgets.table import Column, Row, Table

V = TypeVar("V")


class RestoreAsked(Message):
    """A version is to be made the newest."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class VersionsView(Vertical, Generic[V]):
    """The versions, and under them what the one under the cursor changed."""

    DEFAULT_CSS = """
    VersionsView {
        height: 1fr;
        & > Table { height: 2fr; min-height: 4; }
        & > Page { height: 3fr; margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "bring_back", "Bring back", id="versions.restore",
                tooltip="Save what this version was again, as the newest"),
        Binding("c", "compare", "Compare", id="versions.compare",
                tooltip="Show what differs between two marked versions, or this and the newest"),
    ]  # fmt: skip

    def __init__(
        self,
        columns: Sequence[Column],
        empty: Notice,
        *,
        id: str,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self.table = Table(columns, empty=empty, markable=True)
        self.page = Page()
        self._versions: dict[int, V] = {}

    def compose(self) -> ComposeResult:
        """Lay out list and change."""
        yield self.table
        yield self.page

    # -- for the subclass to say

    def number_of(self, version: V) -> int:
        """Return its number; the newest has the highest."""
        raise NotImplementedError

    def row_of(self, version: V) -> Row:
        """Return its line; the key is its number."""
        raise NotImplementedError

    def about(self, version: V) -> Sequence[Content]:
        """Return what stands over its change."""
        raise NotImplementedError

    def text_of(self, version: V) -> Sequence[str]:
        """Return the whole of it, line by line: of the first there is nothing to compare with."""
        raise NotImplementedError

    def difference(self, older: V, newer: V) -> Sequence[str]:
        """Return what changed as lines of a unified diff, without its head."""
        raise NotImplementedError

    # -- for others to use

    def put(self, versions: Sequence[V]) -> None:
        """Show versions, the newest first."""
        before = max(self._versions, default=0)
        self._versions = {self.number_of(one): one for one in versions}
        self.table.set_rows(self.row_of(one) for one in versions)
        newest = max(self._versions, default=0)
        if newest != before:
            self.table.move_to(str(newest))
        self._show_change()

    def forget(self) -> None:
        """Begin anew with the versions of something else."""
        self._versions = {}
        self.table.clear_marks()

    def focus_first(self) -> None:
        """Give the keys to the list."""
        self.table.focus()

    @property
    def chosen(self) -> V | None:
        """The version under the cursor."""
        key = self.table.cursor_key
        return self._versions.get(int(key)) if key else None

    # -- what the table tells

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show what the version changed."""
        event.stop()
        self._show_change()
        self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into the change."""
        event.stop()
        self.page.focus()

    def on_table_marks_changed(self, event: Table.MarksChanged) -> None:
        """Offer to compare as soon as two are marked."""
        event.stop()
        self.refresh_bindings()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer what makes sense for the versions there are."""
        if action == "compare":
            return len(self._versions) > 1
        if action == "bring_back":
            return self._older is not None
        return True

    @property
    def _older(self) -> V | None:
        """The version under the cursor, where it is not the newest."""
        chosen = self.chosen
        if chosen is None or self.number_of(chosen) == max(self._versions):
            return None
        return chosen

    def action_compare(self) -> None:
        """Show what differs between the marked versions, or the chosen one and the newest."""
        marked = sorted(int(key) for key in self.table.marked)
        if not marked and self._older is not None:
            marked = [self.number_of(self._older), max(self._versions)]
        if len(marked) != 2:
            toast(self.app, "Mark two versions with space, then c.")
            return
        older, newer = (self._versions[number] for number in marked)
        self.page.show(partial(self._comparison, older, newer))
        self.page.focus()

    def action_bring_back(self) -> None:
        """Make the version under the cursor the newest."""
        if (version := self._older) is not None:
            self.post_message(RestoreAsked(self.number_of(version)))

    # -- what is under the list

    def _show_change(self) -> None:
        version = self.chosen
        if version is None:
            self.page.show(None)
        else:
            before = self._versions.get(self.number_of(version) - 1)
            self.page.show(partial(self._change, before, version))

    def _change(self, before: V | None, version: V, width: int) -> list[Content]:
        lines: list[Content] = [heading(f"Version {self.number_of(version)}", width)]
        for line in self.about(version):
            lines += line.wrap(width)
        lines.append(Content(""))
        if before is None:
            return [*lines, *map(Content, self.text_of(version))]
        changed = self.difference(before, version)
        if not changed:
            return [*lines, Content.styled("The same as the version before.", "$text-muted")]
        return [*lines, *map(_diff_line, changed)]

    def _comparison(self, older: V, newer: V, width: int) -> list[Content]:
        numbers = self.number_of(older), self.number_of(newer)
        title = heading(f"From version {numbers[0]} to version {numbers[1]}", width)
        changed = self.difference(older, newer)
        if not changed:
            return [title, Content.styled("They are the same.", "$text-muted")]
        return [title, *map(_diff_line, changed)]


def _diff_line(line: str) -> Content:
    if line.startswith("@@"):
        return Content.styled("┄┄┄", "$text-muted")
    style = {"+": "$text-success", "-": "$text-error"}.get(line[:1], "")
    return Content.styled(line, style) if style else Content(line)
