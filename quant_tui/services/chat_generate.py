"""The answer to ``/generate``: a strategy that the model writes, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quant_tui.config.chat import ChatSettings
from quant_tui.domain.base import Document
from quant_tui.domain.genai import GeneratedStrategy
from quant_tui.genai.tools import ToolResult
from quant_tui.services.chat_draft import Draft
from quant_tui.services.chat_endpoints import ChatEndpoints
from quant_tui.services.chat_markdown import escaped, markdown_of

if TYPE_CHECKING:
    from quant_tui.services.generation import GenerationService

FIGURES = ("total_return", "benchmark_return", "sharpe_ratio", "max_drawdown", "total_trades")
"""Figures of a preview that are told."""


class WritesStrategy(Protocol):
    """Has a model write a strategy for a wish, and writes down each step and what it took."""

    async def __call__(self, wish: str, draft: Draft) -> GeneratedStrategy:
        """Return what came of it, checked and tried; it is kept, and no strategy yet."""


def writer(
    generation: GenerationService, endpoints: ChatEndpoints, profile: ChatSettings, session_id: str
) -> WritesStrategy:
    """Return what writes strategies with a model, as part of a conversation."""

    async def write(wish: str, draft: Draft) -> GeneratedStrategy:
        from quant_tui.services.generation_model import EndpointModel

        def told(step: str) -> None:
            draft.write(f"- {escaped(step)}\n")

        model = EndpointModel(endpoints, profile, told)
        try:
            return await generation.generate(
                wish, complete=model, model=model.name, session_id=session_id, told=told
            )
        finally:
            draft.count(model.spent.tokens, model.spent.cost)

    return write


async def write_strategy(draft: Draft, write: WritesStrategy, wish: str) -> GeneratedStrategy:
    """Have a strategy written, and tell what it came to."""
    made = await write(wish, draft)
    draft.write(f"\n### {escaped(made.name)}\n\n{_about(made)}\n\n")
    return made


def _about(made: GeneratedStrategy) -> str:
    if made.preview.get("figures") is None and not made.validation:
        wrong = [str(one["text"]) for one in made.rounds[-1]["findings"]] if made.rounds else []
        return "No answer can be used:\n\n" + "\n".join(f"- {escaped(one)}" for one in wrong)
    preview, checks = made.preview, made.validation
    told: Document = {
        "description": made.description,
        "checks": [f"{one['title']}: {one['verdict']} - {one['text']}" for one in checks],
    }
    if figures := preview.get("figures"):
        told |= {
            "tried_on": ", ".join(preview["symbols"]),
            "against": preview["benchmark"],
            "period": f"{preview['first']} to {preview['last']}",
            **{name: figures.get(name) for name in FIGURES},
        }
    return markdown_of(ToolResult("", told))
