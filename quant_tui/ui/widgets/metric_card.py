"""A figure with its name: the unit of a results page's first glance."""

from __future__ import annotations

from textual.containers import ItemGrid
from textual.content import Content
from textual.widget import Widget

from quant_tui.ui import format as fmt


class MetricCard(Widget):
    """One figure: name above, value below, a note beside it.

    Parameters
    ----------
    name
        What is measured, at most about 16 cells.
    value
        The figure as written; use :mod:`quant_tui.ui.format`.
    note
        A short remark in muted letters: a unit, a comparison, why it is undefined.
    role
        ``up``, ``down``, ``warning``, ``error`` or plain.
    """

    DEFAULT_CSS = """
    MetricCard { width: 1fr; height: 2; min-width: 16; padding: 0 1; }
    """

    def __init__(
        self,
        title: str,
        value: str = "–",
        note: str = "",
        role: str = "",
        *,
        id: str | None = None,  # noqa: A002 -- Textual's name
    ) -> None:
        super().__init__(id=id)
        self.title = title
        self.value = value
        self.note = note
        self.role = role

    def show(self, value: str, *, note: str = "", role: str = "") -> None:
        """Put another figure; nothing is repainted when it is the same."""
        if (value, note, role) != (self.value, self.note, self.role):
            self.value, self.note, self.role = value, note, role
            self.refresh()

    def render(self) -> Content:
        """Draw name, value, note."""
        style = {"up": "$up", "down": "$down", "warning": "$text-warning", "error": "$text-error"}
        width = self.size.width
        title = Content.styled(self.title, "$text-muted").truncate(width, ellipsis=True)
        figure = self.value
        if len(figure) > width:
            figure = fmt.shortened(figure, width) or figure
        value = Content.assemble(
            (figure, f"bold {style.get(self.role, '')}".strip()),
            "  " if self.note else "",
            (self.note, "$text-muted"),
        ).truncate(width, ellipsis=True)
        return Content("\n").join([title, value])


class MetricGrid(ItemGrid):
    """Cards in as many equal columns as the width allows."""

    DEFAULT_CSS = """
    MetricGrid { height: auto; grid-gutter: 0 1; }
    """

    def __init__(self, *cards: MetricCard, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(*cards, id=id, min_column_width=18, regular=False)
