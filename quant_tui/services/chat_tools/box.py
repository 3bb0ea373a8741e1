"""The box of tools of one user: permissions, proposals, and a log of every call."""

from __future__ import annotations

import asyncio
import builtins
import logging
import threading
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from pydantic import ValidationError

from quant_tui.domain.base import Document
from quant_tui.domain.cancellation import GIVEN_UP
from quant_tui.domain.errors import QuantError
from quant_tui.domain.genai import ToolCall
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.genai.delimiting import visible
from quant_tui.genai.tools import Consent, Proposal, ToolResult, ToolSpec
from quant_tui.services.chat_tools.answers import failure
from quant_tui.services.chat_tools.context import SESSION, ToolContext
from quant_tui.services.chat_tools.logged import LOGGED_CHARACTERS, logged
from quant_tui.services.chat_tools.permissions import ToolConsents
from quant_tui.services.chat_tools.registry import tools_of
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool
from quant_tui.storage.mongo.repositories import UserRepositories

READ_SECONDS = 30.0
"""How long a tool may read."""

MOST_OPEN = 100
"""Proposals that wait for an answer; older ones lapse."""

TRIMMED_EVERY = 20
"""Calls after which the log is cut to its length."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Open:
    """A proposal that waits, and the conversation that it was made in."""

    proposal: Proposal
    session_id: str


class ToolBox:
    """Tools that a language model may call for one user.

    Whatever a model answers, it reaches the services of this user alone, and nothing that
    costs or changes something happens before :meth:`approve`, which only the program calls,
    when its user has said so.
    """

    def __init__(self, context: ToolContext, repositories: UserRepositories) -> None:
        self._context = context
        self._user_id = repositories.user_id
        self._calls = repositories.tool_calls
        self._consents = ToolConsents(repositories)
        self._open: dict[str, _Open] = {}
        self._logged = 0

    @cached_property
    def _tools(self) -> dict[str, Tool]:
        """Every tool; imported at the first call, not when the program starts."""
        return tools_of(self._context)

    # -- what there is

    async def load(self) -> None:
        """Read the user's permissions."""
        await self._consents.load()

    async def _ready(self) -> None:
        """Import the tools away from the event loop: it takes a tenth of a second, once."""
        if "_tools" not in vars(self):
            await asyncio.to_thread(lambda: self._tools)

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return the tools that the user's permissions allow.

        The first call imports them: make it in a thread.
        """
        known = (tool.spec for tool in self._tools.values())
        return tuple(one for one in known if self._consents.of(one) is not Consent.NEVER)

    def permissions(self) -> dict[ToolSpec, Consent]:
        """Return every tool with what the user has decided about it."""
        return {tool.spec: self._consents.of(tool.spec) for tool in self._tools.values()}

    async def permit(self, name: str, consent: Consent) -> None:
        """Decide about a tool from now on.

        Raises
        ------
        NotFound
            There is no such tool.
        InvalidInput
            It changes something and was to be allowed without being asked.
        """
        await self._ready()
        await self._consents.change(self._tools, name, consent)

    async def log(self, limit: int = 100) -> builtins.list[ToolCall]:
        """Return the last calls, the newest first."""
        return await self._calls.list(sort=[("called_at", -1)], limit=limit)

    # -- calling

    async def call(
        self, name: str, arguments: Document, *, session_id: str = ""
    ) -> ToolResult | Proposal:
        """Call a tool as a model asks: an answer, or what it proposes.

        Never raises for what a model may get wrong: names, arguments, ids and permissions
        come back as a result with an error.
        """
        began = time.monotonic()
        await self._ready()
        tool = self._tools.get(name)
        if tool is None:
            near = did_you_mean(name, list(self._tools))
            message = f"There is no tool {name[:100]!r}. {near[:1].upper()}{near[1:]}".strip()
            return await self._failed(name, arguments, session_id, began, message, "refused")
        await self._consents.load()
        consent = self._consents.of(tool.spec)
        if consent is Consent.NEVER:
            message = f"The user does not allow {name}. Do without it."
            result = await self._failed(name, arguments, session_id, began, message, "refused")
            return replace(result, error=forbidden(tool.spec))  # the user is who reads that
        try:
            SESSION.set(session_id)
            given = _without_nulls(arguments)
            answer = await self._answer(tool, given, consent, session_id)
        except Exception as error:  # noqa: BLE001 - a model must get an answer
            message = _said(error, name)
            return await self._failed(name, arguments, session_id, began, message, "failed")
        proposed = isinstance(answer, Proposal)
        await self._record(
            name,
            arguments,
            session_id,
            began,
            outcome="proposed" if proposed else "answered",
            detail=answer.title if isinstance(answer, Proposal) else "",
            characters=len(answer.change if isinstance(answer, Proposal) else answer.text),
        )
        return answer

    def take_up(self, proposal: Proposal, session_id: str) -> None:
        """Take up a proposal that the user's own conversation keeps since an earlier run.

        It waits as if it had been made now: :meth:`approve` works it out anew and does
        nothing unless that gives the very change that was shown. One that waits already stays
        as it is.
        """
        if proposal.id not in self._open:
            self._remember(proposal, session_id)

    async def approve(self, proposal: Proposal) -> ToolResult:
        """Do what was proposed: its user has said so.

        What was remembered is done, and not what is handed in; a proposal that was decided
        already, or whose object has changed since, is refused.
        """
        began = time.monotonic()
        kept = self._take(proposal)
        if kept is None:
            return await self._undecidable(proposal, began)
        name, given = kept.proposal.tool, kept.proposal.arguments
        await self._ready()
        tool = self._tools.get(name)
        await self._consents.load()
        if tool is None:
            message = f"There is no tool {name!r} any more. Nothing was done."
            return await self._failed(name, given, kept.session_id, began, message, "refused")
        if self._consents.of(tool.spec) is Consent.NEVER:
            message = f"{tool.spec.title} is not allowed any more. Nothing was done."
            return await self._failed(name, given, kept.session_id, began, message, "refused")
        try:
            SESSION.set(kept.session_id)
            result = await self._carry_out(tool, kept)
        except Exception as error:  # noqa: BLE001 - a model must get an answer
            message = _said(error, name)
            return await self._failed(name, given, kept.session_id, began, message, "failed")
        if result.error:
            return await self._failed(name, given, kept.session_id, began, result.error, "refused")
        await self._record(
            name, given, kept.session_id, began,
            outcome="approved", detail=kept.proposal.title, characters=len(result.text),
        )  # fmt: skip
        return result

    async def reject(self, proposal: Proposal) -> ToolResult:
        """Drop what was proposed; the model is told that its user said no."""
        began = time.monotonic()
        kept = self._take(proposal)
        if kept is None:
            return await self._undecidable(proposal, began)
        await self._record(
            proposal.tool, kept.proposal.arguments, kept.session_id, began,
            outcome="rejected", detail=kept.proposal.title,
        )  # fmt: skip
        text = "The user said no. Nothing was done; do not propose the same again."
        return ToolResult(text, {"rejected": True})

    # -- inside

    async def _answer(
        self, tool: Tool, given: Document, consent: Consent, session_id: str
    ) -> ToolResult | Proposal:
        if isinstance(tool, ReadingTool):
            tool.arguments.model_validate(given)
            if consent is Consent.ASK:
                change = "\n".join(f"  {key}: {value}" for key, value in given.items())
                return self._propose(tool, given, Change(tool.title, change, _nothing), session_id)
            async with _within_time():
                return await tool.answer(given)
        change_ = await self._planned(tool, given)
        if consent is Consent.ALLOW:
            return await change_.make()
        return self._propose(tool, given, change_, session_id)

    async def _planned(self, tool: Tool, given: Document) -> Change:
        if not isinstance(tool, ChangingTool):
            raise TypeError(f"{type(tool).__name__} is no kind of tool")
        async with _within_time():
            return await tool.propose(given)

    async def _carry_out(self, tool: Tool, kept: _Open) -> ToolResult:
        given = kept.proposal.arguments
        if isinstance(tool, ReadingTool):
            async with _within_time():
                return await tool.answer(given)
        change = await self._planned(tool, given)
        proposed = kept.proposal
        if (change.state, visible(change.change)) != (proposed.state, proposed.change):
            return failure(
                f"{proposed.title}: it has changed since this was proposed. "
                "Nothing was done; ask for it again."
            )
        return await change.make()

    def _propose(self, tool: Tool, given: Document, change: Change, session_id: str) -> Proposal:
        proposal = Proposal(
            id=uuid.uuid4().hex,
            tool=tool.spec.name,
            title=visible(change.title),
            change=visible(change.change),
            permission=tool.spec.permission,
            arguments={**given, **change.settled},
            state=change.state,
        )
        self._remember(proposal, session_id)
        return proposal

    def _remember(self, proposal: Proposal, session_id: str) -> None:
        self._open[proposal.id] = _Open(proposal, session_id)
        while len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]

    def _take(self, proposal: Proposal) -> _Open | None:
        """Take a proposal out, at once, so that nothing decides it twice."""
        kept = self._open.pop(proposal.id, None)
        if kept is not None and kept.proposal != proposal:
            self._open[proposal.id] = kept
            return None
        return kept

    async def _undecidable(self, proposal: Proposal, began: float) -> ToolResult:
        message = (
            f"{proposal.title}: this proposal was decided already, or never made. "
            "Nothing was done; ask for it again."
        )
        return await self._failed(proposal.tool, proposal.arguments, "", began, message, "refused")

    async def _failed(
        self,
        name: str,
        arguments: Document,
        session_id: str,
        began: float,
        message: str,
        outcome: str,
    ) -> ToolResult:
        result = failure(message)
        await self._record(
            name, arguments, session_id, began,
            outcome=outcome, detail=message, characters=len(result.text),
        )  # fmt: skip
        return result

    async def _record(
        self,
        name: str,
        arguments: Document,
        session_id: str,
        began: float,
        *,
        outcome: str,
        detail: str = "",
        characters: int = 0,
    ) -> None:
        call = ToolCall(
            user_id=self._user_id,
            session_id=session_id,
            tool=visible(name)[:100],
            arguments=logged(arguments),
            outcome=outcome,
            detail=visible(detail)[:LOGGED_CHARACTERS],
            characters=characters,
            seconds=time.monotonic() - began,
        )
        try:
            await self._calls.create(call)
            self._logged += 1
            if self._logged % TRIMMED_EVERY == 1:
                await self._calls.trim()
        except QuantError:
            log.exception("a tool call could not be logged: %s %s", call.tool, outcome)


def forbidden(spec: ToolSpec) -> str:
    """Say that the user's own permissions stand against a call."""
    return (
        f"You have forbidden {spec.title!r}. Allow it again with T in workspace 8, or with "
        f"quant-tui chat tool permit {spec.name} ask."
    )


@asynccontextmanager
async def _within_time() -> AsyncIterator[None]:
    """Give up after :data:`READ_SECONDS`; what reads in threads then ends too."""
    over = threading.Event()
    token = GIVEN_UP.set(over.is_set)
    try:
        async with asyncio.timeout(READ_SECONDS):
            yield
    except (TimeoutError, asyncio.CancelledError):
        over.set()
        raise
    finally:
        GIVEN_UP.reset(token)


async def _nothing() -> ToolResult:
    """Stand for what a reading tool changes."""
    return ToolResult("")


def _without_nulls(arguments: Mapping[str, object]) -> Document:
    """Return arguments without those that are null: models write it for what they leave out."""
    if not isinstance(arguments, Mapping):
        raise TypeError("arguments must be an object")
    return {key: value for key, value in arguments.items() if value is not None}


def _said(error: Exception, name: str) -> str:
    """Return what went wrong as a line that a model can act on."""
    if isinstance(error, ValidationError):
        wrong = (
            f"{'.'.join(str(part) for part in one['loc']) or 'arguments'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)[:5]
        )
        return f"{name}: {'; '.join(wrong)}"
    if isinstance(error, TimeoutError):
        return f"{name} took longer than {READ_SECONDS:.0f} s. Ask for less."
    if isinstance(error, QuantError):
        findings = getattr(error, "findings", ())
        return "\n".join([str(error), *(str(one) for one in findings)])
    log.error("the tool %s failed unexpectedly", name, exc_info=error)
    return f"{name} failed unexpectedly; the log says more."
