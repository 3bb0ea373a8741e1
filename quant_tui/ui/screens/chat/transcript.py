"""The conversation itself: its parts below one another, with a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from quant_tui.ui.screens.chat.items import Answer, Asked, CitationLine, Item, ToolLine
from quant_tui.ui.screens.chat.proposal import DECIDING, PENDING, ProposalCard
from quant_tui.ui.screens.chat.reading import Turn

MOST_SHOWN = 24
MOST_LETTERS = 30_000
"""Messages, and characters of them, that are laid out at once: more would take long."""

STEP = 3
"""Lines that one key scrolls within a part that is higher than the view."""


class Earlier(Item):
    """Stands for the messages before those that are shown."""

    class Wanted(Message):
        """They are to be shown."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def compose(self) -> ComposeResult:
        """Say how many there are."""
        text = f"↑ {self.count:,} earlier messages  ·  enter shows them"
        yield Static(Content.styled(text, "$text-muted"))

    def open(self) -> None:
        """Ask for them."""
        self.post_message(self.Wanted())


def items_of(turn: Turn) -> Iterable[Item]:
    """Make the parts of one message."""
    if turn.role == "user":
        yield Asked(turn)
        return
    for call in turn.calls:
        if call.proposal is None or call.result:
            yield ToolLine(call, turn.id)
    if turn.text or turn.error or turn.status == "streaming" or not turn.calls:
        yield Answer(turn)
    for call in turn.calls:
        if call.proposal is not None:
            yield ProposalCard(call.proposal, turn.id)
    for one in turn.cited:
        yield CitationLine(one, turn.id)


def first_of(turns: Sequence[Turn], end: int) -> int:
    """Return where to begin so that what is shown before ``end`` is not too much at once."""
    first, letters = end, 0
    while first > 0 and end - first < MOST_SHOWN:
        letters += len(turns[first - 1].text)
        if letters > MOST_LETTERS and end - first >= 2:  # a question and its answer at least
            break
        first -= 1
    return first


class Transcript(VerticalScroll, can_focus=False):
    """Parts that scroll; it stays at its end until somebody scrolls up."""

    DEFAULT_CSS = """
    Transcript { height: 1fr; scrollbar-size-vertical: 1; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="chat.open", show=False,
                tooltip="Open what a tool gave, or the object that is cited"),
        Binding("up,k", "move(-1)", "Up", id="chat.up", show=False, tooltip="The part before"),
        Binding("down,j", "move(1)", "Down", id="chat.down", show=False,
                tooltip="The part after"),
        Binding("g,home", "end(False)", "First", id="chat.first", show=False,
                tooltip="To the first part"),
        Binding("G,end", "end(True)", "Last", id="chat.last", show=False,
                tooltip="To the last part, and stay there"),
        Binding("pageup", "page_up", "Page up", id="chat.page_up", show=False,
                tooltip="A page up"),
        Binding("pagedown", "page_down", "Page down", id="chat.page_down", show=False,
                tooltip="A page down"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._turns: Sequence[Turn] = ()
        self._first = 0

    def on_mount(self) -> None:
        """Keep to the end."""
        self.anchor()

    # -- content

    async def show(self, turns: Sequence[Turn]) -> None:
        """Show the end of a conversation."""
        self._turns = turns
        with self.app.batch_update():
            await self.remove_children()
            await self.mount_all(self._before(len(turns)))
        self.anchor()

    def _before(self, end: int) -> list[Widget]:
        """Make the parts of the messages before one, as many as are shown at once."""
        self._first = first = first_of(self._turns, end)
        items: list[Widget] = [Earlier(first)] if first else []
        return items + [item for turn in self._turns[first:end] for item in items_of(turn)]

    def settle(self, turns: Sequence[Turn]) -> None:
        """Show what became of messages that are shown already; their parts stay."""
        self._turns = turns
        by_id = {one.id: one for one in turns}
        for item in self.items:
            turn = by_id.get(item.message_id)
            if turn is not None and isinstance(item, Asked | Answer):
                item.take(turn)
        cards = {one.proposed.id: one for one in self.cards}
        for proposed in (call.proposal for one in turns for call in one.calls):
            if proposed is not None and proposed.id in cards:
                cards[proposed.id].proposed = proposed
                self.decided(proposed.id, proposed.state, proposed.reason)

    def decided(self, proposal_id: str, state: str, reason: str) -> None:
        """Show where the decision about a proposal stands.

        From a card that was decided the keys go on to the next of its answer that waits.
        """
        cards = self.cards
        for at, card in enumerate(cards):
            if card.proposed.id != proposal_id:
                continue
            card.say(state, reason)
            if card.has_focus and state not in (PENDING, DECIDING):
                others = [one for one in (*cards[at:], *cards[:at]) if one.waits]
                following = [one for one in others if one.message_id == card.message_id]
                if following:
                    following[0].take_over()

    def name_question(self, message_id: str) -> None:
        """Give the question that was just asked the id that it is kept by."""
        asked = [one for one in self.items if isinstance(one, Asked)]
        if asked and not asked[-1].message_id:
            asked[-1].message_id = message_id

    async def cut(self, message_id: str, *, after: bool = False) -> None:
        """Take away what follows a message, and without ``after`` the message too."""
        items = self.items
        at = [place for place, one in enumerate(items) if one.message_id == message_id]
        if at:
            await self.remove_children(items[at[-1] + 1 if after else at[0] :])

    def focus_on(self, message_id: str) -> None:
        """Give the keys to a message."""
        found = [one for one in self.items if one.message_id == message_id]
        if found:
            found[0].focus()

    async def on_earlier_wanted(self) -> None:
        """Show more of them; the cursor goes to the first."""
        with self.app.batch_update():
            await self.remove_children(Earlier)
            await self.mount_all(self._before(self._first), before=0)
        self.action_end(last=False)

    async def add(self, *items: Item) -> None:
        """Put parts at the end."""
        await self.mount_all(items)

    async def add_before(self, item: Item, answer: Answer) -> None:
        """Put a part before an answer that is on its way."""
        await self.mount(item, before=answer)

    @property
    def items(self) -> list[Item]:
        """The parts, in order."""
        return [one for one in self.children if isinstance(one, Item)]

    @property
    def cards(self) -> list[ProposalCard]:
        """The proposals, in order."""
        return [one for one in self.children if isinstance(one, ProposalCard)]

    @property
    def current(self) -> Item | None:
        """The part that has the keys."""
        focused = self.screen.focused
        return focused if isinstance(focused, Item) and focused.parent is self else None

    @property
    def open_proposal(self) -> ProposalCard | None:
        """The proposal that waits for the person's word."""
        return next((one for one in self.cards if one.waits), None)

    @property
    def waiting(self) -> int:
        """How many proposals wait."""
        return sum(one.waits for one in self.cards)

    @property
    def at_end(self) -> bool:
        """Whether the last line can be seen."""
        return round(self.scroll_y) >= self.max_scroll_y or self.max_scroll_y == 0

    # -- keys

    def focus_last(self) -> bool:
        """Give the keys to the last part; False when there is none."""
        items = self.items
        if items:
            items[-1].focus(scroll_visible=False)
            self.scroll_to_end()
        return bool(items)

    def scroll_to_end(self) -> None:
        """Go to the end, and stay there as more comes."""
        self.anchor()

    def action_open(self) -> None:
        """Do what the part is for."""
        if (current := self.current) is not None:
            current.open()

    def action_move(self, by: int) -> None:
        """Scroll a part that is higher than the view, or else go to the next one."""
        current, items = self.current, self.items
        if current is None:
            return
        top, bottom = current.virtual_region.y, current.virtual_region.bottom
        view_top = round(self.scroll_y)
        view_bottom = view_top + self.scrollable_content_region.height
        hidden = view_top - top if by < 0 else bottom - view_bottom
        at = items.index(current) + by
        if hidden > 0:
            self.scroll_relative(y=by * min(STEP, hidden), animate=False)
        elif 0 <= at < len(items):
            self._go_to(items[at], from_above=by > 0)

    def action_end(self, last: bool) -> None:
        """Go to the first part or the last."""
        if last:
            self.focus_last()
        elif self.items:
            self._go_to(self.items[0], from_above=True)

    def _go_to(self, item: Item, *, from_above: bool) -> None:
        item.focus(scroll_visible=False)
        region, height = item.virtual_region, self.scrollable_content_region.height
        top = round(self.scroll_y)
        wanted = top
        if from_above and region.bottom > top + height:
            wanted = min(region.y, max(top, region.bottom - height))
        elif not from_above and region.y < top:
            wanted = max(region.y, region.bottom - height)
        elif region.y < top:
            wanted = region.y
        if wanted != top:
            self.scroll_to(y=wanted, animate=False)

    def on_click(self, event: events.Click) -> None:
        """Keep the place of the click from taking the keys elsewhere."""
        event.stop()
