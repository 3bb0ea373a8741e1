"""What is kept of a run: the engine's document with what the services know beside it."""

from __future__ import annotations

from collections.abc import Sequence

from quant_tui.domain.base import Document
from quant_tui.domain.trading import BacktestResult
from quant_tui.engine.data_quality import DataQualityIssue
from quant_tui.services.result_hash import result_hash

LISTED_ISSUES = 200
"""Most oddities of the bars that a result keeps."""

WARNED_ISSUES = 10
"""Most of them that stand among its warnings."""


def result_of(
    document: Document,
    *,
    backtest_id: str,
    execution_id: str,
    user_id: str,
    issues: Sequence[DataQualityIssue],
    provenance: Sequence[Document],
) -> BacktestResult:
    """Return the result of a run.

    Parameters
    ----------
    document
        The engine's report as a document.
    issues
        What is odd in the bars: the first :data:`LISTED_ISSUES` are kept, the first
        :data:`WARNED_ISSUES` stand among the warnings too. The engine itself warns of
        closes out of range.
    provenance
        Where the bars are from, an entry a symbol.
    """
    details = dict(document["details"])
    told = [one.text for one in issues if one.check != "outside_range"]
    more = len(told) - WARNED_ISSUES
    told = told[:WARNED_ISSUES]
    if more > 0:
        told.append(f"{more} more oddities of the bars are listed under data quality.")
    details["warnings"] = [*(details.get("warnings") or ()), *told]
    details["data_quality"] = [one.to_document() for one in issues[:LISTED_ISSUES]]
    details["data"] = list(provenance)
    return BacktestResult(
        backtest_id=backtest_id,
        execution_id=execution_id,
        performance=document["performance"],
        risk_metrics=document["risk_metrics"],
        trades=document["trades"],
        round_trips=document["round_trips"],
        portfolio_value=document["portfolio_value"],
        benchmark=document.get("benchmark") or {},
        details=details,
        fingerprint={**document["fingerprint"], "result": result_hash(document)},
        user_id=user_id,
    )
