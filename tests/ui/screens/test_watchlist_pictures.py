"""Pictures of the watchlists; the lists at the three sizes that must look right."""

from __future__ import annotations

import pytest

from quant_tui.domain.watchlist import AlertEvent, RuleColumn
from quant_tui.services import watchlist_edits as edits
from quant_tui.services.composition import Services

from .conftest import Driver
from .test_pictures import Act, Look, look, nothing

__all__ = ["look"]

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)

ONE_SIZE = pytest.mark.parametrize("size", [(120, 36)], ids=["120x36"])


async def lists(services: Services) -> None:
    """Make a list with Korean groups, notes and tags, columns of one's own, and alerts."""
    await services.sample_data.load_bars()
    made = await services.watchlists.create(
        "반도체 · 관심", ["SPX", "IXIC", "GAON.SYN", "NARU.SYN", "BYEOL.SYN", "NEW.KS"],
        description="국내외 관심 종목",
    )  # fmt: skip
    await services.watchlists.create("Growth", ["ASHBY.SYN", "QUILL.SYN"])
    rules = (
        RuleColumn(title="oversold", rule="rsi(close, 14) < 45"),
        RuleColumn(title="from high", rule="close / rolling_max(high, 252) - 1", percent=True),
    )
    for edit in (
        edits.describe(["SPX"], note="기준 지수, 매일 확인", tags="핵심, index"),
        edits.put_into_group(["GAON.SYN", "NARU.SYN"], "한국/반도체"),
        edits.put_into_group(["BYEOL.SYN"], "한국/게임"),
        edits.add_groups(["미국"]),
        edits.fold("한국/게임", folded=True),
        lambda one: edits.with_details(one, rules=rules),
    ):
        await services.watchlists.change(made.id, edit)
    alert = await services.alerts.add(made.id, "rsi(close, 14) < 30", name="과매도")
    for symbol, day, close in (("SPX", "2018-12-21", 2416.62), ("NARU.SYN", "2018-12-24", 63.1)):
        await services.stores.repositories.for_user(made.user_id).alert_events.create(
            AlertEvent(
                user_id=made.user_id, watchlist_id=made.id, watchlist=made.name,
                alert_id=alert.id, name=alert.name, rule=alert.rule, symbol=symbol,
                bar_date=day, close=close,
            )
        )  # fmt: skip


def over_quotes(*keys: str) -> Act:
    """Press keys once the quotes are there that are seen behind what the keys open."""

    async def act(driver: Driver) -> None:
        await driver.until(lambda: "41.93" in driver.text)
        await driver.press(*keys)

    return act


@SIZES
def test_korean_list(look: Look, size: tuple[int, int]) -> None:
    """The second of the lists by name, with groups, one folded, and a symbol without bars."""
    assert look(size, "2", "escape", "G", "enter", prepare=lists, until="2,506.85")


@SIZES
def test_no_lists(look: Look, size: tuple[int, int]) -> None:
    """Nothing there yet."""
    assert look(size, "2", prepare=nothing)


@ONE_SIZE
def test_alerts(look: Look, size: tuple[int, int]) -> None:
    """Definitions over the log."""
    assert look(size, "2", "escape", "G", "enter", "a", prepare=lists, until="과매도")


@ONE_SIZE
def test_adding_unknown_symbols(look: Look, size: tuple[int, int]) -> None:
    """What is wrong stands below what was found."""
    act = over_quotes("n", *"SPX", "comma", *"TARM")
    assert look(size, "2", prepare=lists, act=act, until="unknown: TARM")


@ONE_SIZE
def test_column_with_a_mistake(look: Look, size: tuple[int, int]) -> None:
    """The message stands beside the field."""
    act = over_quotes("v", "n", *"clos")
    assert look(size, "2", prepare=lists, act=act, until="no clos;")


@ONE_SIZE
def test_columns(look: Look, size: tuple[int, int]) -> None:
    """All columns, those that are shown first."""
    assert look(size, "2", "escape", "G", "enter", "v", prepare=lists, until="from high")


async def ten_thousand(services: Services) -> None:
    """Make a list of as many symbols as a store may hold, bars of none."""
    await services.watchlists.create("전 종목", [f"{at:06}" for at in range(10_000)])


@ONE_SIZE
def test_ten_thousand_symbols(look: Look, size: tuple[int, int]) -> None:
    """The end of a long list, and where one is in it."""
    assert look(size, "2", "G", prepare=ten_thousand, until="009999")
