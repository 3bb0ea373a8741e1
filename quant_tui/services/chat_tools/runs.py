"""What runs that a model proposes have in common: the arguments, and waiting for a job."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.engine import BacktestConfig
from quant_tui.engine.rules import parse_document
from quant_tui.genai.tools import ToolArguments, ToolResult
from quant_tui.jobs.manager import Job
from quant_tui.services.backtest_request import DEFAULT_COMMISSION, BacktestRequest
from quant_tui.services.chat_tools.answers import added
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.run_words import run_lines
from quant_tui.services.chat_tools.tool import Change

WAIT_SECONDS = 60.0
"""How long an approval waits for its job; then it says that the job goes on."""

MOST_SYMBOLS = 50

T = TypeVar("T")
R = TypeVar("R", bound="RunArguments")


class DatedArguments(ToolArguments):
    """A period, both ends included."""

    start: date | None = Field(None, description="First day, as 2015-01-31; all bars without.")
    end: date | None = Field(None, description="Last day, included.")


class RunArguments(DatedArguments):
    """What every run needs. One of strategy_id, strategy_type and rules is given."""

    symbols: list[str] = Field(
        description="Symbols to trade.", min_length=1, max_length=MOST_SYMBOLS
    )
    strategy_id: str = Field("", description="Id of one of the user's strategies.")
    strategy_type: str = Field("", description="Or a built-in type, as SMA_CROSSOVER.")
    rules: str = Field("", description="Or a whole rule document as YAML or JSON.")
    parameters: dict[str, int | float | bool | str] = Field(
        default_factory=dict, description="Parameter values; others keep theirs.", max_length=50
    )
    initial_capital: float = Field(100_000.0, gt=0, description="Cash at the start.")
    commission: float = Field(
        DEFAULT_COMMISSION, ge=0, le=0.5, description="Fraction of every fill's value."
    )
    slippage: float = Field(0.0, ge=0, le=0.5, description="Fraction of every fill's price.")
    fill: Literal["next_open", "close"] = "next_open"
    shares: Literal["fractional", "whole"] = "fractional"
    benchmark: str = Field("", description="A symbol to compare with.")
    name: str = Field("", description="What the run is called; made up without.")

    def config(self) -> BacktestConfig:
        """Return how the run trades."""
        return BacktestConfig(
            initial_capital=self.initial_capital,
            commission=self.commission,
            slippage=self.slippage,
            fill=self.fill,
            shares=self.shares,
        )

    def document(self) -> Document:
        """Return the rules as given, empty without.

        Raises
        ------
        StrategyError
            They cannot be used.
        """
        return parse_document(self.rules).to_document() if self.rules else {}

    def request(self) -> BacktestRequest:
        """Return the backtest that is asked for."""
        return BacktestRequest(
            symbols=tuple(self.symbols),
            strategy_id=self.strategy_id,
            strategy_type=self.strategy_type,
            document=self.document(),
            params=self.parameters,
            start=self.start,
            end=self.end,
            config=self.config(),
            benchmark=self.benchmark,
            name=self.name,
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be run, as people know it.

    Attributes
    ----------
    title
        Strategy and symbols.
    change
        The whole set-up as a diff that only adds.
    state
        Marks the strategy: when it changes, the proposal lapses.
    settled
        The period.
    """

    title: str
    change: str
    state: str
    settled: Document

    def proposes(self, what: str, make: Callable[[], Awaitable[ToolResult]]) -> Change:
        """Return what a tool proposes to do with it."""
        return Change(f"{what}: {self.title}", self.change, make, self.state, self.settled)


async def dated(context: ToolContext, given: R) -> R:
    """Return what is asked for with both ends of its period: those of the stored bars.

    Bars that come before it is decided change nothing of what was proposed.
    """
    wanted = {one.strip().casefold() for one in given.symbols}
    stored = await context.market_data.symbols()
    known = [one for one in stored if one.symbol.casefold() in wanted]
    start = given.start or min((one.first for one in known), default=None)
    end = given.end or max((one.last for one in known), default=None)
    return given.model_copy(update={"start": start, "end": end})


async def subject_of(
    context: ToolContext,
    given: RunArguments,
    more: Iterable[str] = (),
    *,
    notes: Iterable[str] = (),
) -> Subject:
    """Name what is to be run: a strategy of the user's by its name, not by its id alone.

    Parameters
    ----------
    given
        With its period, as :func:`dated` gives it.
    more
        Lines about the run beside those that every run has.
    notes
        What is to be known before it is decided.

    Raises
    ------
    NotFound
        The user has no such strategy.
    """
    name, state = given.strategy_type, ""
    if given.strategy_id:
        strategy = await context.strategies.get(given.strategy_id)
        name, state = strategy.name, strategy.updated_at.isoformat()
    elif given.rules:
        name = parse_document(given.rules).name
    shown = ", ".join(given.symbols[:3])
    if len(given.symbols) > 3:
        shown += f" +{len(given.symbols) - 3}"
    lines = [*run_lines(name, given), *more, *given.rules.splitlines()]
    settled = given.model_dump(mode="json", include={"start", "end"})
    return Subject(f"{name} on {shown}", "\n".join([*notes, added(lines)]), state, settled)


def refuse_wrong(wrong: dict[str, str]) -> None:
    """Raise the first thing that is wrong with a request.

    Raises
    ------
    InvalidInput
        There is one.
    """
    if wrong:
        field, message = next(iter(wrong.items()))
        raise InvalidInput(message, field=field)


async def finished(job: Job[T]) -> T | None:
    """Wait for a job and return its result; None when it still runs after a minute.

    Whoever stops waiting stops nothing: the job is on the Jobs screen and can be
    cancelled there.

    Raises
    ------
    QuantError
        What it failed with; Cancelled when it was cancelled.
    """
    if job.task is not None:
        await asyncio.wait({job.task}, timeout=WAIT_SECONDS)
    return await job.wait() if job.status.is_final else None
