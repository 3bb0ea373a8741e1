"""Conversations written to files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quant_tui.services.composition import Services


async def test_a_conversation_is_written_over_a_file_only_when_asked(
    open_app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "요약.md"
    out.write_text("mine", encoding="utf-8")

    async def before(services: Services) -> None:
        await services.chat.create("요약")

    async with open_app(stocked=False, before=before) as driver:
        await driver.press("8")
        for answer, says in (("n", "mine"), ("y", "# 요약")):
            await driver.press("x", "ctrl+s")
            await driver.until(lambda: "Write over 요약.md?" in driver.text)
            await driver.press(answer)
            await driver.until(lambda: len(driver.app.screen_stack) == 1)
            await driver.until(lambda says=says: out.read_text(encoding="utf-8").startswith(says))
