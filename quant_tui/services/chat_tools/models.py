"""Tools about models and checks: reading them, and proposing what takes computing."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from quant_tui.domain.base import Document
from quant_tui.domain.ml_platform import MLModel
from quant_tui.genai.tools import Citation, Permission, ToolArguments, ToolResult
from quant_tui.services.chat_tools.answers import added, facts, table
from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.runs import (
    DatedArguments,
    RunArguments,
    dated,
    finished,
    refuse_wrong,
    subject_of,
)
from quant_tui.services.chat_tools.tool import Change, ChangingTool, ReadingTool, Tool

NEWEST_FORECASTS = 20
"""Rows of forecasts that a model is given."""

REFERENCE = Field(description="Id or name of a model, as trend, trend:1.2.0 or trend@prod.")


class ListModels(ToolArguments):
    """What to list."""

    search: str = Field("", description="Part of a name.")
    limit: int = Field(20, ge=1, le=100, description="Most models to list.")


class OneModel(ToolArguments):
    """Which model."""

    reference: str = REFERENCE


class Predict(DatedArguments):
    """Which model, of which symbols and dates."""

    reference: str = REFERENCE
    symbols: list[str] = Field(
        default_factory=list, max_length=20, description="Those that it learned from without."
    )


def tools(context: ToolContext) -> tuple[Tool, ...]:
    """Return the tools of this theme."""
    return (
        ReadingTool(
            "list_models", "List models",
            "List the user's machine-learning models with their metrics.",
            ListModels, partial(_list, context),
        ),
        ReadingTool(
            "show_model", "Show a model",
            "Show a model: target, features, parameters, metrics against baselines, lineage.",
            OneModel, partial(_show, context),
        ),
        ChangingTool(
            "predict", "Ask a model",
            "Propose to ask a model for forecasts, none of them in-sample. The user decides.",
            Predict, Permission.COST, partial(_predict, context),
        ),
        ChangingTool(
            "check_robustness", "Check a strategy's robustness",
            "Propose to check a strategy: look-ahead, costs, start dates, parameters, noise, "
            "resampling. The user decides.",
            RunArguments, Permission.COST, partial(_robustness, context),
        ),
    )  # fmt: skip


def cite(model: MLModel) -> Citation:
    """Return what an answer about a model points at."""
    return Citation("model", model.id, model.title)


async def _list(context: ToolContext, given: ListModels) -> ToolResult:
    from quant_tui.services.model_documents import summary_document

    found = await context.models.list(given.search, limit=given.limit)
    rows = [summary_document(one) for one in found]
    note = "There may be more: raise the limit." if len(found) == given.limit else ""
    return table("Models", rows, [cite(one) for one in found], kind="models", note=note)


async def _show(context: ToolContext, given: OneModel) -> ToolResult:
    from quant_tui.services.model_documents import summary_document

    model = await context.models.get(given.reference)
    document: Document = summary_document(model) | {
        "parameters": model.parameters,
        "baselines": model.baselines,
        "split": model.split,
        "features": model.features,
        "symbols": model.lineage.get("symbols"),
        "known_until": model.lineage.get("known_until"),
        "notes": model.notes,
    }
    return facts("Model", document, [cite(model)], kind="model")


async def _predict(context: ToolContext, given: Predict) -> Change:
    model = await context.models.get(given.reference)
    if given.symbols:
        await context.market_data.require(given.symbols, field="symbols")

    async def make() -> ToolResult:
        from quant_tui.services.model_documents import predictions_document

        found = await context.predictions.predict(
            model.id, given.symbols, start=given.start, end=given.end
        )
        document = predictions_document(found)
        dates, columns = document.pop("date"), document.pop("predictions")
        rows = [
            {"date": day, **{symbol: column[place] for symbol, column in columns.items()}}
            for place, day in enumerate(dates)
        ]
        shown = rows[-NEWEST_FORECASTS:]
        note = f"The newest {len(shown)} of {len(rows)} dates."
        return table("Forecasts", shown, [cite(model)], kind="forecasts", note=note,
                     beside=document)  # fmt: skip

    symbols = ", ".join(given.symbols) or "those that it learned from"
    since = f"{given.start} to" if given.start else "to"
    lines = [f"symbols: {symbols}", f"period: {since} {given.end or 'the last bar'}"]
    return Change(f"Ask model {model.title}", added(lines), make, model.version)


async def _robustness(context: ToolContext, given: RunArguments) -> Change:
    given = await dated(context, given)
    request = given.request()
    refuse_wrong(await context.backtests.validate(request))
    subject = await subject_of(context, given)

    async def make() -> ToolResult:
        job = await context.checks.start(request)
        check = await finished(job)
        if check is None:
            return facts("Started; it still runs, see Jobs", {"status": "started"}, runs_on=True)
        card = check.card
        lines = [f"{one['title']}: {one['verdict']} - {one['text']}" for one in card["lines"]]
        document = {"verdict": card["verdict"], "summary": card["summary"], "lines": lines}
        cited = (
            [Citation("strategy", check.strategy_id, subject.title)] if check.strategy_id else []
        )
        return facts("Robustness", document, cited, kind="check")

    return subject.proposes("Check robustness", make)
