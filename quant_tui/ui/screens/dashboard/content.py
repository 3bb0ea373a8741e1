"""What a widget of the dashboard shows, apart from how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.ui.widgets.chart_data import ChartData

Cause = Literal["bars", "jobs", "clock"]
"""Why a widget looks again: bars arrived, jobs went on, or half a minute passed."""


class Place(NamedTuple):
    """Where ``enter`` leads: a workspace, and what to open there."""

    code: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of a table, and how the frame is headed."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Curve:
    """A chart, and how the frame is headed."""

    title: str
    data: ChartData


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person may choose for a widget.

    Attributes
    ----------
    key, label
        Its name in the settings, and on the form.
    help_text
        What to type, and what nothing means.
    options
        Pairs of value and label to choose from; empty for free text.
    usual
        The one of them that counts until one is chosen; empty for the first.
    """

    key: str
    label: str
    help_text: str
    options: tuple[tuple[str, str], ...] = ()
    usual: str = ""

    @property
    def start(self) -> str:
        """What is shown until something is chosen."""
        return self.usual or (self.options[0][0] if self.options else "")


class Source:
    """One kind of widget.

    Attributes
    ----------
    empty
        What stands in the frame while there is nothing to show.
    columns
        Of its table; none for a chart.
    wakes_on
        What makes it look again, besides coming to the front.
    """

    empty: ClassVar[Notice] = Notice("Nothing yet")
    columns: ClassVar[tuple[Column, ...]] = ()
    wakes_on: ClassVar[frozenset[Cause]] = frozenset()

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | Curve | None:
        """Fetch what is shown; None when there is nothing."""
        raise NotImplementedError

    async def choices(self, services: Services) -> tuple[Choice, ...]:  # noqa: ARG002 -- most have none
        """Return what a person may choose for it."""
        return ()

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place | None:  # noqa: ARG002 -- most go by the row alone
        """Return where ``enter`` leads: from a row by its key, from a chart by ""."""
        return None
