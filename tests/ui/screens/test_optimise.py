"""Studies driven by keys: made in the form, watched, read page by page, applied, compared."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from quant_tui.domain.trading import OptimizationStudy
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.study_report import StudyProgress, StudyTrial, report_of
from quant_tui.ui.screens.optimise import study_actions
from quant_tui.ui.screens.optimise.overview import choice_lines
from quant_tui.ui.screens.optimise.standing import no_card, nothing_to_draw
from quant_tui.ui.screens.optimise.study_form import StudyForm
from quant_tui.ui.screens.optimise.study_text import read_objectives
from quant_tui.ui.screens.optimise.view import StudyView

from .conftest import Open
from .study_stock import NAME, one_study, request, strategy, two_studies


async def test_an_empty_list_offers_a_study_and_leads_to_strategies(open_app: Open) -> None:
    async with open_app() as driver:
        await driver.press("5")
        assert "No studies yet" in driver.text
        await driver.press("n")
        await driver.until(lambda: driver.app.stack.front == "strategies")


async def test_from_a_strategy_to_a_study_that_is_applied_and_taken_back(open_app: Open) -> None:
    async def before(services):
        await strategy(services)

    async with open_app(before=before) as driver:
        await driver.press("3", "O")
        await driver.until(lambda: driver.app.stack.front == "optimise")
        await driver.until(lambda: "New study" in driver.text)
        form = driver.front("optimise").query_one(StudyForm)
        assert form.form.values["range.short_window"].startswith("5 …")
        for key, text in (
            ("symbols", "GAON.SYN"), ("range.short_window", "5 … 30 by 5"),
            ("range.long_window", "40 … 120 by 20"), ("min_trades", "1"), ("windows", "3"),
        ):  # fmt: skip
            form.form.field(key).value = text
        form.form.field("sampler").value = "grid"
        await driver.until(lambda: "30 trials" in driver.text, 60)  # the first one compiles
        assert "of memory" in driver.text
        await driver.press("ctrl+s")
        page = driver.front("optimise").study
        await driver.until(lambda: page.report is not None and page.report.trust is not None)
        await driver.settle()
        (study,) = await driver.services.studies.list()
        assert study.status is RunStatus.COMPLETED
        assert study.n_trials == 30
        assert "Why" in driver.text
        await driver.press("a")
        await driver.until(lambda: "applied to the strategy" in driver.text)
        (kept,) = await driver.services.strategies.list()
        assert page.report.suggested.params.items() <= kept.parameters.items()
        await driver.press("u")
        await driver.until(lambda: not page.report.study.applied)
        (kept,) = await driver.services.strategies.list()
        assert kept.parameters["short_window"] == 15


async def test_the_ranges_are_those_of_the_strategy_chosen_last(open_app: Open) -> None:
    async def before(services):
        await services.strategies.create("Cross", "SMA_CROSSOVER")
        await services.strategies.create("Rebound", "RSI_MEAN_REVERSION")

    async with open_app(before=before) as driver:
        await driver.press("5", "n")
        form = driver.front("optimise").query_one(StudyForm)
        of = {one.strategy.name: {f"range.{name}" for name in one.texts}
              for one in form._strategies.values()}  # fmt: skip
        keys = {one.strategy.name: key for key, one in form._strategies.items()}
        for name in ("Cross", "Rebound", "Cross", "Rebound", "Cross"):
            form.form.field("strategy").value = keys[name]
            form.field_changed("strategy", form.form.values)
            await asyncio.sleep(0)
        await driver.settle()
        shown = [one.key for one in form.form.fields if one.key.startswith("range.")]
        assert sorted(shown) == sorted(of["Cross"])


async def test_every_page_is_filled(open_app: Open) -> None:
    async with open_app(before=two_studies) as driver:
        await driver.press("5")
        assert "격자 탐색 grid" in driver.text
        await driver.press("enter")
        page = driver.front("optimise").study
        await driver.until(lambda: page.report is not None)
        said = {
            "history": "best so far", "importance": "What decides", "slice": "over",
            "map": "across", "parallel": "share of the range", "samples": "out of sample",
            "edf": "Share of trials", "pareto": "front", "time": "Walk-forward",
            "trials": "◆ suggested",
        }  # fmt: skip
        for name, text in said.items():
            await driver.press("right_square_bracket")
            assert page.page_name == name
            await driver.until(lambda text=text: text in driver.text)
        await driver.press("right_square_bracket")
        assert page.page_name == "overview"
        await driver.press("escape", "G")
        assert not driver.front("optimise").check_action("pause", ()), "a grid has no more"
        await driver.press("g", "p")
        assert "More trials of Front of two" in driver.text
        await driver.press("ctrl+u")
        await driver.type("5")
        await driver.press("ctrl+s")
        (grown,) = await driver.services.studies.list("Front")
        await driver.until(lambda: driver.services.studies.progress(grown.id) is None, 60)
        assert (await driver.services.studies.get(grown.id)).done_trials == 30


async def test_a_trial_opens_as_a_backtest(open_app: Open) -> None:
    async with open_app(before=one_study) as driver:
        await driver.press("5", "enter", "left_square_bracket")
        page = driver.front("optimise").study
        await driver.until(lambda: page.page_name == "trials" and page.page("trials").cursor_key)
        best = page.report.best
        assert page.page("trials").cursor_key == str(best.number)
        await driver.press("enter")
        await driver.until(lambda: driver.app.stack.front == "backtests")
        (made,) = await driver.services.backtests.list()
        report = await driver.services.backtests.show(made.id)
        params = report.backtest.config["strategy"]["params"]
        assert best.params.items() <= params.items()
        await driver.until(lambda: "Max drawdown" in driver.text)
        await driver.press("escape")
        await driver.until(lambda: driver.app.stack.front == "optimise")
        assert page.page_name == "trials"


async def test_marked_studies_are_compared(open_app: Open) -> None:
    async with open_app(before=two_studies) as driver:
        await driver.press("5", "c")
        assert "Mark two to six" in driver.text
        await driver.press("space", "j", "space", "c")
        await driver.until(lambda: "Comparison of 2 studies" in driver.text)
        assert "Sharpe out" in driver.text
        await driver.press("escape")
        assert driver.front("optimise").pages.current == "list"


async def test_a_study_is_paused_and_goes_on(open_app: Open) -> None:
    made: list[str] = []

    async def before(services):
        made.append(await strategy(services))

    async with open_app(before=before) as driver:
        studies = driver.services.studies
        await driver.press("5")
        job = await studies.start(request(made[0], sampler="tpe", trials=5000, name="long"))
        study_actions.follow(driver.front("optimise"), job)  # as the form does
        await driver.until(lambda: (p := studies.progress(job.target)) and p.done > 0, 60)
        await driver.until(lambda: driver.front("optimise").table.cursor_key == job.target)
        await driver.pilot.press("p")
        await driver.until(lambda: studies.progress(job.target) is None, 60)
        await driver.until(lambda: "‖ paused" in driver.text, 60)
        before_done = (await studies.get(job.target)).done_trials
        assert 0 < before_done < 5000
        await driver.pilot.press("p")
        await driver.until(lambda: studies.progress(job.target) is not None, 60)
        await driver.pilot.press("p")
        await driver.until(lambda: not driver.services.jobs.active, 60)
        await driver.settle()
        assert "cancelled" not in driver.text, "it was paused"
        await driver.pilot.press("p")
        await driver.until(lambda: studies.progress(job.target) is not None, 60)
        await driver.pilot.press("ctrl+x")
        await driver.until(lambda: studies.progress(job.target) is None, 60)
        await driver.until(lambda: "■ stopped" in driver.text, 60)
        assert (await studies.get(job.target)).done_trials >= before_done


async def test_notes_are_kept_trials_exported_and_a_study_deleted_and_brought_back(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app(before=one_study) as driver:
        await driver.press("5", "e", "tab")
        await driver.type("too good")
        await driver.press("enter")
        await driver.type("표본 밖")
        await driver.press("ctrl+s")
        studies = driver.services.studies
        await driver.until(lambda: len(driver.app.screen_stack) == 1)
        (study,) = await studies.list()
        assert study.notes == "too good\n표본 밖"
        await driver.press("x", "ctrl+s")
        await driver.until(lambda: list(tmp_path.glob("*.csv")))
        (written,) = tmp_path.glob("*.csv")  # noqa: ASYNC240
        assert len(written.read_text("utf-8").splitlines()) == 1 + study.done_trials
        await driver.press("x", "ctrl+s")
        await driver.until(lambda: f"Write over {written.name}?" in driver.text)
        await driver.press("n")
        await driver.press("d", "enter")
        await driver.until(lambda: "No studies yet" in driver.text)
        await driver.press("u")
        await driver.until(lambda: study.name in driver.text)
        assert [one.id for one in await studies.list()] == [study.id]


async def test_the_form_names_what_is_wrong(open_app: Open) -> None:
    async def before(services):
        await strategy(services)

    async with open_app(before=before) as driver:
        await driver.press("5", "n")
        await driver.until(lambda: NAME in driver.text)
        form = driver.front("optimise").query_one(StudyForm)
        for key, text in (
            ("range.short_window", "5 … lots"), ("objective", "sharp_ratio"), ("out", "95%"),
            ("trials", "0"),
        ):  # fmt: skip
            form.form.field(key).value = text
        await driver.press("ctrl+s")
        wrong = {one.key for one in form.form.fields if one.error}
        assert wrong == {"range.short_window", "objective", "out", "trials"}
        assert "5 … 50 by 5" in form.form.field("range.short_window").error
        assert await driver.services.studies.list() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5 … 50 by 5", "10 values"), ("5..50 step 5", "10 values"), ("5 to 8", "4 values"),
        ("20", "kept at 20"),
    ],
)  # fmt: skip
def test_a_range_is_read_as_people_write_it(text: str, said: str) -> None:
    from quant_tui.engine.rules import ParameterSpec
    from quant_tui.ui.screens.optimise.range_text import count_text, read_range

    spec = ParameterSpec("window", "int", 20, 2, 200)
    assert count_text(read_range(text, spec, {"window": spec})) == said


def test_a_range_outside_the_strategys_is_refused() -> None:
    from quant_tui.engine.rules import ParameterSpec
    from quant_tui.ui.screens.optimise.range_text import read_range

    spec = ParameterSpec("window", "int", 20, 2, 200)
    for text, why in (("1 … 50", "from 2"), ("50 … 5", "above its high"), ("5, 9", "by 5")):
        with pytest.raises(ValueError, match=why):
            read_range(text, spec, {"window": spec})


def view_of(progress: StudyProgress | None, *trials: StudyTrial, **changes: object) -> StudyView:
    """Return a study with some trials, in a state."""
    study = OptimizationStudy(name="s", user_id="u", parameter_space={"window": {}}, **changes)
    return StudyView(report_of(study, trials), progress)


REFUSED = StudyTrial(0, {"window": 5}, None, False, "No trade.", {})


@pytest.mark.parametrize(
    ("view", "title", "text", "card"),
    [
        (view_of(StudyProgress(0, 9, message="loading bars")), "The first trials", "loading bars",
         "Searching"),
        (view_of(StudyProgress(1, 9), REFUSED), "None of the first 1", "No trade.", "Searching"),
        (view_of(StudyProgress(1, 1, message="walking", judging=True), REFUSED), "None of 1",
         "No trade.", "being judged"),
        (view_of(None), "Stopped before its first trial", "", "Stopped before"),
        (view_of(None, REFUSED, done_trials=1), "None of 1", "No trade.", "Stopped after 1"),
        (view_of(None, status=RunStatus.FAILED, error="no bars"), "failed before", "no bars",
         "failed before"),
        (view_of(None, status=RunStatus.RUNNING), "another window", "", "another window"),
        (view_of(None, REFUSED, status=RunStatus.COMPLETED), "None of 1", "No trade.",
         "No trust card"),
    ],
)  # fmt: skip
def test_a_study_says_truly_how_it_stands(view, title: str, text: str, card: str) -> None:
    said = nothing_to_draw(view)
    assert title in said.title
    assert text in said.text
    assert card in no_card(view).title
    lines = "\n".join(line.plain for line in choice_lines(view, 78))
    assert said.title in lines


def test_the_objectives_that_readme_shows_can_be_read() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"`(sharpe_ratio; [^`]+)`", text)
    assert [one.direction for one in read_objectives(shown)] == ["maximize", "minimize"]
