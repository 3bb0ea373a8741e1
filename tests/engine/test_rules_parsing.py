"""A right expression is read whatever else Python is at: it may lose count of the tree's depth."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator

import pytest

from quant_tui.engine.rules.expression import parse_expression
from quant_tui.engine.rules.findings import Findings

TEXT = "crosses_above(sma(close, 10), sma(close, 20)) and close > lag(close, 5) * 1.02"


class Finalised:
    """Parses when it is collected, as whatever prints a traceback then does."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        ast.parse("1 + 1")


@pytest.fixture
def _collected_often() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(20)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_collected_often")
def test_what_is_collected_meanwhile_may_parse_too() -> None:
    for _ in range(3_000):
        for _ in range(3):
            Finalised()
        findings = Findings()
        assert parse_expression(TEXT, "entry", findings) is not None
