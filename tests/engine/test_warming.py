"""The kernel is one piece of machine code for every kind of run, and equals its source."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.orders import Stops, from_signals
from quant_tui.engine.simulation.simulator import simulate
from quant_tui.engine.warming import is_kept, warm

CONFIGS = [
    {}, {"fill": "close", "finalize": "last_open"}, {"participation_cap": 0.1},
    {"allow_short": True, "borrow_rate": 0.1, "cash_rate": 0.02},
    {"slippage_model": "volume_share", "volume_impact": 0.1, "shares": "whole"},
    {"sizing": "equal_weight", "intrabar": "optimistic", "max_leverage": 2.0},
]  # fmt: skip


def simulations(random_bars):
    for seed, config in enumerate(CONFIGS):
        for count, gaps in ((1, False), (3, True)):
            bars = random_bars(seed, 200, count, gaps=gaps)
            random = np.random.default_rng(seed)
            chance = random.random(bars.close.shape)
            made = BacktestConfig(**{"commission": 0.001, **config})
            made = made.resolve(symbols=count, annualization=252)
            shorts = {"short_entry": (chance > 0.3) & (chance < 0.4) & bars.present}
            stops = Stops(np.full(chance.shape, 0.03), None, np.full(chance.shape, 0.05))
            orders = from_signals(
                bars, made, (chance < 0.1) & bars.present, (chance > 0.9) & bars.present,
                stops=stops if seed % 2 else None, **(shorts if made.allow_short else {}),
            )  # fmt: skip
            yield simulate(bars, made, orders)


def test_compiled_and_interpreted_kernels_give_the_same_bits(random_bars, monkeypatch):
    monkeypatch.setattr(type(kernel.execute), "sized", lambda self, steps: self.interpreted)
    slow = list(simulations(random_bars))
    monkeypatch.setattr(type(kernel.execute), "sized", lambda self, steps: self.compiled)
    fast = list(simulations(random_bars))
    for one, other in zip(slow, fast, strict=True):
        assert len(one.fills) > 5
        np.testing.assert_array_equal(one.equity, other.equity)
        for name in ("row", "symbol", "quantity", "price", "kind", "cash", "assumed"):
            np.testing.assert_array_equal(getattr(one.fills, name), getattr(other.fills, name))
        np.testing.assert_array_equal(one.drops.wanted, other.drops.wanted)
    assert len(kernel.execute.compiled.signatures) == 1


@pytest.mark.timeout(300)
def test_warming_leaves_the_kernel_ready_and_kept():
    warm()
    assert len(kernel.execute.compiled.signatures) == 1
    assert is_kept()


def test_warming_can_be_cancelled():
    asked = []
    warm(lambda: bool(asked.append(None)) or len(asked) > 2)
    assert len(asked) == 3
