"""What happens to a conversation on the screen while it is being answered."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from quant_tui.services.chat_events import (
    AnswerBegun,
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
from quant_tui.ui.screens.chat.items import Answer, CitationLine, ToolLine
from quant_tui.ui.screens.chat.proposal import ProposalCard
from quant_tui.ui.screens.chat.reading import Call, Proposed, Turn, arguments, turn
from quant_tui.ui.screens.chat.transcript import Transcript
from quant_tui.ui.warming import set_apart


class Answering:
    """Puts the events of one conversation into its transcript.

    Parameters
    ----------
    transcript
        Where the answer is written.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._answer: Answer | None = None
        self._calls: list[ToolLine] = []
        self._began: float | None = None
        self.note = ""

    @property
    def seconds(self) -> float | None:
        """How long the answer on its way has taken; None when there is none."""
        return None if self._began is None else monotonic() - self._began

    def expect(self) -> None:
        """Say that an answer will come."""
        self._began, self.note = monotonic(), ""

    def forget(self) -> None:
        """Say that none is on its way."""
        self._answer, self._began, self.note = None, None, ""
        self._calls = []

    async def take(self, event: ChatEvent) -> None:
        """Show what happened."""
        match event:
            case AnswerBegun(message_id, parent):
                self._transcript.name_question(parent)
                if not self._go_on(message_id):
                    await self._transcript.cut(parent, after=True)
                    await self._begin(message_id)
            case AnswerText(delta):
                self.note = ""
                answer = await self._current()
                if not answer.plain:
                    set_apart()  # to ask it, much was imported
                answer.write(delta)
            case ToolCalled(name, given):
                answer = await self._current()
                line = ToolLine(Call(name, arguments(given), ended=False), answer.message_id)
                self._calls.append(line)
                await self._transcript.add_before(line, answer)
            case ToolAnswered(name, result):
                self._answered(name, result.text, result.error)
            case ProposalMade(proposal):
                proposed = Proposed(
                    proposal.id, proposal.title, proposal.change,
                    does=proposal.permission.value,
                )  # fmt: skip
                await self._drop_call(proposal.tool)
                answer = await self._current()
                await self._transcript.add(ProposalCard(proposed, answer.message_id))
            case ProposalDecided(proposal_id, state, reason):
                self._transcript.decided(proposal_id, state, reason)
            case Retrying(seconds, reason):
                self.note = f"{reason}  ·  trying again in {seconds:.0f} s"
            case Trimmed(left_out):
                self.note = f"{left_out:,} earlier messages are left out: the context is full"
            case AnswerEnded(message):
                await self._end(turn(message))
            case AnswerFailed(title, cause, hint):
                await self._fail(" ".join(one for one in (f"{title}: {cause}", hint) if one))

    def _go_on(self, message_id: str) -> bool:
        """Take up an answer that is shown already, of which the text is told once more."""
        parts = [one for one in self._transcript.items if one.message_id == message_id]
        found = next((one for one in parts if isinstance(one, Answer)), None)
        if found is None:
            return False
        self.expect()
        self._answer, self._calls = found, [one for one in parts if isinstance(one, ToolLine)]
        found.take(replace(found.turn, text="", status="streaming"))
        return True

    async def _begin(self, message_id: str) -> Answer:
        self.expect()
        self._calls = []
        self._answer = answer = Answer(Turn(message_id, "assistant", "", status="streaming"))
        await self._transcript.add(answer)
        return answer

    async def _current(self) -> Answer:
        if self._answer is None:
            return await self._begin("")
        return self._answer

    async def _drop_call(self, name: str) -> None:
        """Take the line of a call away: its proposal says more."""
        for line in [one for one in self._calls if one.call.name == name and not one.call.ended]:
            self._calls.remove(line)
            await line.remove()

    def _answered(self, name: str, text: str, error: str) -> None:
        open_ = [one for one in self._calls if one.call.name == name and not one.call.ended]
        if open_:
            call = open_[0].call
            open_[0].show(call._replace(result=error or text, failed=bool(error), ended=True))

    async def _end(self, ended: Turn) -> None:
        (await self._current()).take(ended)
        await self._transcript.add(*(CitationLine(one, ended.id) for one in ended.cited))
        self.forget()

    async def _fail(self, error: str) -> None:
        answer = await self._current()
        answer.take(replace(answer.turn, text=answer.plain, status="failed", error=error))
        self.forget()
