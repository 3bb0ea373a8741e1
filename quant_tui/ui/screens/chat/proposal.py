"""What the assistant wants to do, as a difference, until the person has decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from quant_tui.ui.screens.chat.items import Item
from quant_tui.ui.screens.chat.reading import Proposed
from quant_tui.ui.screens.chat.started import standing

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job

SIGNS = {"+": ("$up", "+ "), "-": ("$down", "- ")}
"""Style and sign of an added and a removed line."""

MEANT_SECONDS = 0.4
"""A key that comes sooner to a card that the keys went to by themselves was meant for another."""

PENDING = "pending"
DECIDING = "deciding"
DOES = {"read": "reads only", "cost": "starts a job", "write": "changes what is stored"}
"""Words for what approving does, by the permission of the tool."""

STARTED = "started"
DECISIONS = {
    "approved": "✓ done",
    STARTED: "✓ started",
    "rejected": "✗ rejected",
    "failed": "✗ not done",
    DECIDING: "… on its way",
}
"""Words for what became of a proposal."""


def difference(change: str) -> Iterable[Content]:
    """Colour a difference; the signs say the same without colour."""
    for line in change.splitlines():
        style, sign = SIGNS.get(line[:1], ("", "  "))
        text = line[1:].removeprefix(" ") if line[:1] in "+- " else line
        yield Content.styled(sign + text, style) if style else Content(sign + text)


class ProposalBox(Static):
    """The box of a card; its words can be clicked."""

    @dataclass
    class Clicked(Message):
        """The person has clicked a decision."""

        approved: bool

    def action_decide(self, approved: bool) -> None:
        """Say so."""
        self.post_message(self.Clicked(approved))


class ProposalCard(Item):
    """A proposal. ``enter`` does nothing here: it may have been meant for something else."""

    DEFAULT_CSS = """
    ProposalCard {
        margin-top: 1;
        & > .box { border: round $warning; padding: 0 1; border-title-color: $text-warning; }
        &.-decided > .box { border: round $rule; border-title-color: $text-muted; }
        &:focus > .box { border: heavy $warning; }
        &.-decided:focus > .box { border: round $rule-strong; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "decide(True)", "Approve", id="chat.approve",
                tooltip="Do what is proposed"),
        Binding("X", "decide(False)", "Reject", id="chat.reject",
                tooltip="Do not do what is proposed"),
    ]  # fmt: skip

    @dataclass
    class Decided(Message):
        """The person has decided."""

        card: ProposalCard
        approved: bool

    @dataclass
    class Opened(Message):
        """It tells of something that was started, in this process or in another."""

        card: ProposalCard

    def __init__(self, proposed: Proposed, message_id: str = "") -> None:
        super().__init__()
        self.proposed = proposed
        self.message_id = message_id
        self.state = PENDING
        self.follows = False
        """Whether a job of this process does what was started."""
        self._said: tuple[str, str] | None = None
        self._deaf_until = 0.0
        self._box = ProposalBox("", classes="box", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        yield self._box

    def on_mount(self) -> None:
        """Show what is proposed."""
        self.say(self.proposed.state, self.proposed.reason)
        if self.state == STARTED:
            self.post_message(self.Opened(self))

    def say(self, state: str, reason: str = "") -> None:
        """Show where the decision stands, and why nothing was done."""
        if self._said == (state, reason):
            return
        self._said = (state, reason)
        self.state = state
        proposed = self.proposed
        self.set_class(state != PENDING, "-decided")
        self._box.border_title = Content(f"Proposal: {proposed.title}")
        lines = list(difference(proposed.change))
        if state != PENDING:
            word = DECISIONS.get(state, state)
            lines.append(Content.styled(f"{word}: {reason}" if reason else word, "bold"))
        else:
            lines.append(
                Content.assemble(
                    Content.from_markup("[@click=decide(True)] [b $footer-key-foreground]A[/] approve [/]"),  # noqa: E501 -- one line on the screen
                    "   ",
                    Content.from_markup("[@click=decide(False)] [b $footer-key-foreground]X[/] reject [/]"),  # noqa: E501 -- one line on the screen
                    (f"   {DOES[proposed.does]}", "$text-muted"),
                )
            )  # fmt: skip
        self._box.update(Content("\n").join(lines))
        self.refresh_bindings()

    def follow(self, jobs: Sequence[Job[object]]) -> None:
        """Say how far what was started is, where one of these jobs does it."""
        if self.state == STARTED and (started := self.proposed.started) is not None:
            job = next((one for one in jobs if one.target == started.id), None)
            if job is not None:
                self.follows = True
                self.say(STARTED, standing(job))

    @property
    def plain(self) -> str:
        """The difference."""
        return self.proposed.change

    @property
    def waits(self) -> bool:
        """Whether it is still to be decided."""
        return self.state == PENDING

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the decision once."""
        return self.waits if action == "decide" else super().check_action(action, parameters)

    def take_over(self) -> None:
        """Take the keys from a card that was decided; one that was held down decides nothing."""
        self._deaf_until = monotonic() + MEANT_SECONDS
        self.focus()

    def on_proposal_box_clicked(self, event: ProposalBox.Clicked) -> None:
        """Do the same with the mouse."""
        event.stop()
        self.action_decide(event.approved)

    def action_decide(self, approved: bool) -> None:
        """Send the decision on."""
        if self.waits and monotonic() >= self._deaf_until:
            self.say(DECIDING)
            self.post_message(self.Decided(self, approved))
