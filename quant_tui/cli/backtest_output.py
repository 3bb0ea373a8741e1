"""What the backtest commands print for people."""

from __future__ import annotations

import json
from collections.abc import Sequence

from quant_tui.cli.chart import equity_chart
from quant_tui.cli.output import percent, print_json, print_table, ratio, share
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.services.backtest_figures import write_figure

NAMED = 12
"""Symbols that are named in a line."""


def print_report(document: Document, *, as_json: bool, chart: bool = False) -> None:
    """Print a backtest as one JSON document, or its main figures for people, drawn on wish."""
    if as_json:
        print_json(document)
        return
    config, figures, risk = (document[key] for key in ("config", "performance", "risk_metrics"))
    kept = document["backtest_id"] or "not kept"
    print(plain(f"{document['name']} · {document['status']} · {kept}"))
    dates = document["portfolio_value"].get("date") or (None, None)
    first, last = config["start_date"] or dates[0], config["end_date"] or dates[-1]
    print(f"{_named(config['symbols'])}  {first or 'first bar'} to {last or 'last bar'}")
    if document["error"]:
        print(plain(document["error"].get("message", "")))
    if not figures:
        return
    synthetic = [one["symbol"] for one in document["details"].get("data", ()) if one["synthetic"]]
    if synthetic:
        print(f"Synthetic data: {_named(synthetic)}")
    trust = document["details"].get("trust") or {}
    if trust:
        print(plain(f"Trust: {trust['verdict']} · {trust['summary']}"))
    rows = [
        ("total return", percent(figures["total_return"])),
        ("CAGR", percent(figures["cagr"])),
        ("Sharpe", ratio(figures["sharpe_ratio"])),
        ("Sortino", ratio(figures["sortino_ratio"])),
        ("Calmar", ratio(figures["calmar_ratio"])),
        ("max drawdown", percent(figures["max_drawdown"])),
        ("volatility", share(risk["annual_volatility"])),
        ("round trips", str(figures["total_trades"])),
        ("win rate", share(figures["win_rate"])),
        ("profit factor", ratio(figures["profit_factor"])),
        ("exposure", share(figures["exposure"])),
    ]
    for label, value in rows:
        print(f"  {label:<14} {value:>14}")
    if chart:
        print(equity_chart(document))
    _print_assumptions(document["details"])
    for one in document["details"].get("inputs") or ():
        if "model" in one:
            print(f"{one['call']} is {one['model']}, with {one['values']:,} forecasts")
    for warning in document["details"].get("warnings") or ():
        print(plain(f"! {warning}"))


def _named(symbols: Sequence[str]) -> str:
    """Name symbols, the first of many; JSON has them all."""
    more = len(symbols) - NAMED
    shown = plain(", ".join(symbols[:NAMED]))
    return f"{shown} and {more} more" if more > 0 else shown


def _print_assumptions(details: Document) -> None:
    count, bracket = details.get("assumptions"), details.get("bracket")
    if count and bracket:
        ends = " · ".join(
            f"{name} {percent(figures['total_return'])}" for name, figures in bracket.items()
        )
        print(f"{count} fills rest on an assumption about a bar. Total return: {ends}")


def print_comparison(document: Document) -> None:
    """Print runs side by side: their figures, then what differs between them."""
    runs = document["runs"]
    names = [f"{at + 1}  {one['name']}" for at, one in enumerate(runs)]
    for name, one in zip(names, runs, strict=True):
        print(plain(f"{name} · {_named(one['symbols'])} · {one['backtest_id']}"))
    for warning in document["warnings"]:
        print(f"! {warning}")
    numbers = [str(at + 1) for at in range(len(runs))]
    last = "2 less 1" if len(runs) == 2 else "highest less lowest"
    print_table(
        ("figure", *numbers, last),
        [
            (
                one["title"],
                *(write_figure(value, one["unit"]) for value in one["values"]),
                write_figure(_distance(one["values"]), one["unit"]),
            )
            for one in document["metrics"]
        ],
        "The runs have no figures.",
    )
    _print_differences(
        document["differences"], numbers, "The runs differ in nothing that was asked for."
    )


def print_rerun(document: Document, *, as_json: bool) -> None:
    """Print a run made again, and whether it is the same as before."""
    print_report(document, as_json=as_json)
    if as_json:
        return
    rerun = document["rerun"]
    if rerun is not None and rerun["kept"]:
        print(f"{document['description']} This run is {document['backtest_id']}.")
    if rerun is None:
        print("It had no result before, so there is nothing to compare with.")
        return
    print(f"{'The same' if rerun['same'] else 'Another'} result: {rerun['after']['result']}")
    changed = [part for part, equal in rerun["equal"].items() if not equal and part != "result"]
    names = ", ".join(changed).replace("_", " ")
    if rerun["same"]:
        if names:
            print(f"What changed without effect: {names}")
        return
    print(f"before:       {rerun['before']['result']}")
    print(f"What changed: {names or 'nothing of data, strategy, config, seed and engine'}")
    _print_differences(rerun["differences"], ("before", "now"), "")
    print_table(
        ("figure", "before", "now"),
        [
            (one["title"], *(write_figure(value, one["unit"]) for value in one["values"]))
            for one in rerun["metrics"]
        ],
        "All figures are the same.",
    )


def _print_differences(
    differences: Sequence[Document], columns: Sequence[str], nothing: str
) -> None:
    if not differences and not nothing:
        return
    print_table(
        ("area", "field", *columns),
        [
            (one["area"], one["field"], *(_text(value) for value in one["values"]))
            for one in differences
        ],
        nothing,
    )


def _distance(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(values) == 2:
        return known[1] - known[0] if len(known) == 2 else None
    return max(known) - min(known) if len(known) > 1 else None


def _text(value: object) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
