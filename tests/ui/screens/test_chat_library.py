"""The pages in place of the conversations: written strategies, prompts and their versions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.domain.genai import GeneratedStrategy
from quant_tui.domain.vocabulary import GenerationStatus
from quant_tui.services.composition import Services

from .conftest import Driver, Open

SIZES = ((80, 24), (120, 36))
RULES = """\
name: RSI 되돌림
description: RSI가 낮을 때 사고 높을 때 판다
params: {window: {int: [2, 50], default: 14}}
entry: "rsi(close, window) < 35"
exit: "rsi(close, window) > 55"
"""


def written(user_id: str, **values: Any) -> GeneratedStrategy:
    days = [f"{2000 + month // 12}-{month % 12 + 1:02}-01" for month in range(200)]
    finding = {"place": "entry", "column": 1, "message": "no rsy", "suggestion": "did you mean rsi",
               "text": "entry:1: there is no rsy (did you mean rsi)"}  # fmt: skip
    preview = {
        "symbols": ["KOSPI"], "benchmark": "KOSPI", "start": "2017-01-01", "end": None,
        "first": days[0], "last": days[-1],
        "figures": {"total_return": 0.4123, "benchmark_return": 0.2, "cagr": 0.05,
                    "benchmark_cagr": 0.03, "sharpe_ratio": 0.81, "max_drawdown": -0.123,
                    "annual_volatility": 0.11, "total_trades": 41, "win_rate": 0.6},
        "curve": {"date": days, "value": [1e5 * (1 + i / 400 + math.sin(i / 9) / 9)
                                          for i in range(200)],
                  "benchmark": [1e5 * (1 + i / 900 + math.sin(i / 7) / 7) for i in range(200)]},
    }  # fmt: skip
    lines = [("Rules", "good", "They can be used."),
             ("Trades", "doubtful", "41 round trips, 140.2 a year and symbol.")]  # fmt: skip
    made = {
        "name": "RSI 되돌림", "description": "RSI가 낮을 때 사고 높을 때 판다", "code": RULES,
        "request": "RSI 전략 만들어줘", "model_used": "tiny", "preview": preview,
        "rounds": [{"answer": "```yaml\nentry: rsy(close)\n```", "findings": [finding]},
                   {"answer": f"좋아요.\n```yaml\n{RULES}```", "findings": []}],
        "validation": [{"key": title, "title": title, "verdict": verdict, "text": text}
                       for title, verdict, text in lines],
    }  # fmt: skip
    return GeneratedStrategy(**{**made, "user_id": user_id, **values})


async def two_written(services: Services) -> None:
    assert services.user is not None
    kept = services.stores.repositories.for_user(services.user.id).generated_strategies
    await kept.create(
        written(services.user.id, name="Momentum of sectors", request="Momentum?", code="",
                status=GenerationStatus.FAILED, preview={}, validation=[])
    )  # fmt: skip
    await kept.create(written(services.user.id))
    await services.prompts.create("딥 매수", "{symbol}: buy after {days} falls", tags=["idea"])
    own = await services.prompts.get("딥 매수")
    await services.prompts.change(own.model_copy(update={"template": "{symbol}: {days}일 하락"}))


async def unavailable(*_: object, **__: object) -> list[GeneratedStrategy]:
    raise StoreUnavailable("The store is away.")


async def pictures(
    driver: Driver, kept: Any, name: str, sizes: Sequence[tuple[int, int]] = SIZES
) -> None:
    await driver.still()
    for width, height in sizes:
        await driver.pilot.resize_terminal(width, height)
        await driver.settle()
        assert driver.app.export_screenshot() == kept(name=f"{name}-{width}x{height}")


async def test_written_strategies_and_versions_of_prompts(
    open_app: Open, snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quant_tui.ui.status.PROBE_AFTER_SECONDS", 3600)
    kept = snapshot.use_extension(SVGImageExtension)
    async with open_app(stocked=False, before=two_written) as driver:
        await driver.press("8", "w")
        await driver.until(lambda: "Round trips" in driver.text)
        page = driver.front("chat").pages.visible_content
        await driver.press("enter")
        await pictures(driver, kept, "written")
        await driver.press("escape")
        assert page.table.has_keys
        await driver.press("slash")
        await driver.type("tum?")  # in the request
        await driver.press("enter")
        assert len(page.table.model) == 1
        assert page.check_action("approve", ()) is False, "it failed"
        await driver.press("d", "y")
        await driver.until(lambda: "Nothing matches" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "! failed" in driver.text)
        await driver.press("escape")
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(type(driver.services.generation), "list", unavailable)
            await driver.press("r")
            await driver.until(lambda: "The store is away." in driver.text)
            await pictures(driver, kept, "written-away", SIZES[:1])
        await driver.press("enter")  # tries again
        await driver.until(lambda: "! failed" in driver.text)
        await driver.press("g", "A")
        await driver.until(lambda: driver.app.stack.front == "strategies")
        (made,) = await driver.services.strategies.list()
        assert made.name == "RSI 되돌림"
        driver.app.go_to("chat", target="generated:" + "0" * 24)
        await driver.until(lambda: "Not found" in driver.text)
        await driver.press("g", "o")
        await driver.until(lambda: driver.app.stack.front == "strategies")

        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(type(driver.services.prompts), "list", unavailable)
            await driver.press("8", "escape", "P")
            await driver.until(lambda: "The store is away." in driver.text)
            await pictures(driver, kept, "prompts-away", SIZES[:1])
        await driver.press("enter")
        await driver.until(lambda: "딥 매수" in driver.text)
        await driver.press("v")
        await driver.until(lambda: "Version 2" in driver.text)
        assert "+{symbol}: {days}일 하락" in driver.text
        await driver.press("down", "c")
        await driver.until(lambda: "From version 1 to version 2" in driver.text)
        await pictures(driver, kept, "prompt-versions")
        await driver.press("b")
        await driver.until(lambda: "Version 3" in driver.text)
        again = await driver.services.prompts.get("딥 매수")
        assert (again.version, again.template) == (3, "{symbol}: buy after {days} falls")
        await driver.press("escape")
        assert "buy after {days} falls" in driver.text
        await driver.press("escape")
        assert driver.front("chat").pages.current == "conversations"

        await driver.services.toolbox.call("show_backtest", {"backtest_id": "0" * 24})
        await driver.press("T")
        await driver.until(lambda: "show_backtest" in driver.text)
        page = driver.front("chat").pages.visible_content
        before = driver.services.toolbox.permissions()
        await driver.press("enter")  # opens; it decides nothing
        await driver.until(lambda: "Arguments" in driver.text)
        assert driver.services.toolbox.permissions() == before
        await driver.press("escape")
        assert page.table.has_keys
        page.calls.focus()
        await driver.press("enter")
        await driver.until(lambda: "backtest_id: " + "0" * 24 in driver.text)
