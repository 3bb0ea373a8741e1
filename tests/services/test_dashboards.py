"""Layouts of the dashboard: changes as pure functions, and how they are kept."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.services.composition import Services
from quant_tui.services.dashboard_layout import (
    WIDTHS,
    DashboardLayout,
    DashboardState,
    WidgetPlace,
    first_state,
    from_documents,
    to_documents,
)


def layout() -> DashboardLayout:
    return DashboardLayout("L", tuple(WidgetPlace(name, "jobs") for name in "abc"))


def order(one: DashboardLayout) -> str:
    return "".join(widget.id for widget in one.widgets)


def test_a_widget_moves_and_stops_at_the_ends() -> None:
    assert order(layout().move("a", 1)) == "bac"
    assert order(layout().move("a", 9)) == "bca"
    assert order(layout().move("c", -9)) == "cab"
    assert order(layout().move("b", 0)) == "abc"


def test_a_widget_is_added_behind_another_and_removed() -> None:
    new = WidgetPlace("n", "news")
    assert order(layout().add(new, after="a")) == "anbc"
    assert order(layout().add(new)) == "abcn"
    assert order(layout().remove("b")) == "ac"
    with pytest.raises(NotFound, match="'x'"):
        layout().remove("x")


def test_sizes_stay_within_what_a_screen_can_show() -> None:
    one = layout()
    for _ in range(10):
        one = one.widen("a", 1).heighten("a", 20)
    assert (one.widgets[0].width, one.widgets[0].height) == (12, 60)
    for _ in range(10):
        one = one.widen("a", -1).heighten("a", -20)
    assert (one.widgets[0].width, one.widgets[0].height) == (3, 4)


def test_layouts_have_names_of_their_own() -> None:
    state = first_state().add_layout("  모닝   뷰 ")
    assert state.active == "모닝 뷰"
    assert state.shown.widgets == ()
    for wrong in ("", "   ", "Trading", "x" * 41):
        with pytest.raises(InvalidInput) as refused:
            state.add_layout(wrong)
        assert refused.value.field == "name"
    assert state.rename("모닝 뷰", "Evening").active == "Evening"
    assert state.remove_layout("모닝 뷰").active == "Research"
    only = DashboardState((layout(),), "L")
    with pytest.raises(InvalidInput, match="last layout"):
        only.remove_layout("L")
    with pytest.raises(NotFound, match="'None such'"):
        state.show("None such")


def test_a_copy_of_a_layout_has_widgets_of_its_own() -> None:
    state = first_state()
    copied = state.add_layout("Copy", like=state.shown)
    ids = [one.id for kept in copied.layouts for one in kept.widgets]
    assert len(set(ids)) == len(ids)
    assert [one.kind for one in copied.shown.widgets] == [one.kind for one in state.shown.widgets]


def test_what_another_program_left_out_is_mended() -> None:
    assert from_documents({}, []) == first_state()
    state = from_documents(
        {"active": "gone"},
        [{"id": "w9", "layout": "A", "kind": "from the future", "width": 7, "height": 900}],
    )
    assert state.active == "A"
    (one,) = state.shown.widgets
    assert (one.kind, one.width, one.height) == ("from the future", 6, 60)


places = st.builds(
    WidgetPlace,
    id=st.uuids().map(str),
    kind=st.sampled_from(["chart", "news", "unheard of"]),
    width=st.sampled_from(WIDTHS),
    height=st.integers(4, 60),
    settings=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
layouts = st.builds(
    DashboardLayout,
    name=st.text(min_size=1, max_size=10),
    widgets=st.lists(places, max_size=5, unique_by=lambda one: one.id).map(tuple),
)


@given(st.lists(layouts, min_size=1, max_size=4, unique_by=lambda one: one.name))
def test_documents_hold_all_there_is(kept: list[DashboardLayout]) -> None:
    made = sum(len(one.widgets) for one in kept)
    state = DashboardState(tuple(kept), kept[-1].name, made)
    assert from_documents(*to_documents(state)) == state


async def test_the_dashboard_is_kept_and_the_later_change_wins(services: Services) -> None:
    assert await services.dashboards.load() == first_state()
    one = first_state().add_layout("One")
    two = first_state().add_layout("Two")
    await asyncio.gather(services.dashboards.save(one), services.dashboards.save(two))
    assert await services.dashboards.load() in (one, two)
    await services.dashboards.save(one)
    assert await services.dashboards.load() == one
