"""How a dashboard is laid out: widgets in an order, each so many columns wide and lines high.

The screen is twelve columns; widgets flow from left to right and wrap. All changes are
pure: they take a layout and return another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from quant_tui.domain.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from quant_tui.domain.base import Document  # pydantic would delay the first paint

COLUMNS = 12
WIDTHS = (3, 4, 6, 8, 9, 12)
"""Columns that a widget may take."""

LEAST_HEIGHT, MOST_HEIGHT = 4, 60
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class WidgetPlace:
    """One widget of a layout.

    Attributes
    ----------
    id
        Tells it from the others of the dashboard.
    kind
        What it shows: ``watchlist``, ``chart`` …
    width
        Columns out of twelve, one of :data:`WIDTHS`.
    height
        Lines with its frame, 4 to 60.
    settings
        What it shows of that kind: a symbol, a list.
    """

    id: str
    kind: str
    width: int = 6
    height: int = 10
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DashboardLayout:
    """Widgets under one name, in their order on the screen."""

    name: str
    widgets: tuple[WidgetPlace, ...] = ()

    def add(self, widget: WidgetPlace, *, after: str = "") -> DashboardLayout:
        """Return it with one more widget, behind the one named or at the end."""
        at = self._at(after) + 1 if after else len(self.widgets)
        return replace(self, widgets=(*self.widgets[:at], widget, *self.widgets[at:]))

    def remove(self, widget_id: str) -> DashboardLayout:
        """Return it without a widget."""
        at = self._at(widget_id)
        return replace(self, widgets=self.widgets[:at] + self.widgets[at + 1 :])

    def move(self, widget_id: str, steps: int) -> DashboardLayout:
        """Return it with a widget earlier (negative) or later in the order."""
        at = self._at(widget_id)
        others = self.widgets[:at] + self.widgets[at + 1 :]
        to = max(0, min(len(others), at + steps))
        return replace(self, widgets=(*others[:to], self.widgets[at], *others[to:]))

    def widen(self, widget_id: str, steps: int) -> DashboardLayout:
        """Return it with a widget wider, or narrower, by steps of :data:`WIDTHS`."""
        one = self.widgets[self._at(widget_id)]
        at = WIDTHS.index(one.width) + steps
        return self.put(replace(one, width=WIDTHS[max(0, min(len(WIDTHS) - 1, at))]))

    def heighten(self, widget_id: str, lines: int) -> DashboardLayout:
        """Return it with a widget higher, or lower, by lines."""
        one = self.widgets[self._at(widget_id)]
        return self.put(
            replace(one, height=max(LEAST_HEIGHT, min(MOST_HEIGHT, one.height + lines)))
        )

    def put(self, widget: WidgetPlace) -> DashboardLayout:
        """Return it with a widget changed; the id says which."""
        at = self._at(widget.id)
        return replace(self, widgets=(*self.widgets[:at], widget, *self.widgets[at + 1 :]))

    def _at(self, widget_id: str) -> int:
        for at, one in enumerate(self.widgets):
            if one.id == widget_id:
                return at
        raise NotFound(f"There is no widget {widget_id!r} on the dashboard {self.name!r}.")


@dataclass(frozen=True, slots=True)
class DashboardState:
    """All layouts of a user, and which of them is shown.

    Attributes
    ----------
    layouts
        At least one; names differ.
    active
        Name of the one shown.
    """

    layouts: tuple[DashboardLayout, ...]
    active: str
    made: int = 0
    """Widgets made so far, so that ids are never given twice."""

    @property
    def shown(self) -> DashboardLayout:
        """The layout shown."""
        return next(one for one in self.layouts if one.name == self.active)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layouts, in their order."""
        return tuple(one.name for one in self.layouts)

    def put(self, layout: DashboardLayout) -> DashboardState:
        """Return it with a layout changed; the name says which."""
        return replace(
            self,
            layouts=tuple(layout if one.name == layout.name else one for one in self.layouts),
        )

    def show(self, name: str) -> DashboardState:
        """Return it with another layout shown.

        Raises
        ------
        NotFound
            When there is none of that name.
        """
        if name not in self.names:
            raise NotFound(
                f"There is no layout {name!r}.", hint=f"There are {', '.join(self.names)}."
            )
        return replace(self, active=name)

    def next_id(self) -> tuple[DashboardState, str]:
        """Return an id that no widget has had, and the state that remembers it."""
        return replace(self, made=self.made + 1), f"w{self.made + 1}"

    def add_layout(self, name: str, *, like: DashboardLayout | None = None) -> DashboardState:
        """Return it with one more layout, which is shown.

        Parameters
        ----------
        name
            1 to 40 characters, not taken.
        like
            A layout whose widgets it begins with.

        Raises
        ------
        InvalidInput
            When the name cannot be used.
        """
        name = self.checked_name(name)
        state, widgets = self, []
        for one in like.widgets if like else ():
            state, widget_id = state.next_id()
            widgets.append(replace(one, id=widget_id))
        made = DashboardLayout(name, tuple(widgets))
        return replace(state, layouts=(*self.layouts, made), active=name)

    def rename(self, name: str, to: str) -> DashboardState:
        """Return it with a layout under another name.

        Raises
        ------
        InvalidInput
            When the name cannot be used.
        """
        if name == to:
            return self
        to = self.checked_name(to)
        return replace(
            self,
            layouts=tuple(
                replace(one, name=to) if one.name == name else one for one in self.layouts
            ),
            active=to if self.active == name else self.active,
        )

    def remove_layout(self, name: str) -> DashboardState:
        """Return it without a layout.

        Raises
        ------
        InvalidInput
            When it is the last one.
        """
        if len(self.layouts) == 1:
            raise InvalidInput(
                "The last layout cannot be deleted.", field="layout", hint="Make another first."
            )
        at = self.names.index(name)
        left = self.layouts[:at] + self.layouts[at + 1 :]
        active = left[min(at, len(left) - 1)].name if self.active == name else self.active
        return replace(self, layouts=left, active=active)

    def checked_name(self, name: str) -> str:
        """Return a name for a layout as it is kept.

        Raises
        ------
        InvalidInput
            When it is empty, too long, or taken.
        """
        name = " ".join(name.split())
        if not name:
            raise InvalidInput("A layout needs a name.", field="name")
        if len(name) > LONGEST_NAME:
            raise InvalidInput(f"The name is longer than {LONGEST_NAME} characters.", field="name")
        if name in self.names:
            raise InvalidInput(f"There is a layout {name!r} already.", field="name")
        return name


def first_state() -> DashboardState:
    """Return what a new user sees."""
    widgets = (
        WidgetPlace("w1", "watchlist", 8, 11),
        WidgetPlace("w2", "freshness", 4, 11),
        WidgetPlace("w3", "chart", 8, 12),
        WidgetPlace("w4", "portfolio", 4, 12),
        WidgetPlace("w5", "backtests", 8, 9),
        WidgetPlace("w6", "jobs", 4, 9),
    )
    research = (
        WidgetPlace("w7", "economic", 6, 12),
        WidgetPlace("w8", "news", 6, 12),
        WidgetPlace("w9", "models", 6, 8),
        WidgetPlace("w10", "alerts", 6, 8),
    )
    layouts = (DashboardLayout("Trading", widgets), DashboardLayout("Research", research))
    return DashboardState(layouts, "Trading", made=10)


def to_documents(state: DashboardState) -> tuple[Document, list[Document]]:
    """Return ``layout`` and ``widgets`` as the Dashboard entity keeps them."""
    layout: Document = {"active": state.active, "names": [*state.names], "made": state.made}
    widgets: list[Document] = [
        {
            "id": one.id,
            "layout": kept.name,
            "kind": one.kind,
            "width": one.width,
            "height": one.height,
            "settings": dict(one.settings),
        }
        for kept in state.layouts
        for one in kept.widgets
    ]
    return layout, widgets


def from_documents(layout: Document, widgets: Sequence[Document]) -> DashboardState:
    """Return the layouts of a Dashboard entity; what another program left out is mended."""
    names = [str(one) for one in layout.get("names", ())]
    names = [*dict.fromkeys([*names, *(str(one.get("layout", "")) for one in widgets)])]
    names = [name for name in names if name]
    if not names:
        return first_state()
    layouts = tuple(
        DashboardLayout(
            name,
            tuple(_place(one) for one in widgets if str(one.get("layout", "")) == name),
        )
        for name in names
    )
    active = str(layout.get("active", ""))
    return DashboardState(
        layouts,
        active if active in names else names[0],
        max(int(layout.get("made", 0)), len(widgets)),
    )


def _place(one: Document) -> WidgetPlace:
    wished = int(one.get("width", 6))
    return WidgetPlace(
        id=str(one.get("id", "")),
        kind=str(one.get("kind", "")),
        width=min(WIDTHS, key=lambda width: abs(width - wished)),
        height=max(LEAST_HEIGHT, min(MOST_HEIGHT, int(one.get("height", 10)))),
        settings={str(key): str(value) for key, value in dict(one.get("settings", {})).items()},
    )
