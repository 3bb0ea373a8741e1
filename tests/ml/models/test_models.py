"""Every type of model behind the one protocol: it learns, stops, is saved, and sees no future."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, InvalidInput
from quant_tui.ml.metrics import correlation
from quant_tui.ml.models.protocol import Lesson, LossCurve
from quant_tui.ml.models.registry import (
    checked_parameters,
    model_kind,
    model_type,
    model_types,
    require_installed,
)
from quant_tui.ml.panel import Panel
from quant_tui.ml.splits import Split, folds_of
from quant_tui.ml.targets import Target, labels_of
from tests.ml.panels import cut, made_panel

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:prophet")

QUICK: dict[str, dict[str, object]] = {
    "LightGBM": {"rounds": 30, "learning_rate": 0.2},
    "CatBoost": {"rounds": 30, "learning_rate": 0.3, "depth": 3},
    "Prophet": {"yearly": False, "changepoints": 3},
    "LSTM": {"rounds": 8, "sequence": 3, "hidden": 8, "learning_rate": 0.03, "batch": 64},
}


def lesson_of(name: str, target: str = "return:1", panel: Panel | None = None) -> Lesson:
    """Return a small lesson, most of whose samples are to learn from."""
    panel = panel or made_panel()
    aim = Target.parse(target)
    samples = labels_of(panel.close, aim).samples(panel)
    fold = folds_of(samples, Split(test_share=0.2))[0]
    kind = model_kind(name)
    return Lesson(
        panel,
        samples.take(fold.train),
        samples.take(fold.validation),
        len(aim.classes),
        checked_parameters(kind, QUICK[name]),
        patience=5,
    )


@pytest.fixture(params=list(QUICK))
def name(request: pytest.FixtureRequest) -> str:
    if request.param == "LSTM" and find_spec("torch") is None:
        pytest.skip("torch is not installed")
    return str(request.param)


def test_a_model_learns_and_is_the_same_after_its_files(name: str) -> None:
    lesson = lesson_of(name)
    panel, kind = lesson.panel, model_kind(name)
    told: list[tuple[float, LossCurve]] = []
    model = kind.fit(replace(lesson, progress=lambda done, curve: told.append((done, curve))))
    rows, columns = np.nonzero(panel.known[160:])
    rows += 160
    predicted = model.predict(panel, rows, columns)
    came = np.full(panel.close.shape, np.nan)
    came[:-1] = panel.close[1:] / panel.close[:-1] - 1
    known = rows < 199
    together = correlation(predicted[known], came[rows[known], columns[known]])
    assert together is not None
    assert together > 0.6
    files = model.files()
    again = kind.load(files)
    assert np.array_equal(again.predict(panel, rows, columns), predicted)
    assert again.files() == files
    assert np.array_equal(kind.fit(lesson).predict(panel, rows, columns), predicted)
    # Nothing after a date changes its forecast, and a panel in another order neither.
    early = rows < 180
    cut_off = model.predict(cut(panel, 180), rows[early], columns[early])
    assert cut_off == pytest.approx(predicted[early], abs=1e-12)
    assert told
    assert 0 < told[0][0] <= 1
    share = model.importance()
    if share is not None:
        assert share.sum() == pytest.approx(1.0)
        assert share[0] > share[1]
    if model.curve.validation:
        assert len(model.curve.train) == len(model.curve.validation)
        assert model.curve.best == int(np.argmin(model.curve.validation)) + 1


@pytest.mark.parametrize("target", ["direction:1", "triple_barrier:3"])
def test_classes_become_probabilities(name: str, target: str) -> None:
    kind = model_kind(name)
    lesson = lesson_of(name, target)
    if lesson.classes > kind.most_classes:
        return  # refused by the training, as test_training shows
    weights = np.linspace(0.5, 1.5, len(lesson.train))
    model = kind.fit(replace(lesson, weights=weights, validation=None))
    rows, columns = np.nonzero(lesson.panel.known)
    found = model.predict(lesson.panel, rows, columns)
    assert found.shape == (len(rows), lesson.classes)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    assert np.array_equal(kind.load(model.files()).predict(lesson.panel, rows, columns), found)


def test_a_cancelled_lesson_ends_within_a_second(name: str) -> None:
    lesson = lesson_of(name)
    long = {"changepoints": 5} if name == "Prophet" else {"rounds": 20_000 // 10}
    given = {**QUICK[name], **long}
    asked = 0

    def cancel() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    with pytest.raises(Cancelled):
        model_kind(name).fit(
            replace(
                lesson,
                parameters=checked_parameters(model_kind(name), given),
                patience=10_000,
                cancel=cancel,
            )
        )
    assert asked < 20, "it asks ten times a second at least, and once more in every round"


def test_features_that_are_not_known_and_new_symbols_have_forecasts_too(name: str) -> None:
    panel = made_panel()
    panel.values[40:60, 1, 0] = np.nan
    panel.values[:, 2, 1] = np.nan
    lesson = lesson_of(name, panel=panel)
    model = model_kind(name).fit(lesson)
    other = made_panel(6, 60, seed=9)
    rows, columns = np.nonzero(other.known)
    assert np.isfinite(model.predict(other, rows, columns)).all()
    assert model.predict(other, rows[:0], columns[:0]).shape == (0,)


def test_files_that_are_no_model_are_refused(name: str) -> None:
    kind = model_kind(name)
    with pytest.raises(InvalidInput):
        kind.load({})
    damaged = {
        file: data[: len(data) // 2] for file, data in kind.fit(lesson_of(name)).files().items()
    }
    with pytest.raises(InvalidInput):
        kind.load(damaged)


def test_prophet_of_each_symbol_knows_no_other() -> None:
    lesson = lesson_of("Prophet", panel=made_panel(2, 120))
    kind = model_kind("Prophet")
    given = {**QUICK["Prophet"], "series": "symbol"}
    model = kind.fit(replace(lesson, parameters=checked_parameters(kind, given)))
    wider = made_panel(3, 120)
    found = model.predict(wider, np.array([119, 119, 119]), np.array([0, 1, 2]))
    assert np.isfinite(found).tolist() == [True, True, False]


def test_types_and_parameters_are_checked() -> None:
    assert set(QUICK) <= set(model_types())
    assert model_type("lightgbm") == "LightGBM"
    with pytest.raises(InvalidInput, match=r"There are .*LightGBM"):
        model_type("XGBoost")
    kind = model_kind("LightGBM")
    for given, message in [
        ({"leaves": 3}, "has no parameter"),
        ({"num_leaves": 3.5}, "whole number"),
        ({"num_leaves": 1}, "lies from 2 to"),
        ({"learning_rate": "fast"}, "is a number"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            checked_parameters(kind, given)
    with pytest.raises(InvalidInput, match="true or false"):
        checked_parameters(model_kind("Prophet"), {"yearly": 1})
    with pytest.raises(InvalidInput, match="one of mean, symbol"):
        checked_parameters(model_kind("Prophet"), {"series": "each"})


def test_a_type_whose_package_is_missing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_kind("CatBoost"), "package", "no_such_package", raising=False)
    with pytest.raises(InvalidInput, match=r"quant-tui\[catboost\]"):
        require_installed("CatBoost")
