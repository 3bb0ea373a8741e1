"""Trials: the figures of single runs, wherever they are cut."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.tasks import run_in_turn
from quant_tui.engine import BacktestConfig, run_backtest
from quant_tui.engine.optimization import evaluate as module
from quant_tui.engine.optimization.evaluate import (
    Evaluator,
    TrialData,
    TrialFigures,
    evaluate,
)
from quant_tui.engine.optimization.space import Combination
from tests.engine.robustness.studies import RULES, daily, prices

ROWS: list[Combination] = [{"short": n, "long": n + m} for n in (5, 9, 30) for m in (10, 40)] + [
    {"short": 40, "long": 20}
]
CONFIG = BacktestConfig(commission=0.001)


def data(**changes: object) -> TrialData:
    given = {"split": 800, "config": CONFIG, "document": RULES, "bars": daily(prices(1, rows=1200))}
    return TrialData(**{**given, **changes})  # type: ignore[arg-type]


def test_figures_are_those_of_single_runs_on_either_side_of_the_split() -> None:
    given = data()
    found = Evaluator(given)(ROWS)
    assert found.out_of_sample is not None
    for place, row in enumerate(ROWS):
        if place in found.invalid:
            assert "short < long" in found.invalid[place]
            assert row == {"short": 40, "long": 20}
            continue
        inside = run_backtest(given.bars.head(800), RULES, row, CONFIG)
        outside = run_backtest(given.bars, RULES, row, CONFIG, begin=800)
        for figures, report in ((found.in_sample, inside), (found.out_of_sample, outside)):
            for name in ("sharpe_ratio", "total_return", "max_drawdown", "total_trades"):
                value = report.performance[name]
                known = np.nan if value is None else float(value)
                assert figures[name][place] == pytest.approx(known, abs=1e-9, nan_ok=True)


class Held:
    """Tasks run in this process, from pickled copies as elsewhere."""

    def __init__(self, task: object, given: object) -> None:
        self.task, self.given, self.parts = task, pickle.loads(pickle.dumps(given)), 0

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(
        self, parts: list[list[Combination]], *, cancel: CancelCheck | None = None, **_: object
    ) -> list[TrialFigures]:
        self.parts += len(parts)
        return run_in_turn(evaluate, self.given, parts, cancel=cancel)  # type: ignore[arg-type]


def test_a_batch_cut_into_tasks_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_BARS", 2400)
    monkeypatch.setattr(module, "PARTS_OF_BATCH", 1)
    given = data(metrics=("sharpe_ratio", "profit_factor", "total_trades"))
    rows = ROWS
    whole = Evaluator(given)(rows)
    cut = Evaluator(given, hold=Held)  # type: ignore[arg-type]
    with cut:
        parts = cut(rows)
    assert cut._held.parts == 4  # type: ignore[union-attr]
    assert whole.out_of_sample is not None
    assert parts.out_of_sample is not None
    for name in given.metrics:
        np.testing.assert_array_equal(whole.in_sample[name], parts.in_sample[name])
        np.testing.assert_array_equal(whole.out_of_sample[name], parts.out_of_sample[name])
    assert whole.invalid == parts.invalid != {}
