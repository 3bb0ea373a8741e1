"""What the fields of a training say: values, ranges to search, and what is wrong with them."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.ml_platform import MLModel, ModelType
from quant_tui.engine.optimization.space import ParameterRange
from quant_tui.ui.screens.models.training_form import TrainingChoices, TrainingForm
from quant_tui.ui.screens.models.training_text import request_of


class Host(App[None]):
    """An app of the form alone."""

    def __init__(self, before: MLModel | None) -> None:
        super().__init__()
        self.before = before

    def compose(self) -> ComposeResult:
        yield TrainingForm(self.before, TrainingChoices(proposed=("SPX",)))


async def begun(before: MLModel | None = None) -> dict[str, str]:
    """Return what the fields say at first."""
    async with Host(before).run_test() as pilot:
        return pilot.app.query_one(TrainingForm).form.values


async def test_fields_at_first_ask_for_what_the_command_takes_without_options() -> None:
    request = request_of(await begun())
    assert (request.symbols, request.interval, request.patience) == (("SPX",), "1d", 20)
    assert (request.class_weight, request.search, request.split.anchored) == ("none", None, True)


async def test_values_are_kept_and_ranges_are_searched() -> None:
    request = request_of(
        await begun()
        | {
            "parameters": "rounds=50, num_leaves = 8 … 64 log, learning_rate=0.01..0.3",
            "trials": "12",
            "metric": "rmse",
        }
    )
    assert request.parameters == {"rounds": 50}
    assert request.search is not None
    assert (request.search.trials, request.search.metric) == (12, "rmse")
    assert request.search.space == {
        "num_leaves": ParameterRange("int", 8.0, 64.0, log=True),
        "learning_rate": ParameterRange("float", 0.01, 0.3),
    }


async def test_choices_have_commas_between_too() -> None:
    request = request_of(
        await begun()
        | {"model_type": "Prophet", "parameters": "yearly=yes, no, changepoints=5", "trials": "3"}
    )
    assert request.parameters == {"changepoints": 5}
    assert request.search is not None
    assert request.search.space == {"yearly": ParameterRange("cat", choices=(True, False))}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_leaves=8 … 64", "how many trials look for the best num_leaves"),
        ("leaves=8", "no parameter 'leaves'"),
        ("rounds=5, rounds=6", "rounds is given twice"),
        ("rounds=5, num_leaves", "'num_leaves' is no name=value"),
        ("rounds", "'rounds' is no name=value"),
        ("rounds=5.5", "rounds: must be a whole number"),
        ("rounds=many", "rounds: write it as 5 … 50 by 5"),
        ("learning_rate=9 … 12", "learning_rate: must be from"),
        ("num_leaves=64 … 8", "num_leaves: the range's low is above its high"),
    ],
)
async def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        request_of(await begun() | {"parameters": text})


async def test_training_again_asks_for_the_same() -> None:
    before = MLModel(
        name="signal",
        model_type=ModelType.LIGHTGBM,
        user_id="0" * 24,
        target={"kind": "direction", "horizon": 3, "barrier": 1.0},
        split={"kind": "walk_forward", "folds": 4, "anchored": False, "embargo": 2},
        lineage={
            "symbols": ["SPX", "IXIC"],
            "interval": "1wk",
            "patience": 7,
            "class_weight": "balanced",
            "seed": 3,
        },
    )
    request = request_of(await begun(before))
    assert (request.symbols, request.interval) == (("SPX", "IXIC"), "1wk")
    assert (request.patience, request.class_weight, request.seed) == (7, "balanced", 3)
    assert (request.split.kind, request.split.folds, request.split.anchored) == (
        "walk_forward", 4, False,
    )  # fmt: skip
