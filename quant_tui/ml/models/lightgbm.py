"""LightGBM: gradient-boosted trees, in the core installation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.ml.models.protocol import Lesson, LossCurve, Parameter, shares
from quant_tui.ml.models.watch import Watch
from quant_tui.ml.panel import Floats, Ints, Panel

if TYPE_CHECKING:
    from lightgbm import Booster
    from lightgbm.callback import CallbackEnv

FILE = "model.txt"


class LightGBM:
    """Trees after Ke et al., *LightGBM* (2017); missing features take their own branch."""

    name = "LightGBM"
    extra = ""
    package = "lightgbm"
    most_classes = 100
    parameters: Mapping[str, Parameter] = {
        "rounds": Parameter(200, "trees at most; fewer when learning stops early", 1, 20_000),
        "learning_rate": Parameter(
            0.05, "share of each tree that is kept", 1e-4, 1.0, log=True, searched=True
        ),
        "num_leaves": Parameter(31, "leaves of a tree at most", 2, 4096, log=True, searched=True),
        "max_depth": Parameter(-1, "depth of a tree at most; -1 for any", -1, 64),
        "min_data_in_leaf": Parameter(
            20, "samples in a leaf at least", 1, 100_000, log=True, searched=True
        ),
        "feature_fraction": Parameter(
            1.0, "share of the features that a tree may use", 0.05, 1.0, searched=True
        ),
        "bagging_fraction": Parameter(
            1.0, "share of the samples that a tree learns from", 0.05, 1.0, searched=True
        ),
        "lambda_l1": Parameter(0.0, "penalty on the sum of leaf values", 0.0, 1000.0),
        "lambda_l2": Parameter(0.0, "penalty on the squares of leaf values", 0.0, 1000.0),
    }

    def fit(self, lesson: Lesson) -> Trees:
        """Learn; see :class:`~quant_tui.ml.models.protocol.ModelKind`."""
        raise_if_cancelled(lesson.cancel)
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import lightgbm

        settings = dict(lesson.parameters)
        rounds = lesson.rounds or int(settings.pop("rounds"))
        settings.pop("rounds", None)
        objective, metric = "regression", "l2"
        if lesson.classes:
            objective = "binary" if lesson.classes == 2 else "multiclass"
            metric = "binary_logloss" if lesson.classes == 2 else "multi_logloss"
        settings |= {
            "objective": objective,
            "metric": metric,
            "bagging_freq": 1 if float(settings["bagging_fraction"]) < 1.0 else 0,
            "seed": lesson.seed,
            "num_threads": lesson.threads,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        if lesson.classes > 2:
            settings["num_class"] = lesson.classes
        train = lightgbm.Dataset(
            lesson.panel.gather(lesson.train.rows, lesson.train.columns),
            lesson.train.values,
            weight=lesson.weights,
            params=settings,
            free_raw_data=True,
        )
        sets, names = [train], ["train"]
        if lesson.validation is not None:
            held = lesson.validation
            features = lesson.panel.gather(held.rows, held.columns)
            sets.append(train.create_valid(features, held.values))
            names.append("validation")
        watch = Watch(lesson, metric, rounds)
        try:
            booster = lightgbm.train(
                settings,
                train,
                rounds,
                valid_sets=sets,
                valid_names=names,
                callbacks=[_watched(watch)],
            )
        except lightgbm.basic.LightGBMError as error:
            raise InsufficientData(f"LightGBM cannot learn from these samples: {error}") from error
        # What is saved is what forecasts: the trees are read back from their text.
        text = booster.model_to_string(num_iteration=watch.best)
        return Trees(text, watch.curve)

    def load(self, files: Mapping[str, bytes]) -> Trees:
        """Return the trees of a file."""
        if FILE not in files:
            raise InvalidInput(f"A LightGBM model has a file {FILE}.")
        return Trees(files[FILE].decode(), LossCurve())


class Trees:
    """Trees that have learned."""

    def __init__(self, text: str, curve: LossCurve) -> None:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import lightgbm

        if "\nend of trees" not in text or "\nend of parameters" not in text:
            # LightGBM itself aborts the process on a text that breaks off.
            raise InvalidInput("This is no whole LightGBM model.")
        self._text = text
        self.curve = curve
        try:
            self._booster: Booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise InvalidInput(f"This is no LightGBM model: {error}") from error

    def predict(self, panel: Panel, rows: Ints, columns: Ints) -> Floats:
        """Return forecasts; see :class:`~quant_tui.ml.models.protocol.TrainedModel`."""
        found = np.asarray(
            self._booster.predict(panel.gather(rows, columns), num_threads=1), np.float64
        )
        if self._text.find("objective=binary", 0, 2000) >= 0:
            return np.column_stack((1.0 - found, found))
        return found

    def importance(self) -> Floats | None:
        """Return each feature's share of what the splits gained."""
        return shares(np.asarray(self._booster.feature_importance("gain"), np.float64))

    def files(self) -> dict[str, bytes]:
        """Return LightGBM's own text."""
        return {FILE: self._text.encode()}


def _watched(watch: Watch) -> Callable[[CallbackEnv], None]:
    """Return what LightGBM calls after each round."""

    def after_round(environment: CallbackEnv) -> None:
        from lightgbm.callback import EarlyStopException

        losses = {
            str(name): float(value)
            for name, _, value, *_ in environment.evaluation_result_list or []
        }
        watch.note(losses["train"], losses.get("validation"))
        if watch.is_over:
            raise EarlyStopException(watch.best - 1, [])

    return after_round
