"""The list of conversations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from quant_tui.domain.genai import ChatSession

ANSWERING = "●"
PINNED = "★"

EMPTY = Notice(
    "No conversations yet",
    "Ask about your strategies, backtests, models and data; have a strategy written as rules, "
    "and checked before it is kept; have a result explained with its own figures.",
    (
        ("n", "New conversation"),
        ("m", "Set up a language model"),
        ("P", "Prompts"),
        ("w", "Strategies that it has written"),
        ("ctrl+a", "The same beside any workspace"),
    ),
)


def _muted(_value: object) -> str:
    return "muted"


def _mark_role(value: object) -> str:
    return "accent" if value else ""


COLUMNS = (
    Column("", 2, role=_mark_role, sort=None),
    Column("Conversation", 20, grow=1),
    Column("Changed", 10, "right", write=lambda value: fmt.ago(value), role=_muted,  # type: ignore[arg-type]
           first="descending"),
)  # fmt: skip


def rows(
    sessions: Sequence[ChatSession], answering: Collection[str], found: Collection[str], wanted: str
) -> Iterable[Row]:
    """Make a row of every session.

    Parameters
    ----------
    found, wanted
        Sessions in which was said what the list is filtered by: the filter lets them stay.
    """
    for one in sessions:
        mark = (ANSWERING if one.session_id in answering else "") + (PINNED if one.pinned else "")
        said = wanted if one.session_id in found else ""
        yield Row(one.session_id, (mark, one.title or "New conversation", one.updated_at), said)
