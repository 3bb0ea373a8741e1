"""How the figures of a result are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from quant_tui.domain.base import Document
from quant_tui.services import backtest_figures
from quant_tui.services.backtest_figures import FIGURES, Unit
from quant_tui.ui import format as fmt

Write = Callable[[float | None], str]
"""From a value to its text."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a result, as it is shown.

    Attributes
    ----------
    key
        Name in the result's documents.
    title
        As people know it.
    write
        From the value to its text.
    note
        Unit or definition, in few words.
    """

    key: str
    title: str
    write: Write
    note: str = ""


WRITERS: dict[Unit, Write] = {
    "percent": fmt.percent,
    "ratio": fmt.number,
    "money": fmt.number,
    "count": fmt.integer,
}


def _shown(figure: backtest_figures.Figure) -> Figure:
    return Figure(figure.key, figure.title, WRITERS[figure.unit], figure.note)


GROUPS: dict[str, tuple[Figure, ...]] = {
    group: tuple(_shown(one) for one in FIGURES if one.group == group)
    for group in dict.fromkeys(one.group for one in FIGURES)
}

_share = partial(fmt.percent, decimals=1)
CARDS: tuple[tuple[str, str, Write], ...] = (
    ("total_return", "Total return", partial(fmt.change, decimals=1)),
    ("cagr", "CAGR", _share),
    ("sharpe_ratio", "Sharpe", fmt.number),
    ("sortino_ratio", "Sortino", fmt.number),
    ("max_drawdown", "Max drawdown", _share),
    ("calmar_ratio", "Calmar", fmt.number),
    ("win_rate", "Win rate", _share),
    ("profit_factor", "Profit factor", fmt.number),
    ("total_trades", "Trades", fmt.integer),
    ("exposure", "Exposure", _share),
)
SIGNED = frozenset({"total_return", "cagr"})


def figures_of(
    performance: Document, risk_metrics: Document
) -> list[tuple[str, Figure, float | None]]:
    """Return group, figure and value of everything that a result has, known ones first."""
    return [
        (figure.group, _shown(figure), value)
        for figure, value in backtest_figures.figures_in(performance, risk_metrics)
    ]
