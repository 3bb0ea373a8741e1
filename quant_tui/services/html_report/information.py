"""Run information: assumptions, data, warnings, rules, fingerprint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from quant_tui.domain.base import Document
from quant_tui.services.html_report.markup import Markup, join, tag

_FRACTIONS = frozenset(
    {
        "commission", "slippage", "volume_impact", "participation_cap", "borrow_rate",
        "cash_rate", "risk_free",
    }
)  # fmt: skip
"""Fields of the configuration that are written as percentages."""


def information(document: Document) -> Markup:
    """Return everything about a run that is not its result."""
    details, config = document["details"], document["config"]
    strategy = config.get("strategy") or {}
    resolved = details.get("config") or {
        key: value for key, value in config.items() if key != "strategy"
    }
    if "weight" in (strategy.get("document") or {}):
        left_out = ("sizing", "sizing_value", "sizing_window")
        resolved = {key: value for key, value in resolved.items() if key not in left_out}
        resolved["sizing"] = "target weights of the rules"
    return join(
        [
            _warnings(details),
            _data(details.get("data") or ()),
            _quality(details.get("data_quality") or ()),
            tag("h2", "Assumptions"),
            _pairs(
                {
                    "symbols": ", ".join(config.get("symbols") or ()),
                    "start_date": config.get("start_date") or "first bar",
                    "end_date": config.get("end_date") or "last bar",
                    "benchmark": config.get("benchmark") or "none",
                    "warm_up_before_start": bool(config.get("warm_up")),
                    **resolved,
                }
            ),
            _orders(details),
            tag("h2", "Strategy as run"),
            _pairs(strategy.get("params") or {}),
            tag("pre", json.dumps(strategy.get("document") or {}, indent=2, ensure_ascii=False)),
            tag("h2", "Fingerprint"),
            tag("p", "Runs with equal fingerprints give equal figures.", class_="note"),
            _pairs(document["fingerprint"]),
        ]
    )


def _warnings(details: Document) -> Markup:
    warnings = [tag("p", one, class_="warning") for one in details.get("warnings") or ()]
    return join([tag("h2", "Warnings"), *warnings]) if warnings else join("")


def _data(sources: Sequence[Document]) -> Markup:
    if not sources:
        return join("")
    columns = ("symbol", "source", "adjustment", "interval")
    rows = [
        tag(
            "tr",
            [tag("td", one.get(column) or "unknown") for column in columns],
            tag("td", "SYNTHETIC" if one.get("synthetic") else "no"),
        )
        for one in sources
    ]
    head = tag("tr", [tag("th", one.capitalize()) for one in (*columns, "synthetic")])
    return join(
        [
            tag("h2", "Data"),
            tag("table", tag("thead", head), rows),
            tag("p", "The terms of its source hold for the data behind this page.", class_="note"),
        ]
    )


def _quality(issues: Sequence[Document]) -> Markup:
    if not issues:
        return join("")
    head = tag("tr", [tag("th", one) for one in ("Symbol", "Check", "What was found")])
    rows = [
        tag("tr", tag("td", one.get("symbol")), tag("td", str(one.get("check")).replace("_", " ")),
            tag("td", one.get("text")))
        for one in issues
    ]  # fmt: skip
    return join([tag("h2", "Data quality"), tag("table", tag("thead", head), rows)])


def _orders(details: Document) -> Markup:
    orders = details.get("orders") or {}
    if not orders:
        return join("")
    counts = {key: orders.get(key) for key in ("filled", "cut", "rejected", "unfilled")}
    reasons = orders.get("reasons") or {}
    found: Document = {**counts, **reasons}
    if details.get("assumptions"):
        found["fills that rest on an assumption about a bar"] = details["assumptions"]
    for assumption, figures in (details.get("bracket") or {}).items():
        total = figures.get("total_return")
        found[f"total return, {assumption}"] = None if total is None else f"{total * 100:.2f}%"
    return join([tag("h2", "Orders"), _pairs(found)])


def _pairs(values: Mapping[str, object]) -> Markup:
    return tag(
        "table",
        [
            tag("tr", tag("td", name.replace("_", " ")), tag("td", _written(name, value)))
            for name, value in values.items()
        ],
        class_="pairs",
    )


def _written(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and name in _FRACTIONS:
        return f"{value * 100:,.6g}%"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
