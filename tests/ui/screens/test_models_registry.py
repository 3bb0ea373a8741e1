"""Models driven by keys: trained in the form, read, compared, promoted, rolled back, deleted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import ModelStatus, ModelType
from quant_tui.services.composition import Services
from quant_tui.services.training_request import TrainingRequest
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.screens.models.model_charts import information_chart
from quant_tui.ui.screens.models.training_form import TrainingForm

from .conftest import Driver, Open

NEXT, BEFORE = "right_curly_bracket", "left_curly_bracket"

REQUEST = TrainingRequest(
    name="signal", symbols=("GAON.SYN", "DORAN.SYN"), features=("모멘텀",),
    start=date(2016, 1, 1), parameters={"rounds": 5}, experiment="처음",
)  # fmt: skip


async def one_model(services: Services) -> None:
    await services.features.create("모멘텀", "rocp(close, 10)")
    await (await services.training.start(REQUEST)).wait()


async def turn(driver: Driver, key: str, title: str) -> None:
    """Go to the part beside, and wait until it has the keys."""
    await driver.press(key)
    await driver.until(lambda: f"[{title}]" in driver.text and driver.app.focused is not None)


async def test_from_the_form_to_prod_and_back(open_app: Open) -> None:
    async with open_app(before=one_model) as driver:
        await driver.press("6")
        await turn(driver, NEXT, "Experiments")
        await turn(driver, NEXT, "Models")
        await driver.until(lambda: "○ trained" in driver.text)
        await driver.press("a", "ctrl+s")
        await driver.until(lambda: "● production" in driver.text)
        await driver.press("e")
        await driver.until(lambda: "Train a model" in driver.text)
        form = driver.front("models").query_one(TrainingForm)
        begun = form.form.values
        assert [begun[one] for one in ("symbols", "parameters", "experiment")] == [
            "GAON.SYN, DORAN.SYN", "rounds=5", "처음",
        ]  # fmt: skip
        form.form.field("horizon").value = "many"
        await driver.press("ctrl+s")
        assert "no whole number" in driver.text
        await driver.press("escape")
        await driver.until(lambda: "Leave without saving?" in driver.text)
        await driver.press("n")
        form.form.field("horizon").value = "5"
        form.form.field("parameters").value = "rounds=5, learning_rate=0.5, num_leaves=4 … 5"
        form.form.field("patience").value = "4"
        await driver.press("ctrl+s")
        assert "how many trials" in driver.text
        form.form.field("trials").value = "2"
        await driver.press("ctrl+s")
        await driver.until(lambda: "0.2.0" in driver.text and "○ trained" in driver.text, 30)
        first, second = sorted(await driver.services.models.list(), key=lambda one: one.version)
        assert second.parameters["learning_rate"] == 0.5
        assert second.parameters["num_leaves"] in (4, 5)
        searched = (await driver.services.models.get(second.id)).search
        assert (list(searched["space"]), len(searched["trials"])) == (["num_leaves"], 2)
        assert second.lineage["patience"] == 4

        await driver.press("enter")
        await driver.until(lambda: "Lineage" in driver.text)
        for text in ("least after", "groups of forecasts", "what came less", "Nothing to draw"):
            await driver.press("right_square_bracket")
            await driver.until(lambda text=text: text in driver.text)
        await driver.press("a")
        await driver.until(lambda: "To prod, where" in driver.text)
        dialog = driver.app.screen
        dialog.form.field("reason").value = "시험"
        dialog.form.field("force").value = "yes"
        await driver.press("ctrl+s")
        await driver.until(lambda: "is in prod" in driver.text)
        await driver.press("escape")
        await turn(driver, NEXT, "Deployments")
        await driver.until(lambda: "◌ superseded" in driver.text)
        assert "시험" in driver.text
        await driver.press("A")
        await driver.until(lambda: "Put signal@0.1.0 back into prod?" in driver.text)
        await driver.press("y")
        await driver.until(lambda: "↺ rolled back" in driver.text)
        standing = await driver.services.models.get("signal@prod")
        assert standing.id == first.id

        await turn(driver, BEFORE, "Models")
        await turn(driver, BEFORE, "Experiments")
        await driver.until(lambda: "learning rate" in driver.text)
        await driver.press("c")
        await driver.until(lambda: "Mark two to 6 runs" in driver.text)
        await driver.press("g", "space", "space", "c")
        await driver.until(lambda: "◆" in driver.text and "Importance" in driver.text)
        assert "모멘텀" in driver.text

        await driver.press("escape", "e")
        await driver.until(lambda: isinstance(driver.app.screen, FormDialog))
        driver.app.screen.form.field("notes").value = "라운드가 적다"
        await driver.press("ctrl+s", "w")
        await driver.until(lambda: "처음  2 runs  라운드가 적다" in driver.text)
        await driver.press("enter", "E")
        await driver.until(lambda: isinstance(driver.app.screen, FormDialog))
        fields = driver.app.screen.form
        fields.field("stands").value, fields.field("tags").value = "challenger", "매일, 시험"
        await driver.press("ctrl+s")
        await driver.until(lambda: "#매일  #시험" in driver.text)
        named = await driver.services.models.get("signal@challenger")
        assert (named.id, named.tags) == (first.id, ["매일", "시험"])
        await driver.press("escape")
        await driver.until(lambda: "[Experiments]" in driver.text)


async def test_a_training_is_stopped_where_it_is_shown(open_app: Open) -> None:
    async with open_app(before=one_model) as driver:
        await driver.press("6")
        await turn(driver, NEXT, "Experiments")
        await turn(driver, NEXT, "Models")
        assert "Stop" not in driver.text.splitlines()[-1]
        await driver.press("e")
        await driver.until(lambda: "Train a model" in driver.text)
        driver.front("models").query_one(TrainingForm).form.field("trials").value = "500"
        await driver.press("ctrl+s")
        await driver.until(lambda: "^x Stop" in driver.text.splitlines()[-1])
        (job,) = driver.services.jobs.active
        await driver.press("ctrl+x")
        await driver.until(lambda: job.status.is_final)
        stopped = await driver.services.models.get(job.target)
        assert stopped.status is ModelStatus.CANCELLED
        assert not stopped.is_ready


async def test_deleting_can_be_taken_back(open_app: Open) -> None:
    async with open_app(before=one_model) as driver:
        (model,) = await driver.services.models.list()
        await driver.press("6")
        await turn(driver, NEXT, "Experiments")
        await turn(driver, NEXT, "Models")
        await driver.until(lambda: "○ trained" in driver.text)
        await driver.press("d", "y")
        await driver.until(lambda: "No models yet" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "○ trained" in driver.text)
        assert (await driver.services.models.get("signal")).id == model.id


def test_the_chart_of_the_ic_sums_every_date_however_many_a_point_stands_for() -> None:
    days = np.arange("2015-01-01", "2015-05-01", dtype="datetime64[D]").astype(str).tolist()
    values = np.linspace(-0.2, 0.3, len(days)).tolist()
    kept = {"date": days, "dates": [3] * (len(days) - 1) + [1], "ic": values, "rank_ic": values}
    model = MLModel(
        name="signal", model_type=ModelType.LIGHTGBM, user_id="1", report={"information": kept}
    )
    drawn = information_chart(model)
    assert drawn is not None
    (mean, total) = (pane.series[0] for pane in drawn.panes)
    assert mean.name == "mean of 63"
    assert mean.values[20] == pytest.approx(np.mean(values[:21]))
    assert mean.values[-1] == pytest.approx(np.average(values[-21:], weights=[3] * 20 + [1]))
    assert total.values[-1] == pytest.approx(3 * sum(values[:-1]) + values[-1])
