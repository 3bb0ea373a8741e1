"""Whether decisions use the future, and whether they depend on where the data begin.

Both compute the strategy's rules again on other bars and compare what it decides and
every figure that it decides on: a rule that looks ahead shows itself at the last bar of
any cut, whether or not a signal fires there.

Source: the look-ahead and recursive analyses of freqtrade (its documentation, "Lookahead
analysis" and "Recursive analysis"), of which the first compares only where trades happen.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.arrays import BoolArray, FloatArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.robustness.reruns import window
from quant_tui.engine.rules import ParameterValue, StrategyDocument
from quant_tui.engine.rules.expression import canonical_text
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.functions import FUNCTIONS
from quant_tui.engine.rules.interpreter import Interpreter
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.validation import RULES

CUTS = 16
LATER_STARTS = 4
SAME = 1e-9
"""Relative difference up to which two figures are the same."""


@dataclass(frozen=True, slots=True)
class LookAhead:
    """What cutting the future off changed.

    Attributes
    ----------
    cuts
        How many cuts were compared.
    changed
        How many of them changed the past.
    what, row
        The first thing that changed, as the strategy writes it, and the last bar of the
        cut; empty and None when nothing did.
    found
        Of every cut that was compared: its last row, and what changed, empty for nothing.
    """

    cuts: int
    changed: int
    what: str = ""
    row: int | None = None
    found: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What one later beginning changed, after the warm-up.

    Attributes
    ----------
    row
        The first row that it had.
    decisions, changed
        Decisions made in either run, and how many of them the other run did not make.
    """

    row: int
    decisions: int
    changed: int


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What data that begin later changed, after the warm-up.

    Attributes
    ----------
    starts
        How many later beginnings were compared.
    decisions
        Decisions made in either run after the warm-up.
    changed
        How many of them the other run did not make.
    what
        The figure that differed most at the end of the warm-up, as the strategy writes
        it; empty when none differed.
    deviation
        By how much, relative to its size.
    found
        The same of every beginning.
    """

    starts: int
    decisions: int
    changed: int
    what: str = ""
    deviation: float = 0.0
    found: tuple[Beginning, ...] = ()


@dataclass(frozen=True, slots=True)
class _Decisions:
    """Rules and figures of a strategy by text: (T, N) each, on the common dates."""

    signals: dict[str, BoolArray]
    known: dict[str, BoolArray]
    figures: dict[str, FloatArray]


def look_ahead(
    bars: Bars,
    document: StrategyDocument,
    params: Mapping[str, ParameterValue],
    *,
    inputs: Mapping[str, ArrayLike] | None = None,
    cuts: int = CUTS,
    cancel: Callable[[], bool] | None = None,
) -> LookAhead:
    """Cut the bars after many rows and compare all that was decided up to each.

    Parameters
    ----------
    bars, document, params
        What was run; a value for every parameter.
    inputs
        Series from outside that the run was given.
    cuts
        How many, spread evenly over the bars.
    cancel
        Asked between cuts.

    Raises
    ------
    InsufficientData
        Fewer than three bars.
    """
    if len(bars) < 3:
        raise InsufficientData("Looking for look-ahead needs at least three bars.")
    given = inputs or {}
    whole = _decide(bars, document, params, given)
    rows = np.unique(np.linspace(1, len(bars) - 1, cuts + 1, dtype=np.int64)[:-1]).tolist()
    found: list[tuple[int, str]] = []
    for row in rows:
        raise_if_cancelled(cancel)
        if not bars.present[: row + 1].any():
            continue
        part, cut = window(bars, 0, row + 1, given)
        alone = _decide(part, document, params, cut)
        found.append((row, next(_differences(whole, alone, row + 1, _columns(bars, part)), "")))
    changed = [one for one in found if one[1]]
    where, what = changed[0] if changed else (None, "")
    return LookAhead(len(rows), len(changed), what, where, tuple(found))


def warm_up_check(
    bars: Bars,
    document: StrategyDocument,
    params: Mapping[str, ParameterValue],
    warm_up: int,
    *,
    inputs: Mapping[str, ArrayLike] | None = None,
    starts: int = LATER_STARTS,
    cancel: Callable[[], bool] | None = None,
) -> WarmUp:
    """Let the data begin later and compare the decisions made after the warm-up.

    Parameters
    ----------
    bars, document, params
        What was run.
    warm_up
        Bars of a symbol that pass before its first possible signal.
    inputs
        Series from outside that the run was given.
    starts
        How many later beginnings, spread over the first half of the bars.
    cancel
        Asked between them.

    Raises
    ------
    InsufficientData
        No beginning leaves bars beyond the warm-up.
    """
    given = inputs or {}
    whole = _decide(bars, document, params, given)
    rows = np.linspace(0, len(bars) // 2, starts + 1, dtype=np.int64)[1:]
    found: list[Beginning] = []
    what, deviation = "", 0.0
    for row in np.unique(rows[rows > 0]).tolist():
        raise_if_cancelled(cancel)
        if not bars.present[row:].any():
            continue
        part, cut = window(bars, row, len(bars), given)
        ready = _ready_row(part, warm_up)
        if ready >= len(part):
            continue
        decisions = changed = 0
        columns = _columns(bars, part)
        later = _decide(part, document, params, cut)
        for key, signal in later.signals.items():
            before = whole.signals[key][row + ready :, columns]
            after = signal[ready:]
            decisions += int((before | after).sum())
            changed += int((before ^ after).sum())
        for key, figure in later.figures.items():
            before_, after_ = whole.figures[key][row + ready :, columns], figure[ready:]
            apart = _relative(before_[0], after_[0])
            if apart > max(deviation, SAME):
                what, deviation = key, apart
            if key in RULES:
                differ = ~_alike(before_, after_, 1e-6)
                decisions += int((np.isfinite(before_) | np.isfinite(after_)).sum())
                changed += int(differ.sum())
        found.append(Beginning(row, decisions, changed))
    if not found:
        raise InsufficientData(
            "A later beginning leaves no bar beyond the warm-up.", hint="Take more bars."
        )
    return WarmUp(
        len(found),
        sum(one.decisions for one in found),
        sum(one.changed for one in found),
        what,
        deviation,
        tuple(found),
    )


def _decide(
    bars: Bars,
    document: StrategyDocument,
    params: Mapping[str, ParameterValue],
    inputs: Mapping[str, ArrayLike],
) -> _Decisions:
    frame = Frame(bars)
    calls = _calls(document)
    roots = [*document.rules.values(), *calls.values()]
    interpreter = Interpreter(frame, document.lets, params, roots=roots, inputs=inputs)
    made = _Decisions({}, {}, {})
    for key, tree in document.rules.items():
        if RULES[key] == (Kind.CONDITION,):
            condition = interpreter.condition(tree)
            made.signals[key] = frame.spread_truth(condition.true)
            made.known[key] = frame.spread_truth(condition.known)
        else:
            made.figures[key] = interpreter.series(tree)
    for text, tree in calls.items():
        made.figures[text] = interpreter.series(tree)
    return made


def _calls(document: StrategyDocument) -> dict[str, ast.expr]:
    """Every call in the document that gives a series, by its canonical text."""
    found: dict[str, ast.expr] = {}
    for tree in (*document.lets.values(), *document.rules.values()):
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if FUNCTIONS[node.func.id].result is Kind.SERIES:
                found.setdefault(canonical_text(node), node)
    return found


def _columns(bars: Bars, part: Bars) -> list[int]:
    place = {name: column for column, name in enumerate(bars.symbols)}
    return [place[name] for name in part.symbols]


def _differences(
    whole: _Decisions, part: _Decisions, rows: int, columns: list[int]
) -> Iterator[str]:
    """Yield what differs between the past seen with its future and without."""
    for key, signal in part.signals.items():
        same = np.array_equal(whole.signals[key][:rows, columns], signal)
        if not (same and np.array_equal(whole.known[key][:rows, columns], part.known[key])):
            yield key
    for key, figure in part.figures.items():
        if not _alike(whole.figures[key][:rows, columns], figure, SAME).all():
            yield key


def _alike(one: FloatArray, other: FloatArray, tolerance: float) -> BoolArray:
    alike: BoolArray = np.isclose(one, other, rtol=tolerance, atol=1e-12, equal_nan=True)
    return alike


def _relative(one: FloatArray, other: FloatArray) -> float:
    """Largest difference of two rows (N,) relative to the figures' size; 0 where unknown."""
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return 0.0
    size = np.maximum(np.abs(one[both]), np.abs(other[both]))
    apart = np.abs(one[both] - other[both])
    return float(np.divide(apart, size, out=np.zeros_like(size), where=size > 0.0).max())


def _ready_row(part: Bars, warm_up: int) -> int:
    """Return the row from which every symbol that gets so far is past its warm-up.

    At least one: on the very first bar a month or a year begins by definition.
    """
    seen = np.cumsum(part.present, axis=0)
    past = seen > warm_up
    reached = past[-1]
    if not reached.any():
        return len(part)
    return max(int(past[:, reached].argmax(axis=0).max()), 1)
