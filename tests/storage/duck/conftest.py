from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.database import DuckStore

MakeBars = Callable[..., pa.Table]


def make_bars(
    symbols: list[str], count: int, start: str = "2020-01-01", seed: int = 0, step: str = "D"
) -> pa.Table:
    """Bars of some symbols on consecutive days (or minutes), valid and seeded."""
    random = np.random.default_rng(seed)
    total = len(symbols) * count
    open_ = np.round(100 + random.random(total), 4)
    close = np.round(100 + random.random(total), 4)
    dates = np.datetime64(start, step) + np.arange(count)
    dates = dates.astype("datetime64[D]") if step == "D" else dates.astype("datetime64[us]")
    return pa.table(
        {
            "symbol": pa.array(np.repeat(symbols, count).tolist()),
            "date": pa.array(np.tile(dates, len(symbols))),
            "open": open_,
            "high": np.maximum(open_, close) + 1,
            "low": np.minimum(open_, close) - 1,
            "close": close,
            "volume": np.floor(random.random(total) * 1e6),
        }
    )


@pytest.fixture
def bars_of() -> MakeBars:
    return make_bars


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    store = DuckStore(tmp_path / "home" / "market.duckdb", wait_seconds=20)
    yield store
    store.close()


@pytest.fixture
def bars(store: DuckStore) -> BarRepository:
    return BarRepository(store)
