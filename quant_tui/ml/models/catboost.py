"""CatBoost: gradient-boosted symmetric trees; the extra ``catboost``."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.ml.models.protocol import Lesson, LossCurve, Parameter, shares
from quant_tui.ml.models.watch import Watch
from quant_tui.ml.panel import Floats, Ints, Panel

if TYPE_CHECKING:
    from types import SimpleNamespace

    from catboost import CatBoost as Library

FILE = "model.cbm"


class CatBoost:
    """Trees after Prokhorenkova et al., *CatBoost* (2018)."""

    name = "CatBoost"
    extra = "catboost"
    package = "catboost"
    most_classes = 100
    parameters: Mapping[str, Parameter] = {
        "rounds": Parameter(200, "trees at most; fewer when learning stops early", 1, 20_000),
        "learning_rate": Parameter(
            0.05, "share of each tree that is kept", 1e-4, 1.0, log=True, searched=True
        ),
        "depth": Parameter(6, "depth of a tree", 1, 12, searched=True),
        "l2_leaf_reg": Parameter(
            3.0, "penalty on the squares of leaf values", 0.01, 1000.0, log=True, searched=True
        ),
        "random_strength": Parameter(1.0, "chance in the choice of splits", 0.0, 100.0),
        "border_count": Parameter(128, "values of a feature that are told apart", 8, 255),
    }

    def fit(self, lesson: Lesson) -> SymmetricTrees:
        """Learn; see :class:`~quant_tui.ml.models.protocol.ModelKind`."""
        raise_if_cancelled(lesson.cancel)
        import catboost

        settings = dict(lesson.parameters)
        rounds = lesson.rounds or int(settings.pop("rounds"))
        settings.pop("rounds", None)
        loss = {0: "RMSE", 2: "Logloss"}.get(lesson.classes, "MultiClass")
        model = catboost.CatBoost(
            {
                **settings,
                "iterations": rounds,
                "loss_function": loss,
                "random_seed": lesson.seed,
                "thread_count": lesson.threads,
                "allow_writing_files": False,
                "logging_level": "Silent",
                # A part of the samples may lack a class that the others have.
                **({"classes_count": lesson.classes} if lesson.classes > 2 else {}),
            }
        )
        train = catboost.Pool(
            lesson.panel.gather(lesson.train.rows, lesson.train.columns),
            lesson.train.values,
            weight=lesson.weights,
        )
        held = lesson.validation
        watch = Watch(lesson, loss, rounds)
        try:
            model.fit(
                train,
                eval_set=None
                if held is None
                else catboost.Pool(lesson.panel.gather(held.rows, held.columns), held.values),
                early_stopping_rounds=None if held is None else lesson.patience,
                use_best_model=held is not None,
                callbacks=[_Rounds(watch, loss)],
            )
        except catboost.CatBoostError as error:
            raise_if_cancelled(lesson.cancel)
            raise InsufficientData(f"CatBoost cannot learn from these samples: {error}") from error
        raise_if_cancelled(lesson.cancel)
        return SymmetricTrees(_bytes_of(model), lesson.classes, watch.curve)

    def load(self, files: Mapping[str, bytes]) -> SymmetricTrees:
        """Return the trees of a file."""
        if FILE not in files:
            raise InvalidInput(f"A CatBoost model has a file {FILE}.")
        return SymmetricTrees(files[FILE], None, LossCurve())


class SymmetricTrees:
    """Trees that have learned."""

    def __init__(self, blob: bytes, classes: int | None, curve: LossCurve) -> None:
        import catboost

        self._blob = blob
        self.curve = curve
        self._model: Library = catboost.CatBoost()
        try:
            self._model.load_model(blob=blob, format="cbm")
        except catboost.CatBoostError as error:
            raise InvalidInput(f"This is no CatBoost model: {error}") from error
        if classes is None:
            known = self._model.classes_
            classes = 0 if known is None else len(known)
        self._classes = classes

    def predict(self, panel: Panel, rows: Ints, columns: Ints) -> Floats:
        """Return forecasts; see :class:`~quant_tui.ml.models.protocol.TrainedModel`."""
        kind = "Probability" if self._classes else "RawFormulaVal"
        found = self._model.predict(panel.gather(rows, columns), kind, thread_count=1)
        return np.asarray(found, np.float64)

    def importance(self) -> Floats | None:
        """Return how much each feature changes the forecasts, in CatBoost's measure."""
        return shares(np.asarray(self._model.get_feature_importance(), np.float64))

    def files(self) -> dict[str, bytes]:
        """Return CatBoost's own binary."""
        return {FILE: self._blob}


class _Rounds:
    """What CatBoost calls after each round."""

    def __init__(self, watch: Watch, loss: str) -> None:
        self._watch = watch
        self._loss = loss

    def after_iteration(self, info: SimpleNamespace) -> bool:
        """Return whether to go on."""
        # The losses arrive whole each time: only their ends are new.
        held = info.metrics.get("validation")
        validation = None if held is None else float(held[self._loss][-1])
        try:
            self._watch.note(float(info.metrics["learn"][self._loss][-1]), validation)
        except Cancelled:
            return False
        return True


def _bytes_of(model: Library) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        model.save_model(str(path), format="cbm")
        return path.read_bytes()
