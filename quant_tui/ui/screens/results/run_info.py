"""Under which assumptions a result was found, and on what data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.status_words import status_text
from quant_tui.ui.widgets.page import Page, heading
from quant_tui.ui.widgets.table_grid import fit

if TYPE_CHECKING:
    from quant_tui.services.backtest_report import BacktestReport
    from quant_tui.ui.screens.results.view import ResultView

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
    "end_close": "sold at the last bar's close",
    "mark": "stay open, valued at the last close",
    "last_open": "sold at the last bar's open",
    "cut": "cut to the cash there is",
    "reject": "rejected",
    "pessimistic": "the stop is taken",
    "optimistic": "the target is taken",
    "spread": "half of the quoted spread",
    "volume_share": "by the share of the bar's volume",
    "volatility_target": "volatility target",
}

LISTED = 50
"""Rejected, cut and unfilled orders that are listed; the exports have more."""


class RunInfo(Page):
    """The page."""

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()

    async def show_view(self, view: ResultView) -> None:
        """Show a run."""
        self.show(partial(run_info_lines, view.report))


MODEL_CELLS = 24
"""Cells of a call of a model."""


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
    lines += _models(details, width)
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


def _models(details: Document, width: int) -> list[Content]:
    """Say which versions of models were asked, and on how many bars they had a forecast."""
    found = [
        (one["call"][: MODEL_CELLS - 1], f"{one['model']}, a forecast on {one['values']:,} bars")
        for one in details.get("inputs") or ()
        if "model" in one
    ]
    return [Content(""), heading("Models", width), *_pairs(*found)] if found else []


def _pairs(*pairs: tuple[str, object]) -> list[Content]:
    return [
        Content.assemble((name.ljust(16), "$text-muted"), str(value) or fmt.NOTHING)
        for name, value in pairs
    ]


def _sizing(config: Document, resolved: Document) -> str:
    if "weight" in ((config.get("strategy") or {}).get("document") or {}):
        return "target weights of the rules"
    name, size = resolved.get("sizing"), resolved.get("sizing_value")
    if size is None:
        return _word(name)
    if name == "volatility_target":
        return (
            f"{_word(name)}, {fmt.percent(size)} a year over {resolved.get('sizing_window')} bars"
        )
    return f"{_word(name)}, {fmt.percent(size) if name == 'fraction' else f'{size:,g}'}"


def _assumptions(config: Document, details: Document, result: object) -> list[Content]:
    resolved: Document = {**config, **(details.get("config") or {})}
    end = resolved.get("finalize")
    periods = resolved.get("annualization")
    if result is not None and periods is None:
        periods = getattr(result, "performance", {}).get("annualization")
    pairs: list[tuple[str, object]] = [
        ("Orders fill at", _word(resolved.get("fill"))),
        ("Commission", _commission(resolved)),
        ("Slippage", _slippage(resolved)),
        ("Capital", fmt.number(resolved.get("initial_capital"))),
        ("Sizing", _sizing(config, resolved)),
        ("Shares", _word(resolved.get("shares"))),
        ("Short of cash", _word(resolved.get("cash_short"))),
        ("At the end", _word("end_close" if end == "close" else end)),
        ("Annualised by", f"{fmt.number(periods, 0)} periods a year"),
        ("Risk-free", f"{fmt.percent(resolved.get('risk_free'))} a year"),
    ]
    leverage, short = float(resolved.get("max_leverage") or 1.0), resolved.get("allow_short")
    if short or leverage != 1.0:
        pairs += [
            ("Short sales", "allowed" if short else "not allowed"),
            ("Leverage", f"up to {fmt.number(leverage)} times the equity"),
            ("Borrowing", f"costs {fmt.percent(resolved.get('borrow_rate'))} a year"),
        ]
    if config.get("warm_up"):
        pairs.append(("Warm-up", "on bars before the period"))
    if resolved.get("cash_rate"):
        pairs.append(("Idle cash", f"earns {fmt.percent(resolved['cash_rate'])} a year"))
    if resolved.get("intrabar"):
        pairs.append(("Stop and target", f"both inside one bar: {_word(resolved['intrabar'])}"))
    return [*_pairs(*pairs), *_intrabar(details)]


def _commission(resolved: Document) -> str:
    parts = [f"{fmt.percent(resolved.get('commission'), 3)} of every fill's value"]
    if resolved.get("commission_per_share"):
        parts.append(f"{fmt.number(resolved['commission_per_share'], 4)} a share")
    if resolved.get("commission_minimum"):
        parts.append(f"at least {fmt.number(resolved['commission_minimum'])}")
    return ", ".join(parts)


def _slippage(resolved: Document) -> str:
    rate, model = fmt.percent(resolved.get("slippage"), 3), resolved.get("slippage_model")
    text = f"{rate} against every fill"
    if model == "spread":
        text = f"half of a quoted spread of {rate}"
    elif model == "volume_share":
        impact = fmt.percent(resolved.get("volume_impact"))
        text += f" and by volume share, impact {impact} of a whole bar"
    if (cap := resolved.get("participation_cap")) is not None:
        text += f", at most {fmt.percent(cap, 1)} of a bar's volume"
    return text


def _intrabar(details: Document) -> list[Content]:
    """Say how many fills rest on what happened inside a bar, and what the other way gives."""
    count = details.get("assumptions")
    if not count:
        return []
    plural = "fill rests" if count == 1 else "fills rest"
    lines = [
        Content.styled(
            f"! {fmt.integer(count)} {plural} on the order of prices inside a bar", "$text-warning"
        )
    ]
    bracket = details.get("bracket")
    for name, figures in bracket.items() if isinstance(bracket, Mapping) else ():
        if isinstance(figures, Mapping):
            lines.append(
                Content.assemble(
                    (f"  {name}".ljust(16), "$text-muted"),
                    f"return {fmt.change(figures.get('total_return'))}",
                    f"   Sharpe {fmt.number(figures.get('sharpe_ratio'))}",
                    f"   max drawdown {fmt.percent(figures.get('max_drawdown'))}",
                )
            )
    return lines


def _word(value: object) -> str:
    return _WORDS.get(str(value), str(value))


def _data(details: Document, width: int) -> list[Content]:
    lines = [Content(""), heading("Data", width)]
    lines += [_source_line(one) for one in details.get("data") or ()]
    issues: Sequence[Document] = details.get("data_quality") or ()
    for one in issues:
        lines += _wrapped(_quality_line(one), width)
    said = {one.get("text") for one in issues}
    for warning in (one for one in details.get("warnings") or () if one not in said):
        lines += _wrapped(Content.styled(f"! {warning}", "$text-warning"), width)
    return lines


def _quality_line(one: Document) -> Content:
    symbol, text = str(one.get("symbol")), str(one.get("text") or "")
    if text.startswith(f"{symbol}: "):  # a sentence that says how many and since when
        return Content.assemble(
            (f"! {fit(symbol, 14, 'left')}", "$text-warning"), text.removeprefix(f"{symbol}: ")
        )
    count = one.get("count")
    first = f", first {str(one['first'])[:10]}" if one.get("first") else ""
    return Content.assemble(
        (f"! {fit(symbol, 14, 'left')}", "$text-warning"),
        text or str(one.get("check")),
        (f"  {fmt.integer(count)} bars{first}" if count else "", "$text-muted"),
    )


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
    lines += [
        Content.styled(f"{fmt.integer(count):>6}  {reason}", "$text-muted")
        for reason, count in reasons.items()
    ]
    listed: Sequence[Document] = orders.get("listed") or ()
    lines += [_order_line(one) for one in listed[:LISTED]]
    if len(listed) > LISTED:
        more = f"… {len(listed) - LISTED} more in the JSON export"
        lines.append(Content.styled(more, "$text-muted"))
    return lines


def _period(config: Document) -> str:
    return f"{config.get('start_date') or 'first bar'} … {config.get('end_date') or 'last bar'}"


def _source_line(one: Document) -> Content:
    about = f"{one.get('source')} · {one.get('adjustment')} · {one.get('interval')}"
    return Content.assemble(
        (fit(str(one.get("symbol")), 16, "left"), "bold"),
        ("SYNTHETIC  ", "bold $text-warning") if one.get("synthetic") else "",
        (about, "$text-muted"),
    )


def _order_line(one: Document) -> Content:
    filled = fmt.number(one.get("quantity_filled"))
    wanted = fmt.number(one.get("quantity_wanted"))
    return Content.assemble(
        f"{one.get('decided')}  {fit(str(one.get('symbol', '')), 12, 'left')} ",
        f"{one.get('action', ''):<4} ",
        (f"{one.get('outcome')}: ", "$text-warning"),
        f"{filled} of {wanted}",
        (f"  {one.get('reason')}", "$text-muted"),
    )


def _wrapped(line: Content, width: int) -> Iterable[Content]:
    return line.wrap(max(20, width))
