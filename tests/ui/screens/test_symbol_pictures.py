"""Pictures of the symbol view: each page of a Korean company, and what is empty."""

from __future__ import annotations

import pytest

from .symbol_stock import stock_symbol
from .test_pictures import Leaf, Look, leaf_through, look, nothing  # noqa: F401 -- fixtures

SMALL = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
NEXT = "right_square_bracket"
PAGES = ("chart", "drawdown", "seasons", "returns", "company", "news", "economy", "data")
OPEN = ("0", "down", "enter")
"""The second symbol of the sample: the Korean company."""

WHEN = ("ctrl+g", *[{"-": "minus"}.get(key, key) for key in "2018-08-15"], "enter")


async def test_pages(leaf_through: Leaf) -> None:  # noqa: F811 -- the fixture
    for size in ((80, 24), (120, 36), (200, 60)):
        await leaf_through(size, *OPEN, pages=PAGES, prepare=stock_symbol)


@SMALL
def test_weeks_as_of_a_day_with_the_cursor(look: Look, size) -> None:  # noqa: F811
    assert look(size, *OPEN, *WHEN, "a", "p", "left", prepare=stock_symbol)


@SMALL
def test_comparison(look: Look, size) -> None:  # noqa: F811
    keys = ("c", *"ixic", "enter", "c", *"spx", "enter", "left")
    assert look(size, *OPEN, *keys, prepare=stock_symbol)


@SMALL
def test_wide_candles(look: Look, size) -> None:  # noqa: F811
    assert look(size, *OPEN, "plus", "plus", "plus", "left", prepare=stock_symbol)


@SMALL
def test_indicators_with_a_mistake(look: Look, size) -> None:  # noqa: F811
    assert look(size, *OPEN, "i", "home", "ctrl+k", *"smaa", prepare=stock_symbol)


@SMALL
def test_jump(look: Look, size) -> None:  # noqa: F811
    assert look(size, *OPEN, "slash", *"games", prepare=stock_symbol, until="별무리")


async def test_nothing_known(leaf_through: Leaf) -> None:  # noqa: F811
    # bars without a company or news
    only = ("chart", "company", "news")
    for size in ((80, 24), (120, 36)):
        await leaf_through(size, *OPEN, pages=PAGES[:6], only=only, prepare=nothing)


@pytest.mark.parametrize("size", [(80, 24)], ids=["80x24"])
def test_the_map_of_months_where_it_stands_alone(look: Look, size) -> None:  # noqa: F811
    assert look(size, *OPEN, NEXT, NEXT, "tab", prepare=stock_symbol)
