"""Backups by themselves: when they are due, and which of them stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quant_tui.config.settings import BackupSettings
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.backup import BackupService
from quant_tui.services.backup_archive import verified
from quant_tui.services.backup_schedule import LOCK, BackupSchedule
from quant_tui.services.composition import Services
from quant_tui.storage.locks import FileLock


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_hours(self, hours: float) -> None:
        self.time += timedelta(hours=hours)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def schedule_of(services: Services, clock: Clock, folder: Path, keep: int = 2) -> BackupSchedule:
    plan = BackupSettings(every_hours=24, keep=keep, folder=str(folder))
    settings = replace(services.settings, backup=plan)
    backups = BackupService(settings, services.stores, services.jobs, lambda: services.user)
    return BackupSchedule(settings, backups, services.jobs, clock)


async def test_one_is_made_each_day_and_only_the_newest_stay(
    services: Services, clock: Clock, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    schedule = schedule_of(services, clock, folder)
    made = []
    for _ in range(3):
        assert schedule.due()
        report = await schedule.start().wait()
        assert report is not None
        made.append(Path(report.path))
        assert not schedule.due()
        assert await schedule.start().wait() is None  # as another instance would find
        clock.pass_hours(24)
    assert schedule.made() == [made[2], made[1]]
    for path in schedule.made():
        verified(path)


async def test_other_files_and_manual_backups_are_never_removed(
    services: Services, clock: Clock, tmp_path: Path
) -> None:
    others = ["quant-tui-20200101-000000.backup.zip", "quant-tui-auto-ffffff-x.backup.zip", "a.txt"]
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
    schedule = schedule_of(services, clock, tmp_path, keep=1)
    for _ in range(2):
        await schedule.start().wait()
        clock.pass_hours(25)
    assert len(schedule.made()) == 1
    for name in others:
        assert (tmp_path / name).read_bytes() == b"mine"


async def test_a_failure_removes_nothing_and_is_tried_again_later(
    services: Services,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    eventually: Callable[..., None],
) -> None:
    schedule = schedule_of(services, clock, tmp_path, keep=1)
    good = await schedule.start().wait()
    assert good is not None
    clock.pass_hours(24)

    def broken(*_: object, **__: object) -> None:
        raise InvalidInput("It is damaged.")

    with monkeypatch.context() as patched:
        patched.setattr("quant_tui.services.backup.verified", broken)
        schedule.begin()
        await asyncio.to_thread(eventually, lambda: not schedule.due())
        await schedule.stop()
    assert [path.name for path in schedule.made()] == [Path(good.path).name]
    assert not schedule.due()
    clock.pass_hours(1)
    assert schedule.due()


async def test_two_instances_make_one(services: Services, clock: Clock, tmp_path: Path) -> None:
    schedule = schedule_of(services, clock, tmp_path)
    with FileLock(tmp_path / LOCK) as held:
        assert held.try_exclusive()
        assert await schedule.start().wait() is None
    assert schedule.made() == []


async def test_none_is_made_when_none_is_wanted(services: Services) -> None:
    schedule = BackupSchedule(services.settings, services.backups, services.jobs)
    assert not schedule.due()
    schedule.begin()
    await schedule.stop()
    assert services.jobs.jobs == []
