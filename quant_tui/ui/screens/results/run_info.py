"""Under which assumptions a result was found, and on what data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.status_words import status_text
from quant_tui.ui.widgets.page import heading

if TYPE_CHECKING:
    from quant_tui.services.backtest_report import BacktestReport

_WORDS = {
    "next_open": "next bar's open",
    "close": "same bar's close",
    "fractional": "fractional shares",
    "whole": "whole shares, rounded down",
    "auto": "automatic",
    "all_in": "all in",
    "fraction": "fraction of the equity",
    "fixed_cash": "fixed cash an entry",
    "fixed_shares": "fixed shares an entry",
    "equal_weight": "equal weight of what is held",
    "mark": "stay open, valued at the last close",
    "last_open": "sold at the last bar's open",
    "cut": "cut to the cash there is",
    "reject": "rejected",
}


def is_synthetic(details: Document) -> bool:
    """Whether any of the data behind a result are invented."""
    return any(one.get("synthetic") for one in details.get("data") or ())


def run_info_lines(report: BacktestReport, width: int) -> list[Content]:
    """Write everything about a run that is not its result."""
    result = report.result
    config = report.backtest.config
    details = result.details if result else {}
    strategy: Document = config.get("strategy") or {}
    lines = [
        heading("Run", width),
        *_pairs(
            ("Backtest", report.backtest.name),
            ("Status", status_text(report.backtest.status).text),
            ("Period", _period(config)),
            ("Symbols", ", ".join(config.get("symbols") or ())),
            ("Benchmark", config.get("benchmark") or "none"),
            ("Run at", fmt.moment(result.executed_at) if result else fmt.NOTHING),
            ("Backtest id", report.backtest.id),
        ),
    ]  # fmt: skip
    lines += [Content(""), heading("Assumptions", width), *_assumptions(config, details, result)]
    lines += _data(details, width)
    lines += _orders(details, width)
    rules = rules_text.rules(strategy.get("document") or {}, width)
    given = [
        (name, rules_text.write(value)) for name, value in (strategy.get("params") or {}).items()
    ]
    lines += [
        Content(""),
        heading(f"Strategy as run: {strategy.get('name') or strategy.get('strategy_type')}", width),
        *_pairs(*given),
        *rules,
    ]
    if result:
        lines += [
            Content(""),
            heading("Fingerprint: equal ones give equal figures", width),
            *_pairs(*((key.replace("_", " "), value) for key, value in result.fingerprint.items())),
        ]
    return lines


def _pairs(*pairs: tuple[str, object]) -> list[Content]:
    return [
        Content.assemble((name.ljust(16), "$text-muted"), str(value) or fmt.NOTHING)
        for name, value in pairs
    ]


def _assumptions(config: Document, details: Document, result: object) -> list[Content]:
    resolved: Document = {**config, **(details.get("config") or {})}
    size = resolved.get("sizing_value")
    sizing = _word(resolved.get("sizing"))
    if size is not None:
        sizing += (
            f", {fmt.percent(size)}" if resolved.get("sizing") == "fraction" else f", {size:,g}"
        )
    periods = resolved.get("annualization")
    if result is not None and periods is None:
        periods = getattr(result, "performance", {}).get("annualization")
    return _pairs(
        ("Orders fill at", _word(resolved.get("fill"))),
        ("Commission", f"{fmt.percent(resolved.get('commission'), 3)} of every fill's value"),
        ("Slippage", f"{fmt.percent(resolved.get('slippage'), 3)} against every fill"),
        ("Capital", fmt.number(resolved.get("initial_capital"))),
        ("Sizing", sizing),
        ("Shares", _word(resolved.get("shares"))),
        ("Short of cash", _word(resolved.get("cash_short"))),
        ("At the end", _word(resolved.get("finalize"))),
        ("Annualised by", f"{fmt.number(periods, 0)} periods a year"),
        ("Risk-free", f"{fmt.percent(resolved.get('risk_free'))} a year"),
    )


def _word(value: object) -> str:
    return _WORDS.get(str(value), str(value))


def _data(details: Document, width: int) -> list[Content]:
    lines = [Content(""), heading("Data", width)]
    lines += [_source_line(one) for one in details.get("data") or ()]
    for warning in details.get("warnings") or ():
        lines += _wrapped(Content.styled(f"! {warning}", "$text-warning"), width)
    return lines


def _orders(details: Document, width: int) -> list[Content]:
    orders: Document = details.get("orders") or {}
    if not orders:
        return []
    lines = [
        Content(""),
        heading("Orders", width),
        Content(
            "   ".join(
                f"{fmt.integer(orders.get(key))} {key}"
                for key in ("filled", "cut", "rejected", "unfilled")
            )
        ),
    ]
    reasons = orders.get("reasons") or {}
    for outcome, reason in reasons.items() if isinstance(reasons, dict) else ():
        lines.append(Content.styled(f"{outcome}: {reason}", "$text-muted"))
    listed: Sequence[Document] = orders.get("listed") or ()
    lines += [_order_line(one) for one in listed[:20]]
    if len(listed) > 20:
        lines.append(Content.styled(f"… {len(listed) - 20} more in the JSON export", "$text-muted"))
    return lines


def _period(config: Document) -> str:
    return f"{config.get('start_date') or 'first bar'} … {config.get('end_date') or 'last bar'}"


def _source_line(one: Document) -> Content:
    about = f"{one.get('source')} · {one.get('adjustment')} · {one.get('interval')}"
    return Content.assemble(
        (str(one.get("symbol")).ljust(16), "bold"),
        ("SYNTHETIC  ", "bold $text-warning") if one.get("synthetic") else "",
        (about, "$text-muted"),
    )


def _order_line(one: Document) -> Content:
    filled = fmt.number(one.get("quantity_filled"))
    wanted = fmt.number(one.get("quantity_wanted"))
    return Content.assemble(
        (f"{one.get('decided')}  {one.get('symbol', ''):<12} {one.get('action', ''):<4} ", ""),
        (f"{one.get('outcome')}: ", "$text-warning"),
        f"{filled} of {wanted}",
        (f"  {one.get('reason')}", "$text-muted"),
    )


def _wrapped(line: Content, width: int) -> Iterable[Content]:
    return line.wrap(max(20, width))
