"""Made panels: features that say something of the next return, and some that say nothing."""

from __future__ import annotations

import numpy as np

from quant_tui.ml.panel import Panel


def made_panel(
    symbols: int = 4,
    bars: int = 200,
    *,
    seed: int = 3,
    strength: float = 0.02,
    noise: float = 0.005,
) -> Panel:
    """Return a panel whose first feature foretells the next bar's return; the second is noise."""
    chance = np.random.default_rng(seed)
    signal = chance.normal(size=(bars, symbols))
    steps = np.zeros((bars, symbols))
    steps[1:] = strength * signal[:-1] + chance.normal(size=(bars - 1, symbols)) * noise
    values = np.stack((signal, chance.normal(size=(bars, symbols))), axis=2)
    return Panel(
        symbols=tuple(f"S{place}" for place in range(symbols)),
        dates=np.datetime64("2015-01-01") + np.arange(bars),
        columns=("signal", "noise"),
        values=values,
        close=100.0 * np.exp(np.cumsum(steps, axis=0)),
    )


def cut(panel: Panel, bars: int) -> Panel:
    """Return the first bars of a panel."""
    return Panel(
        panel.symbols, panel.dates[:bars], panel.columns, panel.values[:bars], panel.close[:bars]
    )
