"""Trying a strategy that a model wrote: a backtest that is not kept, and what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput, QuantError, StrategyError
from quant_tui.engine.rules import StrategyDocument
from quant_tui.jobs.manager import Job
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.backtests import BacktestService
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.run_defaults import suggest_run
from quant_tui.services.strategy_checks import StrategyCheckService
from quant_tui.storage.mongo.queries import CompanyRepository

T = TypeVar("T")

CURVE_POINTS = 120
"""Values of each curve that a preview keeps."""

OFTEN = 100.0
"""Round trips a year and symbol from which trading looks like noise."""

CAUSAL = ("look_ahead", "warm_up")
"""Checks that every generated strategy gets."""

FIGURES = (
    "total_return", "cagr", "sharpe_ratio", "sortino_ratio", "max_drawdown", "annual_volatility",
    "win_rate", "profit_factor", "total_trades", "open_trades", "exposure", "turnover",
    "benchmark_return", "benchmark_cagr", "alpha", "beta",
)  # fmt: skip
"""Figures that a preview keeps."""


@dataclass(frozen=True, slots=True)
class PreviewRun:
    """What a preview runs on."""

    symbols: tuple[str, ...]
    benchmark: str
    start: date | None
    end: date | None

    @classmethod
    def from_document(cls, preview: Mapping[str, object]) -> PreviewRun | None:
        """Return what a kept preview ran on; None when there was none."""
        symbols = preview.get("symbols")
        if not isinstance(symbols, list) or not symbols:
            return None
        start, end = preview.get("start"), preview.get("end")
        return cls(
            tuple(str(one) for one in symbols),
            str(preview.get("benchmark") or ""),
            date.fromisoformat(str(start)) if start else None,
            date.fromisoformat(str(end)) if end else None,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a preview found.

    Attributes
    ----------
    document
        Its set-up, figures, trust and curves; empty where it could not be run.
    validation
        Lines with ``key``, ``title``, ``verdict`` (good, doubtful, bad, unknown), ``text``.
    findings
        What is so wrong that the model should mend it.
    """

    document: Document
    validation: tuple[Document, ...]
    findings: tuple[Document, ...] = ()

    def noted_python(self) -> Preview:
        """Return the same with a line that says that Python was left out."""
        line = _line(
            "python", "Code in the answer", "doubtful",
            "The answer held Python too. It was left out: only rules are ever run.",
        )  # fmt: skip
        return replace(self, validation=(*self.validation, line))


class GenerationPreviews:
    """Tries rules on stored bars."""

    def __init__(
        self,
        *,
        backtests: BacktestService,
        checks: StrategyCheckService,
        market_data: MarketDataService,
        companies: CompanyRepository,
    ) -> None:
        self._backtests = backtests
        self._checks = checks
        self._market_data = market_data
        self._companies = companies

    async def choose(
        self, symbols: Sequence[str], benchmark: str, start: date | None, end: date | None
    ) -> PreviewRun:
        """Return what to run on: what is given, and else what a new backtest begins with.

        Raises
        ------
        InvalidInput
            A symbol or the benchmark has no bars.
        """
        if symbols:
            await self._market_data.require(symbols, field="symbols")
        if benchmark:
            await self._market_data.require((benchmark,), field="benchmark")
        if symbols and benchmark:
            return PreviewRun(tuple(symbols), benchmark, start, end)
        usual = await suggest_run(self._market_data, self._backtests, self._companies)
        chosen = tuple(symbols) or usual.symbols
        against = benchmark or usual.benchmark or (chosen[0] if chosen else "")
        return PreviewRun(chosen, against, start, end)

    async def run(self, document: StrategyDocument, run: PreviewRun) -> Preview:
        """Try rules; nothing is kept but the count as a trial.

        Whoever stops waiting stops the jobs too.
        """
        rules = _line("rules", "Rules", "good", "They can be used.")
        if not run.symbols:
            text = "There are no bars to try them on."
            return Preview({}, (rules, _line("preview", "Preview", "unknown", text)))
        request = BacktestRequest(
            symbols=run.symbols,
            document=document.to_document(),
            start=run.start,
            end=run.end,
            benchmark=run.benchmark,
            name=f"Preview of {document.name}"[:200],
        )
        try:
            report = await _finished(await self._backtests.run_unsaved(request))
            causal = await self._causal_lines(request, report)
        except (StrategyError, InvalidInput) as error:
            line = _line("preview", "Preview", "bad", str(error))
            return Preview({}, (rules, line), (_finding(str(error)),))
        except QuantError as error:
            line = _line("preview", "Preview", "unknown", str(error))
            return Preview({}, (rules, line))
        sane, findings = _sanity(report)
        return Preview(_document(report, run), (rules, *causal, *sane), tuple(findings))

    async def _causal_lines(
        self, request: BacktestRequest, report: BacktestReport
    ) -> list[Document]:
        """Return the lines of the causal checks; those that were too long to make are made."""
        card = report.result.details.get("trust", {}) if report.result else {}
        lines = [one for one in card.get("lines", []) if one["key"] in CAUSAL]
        if len(lines) < len(CAUSAL) or not all(one["checked"] for one in lines):
            check = await _finished(await self._checks.start(request, CAUSAL))
            lines = [one for one in check.card.get("lines", []) if one["key"] in CAUSAL]
        return [_line(one["key"], one["title"], one["verdict"], one["text"]) for one in lines]


async def _finished(job: Job[T]) -> T:
    try:
        return await job.wait()
    except asyncio.CancelledError:
        job.cancel()
        raise


def _sanity(report: BacktestReport) -> tuple[list[Document], list[Document]]:
    """Return lines about what a run shows at a glance, and what the model should mend."""
    result = report.result
    figures = {**result.risk_metrics, **result.performance} if result else {}
    lines, findings = [], []
    closed, still_open = figures.get("total_trades") or 0, figures.get("open_trades") or 0
    if not closed and not still_open:
        text = "It never trades: no bar meets its conditions together."
        lines.append(_line("trades", "Trades", "bad", text))
        findings.append(_finding(text, "loosen the conditions or widen the parameters"))
    elif not closed:
        text = f"{still_open} positions are opened and never closed."
        lines.append(_line("trades", "Trades", "doubtful", text))
    else:
        yearly = closed / max(_years(report) * len(report.backtest.config["symbols"]), 1e-9)
        often = yearly > OFTEN
        text = f"{closed} round trips, {yearly:.1f} a year and symbol."
        lines.append(_line("trades", "Trades", "doubtful" if often else "good", text))
    lines.append(_against(report, figures))
    return lines, findings


def _against(report: BacktestReport, figures: Mapping[str, float | None]) -> Document:
    benchmark = report.backtest.config.get("benchmark")
    own, other = figures.get("total_return"), figures.get("benchmark_return")
    title = f"Against {benchmark}" if benchmark else "Against a benchmark"
    if own is None or other is None:
        return _line("benchmark", title, "unknown", "There is nothing to compare with.")
    verdict = "good" if own > other else "doubtful"
    return _line("benchmark", title, verdict, f"{own:+.1%} against {other:+.1%}, both in all.")


def _years(report: BacktestReport) -> float:
    days = report.result.portfolio_value.get("date", []) if report.result else []
    if len(days) < 2:
        return 0.0
    first, last = (date.fromisoformat(str(one)[:10]) for one in (days[0], days[-1]))
    return (last - first).days / 365.25


def _document(report: BacktestReport, run: PreviewRun) -> Document:
    """Return what is kept of a run: figures and thinned curves, no trades."""
    result = report.result
    if result is None:
        return {}
    figures = {**result.risk_metrics, **result.performance}
    trust = result.details.get("trust") or {}
    days = list(result.portfolio_value.get("date") or [])
    at = _places(len(days))
    values = list(result.portfolio_value.get("value") or [])
    other = list((result.benchmark or {}).get("value") or [])
    return {
        "symbols": list(run.symbols),
        "benchmark": run.benchmark,
        "start": run.start.isoformat() if run.start else None,
        "end": run.end.isoformat() if run.end else None,
        "first": days[0] if days else None,
        "last": days[-1] if days else None,
        "figures": {name: figures.get(name) for name in FIGURES},
        "trust": {"verdict": trust.get("verdict"), "summary": trust.get("summary")},
        "curve": {
            "date": [days[one] for one in at],
            "value": [values[one] for one in at],
            "benchmark": [other[one] for one in at] if len(other) == len(days) else [],
        },
    }


def _places(count: int) -> list[int]:
    shown = min(CURVE_POINTS, count)
    return sorted({round(one * (count - 1) / max(shown - 1, 1)) for one in range(shown)})


def _line(key: str, title: str, verdict: str, text: str) -> Document:
    return {"key": key, "title": title, "verdict": verdict, "text": text}


def _finding(message: str, suggestion: str = "") -> Document:
    text = message + (f" ({suggestion})" if suggestion else "")
    return {
        "place": "preview", "column": 0, "message": message, "suggestion": suggestion, "text": text,
    }  # fmt: skip
