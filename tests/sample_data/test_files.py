"""The shipped files are those of the manifest, and the script makes them again."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

SIZE_LIMIT = 3_000_000


def test_manifest_lists_the_files_with_their_checksums(
    folder: Path, manifest: dict[str, Any]
) -> None:
    data_files = {path.name for path in folder.iterdir() if path.suffix in (".parquet", ".json")}
    assert data_files == set(manifest["files"]) | {"manifest.json"}
    for name, entry in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name
        assert len(content) == entry["bytes"], name


def test_everything_is_small(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) < SIZE_LIMIT


def test_manifest_counts_rows_and_periods(
    manifest: dict[str, Any],
    bars: pd.DataFrame,
    actions: pd.DataFrame,
    economic: pd.DataFrame,
    companies: list[dict[str, Any]],
) -> None:
    rows = {name: entry["rows"] for name, entry in manifest["files"].items()}
    assert rows == {
        "bars.parquet": len(bars),
        "corporate_actions.parquet": len(actions),
        "economic.parquet": len(economic),
        "companies.json": len(companies),
    }
    for kind, table, key in (
        ("symbols", bars, "symbol"),
        ("indicators", economic, "indicator_type"),
    ):
        groups = table.groupby(key)
        assert set(manifest[kind]) == set(groups.groups)
        for name, group in groups:
            entry = manifest[kind][name]
            assert entry["rows"] == len(group)
            assert pd.Timestamp(entry["first"]) == group["date"].min()
            assert pd.Timestamp(entry["last"]) == group["date"].max()
            assert {entry["source"]} == set(group["source"])


@pytest.fixture(scope="module")
def made_again(make_sample_data: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("again")
    make_sample_data.main(output)
    return output


def test_the_script_makes_the_same_content_again(folder: Path, made_again: Path) -> None:
    for name in ("bars.parquet", "corporate_actions.parquet", "economic.parquet"):
        assert pq.read_table(made_again / name).equals(pq.read_table(folder / name)), name
    name = "companies.json"
    assert (made_again / name).read_bytes() == (folder / name).read_bytes()


def test_the_script_makes_the_same_bytes_again(
    folder: Path, made_again: Path, manifest: dict[str, Any]
) -> None:
    made_with = manifest["made_with"]
    installed = {name: importlib.metadata.version(name) for name in made_with}
    assert installed == made_with, "run sample_data/make_sample_data.py and commit what it makes"
    for name in [*manifest["files"], "manifest.json"]:
        assert (made_again / name).read_bytes() == (folder / name).read_bytes(), name


def test_provenance_tells_of_every_symbol_and_series(
    folder: Path, manifest: dict[str, Any], bars: pd.DataFrame
) -> None:
    text = (folder / "PROVENANCE.md").read_text(encoding="utf-8")
    table_rows = [line for line in text.splitlines() if line.startswith("| `")]
    described = {line.split("`")[1]: line for line in table_rows}
    for name, entry in (manifest["symbols"] | manifest["indicators"]).items():
        assert f"{entry['rows']:,}" in described[name], name
    for name in ("SPX", "IXIC"):
        assert manifest["symbols"][name]["first"] in described[name]
        assert manifest["symbols"][name]["last"] in described[name]
        without_volume = bars[(bars["symbol"] == name) & (bars["volume"] == 0)]["date"]
        for day in without_volume:
            assert day.date().isoformat() in text
    for event in manifest["events"]:
        for key in ("date", "start", "end"):
            if key in event:
                assert event[key] in described[event["symbol"]]
    assert str(manifest["seed"]) in text
    for path in manifest["inputs"]:
        assert path.split("/")[0] in text


def test_notices_hold_the_licences_of_the_packages() -> None:
    notices = (Path(__file__).parents[2] / "NOTICES.md").read_text(encoding="utf-8")
    for words in (
        "Copyright (c) 2017 Kevin Sheppard",
        "statsmodels Developers",
        "Server Side Public License",
        "GPL-2.0",
    ):
        assert words in notices
