"""What is chosen in a workspace, as the chat would send it along with a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel
    from quant_tui.domain.trading import OptimizationStudy, Portfolio, Strategy
    from quant_tui.domain.user import Watchlist
    from quant_tui.services.backtest_report import BacktestSummary

MOST_LINES = 60
"""Lines of one text: more would crowd the question out."""


@dataclass(frozen=True, slots=True)
class Selection:
    """An object that is chosen beside the chat.

    Attributes
    ----------
    kind
        ``strategy``, ``backtest``, ``study``, ``model``, ``portfolio``, ``watchlist``,
        ``symbol`` …
    id
        By which the tools find it.
    title
        What people call it.
    text
        Exactly what is sent.
    """

    kind: str
    id: str
    title: str
    text: str


def selection(kind: str, key: str, title: str, facts: Iterable[tuple[str, object]]) -> Selection:
    """Make a selection of facts: one line each, those without a value left out.

    Parameters
    ----------
    facts
        Names and values; a value of several lines is indented below its name.
    """
    lines = [f"{kind}: {title}", f"id: {key}"]
    for name, value in facts:
        if value is None or (text := str(value).strip()) == "":
            continue
        if "\n" in text:
            lines += [f"{name}:", *(f"  {line}" for line in text.splitlines())]
        else:
            lines.append(f"{name}: {text}")
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"… {len(lines) - MOST_LINES} more lines"]
    return Selection(kind, key, title, "\n".join(lines))


def of_strategy(strategy: Strategy) -> Selection:
    """Send a strategy's rules and parameters."""
    return selection(
        "strategy", strategy.id, strategy.name,
        [
            ("type", strategy.strategy_type),
            ("description", strategy.description),
            ("tags", ", ".join(strategy.tags)),
            ("parameters", _pairs(strategy.parameters)),
            ("rules", strategy.source),
            ("notes", strategy.notes),
        ],
    )  # fmt: skip


def of_backtest(summary: BacktestSummary) -> Selection:
    """Send what was run and the main figures that came of it."""
    return selection(
        "backtest", summary.id, summary.name,
        [
            ("strategy", summary.strategy_name or summary.strategy_type),
            ("symbols", ", ".join(summary.symbols)),
            ("period", _period(summary.start, summary.end)),
            ("status", summary.status),
            ("total return", _percent(summary.total_return)),
            ("Sharpe ratio", _number(summary.sharpe_ratio)),
            ("max drawdown", _percent(summary.max_drawdown)),
            ("trades", summary.total_trades),
            ("error", summary.error),
        ],
    )  # fmt: skip


def of_study(study: OptimizationStudy) -> Selection:
    """Send what a study searches and what it found."""
    config = study.config
    return selection(
        "study", study.id, study.name,
        [
            ("symbols", ", ".join(map(str, config.get("symbols", ())))),
            ("period", _period(config.get("start_date"), config.get("end_date"))),
            ("status", study.status),
            ("trials", f"{study.done_trials} of {study.n_trials}"),
            ("searched", ", ".join(study.parameter_space)),
            ("best parameters", _pairs(study.best_params)),
            ("best value", _number(study.best_value)),
            ("error", study.error),
        ],
    )  # fmt: skip


def of_model(model: MLModel) -> Selection:
    """Send what a model foretells, what it sees, and how good it is."""
    return selection(
        "model", model.id, f"{model.name} {model.version}",
        [
            ("type", model.model_type),
            ("status", model.status),
            ("target", _pairs(model.target)),
            ("features", ", ".join(model.features)),
            ("metrics", _pairs(model.metrics)),
        ],
    )  # fmt: skip


def of_portfolio(portfolio: Portfolio) -> Selection:
    """Send a portfolio's positions, not its transactions."""
    return selection(
        "portfolio", portfolio.id, portfolio.name,
        [
            ("currency", portfolio.base_currency),
            ("benchmark", portfolio.benchmark),
            ("positions", "\n".join(_pairs(one) for one in portfolio.positions)),
            ("targets", "\n".join(_pairs(one) for one in portfolio.target_weights)),
        ],
    )  # fmt: skip


def of_watchlist(watchlist: Watchlist) -> Selection:
    """Send a watchlist's symbols."""
    return selection(
        "watchlist", watchlist.id, watchlist.name,
        [("description", watchlist.description), ("symbols", ", ".join(watchlist.symbols))],
    )  # fmt: skip


def of_symbols(symbols: Sequence[str], facts: Iterable[tuple[str, object]] = ()) -> Selection:
    """Send one symbol or several, by name; their bars are left to the tools."""
    title = ", ".join(symbols)
    if len(symbols) == 1:
        return selection("symbol", title, title, facts)
    return selection("symbols", title, f"{len(symbols)} symbols", [("symbols", title), *facts])


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values.items()
        if value is not None and not isinstance(value, Mapping | list)
    )


def _period(start: object, end: object) -> str:
    return f"{start} to {end}" if start and end else ""


def _percent(fraction: float | None) -> str | None:
    return None if fraction is None else f"{fraction:.2%}"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"
