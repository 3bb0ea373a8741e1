"""The two kinds of tool: those that read, and those that say first what they would do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from quant_tui.domain.base import Document
from quant_tui.genai.tools import Permission, ToolArguments, ToolResult, ToolSpec

A = TypeVar("A", bound=ToolArguments)


@dataclass(frozen=True, slots=True)
class Change:
    """What a tool would do now.

    Attributes
    ----------
    title
        In a few words: ``Create strategy RSI dip``.
    change
        The exact change as a diff: lines that begin with ``+``, ``-`` or a blank.
    make
        Does it, on the objects that the change was worked out from.
    state
        Marks those objects: another state is another proposal.
    settled
        Arguments that were left open, as they are now: what is proposed stays that, whatever
        comes until it is decided.
    """

    title: str
    change: str
    make: Callable[[], Awaitable[ToolResult]]
    state: str = ""
    settled: Document = field(default_factory=dict)


class Tool(ABC):
    """What a model may call."""

    @property
    @abstractmethod
    def spec(self) -> ToolSpec:
        """How it is described."""


@dataclass(frozen=True)
class ReadingTool(Tool, Generic[A]):
    """A tool that reads what belongs to the user.

    Attributes
    ----------
    arguments
        What it takes.
    read
        Gives the answer.
    """

    name: str
    title: str
    description: str
    arguments: type[A]
    read: Callable[[A], Awaitable[ToolResult]]

    @property
    def spec(self) -> ToolSpec:
        """How it is described."""
        return ToolSpec(self.name, self.title, self.description, self.arguments, Permission.READ)

    async def answer(self, given: Document) -> ToolResult:
        """Read what is asked for.

        Raises
        ------
        pydantic.ValidationError
            The arguments are not those that it takes.
        QuantError
            What the service says.
        """
        return await self.read(self.arguments.model_validate(given))


@dataclass(frozen=True)
class ChangingTool(Tool, Generic[A]):
    """A tool that starts a job or changes something, once its user has approved that.

    Attributes
    ----------
    plan
        Works out what would be done, without doing anything.
    """

    name: str
    title: str
    description: str
    arguments: type[A]
    permission: Permission
    plan: Callable[[A], Awaitable[Change]]

    @property
    def spec(self) -> ToolSpec:
        """How it is described."""
        return ToolSpec(self.name, self.title, self.description, self.arguments, self.permission)

    async def propose(self, given: Document) -> Change:
        """Work out what would be done. Raises as :meth:`ReadingTool.answer` does."""
        return await self.plan(self.arguments.model_validate(given))
