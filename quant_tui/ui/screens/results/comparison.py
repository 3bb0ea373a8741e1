"""What the comparison of results shows: its curves, its figures, and what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.content import Content

from quant_tui.services.backtest_figures import Unit
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results.glossary import WRITERS
from quant_tui.ui.widgets.chart_canvas import PATTERN_MARKS
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.ui.widgets.chart_data import ChartData, Pattern, Role

LETTERS = "ABCDEF"
ROLES: tuple[Role, ...] = ("first", "second", "third", "fourth", "fifth", "sixth")
PATTERNS: tuple[Pattern, ...] = ("solid", "dashed", "long", "dotted", "thin", "sparse")

HIGHER = frozenset({
    "total_return", "cagr", "final_value", "sharpe_ratio", "sortino_ratio", "calmar_ratio",
    "omega_ratio", "sqn", "max_drawdown", "average_drawdown", "value_at_risk",
    "conditional_value_at_risk", "tail_ratio", "stability", "skew", "win_rate", "profit_factor",
    "payoff_ratio", "expectancy", "average_win", "average_loss", "average_trade_return",
    "worst_day", "worst_month", "worst_year", "worst_trade", "alpha", "information_ratio",
    "information_ratio_annualized", "up_capture", "up_down_capture",
})  # fmt: skip
"""Figures of which more is better; drawdowns and losses are negative."""

LOWER = frozenset({
    "max_drawdown_duration", "max_drawdown_duration_days", "average_drawdown_duration",
    "ulcer_index", "annual_volatility", "downside_deviation", "longest_losing_streak",
    "fees_paid", "slippage_paid", "down_capture",
})  # fmt: skip
"""Figures of which less is better."""

BEST = "★"


class Figure(NamedTuple):
    """A cell of the table of figures."""

    value: float | None
    unit: Unit
    best: bool = False


def best_of(key: str, values: Sequence[float | None]) -> float | None:
    """Return the best of some values; None where no value is better than another."""
    known = [value for value in values if value is not None]
    if len(known) < 2 or min(known) == max(known):
        return None
    if key in HIGHER:
        return max(known)
    return min(known) if key in LOWER else None


def _write(value: float | None, unit: Unit) -> str:
    return WRITERS[unit](value)


def _write_difference(value: float | None, unit: Unit) -> str:
    if value is None:
        return fmt.NOTHING
    if unit == "percent":
        return f"{fmt.signed(value * 100)} pp"
    return fmt.signed(value, 0 if unit == "count" else 2)


def _write_figure(value: object) -> str:
    one = cast("Figure", value)
    return f"{BEST} {_write(one.value, one.unit)}" if one.best else _write(one.value, one.unit)


def _figure_role(value: object) -> str:
    return "accent" if cast("Figure", value).best else ""


def _write_change(value: object) -> str:
    one = cast("Figure", value)
    return _write_difference(one.value, one.unit)


def _muted(_value: object) -> str:
    return "muted"


def figure_columns(runs: Sequence[Document]) -> list[Column]:
    """Return a column for every run, and its difference against the first."""
    columns = [Column("Metric", 27, sort=None)]
    for at, run in enumerate(runs):
        title = f"{LETTERS[at]} {run['name']}"
        columns.append(
            Column(title, 13, "right", write=_write_figure, role=_figure_role, sort=None)
        )
        if at:
            columns.append(
                Column(f"{LETTERS[at]} − A", 12, "right", write=_write_change, role=_muted,
                       sort=None)
            )  # fmt: skip
    return columns


def figure_rows(metrics: Sequence[Document]) -> Iterator[Row]:
    """Return a row for every figure; the best value of it is marked."""
    for metric in metrics:
        values: Sequence[float | None] = metric["values"]
        unit: Unit = metric["unit"]
        best = best_of(str(metric["key"]), values)
        cells: list[object] = [str(metric["title"])]
        for at, value in enumerate(values):
            cells.append(Figure(value, unit, best is not None and value == best))
            if at:
                first = values[0]
                known = value is not None and first is not None
                cells.append(Figure(value - first if known else None, unit))  # type: ignore[operator]  # known says that both are numbers
        yield Row(str(metric["key"]), cells, str(metric.get("group") or ""))


def difference_columns(runs: Sequence[Document]) -> list[Column]:
    """Return area and field, and a column for every run."""
    return [
        Column("Field", 24),
        *(
            Column(f"{LETTERS[at]} {run['name']}", 15, grow=1, write=write_setting)
            for at, run in enumerate(runs)
        ),
        Column("Area", 13, role=_muted),
    ]


def difference_rows(differences: Sequence[Document]) -> Iterator[Row]:
    """Return a row for everything that is not the same in all runs."""
    for at, one in enumerate(differences):
        field = str(one["field"]).replace("_", " ")
        yield Row(str(at), (field, *one["values"], one["area"]))


def write_setting(value: object) -> str:
    """Write a value of a configuration: whatever JSON has."""
    if value is None or value == "":
        return fmt.NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def equity_chart(curves: Sequence[Document]) -> ChartData | None:
    """Return the curves, each 1.0 at its first date, on one axis; for a thread.

    A curve is carried forward over the dates of others, and does not exist before its
    first and after its last.
    """
    import numpy as np

    from quant_tui.services.result_series import to_dates, to_floats
    from quant_tui.ui.widgets.chart_axes import TimeAxis
    from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series

    own = [(to_dates(one["date"]), to_floats(one["value"])) for one in curves]
    if not any(len(days) for days, _ in own):
        return None
    dates = np.unique(np.concatenate([days for days, _ in own]))
    lines = []
    for at, (days, values) in enumerate(own):
        if not len(days):
            continue
        rows = np.searchsorted(days, dates, side="right") - 1
        inside = (rows >= 0) & (dates <= days[-1])
        whole = np.where(inside, values[np.maximum(rows, 0)], np.nan)
        lines.append(Series("", whole, ROLES[at], PATTERNS[at], label=LETTERS[at]))
    pane = Pane(tuple(reversed(lines)), write=partial(fmt.number, decimals=2), may_log=True,
                level=1.0)  # fmt: skip
    return ChartData(TimeAxis(dates), (pane,))


def run_lines(document: Document, width: int) -> Content:
    """Write each run in a line: its letter and mark, name, main figures, period."""
    figures = {str(one["key"]): one["values"] for one in document["metrics"]}
    lines = []
    for at, run in enumerate(document["runs"]):
        colour = f"$chart-{at + 1}"
        parts = [f"return {fmt.change(_figure(figures, 'total_return', at), 1)}",
                 f"Sharpe {fmt.number(_figure(figures, 'sharpe_ratio', at))}",
                 f"max DD {fmt.percent(_figure(figures, 'max_drawdown', at), 1)}"]  # fmt: skip
        period = f"{str(run.get('start_date') or 'first')[:7]} … {str(run.get('end_date') or 'last')[:7]}"  # noqa: E501
        about = "   ".join(parts)
        name = Content(str(run["name"]))
        room = max(10, width - len(about) - 9)
        symbols = ", ".join(run.get("symbols") or ())
        if symbols and symbols not in name.plain:
            name = Content.assemble(name, (f"  {symbols}", "$text-muted"))
        if room >= name.cell_length + 22:
            name = Content.assemble(name, (f"  {period}", "$text-muted"))
        name = name.truncate(room, ellipsis=True)
        lines.append(
            Content.assemble(
                (f"{LETTERS[at]} {PATTERN_MARKS[PATTERNS[at]] * 2} ", f"bold {colour}"),
                name,
                " " * max(1, room - name.cell_length),
                about,
            )
        )
    return Content("\n").join(lines)


def _figure(figures: dict[str, Sequence[float | None]], key: str, at: int) -> float | None:
    values = figures.get(key) or ()
    return values[at] if at < len(values) else None
