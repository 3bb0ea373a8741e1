"""How often a study's trust card is right: on luck, and on an effect that is there.

    python -m tests.benchmarks.study_luck [--studies 100] [--trials 60] [--sampler tpe]

Random: a template drawn at random, searched over its usual ranges on a random walk without
drift (Student's t with five degrees of freedom, volatility that clusters). The card should
call at least 95 of 100 bad. Planted: a moving-average crossover searched on prices whose
drift changes its sign about every 60 days, at a strength with which the true rule earns a
Sharpe ratio near 2.5 before costs. The card should call at least 80 of 100 good.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from quant_tui.engine import BacktestConfig, Bars
from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.optimization.evaluate import TrialData, metrics_of
from quant_tui.engine.optimization.judge import Judged
from quant_tui.engine.optimization.scoring import Scoring
from quant_tui.engine.optimization.space import SearchSpace, usual_ranges
from quant_tui.engine.run import document_of
from quant_tui.services.backtest_request import PreparedBacktest
from quant_tui.services.study_analysis import judge_of
from quant_tui.services.study_files import StudyFiles
from quant_tui.services.study_request import PreparedStudy
from quant_tui.services.study_run import StudyRun

DAYS = 2520
VOLATILITY = 0.01
DRIFT = 0.004
TEMPLATES = (
    "SMA_CROSSOVER", "EMA_CROSSOVER", "RSI_MEAN_REVERSION", "MACD", "BOLLINGER_REVERSION",
    "DONCHIAN_BREAKOUT",
)  # fmt: skip


def bars_of(returns: FloatArray, random: np.random.Generator) -> Bars:
    """Return bars whose closes have these logarithmic returns (T,)."""
    close = 100.0 * np.exp(np.cumsum(returns))
    before = np.concatenate(([100.0], close[:-1]))
    opened = before * np.exp(0.2 * VOLATILITY * random.standard_normal(len(close)))
    wide = np.exp(0.3 * VOLATILITY * np.abs(random.standard_normal((2, len(close)))))
    dates = np.busday_offset("2010-01-04", np.arange(len(close)), roll="forward")
    columns = (
        opened,
        np.maximum(opened, close) * wide[0],
        np.minimum(opened, close) / wide[1],
        close,
        np.full(len(close), 1e6),
    )
    return Bars(["X"], dates, *(one[:, None] for one in columns))


def walk(random: np.random.Generator) -> FloatArray:
    """Return the returns of a random walk without drift, (T,)."""
    level = np.zeros(DAYS)
    for day in range(1, DAYS):
        level[day] = 0.97 * level[day - 1] + 0.1 * random.standard_normal()
    spread = VOLATILITY * np.exp(level - level.var() / 2.0)
    drawn: FloatArray = spread * random.standard_t(5, DAYS) / np.sqrt(5.0 / 3.0)
    return drawn - np.expm1(VOLATILITY**2 / 2.0)


def planted(random: np.random.Generator) -> FloatArray:
    """Return returns whose drift lasts about 60 days and then turns, (T,)."""
    turns = np.where(random.random(DAYS) < 1.0 / 60.0, -1.0, 1.0)
    drift = DRIFT * np.cumprod(turns)
    return walk(random) + drift


def study(template: str, returns: FloatArray, seed: int, trials: int, sampler: str) -> Judged:
    """Run a study of a template on returns, and judge it."""
    random = np.random.default_rng([seed, 1])
    document = document_of(template)
    bars = bars_of(returns, random)
    config = BacktestConfig(commission=0.0005)
    backtest = PreparedBacktest(
        strategy=document, strategy_id="", strategy_name=template,
        params=document.default_parameters(), symbols=("X",), start=None, end=None,
        config=config, benchmark="",
    )  # fmt: skip
    prepared = PreparedStudy(
        backtest=backtest, space=SearchSpace(document, usual_ranges(document)),
        scoring=Scoring(min_trades=5), sampler=sampler, trials=trials, seed=seed, workers=1,
        out_of_sample=0.3, walk_forward=None,
    )  # fmt: skip
    data = TrialData(
        bars, document, config, split=prepared.split(bars),
        metrics=metrics_of(prepared.scoring.objectives),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        run = StudyRun(
            StudyFiles(Path(folder)), "study", prepared, data, lambda _: None, lambda: False
        )
        found = run.run()
    judge = judge_of(prepared, data, found, None)
    sharpes = [one.metrics["sharpe_ratio"] for one in found]
    known = np.array([one for one in sharpes if one is not None])
    variance = float(known.var(ddof=1)) / 252.0 if len(known) > 1 else None
    return judge.judge(judge.run_best(), len(found), variance, (6, 0.4, False))


def count(
    name: str,
    studies: int,
    trials: int,
    sampler: str,
    draw: Callable[[int], tuple[str, FloatArray]],
) -> Counter[str]:
    """Run studies and print what their cards say."""
    began = time.perf_counter()
    verdicts: Counter[str] = Counter()
    lines: dict[str, Counter[str]] = {}
    for seed in range(studies):
        template, returns = draw(seed)
        judged = study(template, returns, seed, trials, sampler)
        verdicts[str(judged.card.verdict)] += 1
        for line in judged.card.lines:
            lines.setdefault(line.key, Counter())[str(line.verdict)] += 1
    took = (time.perf_counter() - began) / studies
    print(f"{name}: {dict(verdicts)} of {studies} studies, {took:.2f} s a study")  # noqa: T201 - a script
    for key, found in lines.items():
        print(f"    {key:22} {dict(found)}")  # noqa: T201 - a script
    return verdicts


def random_one(seed: int) -> tuple[str, FloatArray]:
    """Return a template drawn at random, and a random walk."""
    random = np.random.default_rng([seed, 0])
    return str(random.choice(TEMPLATES)), walk(random)


def planted_one(seed: int) -> tuple[str, FloatArray]:
    """Return the crossover, and returns with a drift that it can follow."""
    return "SMA_CROSSOVER", planted(np.random.default_rng([seed, 2]))


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--sampler", default="tpe")
    given = parser.parse_args()

    on_luck = count("random", given.studies, given.trials, given.sampler, random_one)
    on_effect = count("planted", given.studies, given.trials, given.sampler, planted_one)
    print(f"bad on random data: {on_luck['bad']} of {given.studies} (95 of 100 wanted)")  # noqa: T201 - a script
    print(f"good on a planted effect: {on_effect['good']} of {given.studies} (80 of 100 wanted)")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
