"""Pictures of features, experiments, models, deployments and scenarios."""

from __future__ import annotations

import pytest

from quant_tui.ui.screens.models.feature_page import FeaturePage
from quant_tui.ui.screens.models.model_page import ModelPage
from quant_tui.ui.screens.models.parts import PARTS
from quant_tui.ui.screens.models.scenario_page import ScenarioPage

from .model_stock import everything, features, model_of_directions, one_that_failed, two_models
from .test_models_registry import BEFORE, NEXT
from .test_pictures import SIZES, Leaf, Look, leaf_through, look, nothing

__all__ = ["leaf_through", "look"]

ALL = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)
NAMES = [one.name for one in PARTS]


def names(page: type[FeaturePage | ModelPage | ScenarioPage]) -> list[str]:
    """Return the names of a page's parts."""
    return [name for name, _ in page.page_titles]


@ALL
async def test_parts(leaf_through: Leaf, size) -> None:
    await leaf_through(size, "6", pages=NAMES, turn=NEXT, prepare=everything, by_size=False)


@SIZES
async def test_parts_without_any(leaf_through: Leaf, size) -> None:
    await leaf_through(size, "6", pages=NAMES, turn=NEXT, prepare=nothing, by_size=False)


@ALL
async def test_feature(leaf_through: Leaf, size) -> None:
    keys = ("6", "escape", "G", "enter")
    await leaf_through(size, *keys, pages=names(FeaturePage), prepare=features, by_size=False)


@ALL
async def test_model(leaf_through: Leaf, size) -> None:
    keys = ("6", NEXT, NEXT, "enter")
    await leaf_through(size, *keys, pages=names(ModelPage), prepare=everything, by_size=False)


@ALL
async def test_model_of_directions(leaf_through: Leaf, size) -> None:
    """Calibration and confusion take the place of groups of forecasts."""
    keys = ("6", NEXT, NEXT, "enter")
    pages = names(ModelPage)
    await leaf_through(
        size, *keys, pages=pages, only=pages[:4], prepare=model_of_directions, by_size=False
    )


@ALL
async def test_scenario(leaf_through: Leaf, size) -> None:
    keys = ("6", BEFORE, "enter")
    await leaf_through(size, *keys, pages=names(ScenarioPage), prepare=everything, by_size=False)


@SIZES
def test_feature_with_a_mistake(look: Look, size) -> None:
    keys = ("6", "n", *"trend", "tab", *"smaa(close, 20)")
    assert look(size, *keys, prepare=features, until="sma")


@SIZES
def test_failed_training(look: Look, size) -> None:
    """The newest one failed, and says why."""
    assert look(size, "6", NEXT, NEXT, "g", prepare=one_that_failed, until="✗ failed")


@SIZES
def test_training_form(look: Look, size) -> None:
    assert look(size, "6", NEXT, NEXT, "e", prepare=two_models, until="Train a model")


@SIZES
def test_scenario_form(look: Look, size) -> None:
    assert look(size, "6", BEFORE, "n", prepare=two_models, until="Ranked by")


@ALL
def test_runs_side_by_side(look: Look, size) -> None:
    keys = ("6", NEXT, "g", "space", "space", "c")
    assert look(size, *keys, prepare=two_models, until="◆")
