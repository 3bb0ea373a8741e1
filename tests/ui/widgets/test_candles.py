"""Candles: columns that lose no high or low, shapes that tell rise from fall, views that stay."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.app import App, ComposeResult

from quant_tui.ui.widgets.candle_chart import CandleChart
from quant_tui.ui.widgets.candles import Candles, reduced
from quant_tui.ui.widgets.chart_axes import BarAxis
from quant_tui.ui.widgets.chart_data import ChartData, Pane, Series
from quant_tui.ui.widgets.chart_raster import draw
from quant_tui.ui.widgets.read_out import whole
from quant_tui.ui.workers import has_ended


def candles(count: int, seed: int = 1) -> Candles:
    random = np.random.default_rng(seed)
    close = 100 + np.cumsum(random.normal(0, 1, count))
    opened = close + random.normal(0, 1, count)
    return Candles(
        opened, np.maximum(opened, close) + 1, np.minimum(opened, close) - 1, close,
        random.integers(1, 100, count).astype(float),
    )  # fmt: skip


def chart_of(bars: Candles, first: str = "2020-01-01", *lines: Series) -> ChartData:
    dates = np.datetime64(first) + np.arange(len(bars.close))
    panes = (Pane(lines, weight=8, candles=bars, may_log=True), Pane(weight=2, volume=bars))
    return ChartData(BarAxis(dates), panes)


@given(count=st.integers(1, 900), width=st.integers(4, 200), seed=st.integers(0, 3))
def test_no_high_low_or_close_is_lost_in_the_columns(count: int, width: int, seed: int) -> None:
    bars = candles(count, seed)
    shown, columns = reduced(bars, 0, count, width)
    assert len(shown.close) == len(columns) <= width
    assert shown.high.max() == bars.high.max()
    assert shown.low.min() == bars.low.min()
    assert shown.open[0] == bars.open[0]
    assert shown.close[-1] == bars.close[-1]
    assert (np.diff(columns) > 0).all()
    assert 0 <= columns[0] <= columns[-1] < width


def marks(opened: float, close: float, width: int) -> set[str]:
    """Draw one bar among flat ones and return the characters of its colour."""
    bars = Candles(*(np.array([value]) for value in (opened, 13.0, 7.0, close, 5.0)))
    grid = draw(chart_of(bars), 0, 1, width, 24, log=False)
    role = "rise" if close >= opened else "fall"
    return {
        mark
        for line, roles in zip(grid.characters, grid.roles, strict=True)
        for mark, one in zip(line[: grid.width], roles, strict=False)
        if one == role
    }


def test_rising_and_falling_bars_differ_in_shape() -> None:
    assert marks(9.0, 11.0, 40) >= {"┌", "┐", "└", "┘"}  # a box
    assert "█" in marks(11.0, 9.0, 40)  # filled
    bars = candles(100)
    grid = draw(chart_of(bars), 0, 100, 110, 30, log=False)
    drawn = {"rise": set(), "fall": set()}
    for line, roles in zip(grid.characters, grid.roles, strict=True):
        for mark, role in zip(line[: grid.width], roles, strict=False):
            drawn.get(role, set()).add(mark)
    assert not drawn["rise"] & set("█▀▄")
    assert not drawn["fall"] & set("┃╽╿╻╹")


def test_an_overlay_far_off_does_not_flatten_the_bars() -> None:
    bars = candles(100)
    near = draw(chart_of(bars), 0, 100, 110, 30, log=False)
    far = Series("far", np.full(100, 1000.0))
    grid = draw(chart_of(bars, "2020-01-01", far), 0, 100, 110, 30, log=False)

    def rows(drawn) -> int:
        return sum(any(role in ("rise", "fall") for role in line[:100]) for line in drawn.roles)

    assert rows(grid) > 0.6 * rows(near)


def test_a_logarithmic_axis_draws_bars_too() -> None:
    grid = draw(chart_of(candles(50)), 0, 50, 100, 24, log=True)
    assert any(role == "rise" for line in grid.roles for role in line)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield CandleChart()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        from quant_tui.ui.themes import DEFAULTS

        return DEFAULTS


async def settled(pilot, chart: CandleChart) -> None:
    for _ in range(500):
        await pilot.pause(0.01)
        if chart._grid is not None and all(map(has_ended, pilot.app.workers)):
            return
    raise AssertionError("never drawn")


async def test_the_last_bars_are_shown_first_and_stay_in_view() -> None:
    app = Host()
    async with app.run_test(size=(100, 30)) as pilot:
        chart = app.query_one(CandleChart)
        chart.show_bars(chart_of(candles(1000)))
        await settled(pilot, chart)
        assert chart.shown == (910, 1000)
        chart.show_bars(chart_of(candles(1001)))
        await settled(pilot, chart)
        assert chart.shown == (911, 1001)
        chart.go_to(datetime(2021, 1, 1, tzinfo=UTC))
        await settled(pilot, chart)
        assert chart.cursor == 366
        assert chart.shown == (321, 411)
        # other bars: the same date, and as many as there were
        chart.show_bars(chart_of(candles(500), "2020-06-01"))
        await settled(pilot, chart)
        assert chart.cursor == 366 - 152
        assert chart.shown[1] - chart.shown[0] == 90
        chart.show_bars(chart_of(candles(20)))
        await settled(pilot, chart)
        assert chart.shown == (0, 20)


async def test_a_cursor_move_repaints_two_columns_and_the_read_out() -> None:
    app = Host()
    async with app.run_test(size=(100, 30)) as pilot:
        chart = app.query_one(CandleChart)
        bars = candles(200)
        chart.show_bars(chart_of(bars), remarks={198: "split 2:1"})
        await settled(pilot, chart)
        chart.focus()
        await pilot.press("left", "left")
        assert chart.cursor == 198
        line = chart.legend(0, 100).text
        for value in (bars.open[198], bars.high[198], bars.low[198], bars.close[198]):
            assert f"{value:.2f}" in line
        assert "2020-07-17" in line
        assert "split 2:1" in line


def test_a_read_out_leaves_parts_out_rather_than_cut_a_figure() -> None:
    parts = [Segment("2018-12-31  "), Segment("C "), Segment("2,405.31  "), Segment("V "),
             Segment("881.8M  ")]  # fmt: skip

    def written(width: int) -> str:
        return "".join(one.text for one in whole(parts, width)).rstrip()

    assert written(32) == "2018-12-31  C 2,405.31  V 881.8M"
    assert written(31) == "2018-12-31 C 2,405.31 V 881.8M"
    assert written(29) == "2018-12-31 C 2,405.31 …"
    assert written(20) == "2018-12-31 …"
