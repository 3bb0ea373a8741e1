"""Where a symbol's bars are from, how far they go, and what is odd about them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import Page, heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_tui.engine.data_quality import DataQualityIssue
    from quant_tui.services.price_series import PriceSeries
    from quant_tui.storage.duck.records import CorporateAction, SymbolSummary
    from quant_tui.ui.screens.symbol.view import SymbolView

LONGEST_GAPS = 5


class DataPage(Vertical):
    """The summary, as text that scrolls."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.page = Page(id="summary")

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield self.page

    def focus_first(self) -> None:
        """Give the keys to the text."""
        self.page.focus()

    async def show_view(self, view: SymbolView) -> None:
        """Show what is stored of a symbol."""
        prices, issues = view.prices, []
        if prices is not None and len(prices):
            issues = await asyncio.to_thread(_issues, prices)
        actions = [
            one
            for one in view.profile.actions
            if view.as_of is None or one.date <= view.as_of.date()
        ]
        self.page.show(partial(data_lines, view, issues, actions))


def _issues(prices: PriceSeries) -> list[DataQualityIssue]:
    from quant_tui.engine.data_quality import data_quality

    return data_quality(prices.to_bars())


def data_lines(
    view: SymbolView,
    issues: Sequence[DataQualityIssue],
    actions: Sequence[CorporateAction],
    width: int,
) -> list[Content]:
    """Write what is stored by interval, gaps, oddities, and corporate actions."""
    lines: list[Content] = []
    for one in view.profile.summaries:
        lines += [heading(f"Bars of {one.interval}", width), *_summary(one, view), Content("")]
    if not view.profile.summaries:
        lines += [Content(f"No bars of {view.symbol} are stored."), Content("")]
    if view.prices is not None and len(view.prices) > 1 and not view.prices.intraday:
        lines += [heading("Longest gaps between sessions", width), *_gaps(view.prices)]
        lines.append(Content(""))
    if view.prices is not None:
        lines += [heading("What is odd", width)]
        lines += [
            Content.assemble(("! ", "$text-warning"), one.text.removeprefix(f"{view.symbol}: "))
            for one in issues
        ] or [Content.styled("Nothing was found.", "$text-muted")]
        lines.append(Content(""))
    lines.append(heading("Splits and dividends", width))
    lines += [_action(one) for one in reversed(actions)] or [
        Content.styled("None are stored.", "$text-muted")
    ]
    return lines


def _summary(one: SymbolSummary, view: SymbolView) -> list[Content]:
    hidden = view.as_of is not None and view.as_of.date() < one.last
    pairs = [
        ("Source", one.source + (" – invented figures" if one.synthetic else "")),
        ("Adjusted for", one.adjustment),
        ("First", fmt.day(one.first)),
        ("Last", f"after {view.as_of:%Y-%m-%d}, hidden" if hidden else fmt.day(one.last)),
    ]
    if not hidden:
        pairs.append(("Bars", fmt.integer(one.rows)))
    elif view.prices is not None and view.prices.interval == one.interval:
        pairs.append(("Bars", fmt.integer(len(view.prices))))
    return [Content.assemble((name.ljust(16), "$text-muted"), text) for name, text in pairs]


def _gaps(prices: PriceSeries) -> list[Content]:
    """Write the longest gaps, in weekdays without a bar."""
    days = prices.dates.astype("datetime64[D]")
    missing = np.busday_count(days[:-1] + 1, days[1:])
    found = [at for at in np.argsort(-missing, kind="stable")[:LONGEST_GAPS].tolist()
             if missing[at] > 0]  # fmt: skip
    if not found:
        return [Content.styled("None: a bar on every weekday.", "$text-muted")]
    total = f"{int(missing.sum()):,} weekdays without a bar in all, holidays among them"
    lines = []
    for at in found:
        count = int(missing[at])
        lines.append(f"{days[at]} … {days[at + 1]}   {count} weekday{'s' * (count != 1)}")
    return [*map(Content, lines), Content.styled(total, "$text-muted")]


def _action(one: CorporateAction) -> Content:
    texts = [f"split {one.split_ratio:g}:1"] if one.split_ratio != 1.0 else []
    texts += [f"dividend {one.dividend:g}"] if one.dividend else []
    source = (f"   {one.source}", "$text-muted")
    return Content.assemble(f"{fmt.day(one.date)}   {', '.join(texts)}", source)
