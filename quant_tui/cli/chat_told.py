"""What an answer of the chat tells, printed: its text on stdout, what stands beside on stderr."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence

from quant_tui.cli.output import print_json
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.domain.errors import LanguageModelError
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.genai.tools import Proposal
from quant_tui.services.chat_events import (
    AnswerEnded,
    AnswerFailed,
    AnswerText,
    ChatEvent,
    ProposalDecided,
    ProposalMade,
    Retrying,
    ToolAnswered,
    ToolCalled,
    Trimmed,
)
from quant_tui.services.chat_export import unmatched
from quant_tui.services.chat_markdown import unescaped
from quant_tui.services.chat_tool_use import open_proposals

_DECIDED = {
    "approved": "✓ Done",
    "started": "✓ Started",
    "rejected": "Left as it was",
    "failed": "✗ Not done",
}


class Told:
    """What an answer tells, printed as it comes: its text on stdout, the rest on stderr.

    Attributes
    ----------
    by_program
        Whether no model writes the answer: what Markdown needs escaped is shown as it is.
    decides
        Whether somebody is there to decide what it proposes.
    proposals
        What waits to be decided.
    decided
        What became of proposals, by their ids: ``approved``, ``rejected`` or ``failed``.
    """

    def __init__(self, *, quiet: bool, by_program: bool = False) -> None:
        self._quiet = quiet
        self._by_program = by_program
        self._in_line = False
        self.decides = not quiet and sys.stdin.isatty()
        self.decided: dict[str, str] = {}
        self.proposals: list[Proposal] = []
        self._titles: dict[str, str] = {}
        self.ended: ChatMessage | None = None
        self.failed: LanguageModelError | None = None

    async def read(self, events: AsyncIterator[ChatEvent]) -> None:
        """Print until the answer has ended."""
        async for event in events:
            if isinstance(event, AnswerText):
                self._write(event.delta)
            elif isinstance(event, AnswerEnded):
                self.ended = event.message
            elif isinstance(event, AnswerFailed):
                self.failed = LanguageModelError(event.cause, hint=event.hint, title=event.title)
            else:
                self._aside(event)
        self._end_line()

    def _write(self, text: str) -> None:
        if self._quiet or not text:
            return
        sys.stdout.write(plain_lines(unescaped(text) if self._by_program else text))
        sys.stdout.flush()
        self._in_line = not text.endswith("\n")

    def _end_line(self) -> None:
        """Begin a new line, where one is not begun: stderr is the same screen."""
        if self._in_line:
            print(flush=True)
        self._in_line = False

    def propose(self, proposal: Proposal) -> None:
        """Show what waits to be decided."""
        self.proposals.append(proposal)
        self._titles[proposal.id] = proposal.title
        print(plain(proposal.title), file=sys.stderr)
        print(plain_lines(proposal.change), file=sys.stderr)

    def _aside(self, event: ChatEvent) -> None:
        self._end_line()
        if isinstance(event, ProposalMade):
            self.propose(event.proposal)
        elif isinstance(event, Retrying):
            seconds = f"{event.seconds:.0f}"
            print(f"{plain(event.reason)} Again in {seconds} s …", file=sys.stderr)
        elif isinstance(event, Trimmed):
            print(f"The first {event.left_out} messages were left out.", file=sys.stderr)
        elif isinstance(event, ToolCalled):
            print(f"→ {plain(event.name)}", file=sys.stderr)
        elif isinstance(event, ProposalDecided):
            self.decided[event.proposal_id] = event.state
            if not self._by_program:  # who says so in the answer itself
                title = self._titles.get(event.proposal_id, "")
                said = f"{_DECIDED[event.state]}: {title}" if title else _DECIDED[event.state]
                print(f"{plain(said)}.", file=sys.stderr)
        elif isinstance(event, ToolAnswered) and event.result.error:
            error = event.result.error.removeprefix(f"{event.name}: ")  # some name it themselves
            print(f"✗ {plain(event.name)}: {plain(error)}", file=sys.stderr)


def say_answer(found: ChatSession, ended: ChatMessage, *, as_json: bool) -> None:
    """Print what stands beside an answer: its text was printed as it came."""
    if waiting := open_proposals(found):
        print(what_waits(found.session_id, waiting), file=sys.stderr)
    if as_json:
        print_json({"session_id": found.session_id, "title": found.title, **to_document(ended)})
        return
    for note in ended.notes:
        print(plain(note), file=sys.stderr)
    if nowhere := unmatched(ended):
        print(plain(nowhere), file=sys.stderr)
    print(f"Session {found.session_id}", file=sys.stderr)


def what_waits(session_id: str, proposals: Sequence[Proposal]) -> str:
    """Say what is not done yet, and how to decide it."""
    titles = "; ".join(plain(one.title) for one in proposals)
    return (
        f"Not done, it waits: {titles}.\n"
        f"Decide it: quant-tui chat decide {session_id} --approve, or --reject"
    )


def to_document(message: ChatMessage) -> Document:
    """Return a message as its JSON has it."""
    return message.model_dump(mode="json", exclude={"saved_at"})


def plain_lines(text: str) -> str:
    """Return a text without what would act on the terminal; its line ends stay."""
    return "\n".join(plain(one) for one in text.split("\n"))
