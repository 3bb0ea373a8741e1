"""Trials in columns: a batch's figures to records, and a grid's blocks as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quant_tui.domain.base import Document
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.optimization.evaluate import TrialFigures
from quant_tui.engine.optimization.scoring import Scored
from quant_tui.engine.optimization.space import Combination, columns_of
from quant_tui.services.study_report import StudyTrial

Column = list[float | None]


def trials_of(
    numbers: Sequence[int],
    rows: Sequence[Combination],
    figures: TrialFigures,
    scored: Sequence[Scored],
) -> list[StudyTrial]:
    """Return a batch's trials."""
    inside = _records(_lists(figures.in_sample))
    outside = None if figures.out_of_sample is None else _records(_lists(figures.out_of_sample))
    return [
        StudyTrial(
            number=number,
            params=rows[place],
            values=score.values,
            feasible=score.feasible,
            reason=score.reason,
            metrics=inside[place],
            out_of_sample=None if outside is None else outside[place],
        )
        for place, (number, score) in enumerate(zip(numbers, scored, strict=True))
    ]


def block_document(
    rows: Sequence[Combination], figures: TrialFigures, scored: Sequence[Scored]
) -> Document:
    """Return a block of a grid as its journal keeps it: a list a column.

    ``reasons`` holds the place of each trial that has one.
    """
    outside = figures.out_of_sample
    return {
        "params": columns_of(rows),
        "values": [one.values for one in scored],
        "infeasible": [place for place, one in enumerate(scored) if not one.feasible],
        "reasons": {str(place): one.reason for place, one in enumerate(scored) if one.reason},
        "in": _lists(figures.in_sample),
        "out": None if outside is None else _lists(outside),
    }


def block_trials(first: int, block: Mapping[str, Any]) -> list[StudyTrial]:
    """Return the trials of a block, whose first has a number."""
    names, columns = list(block["params"]), list(block["params"].values())
    inside = _records(block["in"])
    outside = None if block["out"] is None else _records(block["out"])
    infeasible, reasons = set(block["infeasible"]), block["reasons"]
    return [
        StudyTrial(
            number=first + place,
            params=dict(zip(names, row, strict=True)),
            values=None if values is None else tuple(values),
            feasible=place not in infeasible,
            reason=reasons.get(str(place), ""),
            metrics=inside[place],
            out_of_sample=None if outside is None else outside[place],
        )
        for place, (row, values) in enumerate(
            zip(zip(*columns, strict=True), block["values"], strict=True)
        )
    ]


def _lists(columns: Mapping[str, FloatArray]) -> dict[str, Column]:
    return {
        name: [None if value != value else value for value in column.tolist()]
        for name, column in columns.items()
    }


def _records(columns: Mapping[str, Column]) -> list[dict[str, float | None]]:
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
