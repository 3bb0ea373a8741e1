"""A stretch of each real series, for peers that walk bar by bar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from quant_tui.engine import Bars
from tests.agreement import series


@pytest.fixture(params=series.SERIES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def frame(name: str) -> pd.DataFrame:
    return series.frame(name).iloc[:2000]


@pytest.fixture
def bars(frame: pd.DataFrame) -> Bars:
    return series.bars_of(frame)


@pytest.fixture
def close(frame: pd.DataFrame) -> np.ndarray:
    return frame["Close"].to_numpy()
