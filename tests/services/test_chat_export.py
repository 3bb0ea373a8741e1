"""A conversation as Markdown, as others read it."""

from __future__ import annotations

from quant_tui.domain.base import Document
from quant_tui.domain.genai import ChatMessage, ChatSession
from quant_tui.services.chat_export import to_markdown, unmatched
from quant_tui.services.conversation import to_document


def conversation(*messages: ChatMessage) -> ChatSession:
    kept = [to_document(one) for one in messages]
    return ChatSession(
        user_id="u", session_id="s", conversation_history=kept, context={"leaf": "a"}
    )


def answer(content: str, **fields: object) -> ChatMessage:
    return ChatMessage.model_validate(
        {"id": "a", "role": "assistant", "content": content, **fields}
    )


def test_figures_from_nowhere_are_marked() -> None:
    figures: list[Document] = [
        {"start": 11, "end": 19, "matched": False},
        {"start": 31, "end": 35, "matched": True},
        {"start": 40, "end": 45, "matched": False},
    ]
    told = answer("Sharpe was 1.234567, return of 8.1% and 98.7%", figures=figures)
    written = to_markdown(conversation(told))
    assert "Sharpe was 1.234567[?], return of 8.1% and 98.7%[?]" in written
    assert "Not from any result of the program: 1.234567, 98.7%" in written
    assert "[?]" not in to_markdown(conversation(answer("It is 5.")))
    assert "a\\u202eb\nc" in to_markdown(conversation(answer("a\u202eb\r\nc")))


def test_no_figure_from_nowhere_is_passed_over() -> None:
    text = " ".join(f"{one}.5" for one in range(10, 33))
    figures: list[Document] = [
        {"start": place * 5, "end": place * 5 + 4, "matched": False} for place in range(23)
    ]
    assert unmatched(answer(text[:34], figures=figures[:7])).endswith(" 15.5, 16.5")
    assert unmatched(answer(text, figures=figures)).endswith("29.5 and 3 more")


def test_a_proposal_is_told_with_its_change_and_what_came_of_it() -> None:
    def told(state: str, **fields: str) -> str:
        proposal = {"title": "Set parameters of Dip", "change": "- window: 12\n+ window: 10"}
        call = {"name": "set_strategy_parameters", "state": state, "proposal": proposal, **fields}
        return to_markdown(conversation(answer("Do it?", tool_calls=[call])))

    waiting = told("pending")
    assert "`set_strategy_parameters`: proposed, waits to be decided" in waiting
    assert "Set parameters of Dip\n\n      - window: 12\n      + window: 10\n" in waiting
    assert "approved and done" in (
        done := told("approved", text="Changed\n<data-1 k>\nwindow: 10\n</data-1>")
    )
    assert "  > Changed\n  > window: 10" in done
    assert "  > it has changed since" in told("failed", error="it has changed since", text="Error")
    assert "rejected, left" in (left := told("rejected", text="The user said no."))
    assert "user said" not in left, "words for the model"
