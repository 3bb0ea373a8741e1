"""A strategy that a model wrote, as text and as a chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.trust_card import verdict_of
from quant_tui.ui.widgets.chart_axes import TimeAxis
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series
from quant_tui.ui.widgets.page import heading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.domain.base import Document
    from quant_tui.domain.genai import GeneratedStrategy

    Floats = NDArray[np.float64]

STATUSES = {
    "checked": "? to decide",
    "approved": "✓ approved",
    "rejected": "✗ rejected",
    "failed": "! failed",
}
"""How a status is written: a sign and words."""

FIGURES = (
    ("Total return", "total_return", "benchmark_return", fmt.change),
    ("Return a year", "cagr", "benchmark_cagr", fmt.change),
    ("Sharpe ratio", "sharpe_ratio", "", fmt.number),
    ("Max drawdown", "max_drawdown", "", fmt.percent),
    ("Volatility a year", "annual_volatility", "", fmt.percent),
    ("Round trips", "total_trades", "", fmt.integer),
    ("Won", "win_rate", "", fmt.percent),
    ("Alpha", "alpha", "", fmt.change),
    ("Beta", "beta", "", fmt.number),
)
"""Title, key, the benchmark's key, and how it is written."""

MOST_LINES = 60
"""Lines of an answer that are shown."""


def lines_of(one: GeneratedStrategy, width: int) -> list[Content]:
    """Write everything about a generated strategy."""
    return list(_lines(one, width))


def curves_of(one: GeneratedStrategy) -> ChartData | None:
    """Return the preview's portfolio beside its benchmark, both from 1; None without one."""
    curve = one.preview.get("curve") or {}
    days, own = curve.get("date") or [], _growth(curve.get("value") or [])
    if len(days) < 2 or own is None:
        return None
    series = [Series(one.name, own, label="A")]
    other = _growth(curve.get("benchmark") or [])
    if other is not None and len(other) == len(own):
        name = str(one.preview.get("benchmark"))
        series.append(Series(name, other, "second", pattern="thin", label="B"))
    dates = np.array([str(day)[:10] for day in days], "datetime64[D]")
    return ChartData(TimeAxis(dates), (Pane(tuple(series), level=1.0, may_log=True),))


def _growth(values: Sequence[float | None]) -> Floats | None:
    found = np.array([np.nan if one is None else one for one in values], np.float64)
    known = found[np.isfinite(found) & (found != 0)]
    return found / known[0] if len(known) else None


def _lines(one: GeneratedStrategy, width: int) -> Iterator[Content]:
    yield Content.styled(one.name, "bold $accent")
    said = (STATUSES[one.status], one.model_used or "no model", fmt.ago(one.created_at))
    yield from Content.styled("  ·  ".join(said), "$text-muted").wrap(width)
    for text in (one.request, one.description):
        if text:
            yield Content("")
            yield from Content(" ".join(text.split())).wrap(width)
    if figures := one.preview.get("figures"):
        yield from _figures(one.preview, figures, width)
    if one.validation:
        yield Content("")
        yield heading("Checks", width)
        for line in one.validation:
            yield from _check(line, width)
    if one.code:
        yield Content("")
        yield heading("Rules" if one.status != "failed" else "Rules, which cannot be used", width)
        yield from (Content(line) for line in one.code.splitlines())
    for number, each in enumerate(one.rounds, 1):
        yield from _round(number, each, width)


def _figures(preview: Document, figures: Document, width: int) -> Iterator[Content]:
    yield Content("")
    yield heading("Preview", width)
    where = ", ".join(preview["symbols"])
    period = f"{str(preview['first'])[:10]} to {str(preview['last'])[:10]}"
    yield from Content.styled(f"{where}  ·  {period}", "$text-muted").wrap(width)
    against = str(preview["benchmark"] or "–")
    yield Content.styled(f"{'':<18}{'strategy':>13}{against[:13]:>14}", "$text-muted")
    for title, key, other, write in FIGURES:
        beside = write(figures.get(other)) if other else ""
        yield Content(f"{title:<18}{write(figures.get(key)):>13}{beside:>14}".rstrip())


def _check(line: Document, width: int) -> Iterator[Content]:
    verdict = verdict_of(line.get("verdict"))
    head = Content.assemble(
        (f"{verdict.text:<10} ", f"bold {verdict.style}"), (f"{line['title']}  ", "bold")
    )
    yield from (head + Content(str(line["text"]))).wrap(width)


def _round(number: int, one: Document, width: int) -> Iterator[Content]:
    yield Content("")
    yield heading(f"Round {number}", width)
    for finding in one["findings"]:
        yield from Content.styled(f"! {finding['text']}", "$text-warning").wrap(width)
    written = str(one["answer"]).strip().splitlines()
    for line in written[:MOST_LINES]:
        yield from Content.styled(line, "$text-muted").wrap(width) if line else [Content("")]
    if (rest := len(written) - MOST_LINES) > 0:
        yield Content.styled(f"… {rest} more lines", "$text-muted")
