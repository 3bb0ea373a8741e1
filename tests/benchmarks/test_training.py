"""Training beside the bare library: 500 symbols, ten years, twenty features."""

from __future__ import annotations

import threading
import time

import lightgbm
import numpy as np
import pytest

from quant_tui.ml.models.registry import checked_parameters, model_kind
from quant_tui.ml.panel import Panel
from quant_tui.ml.splits import Split, folds_of
from quant_tui.ml.targets import Target, labels_of
from quant_tui.ml.training import Plan, train

SYMBOLS, BARS, FEATURES, ROUNDS = 500, 2520, 20, 50
KEYS_WITHIN = 0.05
"""Seconds in which another thread has to get its turn while a model learns."""


@pytest.fixture(scope="module")
def panel() -> Panel:
    chance = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(chance.normal(size=(BARS, SYMBOLS)) * 0.02, axis=0))
    return Panel(
        tuple(f"S{place}" for place in range(SYMBOLS)),
        np.datetime64("2010-01-01") + np.arange(BARS),
        tuple(f"f{place}" for place in range(FEATURES)),
        chance.normal(size=(BARS, SYMBOLS, FEATURES)),
        close,
    )


class Ticking:
    """Takes turns in a thread of its own; the longest wait for one is kept."""

    def __enter__(self) -> Ticking:
        self.waits: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _tick(self) -> None:
        while not self._over.is_set():
            before = time.perf_counter()
            time.sleep(0.005)
            self.waits.append(time.perf_counter() - before - 0.005)


@pytest.mark.slow_benchmark
@pytest.mark.timeout(600)
def test_training_takes_at_most_twice_the_bare_library(panel: Panel) -> None:
    kind, target = model_kind("LightGBM"), Target("return", 5)
    split = Split("holdout", validation_share=0.0)
    plan = Plan(target, split, checked_parameters(kind, {"rounds": ROUNDS}), patience=0)

    with Ticking() as ticking:
        start = time.process_time()
        trained = train(panel, kind, plan)
        ours = time.process_time() - start

    samples = labels_of(panel.close, target).samples(panel)
    fold = folds_of(samples, split)[0]
    learned, tested = samples.take(fold.train), samples.take(fold.test)
    features = panel.values[learned.rows, learned.columns]
    later = panel.values[tested.rows, tested.columns]
    start = time.process_time()
    booster = lightgbm.train(
        {"objective": "regression", "learning_rate": 0.05, "num_threads": 1, "verbosity": -1},
        lightgbm.Dataset(features, learned.values),
        ROUNDS,
    )
    booster.predict(later, num_threads=1)
    bare = time.process_time() - start

    waits = np.sort(ticking.waits)
    late = float(np.quantile(waits, 0.99))
    print(  # noqa: T201 -- the figures of the benchmark
        f"\n{trained.samples:,} samples: ours {ours:.1f} s, LightGBM alone {bare:.1f} s,"
        f" ratio {ours / bare:.2f}; another thread waited {late * 1e3:.0f} ms (99 %),"
        f" {waits[-1] * 1e3:.0f} ms at most"
    )
    assert ours < 2.0 * bare
    assert late < KEYS_WITHIN
