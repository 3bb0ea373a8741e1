"""The list of strategies: its columns and rows, and what it says while it is empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from quant_tui.domain.trading import Strategy
    from quant_tui.services.strategies import StrategyService

PAGE = 1000
"""Strategies that are fetched at a time."""


def _muted(_value: object) -> str:
    return "muted"


COLUMNS = (
    Column("Name", 16, grow=3),
    Column("Type", 18, role=_muted),
    Column("Parameters", 10, sort=None, grow=1),
    Column("Updated", 10, "right", write=lambda v: fmt.ago(v), role=_muted, first="descending"),  # type: ignore[arg-type]  # the column holds times
)  # fmt: skip

_ABOUT = (
    "A strategy is a set of rules with parameters of your choosing. Start from a template: "
    "moving averages, mean reversion, momentum, or simply buy and hold."
)
_KEYS = (("n", "New strategy from a template"), ("W", "Write one in the editor"))


def empty(archived: int) -> Notice:
    """Say what the list is for, and how many of the archive it hides."""
    if not archived:
        return Notice("No strategies yet", _ABOUT, _KEYS)
    hidden = ("A", f"Show the {archived} that {'is' if archived == 1 else 'are'} archived")
    return Notice("No strategies but archived ones", _ABOUT, (*_KEYS, hidden))


def rows(strategies: Iterable[Strategy]) -> Iterator[Row]:
    """Write strategies; the filter finds their tags and notes, too."""
    for one in strategies:
        name = one.name if one.is_active else f"{one.name} (archived)"
        parameters = rules_text.short(one.parameters)
        yield Row(
            one.id,
            (name, one.strategy_type, parameters, one.updated_at),
            also=" ".join((*one.tags, one.notes)),
        )


async def every_strategy(service: StrategyService) -> list[Strategy]:
    """Return all of them, archived ones too, a page at a time: keys are answered in between."""
    found: dict[str, Strategy] = {}
    skip, more = 0, True
    while more:
        page = await service.list(archived=None, skip=skip, limit=PAGE)
        found |= {one.id: one for one in page}
        skip += PAGE
        more = len(page) == PAGE
    return list(found.values())


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name that nobody has yet: the name, or the name with a number."""
    used = set(taken)
    number, free = 1, name
    while free in used:
        number += 1
        free = f"{name} {number}"
    return free
