"""Everything that an expression can say, as one list for people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from quant_tui.engine.rules.functions import AVERAGES, FIELDS, FUNCTIONS
from quant_tui.engine.rules.kinds import Kind

GROUPS = (
    "Prices", "Calendar", "Averages and bands", "Momentum", "Volatility", "Volume", "Statistics",
    "Price transforms", "Cycles", "Candle patterns", "Crossings", "Time", "Across symbols",
    "Arithmetic", "From outside the bars",
)  # fmt: skip
"""Headings, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One function or field.

    Attributes
    ----------
    name, group, units, help
        As the registry has them.
    signature
        How it is written.
    result
        Kind of what it gives.
    arguments
        Name, kind, default and range of each argument, as plain data.
    """

    name: str
    group: str
    signature: str
    result: str
    units: str
    help: str
    arguments: tuple[dict[str, Any], ...] = ()

    def matches(self, text: str) -> bool:
        """Whether every word of ``text`` is somewhere in the entry, in any case."""
        whole = f"{self.name} {self.group} {self.units} {self.help}".lower()
        return all(word in whole for word in text.lower().split())

    def is_talibs(self, name: str) -> bool:
        """Whether TA-Lib calls it so, in any case."""
        return re.search(rf"TA-Lib {re.escape(name.upper())}\b", self.help) is not None

    def to_document(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {
            "name": self.name, "group": self.group, "signature": self.signature,
            "arguments": list(self.arguments), "result": self.result, "units": self.units,
            "help": self.help,
        }  # fmt: skip


def reference() -> list[Entry]:
    """Return every function and field, by group, then by name."""
    fields = [
        Entry(one.name, one.group, one.name, one.kind.value, one.units, one.help)
        for one in FIELDS.values()
    ]
    functions = [
        Entry(
            one.name, one.group, one.signature, one.result.value, one.units, one.help,
            tuple(_argument(one.name, place) for place in range(len(one.arguments))),
        )
        for one in FUNCTIONS.values()
    ]  # fmt: skip
    return sorted([*fields, *functions], key=lambda one: (GROUPS.index(one.group), one.name))


def _argument(name: str, place: int) -> dict[str, Any]:
    spec = FUNCTIONS[name]
    label, kind = spec.arguments[place]
    found: dict[str, Any] = {"name": label, "kind": kind.value}
    defaulted = place - (len(spec.arguments) - len(spec.defaults))
    if defaulted >= 0:
        found["default"] = spec.defaults[defaulted]
    if kind is Kind.AVERAGE:
        found["choices"] = list(AVERAGES)
    if label in spec.bounds:
        found["low"], found["high"] = spec.bounds[label]
    return found
