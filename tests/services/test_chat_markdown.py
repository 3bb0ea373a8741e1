"""Results of tools as Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_tui.genai.tools import ToolResult
from quant_tui.services.chat_markdown import escaped, markdown_of, unescaped


@given(st.text())
def test_a_terminal_shows_what_was_escaped_as_it_was(text: str) -> None:
    assert unescaped(escaped(text)) == " ".join(text.split())


def test_rows_with_long_cells_are_listed_whole() -> None:
    rows = [{"signature": "rsi(x)", "help": "word " * 40, "none": None}, {"signature": "sma(x)"}]
    lines = markdown_of(ToolResult("", {"rows": rows})).splitlines()
    assert lines[0] == "- **rsi(x)**"
    assert lines[1] == f"  - Help: {('word ' * 40).strip()}"
    assert lines[2] == "- **sma(x)**"


@pytest.mark.parametrize("count", [1, 2])
def test_no_column_is_left_out_in_silence(count: int) -> None:
    row = {"symbol": "SPX"} | {f"figure {place}": place for place in range(12)}
    text = markdown_of(ToolResult("", {"rows": [row] * count}))
    assert all(f"figure {place}" in text.lower() for place in range(12))
    assert ("Not shown:" in text) == (count > 1)


def test_figures_of_one_title_are_told_apart() -> None:
    rows = [{"figure": "information_ratio", "1": 0.1}]
    rows.append({"figure": "information_ratio_annualized", "1": 1.6})
    lines = markdown_of(ToolResult("", {"rows": rows})).splitlines()
    assert lines[2] == "| Information ratio, a period | 0.1 |"
    assert lines[3] == "| Information ratio, annual | 1.6 |"
