"""Pictures of the frame's own screens at the sizes that must look right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from quant_tui.domain.errors import InsufficientData, StoreUnavailable
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.jobs.manager import Job
from quant_tui.ui.app import QuantApp
from tests.ui.conftest import _frozen_screen  # noqa: F401 -- a fixture
from tests.ui.frame_host import Opener, make_app, make_user

SIZES = [(80, 24), (120, 36)]
Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Awaitable[None]]

sized = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


async def settled(pilot: Pilot[Any]) -> QuantApp:
    """Wait until services, themes and the status line are there."""
    app = pilot.app
    assert isinstance(app, QuantApp)
    for _ in range(1000):
        line = app.status_keeper.line
        if app.services_error or (not line.opening and "amber" in app.available_themes):
            break
        await pilot.pause(0.01)
    await pilot.pause()
    return app


def pressing(*keys: str) -> Before:
    async def before(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press(*keys)
        await pilot.pause()

    return before


def filled_jobs() -> list[Job[object]]:
    """Return jobs in every state, whose times never move."""
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    done = Job[object](1, "import", "prices-2026.csv", status=RunStatus.COMPLETED, progress=1.0,
                       created_at=at, _started=0.0, _ended=3.2)  # fmt: skip
    failed = Job[object](
        2, "backtest", "Momentum on NASDAQ", status=RunStatus.FAILED, progress=0.1, created_at=at,
        error=InsufficientData("NASDAQ has 12 bars, the rules need 200.",
                               hint="Choose an earlier start."),
        detail="Traceback (most recent call last):\n  …\nInsufficientData: NASDAQ has 12 bars",
        _started=0.0, _ended=0.4,
    )  # fmt: skip
    stopped = Job[object](
        3, "backtest", "골든 크로스 on SP500, NASDAQ", created_at=at,
        status=RunStatus.CANCELLED, progress=0.62, _started=0.0, _ended=75.0,
    )  # fmt: skip
    waiting = Job[object](4, "backtest", "RSI on SP500", created_at=at)
    return [done, failed, stopped, waiting]


async def with_jobs(pilot: Pilot[Any], *keys: str) -> None:
    app = await settled(pilot)
    assert app.services is not None
    app.services.jobs._jobs.extend(filled_jobs())
    await pilot.press("9", *keys)
    await pilot.pause()


@sized
@pytest.mark.parametrize("key", ["1", "5", "8"])
def test_empty_workspace(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int], key: str
) -> None:
    assert snap_compare(make_app(tmp_path), terminal_size=size, run_before=pressing(key))


@sized
def test_jobs_without_any(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(tmp_path), terminal_size=size, run_before=pressing("9"))


@sized
def test_jobs(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await with_jobs(pilot, "down", "down")

    assert snap_compare(make_app(tmp_path), terminal_size=size, run_before=before)


@sized
def test_job_detail(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await with_jobs(pilot, "down", "down", "enter")

    assert snap_compare(make_app(tmp_path), terminal_size=size, run_before=before)


@sized
def test_help(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await with_jobs(pilot, "question_mark")

    assert snap_compare(make_app(tmp_path), terminal_size=size, run_before=before)


@sized
def test_palette(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("ctrl+p", *"view: ")
        for _ in range(100):
            if len(pilot.app.screen.query("CommandList").first().options) >= 10:  # type: ignore[attr-defined]
                break
            await pilot.pause(0.02)
        await pilot.pause()

    assert snap_compare(make_app(tmp_path), terminal_size=size, run_before=before)


@sized
@pytest.mark.parametrize("keys", [(), ("enter",)], ids=["account", "data"])
def test_welcome(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    app = make_app(tmp_path, opener=Opener(user=None))
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))


@sized
def test_question_before_quitting(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int]
) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        app = await settled(pilot)
        assert app.services is not None
        app.services.jobs._jobs.append(filled_jobs()[3])
        await pilot.press("q")
        await pilot.pause()

    assert snap_compare(make_app(tmp_path), terminal_size=size, run_before=before)


@sized
def test_stores_that_do_not_open(
    snap_compare: Compare, tmp_path: Path, size: tuple[int, int]
) -> None:
    trouble = StoreUnavailable("mongod did not start within 20 seconds.", hint="See mongod.log.")
    app = make_app(tmp_path, opener=Opener(user=make_user(), failures=[trouble]))
    assert snap_compare(app, terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("theme", ["paper-light", "amber", "blue-orange", "high-contrast"])
def test_theme(snap_compare: Compare, tmp_path: Path, theme: str) -> None:
    (tmp_path / "config.toml").write_text(f'[ui]\ntheme = "{theme}"\n')

    async def before(pilot: Pilot[Any]) -> None:
        await with_jobs(pilot, "down", "down")

    assert snap_compare(make_app(tmp_path), terminal_size=(120, 36), run_before=before)
