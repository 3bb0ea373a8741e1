"""Pictures of the studies: every page, the list, the form, a comparison."""

from __future__ import annotations

import pytest

from quant_tui.services.composition import Services
from quant_tui.services.study_report import StudyEstimate, StudyProgress

from .study_stock import part_of_a_study, strategy, two_studies
from .test_pictures import Leaf, Look, leaf_through, look, nothing

__all__ = ["leaf_through", "look"]

ALL = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)
TWO = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
NEXT, BEFORE = "right_square_bracket", "left_square_bracket"
OPEN = ("5", "j", "enter")
PAGES = ("overview", "history", "importance", "slice", "map", "parallel", "samples", "edf",
         "front", "time", "trials")  # fmt: skip


@TWO
def test_no_studies(look: Look, size) -> None:
    assert look(size, "5", prepare=nothing)


@TWO
def test_list(look: Look, size) -> None:
    assert look(size, "5", prepare=two_studies)


@ALL
def test_overview(look: Look, size) -> None:
    assert look(size, *OPEN, prepare=two_studies, until="Luck of the search")


@pytest.mark.parametrize(
    ("size", "keys", "judging"), [((80, 24), (NEXT,), False), ((120, 36), (), True)],
    ids=["searching-80x24", "judging-120x36"],
)  # fmt: skip
def test_running(look: Look, size, keys, judging, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = StudyProgress(30, 60, 0.56, {}, 95.0, "trial 30 of 60")
    if judging:
        frozen = StudyProgress(30, 30, 0.56, {}, None, "walking forward", judging=True)
    monkeypatch.setattr(
        "quant_tui.services.studies.StudyService.progress", lambda _service, _id: frozen
    )
    assert look(size, "5", "enter", *keys, prepare=part_of_a_study, until=f"30 of {frozen.total}")


async def test_page(leaf_through: Leaf) -> None:
    only = [page for page in PAGES if page not in ("overview", "front")]
    await leaf_through((120, 36), *OPEN, pages=PAGES, only=only, by_size=False, prepare=two_studies)


async def test_page_in_other_sizes(leaf_through: Leaf) -> None:
    only = ("history", "map", "parallel", "samples", "trials")
    for size in ((80, 24), (200, 60)):
        await leaf_through(size, *OPEN, pages=PAGES, only=only, prepare=two_studies)


@TWO
def test_front_of_two_objectives(look: Look, size) -> None:
    assert look(size, "5", "enter", *(BEFORE,) * 3, prepare=two_studies, until="front (")


@TWO
def test_comparison(look: Look, size) -> None:
    keys = ("5", "space", "j", "space", "c")
    assert look(size, *keys, prepare=two_studies, until="Comparison of 2 studies")


@ALL
def test_form(look: Look, size, monkeypatch: pytest.MonkeyPatch) -> None:
    async def estimate(_service: object, _request: object) -> StudyEstimate:
        return StudyEstimate(200, 136_000_000, 0.4)

    async def prepare(services: Services) -> None:
        await services.sample_data.load_bars()
        await strategy(services)

    monkeypatch.setattr("quant_tui.services.studies.StudyService.estimate", estimate)
    assert look(size, "5", "n", prepare=prepare, until="of memory")
