"""The whole page: headline, charts, tear sheet, trades, run information."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.engine.version import ENGINE_VERSION
from quant_tui.services.backtest_figures import Unit, figures_in, write_figure
from quant_tui.services.html_report.charts import TimeChart, histogram
from quant_tui.services.html_report.information import information
from quant_tui.services.html_report.markup import Markup, join, tag
from quant_tui.services.html_report.series import (
    Sessions,
    bins,
    drawdown_of,
    monthly,
    numbers,
)
from quant_tui.services.html_report.style import STYLE

LISTED_TRIPS = 500
"""Most round trips on the page; the others are in the JSON and CSV exports."""

CARDS = (
    "total_return", "cagr", "sharpe_ratio", "sortino_ratio", "max_drawdown",
    "calmar_ratio", "win_rate", "profit_factor", "total_trades", "exposure",
)  # fmt: skip

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_html(document: Document) -> str:
    """Return a backtest as one HTML page.

    Parameters
    ----------
    document
        What ``backtest show --json`` prints, of a backtest with a result.
    """
    title = f"{document['name']} – backtest"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>'),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    body = tag("body", tag("main", list(_sections(document))))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _sections(document: Document) -> Iterator[Markup]:
    yield _headline(document)
    yield _cards(document)
    yield _trust(document["details"].get("trust") or {})
    yield _curves(document)
    yield _months(document["details"].get("monthly_table") or {})
    yield _returns(document)
    yield _tear_sheet(document)
    yield information(document)
    yield _trips(document["round_trips"])
    yield tag(
        "footer",
        f"Backtest {document['backtest_id'] or 'not kept'}, run {document['executed_at']}, engine"
        f" {document['fingerprint'].get('engine_version') or ENGINE_VERSION}. Past results say"
        " little about the future.",
    )


def _headline(document: Document) -> Markup:
    config, dates = document["config"], document["portfolio_value"]["date"]
    strategy = config.get("strategy") or {}
    symbols = config.get("symbols") or []
    shown = ", ".join(symbols[:12]) + (f" and {len(symbols) - 12} more" if symbols[12:] else "")
    period = f"{dates[0][:10]} to {dates[-1][:10]}, {len(dates):,} bars" if dates else "no bars"
    params = ", ".join(f"{name} {value}" for name, value in (strategy.get("params") or {}).items())
    synthetic = [
        one["symbol"] for one in document["details"].get("data") or () if one.get("synthetic")
    ]
    return join(
        [
            tag("h1", document["name"]),
            tag("p", f"{strategy.get('name') or strategy.get('strategy_type')}"
                f"{f' ({params})' if params else ''} on {shown}", class_="soft"),
            tag("p", period, class_="soft"),
            tag("p", f"Synthetic data: the prices of {', '.join(synthetic)} are invented.",
                class_="warning") if synthetic else "",
        ]
    )  # fmt: skip


def _cards(document: Document) -> Markup:
    found = figures_in(document["performance"], document["risk_metrics"])
    figures = {figure.key: (figure, value) for figure, value in found}
    return tag(
        "div",
        [
            tag("div", tag("span", figure.title, class_="soft"),
                tag("b", write_figure(value, figure.unit)), class_="card")
            for figure, value in (figures[key] for key in CARDS if key in figures)
        ],
        class_="cards",
    )  # fmt: skip


def _trust(trust: Document) -> Markup:
    if not trust:
        return join("")
    rows = [
        tag(
            "tr",
            tag("td", line.get("title")),
            tag("td", line.get("verdict"), class_=_verdict(line.get("verdict"))),
            tag("td", line.get("text"), " ",
                tag("span", f"Rests on {line['rests_on']}", class_="note")
                if line.get("rests_on") else ""),
        )
        for line in trust.get("lines") or ()
    ]  # fmt: skip
    verdict = trust.get("verdict")
    return join(
        [
            tag("h2", "Trust"),
            tag(
                "p", tag("b", verdict, class_=_verdict(verdict)), " · ", trust.get("summary") or ""
            ),
            tag("table", rows),
        ]
    )


def _verdict(verdict: object) -> str:
    return str(verdict) if verdict in ("good", "doubtful", "bad", "unknown") else ""


def _curves(document: Document) -> Markup:
    series, benchmark = document["portfolio_value"], document["benchmark"]
    dates = series["date"]
    if not dates:
        return join("")
    value = numbers(series["value"], len(dates))
    lines = [("equity", value)]
    legend = [tag("span", "portfolio value", class_="equity")]
    if benchmark:
        name = document["config"].get("benchmark") or "benchmark"
        lines.insert(0, ("benchmark", numbers(benchmark["value"], len(dates))))
        legend.append(tag("span", f"{name}, from the same capital", class_="benchmark"))
    initial = float(document["config"].get("initial_capital") or value[0])
    chart = TimeChart(dates, "Portfolio value over time, and its drawdown below")
    chart.panel(270, lines, "{:,.0f}".format)
    falls = drawdown_of(value, initial)
    chart.panel(110, [("drawdown", falls)], "{:.0%}".format, floor=0.0, filled=True)
    return join(
        [
            tag("h2", "Portfolio value and drawdown"),
            tag("p", legend, class_="legend"),
            chart.svg(),
        ]
    )


def _months(table: Document) -> Markup:
    rows = monthly(table)
    if not rows:
        return join("")
    head = tag("tr", tag("th", "Year"), [tag("th", one) for one in MONTHS], tag("th", "Year"))
    lines = [
        tag("tr", tag("th", year), [_heat(months.get(at), 0.08) for at in range(1, 13)],
            _heat(total, 0.24, "year"))
        for year, months, total in rows
    ]  # fmt: skip
    return join(
        [
            tag("h2", "Monthly returns"),
            tag("div", tag("table", tag("thead", head), lines, class_="heat"), class_="scroll"),
            tag("p", "In percent; the year's compounded.", class_="note"),
        ]
    )


def _heat(value: float | None, strong: float, extra: str = "") -> Markup:
    """Return a cell whose colour says how strong a return is; its sign stands in it."""
    if value is None:
        return tag("td", "·", class_=f"soft {extra}".strip())
    depth = min(3, int(abs(value) / strong * 3) + 1) if round(value, 4) else 0
    colour = f"{'u' if value > 0 else 'd'}{depth}" if depth else ""
    sign = "+" if round(value, 4) > 0 else ""
    return tag("td", f"{sign}{value * 100:.1f}", class_=f"{colour} {extra}".strip())


def _returns(document: Document) -> Markup:
    dates = document["portfolio_value"]["date"]
    values = numbers(document["portfolio_value"]["value"], len(dates))
    sessions = Sessions.of(dates, values)
    parts = []
    found = bins(sessions.returns)
    if found:
        finite = sessions.returns[np.isfinite(sessions.returns)]
        marks = [
            ("5th percentile", float(np.quantile(finite, 0.05))),
            ("mean", float(finite.mean())),
        ]
        label = "Distribution of returns by session"
        parts += [tag("h2", label), histogram(*found, marks, label)]
    rolling = sessions.rolling_sharpe()
    if rolling:
        window, ratio = rolling
        chart = TimeChart(sessions.dates, f"Rolling Sharpe ratio over {window} sessions")
        chart.panel(150, [("sharpe", ratio)], "{:.1f}".format, floor=0.0)
        parts += [
            tag("h2", f"Rolling Sharpe ratio, {window} sessions"),
            chart.svg(),
            tag("p", f"Annual, by {sessions.periods:g} sessions a year.", class_="note"),
        ]
    return join(parts)


def _tear_sheet(document: Document) -> Markup:
    undefined = document["details"].get("undefined") or {}
    found = figures_in(document["performance"], document["risk_metrics"])
    parts = []
    for group, members in groupby(found, key=lambda one: one[0].group):
        rows = []
        for figure, value in members:
            note = figure.note
            if value is None:
                note = f"undefined: {undefined.get(figure.key) or 'no value'}"
            rows.append(
                tag("tr", tag("td", figure.title, " ", tag("span", note, class_="note")),
                    tag("td", write_figure(value, figure.unit), class_="number"))
            )  # fmt: skip
        parts.append(tag("section", tag("h3", group), tag("table", rows)))
    return join([tag("h2", "Figures"), tag("div", parts, class_="sheet")])


_TRIP_COLUMNS: tuple[tuple[str, str, Unit], ...] = (
    ("Quantity", "quantity", "ratio"), ("Entry at", "entry_price", "ratio"),
    ("Exit at", "exit_price", "ratio"), ("P&L", "pnl", "money"), ("Return", "return", "percent"),
    ("MAE", "mae", "percent"), ("MFE", "mfe", "percent"), ("Bars", "bars", "count"),
)  # fmt: skip


def _trips(trips: list[Document]) -> Markup:
    if not trips:
        return join([tag("h2", "Trades"), tag("p", "There were no trades.")])
    head = tag(
        "tr",
        [tag("th", one) for one in ("Symbol", "Side", "Entry", "Exit")],
        [tag("th", title, class_="number") for title, _, _ in _TRIP_COLUMNS],
    )
    note = f"{len(trips):,} round trips."
    if len(trips) > LISTED_TRIPS:
        note += (
            f" The first {LISTED_TRIPS:,} are listed; {len(trips) - LISTED_TRIPS:,} more are in the"
            " JSON and CSV exports."
        )
    rows = [
        tag(
            "tr",
            tag("td", one["symbol"]),
            tag("td", "short" if one.get("short") else "long"),
            tag("td", str(one["entry_date"])[:16].replace("T", " ")),
            tag("td", "open" if one.get("open") else str(one["exit_date"])[:16].replace("T", " ")),
            [
                tag(
                    "td",
                    write_figure(one.get(key), unit),
                    class_=f"number {_side(key, one)}".strip(),
                )
                for _, key, unit in _TRIP_COLUMNS
            ],
        )
        for one in trips[:LISTED_TRIPS]
    ]
    return join(
        [
            tag("h2", "Trades"),
            tag("p", note, " MAE and MFE are the worst and the best return while a trade was open.",
                class_="note"),
            tag("div", tag("table", tag("thead", head), rows), class_="scroll"),
        ]
    )  # fmt: skip


def _side(key: str, trip: Document) -> str:
    if key not in ("pnl", "return") or not trip.get(key):
        return ""
    return "up" if trip[key] > 0 else "down"
