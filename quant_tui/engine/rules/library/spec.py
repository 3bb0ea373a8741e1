"""What is said of every function and field: signature, units, warm-up, source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Kind, Value

Evaluate = Callable[..., Value]
"""Takes the frame, then the arguments."""
Lookback = Callable[..., int]
"""Takes the whole-number arguments and the names of averages, in order."""
Argument = tuple[str, Kind]
"""Name and kind."""

X: Argument = ("x", Kind.SERIES)
WINDOW: Argument = ("window", Kind.WINDOW)


def no_lookback(*_counts: int | str) -> int:
    """Return 0: the first bar has a value already."""
    return 0


def window_lookback(window: int, *_counts: int | str) -> int:
    """Return the window: it looks at one bar more than it has."""
    return window


def short_lookback(window: int, *_counts: int | str) -> int:
    """Return one bar less than the window, which includes its own bar."""
    return window - 1


def _refuses_nothing(*_counts: int | str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function of the rule language.

    Attributes
    ----------
    name
        What is written.
    arguments
        Name and kind of each argument, in order.
    result
        Kind of what it gives.
    units
        Units of what it gives.
    help
        What it computes, in a sentence or two, with the source of the formula.
    group
        Heading it is listed under.
    lookback
        Bars before its first value, beyond its arguments' own.
    evaluate
        Computes it.
    defaults
        Values of the last arguments, which may be left out.
    bounds
        Least and greatest value of an argument, where it has its own.
    refuses
        Takes what ``lookback`` takes; says what it needs instead, or nothing.
    missing
        For a series from outside the bars: what to do when it is not there.
    """

    name: str
    arguments: tuple[Argument, ...]
    result: Kind
    units: str
    help: str
    group: str
    lookback: Lookback
    evaluate: Evaluate
    defaults: tuple[float | str, ...] = ()
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    refuses: Callable[..., str] = _refuses_nothing
    missing: str = ""

    @property
    def signature(self) -> str:
        """The call with the kind of each argument, and what may be left out."""
        required = len(self.arguments) - len(self.defaults)
        parts = [f"{name}: {kind.value}" for name, kind in self.arguments]
        for place, default in enumerate(self.defaults, start=required):
            shown = f'"{default}"' if isinstance(default, str) else f"{default:g}"
            parts[place] += f" = {shown}"
        return f"{self.name}({', '.join(parts)})"

    @property
    def external(self) -> bool:
        """Whether its figures come from outside the bars."""
        return bool(self.missing)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One figure that every bar has: a price, the volume, or a fact of the calendar.

    Attributes
    ----------
    name, units, help, group
        As in :class:`FunctionSpec`.
    kind
        Series or condition.
    evaluate
        Takes the frame.
    """

    name: str
    kind: Kind
    units: str
    help: str
    evaluate: Callable[[Frame], Value]
    group: str = "Prices"
