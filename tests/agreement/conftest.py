"""A stretch of each real series, for peers that walk bar by bar."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from quant_tui.engine import Bars
from tests.agreement import series


@pytest.fixture(params=series.SERIES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def peer_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the workers of a run from compiling vectorbt at once.

    What numba keeps for it lies in one folder, and of two that write there at the same moment
    either may find the other's code from then on.
    """
    shared = tmp_path_factory.getbasetemp().parent
    with (shared / "vectorbt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def frame(name: str) -> pd.DataFrame:
    return series.frame(name).iloc[:2000]


@pytest.fixture
def bars(frame: pd.DataFrame) -> Bars:
    return series.bars_of(frame)


@pytest.fixture
def close(frame: pd.DataFrame) -> np.ndarray:
    return frame["Close"].to_numpy()
