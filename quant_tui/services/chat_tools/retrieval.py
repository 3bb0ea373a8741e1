"""Tools that find the user's own objects, and news, by what they mean and say."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from quant_tui.genai.tools import Citation, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.tool import ReadingTool, Tool
from quant_tui.services.retrieval_found import Found
from quant_tui.services.retrieval_texts import KINDS

_KINDS = ", ".join(KINDS)


class Find(ToolArguments):
    """What to look for."""

    text: str = Field(description="What to look for, in any language.", min_length=1)
    kinds: list[str] = Field(
        default_factory=list, max_length=10, description=f"Only these kinds: {_KINDS}."
    )
    strategy_type: str = Field("", description="Only of strategies of this type.")
    limit: int = Field(5, ge=1, le=20, description="Most objects to find.")


class Similar(ToolArguments):
    """Like what."""

    kind: str = Field(description=f"One of {_KINDS}.")
    object_id: str = Field(description="Id of the object.", min_length=1)
    limit: int = Field(5, ge=1, le=20, description="Most objects to find.")


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "find", "Find objects",
            "Find the user's strategies, backtests, studies, models and stored news by meaning "
            "and words, in any language.",
            Find, partial(_find, context),
        ),
        ReadingTool(
            "similar", "Find similar objects",
            "Find what is most like a strategy, backtest, study or model.",
            Similar, partial(_similar, context),
        ),
    )  # fmt: skip


async def _find(context: ToolContext, given: Find) -> ToolResult:
    found = await context.retrieval.search(
        given.text, limit=given.limit, types=given.kinds, strategy_type=given.strategy_type
    )
    return _answer("Found", found)


async def _similar(context: ToolContext, given: Similar) -> ToolResult:
    found = await context.retrieval.similar(given.kind, given.object_id, limit=given.limit)
    return _answer("Similar", found)


def _answer(title: str, found: list[Found]) -> ToolResult:
    cited = [Citation(one.kind, one.object_id, one.title) for one in found]
    return table(title, [one.to_document() for one in found], cited, kind="found")
