"""Bundles: the same result anywhere, and nothing of a bad one is used."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import pickle
import random
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput, QuantError
from quant_tui.domain.trading import Backtest, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine import BacktestConfig, Bars, run_backtest
from quant_tui.engine.rules import parse_document
from quant_tui.engine.templates import TEMPLATES
from quant_tui.services import bundle_archive
from quant_tui.services.backtest_bundle import Bundle
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.backtest_request import BacktestRequest, PreparedBacktest
from quant_tui.services.backtest_rerun import compare_rerun, make_bundle, rerun_bundle
from quant_tui.services.backtest_result import result_of
from quant_tui.services.composition import Services
from quant_tui.services.result_hash import result_hash

Members = dict[str, bytes]


def bars(seed: int = 1, rows: int = 120) -> Bars:
    """Return bars of two symbols, one of which is listed late."""
    draw = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.01, (rows, 2)), axis=0))
    close[:10, 1] = np.nan
    days = np.busday_offset("2020-01-06", np.arange(rows))
    return Bars(["A", "나"], days, close, close * 1.01, close * 0.99, close)


def report(of: Bars, benchmark: np.ndarray | None = None) -> BacktestReport:
    """Return a kept run."""
    prepared = PreparedBacktest(
        strategy=parse_document(TEMPLATES["SMA_CROSSOVER"].document),
        strategy_id="", strategy_name="SMA", params={"short_window": 3, "long_window": 8},
        symbols=of.symbols, start=None, end=date(2021, 1, 1), config=BacktestConfig(),
        benchmark="A" if benchmark is not None else "",
    )  # fmt: skip
    found = run_backtest(
        of, prepared.strategy, prepared.params, prepared.config, benchmark=benchmark
    )
    result: BacktestResult = result_of(
        found.to_document(), backtest_id="1", execution_id="", user_id="", issues=[], provenance=[]
    )
    backtest = Backtest(
        id="1", name="run", user_id="", config=prepared.snapshot(), status=RunStatus.COMPLETED
    )
    return BacktestReport(backtest, None, result)


@pytest.fixture(scope="module")
def packed() -> bytes:
    """The bytes of a good bundle."""
    made = bars()
    return make_bundle(report(made), made, None).to_bytes()


def members_of(packed: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Members) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def resealed(members: Members) -> bytes:
    """Return a bundle whose manifest names the hashes of what was changed."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in members.items()
        if name != "manifest.json"
    }
    return zipped({**members, "manifest.json": json.dumps(manifest).encode()})


def refused(path: Path, content: bytes) -> str:
    """Return in which one line a bundle is refused."""
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as error:
        rerun_bundle(path)
    assert error.value.field == "bundle"
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_bundle_gives_the_same_result_and_the_same_bytes(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "run.zip"
    path.write_bytes(packed)
    rerun = rerun_bundle(path)
    assert rerun.same
    assert all(rerun.equal.values())
    assert rerun.differences == ()
    assert rerun.figures == ()
    document = rerun.to_document()
    assert document["rerun"]["before"] == document["rerun"]["after"] == document["fingerprint"]
    assert Bundle.read(path).to_bytes() == packed


def test_a_benchmark_travels_with_its_run(tmp_path: Path) -> None:
    made = bars()
    levels = made.close[:, 0].copy()
    levels[:3] = np.nan
    path = tmp_path / "run.zip"
    path.write_bytes(make_bundle(report(made, levels), made, levels).to_bytes())
    assert rerun_bundle(path).same
    with pytest.raises(InvalidInput, match="the benchmark changed since it ran"):
        make_bundle(report(made, levels), made, levels * np.linspace(1, 2, len(levels)))


def test_a_run_whose_bars_changed_is_not_bundled() -> None:
    with pytest.raises(InvalidInput, match="the data changed since it ran"):
        make_bundle(report(bars()), bars(seed=2), None)


def test_a_rerun_that_differs_says_in_what() -> None:
    before, after = report(bars()), report(bars(seed=2))
    rerun = compare_rerun(before, after)
    assert not rerun.same
    assert [part for part, equal in rerun.equal.items() if not equal] == ["data", "result"]
    assert [(one.area, one.field) for one in rerun.differences] == [("data", "fingerprint")]
    assert "total_return" in {one.figure.key for one in rerun.figures}
    with pytest.raises(InvalidInput, match="no result to compare with"):
        compare_rerun(replace(before, result=None), after)


def test_a_cut_file_is_refused(tmp_path: Path, packed: bytes) -> None:
    for length in (0, 1, 100, len(packed) // 2, len(packed) - 30, len(packed) - 1):
        assert "damaged" in refused(tmp_path / "cut.zip", packed[:length])


def test_no_flipped_byte_gives_another_result(tmp_path: Path, packed: bytes) -> None:
    """Every flip is refused, or fell on a byte that says nothing (a date, a file mode)."""
    path = tmp_path / "flipped.zip"
    path.write_bytes(packed)
    good = Bundle.read(path).to_bytes()
    draw = random.Random(7)
    count = 0
    for _ in range(150):
        changed = bytearray(packed)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        try:
            assert Bundle.read(path).to_bytes() == good
        except InvalidInput:
            count += 1
    assert count > 100


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../../etc/passwd", "which no bundle has"),
        ("/abs.npy", "which no bundle has"),
        ("bars/../result.json", "which no bundle has"),
        ("bars\\close.npy", "which no bundle has"),
        ("result.json", "twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_does_not_belong_is_refused(
    tmp_path: Path, packed: bytes, name: str, said: str
) -> None:
    target = io.BytesIO(packed)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, b"{}")
    assert said in refused(tmp_path / "more.zip", target.getvalue())
    assert [one.name for one in tmp_path.iterdir()] == ["more.zip"]


def test_a_missing_or_swapped_member_is_refused(tmp_path: Path, packed: bytes) -> None:
    path, members = tmp_path / "swapped.zip", members_of(packed)
    other_bars = bars(seed=2)
    other = members_of(make_bundle(report(other_bars), other_bars, None).to_bytes())
    for name in members:
        assert f"{name} is missing" in refused(
            path, zipped({key: value for key, value in members.items() if key != name})
        )
        if members[name] != other[name]:
            refused(path, zipped({**members, name: other[name]}))
            refused(path, resealed({**members, name: other[name]}))
    said = refused(path, resealed({**members, "result.json": other["result.json"]}))
    assert "of another run than its manifest" in said
    said = refused(path, resealed({**members, "bars/close.npy": other["bars/close.npy"]}))
    assert "bars are not those of its result" in said
    changed = json.loads(members["result.json"])
    changed["performance"]["total_return"] = 9.99
    said = refused(path, resealed({**members, "result.json": json.dumps(changed).encode()}))
    assert "figures in result.json are not those" in said


def test_what_would_unpack_to_too_much_is_refused_unread(
    tmp_path: Path, packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, members = tmp_path / "bomb.zip", members_of(packed)
    monkeypatch.setattr(bundle_archive, "LARGEST_MEMBER", 1 << 20)
    bomb = zipped({**members, "bars/close.npy": bytes(2 << 20)})
    assert "unpacks to more than" in refused(path, bomb)
    lying = bytearray(bomb)
    size = (2 << 20).to_bytes(4, "little")
    for at in range(len(lying) - 4):
        if lying[at : at + 4] == size:
            lying[at : at + 4] = (100).to_bytes(4, "little")
    assert "damaged" in refused(path, bytes(lying))
    monkeypatch.setattr(bundle_archive, "LARGEST_TOTAL", 1000)
    assert "it unpacks to more than" in refused(path, packed)
    monkeypatch.setattr(bundle_archive, "LARGEST_FILE", 1000)
    assert "it is larger than" in refused(path, packed)


def _array(write: Callable[[io.BytesIO], None]) -> bytes:
    target = io.BytesIO()
    write(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bars/close.npy", _array(lambda to: np.save(to, np.array([print]), allow_pickle=True))),
        ("bars/close.npy", pickle.dumps(1)),
        ("bars/close.npy", b""),
        (
            "bars/close.npy",
            _array(lambda to: np.lib.format.write_array_header_1_0(
                to, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 10**6)})),
        ),
        ("bars/close.npy", _array(lambda to: np.save(to, np.zeros((120, 2))))),
        ("bars/dates.npy", _array(lambda to: np.save(to, np.zeros(120)))),
        ("bars/symbols.json", b'{"symbols": "A"}'),
        ("bars/symbols.json", b'{"symbols": [["A"], {}]}'),
        ("bars/symbols.json", b"[]"),
        ("result.json", b"[" * 100_000),
        ("result.json", b'{"name": NaN}'),
        ("result.json", b"\xff"),
        ("result.json", b"{}"),
        ("manifest.json", b'{"format": "other", "members": {}}'),
    ],
)  # fmt: skip
def test_content_that_is_not_a_bundles_is_refused(
    tmp_path: Path, packed: bytes, name: str, content: bytes
) -> None:
    members = {**members_of(packed), name: content}
    refused(tmp_path / "bad.zip", zipped(members) if name == "manifest.json" else resealed(members))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(config={}),
        lambda one: one.update(config=[]),
        lambda one: one["config"].update(strategy=None),
        lambda one: one["config"].update(start_date="tomorrow"),
        lambda one: one["config"].update(commission="much"),
        lambda one: one["config"].update(unknown=1),
        lambda one: one["config"]["strategy"].update(document={"entry": "__import__('os')"}),
        lambda one: one.update(details=[]),
        lambda one: one["details"].update(data=["A"]),
        lambda one: one["details"].update(data=[{}]),
        lambda one: one["performance"].update(cagr="much"),
        lambda one: one.update(performance=[]),
        lambda one: one["portfolio_value"].update(date={"a": 1}),
        lambda one: one.update(trades="all"),
        lambda one: one.update(name=5),
    ],
)
def test_a_bundle_that_asks_for_what_cannot_be_run_is_refused(
    tmp_path: Path, packed: bytes, change: Callable[[dict[str, Any]], None]
) -> None:
    members = members_of(packed)
    document = json.loads(members["result.json"])
    change(document)
    document["fingerprint"]["result"] = result_hash(document)
    manifest = {**json.loads(members["manifest.json"]), "fingerprint": document["fingerprint"]}
    members["manifest.json"] = json.dumps(manifest).encode()
    path = tmp_path / "asks.zip"
    path.write_bytes(resealed({**members, "result.json": json.dumps(document).encode()}))
    with pytest.raises(QuantError) as error:
        rerun_bundle(path)
    assert "\n" not in str(error.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.zip", Path("/dev/zero")):
        with pytest.raises(InvalidInput, match="it is not a file"):
            rerun_bundle(path)


async def test_a_stored_run_is_bundled_privately_and_runs_without_its_store(
    stocked: Services, tmp_path: Path
) -> None:
    request = BacktestRequest(
        symbols=("SPX", "FABEL.SYN"), strategy_type="SMA_CROSSOVER", benchmark="IXIC",
        start=date(2015, 1, 1),
    )  # fmt: skip
    kept = await (await stocked.backtests.start(request)).wait()
    (path,) = await stocked.backtests.export(
        kept.backtest.id, tmp_path / "run.zip", file_format="bundle"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(path.parent.glob(".*.tmp"))
    rerun = rerun_bundle(path)
    assert rerun.same
    assert rerun.before.to_document()["performance"] == kept.to_document()["performance"]
    await asyncio.to_thread(stocked.stores.bars.delete, ("FABEL.SYN",))
    with pytest.raises(QuantError, match="FABEL"):
        await stocked.backtests.export(
            kept.backtest.id, tmp_path / "again.zip", file_format="bundle"
        )
    assert not (tmp_path / "again.zip").exists()
