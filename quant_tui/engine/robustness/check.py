"""One check: its line on the card, and the figures that the line was judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quant_tui.engine.robustness.card import TrustLine
from quant_tui.engine.robustness.stress import Outcome

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class CheckColumn:
    """A column of a check's figures.

    Attributes
    ----------
    key, title
        Its name in documents and for people.
    unit
        ``text``, ``ratio``, ``share`` (a fraction), or ``count``.
    """

    key: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class CheckTable:
    """The figures of a check.

    Attributes
    ----------
    columns, rows
        What was changed first, then a figure a column; None where there is none.
    own
        Row of the run as it is; None when it is not among them.
    drawn
        Key of the column that is worth drawing; empty for none.
    """

    columns: tuple[CheckColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    own: int | None = None
    drawn: str = ""

    def to_document(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return {
            "columns": [
                {"key": one.key, "title": one.title, "unit": one.unit} for one in self.columns
            ],
            "rows": [list(row) for row in self.rows],
            "own": self.own,
            "drawn": self.drawn,
        }


@dataclass(frozen=True, slots=True)
class Check:
    """A line of the card with what it was judged by; None when there is nothing to show."""

    line: TrustLine
    table: CheckTable | None = None

    def to_document(self) -> dict[str, Any]:
        """Return line and figures as JSON holds them."""
        table = None if self.table is None else self.table.to_document()
        return {**self.line.to_document(), "table": table}


_SHARPE = CheckColumn("sharpe_ratio", "Sharpe", "ratio")
_FALL = CheckColumn("max_drawdown", "Max DD", "share")
_WHY = CheckColumn("why_not", "Why none", "text")


def outcomes_table(
    title: str, outcomes: Sequence[Outcome], own: int | None = None
) -> CheckTable | None:
    """Return the figures of changed runs; why one is missing, in a column of its own.

    Parameters
    ----------
    title
        Of what was changed.
    outcomes
        The runs.
    own
        Which of them is the run as it is.
    """
    if not outcomes:
        return None
    columns: tuple[CheckColumn, ...] = (
        CheckColumn("changed", title, "text"),
        _SHARPE,
        CheckColumn("total_return", "Return", "share"),
        _FALL,
        CheckColumn("total_trades", "Trades", "count"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            one.changed,
            None if one.why_not else one.sharpe,
            one.total_return,
            one.max_drawdown,
            one.trades,
        )
        for one in outcomes
    ]
    if any(one.why_not for one in outcomes):
        columns += (_WHY,)
        rows = [(*row, one.why_not) for row, one in zip(rows, outcomes, strict=True)]
    return CheckTable(columns, tuple(rows), own, _SHARPE.key)


def intervals_table(rows: Sequence[tuple[Cell, ...]]) -> CheckTable:
    """Return ends and middle of intervals beside the run's own figures, which come first."""
    columns = (
        CheckColumn("where", "Resamples", "text"),
        _SHARPE,
        CheckColumn("cagr", "CAGR", "share"),
        _FALL,
    )
    return CheckTable(columns, tuple(rows), 0, _SHARPE.key)
