"""A promotion killed with kill -9 in its middle: what stands, champion and status agree."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from quant_tui.config.settings import Settings
from quant_tui.domain.base import utc_now
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import DeploymentEnvironment, ModelStatus, ModelType
from quant_tui.services.composition import open_services
from quant_tui.storage.mongo.store import _TRANSACTION_SECONDS
from tests.accounts import PASSWORD, sign_up
from tests.faults.test_killed_training import opened, start

RUNNER = """
import asyncio, sys, time
from dataclasses import replace
from pathlib import Path
from quant_tui.config.settings import MongoSettings, load_settings
from quant_tui.domain.vocabulary import DeploymentEnvironment
from quant_tui.services.composition import open_services
from quant_tui.storage.mongo.repository import Repository

async def main():
    home, uri, database, password, flag = sys.argv[1:]
    found = load_settings(Path(home), environment={})
    services = await open_services(
        replace(found, mongodb=MongoSettings(uri=uri, database=database))
    )
    await services.sign_in(await services.accounts.sign_in("trader", password, keep=False))
    update, done = Repository.update, []
    async def stuck(self, entity, *, session=None):
        done.append(await update(self, entity, session=session))
        if len(done) == 1:  # the deployment is written and one of the models, not the other
            Path(flag).touch()
            time.sleep(600)
        return done[-1]
    Repository.update = stuck
    models, deployments = services.models, services.deployments
    new, old = await models.get("signal@0.2.0"), await models.get("signal@0.1.0")
    await deployments._deploy(new, DeploymentEnvironment.PROD, old, {})  # past its gates

asyncio.run(main())
"""


async def test_there_is_one_truth(
    settings: Settings, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    first = await open_services(settings)
    user = await sign_up(first, "trader")
    mine = first.stores.repositories.for_user(user.id)
    for version in ("0.1.0", "0.2.0"):
        await mine.ml_models.create(
            MLModel(
                name="signal", version=version, model_type=ModelType.LIGHTGBM,
                trained_at=utc_now(), user_id=user.id,
            )
        )  # fmt: skip
    old = await first.models.get("signal@0.1.0")
    await first.deployments._deploy(old, DeploymentEnvironment.PROD, None, {})
    # less time than a server of ours gives it, which has to be less than we try again
    admin = first.stores.metadata.database.client.admin
    limit = {"setParameter": 1, "transactionLifetimeLimitSeconds": 2}
    usual = (await admin.command(limit))["was"]
    assert usual * 1.5 < _TRANSACTION_SECONDS, "what has expired is looked for at half that time"
    flag = tmp_path / "promoting"
    process = start(
        [sys.executable, "-W", "ignore", "-c", RUNNER, str(settings.locations.config),
         settings.mongodb.uri, settings.mongodb.database, PASSWORD, str(flag)],
    )  # fmt: skip
    try:
        eventually(lambda: flag.exists() or process.poll() is not None, 60)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    await first.close()
    again = await opened(settings)
    try:
        standing = await again.models.get("signal@prod")
        assert (await again.models.get("signal@champion")).id == standing.id
        versions = await again.models.versions("signal")
        assert [one.id for one in versions if one.status is ModelStatus.PRODUCTION] == [standing.id]
        assert [one.id for one in versions if "champion" in one.aliases] == [standing.id]
        # what the killed process had begun is in the way until the server gives it up
        new = await again.models.get("signal@0.2.0")
        await again.deployments._deploy(new, DeploymentEnvironment.PROD, standing, {})
        assert (await again.models.get("signal@prod")).version == "0.2.0"
    finally:
        admin = again.stores.metadata.database.client.admin
        await admin.command({**limit, "transactionLifetimeLimitSeconds": usual})
        await again.close()
