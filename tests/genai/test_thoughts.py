"""What a model thinks aloud is no answer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_tui.genai.thoughts import Thoughts


def read(*pieces: str) -> str:
    thoughts = Thoughts()
    return "".join([*(thoughts.add(one) for one in pieces), thoughts.end()])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>hidden 99.9</think>\n\nThe answer.", "The answer."),
        ("\n<thinking>a < b</thinking>Yes <think>no</think>", "Yes <think>no</think>"),
        ("<think>never done", ""),
        ("<think></think>", ""),
        ("<thin", "<thin"),
        ("  5 < 6", "  5 < 6"),
        ("", ""),
    ],
)
@given(cuts=st.lists(st.integers(0, 60), max_size=8))
def test_thoughts_are_taken_out_wherever_the_stream_is_cut(
    text: str, answer: str, cuts: list[int]
) -> None:
    places = sorted({0, len(text), *(one for one in cuts if one < len(text))})
    assert read(*(text[a:b] for a, b in pairwise(places))) == answer


@given(st.text())
def test_any_other_text_is_let_through(text: str) -> None:
    if not text.lstrip().startswith("<think"):
        assert read(*text) == text
