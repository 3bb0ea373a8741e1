"""``model``: from training to production and back from the command line, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import Run

LONGEST = 402


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    return write_bars(tmp_path / "bars.csv", 400)


def write_bars(file: Path, count: int) -> Path:
    """Write bars of four symbols, of which the last return says something of the next."""
    chance = np.random.default_rng(5)
    days = np.busday_offset("2015-01-01", np.arange(LONGEST), roll="forward")[:count]
    lines = ["symbol,date,open,high,low,close,volume"]
    for number in range(4):
        steps = chance.normal(size=LONGEST) * 0.01
        steps[1:] += 0.6 * steps[:-1]
        prices = 50 * np.exp(np.cumsum(steps))[:count]
        for day, price in zip(days, prices, strict=True):
            lines.append(f"S{number},{day},{price},{price * 1.01},{price * 0.99},{price},1000")
    file.write_text("\n".join(lines))
    return file


def _json(run: Run, *arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(300)
def test_from_training_to_production_and_back(run: Run, bars: Path) -> None:
    assert run("data", "import", str(bars)).returncode == 0
    train = ("model", "train", "--type", "lightgbm", "--symbols", "S0,S1,S2,S3", "--target",
             "return:1", "--param", "rounds=20")  # fmt: skip
    first = _json(run, *train, "--experiment", "tries", "--seed", "2")
    assert (first["name"], first["version"], first["model_type"]) == (
        "signal", "0.1.0", "LightGBM"
    )  # fmt: skip
    assert first["is_trained"]
    assert first["metrics"]["rank_ic"] > 0.2
    assert first["metrics"].keys() == first["baselines"]["mean"].keys()
    assert Path(first["artifact_path"]).is_file()
    assert first["lineage"]["artifact_hash"] in first["artifact_path"]
    assert len(first["features"]) == 6

    deployed = _json(run, "model", "promote", "signal", "--reason", "the first")
    assert (deployed["environment"], deployed["replaced"]) == ("prod", None)
    assert deployed["deployed_by"]
    second = _json(run, *train, "--experiment", "tries", "--param", "learning_rate=0.0001")
    assert second["version"] == "0.2.0"
    refused = run("model", "promote", "signal@0.2.0", "--metric", "rmse")
    assert refused.returncode == 1
    assert "better was" in refused.stderr
    assert refused.stderr.count("\n") == 1
    _json(run, "model", "promote", "signal@0.2.0", "--force", "--reason", "a test")
    listed = {one["version"]: one["status"] for one in _json(run, "model", "list")}
    assert listed == {"0.1.0": "archived", "0.2.0": "production"}
    back = _json(run, "model", "rollback", "signal")
    assert (back["version"], back["replaced"]) == ("0.1.0", "0.2.0")
    assert _json(run, "model", "show", "signal@prod")["version"] == "0.1.0"
    history = _json(run, "model", "history", "signal")
    assert [one["status"] for one in history] == ["deployed", "rollback", "superseded"]
    today = history[0]["deployed_at"][:10]
    stood = _json(run, "model", "history", "signal", "--on", today)
    assert [one["version"] for one in stood] == ["0.1.0"]
    assert _json(run, "model", "history", "signal", "--on", "2001-01-01") == []

    found = _json(run, "model", "predict", "signal@prod", "--symbols", "S1")
    known = found["known_until"]
    values = dict(zip(found["date"], found["predictions"]["S1"], strict=True))
    assert all(value is None for day, value in values.items() if day < known)
    assert all(value is not None for day, value in values.items() if day >= known)
    traded = _json(
        run, "backtest", "run", "--strategy", "ML_SIGNAL", "--symbols", "S1,S2", "--no-save"
    )
    assert traded["trades"]
    assert min(one["date"] for one in traded["trades"]) > known

    scored = _json(run, "model", "score")
    assert [one["model"] for one in scored["dates"]] == ["signal@0.1.0"]
    # bars that a command brings are foretold by that command
    imported = run("data", "import", str(write_bars(bars, LONGEST)))
    assert "Deployed models were asked: 2 dates written down." in imported.stderr
    log = _json(run, "model", "predictions", "signal")
    assert (log["count"], log["known"]) == (12, 8)
    assert {one["verdict"] for one in _json(run, "model", "drift", "signal@prod")["lines"]} <= {
        "stable", "some", "much",
    }  # fmt: skip
    scenario = ("model", "scenario")
    made = _json(run, *scenario, "create", "late", "--symbols", "S0,S1,S2,S3", "--window",
                 "end=2016-04-01..2016-07-01", "--costs", "0,0.001")  # fmt: skip
    assert made["results"] is None
    done = _json(run, *scenario, "run", "late", "--models", "signal@0.1.0,signal@0.2.0")
    assert {one["state"] for one in done["results"]["windows"][0]["models"]} == {"out of sample"}
    assert [one["model"] for one in done["results"]["models"]] == ["signal@0.1.0", "signal@0.2.0"]
    assert "signal@0.2.0" in run(*scenario, "show", "late").stdout
    for wrong in ("1.5", "nan", "inf"):
        assert run(*scenario, "change", "late", "--horizons", wrong).returncode == 2
    first = run(*scenario, "change", "late", "--gate", "--description", "bell\a")
    assert (first.returncode, first.stderr, "\a" in first.stdout) == (0, "", False)
    second = run(*scenario, "create", "later", "--symbols", "S0", "--gate",
                 "--window", "end=2016-04-01..2016-07-01")  # fmt: skip
    assert "no longer in late." in second.stderr
    assert run(*scenario, "create", "none", "--window", "a").returncode == 2

    runs = _json(run, "model", "runs", "tries")
    assert "learning_rate" in runs["differing"]
    assert {one["version"] for one in runs["runs"]} == {"0.1.0", "0.2.0"}
    noted = _json(run, "model", "experiment", "change", "tries", "--notes", "a\a b")
    assert noted == _json(run, "model", "experiment", "list")[0]
    kept = run("model", "experiment", "delete", "tries")
    assert (kept.returncode, "has models" in kept.stderr) == (1, True)
    shown = run("model", "show", "signal")
    for text in ("Out of sample", "mean", "Importance: ", "Learned until"):
        assert text in shown.stdout
    assert "production" in run("model", "list").stdout
    for wrong, code, text in [
        (("train", "--symbols", "S0", "--type", "xgboost"), 1, "There are"),
        (("train", "--symbols", "S0", "--space", "num_leaves=int:2:9"), 2, "--trials"),
        (("train", "--symbols", "NOPE"), 1, "NOPE"),
        (("show", "other"), 1, "There is no model"),
        (("delete", "signal@0.2.0"), 1, "Archive it instead"),
        (("predict", "signal", "--start", "soon"), 2, "YYYY-MM-DD"),
    ]:
        done = run("model", *wrong)
        assert (done.returncode, text in done.stderr) == (code, True), done.stderr
