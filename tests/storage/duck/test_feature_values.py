"""Kept values of features: only for the very same data, and not without end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.feature_values import FeatureValueRepository, KeptValues


def test_values_are_kept_by_what_they_are_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DuckStore(tmp_path / "market.duckdb")
    store.migrate()
    kept = FeatureValueRepository(store)
    first, second = np.array([np.nan, 1.5, -0.0]), np.array([2.0])
    kept.write("1d", [KeptValues("a", "삼성", "h1", first), KeptValues("b", "X", "h2", second)])
    kept.write("1d", [])
    wanted = {("a", "삼성"): "h1", ("b", "X"): "other", ("b", "삼성"): "h2"}
    found = kept.read("1d", wanted)
    assert list(found) == [("a", "삼성")], "other data, other values"
    np.testing.assert_array_equal(found["a", "삼성"], first)
    assert kept.read("1wk", wanted) == {}
    assert kept.read("1d", {}) == {}

    kept.write("1d", [KeptValues("b", "X", "other", first)])
    assert set(kept.read("1d", wanted)) == {("a", "삼성"), ("b", "X")}
    assert kept.read("1d", {("b", "X"): "h2"}) == {}, "it was replaced"

    monkeypatch.setattr("quant_tui.storage.duck.feature_values.MOST_ROWS", 1)
    kept.write("1d", [KeptValues("c", "X", "h3", second)])
    assert set(kept.read("1d", {**wanted, ("c", "X"): "h3"})) == {("c", "X")}
    store.close()


def test_more_is_read_than_there_is_room_for_while_only_reading(tmp_path: Path) -> None:
    """DuckDB unpacks 2,048 of these rows at a time: 74 MB, in one piece of 128."""
    store = DuckStore(tmp_path / "market.duckdb", reading_limit="100MB")
    kept = FeatureValueRepository(store)
    values = np.random.default_rng(1).normal(size=4_500)
    symbols = [f"S{number}" for number in range(2_048)]
    kept.write("1d", [KeptValues("a", one, "h", values) for one in symbols])
    found = kept.read("1d", {("a", one): "h" for one in symbols})
    assert len(found) == len(symbols)
    with store.read() as connection:
        ((limit, threads),) = connection.execute(
            "SELECT current_setting('memory_limit'), current_setting('threads')"
        ).fetchall()
    assert (limit, threads) == ("95.3 MiB", 2)
    store.close()
