"""The combinations of a sweep: one array a parameter, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.arrays import IntArray
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.rules.findings import did_you_mean
from quant_tui.engine.rules.parameters import ParameterSpec, ParameterValue

ROWS = 100_000_000
"""Most combinations of one sweep."""

_SMALL = 1 << 14
"""Most combinations of a grid that remembers its cases."""

Column = NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_] | NDArray[np.object_]
"""Values of one parameter."""


class Grid:
    """Combinations of parameter values.

    Parameters
    ----------
    document
        Strategy; parameters that are not given keep their defaults.
    lists
        Values of each parameter.
    product
        Whether the lists are crossed, the last one changing fastest, or paired.

    Raises
    ------
    InvalidInput
        A parameter is unknown, a value cannot be used, or paired lists differ in length.
    """

    def __init__(
        self, document: StrategyDocument, lists: Mapping[str, Iterable[object]], *, product: bool
    ) -> None:
        if not isinstance(lists, Mapping):
            raise InvalidInput(
                f"grid must be a mapping, not {type(lists).__name__}.",
                field="grid",
                hint='Give each parameter its values: {"window": [10, 20]}.',
            )
        self.names = tuple(lists)
        self._choices: dict[str, list[ParameterValue]] = {}
        self._codes: dict[str, IntArray] = {}
        self._groups: dict[tuple[str, ...], IntArray] = {}
        self._cases: dict[tuple[tuple[str, ...], bytes], tuple[IntArray, IntArray]] = {}
        self._fixed = document.default_parameters()
        lengths: dict[str, int] = {}
        for name, values in lists.items():
            spec = document.parameters.get(name)
            if spec is None:
                known = ", ".join(document.parameters) or "none"
                hint = did_you_mean(str(name), document.parameters)
                raise InvalidInput(
                    f"{name} is not a parameter of the strategy.",
                    field=str(name),
                    hint=hint.capitalize() or f"Parameters: {known}.",
                )
            self._choices[name], self._codes[name] = _coded(spec, values)
            lengths[name] = len(self._codes[name])
        self._size = _size(lengths, product=product)
        if product:
            repeat = self._size
            for name, length in lengths.items():
                repeat //= length
                period = np.repeat(self._codes[name], repeat)
                self._codes[name] = np.tile(period, self._size // len(period))

    def __len__(self) -> int:
        return self._size

    def column(self, name: str) -> Column:
        """Return the values of a parameter (K,): whole numbers, figures, truth, or texts."""
        choices = self._choices[name]
        kinds = {type(choice) for choice in choices}
        kind = {frozenset((int,)): np.int64, frozenset((bool,)): np.bool_}.get(frozenset(kinds))
        if kind is None:
            kind = np.float64 if kinds <= {int, float} else np.object_
        table: Column = np.array(choices, dtype=kind)
        return table[self._codes[name]]

    def values(self, row: int) -> dict[str, ParameterValue]:
        """Return the value of every parameter of the strategy in one combination."""
        values = dict(self._fixed)
        for name in self.names:
            values[name] = self._choices[name][self._codes[name][row]]
        return values

    def cases(self, names: tuple[str, ...], rows: IntArray) -> tuple[IntArray, IntArray]:
        """Return a place among the rows of each distinct case, and the case of each row.

        Rows of a case have the same values of these parameters. A small grid remembers
        them: many sweeps ask for the same.
        """
        if len(self) > _SMALL:
            return self._distinct(names, rows)
        key = names, rows.tobytes()
        if key not in self._cases:
            self._cases[key] = self._distinct(names, rows)
        return self._cases[key]

    def _distinct(self, names: tuple[str, ...], rows: IntArray) -> tuple[IntArray, IntArray]:
        if not names:
            return np.zeros(1, dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
        groups = self.groups(names)[rows]
        if (groups[1:] > groups[:-1]).all():
            every = np.arange(len(groups))
            return every, every
        _, first, case = np.unique(groups, return_index=True, return_inverse=True)
        return first.astype(np.int64), case.astype(np.int64)

    def groups(self, names: tuple[str, ...]) -> IntArray:
        """Return a number for each combination (K,), equal where all these parameters are."""
        if names not in self._groups:
            group = np.zeros(self._size, dtype=np.int64)
            spread = 1
            for name in names:
                choices = len(self._choices[name])
                if spread > 2**62 // choices:
                    spread, group = _renumbered(group)
                group = group * choices + self._codes[name]
                spread *= choices
            self._groups[names] = group
        return self._groups[names]


def _renumbered(group: IntArray) -> tuple[int, IntArray]:
    found, inverse = np.unique(group, return_inverse=True)
    return len(found), inverse.astype(np.int64)


def _size(lengths: Mapping[str, int], *, product: bool) -> int:
    size = 1
    for length in lengths.values():
        size *= length
    if not product:
        size = max(lengths.values(), default=1)
        for name, length in lengths.items():
            if length != size:
                raise InvalidInput(
                    f"{name} has {length} values and another parameter {size}; lists that are"
                    " paired must be of one length.",
                    field=name,
                    hint="Give lists of one length, or product=True.",
                )
    if size > ROWS:
        raise InvalidInput(
            f"The grid has {size:,} combinations, more than {ROWS:,}.", field="grid",
            hint="Sweep it in parts, or choose combinations by an optimiser.",
        )  # fmt: skip
    return size


def _coded(spec: ParameterSpec, values: Iterable[object]) -> tuple[list[ParameterValue], IntArray]:
    """Return the distinct values in the parameter's own type, and each value's place."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidInput(f"{spec.name}: a list of values is needed.", field=spec.name)
    given = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if not given:
        raise InvalidInput(f"{spec.name}: the list of values is empty.", field=spec.name)
    places: dict[tuple[type, object], int] = {}
    choices: list[ParameterValue] = []
    codes = np.empty(len(given), dtype=np.int64)
    for number, value in enumerate(given):
        if isinstance(value, np.generic):
            value = value.item()
        key = (type(value), value)
        place = places.get(key)
        if place is None:
            try:
                choice = spec.coerce(value)
            except ValueError as error:
                raise InvalidInput(f"{spec.name}: {error}", field=spec.name) from error
            place = places[key] = len(choices)
            choices.append(choice)
        codes[number] = place
    return choices, codes
