"""The heading of the checks: what was checked, on what, when, and whether it still holds."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.domain.trading import StrategyCheck
from quant_tui.ui import format as fmt

MOST_SYMBOLS = 4


def head_lines(name: str, check: StrategyCheck | None, stale: Sequence[str], width: int) -> Content:
    """Write two lines of ``width`` cells."""
    badge = " STALE " if stale else ""
    first = Content.assemble((name, "bold $accent"), ("  checks", "$text-muted"))
    first = first.truncate(width - len(badge) - 1, ellipsis=True)
    gap = " " * max(1, width - first.cell_length - len(badge))
    first = Content.assemble(first, gap, (badge, "bold $background on $warning"))
    if check is None:
        return Content("\n").join([first, Content("")])
    version = "" if check.version is None else f"version {check.version} · "
    made = f"{version}made {fmt.ago(check.checked_at)}"
    if stale:
        made += f"; changed since: {', '.join(stale)}. r checks again"
    second = Content.assemble(
        (made, "$text-warning" if stale else "$text-muted"),
        (f"  ·  {on_what(check.config)}", "$text-muted"),
    )
    return Content("\n").join([first, second.truncate(width, ellipsis=True)])


def on_what(config: Document) -> str:
    """Write symbols, period and commission of a run."""
    symbols = list(config["symbols"])
    shown = ", ".join(symbols[:MOST_SYMBOLS])
    if len(symbols) > MOST_SYMBOLS:
        shown += f" +{len(symbols) - MOST_SYMBOLS}"
    start = config.get("start_date") or "first bar"
    end = config.get("end_date") or "last bar"
    return f"{shown}  {start} … {end}  commission {fmt.percent(config.get('commission'))}"
