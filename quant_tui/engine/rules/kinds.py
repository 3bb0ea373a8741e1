"""Kinds of value in the rule language, and how conditions carry what is undefined."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quant_tui.engine.arrays import BoolArray, FloatArray


class Kind(StrEnum):
    """Kind of an expression, or what an argument accepts."""

    NUMBER = "number"
    """Known before the run: written, or a parameter."""
    SERIES = "series"
    """A figure for every bar of every symbol."""
    CONDITION = "condition"
    """True, false or undefined for every bar of every symbol."""
    VALUE = "series or number"
    """Accepts either; only an argument has this kind."""
    WINDOW = "bars"
    """A whole number of bars, at least 1; only an argument has this kind."""
    LAG = "bars back"
    """A whole number of bars, at least 0; only an argument has this kind."""
    AVERAGE = "average"
    """The quoted name of a moving average, such as "sma"; only an argument has this kind."""
    NAME = "name"
    """The quoted name of something outside, such as "CPI"; only an argument has this kind."""

    @property
    def is_quoted(self) -> bool:
        """Whether it is written in quotation marks."""
        return self in (Kind.AVERAGE, Kind.NAME)


@dataclass(frozen=True, slots=True)
class Condition:
    """Truth of every bar of every symbol.

    Attributes
    ----------
    true
        (T, N) where it holds; false wherever it is not known.
    known
        (T, N) where every input is defined.
    """

    true: BoolArray
    known: BoolArray


Value = float | FloatArray | Condition
"""What an expression evaluates to."""
