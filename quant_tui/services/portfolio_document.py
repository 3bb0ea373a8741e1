"""A portfolio's report and transactions as JSON has them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.trading import Portfolio
from quant_tui.engine.arrays import FloatArray
from quant_tui.services.portfolio_report import PortfolioReport, PortfolioRisk

SUMMARY = ("value", "cash", "day_pnl", "day_return", "total_pnl", "time_weighted_return", "as_of")
"""Figures that a list of portfolios shows."""

SETTINGS = (
    "description", "base_currency", "cost_method", "allow_short", "benchmark", "apply_splits",
    "apply_dividends", "target_weights", "rebalancing", "backtest_id",
)  # fmt: skip


def summary_document(portfolio: Portfolio) -> Document:
    """Return one line of the list, with the figures of the portfolio's last change."""
    return {
        "portfolio_id": portfolio.id,
        "name": portfolio.name,
        "base_currency": portfolio.base_currency,
        "positions": len(portfolio.positions),
        **{name: portfolio.performance.get(name) for name in SUMMARY},
    }


def report_document(report: PortfolioReport) -> Document:
    """Return everything of a portfolio; fractions, not percent, and None where undefined."""
    portfolio, metrics, history = report.portfolio, report.metrics, report.history
    settings = portfolio.model_dump(mode="json")
    value = float(report.figures.get("value") or 0.0)
    return {
        "portfolio_id": portfolio.id,
        "name": portfolio.name,
        **{name: settings[name] for name in SETTINGS},
        "figures": report.figures,
        "undefined": {**report.undefined, **(metrics.undefined if metrics else {})},
        "positions": [one.to_document() for one in report.held],
        "closed": [one.to_document() for one in report.positions if not one.is_open],
        "allocation": {
            "sectors": [
                {"sector": sector, "value": money, "weight": money / value if value > 0 else None}
                for sector, money in report.by_sector().items()
            ],
        },
        "performance": metrics.performance if metrics else {},
        "risk_metrics": metrics.risk if metrics else {},
        "risk": _risk(report.risk),
        "value": {}
        if history is None
        else {
            "date": np.datetime_as_string(history.valuation.dates).tolist(),
            "value": history.valuation.value.tolist(),
            "cash": history.valuation.cash.tolist(),
            "flow": history.valuation.flows.tolist(),
            "pnl": history.valuation.pnl.tolist(),
            "return": _plain(report.returns),
            "benchmark": None if history.benchmark is None else _plain(history.benchmark),
        },
        "warnings": list(report.warnings),
    }


def transaction_documents(documents: Iterable[Document]) -> list[Document]:
    """Return stored transactions as JSON has them, the oldest first."""
    return [
        {
            "transaction_id": str(one["_id"]),
            "date": one["date"].date().isoformat(),
            "type": str(one["kind"]),
            **{
                name: one[name]
                for name in ("symbol", "quantity", "price", "commission", "amount", "note")
            },
        }
        for one in documents
    ]


def _risk(risk: PortfolioRisk) -> Document:
    shares = risk.shares
    if shares is None:
        return {"volatility": None, "contributions": [], "correlation": None, "reason": risk.reason}
    whole = shares.volatility
    return {
        "volatility": whole,
        "returns": shares.returns,
        "contributions": [
            {
                "symbol": symbol,
                "weight": float(risk.weights[at]),
                "volatility": float(shares.own[at]),
                "contribution": float(shares.contribution[at]),
                "share": float(shares.contribution[at]) / whole if whole > 0.0 else None,
            }
            for at, symbol in enumerate(risk.symbols)
        ],
        "correlation": {
            "symbols": list(risk.symbols),
            "matrix": [_plain(row) for row in shares.correlation],
        },
        "reason": risk.reason or None,
    }


def _plain(values: FloatArray) -> list[float | None]:
    return [one if np.isfinite(one) else None for one in values.tolist()]
