"""Several models in one window: their out-of-sample forecasts judged, and traded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InsufficientData
from quant_tui.domain.ml_platform import MLModel
from quant_tui.engine import BacktestConfig, StrategyDocument, parse_document, run_backtest
from quant_tui.ml.baselines import BASELINES
from quant_tui.ml.evaluation import (
    REFERENCE,
    JudgedWindow,
    Truth,
    baseline_of,
    cumulative_gain,
    judge,
    truth_of,
)
from quant_tui.ml.targets import Target
from quant_tui.services.outside_series import outside_calls
from quant_tui.services.scenario_definition import ScenarioDefinition
from quant_tui.services.scenario_windows import Window

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.engine.arrays import FloatArray

RANKED, IN_SAMPLE, PARTLY = "out of sample", "in sample", "partly in sample"
FEW, FAILED, EARLIER = "few forecasts", "failed", "before training"
"""What the forecasts of a model in a window are; the first alone is ranked."""

LEAST_COVERED = 0.9
"""Share of the window's bars on which a ranked model has a forecast out of sample."""

KEPT_POINTS = 300
"""Dates of a window's charts."""

STRATEGY_FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades")

HELD = "buy_and_hold"


@dataclass(frozen=True, eq=False)
class Entrant:
    """A model and what it foretells in a window.

    Attributes
    ----------
    scores
        (T, N) on the window's bars; NaN without an out-of-sample forecast.
    left_out
        Bars on which its forecast would be in-sample.
    error
        Why it could not be asked; empty when it was.
    """

    model: MLModel
    scores: FloatArray
    left_out: int = 0
    error: str = ""


@dataclass(frozen=True, eq=False)
class JudgedModel:
    """One model in one window.

    Attributes
    ----------
    state
        One of :data:`RANKED`, :data:`IN_SAMPLE`, :data:`PARTLY`, :data:`EARLIER`, :data:`FEW`,
        :data:`FAILED`.
    losses
        Mean squared error of each date, (T,).
    returns
        Of its strategy at the middle cost, (T - 1,); None where it is not traded.
    document
        Everything that is kept of it.
    """

    model: MLModel
    state: str
    truth: Truth | None
    losses: FloatArray
    returns: FloatArray | None
    gain: FloatArray | None
    equity: FloatArray | None
    document: Document

    @property
    def is_ranked(self) -> bool:
        """Whether it is laid beside others."""
        return self.state == RANKED


@dataclass(frozen=True, eq=False)
class JudgedScenarioWindow:
    """All models in one window."""

    window: Window
    bars: Bars
    models: tuple[JudgedModel, ...]
    held: list[Document]
    held_equity: FloatArray

    def of(self, model_id: str) -> JudgedModel | None:
        """Return one of the models."""
        return next((one for one in self.models if one.model.id == model_id), None)

    def to_document(self, ranked_by: str, middle_cost: float) -> Document:
        """Return what is kept: models with their ranks, strategies, and charts."""
        ranks = ranks_of(
            {one.model.id: rank_value(one.document, ranked_by, middle_cost) for one in self.models
             if one.is_ranked}
        )  # fmt: skip
        step = max(1, -(-len(self.bars) // KEPT_POINTS))
        rows = np.unique(np.append(np.arange(0, len(self.bars), step), len(self.bars) - 1))
        days = np.datetime_as_string(self.bars.dates[rows], unit="D").tolist()
        return {
            "window": self.window.to_document(),
            "symbols": list(self.bars.symbols),
            "bars": len(self.bars),
            "data_fingerprint": self.bars.content_hash,
            "models": [one.document | {"rank": ranks.get(one.model.id)} for one in self.models],
            "buy_and_hold": self.held,
            "charts": {
                "date": days,
                "gain": _thinned({one.model.id: one.gain for one in self.models}, rows),
                "equity": _thinned(
                    {one.model.id: one.equity for one in self.models} | {HELD: self.held_equity},
                    rows,
                ),
            },
        }


@dataclass(slots=True)
class _Judge:
    """Works on one window, and keeps what several models need."""

    bars: Bars
    first: int
    whole: FloatArray
    definition: ScenarioDefinition
    pause: Callable[[], None]
    truths: dict[Target, Truth] = field(default_factory=dict)

    def of(self, entrant: Entrant) -> JudgedModel:
        target = Target.from_document(entrant.model.target)
        if entrant.error:
            return self._without(entrant, target, FAILED)
        places = np.isfinite(self.bars.close)
        count = int((np.isfinite(entrant.scores) & places).sum())
        if not count:
            return self._without(entrant, target, self._silent(entrant))
        truth = self._truth(target)
        judged = judge(entrant.scores, truth)
        covered = count / int(places.sum())
        state = RANKED if covered >= LEAST_COVERED else PARTLY if entrant.left_out else FEW
        baselines = {name: baseline_of(name, entrant.scores, truth) for name in BASELINES}
        traded, equity = self._traded(entrant, target)
        document = self._document(entrant, target, state, count, int(places.sum())) | {
            "metrics": judged.figures,
            "baselines": {name: one.figures for name, one in baselines.items()},
            "horizons": [{"bars": bars, **one} for bars, one in judged.by_horizon.items()],
            "strategy": traded,
        }
        return JudgedModel(
            entrant.model,
            state,
            truth,
            judged.losses,
            None if equity is None else equity[1:] / equity[:-1] - 1.0,
            _gain(judged, baselines[REFERENCE]),
            equity,
            document,
        )

    def _silent(self, entrant: Entrant) -> str:
        """Return why a model says nothing of the window."""
        if not entrant.left_out:
            return FEW
        last = str(self.bars.dates[-1].astype("datetime64[D]"))
        return EARLIER if last < str(entrant.model.lineage["first_date"]) else IN_SAMPLE

    def held(self) -> tuple[list[Document], FloatArray]:
        """Return what holding every symbol gave at each cost."""
        found, equity = self._strategies("BUY_AND_HOLD", {})
        return found, equity

    def _truth(self, target: Target) -> Truth:
        if target not in self.truths:
            self.truths[target] = truth_of(self.whole, self.first, target, self.definition.horizons)
        return self.truths[target]

    def _traded(self, entrant: Entrant, target: Target) -> tuple[list[Document], FloatArray | None]:
        """Hold a symbol while its score is above 0; a volatility has no side to take."""
        if target.kind == "volatility":
            return [], None
        document = signal_rules(entrant.model)
        call = next(iter(outside_calls(document)))
        return self._strategies(document, {call: entrant.scores})

    def _strategies(
        self, strategy: str | StrategyDocument, inputs: Mapping[str, FloatArray]
    ) -> tuple[list[Document], FloatArray]:
        found, kept = [], np.empty(0)
        for cost in self.definition.costs:
            self.pause()
            report = run_backtest(
                self.bars, strategy, {}, BacktestConfig(commission=cost), inputs=inputs
            )
            found.append(
                {"cost": cost, **{name: report.performance[name] for name in STRATEGY_FIGURES}}
            )
            if cost == self.definition.middle_cost:
                kept = np.asarray(report.equity_curve.value) / report.config.initial_capital
        return found, kept

    def _document(
        self, entrant: Entrant, target: Target, state: str, count: int, places: int
    ) -> Document:
        return {
            "model_id": entrant.model.id,
            "model": entrant.model.title,
            "target": target.title,
            "known_until": entrant.model.lineage.get("known_until"),
            "state": state,
            "error": entrant.error,
            "forecasts": count,
            "places": places,
        }

    def _without(self, entrant: Entrant, target: Target, state: str) -> JudgedModel:
        places = int(np.isfinite(self.bars.close).sum())
        document = self._document(entrant, target, state, 0, places) | {
            "metrics": {}, "baselines": {}, "horizons": [], "strategy": [],
        }  # fmt: skip
        nothing = np.full(len(self.bars), np.nan)
        return JudgedModel(entrant.model, state, None, nothing, None, None, None, document)


def judge_window(
    window: Window,
    history: Bars,
    entrants: Sequence[Entrant],
    definition: ScenarioDefinition,
    pause: Callable[[], None],
) -> JudgedScenarioWindow:
    """Judge what models foretell in a window, and trade it.

    Parameters
    ----------
    history
        Bars up to the window's end, with those before it.
    entrants
        Scores on the bars of the window.
    pause
        Called now and then; raises to stop.
    """
    first = first_row(history, window)
    bars = history.tail(first)
    work = _Judge(bars, first, history.close, definition, pause)
    models = tuple(work.of(one) for one in entrants)
    held, equity = work.held()
    return JudgedScenarioWindow(window, bars, models, held, equity)


def first_row(history: Bars, window: Window) -> int:
    """Return the row of a window's first bar.

    Raises
    ------
    InsufficientData
        There are fewer than two bars in it.
    """
    first = int(np.searchsorted(history.dates, np.datetime64(window.start, "D")))
    if len(history) - first < 2:
        raise InsufficientData(
            f"{window.name} has no bars of {', '.join(history.symbols[:5])}.",
            hint="Choose other symbols or another window.",
        )
    return first


def signal_rules(model: MLModel) -> StrategyDocument:
    """Return the rules that hold a symbol while a model's score is above 0."""
    call = f'model("{model.title}")'
    return parse_document(
        {"name": f"{model.title} traded", "let": {"prediction": call},
         "entry": "prediction > 0", "exit": "prediction < 0"}
    )  # fmt: skip


def rank_value(document: Document, ranked_by: str, middle_cost: float) -> float | None:
    """Return the figure by which a judged model is ranked."""
    if ranked_by != "sharpe_ratio":
        found: float | None = document["metrics"].get(ranked_by)
        return found
    for one in document["strategy"]:
        if one["cost"] == middle_cost:
            sharpe: float | None = one["sharpe_ratio"]
            return sharpe
    return None


def ranks_of(values: Mapping[str, float | None]) -> dict[str, int]:
    """Return ranks from 1, the most first; ties share one, what is undefined has none."""
    known = {name: value for name, value in values.items() if value is not None}
    return {
        name: 1 + sum(other > value for other in known.values()) for name, value in known.items()
    }


def _gain(judged: JudgedWindow, reference: JudgedWindow) -> FloatArray:
    return cumulative_gain(judged.losses, reference.losses)


def _thinned(
    found: Mapping[str, FloatArray | None], rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> dict[str, list[float]]:
    return {name: one[rows].tolist() for name, one in found.items() if one is not None}
