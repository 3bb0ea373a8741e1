"""Real series for comparisons with other libraries."""

from __future__ import annotations

from collections.abc import Callable

import arch.data.nasdaq
import arch.data.sp500
import numpy as np
import pandas as pd
import pytest

from quant_tui.engine import Bars

START, STOP = 1500, 3500


def _frame(name: str) -> pd.DataFrame:
    module = {"sp500": arch.data.sp500, "nasdaq": arch.data.nasdaq}[name]
    frame = module.load().iloc[START:STOP].copy()
    frame["High"] = frame[["Open", "High", "Low", "Close"]].max(axis=1)
    frame["Low"] = frame[["Open", "High", "Low", "Close"]].min(axis=1)
    return frame[["Open", "High", "Low", "Close", "Volume"]].astype(float)


@pytest.fixture(params=["sp500", "nasdaq"])
def frame(request: pytest.FixtureRequest) -> pd.DataFrame:
    return _frame(request.param)


def _bars(frame: pd.DataFrame) -> Bars:
    return Bars(
        ["INDEX"], frame.index.to_numpy(), *(frame[name].to_numpy() for name in frame.columns)
    )


@pytest.fixture
def bars(frame: pd.DataFrame) -> Bars:
    return _bars(frame)


@pytest.fixture
def real_bars() -> Callable[[str], Bars]:
    return lambda name: _bars(_frame(name))


@pytest.fixture
def close(frame: pd.DataFrame) -> np.ndarray:
    return frame["Close"].to_numpy()
