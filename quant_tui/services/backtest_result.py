"""What is kept of a run: the engine's document with what the services know beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    inputs_hash: str = "",
    inputs_sources: Sequence[Document] = (),
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
    inputs_hash
        Of the series from outside that the run was given; empty without any. It is part
        of the fingerprint.
    inputs_sources
        Where those are from, an entry a call.
    """
    details = dict(document["details"])
    told = [one.text for one in issues if one.check != "outside_range"]
    more = len(told) - WARNED_ISSUES
    told = told[:WARNED_ISSUES]
    if more > 0:
        told.append(f"{more} more oddities of the bars are listed under data quality.")
    said = [text for one in inputs_sources if "model" in one for text in _said_of_model(one)]
    details["warnings"] = [*(details.get("warnings") or ()), *said, *told]
    details["data_quality"] = [one.to_document() for one in issues[:LISTED_ISSUES]]
    details["data"] = list(provenance)
    if inputs_sources:
        details["inputs"] = list(inputs_sources)
    fingerprint = {**document["fingerprint"], "result": result_hash(document)}
    if inputs_hash:
        fingerprint["inputs"] = inputs_hash
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
        fingerprint=fingerprint,
        user_id=user_id,
    )


def _said_of_model(source: Document) -> Iterator[str]:
    """Say where a model that was asked says nothing, and among how many it was chosen."""
    title = source["model"]
    if source["values"] < source["bars"]:
        yield f"{title} has a forecast on {source['values']:,} of {source['bars']:,} bars."
    if source["trained_versions"] > 1:
        yield (
            f"{title} is one of {source['trained_versions']:,} trained versions; where they were"
            " judged on these dates, choosing one was a trial that the trust card does not count."
        )
