"""The dashboard: cards in the order of the layout, brought up to date by what happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from quant_tui.domain.errors import InvalidInput
from quant_tui.services.dashboard_layout import (
    DashboardLayout,
    DashboardState,
    WidgetPlace,
    first_state,
)
from quant_tui.ui.commands import Command
from quant_tui.ui.screens.dashboard.card import Card
from quant_tui.ui.screens.dashboard.content import Cause
from quant_tui.ui.screens.dashboard.flow import Cards
from quant_tui.ui.screens.dashboard.layout_line import LayoutLine
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from textual.timer import Timer

    from quant_tui.services.arrivals import BarsArrived
    from quant_tui.services.composition import Services

CLOCK_SECONDS = 30.0
"""How often what changes with time alone is looked at."""

REFRESH_SECONDS = 0.5
"""Least time between two looks of the same kind: live figures change at most twice a second."""

EMPTY = Notice(
    "An empty layout",
    "Put widgets on it: watchlists, charts, runs, the portfolio, news, jobs.",
    (("n", "Add a widget"), ("L", "Layouts: choose another")),
)
ARRANGING = "arranging: ← → move  + - width  ↑ ↓ height"

Change = Callable[[DashboardLayout], DashboardLayout]


class Dashboard(Workspace):
    """The workspace of one's own layout."""

    BINDING_GROUP_TITLE = "Dashboard"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next(1)", "Next widget", id="dashboard.next", tooltip="To the next widget"),
        Binding("shift+tab", "next(-1)", "Previous widget", id="dashboard.previous", show=False,
                tooltip="To the widget before"),
        Binding("n", "add", "Add", id="dashboard.add", tooltip="Put another widget on"),
        Binding("e", "edit", "Settings", id="dashboard.edit", tooltip="What the widget shows"),
        Binding("d", "remove", "Remove", id="dashboard.remove", tooltip="Take the widget off"),
        Binding("a", "arrange", "Arrange", id="dashboard.arrange",
                tooltip="Move the widget and change its size with the arrows"),
        Binding("L", "layouts", "Layouts", id="dashboard.layouts",
                tooltip="Show, make, rename or delete a layout"),
        Binding("r", "refresh_all", "Refresh", id="dashboard.refresh", show=False,
                tooltip="Fetch everything again"),
        Binding("left,h", "move(-1)", "Move", id="dashboard.earlier", key_display="←→",
                priority=True, tooltip="While arranging: the widget one place earlier"),
        Binding("right,l", "move(1)", "Later", id="dashboard.later", show=False, priority=True,
                tooltip="While arranging: the widget one place later"),
        Binding("plus,equals_sign", "widen(1)", "Width", id="dashboard.wider", key_display="+-",
                priority=True, tooltip="While arranging: wider"),
        Binding("minus", "widen(-1)", "Narrower", id="dashboard.narrower", show=False,
                priority=True, tooltip="While arranging: narrower"),
        Binding("down,j", "heighten(1)", "Height", id="dashboard.higher", key_display="↑↓",
                priority=True, tooltip="While arranging: one line higher"),
        Binding("up,k", "heighten(-1)", "Lower", id="dashboard.lower", show=False, priority=True,
                tooltip="While arranging: one line lower"),
        Binding("escape,enter", "done", "Done", id="dashboard.done", priority=True,
                tooltip="End arranging"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.state: DashboardState = first_state()
        self.layout_line = LayoutLine()
        self.cards = Cards(id="cards", can_focus=False)
        self.empty = MessagePanel(EMPTY, id="dashboard-empty")
        self.arranging = False
        self._laying_out = asyncio.Lock()
        self._before: DashboardState | None = None
        self._causes: set[Cause] = set()
        self._soon: Timer | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._jobs_seen: tuple[tuple[int, str], ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out the names of the layouts, and the cards."""
        yield self.layout_line
        yield self.cards
        yield self.empty

    # -- what is shown

    async def load(self, services: Services) -> None:
        """Fetch the layout; every card then fetches its own."""
        if services.user is None:
            await self._show_layout()
            return  # once somebody is signed in, everything is fetched again
        self.state = await services.dashboards.load()
        if self._stop_listening is None:
            self._stop_listening = services.arrivals.subscribe(self._bars_arrived)
        await self._show_layout()

    def shown(self) -> None:
        """Look at everything again: much may have happened elsewhere."""
        for card in self.card_list:
            self._fill(card)

    def focus_first(self) -> None:
        """Give the keys to the first card."""
        cards = self.card_list
        if cards:
            cards[0].focus(scroll_visible=False)
        else:
            self.empty.focus()

    async def on_mount(self) -> None:
        """Begin to look at the clock."""
        self.set_interval(CLOCK_SECONDS, partial(self._wake, "clock"))

    def on_unmount(self) -> None:
        """Hear of nothing any more."""
        if self._stop_listening is not None:
            self._stop_listening()

    @property
    def card_list(self) -> list[Card]:
        """The cards, in their order."""
        return list(self.cards.query_children(Card))

    @property
    def card(self) -> Card | None:
        """The card that has the keys."""
        return next((card for card in self.card_list if card.has_keys), None)

    async def _show_layout(self) -> None:
        """Put on the cards that the layout names, keeping those that stay."""
        async with self._laying_out:  # one at a time, the last by the newest state
            await self._lay_out()

    async def _lay_out(self) -> None:
        shown = self.state.shown
        with self.app.batch_update():
            wanted = {one.id: one for one in shown.widgets}
            there = {card.place.id: card for card in self.card_list}
            gone = [card for widget_id, card in there.items() if widget_id not in wanted]
            if any(card.has_keys for card in gone):
                # Textual would give the keys to what stands beside, and scroll there
                self.screen.set_focus(None)
            await self.cards.remove_children(gone)
            new = [Card(one) for one in shown.widgets if one.id not in there]
            if new:
                await self.cards.mount_all(new)
            by_id = {card.place.id: card for card in self.card_list}
            for at, one in enumerate(shown.widgets):
                card = by_id[one.id]
                card.place = one
                if self.card_list[at] is not card:
                    self.cards.move_child(card, before=at)
            self.cards.display = bool(shown.widgets)
            self.empty.display = not shown.widgets
            self._head()
            self.cards.refresh(layout=True)
        for card in new:
            self._fill(card)

    def _head(self) -> None:
        hint = ARRANGING if self.arranging else ""
        self.layout_line.show(self.state.names, self.state.active, hint)

    def _fill(self, card: Card) -> None:
        if self.ready and self.services.user is not None:
            self.spawn(
                partial(card.fill, self.services, partial(self._fill, card)),
                group=f"card-{card.place.id}",
                exclusive=True,
            )

    # -- what happens elsewhere

    def _bars_arrived(self, _arrived: BarsArrived) -> None:
        self._wake("bars")

    def jobs_changed(self) -> None:
        """Look at the jobs; what they made has changed when one of them ended."""
        jobs = tuple((job.id, str(job.status)) for job in self.host.job_watch.jobs)
        if jobs != self._jobs_seen:
            self._jobs_seen = jobs
            self._wake("jobs")

    def _wake(self, cause: Cause) -> None:
        self._causes.add(cause)
        if self._soon is None and self.loaded:
            self._soon = self.set_timer(REFRESH_SECONDS, self._look)

    def _look(self) -> None:
        self._soon = None
        causes, self._causes = self._causes, set()
        if not self.has_class("-front"):
            return  # everything is looked at when it comes to the front
        for card in self.card_list:
            if causes & card.source.wakes_on:
                self._fill(card)

    # -- changes

    def _change(self, change: Change, *, focus: str = "") -> None:
        self._take(self.state.put(change(self.state.shown)), focus=focus)

    def _take(self, state: DashboardState, *, focus: str = "") -> None:
        other = state.active != self.state.active
        self.state = state
        self.spawn(partial(self._take_now, focus, other), group="layout", keys_wait=True)

    async def _take_now(self, focus: str, other: bool = False) -> None:
        await self._show_layout()
        if other:
            self.cards.scroll_home(animate=False)
            self.focus_first()
        elif (card := self._card_of(focus)) is not None:
            card.focus()
        elif self.card is None:
            self.focus_first()
        if not self.arranging:
            await self.services.dashboards.save(self.state)
        self.refresh_bindings()

    def _card_of(self, widget_id: str) -> Card | None:
        return next((card for card in self.card_list if card.place.id == widget_id), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in ("move", "widen", "heighten", "done"):
            return self.arranging and not self.screen.is_modal
        if action in ("edit", "remove", "arrange"):
            return self.card is not None
        return super().check_action(action, parameters)

    def action_next(self, steps: int) -> None:
        """Give the keys to another card."""
        cards = self.card_list
        if not cards:
            return
        at = next((i for i, card in enumerate(cards) if card.has_keys), -1)
        card = cards[(at + steps) % len(cards)]
        card.focus()
        card.scroll_visible(animate=False)
        if self.arranging:
            self._mark_arranged(card)

    def action_refresh_all(self) -> None:
        """Fetch everything again."""
        self.shown()

    def action_add(self) -> None:
        """Put another widget on."""
        self.spawn(self._add, keys_wait=True)

    async def _add(self) -> None:
        from quant_tui.ui.screens.dashboard.dialogs import KindPicker
        from quant_tui.ui.screens.dashboard.kinds import BY_CODE

        code = await self.host.push_screen_wait(KindPicker())
        if not code:
            return
        kind = BY_CODE[code]
        state, widget_id = self.state.next_id()
        after = self.card.place.id if self.card else ""
        place = WidgetPlace(widget_id, code, kind.width, kind.height)
        self._take(state.put(state.shown.add(place, after=after)), focus=widget_id)

    def action_edit(self) -> None:
        """Choose what the widget shows."""
        if (card := self.card) is not None:
            self.spawn(partial(self._edit, card), keys_wait=True)

    async def _edit(self, card: Card) -> None:
        from quant_tui.ui.screens.dashboard.dialogs import WidgetSettings

        choices = await card.source.choices(self.services)
        if not choices:
            self.toast(f"“{card.heading}” has nothing to choose.")
            return
        settings = await self.host.push_screen_wait(
            WidgetSettings(card.heading, choices, card.place.settings)
        )
        if settings is None:
            return
        self._change(lambda layout: layout.put(replace(card.place, settings=settings)))
        await self._take_now(card.place.id)
        self._fill(card)

    def action_remove(self) -> None:
        """Take the widget off; ``u`` brings it back."""
        if (card := self.card) is None:
            return
        before = self.state
        self._change(lambda layout: layout.remove(card.place.id))
        self.offer_undo(f"{card.heading} removed", partial(self._restore, before))

    async def _restore(self, state: DashboardState) -> None:
        self.state = state
        await self._take_now("")

    def action_arrange(self) -> None:
        """Begin arranging, or end it."""
        if self.arranging:
            self.action_done()
            return
        if (card := self.card) is None:
            return
        self.arranging, self._before = True, self.state
        self._mark_arranged(card)

    def _mark_arranged(self, chosen: Card | None) -> None:
        for card in self.card_list:
            card.set_class(card is chosen, "-arranged")
        self._head()
        self.refresh_bindings()

    def action_done(self) -> None:
        """End arranging, and keep the layout; ``u`` takes it back."""
        before, self._before = self._before, None
        self.arranging = False
        self._mark_arranged(None)
        if before is not None and before != self.state:
            self.spawn(partial(self.services.dashboards.save, self.state), group="layout")
            self.offer_undo("Layout changed", partial(self._restore, before))

    def _arrange(self, change: Callable[[DashboardLayout, str], DashboardLayout]) -> None:
        if (card := self.card) is not None:
            widget_id = card.place.id
            self._change(lambda layout: change(layout, widget_id), focus=widget_id)

    def action_move(self, steps: int) -> None:
        """Put the widget earlier or later."""
        self._arrange(lambda layout, widget_id: layout.move(widget_id, steps))

    def action_widen(self, steps: int) -> None:
        """Make the widget wider or narrower."""
        self._arrange(lambda layout, widget_id: layout.widen(widget_id, steps))

    def action_heighten(self, lines: int) -> None:
        """Make the widget higher or lower."""
        self._arrange(lambda layout, widget_id: layout.heighten(widget_id, lines))

    # -- layouts

    def action_layouts(self) -> None:
        """Choose among the layouts."""
        self.spawn(self._layouts, keys_wait=True)

    async def _layouts(self) -> None:
        from quant_tui.ui.screens.dashboard.dialogs import LayoutPicker

        listed = [(one.name, len(one.widgets)) for one in self.state.layouts]
        what, name = await self.host.push_screen_wait(LayoutPicker(listed, self.state.active))
        if what == "show":
            self._take(self.state.show(name))
        elif what == "delete":
            before = self.state
            self._take(self.state.remove_layout(name))
            self.offer_undo(f"Layout {name} deleted", partial(self._restore, before))
        elif what:
            await self._name_layout(what, name)

    async def _name_layout(self, what: str, name: str) -> None:
        from quant_tui.ui.screens.dashboard.dialogs import LayoutName

        def wrong(text: str) -> str:
            if what == "rename" and text == name:
                return ""
            try:
                self.state.checked_name(text)
            except InvalidInput as error:
                return error.message
            return ""

        titles = {"new": "New layout", "copy": f"Copy of {name}", "rename": f"Rename {name}"}
        start = name if what == "rename" else ""
        named = await self.host.push_screen_wait(LayoutName(titles[what], start, wrong))
        if not named:
            return
        if what == "rename":
            self._take(self.state.rename(name, named))
            return
        like = next((one for one in self.state.layouts if one.name == name), None)
        self._take(self.state.add_layout(named, like=like if what == "copy" else None))

    def on_layout_line_chosen(self, event: LayoutLine.Chosen) -> None:
        """Show the layout that was clicked."""
        event.stop()
        if event.name != self.state.active:
            self._take(self.state.show(event.name))

    def on_card_opened(self, event: Card.Opened) -> None:
        """Go to where the card leads."""
        event.stop()
        self.switch_to(event.place.code, target=event.place.target)

    def commands(self) -> Iterable[Command]:
        """Offer every layout."""
        for name in self.state.names:
            yield Command(
                f"dashboard: {name}", "Show this layout", partial(self._show_from_anywhere, name)
            )

    def _show_from_anywhere(self, name: str) -> None:
        self.switch_to("dashboard")
        self._take(self.state.show(name))
