"""Deployed models asked as bars arrive: the log, what came true, drift and age."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from quant_tui.domain.errors import InsufficientData
from quant_tui.ml.splits import Split
from quant_tui.ml.targets import Target
from quant_tui.services import scoring as module
from quant_tui.services.composition import Services
from quant_tui.services.market_data import ImportRequest
from quant_tui.services.scoring import ModelWarning
from quant_tui.services.training_request import TrainingRequest

DAYS = np.busday_offset("2015-01-01", np.arange(420), roll="forward")
REQUEST = TrainingRequest(
    "signal", ("S0", "S1"), features=("momentum",), target=Target("return", 2),
    split=Split(test_share=0.3), parameters={"rounds": 5}, refit=True,
)  # fmt: skip


def bars_file(folder: Path, count: int, *, scale: float = 0.01) -> Path:
    """Write the first bars of two symbols; those after the 400th move by ``scale``."""
    chance = np.random.default_rng(5)
    lines = ["symbol,date,open,high,low,close,volume"]
    for number in range(2):
        steps = chance.normal(size=420) * 0.01
        steps[400:] *= scale / 0.01
        prices = 50 * np.exp(np.cumsum(steps))
        for day, price in list(zip(DAYS, prices, strict=True))[:count]:
            lines.append(f"S{number},{day},{price},{price * 1.01},{price * 0.99},{price},1000")
    path = folder / f"bars{count}.csv"
    path.write_text("\n".join(lines))
    return path


async def import_bars(services: Services, path: Path) -> None:
    await services.market_data.start_import(ImportRequest(path)).wait()


async def settled(services: Services) -> None:
    """Let the time pass in which word of bars is gathered, and wait for what it begins."""
    await services.scoring._arrivals.flush()
    for job in services.jobs.active:
        await job.wait()


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER_SECONDS", 600.0)


async def test_what_deployed_models_say_is_written_down_as_bars_arrive(
    services: Services, tmp_path: Path
) -> None:
    await import_bars(services, bars_file(tmp_path, 400))
    await settled(services)
    assert services.jobs.active == []
    await services.features.create("momentum", "rocp(close, 2)")
    model = await (await services.training.start(REQUEST)).wait()
    await services.deployments.promote(model.id, "prod", reason="first")
    with pytest.raises(InsufficientData, match="20 are needed"):
        await services.scoring.drift("signal@prod")
    told: list[ModelWarning] = []
    services.model_feed.subscribe(told.extend)

    # the first time the newest date alone, then each that is new
    scored = await services.scoring.start().wait()
    assert [one.date for one in scored.records] == [moment(DAYS[399])]
    assert scored.records[0].symbols == ["S0", "S1"]
    await import_bars(services, bars_file(tmp_path, 405))
    await settled(services)
    log = await services.prediction_logs.read("signal")
    dates = list(dict.fromkeys(one.record.date for one in log.lines))
    assert dates == [moment(day) for day in DAYS[399:405][::-1]]
    assert len(log.lines) == 12
    # a return over two bars is known of all dates but the last two
    assert log.known == 8
    assert [one.came is None for one in log.lines] == [True] * 4 + [False] * 8
    close = (await services.market_data.load_bars(["S0", "S1"])).close
    first = log.lines[-2:]
    assert [one.symbol for one in first] == ["S0", "S1"]
    assert [one.came for one in first] == pytest.approx(close[401] / close[399] - 1.0)
    assert log.rmse is not None
    said = await services.predictions.predict("signal@prod", start=DAYS[404].item())
    assert [one.value for one in log.lines[:2]] == pytest.approx(said.values[-1])
    assert told == []

    # what was said stands, though its bars are mended; far wilder bars are a drift
    await import_bars(services, bars_file(tmp_path, 420, scale=0.5))
    await settled(services)
    again = await services.prediction_logs.read("signal", limit=100)
    kept = {(one.record.id, one.symbol): one.value for one in again.lines}
    assert all(kept[one.record.id, one.symbol] == one.value for one in log.lines)
    found = await services.scoring.drift("signal@prod")
    assert [one.name for one in found.lines] == ["forecasts", "momentum"]
    assert found.lines[1].verdict == "much"
    assert [one.kind for one in told] == ["drift"]
    assert "drifted since it was trained: PSI" in told[0].text
    [standing] = await services.deployments.standing()
    assert standing.config["drift"]["verdict"] == "much"
    assert standing.config["reason"] == "first"

    # told once; and what is old is said by the dates of the bars
    await services.scoring.start().wait()
    assert len(told) == 1
    services.scoring._expire_days = 20
    kinds = [one.kind for one in await services.scoring.warnings()]
    assert kinds == ["drift", "expired"]
    services.scoring._expire_days = 0
    assert [one.kind for one in await services.scoring.warnings()] == ["drift"]
    # a model that cannot be asked is a warning, and keeps no other from being asked
    damage(services.models.artifact_place(model))
    services.models._loaded.clear()
    await services.scoring.start().wait()
    assert [one.kind for one in told] == ["drift", "failed"]


async def test_only_deployed_models_are_asked(services: Services, tmp_path: Path) -> None:
    await import_bars(services, bars_file(tmp_path, 400))
    await services.features.create("momentum", "rocp(close, 2)")
    await (await services.training.start(REQUEST)).wait()
    await settled(services)
    await import_bars(services, bars_file(tmp_path, 405))
    await settled(services)
    assert "scoring" not in {one.kind for one in services.jobs.jobs}
    assert (await services.prediction_logs.read("signal")).lines == ()


def damage(path: str) -> None:
    Path(path).write_bytes(b"damaged")


def moment(day: np.datetime64) -> datetime:
    return datetime.combine(day.item(), datetime.min.time(), UTC)
