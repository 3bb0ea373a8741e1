"""A training killed with kill -9 leaves no model that could be taken for a trained one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from quant_tui.config.settings import Settings
from quant_tui.domain.errors import NotFound
from quant_tui.domain.vocabulary import ModelStatus
from quant_tui.services.composition import Services, open_services
from quant_tui.services.training_request import TrainingRequest
from tests.accounts import PASSWORD, sign_up

RUNNER = """
import asyncio, sys, time
from dataclasses import replace
from pathlib import Path
from quant_tui.config.settings import MongoSettings, load_settings
from quant_tui.services.composition import open_services
from quant_tui.services.training_request import TrainingRequest
from quant_tui.storage.artifacts.store import ArtifactStore

async def main():
    home, uri, database, password, flag = sys.argv[1:]
    found = load_settings(Path(home), environment={})
    services = await open_services(
        replace(found, mongodb=MongoSettings(uri=uri, database=database))
    )
    await services.sign_in(await services.accounts.sign_in("trader", password, keep=False))
    put = ArtifactStore.put
    def stuck(self, files):
        put(self, files)  # kept, and not yet registered
        def never(path, target):
            Path(flag).touch()
            time.sleep(600)
        Path.replace = never
        return put(self, {**files, "more.json": b"{}"})  # written, and not yet in its place
    ArtifactStore.put = stuck
    job = await services.training.start(TrainingRequest(
        "signal", ("SPX",), parameters={"rounds": 2}, features=("momentum",)
    ))
    await job.wait()

asyncio.run(main())
"""


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command)


async def opened(settings: Settings) -> Services:
    services = await open_services(settings)
    await services.sign_in(await services.accounts.sign_in("trader", PASSWORD, keep=False))
    return services


def files_of(settings: Settings) -> list[str]:
    return sorted(path.suffix for path in settings.locations.models.rglob("*") if path.is_file())


async def test_no_half_registered_model_is_left(
    stocked_settings: Settings, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    first = await open_services(stocked_settings)
    await sign_up(first, "trader")
    await first.features.create("momentum", "rocp(close, 10)")
    flag = tmp_path / "keeping"
    process = start(
        [sys.executable, "-W", "ignore", "-c", RUNNER, str(stocked_settings.locations.config),
         stocked_settings.mongodb.uri, stocked_settings.mongodb.database, PASSWORD, str(flag)],
    )  # fmt: skip
    try:
        eventually(lambda: flag.exists() or process.poll() is not None, 60)
        assert process.poll() is None
        (model,) = await first.models.list()
        await first.training.recover()
        living = await first.models.get(model.id)
        assert living.status is ModelStatus.TRAINING, "a living training is left alone"
        assert not living.is_ready
    finally:
        process.kill()
        process.wait()
    assert len(files_of(stocked_settings)) == 3  # an artifact, half of another, a lock
    await first.close()
    again = await opened(stocked_settings)
    try:
        (model,) = await again.models.list()
        assert model.status is ModelStatus.FAILED
        assert model.error
        assert not model.is_ready
        assert files_of(stocked_settings) == []
        with pytest.raises(NotFound) as none:
            await again.models.get("signal")
        assert f"none that was trained; {model.title} is failed" in none.value.hint
        assert (await again.models.get(model.title)).id == model.id, "as lists write it"
        job = await again.training.start(
            TrainingRequest("signal", ("SPX",), parameters={"rounds": 2}, features=("momentum",))
        )
        assert (await job.wait()).is_ready
        assert files_of(stocked_settings) == [".zip"]
    finally:
        await again.close()
