"""The shipped files, read once, and the scripts that made them."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="session")
def folder() -> Path:
    return FOLDER


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def companies() -> list[dict[str, Any]]:
    return json.loads((FOLDER / "companies.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def bars() -> pd.DataFrame:
    return _dated(pd.read_parquet(FOLDER / "bars.parquet"))


@pytest.fixture(scope="session")
def actions() -> pd.DataFrame:
    return _dated(pd.read_parquet(FOLDER / "corporate_actions.parquet"))


@pytest.fixture(scope="session")
def economic() -> pd.DataFrame:
    return _dated(pd.read_parquet(FOLDER / "economic.parquet"))


@pytest.fixture(scope="session")
def make_sample_data() -> ModuleType:
    """The script as a module; it imports its sibling, as it does when it is run."""
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module("make_sample_data")
    finally:
        sys.path.remove(str(FOLDER))


@pytest.fixture(scope="session")
def synthetic(make_sample_data: ModuleType) -> ModuleType:
    return make_sample_data.synthetic


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(date=pd.to_datetime(table["date"]))
