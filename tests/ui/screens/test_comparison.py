"""What a comparison shows: best values, differences against the first, what differs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from textual.app import App, ComposeResult

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.services.backtest_figures import FIGURES
from quant_tui.ui.screens.results.compare import Compare, compare_hint
from quant_tui.ui.screens.results.comparison import (
    HIGHER,
    LOWER,
    best_of,
    equity_chart,
    figure_columns,
    figure_rows,
    write_setting,
)

RUNS = [
    {"name": "골든크로스", "symbols": ["SPX"], "start_date": "2010-01-01", "end_date": None},
    {"name": "Rebound", "symbols": ["SPX"], "start_date": "2012-01-01", "end_date": None},
    {"name": "Hold", "symbols": ["GAON.SYN"], "start_date": None, "end_date": None},
]
METRICS = [
    {"key": "total_return", "title": "Total return", "group": "Return", "unit": "percent",
     "values": [0.1, 0.25, None]},
    {"key": "max_drawdown", "title": "Max drawdown", "group": "Risk", "unit": "percent",
     "values": [-0.2, -0.3, -0.2]},
    {"key": "annual_volatility", "title": "Volatility", "group": "Risk", "unit": "percent",
     "values": [0.2, 0.1, 0.3]},
    {"key": "total_trades", "title": "Round trips", "group": "Trades", "unit": "count",
     "values": [10, 12, 7]},
    {"key": "final_value", "title": "Final value", "group": "Return", "unit": "money",
     "values": [110000.0, 125000.0, 90000.0]},
]  # fmt: skip
DIFFERENCES = [
    {"area": "parameters", "field": "short_window", "values": [15, 20, None]},
    {"area": "configuration", "field": "symbols", "values": [["SPX"], ["SPX"], ["GAON.SYN"]]},
]
CURVES = [
    {"date": ["2010-01-04", "2010-01-05", "2010-01-06"], "value": [1.0, 1.1, 1.2]},
    {"date": ["2010-01-05", "2010-01-07"], "value": [1.0, 0.9]},
    {"date": [], "value": []},
]
DOCUMENT = {"runs": RUNS, "metrics": METRICS, "differences": DIFFERENCES, "curves": CURVES}


def test_the_figures_that_are_better_one_way_exist_and_go_one_way() -> None:
    keys = {figure.key for figure in FIGURES}
    assert keys >= HIGHER | LOWER
    assert not HIGHER & LOWER


@pytest.mark.parametrize(
    ("key", "values", "best"),
    [
        ("total_return", [0.1, 0.25, None], 0.25),
        ("max_drawdown", [-0.2, -0.3], -0.2),
        ("annual_volatility", [0.2, 0.1], 0.1),
        ("total_trades", [1, 2], None),
        ("sharpe_ratio", [0.5, 0.5], None),
        ("sharpe_ratio", [0.5, None], None),
    ],
)
def test_the_best_is_known_where_one_is_better(key: str, values: list, best: object) -> None:
    assert best_of(key, values) == best


def test_cells_mark_the_best_and_differ_from_the_first() -> None:
    columns = figure_columns(RUNS)
    assert [column.title for column in columns] == [
        "Metric", "A 골든크로스", "B Rebound", "B − A", "C Hold", "C − A",
    ]  # fmt: skip
    rows = {
        row.key: [column.write(value) for column, value in zip(columns, row.values, strict=True)]
        for row in figure_rows(METRICS)
    }
    assert rows["total_return"] == ["Total return", "10.00%", "★ 25.00%", "+15.00 pp", "–", "–"]
    assert rows["max_drawdown"][1:] == ["★ -20.00%", "-30.00%", "-10.00 pp", "★ -20.00%", "0.00 pp"]
    assert rows["total_trades"][1:] == ["10", "12", "+2", "7", "-3"]
    assert rows["final_value"][3] == "+15,000.00"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), ("", "–"), (True, "yes"), (1234, "1,234"), (0.001, "0.001"), (1e5, "100,000"),
        (["SPX", "가온"], "SPX, 가온"), ({"a": [1]}, '{"a": [1]}'),
    ],
)  # fmt: skip
def test_settings_are_written_whatever_they_are(value: object, text: str) -> None:
    assert write_setting(value) == text


def test_curves_of_other_dates_meet_on_one_axis() -> None:
    data = equity_chart(CURVES)
    assert data is not None
    assert len(data) == 4
    first, second = reversed(data.panes[0].series)
    np.testing.assert_array_equal(first.values, [1.0, 1.1, 1.2, np.nan])
    np.testing.assert_array_equal(second.values, [np.nan, 1.0, 1.0, 0.9])
    assert [first.label, second.label] == ["A", "B"]
    assert first.pattern != second.pattern
    assert first.role != second.role
    assert equity_chart([CURVES[2]]) is None


@dataclass
class Marked:
    """Of a summary, what the hint looks at."""

    name: str = "one"
    status: RunStatus = RunStatus.COMPLETED


@pytest.mark.parametrize(("count", "said"), [(0, "none are"), (1, "1 is"), (7, "7 are")])
def test_too_few_or_too_many_get_a_hint_of_one_line(count: int, said: str) -> None:
    hint = compare_hint([Marked()] * count)
    assert f"; {said} marked." in hint
    assert "\n" not in hint


def test_what_has_no_result_is_named() -> None:
    assert compare_hint([Marked(), Marked()]) == ""
    failed = replace(Marked(), name="실패", status=RunStatus.FAILED)
    assert compare_hint([Marked(), failed]).startswith("실패 has no result")


class Host(App[None]):
    """Shows one comparison."""

    def compose(self) -> ComposeResult:
        yield Compare()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        from quant_tui.ui.themes import DEFAULTS

        return DEFAULTS


def text_of(app: App[None]) -> str:
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strips) for strips in lines)


async def test_the_parts_are_reached_with_brackets_or_stand_together() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        page = app.query_one(Compare)
        await page.show_document(DOCUMENT)
        page.focus_first()
        await pilot.pause()
        text = text_of(app)
        assert "[Equity]" in text
        assert "A ━━ 골든크로스" in text
        assert "return ▲ +10.0%" in text
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "★ 25.00%" in text_of(app)
        assert "short window" not in text_of(app)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "short window" in text_of(app)
        await pilot.press("right_square_bracket")
        assert "[Equity]" in text_of(app)
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        text = text_of(app)
        for part in ("A ━━ 골든크로스", "★ 25.00%", "short window"):
            assert part in text
