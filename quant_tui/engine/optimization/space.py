"""What a search may choose: a range a parameter, conditions between them, and the grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.arrays import BoolArray
from quant_tui.engine.rules import ParameterSpec, ParameterValue, StrategyDocument, check
from quant_tui.engine.rules.document import Constraint
from quant_tui.engine.rules.expression import canonical_text, parse_expression
from quant_tui.engine.rules.findings import Findings, did_you_mean
from quant_tui.engine.sweep.dependencies import Dependencies
from quant_tui.engine.sweep.grid import Grid
from quant_tui.engine.sweep.numbers import Numbers

KINDS = ("int", "float", "cat")

LEVELS = 10
"""Values that a float without a step has in a grid."""

MOST_TRIALS = 100_000
"""Most trials of one study: beyond that a search is a sweep, and nobody reads its table."""

AROUND = 4.0
"""How many times a parameter's value a usual range reaches, up and down."""

Combination = dict[str, ParameterValue]
"""A value for each searched parameter."""


@dataclass(frozen=True, slots=True)
class ParameterRange:
    """Values that a search may give to a parameter.

    Attributes
    ----------
    kind
        ``int``, ``float``, or ``cat`` for a choice or a switch.
    low, high
        Bounds, both included; None for ``cat``.
    step
        Distance between neighbouring values; None for 1 (``int``) or any (``float``).
    log
        Whether values are spread evenly over their logarithm; not with a step.
    choices
        Values of a ``cat``.
    when
        Name of another searched parameter and the values of it with which this one is
        searched; with any other it stays at the strategy's value. None: always.
    """

    kind: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    choices: tuple[ParameterValue, ...] = ()
    when: tuple[str, tuple[ParameterValue, ...]] | None = None

    @classmethod
    def of(cls, spec: ParameterSpec) -> ParameterRange:
        """Return a parameter's whole range."""
        if spec.kind == "bool":
            return cls("cat", choices=(False, True))
        if spec.kind == "choice":
            return cls("cat", choices=spec.choices)
        return cls(spec.kind, spec.low, spec.high, spec.step)

    def values(self) -> list[ParameterValue]:
        """Return its values in a grid, in their order."""
        if self.kind == "cat" or self.low is None or self.high is None:
            return list(self.choices)
        low, high = self.low, self.high
        if self.kind == "int":
            if self.log:
                levels = np.geomspace(low, high, LEVELS).round().astype(int).tolist()
                return list(dict.fromkeys(levels))
            return list(range(int(low), int(high) + 1, int(self.step or 1)))
        if self.step is not None:
            count = math.floor((high - low) / self.step + 1e-9) + 1
            return [float(np.round(low + place * self.step, 12)) for place in range(count)]
        levels = np.geomspace(low, high, LEVELS) if self.log else np.linspace(low, high, LEVELS)
        return list(dict.fromkeys(levels.tolist()))

    def draw(self, uniform: float) -> ParameterValue:
        """Return the value at a share, from 0 to before 1, of the range."""
        if self.kind == "cat" or self.low is None or self.high is None:
            return self.choices[int(uniform * len(self.choices))]
        if self.kind == "int" and self.log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            value = round(math.exp(low + uniform * (high - low)))
            return int(min(max(value, self.low), self.high))
        if self.kind == "int" or self.step is not None:
            values = self.values()
            return values[int(uniform * len(values))]
        if self.log:
            return float(self.low * (self.high / self.low) ** uniform)
        return float(self.low + uniform * (self.high - self.low))

    def place(self, value: ParameterValue) -> float:
        """Return where a value lies in the range, 0 to 1."""
        if self.kind == "cat":
            return self.choices.index(value) / max(len(self.choices) - 1, 1)
        low, high, number = float(self.low or 0.0), float(self.high or 0.0), float(value)
        if self.log:
            low, high, number = math.log(low), math.log(high), math.log(number)
        return (number - low) / (high - low) if high > low else 0.0

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, and more than one."""
        return self.kind != "cat" and self.low != self.high

    @property
    def spacing(self) -> float:
        """Distance between neighbouring values as a share of the range; 0 for any distance."""
        if self.kind == "cat":
            return 1.0
        if self.log or (self.kind == "float" and self.step is None):
            return 0.0
        span = float(self.high or 0.0) - float(self.low or 0.0)
        return float(self.step or 1.0) / span if span > 0.0 else 1.0

    def to_document(self) -> dict[str, Any]:
        """Return the range as plain data."""
        document: dict[str, Any] = {"kind": self.kind}
        if self.kind == "cat":
            document["choices"] = list(self.choices)
        else:
            document |= {"low": self.low, "high": self.high, "step": self.step, "log": self.log}
        if self.when is not None:
            document["when"] = {"parameter": self.when[0], "values": list(self.when[1])}
        return document

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ParameterRange:
        """Return the range of :meth:`to_document`."""
        when = document.get("when")
        return cls(
            kind=document["kind"],
            low=document.get("low"),
            high=document.get("high"),
            step=document.get("step"),
            log=bool(document.get("log", False)),
            choices=tuple(document.get("choices", ())),
            when=None if when is None else (when["parameter"], tuple(when["values"])),
        )


class SearchSpace:
    """The combinations that a search may try.

    Parameters
    ----------
    document
        Strategy, whose default parameters are the values of what is not searched.
    ranges
        Range of each searched parameter.

    Raises
    ------
    InvalidInput
        A parameter is unknown or its range cannot be used; ``field`` names it.
    """

    def __init__(self, document: StrategyDocument, ranges: Mapping[str, ParameterRange]) -> None:
        if not ranges:
            raise InvalidInput(
                "Nothing is searched.",
                field="space",
                hint=f"Parameters of the strategy: {', '.join(document.parameters) or 'none'}.",
            )
        self.document = document
        self.ranges = _in_order(
            {name: _checked(document, name, given) for name, given in ranges.items()}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Searched parameters; one that depends on another comes after it."""
        return tuple(self.ranges)

    @property
    def is_conditional(self) -> bool:
        """Whether a parameter is searched only with some values of another."""
        return any(one.when is not None for one in self.ranges.values())

    def size(self) -> int:
        """Return how many combinations the grid has before conditions and constraints."""
        return math.prod(len(one.values()) for one in self.ranges.values())

    def settled(self, chosen: Mapping[str, ParameterValue]) -> Combination:
        """Return a combination with parameters whose condition fails at the strategy's value."""
        found: Combination = {}
        for name, given in self.ranges.items():
            active = given.when is None or found.get(given.when[0]) in given.when[1]
            found[name] = chosen[name] if active and name in chosen else self.default(name)
        return found

    def default(self, name: str) -> ParameterValue:
        """Return the strategy's own value of a parameter."""
        return self.document.parameters[name].default

    def grid(self) -> list[Combination]:
        """Return every combination that fulfils conditions and constraints, the last fastest.

        Raises
        ------
        InvalidInput
            There are more than :data:`MOST_TRIALS`, or none.
        """
        if self.size() > 10 * MOST_TRIALS:
            raise self._too_many(self.size())
        lists = [one.values() for one in self.ranges.values()]
        codes = np.indices([len(one) for one in lists]).reshape(len(lists), -1)
        columns = {
            name: [values[code] for code in row]
            for name, values, row in zip(self.ranges, lists, codes.tolist(), strict=True)
        }
        rows: list[Combination] = [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
        if self.is_conditional:
            settled = {tuple(one.values()): one for one in map(self.settled, rows)}
            rows = list(settled.values())
        if self.document.constraints:
            kept = self.fulfilled(rows)
            rows = [row for row, held in zip(rows, kept.tolist(), strict=True) if held]
        if len(rows) > MOST_TRIALS:
            raise self._too_many(len(rows))
        if not rows:
            raise self.nothing_fulfils()
        return rows

    def nothing_fulfils(self) -> InvalidInput:
        """Return the error of a space without any combination that may be run."""
        return InvalidInput(
            "No combination fulfils the constraints.",
            field="space",
            hint="Widen the ranges, or loosen "
            + "; ".join(one.text for one in self.document.constraints),
        )

    def candidates(self, most: int, seed: int) -> list[Combination]:
        """Return the whole grid where it is small enough, else so many seeded random draws."""
        if self.size() <= most:
            return self.grid()
        random = np.random.default_rng(seed)
        found: dict[tuple[ParameterValue, ...], Combination] = {}
        for _ in range(20):
            shares = random.random((most, len(self.ranges)))
            drawn = [
                self.settled(
                    {
                        name: given.draw(share)
                        for (name, given), share in zip(self.ranges.items(), row, strict=True)
                    }
                )
                for row in shares.tolist()
            ]
            kept = self.fulfilled(drawn)
            for one, held in zip(drawn, kept.tolist(), strict=True):
                if held:
                    found.setdefault(tuple(one.values()), one)
            if len(found) >= most:
                break
        return list(found.values())[:most]

    def fulfilled(self, rows: Sequence[Combination]) -> BoolArray:
        """Return which combinations (K,) fulfil the constraints and can be run at all."""
        if not rows:
            return np.zeros(0, dtype=np.bool_)
        grid = Grid(self.document, columns_of(rows), product=False)
        numbers = Numbers(self.document, grid, Dependencies(self.document.lets, grid.names))
        held: BoolArray = numbers.usable(2**31).copy()
        return held

    @staticmethod
    def _too_many(size: int) -> InvalidInput:
        return InvalidInput(
            f"The grid has {size:,} combinations, more than {MOST_TRIALS:,}.",
            field="space",
            hint="Give coarser steps, or take the sampler tpe, qmc or random.",
        )


def columns_of(rows: Sequence[Combination]) -> dict[str, list[ParameterValue]]:
    """Return combinations as a list a parameter."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def constrained(document: StrategyDocument, constraints: Sequence[str]) -> StrategyDocument:
    """Return a strategy with more conditions between its parameters.

    Raises
    ------
    InvalidInput
        A condition cannot be used.
    """
    findings = Findings()
    added = []
    known = {one.text for one in document.constraints}
    for number, text in enumerate(one for one in constraints if one.strip()):
        tree = parse_expression(text, f"constraints.{number}", findings)
        if tree is not None and canonical_text(tree) not in known:
            added.append(Constraint(tree))
    found = replace(document, constraints=(*document.constraints, *added))
    # That the strategy's own values break one is no fault: the search is to find others.
    wrong = [one for one in (*findings.all(), *check(found)) if one.place.startswith("constr")]
    if wrong:
        raise InvalidInput(
            "; ".join(map(str, wrong)),
            field="constraints",
            hint='For example "short_window < long_window".',
        )
    return found


def with_values(
    document: StrategyDocument, values: Mapping[str, ParameterValue]
) -> StrategyDocument:
    """Return a strategy whose default parameters are the given ones."""
    specs = {
        name: replace(spec, default=values.get(name, spec.default))
        for name, spec in document.parameters.items()
    }
    return replace(document, parameters=specs)


def usual_ranges(document: StrategyDocument) -> dict[str, ParameterRange]:
    """Return a range of every parameter to begin a search with.

    A number goes from a quarter of its own value to four times it, within its bounds; from
    zero or below over its whole range. Choices and switches have all their values.
    """
    return {name: _usual(spec) for name, spec in document.parameters.items()}


def _usual(spec: ParameterSpec) -> ParameterRange:
    whole = ParameterRange.of(spec)
    value = spec.default
    if whole.low is None or whole.high is None or isinstance(value, str) or not value > 0:
        return whole
    low, high = max(whole.low, value / AROUND), min(whole.high, value * AROUND)
    step = whole.step or (1.0 if spec.kind == "int" else None)
    if step is not None:  # on the grid that begins at the parameter's own low
        low = whole.low + math.ceil((low - whole.low) / step - 1e-9) * step
        high = whole.low + math.floor((high - whole.low) / step + 1e-9) * step
    return replace(whole, low=low, high=high) if low < high else whole


def _in_order(ranges: dict[str, ParameterRange]) -> dict[str, ParameterRange]:
    """Put each parameter after the one it depends on."""
    placed: dict[str, ParameterRange] = {}
    waiting = dict(ranges)
    while waiting:
        free = [name for name, one in waiting.items() if one.when is None or one.when[0] in placed]
        if not free:
            name, one = next(iter(waiting.items()))
            other = one.when[0] if one.when else ""
            reason = "depends on itself" if other in ranges else f"{other} is not searched"
            raise InvalidInput(f"{name} is searched when {other} …, but {reason}.", field=name)
        for name in free:
            placed[name] = waiting.pop(name)
    for name, one in placed.items():
        if one.when is not None:
            other, values = one.when
            base = placed[other]
            allowed = base.choices if base.kind == "cat" else tuple(base.values())
            if not values or any(value not in allowed for value in values):
                raise InvalidInput(
                    f"{name}: {other} never has one of {', '.join(map(str, values)) or 'nothing'}.",
                    field=name,
                    hint=f"Values of {other}: {', '.join(map(str, allowed[:12]))}.",
                )
    return placed


def _checked(document: StrategyDocument, name: str, given: ParameterRange) -> ParameterRange:
    """Return a range with values of the parameter's own type."""
    spec = document.parameters.get(name)
    if spec is None:
        known = ", ".join(document.parameters) or "none"
        hint = did_you_mean(name, document.parameters).capitalize() or f"Parameters: {known}."
        raise InvalidInput(f"{name} is not a parameter of the strategy.", field=name, hint=hint)
    if given.kind not in KINDS:
        raise InvalidInput(f"{name}: a range is one of {', '.join(KINDS)}.", field=name)
    try:
        if given.kind == "cat":
            if not given.choices:
                raise ValueError("needs at least one choice")
            values = dict.fromkeys(spec.coerce(value) for value in given.choices)
            return replace(given, choices=tuple(values), low=None, high=None, step=None, log=False)
        return _checked_numbers(spec, given)
    except ValueError as error:
        raise InvalidInput(f"{name}: {error}", field=name) from error


def _checked_numbers(spec: ParameterSpec, given: ParameterRange) -> ParameterRange:
    if spec.kind not in ("int", "float"):
        raise ValueError(f"is no number: search it as cat:{'|'.join(map(str, spec.choices))}")
    if given.low is None or given.high is None:
        raise ValueError("needs its low and high")
    low, high = spec.coerce(given.low), spec.coerce(given.high)
    if isinstance(low, bool | str) or isinstance(high, bool | str) or low > high:
        raise ValueError(f"the range's low {given.low:g} is above its high {given.high:g}")
    if spec.kind == "int" and given.kind == "float":
        raise ValueError("is a whole number: search it as int")
    if given.step is not None and (not given.step > 0.0 or not math.isfinite(given.step)):
        raise ValueError("step must be above zero")
    if given.kind == "int" and given.step is not None and given.step % 1:
        raise ValueError("the step of an int is a whole number")
    if given.log and given.step is not None:
        raise ValueError("a logarithmic range has no step")
    if given.log and not low > 0:
        raise ValueError("a logarithmic range begins above zero")
    return replace(given, low=low, high=high, choices=())
