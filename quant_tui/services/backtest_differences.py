"""In what runs differ: configuration, parameters, rules, data and code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from quant_tui.domain.base import Document
from quant_tui.engine import BacktestConfig
from quant_tui.services.backtest_report import BacktestReport

Area = Literal["configuration", "parameters", "rules", "data", "code"]

_NOT_CONFIGURATION = frozenset({"symbols", "start_date", "end_date", "strategy"})
"""Keys of a backtest's ``config`` that belong to another area."""

_NOT_RULES = frozenset({"name", "description", "strategy_type", "tags"})
"""Keys of a strategy's document that change nothing about what it does."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which runs differ.

    Attributes
    ----------
    area
        Where the field belongs.
    field
        Its name: a key of the configuration, a parameter, a place of the rule document
        (``let.fast``, ``entry``).
    values
        One a run, in their order; None where a run has no such field.
    """

    area: Area
    field: str
    values: tuple[object, ...]

    def to_document(self) -> Document:
        """Return the difference as JSON holds it."""
        return {"area": self.area, "field": self.field, "values": list(self.values)}


def differences(reports: Sequence[BacktestReport]) -> list[Difference]:
    """Return every field in which at least two runs differ.

    Rules are compared line by line of their canonical document: two documents that mean
    the same do not differ, however they were written or ordered. Fields of the
    configuration that a run was made before have today's default, which is what it ran
    with.
    """
    shared = set.intersection(*({one["symbol"] for one in _sources(of)} for of in reports))
    areas: tuple[tuple[Area, list[Document]], ...] = (
        ("configuration", [_configuration(one) for one in reports]),
        ("parameters", [dict(_strategy(one).get("params") or {}) for one in reports]),
        ("rules", [dict(_lines(_strategy(one).get("document") or {})) for one in reports]),
        ("data", [_data(one, shared) for one in reports]),
        ("code", [_code(one) for one in reports]),
    )
    return [
        Difference(area, field, values)
        for area, documents in areas
        for field, values in _unequal(documents)
    ]


def _unequal(documents: Sequence[Document]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for field in dict.fromkeys(field for one in documents for field in one):
        values = tuple(one.get(field) for one in documents)
        if any(value != values[0] for value in values):
            yield field, values


def _configuration(report: BacktestReport) -> Document:
    config = report.backtest.config
    own = {key: value for key, value in config.items() if key not in _NOT_CONFIGURATION}
    return {**BacktestConfig().to_document(), "warm_up": False, **own}


def _strategy(report: BacktestReport) -> Document:
    return report.backtest.config.get("strategy") or {}


def _lines(document: Mapping[str, object], place: str = "") -> Iterator[tuple[str, object]]:
    """Return every line of a rule document with its place."""
    for key, value in document.items():
        if not place and key in _NOT_RULES:
            continue
        here = f"{place}.{key}" if place else key
        if isinstance(value, Mapping):
            yield from _lines(value, here)
        elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
            yield from _lines({str(at + 1): one for at, one in enumerate(value)}, here)
        elif key != "description" and value != []:
            yield here, value


def _sources(report: BacktestReport) -> Sequence[Document]:
    return (report.result.details.get("data") or ()) if report.result else ()


def _data(report: BacktestReport, shared: set[str]) -> Document:
    """Return what a run ran on; where bars are from, of the symbols that all runs share."""
    config, result = report.backtest.config, report.result
    found: Document = {
        "symbols": list(config.get("symbols") or ()),
        "start_date": config.get("start_date"),
        "end_date": config.get("end_date"),
    }
    if result is None:
        return found
    days = result.portfolio_value.get("date") or [None]
    found["fingerprint"] = result.fingerprint.get("data")
    found["first bar"], found["last bar"], found["bars"] = days[0], days[-1], len(days)
    for one in _sources(report):
        if one["symbol"] in shared:
            for key in ("source", "adjustment", "interval", "synthetic"):
                found[f"{one['symbol']} {key}"] = one.get(key)
    return found


def _code(report: BacktestReport) -> Document:
    fingerprint = report.result.fingerprint if report.result else {}
    return {"engine_version": fingerprint.get("engine_version")}
