"""Two parameters as a map: the middle value of every cell, the plateau marked."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.optimise.curves import BEST, LEGEND, OTHER, PLATEAU, SUGGESTED, kind_of
from quant_tui.ui.screens.optimise.standing import ONE_PARAMETER, nothing_to_draw
from quant_tui.ui.screens.optimise.view import StudyView, write_value
from quant_tui.ui.widgets.heat_map import HeatColumn, HeatData, HeatMap
from quant_tui.ui.widgets.message_panel import MessagePanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from quant_tui.domain.base import Document

ROWS = 40
"""Most rows of the map."""


class Levels:
    """The rows or columns of a map: every value, or stretches of them where there are many.

    Parameters
    ----------
    values
        Of the parameter, over the trials.
    most
        Most levels.
    choices
        In their order, of a parameter that is a choice.
    """

    def __init__(self, values: Sequence[object], most: int, choices: Sequence[object] = ()) -> None:
        self._known = list(choices) or sorted(set(values), key=_order)
        every = max(1, -(-len(self._known) // max(1, most)))
        self._group = {write_value(one): at // every for at, one in enumerate(self._known)}
        self.titles = [
            _title(self._known[at : at + every]) for at in range(0, len(self._known), every)
        ]

    def __call__(self, value: object) -> int:
        """Return the level of a value."""
        return self._group[write_value(value)]


def _order(value: object) -> float:
    return float(cast("float", value))


def _title(values: Sequence[object]) -> str:
    return write_value(values[0])


def pairs_of(view: StudyView) -> list[tuple[str, str]]:
    """Return the pairs of parameters, the most important first."""
    return list(combinations(view.names, 2))


def heat_data(view: StudyView, pair: tuple[str, str], columns: int) -> HeatData | None:
    """Return the map of two parameters: one down, the other across.

    Parameters
    ----------
    columns
        Most columns that there is room for.
    """
    down, across = pair
    trials = [one for one in view.usable if down in one.params and across in one.params]
    if not trials:
        return None
    space = view.report.study.parameter_space
    rows = Levels([one.params[down] for one in trials], ROWS, _choices(space, down))
    cells = Levels([one.params[across] for one in trials], columns, _choices(space, across))
    found: dict[tuple[int, int], list[float]] = defaultdict(list)
    marks: dict[tuple[int, int], str] = {}
    strength = {OTHER: 0, PLATEAU: 1, BEST: 2, SUGGESTED: 3}
    values = view.values(trials)
    for trial, value in zip(trials, values, strict=True):
        place = rows(trial.params[down]), cells(trial.params[across])
        found[place].append(value)
        mark = kind_of(view, trial)
        if strength[mark] > strength.get(marks.get(place, OTHER), 0):
            marks[place] = mark
    middle = {place: median(many) for place, many in found.items()}
    base = median(middle.values())
    strong = max((abs(one - base) for one in middle.values()), default=0.0) or 1.0
    goal = view.goal

    def write(value: float, width: int) -> str:
        text = goal.write(value)
        return text if len(text) < width else fmt.number(value, 1)[:width]

    def read_out(row: int, column: int) -> str:
        place = f"{down} {rows.titles[row]}, {across} {cells.titles[column]}: "
        many = found.get((row, column))
        if not many:
            return place + "no trial"
        best = max(many) if goal.sign > 0 else min(many)
        text = f"median {goal.write(middle[row, column])} of {len(many)}, best {goal.write(best)}"
        mark = {PLATEAU: "plateau", BEST: "best trial", SUGGESTED: "suggested"}
        is_what = mark.get(marks.get((row, column), ""), "")
        return place + text + (f"  {marks[row, column]} {is_what}" if is_what else "")

    start = next((place for place, mark in marks.items() if mark == SUGGESTED), None)
    return HeatData(
        labels=rows.titles,
        columns=[HeatColumn(title[:6], strong) for title in cells.titles],
        values=[
            [middle.get((row, column)) for column in range(len(cells.titles))]
            for row in range(len(rows.titles))
        ],
        write=write,
        read_out=read_out,
        base=base,
        marks=marks,
        start=start,
    )


def _choices(space: Document, name: str) -> Sequence[object]:
    return list((space.get(name) or {}).get("choices") or ())


class HeatPart(Vertical):
    """The map of a pair of parameters; ``tab`` takes the next pair."""

    DEFAULT_CSS = """
    HeatPart {
        height: 1fr;
        & > #map-pair { height: 1; }
        & > MessagePanel { display: none; }
        &.-none > HeatMap, &.-none > #map-pair { display: none; }
        &.-none > MessagePanel { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next(1)", "Next pair", id="map.next",
                tooltip="Map of the next pair of parameters"),
        Binding("shift+tab", "next(-1)", "Previous pair", id="map.previous", show=False,
                tooltip="Map of the previous pair of parameters"),
    ]  # fmt: skip

    def __init__(self, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.map = HeatMap()
        self.pair = Static("", id="map-pair", markup=False)
        self.panel = MessagePanel()
        self._view: StudyView | None = None
        self._at = 0
        self._columns = 0

    def compose(self) -> ComposeResult:
        """Lay out the pair's names, the map, and the panel that stands in for it."""
        yield self.pair
        yield self.map
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to the map."""
        (self.panel if self.has_class("-none") else self.map).focus()

    async def show_view(self, view: StudyView) -> None:
        """Show a study."""
        self._view = view
        await self._show()

    async def _show(self) -> None:
        view = self._view
        if view is None:
            return
        pairs, self._columns = pairs_of(view), self._room
        self._at = min(self._at, max(0, len(pairs) - 1))
        data = None
        if pairs:
            data = await asyncio.to_thread(heat_data, view, pairs[self._at], self._columns)
        had_focus = self.has_focus_within
        self.set_class(data is None, "-none")
        if data is None:
            self.panel.show(nothing_to_draw(view) if pairs else ONE_PARAMETER)
        if pairs:
            down, across = pairs[self._at]
            text = Content.assemble(
                ("down ", "$text-muted"), (down, "bold"),
                ("  across ", "$text-muted"), (across, "bold"),
                (f"  median {view.goal.title}  {LEGEND}", "$text-muted"),
            )  # fmt: skip
            self.pair.update(text)
        self.map.show(data)
        if had_focus:
            self.focus_first()

    @property
    def _room(self) -> int:
        return max(3, (max(40, self.size.width or 78) - 8) // 7)

    async def on_resize(self, event: events.Resize) -> None:
        """Show as many columns as there is room for."""
        del event
        if self._room != self._columns:
            await self._show()

    async def action_next(self, steps: int) -> None:
        """Show the next or previous pair; it goes round."""
        if self._view is not None and (pairs := pairs_of(self._view)):
            self._at = (self._at + steps) % len(pairs)
            await self._show()
