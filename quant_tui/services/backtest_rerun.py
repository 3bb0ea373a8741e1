"""A run made again: whether it gave the same, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.trading import Backtest, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import Bars, run_backtest
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.data_quality import data_quality
from quant_tui.services.backtest_bundle import Bundle, versions
from quant_tui.services.backtest_compare import ComparedFigure, compared_figures
from quant_tui.services.backtest_differences import Difference, differences
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.backtest_request import PreparedBacktest
from quant_tui.services.backtest_result import result_of
from quant_tui.services.outside_series import hash_of

PARTS = ("data", "inputs", "strategy", "config", "seed", "engine_version", "result")
"""Parts of a fingerprint that are compared."""


@dataclass(frozen=True, slots=True)
class BacktestRerun:
    """A run and the same run made again.

    Attributes
    ----------
    before, after
        The two; both have a result.
    equal
        Part of the fingerprint → whether both have the same.
    differences
        In what the two were asked for or ran on.
    figures
        Those that differ, before and after.
    """

    before: BacktestReport
    after: BacktestReport
    equal: dict[str, bool]
    differences: tuple[Difference, ...]
    figures: tuple[ComparedFigure, ...]

    @property
    def same(self) -> bool:
        """Whether both found the same."""
        return self.equal["result"]

    def to_document(self) -> Document:
        """Return the JSON document of ``backtest rerun``."""
        before, after = self.before.to_document(), self.after.to_document()
        return {
            **after,
            "rerun": {
                "kept": before["backtest_id"] != after["backtest_id"],
                "same": self.same,
                "equal": self.equal,
                "before": before["fingerprint"],
                "after": after["fingerprint"],
                "differences": [one.to_document() for one in self.differences],
                "metrics": [one.to_document() for one in self.figures],
            },
        }


def changed_models(result: BacktestResult, models: Mapping[str, MLModel]) -> tuple[str, ...]:
    """Return which models a run asked that are other versions now, a line each.

    Parameters
    ----------
    models
        By call, as they stand now.
    """
    found = []
    for one in result.details.get("inputs") or ():
        now = models.get(one["call"])
        if now is not None and "model" in one and one["model_id"] != now.id:
            found.append(f"{one['call']} was {one['model']} and is {now.title} now")
    return tuple(found)


def compare_rerun(before: BacktestReport, after: BacktestReport) -> BacktestRerun:
    """Compare a run with the same run made again.

    Raises
    ------
    InvalidInput
        One of them has no result.
    """
    for one in (before, after):
        if one.result is None:
            raise InvalidInput(
                f"{one.backtest.name} has no result to compare with: it is {one.backtest.status}.",
                hint="Run it first.",
            )
    old, new = (one.to_document()["fingerprint"] for one in (before, after))
    return BacktestRerun(
        before,
        after,
        equal={part: old.get(part) == new.get(part) for part in PARTS},
        differences=tuple(differences([before, after])),
        figures=tuple(
            one for one in compared_figures([before, after]) if one.values[0] != one.values[1]
        ),
    )


def rerun_bundle(path: Path, cancel: Callable[[], bool] | None = None) -> BacktestRerun:
    """Run a bundle again on its own bars; no store is needed and none is changed.

    Raises
    ------
    InvalidInput
        The bundle is refused, or what it asks for cannot be run by this version.
    StrategyError
        Its rules cannot be used by this version.
    """
    bundle = Bundle.read(path)
    document = bundle.document
    try:
        before = _report(document)
        prepared = PreparedBacktest.from_snapshot(before.backtest)
        differences([before, before])  # what it holds can be compared
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"The bundle {path} is refused: result.json is damaged.", field="bundle"
        ) from error
    sources = before.result.details.get("data") if before.result else []
    result = _run(prepared, bundle.bars, bundle.benchmark, bundle.inputs, sources or [], cancel)
    return compare_rerun(before, replace(before, result=result))


def make_bundle(
    report: BacktestReport,
    bars: Bars,
    benchmark: FloatArray | None,
    inputs: Mapping[str, FloatArray] | None = None,
) -> Bundle:
    """Return the bundle of a run, after running it again to know that it gives the same.

    Raises
    ------
    InvalidInput
        The bars, or the engine, are no longer those of the run, so that a bundle would
        not give its result.
    """
    prepared = PreparedBacktest.from_snapshot(report.backtest)
    sources = report.result.details.get("data") if report.result else []
    again = replace(
        report, result=_run(prepared, bars, benchmark, inputs or {}, sources or [], None)
    )
    rerun = compare_rerun(report, again)
    if not rerun.same:
        changed = [part.replace("_", " ") for part in PARTS[:-1] if not rerun.equal[part]]
        what = " and ".join(changed) or ("benchmark" if prepared.benchmark else "program")
        raise InvalidInput(
            f"{report.backtest.name} no longer gives its result: the {what} changed since it ran.",
            hint=f"Run it again (quant-tui backtest rerun {report.backtest.id}) and export that.",
        )
    return Bundle(report.to_document(), bars, benchmark, versions(), dict(inputs or {}))


def _run(
    prepared: PreparedBacktest,
    bars: Bars,
    benchmark: FloatArray | None,
    inputs: Mapping[str, FloatArray],
    provenance: list[Document],
    cancel: Callable[[], bool] | None,
) -> BacktestResult:
    found = run_backtest(
        bars,
        prepared.strategy,
        prepared.params,
        prepared.config,
        benchmark=benchmark,
        inputs=inputs,
        cancel=cancel,
        begin=prepared.begin(bars),
    )
    return result_of(
        found.to_document(),
        backtest_id="",
        execution_id="",
        user_id="",
        issues=data_quality(bars),
        provenance=provenance,
        inputs_hash=hash_of(inputs),
    )


def _report(document: Document) -> BacktestReport:
    """Return a shown document as the report that it was made of."""
    result = BacktestResult(
        backtest_id="",
        execution_id="",
        user_id="",
        performance=document["performance"],
        risk_metrics=document["risk_metrics"],
        trades=document["trades"],
        round_trips=document["round_trips"],
        portfolio_value=document["portfolio_value"],
        benchmark=document.get("benchmark") or {},
        details=document["details"],
        fingerprint=document["fingerprint"],
    )
    backtest = Backtest(
        name=document["name"], config=document["config"], status=RunStatus.COMPLETED, user_id=""
    )
    return BacktestReport(backtest, None, result)
