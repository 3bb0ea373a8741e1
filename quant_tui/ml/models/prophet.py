"""Prophet: trend and seasons of the target itself; the extra ``prophet``.

By default one model is fitted to the mean of the target over the symbols, with the means of
the features as regressors; each symbol's own features then tell its forecast from the others.
With ``series = "symbol"`` each symbol has a model of its own, and one that was not there while
learning has no forecast. Trend and seasons are carried on past the last date learned from.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.cancellation import interrupted_by, raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.ml.models.protocol import Lesson, LossCurve, Parameter, shares
from quant_tui.ml.panel import Dates, Floats, Ints, Panel

if TYPE_CHECKING:
    from pandas import DataFrame
    from prophet import Prophet as Library

FILE = "prophet.json"
MEAN = ""
"""Name under which the model of the mean series is kept."""

LEAST_DATES = 10
STOPPED = "prophet_model"
"""What the name of the process that fits begins with."""


class Prophet:
    """Taylor and Letham, *Forecasting at Scale* (2018). Numbers and two classes alone.

    Of two classes it forecasts the frequency of the second, kept within 0 and 1.
    """

    name = "Prophet"
    extra = "prophet"
    package = "prophet"
    most_classes = 2
    parameters: Mapping[str, Parameter] = {
        "series": Parameter(
            "mean", "one model, or one for each symbol", choices=("mean", "symbol")
        ),
        "changepoints": Parameter(25, "places where the trend may turn", 0, 200),
        "changepoint_prior_scale": Parameter(
            0.05, "how far the trend may turn", 0.0001, 10.0, log=True, searched=True
        ),
        "seasonality_prior_scale": Parameter(
            10.0, "how strong seasons may be", 0.001, 100.0, log=True, searched=True
        ),
        "regressor_prior_scale": Parameter(
            10.0, "how strong features may be", 0.001, 100.0, log=True, searched=True
        ),
        "yearly": Parameter(True, "a season of the year"),
        "weekly": Parameter(True, "a season of the week"),
    }

    def fit(self, lesson: Lesson) -> Seasons:
        """Learn; see :class:`~quant_tui.ml.models.protocol.ModelKind`.

        What would decide when to stop is learned from too: nothing stops early here.
        """
        panel, train = lesson.panel, lesson.train
        features = panel.gather(train.rows, train.columns).astype(np.float64)
        known = np.isfinite(features)
        means = np.where(known, features, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        features = np.where(known, features, means)
        names = [MEAN]
        if lesson.parameters["series"] == "symbol":
            names = [panel.symbols[one] for one in np.unique(train.columns)]
        models: dict[str, Library] = {}
        weights = np.ones(len(train)) if lesson.weights is None else lesson.weights
        for place, name in enumerate(names):
            raise_if_cancelled(lesson.cancel)
            own = np.ones(len(train), bool)
            if name:
                own = train.columns == panel.symbols.index(name)
            frame = _mean_series(
                panel.dates, train.rows[own], train.values[own], features[own], weights[own]
            )
            if len(frame) < LEAST_DATES:
                continue
            models[name] = self._fit_one(lesson, frame, features.shape[1])
            raise_if_cancelled(lesson.cancel)
            lesson.progress((place + 1) / len(names), LossCurve())
        if not models:
            raise InsufficientData(f"Prophet needs {LEAST_DATES} dates with a label.")
        return Seasons(models, means, lesson.classes)

    def load(self, files: Mapping[str, bytes]) -> Seasons:
        """Return the models of a file."""
        if FILE not in files:
            raise InvalidInput(f"A Prophet model has a file {FILE}.")
        from prophet.serialize import model_from_json

        try:
            document = json.loads(files[FILE])
            models = {name: model_from_json(text) for name, text in document["models"].items()}
            return Seasons(models, np.array(document["means"]), int(document["classes"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"This is no Prophet model: {error}") from error

    @staticmethod
    def _fit_one(lesson: Lesson, frame: DataFrame, features: int) -> Library:
        from prophet import Prophet as Library

        # They write of every fit, and of one that was stopped, on a terminal that draws.
        for chatty in ("prophet", "cmdstanpy"):
            logging.getLogger(chatty).disabled = True
        chosen = lesson.parameters
        model = Library(
            n_changepoints=min(int(chosen["changepoints"]), len(frame) // 2),
            changepoint_prior_scale=float(chosen["changepoint_prior_scale"]),
            seasonality_prior_scale=float(chosen["seasonality_prior_scale"]),
            yearly_seasonality=bool(chosen["yearly"]),
            weekly_seasonality=bool(chosen["weekly"]),
            daily_seasonality=False,
            uncertainty_samples=0,
        )
        for place in range(features):
            scale = float(chosen["regressor_prior_scale"])
            model.add_regressor(_regressor(place), prior_scale=scale)
        with interrupted_by(lesson.cancel, _stop_fitting):
            try:
                model.fit(frame, seed=lesson.seed)
            except RuntimeError as error:
                raise InsufficientData(f"Prophet cannot learn from this series: {error}") from error
        return model


class Seasons:
    """Models that have learned: one of the mean series, or one a symbol."""

    curve = LossCurve()

    def __init__(self, models: dict[str, Library], means: Floats, classes: int) -> None:
        self._models = models
        self._means = means
        self._classes = classes

    def predict(self, panel: Panel, rows: Ints, columns: Ints) -> Floats:
        """Return forecasts; see :class:`~quant_tui.ml.models.protocol.TrainedModel`."""
        features = panel.gather(rows, columns).astype(np.float64)
        features = np.where(np.isfinite(features), features, self._means)
        found = np.full(len(rows), np.nan)
        for name, model in self._models.items():
            own = np.arange(len(rows))
            if name:
                if name not in panel.symbols:
                    continue
                own = np.flatnonzero(columns == panel.symbols.index(name))
            if len(own):
                frame = _frame(panel.dates[rows[own]], features[own])
                found[own] = _forecast(model, frame)
        if not self._classes:
            return found
        chance = np.clip(found, 0.0, 1.0)
        return np.column_stack((1.0 - chance, chance))

    def importance(self) -> Floats | None:
        """Return the share of each feature's coefficient, features scaled to one deviation."""
        total = np.zeros(len(self._means))
        for model in self._models.values():
            columns = model.train_component_cols
            if columns is None:  # without any season or feature
                continue
            effects = np.abs(np.asarray(model.params["beta"], np.float64).mean(axis=0))
            for place in range(len(total)):
                total[place] += float(effects[columns[_regressor(place)] == 1].sum())
        return shares(total)

    def files(self) -> dict[str, bytes]:
        """Return Prophet's own JSON of each model, in one."""
        from prophet.serialize import model_to_json

        document = {
            "classes": self._classes,
            "means": self._means.tolist(),
            "models": {name: model_to_json(model) for name, model in self._models.items()},
        }
        return {FILE: json.dumps(document).encode()}


def _regressor(place: int) -> str:
    return f"feature_{place}"


def _mean_series(
    dates: Dates, rows: Ints, values: Floats, features: Floats, weights: Floats
) -> DataFrame:
    """Return the weighted mean of label and features on each date."""
    there, place = np.unique(rows, return_inverse=True)
    total = np.bincount(place, weights)
    label = np.bincount(place, values * weights) / total
    means = np.column_stack(
        [np.bincount(place, one * weights) / total for one in features.T] or [np.empty(0)]
    )
    frame = _frame(dates[there], means)
    frame["y"] = label
    return frame


def _frame(dates: Dates, features: Floats) -> DataFrame:
    import pandas

    frame = pandas.DataFrame({"ds": pandas.to_datetime(dates.astype("datetime64[ns]"))})
    for place in range(features.shape[1]):
        frame[_regressor(place)] = features[:, place]
    return frame


def _forecast(model: Library, frame: DataFrame) -> Floats:
    """Return the forecasts of rows in their order; Prophet itself sorts them by date."""
    order = np.argsort(frame["ds"].to_numpy(), kind="stable")
    found = np.empty(len(frame))
    made = model.predict(frame.iloc[order].reset_index(drop=True))
    found[order] = made["yhat"].to_numpy(np.float64)
    return found


def _stop_fitting() -> None:
    """End the process that fits, which is a child of ours."""
    import psutil

    for child in psutil.Process().children():
        try:
            if child.name().startswith(STOPPED):
                child.kill()
        except psutil.NoSuchProcess:
            continue
