"""The map of numbers: a cursor that reads out, headings that stay, signs without colour."""

from __future__ import annotations

from functools import partial

from textual.app import App, ComposeResult

from quant_tui.ui.screens.results.monthly import heat_of, summary_of, write_cell
from quant_tui.ui.widgets.heat_map import HeatMap

TABLE = {
    str(year): {str(month): (month - 6.5) / 100 * (-1) ** year for month in range(1, 13)}
    for year in range(1990, 2020)
}
TABLE["2019"] = {"1": 0.0, "2": None, "3": 0.1234}


class Host(App[None]):
    """Shows one map."""

    def compose(self) -> ComposeResult:
        yield HeatMap()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        from quant_tui.ui.themes import DEFAULTS

        return DEFAULTS


def lines_of(app: App[None]) -> list[str]:
    lines = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strips) for strips in lines]


async def test_the_last_month_is_read_out_and_keys_move_on() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        heat = app.query_one(HeatMap)
        heat.show(heat_of(TABLE))
        heat.focus()
        await pilot.pause()
        lines = lines_of(app)
        assert lines[0].startswith("Mar 2019   ▲ +12.34%   1 of 350 months   year ▲ +12.34%")
        assert "Jan" in lines[1]
        assert "Year" in lines[1]
        assert any(line.startswith("2019 ") for line in lines)
        await pilot.press("left")
        assert "Feb 2019   no whole month" in lines_of(app)[0]
        await pilot.press("g")
        lines = lines_of(app)
        assert lines[2].startswith("1990")
        assert lines[0].startswith("Feb 1990")
        await pilot.press(*["right"] * 12)
        assert lines_of(app)[0].startswith("1990   ")
        assert "of 30 years" in lines_of(app)[0]


async def test_it_fits_exactly_and_grows_with_the_room() -> None:
    app = Host()
    async with app.run_test(size=(80, 12)) as pilot:
        app.query_one(HeatMap).show(heat_of(TABLE))
        await pilot.pause()
        assert "+12.3" in lines_of(app)[-1]
        await pilot.resize_terminal(160, 40)
        await pilot.pause()
        assert any("+12.34" in line for line in lines_of(app)[2:])


async def test_nothing_to_show_is_blank() -> None:
    app = Host()
    async with app.run_test(size=(80, 12)) as pilot:
        heat = app.query_one(HeatMap)
        heat.show(heat_of({}))
        heat.focus()
        await pilot.press("down", "right", "g")
        assert not "".join(lines_of(app)).strip()
        assert "No whole month" in summary_of({}).plain


def test_numbers_keep_their_sign_and_as_many_decimals_as_fit() -> None:
    for_five = partial(write_cell, width=5)
    assert [for_five(value) for value in (0.0123, -0.1034, 1.5, -0.00001, 0.0)] == [
        "+1.2", "-10.3", "+150", "0.0", "0.0",
    ]  # fmt: skip
    assert write_cell(-0.10345, 9) == "-10.35"


def test_the_summary_counts_months_of_each_way() -> None:
    text = summary_of({"2020": {"1": 0.02, "2": -0.01, "3": 0.0, "4": 0.04}}).plain
    assert "2 up, +3.00% on average" in text
    assert "1 down, -1.00% on average" in text
    assert "1 flat" in text
