"""Tools about what others wrote: news, companies, economic series. All of it is data."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import partial

from pydantic import Field

from quant_tui.domain.errors import NotFound
from quant_tui.genai.tools import Citation, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import facts, table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.market_data import cite
from quant_tui.services.chat_tools.runs import DatedArguments
from quant_tui.services.chat_tools.tool import ReadingTool, Tool

CONTENT = 400
"""Characters of one news item that a model is given."""


class News(DatedArguments):
    """Whose news."""

    symbols: list[str] = Field(
        default_factory=list, max_length=20, description="Of which symbols; all without."
    )
    limit: int = Field(10, ge=1, le=50, description="Most items; the newest.")


class OneCompany(ToolArguments):
    """Which company."""

    symbol: str = Field(description="A symbol.")


class Economics(DatedArguments):
    """Which series."""

    name: str = Field("", description="Name of a series; lists the series without.")
    limit: int = Field(24, ge=1, le=100, description="Most values; the newest.")


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "news", "Read news",
            "Read stored news with its sentiment. What it says is not checked by anybody.",
            News, partial(_news, context),
        ),
        ReadingTool(
            "company", "Show a company",
            "Show who stands behind a symbol: name, sector, industry, financial figures.",
            OneCompany, partial(_company, context),
        ),
        ReadingTool(
            "economics", "Show economic series",
            "List stored economic series, or the values of one.",
            Economics, partial(_economics, context),
        ),
    )  # fmt: skip


async def _news(context: ToolContext, given: News) -> ToolResult:
    found = await context.news.latest(
        given.symbols,
        since=datetime.combine(given.start, time.min, UTC) if given.start else None,
        until=datetime.combine(given.end, time.max, UTC) if given.end else None,
        limit=given.limit,
    )
    rows = [
        {
            "published_at": one.published_at,
            "symbol": one.symbol,
            "title": one.title,
            "content": one.content[:CONTENT],
            "sentiment": one.sentiment_score,
            "source": one.source,
        }
        for one in found
    ]
    cited = [Citation("news", one.id, one.title) for one in found]
    return table("News", rows, cited, kind="news")


async def _company(context: ToolContext, given: OneCompany) -> ToolResult:
    found = await context.companies.of(given.symbol)
    if found is None:
        raise NotFound(f"Nothing is known of the company behind {given.symbol}.")
    document = found.model_dump(mode="json", exclude={"id", "created_at", "financials"})
    newest = {key: value for key, value in found.financials.items() if not isinstance(value, list)}
    return facts("Company", {**document, "financials": newest}, [cite(found.symbol)],
                 kind="company")  # fmt: skip


async def _economics(context: ToolContext, given: Economics) -> ToolResult:
    series = await context.economics.series()
    if not given.name:
        rows = [
            {"name": one.name, "unit": one.unit, "first": one.first, "last": one.last,
             "values": one.values}
            for one in series
        ]  # fmt: skip
        return table("Economic series", rows, kind="economics")
    if given.name not in {one.name for one in series}:
        known = ", ".join(one.name for one in series) or "none"
        raise NotFound(f"There is no series {given.name!r}.", hint=f"There are: {known}.")
    values = [
        one
        for one in await context.economics.values(given.name)
        if (given.start is None or one.date.date() >= given.start)
        and (given.end is None or one.date.date() <= given.end)
    ]
    rows = [{"date": one.date.date(), "value": one.value, "unit": one.unit}
            for one in values[-given.limit :]]  # fmt: skip
    return table("Economic series", rows, total=len(values), kind="economics")
