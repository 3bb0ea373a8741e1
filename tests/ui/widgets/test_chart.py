"""Charts: nothing lost when reduced, ticks that fit, a cursor that reads out."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from time import thread_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from quant_tui.ui.format import compact, percent
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.chart_axes import TimeAxis, ValueAxis, date_ticks, value_ticks
from quant_tui.ui.widgets.chart_data import (
    ChartData,
    Markers,
    Pane,
    Series,
    Vertical,
    bounds_of,
    column_of,
    extreme_in_columns,
    reduce_to_columns,
)
from quant_tui.ui.widgets.chart_raster import draw

FLOATS = st.floats(-1e6, 1e6, allow_nan=False) | st.just(float("nan"))


def business_days(count: int) -> np.ndarray:
    days = np.arange("2010-01-01", "2030-01-01", dtype="datetime64[D]")
    return days[np.is_busday(days)][:count]


def example(count: int = 2264) -> ChartData:
    rng = np.random.default_rng(7)
    equity = 1e5 * np.exp(np.cumsum(rng.normal(4e-4, 0.01, count)))
    depth = equity / np.maximum.accumulate(equity) - 1.0
    return ChartData(
        TimeAxis(business_days(count)),
        (
            Pane((Series("Strategy 전략", equity),), weight=3, write=compact, may_log=True),
            Pane((Series("Drawdown", depth, "down", kind="area"),), write=percent),
        ),
    )


@given(st.lists(FLOATS, min_size=1, max_size=400), st.integers(1, 60))
def test_reducing_keeps_the_extremes_and_the_width(values: list[float], columns: int) -> None:
    array = np.array(values)
    x, y = reduce_to_columns(array, columns)
    finite = array[np.isfinite(array)]
    assert len(x) == len(y) <= 2 * columns
    assert np.isfinite(y).all()
    if len(finite):
        assert y.min() == finite.min()
        assert y.max() == finite.max()
        assert 0 <= x.min() <= x.max() <= columns - 1
        assert (np.diff(x) >= 0).all()


@given(st.lists(FLOATS, min_size=1, max_size=400), st.integers(1, 60))
def test_the_deepest_point_of_an_area_is_not_lost(values: list[float], columns: int) -> None:
    array = np.array(values)
    least = extreme_in_columns(array, columns)
    finite = array[np.isfinite(array)]
    if len(finite) and len(array) >= columns:
        assert np.nanmin(least) == finite.min()


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 12), st.booleans())
def test_value_ticks_lie_inside_and_are_few(low: float, span: float, most: int, log: bool) -> None:
    high = low + span
    ticks = value_ticks(low, high, most, log=log)
    assert len(ticks) <= most
    assert ticks == sorted(ticks)
    room = 1e-6 * max(abs(low), abs(high), span)
    assert all(low - room <= tick <= high + room for tick in ticks)


@pytest.mark.parametrize(
    ("count", "width", "expected"),
    [
        (2264, 70, ["2011", "2012", "2013", "2014", "2015", "2016", "2017", "2018"]),
        (60, 70, ["Feb", "Mar"]),
        (2264, 14, ["2015"]),
    ],
)
def test_dates_are_marked_as_finely_as_fits(count: int, width: int, expected: list[str]) -> None:
    labels = [label for _, label in date_ticks(business_days(count), width)]
    assert labels[: len(expected)] == expected or set(expected) <= set(labels)


def test_date_marks_never_touch() -> None:
    for count in (2, 5, 30, 250, 1000, 5000):
        for width in (12, 40, 66, 110, 190):
            ticks = date_ticks(business_days(count), width)
            columns = [column_of(at, count, width) for at, _ in ticks]
            for (_, label), a, b in zip(ticks, columns, columns[1:], strict=False):
                assert b - a > len(label)


@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (78, 18), (198, 55)])
@pytest.mark.parametrize("log", [False, True])
def test_a_drawing_fills_exactly_the_room_there_is(columns: int, rows: int, log: bool) -> None:
    grid = draw(example(), 0, 2264, columns, rows, log=log)
    assert len(grid.characters) == len(grid.roles) == rows
    assert {len(row) for row in grid.characters} == {columns}
    assert {len(row) for row in grid.roles} == {columns}


def test_a_long_last_value_is_cut_where_it_has_no_room() -> None:
    line = Series("", np.full(50, 1e6), label="a rather long name")
    data = ChartData(TimeAxis(business_days(50)), (Pane((line,)),))
    grid = draw(data, 0, 50, 20, 6, log=False)
    assert {len(row) for row in grid.characters + grid.roles} == {20}


def test_flat_and_empty_series_are_drawn() -> None:
    dates = business_days(3)
    for values in ([1.0, 1.0, 1.0], [np.nan] * 3, [0.0, 0.0, 0.0]):
        data = ChartData(TimeAxis(dates), (Pane((Series("x", np.array(values)),), may_log=True),))
        for log in (False, True):
            draw(data, 0, 3, 40, 8, log=log)
    assert bounds_of(Pane((Series("x", np.array([5.0, 5.0])),)), 0, 2, log=False) == (4.95, 5.05)


def test_importing_the_chart_leaves_plotext_out() -> None:
    code = (
        "import sys, quant_tui.ui.widgets.chart, quant_tui.ui.screens.results;"
        "sys.exit(any(n in sys.modules for n in ('plotext', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Host(App[None]):
    """Shows one chart."""

    def compose(self) -> ComposeResult:
        yield Chart(id="chart")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        from quant_tui.ui.themes import DEFAULTS

        return DEFAULTS


def text_of(app: App[None]) -> str:
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strips) for strips in lines)


async def test_keys_read_out_zoom_pan_and_go_back() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Chart)
        chart.show(example())
        chart.focus()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "Strategy 전략" in text_of(app)
        assert "2010-01-01 … 2018-09-05" in text_of(app)
        await pilot.press("home", "right")
        assert chart.cursor is not None
        assert 0 < chart.cursor < 100
        await pilot.press("plus", "plus")
        await app.workers.wait_for_complete()
        start, stop = chart.shown
        assert stop - start == 2264 // 4
        assert start <= chart.cursor < stop
        await pilot.press("greater_than_sign")
        assert chart.shown[0] > start
        await pilot.press("v")
        assert chart.log_axis
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "log axis" in text_of(app)
        await pilot.press("z", "escape")
        assert chart.shown == (0, 2264)
        assert chart.cursor is None


async def test_no_picture_comes_late_of_data_that_are_not_shown_any_more() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Chart)
        chart.show(example())
        await asyncio.sleep(0)  # it is being drawn
        chart.show(None)
        await pilot.pause(0.2)
        assert not [line for line in text_of(app).splitlines() if line.strip()]


async def test_the_view_follows_the_cursor_beyond_its_edge() -> None:
    app = Host()
    async with app.run_test(size=(60, 16)) as pilot:
        chart = app.query_one(Chart)
        chart.show(example())
        chart.focus()
        await app.workers.wait_for_complete()
        await pilot.press("plus", "plus", "plus", "end")
        before = chart.shown
        await pilot.press("right")
        assert chart.shown[0] > before[0]
        assert chart.shown[0] <= chart.cursor < chart.shown[1]


async def test_zoom_and_cursor_stay_when_the_data_grow() -> None:
    app = Host()
    async with app.run_test(size=(60, 16)) as pilot:
        chart = app.query_one(Chart)
        chart.show(example(100))
        chart.show(example(120), grown=True)
        assert chart.shown == (0, 120)
        chart.focus()
        await pilot.press("home", "plus", "plus")
        assert (chart.shown, chart.cursor) == ((0, 30), 0)
        chart.show(example(150), grown=True)
        assert (chart.shown, chart.cursor) == ((0, 30), 0)
        await pilot.press("end", "greater_than_sign", *["greater_than_sign"] * 20)
        assert chart.shown == (120, 150)
        chart.show(example(160), grown=True)
        assert chart.shown == (130, 160)
        chart.show(example(20), grown=True)
        assert chart.shown == (0, 20)
        chart.show(example(30))
        assert (chart.shown, chart.cursor) == ((0, 30), None)


async def test_the_chart_is_drawn_anew_for_another_size() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Chart)
        chart.show(example())
        await app.workers.wait_for_complete()
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert chart._grid is not None
        assert chart._grid.width + chart._grid.axis_width == 120
        assert len(chart._grid.characters) == 35


# -- bars, markers, letters, value axes


def values_chart() -> ChartData:
    axis = ValueAxis(-0.05, 0.01, 10, percent)
    counts = np.array([1.0, 0.0, 4.0, 9.0, 20.0, 22.0, 10.0, 4.0, 1.0, 1.0])
    low = np.where(np.arange(10) < 5, counts, np.nan)
    high = np.where(np.arange(10) < 5, np.nan, counts)
    pane = Pane(
        (Series("falls", low, "down", kind="bars"), Series("rises", high, "up", kind="bars")),
        write=compact,
        verticals=(Vertical(axis.position(-0.025), "VaR"),),
    )
    return ChartData(axis, (pane,), note="10 stretches")


def test_bars_stand_on_the_bottom_as_tall_as_their_values() -> None:
    grid = draw(values_chart(), 0, 10, 44, 12, log=False)
    rows = grid.roles[:-1]
    tallest = [sum("filled" in row[column] for row in rows) for column in range(grid.width)]
    at = [column_of(place, 10, grid.width, cells=True) for place in range(10)]
    assert tallest[at[5]] == len(rows)
    assert tallest[at[4]] == len(rows) - 1 == 10
    assert tallest[at[1]] == 0
    assert {row[at[4]] for row in rows} <= {"down-filled", "down", "", "grid"}
    assert "up-filled" in {row[at[6]] for row in rows}
    assert "VaR" in "".join(grid.characters[0])


def test_a_value_axis_says_what_a_position_stands_for() -> None:
    axis = ValueAxis(-0.05, 0.01, 10, percent)
    assert axis.write(0) == "-5.00% … -4.00%"
    assert axis.position(-0.045) == pytest.approx(0.0)
    ticks = axis.ticks(0, 10, 60)
    assert len(ticks) >= 3
    assert (30, "0.00%") in ticks


def test_lines_of_a_time_axis_mark_periods_where_they_begin() -> None:
    days = business_days(5000)
    for width in (40, 70, 190):
        for column, label in TimeAxis(days).ticks(0, 5000, width):
            at = int(np.flatnonzero(days.astype("datetime64[Y]").astype(str) == label)[0])
            assert abs(column - column_of(at, 5000, width)) <= 1


def test_letters_and_patterns_tell_lines_apart_without_colour() -> None:
    count = 300
    up = Series("", np.linspace(1, 2, count), "first", "solid", label="A")
    down = Series("", np.linspace(2, 1, count), "second", "dashed", label="B")
    data = ChartData(TimeAxis(business_days(count)), (Pane((down, up)),))
    grid = draw(data, 0, count, 80, 20, log=False)
    text = "\n".join("".join(row) for row in grid.characters)
    assert text.count("A") >= 3
    assert text.count("B") >= 3
    assert "A 2.00" in text
    assert "B 1.00" in text
    drawn = {role: sum(row.count(role) for row in grid.roles) for role in ("first", "second")}
    assert drawn["second"] < drawn["first"]


def test_last_values_that_meet_are_written_one_under_the_other_in_order() -> None:
    count = 50
    series = tuple(
        Series("", np.full(count, value), label=letter)
        for letter, value in (("A", 1.0), ("B", 1.0001), ("C", 1.0002), ("D", 5.0))
    )
    data = ChartData(TimeAxis(business_days(count)), (Pane(series),))
    grid = draw(data, 0, count, 60, 9, log=False)
    ends = ["".join(row[grid.width :]).strip() for row in grid.characters[:-1]]
    letters = "".join(end[0] for end in ends if end and end[0] in "ABCD")
    assert letters == "DCBA"


def test_markers_stand_at_their_values_and_can_be_taken_away() -> None:
    data = example()
    rows = np.array([100, 1000, 2000])
    values = data.panes[0].series[0].values[rows]
    marked = ChartData(
        data.axis,
        (replace(data.panes[0], markers=(Markers("buy", rows, values, "▲", "up", -1),)),),
    )
    grid = draw(marked, 0, 2264, 80, 20, log=False)
    assert sum(row.count("▲") for row in grid.characters) == 3
    zoomed = draw(marked, 900, 1100, 80, 20, log=False)
    assert sum(row.count("▲") for row in zoomed.characters) == 1
    assert marked.has_markers
    without = draw(marked.without_markers(), 0, 2264, 80, 20, log=False)
    assert not any("▲" in row for row in without.characters)


def test_what_stands_on_a_filled_cell_keeps_it_filled() -> None:
    data = example(400)
    depth = data.panes[1].series[0].values
    deepest = np.array([int(depth.argmin())])
    mark = Markers("deepest", deepest, depth[deepest] / 2, "1", "text")
    grid = draw(
        ChartData(data.axis, (replace(data.panes[1], markers=(mark,)),)), 0, 400, 80, 16, log=False
    )
    assert "text-on-down" in {role for row in grid.roles for role in row}


async def test_the_cursor_reads_out_bars_and_markers() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Chart)
        chart.show(values_chart())
        chart.focus()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "10 stretches" in text_of(app)
        await pilot.press("home", "right", "right")
        assert "-3.00% … -2.00%  ▄ falls 4" in text_of(app)
        await pilot.press("end")
        assert "rises 1" in text_of(app)
        assert "falls" not in text_of(app).split("\n")[0]

        data = example()
        rows = np.array([0, 2263])
        marks = Markers("buy", rows, data.panes[0].series[0].values[rows], "▲", "up")
        chart.show(ChartData(data.axis, (replace(data.panes[0], markers=(marks,)),)))
        await app.workers.wait_for_complete()
        await pilot.press("home")
        assert "▲ buy 10" in text_of(app).split("\n")[0]
        await pilot.press("right")
        assert "▲ buy" not in text_of(app).split("\n")[0]
        await pilot.press("home", "m")
        assert "▲ buy" not in text_of(app).split("\n")[0]


def test_a_million_points_are_drawn_in_no_more_room_or_time_than_columns_need() -> None:
    data = example(2264)
    long = 1_000_000
    equity = np.exp(np.cumsum(np.random.default_rng(2).normal(0, 1e-4, long)))
    minutes = np.datetime64("2020-01-01T00:00") + np.arange(long)
    many = ChartData(TimeAxis(minutes), (replace(data.panes[0], series=(Series("x", equity),)),))

    def seconds(of: ChartData) -> float:
        found = []
        for _ in range(3):
            start = thread_time()
            draw(of, 0, len(of), 120, 34, log=False)
            found.append(thread_time() - start)
        return min(found)

    assert seconds(many) < 20 * seconds(data) + 0.05
