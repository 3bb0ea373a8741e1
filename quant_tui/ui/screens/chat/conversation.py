"""One conversation: what was said, the field, and the lines that say how things stand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from quant_tui.domain.errors import NotFound, QuantError
from quant_tui.services import conversation
from quant_tui.services.chat_command_words import check_line
from quant_tui.ui.reporting import Guarded, report, toast
from quant_tui.ui.screens.chat.answering import Answering
from quant_tui.ui.screens.chat.ask_field import AskField
from quant_tui.ui.screens.chat.following import Following
from quant_tui.ui.screens.chat.hints import Hint, HintLines, common_start, fitting
from quant_tui.ui.screens.chat.items import Answer, Asked, CitationLine
from quant_tui.ui.screens.chat.keys import KEYS
from quant_tui.ui.screens.chat.lines import SelectionLine, State, StateLine
from quant_tui.ui.screens.chat.links import cited_by, go_if_there
from quant_tui.ui.screens.chat.notices import EMPTY, NO_MODEL
from quant_tui.ui.screens.chat.proposal import PENDING, STARTED, ProposalCard
from quant_tui.ui.screens.chat.reading import Cited, Turn, turns
from quant_tui.ui.screens.chat.started import stored_standing
from quant_tui.ui.screens.chat.transcript import Transcript
from quant_tui.ui.widgets.markdown_lines import prepare
from quant_tui.ui.widgets.markdown_text import MarkdownText
from quant_tui.ui.widgets.message_panel import MessagePanel
from quant_tui.ui.workers import has_ended

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.domain.genai import ChatSession
    from quant_tui.services.chat import ChatService, ChatState
    from quant_tui.services.chat_selection import Selection
    from quant_tui.ui.app import QuantApp

LOOKS = 0.25
"""Seconds between two looks at what is chosen beside, and at how long an answer takes."""

WARM_AFTER = 1.0
"""Seconds after it was shown that what a first question needs is imported."""


class Conversation(Guarded, Widget):
    """A transcript, and the field below it.

    Parameters
    ----------
    changed
        Called when another session is shown, or its title changed.
    """

    DEFAULT_CSS = """
    Conversation { layout: vertical; height: 1fr; width: 1fr; }
    Conversation > MessagePanel { display: none; }
    Conversation.-blank > MessagePanel { display: block; }
    Conversation.-blank > Transcript { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    @dataclass
    class Left(Message):
        """The person wants out."""

    @dataclass
    class Began(Message):
        """A session was made for the first message."""

        session_id: str

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self.transcript = Transcript()
        self.field = AskField()
        self.panel = MessagePanel(EMPTY)
        self.selection_line = SelectionLine()
        self.hint_lines = HintLines()
        self.state_line = StateLine()
        self.answering = Answering(self.transcript)
        self.session_id = ""
        self.title = ""
        self._session: ChatSession | None = None
        self._editing = ""
        self._commands: Sequence[Hint] = ()
        self._known: ChatState | None = None
        self._sending = False
        self._opening: Worker[None] | None = None
        self.following = Following(
            self.answering, spawn=self._spawn, settle=self._settle, look=self.look
        )

    def compose(self) -> ComposeResult:
        """Lay out transcript and field."""
        yield self.panel
        yield self.transcript
        yield self.selection_line
        yield self.hint_lines
        yield self.field
        yield self.state_line

    def on_mount(self) -> None:
        """Begin blank, and look around now and then."""
        self.panel.can_focus = False
        self.add_class("-blank")
        self.set_interval(LOOKS, self.look)
        self._spawn(partial(asyncio.to_thread, prepare), "prepare")
        self.look()

    @property
    def _host(self) -> QuantApp:
        return cast("QuantApp", self.app)

    @property
    def _service(self) -> ChatService | None:
        services = self._host.services
        return None if services is None or services.user is None else services.chat

    def _spawn(self, work: Callable[[], Awaitable[object]], group: str) -> Worker[None]:
        """Run work of this conversation; an error becomes a toast, a newer one ends it."""

        async def guarded() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 -- reported, and logged when it is ours
                report(self, error)

        return self.run_worker(guarded, group=group, exclusive=True, exit_on_error=False)

    @property
    def _is_busy(self) -> bool:
        """Whether a question is being sent, or answered."""
        return self._sending or self.answering.seconds is not None

    # -- which session

    def begin(self) -> None:
        """Show an empty conversation; its session is made with the first message."""
        self._opening = self._spawn(partial(self._show, None), "open")

    def open(self, session_id: str) -> None:
        """Show a session."""
        self._opening = self._spawn(partial(self._open, session_id), "open")

    async def _open(self, session_id: str) -> None:
        service = self._service
        if service is not None:
            await self._show(await service.get(session_id))

    async def _show(self, session: ChatSession | None) -> None:
        self.following.leave()
        self._session = session
        self.session_id = "" if session is None else session.session_id
        self.title = "" if session is None else session.title
        self._editing = ""
        shown = [] if session is None else turns(session)
        self.set_class(not shown, "-blank")
        await self.transcript.show(shown)
        self.field.sent = [one.text for one in shown if one.role == "user"]
        service = self._service
        if service is not None:
            await self._learn(service)
            if self.session_id in service.answering():
                self.answering.expect()
                self.following.listen(service.subscribe(self.session_id), self.session_id)
            elif any(one.unsettled for one in shown):
                self.following.watch(self.session_id)
        self.look()
        self._changed()

    def shown(self) -> None:
        """Look again: it has come to the front."""
        self.look()
        service = self._service
        if service is not None:
            self.set_timer(WARM_AFTER, service.warm)
            self._commands = [Hint(*one) for one in service.commands()]
            self._spawn(partial(self._renew, service), "state")

    async def _renew(self, service: ChatService) -> None:
        """Show anew what was said or decided in another view of this conversation."""
        key = self.session_id
        try:
            found = await service.get(key) if key else None
        except NotFound:
            found = None
        session = found if found is not None and found.is_active else None  # deleted there
        known = self._session
        same = known is None or (session is not None and session.updated_at == known.updated_at)
        leave = same or self._is_busy or not has_ended(self._opening)
        if leave or key != self.session_id:
            await self._learn(service)
            return
        had_keys = self.transcript.current is not None
        await self._show(session)
        if had_keys:
            self.focus_first()

    async def _learn(self, service: ChatService) -> None:
        """Look which model answers, and what the conversation took."""
        self._known = known = await service.state(self.session_id)
        self.panel.show(EMPTY if known.model else NO_MODEL)
        self.look()

    def focus_first(self) -> None:
        """Give the keys to a proposal that waits, or else to the field."""
        waiting = self.transcript.open_proposal
        (waiting if waiting is not None else self.field).focus(scroll_visible=waiting is not None)

    # -- the lines

    @property
    def selection(self) -> Selection | None:
        """What is chosen in the workspace beside."""
        current = self._host.stack.current
        return None if current is None or not current.ready else current.selection()

    def look(self) -> None:
        """Say anew what is chosen beside, and how things stand."""
        if not self.is_attached or not self.display:
            return
        self.selection_line.look(self.selection)
        if (services := self._host.services) is not None:
            for card in self.transcript.cards:
                card.follow(services.jobs.jobs)
        self.state_line.show(self._state())

    def _state(self) -> State:
        note = self.answering.note
        if self._editing:
            note = "changing a question  ·  esc leaves it as it was"
        return State.of(
            self._known,
            seconds=self.answering.seconds,
            note=note,
            waits=self.transcript.waiting,
            below=not self.transcript.at_end,
        )

    def action_leave_out(self) -> None:
        """Leave out what is chosen beside, or send it after all."""
        self.selection_line.leave_out()

    def action_unfold(self) -> None:
        """Show what of it is sent, or fold it again."""
        self.selection_line.unfold()

    # -- writing

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Offer the commands that fit."""
        event.stop()
        self.hint_lines.show(fitting(self.field.text, self._commands))

    def on_ask_field_completion_asked(self, event: AskField.CompletionAsked) -> None:
        """Complete as far as the commands on offer agree."""
        event.stop()
        text = self.field.text
        names = [one.insert.split(" ")[0] for one in fitting(text, self._commands)]
        if names and " " not in text:
            common = common_start(names)
            self.field.put(common + " " if len(set(names)) == 1 else common)

    def on_ask_field_sent(self, event: AskField.Sent) -> None:
        """Send a message, or change the question that is being edited."""
        event.stop()
        if self._is_busy:
            toast(self.app, "An answer is on its way: escape stops it.", severity="warning")
            return
        try:
            check_line(event.text)
        except QuantError as error:  # it stays in the field, to be corrected
            report(self, error)
            return
        self.field.remember(event.text)
        self.field.put("")
        self._sending = True
        self._spawn(partial(self._send, event.text, self._editing), "ask")

    async def _send(self, text: str, editing: str) -> None:
        try:
            await self._ask(text, editing)
        finally:
            self._sending = False

    async def _ask(self, text: str, editing: str) -> None:
        service = self._service
        if service is None:
            self.field.put(text)
            return
        self._editing = ""
        try:
            if editing:
                events = service.edit(self.session_id, editing, text)
                self.field.focus()
                await self.transcript.cut(editing)
            else:
                if not self.session_id:
                    session = await service.create()
                    await self._show(session)
                    self.post_message(self.Began(session.session_id))
                chosen = None if self.selection_line.left_out else self.selection
                events = service.ask(self.session_id, text, selection=chosen)
                sent = "" if chosen is None else f"{chosen.kind} {chosen.title}"
        except QuantError:
            self.field.put(text)
            raise
        self.remove_class("-blank")
        self.answering.expect()
        await self.transcript.add(Asked(Turn("", "user", text, sent="" if editing else sent)))
        self.transcript.scroll_to_end()
        self.following.listen(events, self.session_id)

    async def _settle(self, session_id: str) -> bool:
        """Show what became of the conversation; whether something of it is being written."""
        service = self._service
        if service is None or session_id != self.session_id:
            return False
        session = await service.get(session_id)
        if session_id != self.session_id:
            return False
        kept = turns(session)
        self.transcript.settle(kept)
        if self._session is None or self._session.updated_at != session.updated_at:
            self._session, self.title = session, session.title
            await self._learn(service)
            self.refresh_bindings()
            self._changed()
        return any(one.unsettled for one in kept)

    # -- keys

    @property
    def _turn(self) -> Turn | None:
        current = self.transcript.current
        return current.turn if isinstance(current, Asked | Answer) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for the part that has the keys."""
        turn = self._turn
        if action == "copy":
            return self.transcript.current is not None
        if action in ("retry", "branch", "edit", "other"):
            if turn is None or not turn.id or self._is_busy:
                return False
            return {"edit": turn.role == "user", "other": turn.places > 1}.get(action, True)
        return super().check_action(action, parameters)

    def on_descendant_focus(self) -> None:
        """Other keys work on another part."""
        self.refresh_bindings()

    def action_step_back(self) -> None:
        """Stop the answer; go to a proposal that waits; leave the part; leave the chat."""
        waiting = self.transcript.open_proposal
        if self._editing:
            self._editing = ""
            self.field.put("")
            self.look()
        elif self.answering.seconds is not None and self.session_id:
            self._stop()
        elif waiting is not None and self.field.has_focus:
            waiting.focus()
        elif self.field.has_focus or (waiting is not None and waiting.has_focus):
            self.post_message(self.Left())
        else:
            self.field.focus()

    def _stop(self) -> None:
        if (service := self._service) is not None:
            self._spawn(partial(service.stop, self.session_id), "stop")

    def action_retry(self) -> None:
        """Have an answer written anew; the old one stays as a branch."""
        if (turn := self._turn) is not None:
            self._spawn(partial(self._retry, turn), "ask")

    async def _retry(self, turn: Turn) -> None:
        if (service := self._service) is not None:
            events = service.retry(self.session_id, turn.id)
            self.answering.expect()
            self.field.focus()  # what has the keys now may go
            self.following.listen(events, self.session_id)

    def action_branch(self) -> None:
        """Go on from a message: what follows it stays as another branch."""
        if (turn := self._turn) is not None:
            self._spawn(partial(self._branch, turn.id), "open")

    async def _branch(self, message_id: str) -> None:
        if (service := self._service) is not None:
            await self._show(await service.branch(self.session_id, message_id))
            self.field.focus()
            toast(self.app, "The next question goes on from here; what followed is kept.")

    def action_other(self, by: int) -> None:
        """Show the branch of the message before or after at the same place."""
        if (turn := self._turn) is not None:
            self._spawn(partial(self._other, turn, by), "open")

    async def _other(self, turn: Turn, by: int) -> None:
        service, session = self._service, self._session
        if service is None or session is None:
            return
        others = [one.id for one in conversation.siblings(session, turn.id)]
        wanted = others[(others.index(turn.id) + by) % len(others)]
        await self._show(await service.choose(self.session_id, wanted))
        self.transcript.focus_on(wanted)

    def action_edit(self) -> None:
        """Put a question into the field, to be changed and sent again."""
        if (turn := self._turn) is not None:
            self._editing = turn.id
            self.field.put(turn.text)
            self.field.focus()
            self.look()

    def action_copy(self) -> None:
        """Copy the part that has the keys."""
        if (current := self.transcript.current) is not None:
            self.app.copy_to_clipboard(current.plain)
            toast(self.app, "Copied")

    def action_to_end(self) -> None:
        """Jump to the last line."""
        self.transcript.scroll_to_end()
        self.call_after_refresh(self.look)

    def action_page(self, pages: int) -> None:
        """Scroll by a page."""
        scroll = self.transcript.scroll_page_down if pages > 0 else self.transcript.scroll_page_up
        scroll(animate=False)
        self.call_after_refresh(self.look)

    # -- what the parts ask for

    def on_citation_line_followed(self, event: CitationLine.Followed) -> None:
        """Open the object that was cited."""
        event.stop()
        self._spawn(partial(self._go_to, event.cited, event.line), "open cited")

    async def _go_to(self, cited: Cited, line: CitationLine | None) -> None:
        services = self._host.services
        there = services is None or await go_if_there(self._host, services, cited)
        if not there and line is not None:
            line.say_gone()

    def on_markdown_text_link_clicked(self, event: MarkdownText.LinkClicked) -> None:
        """Open an object of ours; an address elsewhere is copied, never opened."""
        event.stop()
        if (cited := cited_by(self._host, event.address)) is not None:
            self._spawn(partial(self._go_to, cited, None), "open cited")

    def on_proposal_card_opened(self, event: ProposalCard.Opened) -> None:
        """Have it tell what became of what was started, by another process perhaps."""
        event.stop()
        card = event.card
        self._spawn(partial(self._ask_after, card), f"started {card.proposed.id}")

    async def _ask_after(self, card: ProposalCard) -> None:
        services, started = self._host.services, card.proposed.started
        if services is None or started is None:
            return
        card.follow(services.jobs.jobs)
        if not card.follows and (told := await stored_standing(services, started)):
            card.say(STARTED, told)

    def on_proposal_card_decided(self, event: ProposalCard.Decided) -> None:
        """Do, or do not, what was proposed."""
        event.stop()
        self._spawn(partial(self._decide, event.card, event.approved), "decide")

    async def _decide(self, card: ProposalCard, approved: bool) -> None:
        service = self._service
        if service is None:
            return
        try:
            events = service.decide(self.session_id, card.proposed.id, approved)
        except QuantError:
            card.say(PENDING)
            raise
        self.answering.expect()
        self.following.listen(events, self.session_id)
