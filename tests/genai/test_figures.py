"""Numbers of an answer against the figures that the program gave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_tui.genai.figures import Known, known_in, known_in_text, marks_of
from quant_tui.genai.knowledge import cutoff_day, cutoff_note, periods_in
from quant_tui.genai.numbers import figures_of, numbers_of

CITED = [
    {"kind": "backtest", "id": "b1", "title": "Golden"},
    {"kind": "backtest", "id": "b2", "title": "Mean"},
]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("35.2 %", 0.352), ("35.2%", 0.352), ("-5％", -0.05), ("12 percent", 0.12),
        ("45bps", 0.0045), ("1,234,567.89", 1234567.89), ("$1,500", 1500), ("₩1,500", 1500),
        ("\N{MINUS SIGN}0.25", -0.25), ("2.5M", 2.5e6), ("3.5 billion", 3.5e9), ("120k", 120e3),
        ("1억 2,345만 원", 123450000), ("123.4억", 12.34e9), ("3만", 3e4),
        ("수익률은35.2%", 0.352),
        ("0.50", 0.5), ("1234", 1234), ("245회", 245), ("`3.77`", 3.77), ("[3.83](x)", 3.83),
        ("Sharpe 2", 2), ("샤프 비율은 2", 2), ("profit factor of 3", 3), ("1900 trades", 1900),
        ("2099 dollars", 2099), ("퍼센트 12.5퍼센트", 0.125),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written(text: str, value: float) -> None:
    assert figures_of(text)[0].value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "2015-01-02 to 2024-12-31", "2024.03.05", "in 2023", "2024년 3월 5일", "at 12:34:56",
        "SMA(20)", "SMA20 and RSI14", "SMA 50", "a 200-day average", "14일 이동평균", "S&P500",
        "GPT-4o", "005930.KS", "`x = 12345`", "```\nx = 99.9\n```", "1. first\n2) second",
        "3 reasons",
        "[b1](https://x/99.5)", "a ratio of three in 1999", "https://host/12345",
        "window = 30", "## 2. Results", "no number", "9" * 400,
    ],
)  # fmt: skip
def test_what_is_no_figure_is_left_alone(text: str) -> None:
    assert figures_of(text) == []


def test_a_figure_points_at_what_it_came_from() -> None:
    data = {
        "rows": [
            {"backtest_id": "b1", "name": "Golden", "sharpe_ratio": 1.2345, "max_drawdown": -0.234},
            {"backtest_id": "b2", "name": "Mean", "sharpe_ratio": 0.9, "max_drawdown": -0.234,
             "trust": "deflated Sharpe 0.41"},
        ],
        "total": 2, "ok": True, "none": None,
    }  # fmt: skip
    known = known_in(data, CITED)
    text = (
        "Golden: Sharpe 1.23. Mean: Sharpe 0.90, a drawdown of 23.4 %, deflated 0.41; "
        "not 1.24, +23.4 % or 0.234 %."
    )
    marks = marks_of(text, known)
    found = [(text[one["start"] : one["end"]], one.get("citation", {}).get("id")) for one in marks]
    assert found == [
        ("1.23", "b1"), ("0.90", "b2"), ("23.4 %", "b2"), ("0.41", "b2"),
        ("1.24", None), ("+23.4 %", None), ("0.234 %", None),
    ]  # fmt: skip
    assert [one["matched"] for one in marks] == [True] * 4 + [False] * 3


RUN = {
    "backtest_id": "b1", "cagr": 0.0055, "sharpe_ratio": 0.105, "sortino_ratio": 0.143,
    "max_drawdown": -0.3633, "win_rate": 0.48, "total_return": 0.118, "total_trades": 103,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "made_up"),
    [
        ("The CAGR is 12%, Sharpe 2, drawdown 5%.", ["12%", "2", "5%"]),
        ("max drawdown 14%, win rate 14 %, profit factor 0.14", ["14%", "14 %", "0.14"]),
        ("CAGR of 48 %", ["48 %"]),
        ("a 36.3 % drawdown, CAGR 0.55 %, Sharpe 0.105 and a 48 % win rate", []),
        ("Sharpe ratio and drawdown were 0.105 and -36.33 %", []),
        ("| Sharpe | Drawdown |\n|---|---|\n| 0.105 | -36.3 % |", []),
        ("It gained 11.8 % in 103 trades.", []),
    ],
)
def test_an_equal_figure_of_another_name_or_unit_is_no_match(text: str, made_up: list[str]) -> None:
    marks = marks_of(text, known_in(RUN, CITED))
    assert [text[one["start"] : one["end"]] for one in marks if not one["matched"]] == made_up


def test_what_people_wrote_vouches_for_nothing() -> None:
    rules = (
        "name: Dip 71.5%\ndescription: |\n  a CAGR of 72.5%\n\n  and 73.5%\nentry: rsi(14) < 30.5"
        "  # Sharpe 74.5\nparams:\n  w: {default: 5.5, description: 75.5}\ntags:\n- 76.5\n"
        "exit: close > 2.25"
    )
    data = {
        "notes": "A newsletter says the CAGR is 88.8%", "tags": ["9.99"], "rules": rules,
        "rows": [{"title": "Up 12.5%", "content": "It rose 13.5%", "sentiment": 0.625}],
        "trust": "deflated Sharpe 0.41",
    }  # fmt: skip
    assert [one.value for one in known_in(data, [])] == [14, 30.5, 5.5, 2.25, 0.625, 0.41]


def test_a_row_of_a_comparison_is_called_by_its_figure() -> None:
    known = known_in({"rows": [{"figure": "sharpe_ratio", "1": 0.32, "2": 0.23}]}, CITED)
    marks = marks_of("Sharpe 0.32 against 0.23; win rate 0.23", known)
    assert [one["matched"] for one in marks] == [True, True, False]


def test_six_digits_are_what_a_model_is_given() -> None:
    (mark,) = marks_of("It ended at 1,234,570.", [Known(1234567.89, "final_value", {})])
    assert mark["matched"]


def test_a_price_and_a_count_are_no_percentage() -> None:
    known = [Known(2.52, "close", {}), Known(0.35, "win_rate", {}), Known(1.2, "n_trades", {})]
    marks = marks_of("It won 35 %, not 252 % and not 120 %, at 2.52.", known)
    assert [one["matched"] for one in marks] == [True, False, False, True]


def test_what_the_user_wrote_is_known_without_a_source() -> None:
    (mark,) = marks_of("With 250,000 …", known_in_text("capital of 250000", {}))
    assert mark["matched"]
    assert "citation" not in mark


finite = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


@given(value=finite, decimals=st.integers(0, 6))
def test_any_rounding_of_a_known_figure_is_known(value: float, decimals: int) -> None:
    known = [Known(value, "x", {})]
    share, plain = f"{value * 100:,.{decimals}f} %", f"{value:.{decimals}f}"
    for written in (share, plain):
        assert all(one["matched"] for one in marks_of(f"It is {written} then", known)), written


@given(value=st.floats(0.001, 900), decimals=st.integers(1, 2), steps=st.integers(2, 50))
def test_any_other_number_is_not(value: float, decimals: int, steps: int) -> None:
    written = f"{value + steps * 10.0**-decimals:.{decimals}f}"
    assert not any(one["matched"] for one in marks_of(written, [Known(value, "x", {})]))


@given(text=st.text(max_size=300), known=st.lists(finite, max_size=5))
def test_any_text_gives_places_inside_it(text: str, known: list[float]) -> None:
    end = 0
    for one in marks_of(text, [Known(value, "", {}) for value in known]):
        assert end <= one["start"] < one["end"] <= len(text)
        end = one["end"]
    assert all(one.step > 0 for one in numbers_of(text))


def test_a_backtest_before_the_end_of_the_models_knowledge_is_named() -> None:
    data = {"backtest_id": "b", "name": "Golden", "start": "2015-01-02", "end": "2026-01-05"}
    periods = periods_in(data, "")
    assert periods == [{"title": "Golden", "start": "2015-01-02", "end": "2026-01-05"}]
    assert "begins before" in cutoff_note(periods, "2025-06", "m")
    assert "lies before" in cutoff_note(periods, "2026-01", "m")
    assert cutoff_note(periods, "2014-12", "m") == ""
    assert cutoff_note(periods, "", "m") == ""
    assert str(cutoff_day("2024-02")) == "2024-02-29"
    assert str(cutoff_day("2024-12")) == "2024-12-31"
    assert cutoff_day("2024-13") is None
    rows = {"rows": [data, {"symbol": "X", "start": "2015-01-02", "end": "2016-01-05"}]}
    assert len(periods_in(rows, "")) == 1
