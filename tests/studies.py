"""Studies without a store: prepared on made bars, for tests and processes that are killed."""

from __future__ import annotations

from quant_tui.engine import BacktestConfig
from quant_tui.engine.optimization.evaluate import TrialData, metrics_of
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.scoring import Scoring
from quant_tui.engine.optimization.space import ParameterRange, SearchSpace
from quant_tui.services.backtest_request import PreparedBacktest
from quant_tui.services.study_request import PreparedStudy
from tests.engine.robustness.studies import RULES, daily, prices

CONFIG = BacktestConfig(commission=0.0005)
RANGES = {"short": ParameterRange("int", 2, 30), "long": ParameterRange("int", 10, 90)}


def prepared_study(sampler: str, trials: int, **changes: object) -> PreparedStudy:
    """Return a search of two averages."""
    backtest = PreparedBacktest(
        strategy=RULES, strategy_id="", strategy_name="two averages",
        params=RULES.default_parameters(), symbols=("X",), start=None, end=None, config=CONFIG,
        benchmark="",
    )  # fmt: skip
    objectives = (Objective(),)
    if sampler == "nsga2":
        objectives = (Objective(), Objective("annual_volatility", "minimize"))
    given = {
        "backtest": backtest, "space": SearchSpace(RULES, RANGES),
        "scoring": Scoring(objectives, min_trades=3), "sampler": sampler, "trials": trials,
        "seed": 5, "workers": 1, "out_of_sample": 0.3, "walk_forward": None,
    }  # fmt: skip
    return PreparedStudy(**{**given, **changes})  # type: ignore[arg-type]


def data_of(prepared: PreparedStudy, rows: int = 600) -> TrialData:
    """Return bars for it."""
    bars = daily(prices(2, 0.002, rows))
    return TrialData(
        bars,
        prepared.space.document,
        CONFIG,
        split=prepared.split(bars),
        metrics=metrics_of(prepared.scoring.objectives),
    )
