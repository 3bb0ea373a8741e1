"""What a study is asked for, checked, and kept as a snapshot that can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Backtest, OptimizationStudy
from quant_tui.engine import BacktestConfig, Bars
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.scoring import Scoring
from quant_tui.engine.optimization.space import (
    ParameterRange,
    SearchSpace,
    constrained,
    usual_ranges,
    with_values,
)
from quant_tui.services.backtest_request import (
    DEFAULT_COMMISSION,
    BacktestRequest,
    PreparedBacktest,
    prepare,
)
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.names import checked_name
from quant_tui.services.strategies import StrategyService

SAMPLERS = {
    "tpe": "TPE: learns from the trials so far where good ones lie",
    "grid": "Grid: every combination of the ranges' steps",
    "cmaes": "CMA-ES: moves a cloud of trials to where good numbers lie",
    "random": "Random: independent draws",
    "qmc": "QMC: draws that fill the space evenly (Sobol)",
    "nsga2": "NSGA-II: evolves the front of several objectives",
}
"""Samplers, and what each does."""

MOST_ASKED = 20_000
"""Most trials that a sampler is asked for: each asks it for every one before."""

MOST_OBJECTIVES = 4
LEAST_BARS = 50
"""Bars that each side of a split needs, for figures of fewer say nothing."""


@dataclass(frozen=True, slots=True)
class WalkForwardPlan:
    """Windows of the walk-forward optimisation.

    Attributes
    ----------
    windows
        How many stretches are traded out of sample.
    train_share
        Bars to choose in, as a share of the bars in sample.
    anchored
        Whether every window begins at the first bar, and so grows, instead of rolling on.
    """

    windows: int = 6
    train_share: float = 0.4
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """What to search. Exactly one of ``strategy_id``, ``strategy_type``, ``document`` is given.

    Attributes
    ----------
    params
        Values of parameters that are not searched, over the strategy's own.
    start, end
        First and last session, both included; None for all there is.
    space
        Range of each searched parameter; empty for the usual ranges of all.
    constraints
        Conditions between parameters beside the strategy's: ``"short < long"``.
    sampler
        One of :data:`SAMPLERS`.
    objectives
        What is looked for; several with ``nsga2`` or ``tpe``.
    trials
        How many; ``grid`` tries all its combinations.
    min_trades, penalty
        See :class:`~quant_tui.engine.optimization.scoring.Scoring`.
    seed
        The same gives the same study, also when it was paused or killed between.
    workers
        Threads on which trials run; they do not change the study.
    out_of_sample
        Share of the bars that is kept out of the search, at the end, or their first day;
        None searches all.
    walk_forward
        Windows of the walk-forward optimisation; None leaves it out.
    warm_up
        Whether bars before ``start`` warm the strategy up, as in a backtest.
    """

    symbols: tuple[str, ...]
    space: Mapping[str, ParameterRange] = field(default_factory=dict)
    strategy_id: str = ""
    strategy_type: str = ""
    document: Document = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    name: str = ""
    constraints: tuple[str, ...] = ()
    sampler: str = "tpe"
    objectives: tuple[Objective, ...] = (Objective(),)
    trials: int = 100
    min_trades: int = 10
    penalty: float | None = None
    seed: int = 0
    workers: int = 2
    out_of_sample: float | date | None = 0.3
    walk_forward: WalkForwardPlan | None = field(default_factory=WalkForwardPlan)
    config: BacktestConfig = field(
        default_factory=lambda: BacktestConfig(commission=DEFAULT_COMMISSION)
    )
    benchmark: str = ""
    notes: str = ""
    warm_up: bool = False


@dataclass(frozen=True)
class PreparedStudy:
    """A request whose every part was found to be right.

    Attributes
    ----------
    backtest
        The strategy on its symbols and dates, as a backtest of it would be.
    space
        Over the strategy with its constraints and the values of what is not searched.
    """

    backtest: PreparedBacktest
    space: SearchSpace
    scoring: Scoring
    sampler: str
    trials: int
    seed: int
    workers: int
    out_of_sample: float | date | None
    walk_forward: WalkForwardPlan | None
    constraints: tuple[str, ...] = ()

    @property
    def warm_up_bars(self) -> int:
        """Bars of every symbol that are loaded from before the start."""
        if not self.backtest.warm_up or self.backtest.start is None:
            return 0
        longest = {
            name: max(
                (value for value in one.values() if isinstance(value, int | float)), default=None
            )
            for name, one in self.space.ranges.items()
        }
        params = {**self.backtest.params, **{k: v for k, v in longest.items() if v is not None}}
        wrong = replace(self.backtest.strategy, constraints=())
        return wrong.warm_up(params)

    def begin(self, bars: Bars) -> int:
        """Return the row of the first bar that is traded."""
        if not self.warm_up_bars:
            return 0
        return int(np.searchsorted(bars.dates, np.datetime64(self.backtest.start, "D")))

    def split(self, bars: Bars) -> int | None:
        """Return the row of the first bar out of sample.

        Raises
        ------
        InvalidInput
            One side would have fewer than :data:`LEAST_BARS` bars, or a symbol none.
        """
        given = self.out_of_sample
        if given is None:
            return None
        begin = self.begin(bars)
        if isinstance(given, date):
            row = int(np.searchsorted(bars.dates, np.datetime64(given, "D")))
        else:
            row = begin + round((len(bars) - begin) * (1.0 - given))
        if row - begin < LEAST_BARS or len(bars) - row < LEAST_BARS:
            raise InvalidInput(
                f"The split leaves {max(row - begin, 0)} bars in sample and"
                f" {max(len(bars) - row, 0)} out of sample; each needs {LEAST_BARS}.",
                field="out_of_sample",
                hint="Move the split, widen the dates, or search without a split.",
            )
        _require_both_sides(bars, begin, row)
        return row

    def snapshot(self) -> Document:
        """Return the study's ``config``: everything needed to resume it."""
        out = self.out_of_sample
        plan = self.walk_forward
        return {
            **self.backtest.snapshot(),
            "study": {
                "constraints": list(self.constraints),
                "objectives": [
                    {"rule": one.rule, "direction": one.direction}
                    for one in self.scoring.objectives
                ],
                "min_trades": self.scoring.min_trades,
                "penalty": self.scoring.penalty,
                "workers": self.workers,
                "out_of_sample": out.isoformat() if isinstance(out, date) else out,
                "walk_forward": None
                if plan is None
                else {
                    "windows": plan.windows,
                    "train_share": plan.train_share,
                    "anchored": plan.anchored,
                },
            },
        }

    @classmethod
    def from_study(cls, study: OptimizationStudy) -> PreparedStudy:
        """Return what a kept study was asked for."""
        given = study.config["study"]
        config = {key: value for key, value in study.config.items() if key != "study"}
        backtest = PreparedBacktest.from_snapshot(
            Backtest(
                name=study.name,
                strategy_id=study.strategy_id,
                config=config,
                user_id=study.user_id,
            )
        )
        out, plan = given["out_of_sample"], given["walk_forward"]
        ranges = {
            name: ParameterRange.from_document(one) for name, one in study.parameter_space.items()
        }
        constraints = tuple(given["constraints"])
        return cls(
            backtest=backtest,
            space=_space(backtest, ranges, constraints),
            scoring=Scoring(
                tuple(Objective(one["rule"], one["direction"]) for one in given["objectives"]),
                given["min_trades"],
                given["penalty"],
            ),
            sampler=study.sampler,
            trials=study.n_trials,
            seed=study.seed,
            workers=given["workers"],
            out_of_sample=date.fromisoformat(out) if isinstance(out, str) else out,
            walk_forward=None if plan is None else WalkForwardPlan(**plan),
            constraints=constraints,
        )


async def prepare_study(
    request: StudyRequest, strategies: StrategyService, market_data: MarketDataService
) -> PreparedStudy:
    """Check every part of a request.

    Raises
    ------
    InvalidInput, NotFound, StrategyError
        Naming the field that is wrong.
    """
    backtest = await prepare(
        BacktestRequest(
            symbols=request.symbols,
            strategy_id=request.strategy_id,
            strategy_type=request.strategy_type,
            document=request.document,
            params=request.params,
            start=request.start,
            end=request.end,
            config=request.config,
            benchmark=request.benchmark,
            name=request.name,
            warm_up=request.warm_up,
        ),
        strategies,
        market_data,
    )
    checked_name(request.name)
    ranges = request.space or usual_ranges(with_values(backtest.strategy, backtest.params))
    space = _space(backtest, ranges, request.constraints)
    _check_search(request, space)
    _check_split(request)
    trials = len(space.grid()) if request.sampler == "grid" else request.trials
    return PreparedStudy(
        backtest=backtest,
        space=space,
        scoring=Scoring(request.objectives, request.min_trades, request.penalty),
        sampler=request.sampler,
        trials=trials,
        seed=request.seed,
        workers=request.workers,
        out_of_sample=request.out_of_sample,
        walk_forward=request.walk_forward,
        constraints=request.constraints,
    )


def _require_both_sides(bars: Bars, begin: int, split: int) -> None:
    """Refuse a split on one side of which a symbol has no bar.

    Raises
    ------
    InvalidInput
        Naming the symbols, the dates of their bars, and the split.
    """
    sides = (("in sample", slice(begin, split)), ("out of sample", slice(split, None)))
    lacks = [
        f"{symbol} has no bar {side}, only from {dates[0]} to {dates[-1]}"
        for side, rows in sides
        for column, symbol in enumerate(bars.symbols)
        if not bars.present[rows, column].any()
        and len(dates := bars.dates[begin:][bars.present[begin:, column]])
    ]
    if lacks:
        shown = "; ".join(lacks[:3]) + ("" if len(lacks) < 4 else f"; {len(lacks) - 3} more")
        raise InvalidInput(
            f"{shown}. The split is at {bars.dates[split]}.",
            field="out_of_sample",
            hint="Move the split, leave them out, or search without a split.",
        )


def _space(
    backtest: PreparedBacktest, ranges: Mapping[str, ParameterRange], constraints: tuple[str, ...]
) -> SearchSpace:
    document = with_values(constrained(backtest.strategy, constraints), backtest.params)
    return SearchSpace(document, ranges)


def _check_search(request: StudyRequest, space: SearchSpace) -> None:
    if request.sampler not in SAMPLERS:
        raise InvalidInput(
            f"There is no sampler {request.sampler!r}.",
            field="sampler",
            hint=f"Samplers: {', '.join(SAMPLERS)}.",
        )
    if all(one.low == one.high and len(one.choices) < 2 for one in space.ranges.values()):
        raise InvalidInput(
            "There is one combination alone, and nothing to search.",
            field="space",
            hint="Widen a range.",
        )
    if request.sampler == "cmaes" and not any(one.is_number for one in space.ranges.values()):
        raise InvalidInput(
            "CMA-ES searches numbers, and here are only choices.",
            field="sampler",
            hint="The grid tries all of them.",
        )
    count = len(request.objectives)
    if not 1 <= count <= MOST_OBJECTIVES:
        raise InvalidInput(f"Give one to {MOST_OBJECTIVES} objectives.", field="objectives")
    if len({one.rule for one in request.objectives}) < count:
        raise InvalidInput("Two objectives are the same.", field="objectives")
    if request.sampler == "cmaes" and count > 1:
        raise InvalidInput(
            "CMA-ES looks for one objective.",
            field="sampler",
            hint="NSGA-II and TPE look for several.",
        )
    if not 1 <= request.trials <= MOST_ASKED:
        raise InvalidInput(
            f"A study has 1 to {MOST_ASKED:,} trials, not {request.trials:,}.",
            field="trials",
            hint="The sampler grid tries more.",
        )
    for name, value in (("min_trades", request.min_trades), ("seed", request.seed)):
        if value < 0:
            raise InvalidInput(f"{name} must be zero or more.", field=name)
    if request.penalty is not None and not 0.0 < request.penalty < 1e9:
        raise InvalidInput("The penalty must be above zero.", field="penalty")
    if not 1 <= request.workers <= 64:
        raise InvalidInput("workers must be from 1 to 64.", field="workers")


def _check_split(request: StudyRequest) -> None:
    out = request.out_of_sample
    if isinstance(out, float | int) and not 0.0 < out <= 0.8:
        raise InvalidInput(
            f"The share out of sample must be above 0 and at most 0.8, not {out:g}.",
            field="out_of_sample",
        )
    if isinstance(out, date):
        first, last = request.start, request.end
        if (first and out <= first) or (last and out > last):
            raise InvalidInput(
                f"The split {out} is not between the study's dates.", field="out_of_sample"
            )
    plan = request.walk_forward
    if plan is not None and not (2 <= plan.windows <= 50 and 0.1 <= plan.train_share <= 0.9):
        raise InvalidInput(
            "Walk-forward has 2 to 50 windows, and chooses in 0.1 to 0.9 of the bars.",
            field="walk_forward",
        )
