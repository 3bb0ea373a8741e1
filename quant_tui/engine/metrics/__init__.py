"""What a run's figures are, each with its definition and source."""

from __future__ import annotations

from quant_tui.engine.metrics.compute import Metrics, compute_metrics
from quant_tui.engine.metrics.drawdowns import Drawdown

__all__ = ["Drawdown", "Metrics", "compute_metrics"]
