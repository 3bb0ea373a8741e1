"""What a fetch takes, and what it did, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import heading
from quant_tui.ui.widgets.table_grid import fit

if TYPE_CHECKING:
    from quant_tui.providers.base import Budget
    from quant_tui.services.fetching import FetchedItem, FetchPlan, FetchReport

SHOWN_STEPS = 40
_LABEL = 11
_ABOUT = 20


def problem_page(title: str, message: str, width: int) -> list[Content]:
    """Say why nothing can be fetched so."""
    return [
        Content.styled(f"✗ {title}", "bold $text-error"),
        Content(""),
        *Content(message).wrap(width),
    ]


def waiting_lines(width: int) -> list[Content]:
    """Say that it is being worked out."""
    return [heading("What it takes", width), Content.styled("◌ …", "$text-muted")]


def plan_lines(plan: FetchPlan, width: int) -> list[Content]:
    """Write requests, budget, time and the steps of a fetch that was not started."""
    lines = [heading("What it takes", width)]
    if not plan.steps:
        lines.append(Content.styled("✓ Everything is up to date: no request.", "$text-success"))
    else:
        lines.append(_fact("Requests", f"{plan.requests:,}"))
        lines.append(_fact("Time", f"at least {fmt.duration(plan.eta_seconds)}"))
    lines += _budget_lines(plan.budget)
    if not plan.fits:
        said = "▲ More than today allows: what comes first is fetched, the rest another day."
        lines += Content.styled(said, "$text-warning").wrap(width)
    if plan.steps:
        lines += [Content(""), heading("Steps", width)]
        for step in plan.steps[:SHOWN_STEPS]:
            span = ""
            if step.query is not None:
                first = fmt.day(step.query.start) if step.query.start else "the first"
                last = fmt.day(step.query.end) if step.query.end else "today"
                span = f"{first} to {last}"
            about = fit(f"{step.kind} {step.name}", _ABOUT, "left")
            lines.append(
                Content.assemble(about, (f" {step.requests:>2} ", "$text-accent"), span).truncate(
                    width, ellipsis=True
                )
            )
        if len(plan.steps) > SHOWN_STEPS:
            more = f"… {len(plan.steps) - SHOWN_STEPS:,} more"
            lines.append(Content.styled(more, "$text-muted"))
    if plan.up_to_date:
        shown = ", ".join(plan.up_to_date[:SHOWN_STEPS])
        lines += [Content(""), heading("Up to date", width), *Content(shown).wrap(width)]
    return lines


def fetch_lines(report: FetchReport, width: int) -> list[Content]:
    """Write what a fetch did."""
    failed = len(report.failed)
    done = len(report.items) - failed
    head = f"✓ {done:,} fetched" if not failed else f"▲ {done:,} fetched, {failed:,} not"
    look = "bold $text-warning" if failed else "bold $text-success"
    lines = [
        Content.styled(head, look),
        Content(""),
        _fact("Requests", f"{report.requests:,}"),
        _fact("Took", fmt.duration(report.seconds)),
        *_budget_lines(report.budget),
        Content(""),
    ]
    for item in report.items:
        lines += _item_lines(item, width)
    if report.up_to_date:
        shown = ", ".join(report.up_to_date[:SHOWN_STEPS])
        lines += [Content(""), heading("Up to date", width), *Content(shown).wrap(width)]
    return lines


def _item_lines(item: FetchedItem, width: int) -> list[Content]:
    about = f"{item.kind} {item.name}"
    if item.error:
        return [*Content.styled(f"✗ {about}: {item.error}", "$text-error").wrap(width)]
    figures = f" {item.inserted:>7,} new {item.updated:>6,} changed"
    if item.revisions:
        figures += f" {item.revisions:,} revised"
    span = f"  {item.first} to {item.last}" if item.first else ""
    line = Content.assemble(
        ("✓ ", "$text-success"), fit(about, _ABOUT, "left"), figures, (span, "$text-muted")
    )
    notes = [
        part
        for note in item.notes
        for part in Content.styled(f"  {note}", "$text-muted").wrap(width)
    ]
    return [line.truncate(width, ellipsis=True), *notes]


def _budget_lines(budget: Budget | None) -> list[Content]:
    if budget is None:
        return [_fact("Budget", "no limits")]
    if budget.left is None:
        return [_fact("Budget", f"no daily limit; {budget.used:,} sent today")]
    allowed = f" of {budget.per_day:,}" if budget.per_day else ""
    return [_fact("Budget", f"{budget.left:,}{allowed} left until {fmt.moment(budget.resets_at)}")]


def _fact(label: str, value: str) -> Content:
    return Content.assemble((label.ljust(_LABEL), "$text-muted"), value)
