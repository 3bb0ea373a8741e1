"""The numeric core: arrays in, arrays out, no input or output of its own.

Needs numpy alone, and PyYAML when a strategy is given as text.
"""

from __future__ import annotations

from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.metrics import Drawdown, Metrics, compute_metrics
from quant_tui.engine.report import EquityCurve, Report
from quant_tui.engine.rules import StrategyDocument, parse_document, validate_parameters
from quant_tui.engine.run import run_backtest
from quant_tui.engine.sweep import sweep, sweep_each, sweep_returns
from quant_tui.engine.templates import TEMPLATES, Template
from quant_tui.engine.version import ENGINE_VERSION

__all__ = [
    "ENGINE_VERSION",
    "TEMPLATES",
    "BacktestConfig",
    "Bars",
    "Drawdown",
    "EquityCurve",
    "Metrics",
    "Report",
    "StrategyDocument",
    "Template",
    "compute_metrics",
    "parse_document",
    "run_backtest",
    "sweep",
    "sweep_each",
    "sweep_returns",
    "validate_parameters",
]
