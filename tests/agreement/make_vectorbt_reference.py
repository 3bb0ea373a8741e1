"""Write vectorbt_reference.json: what vectorbt 1.2 finds on the series of conftest.py.

vectorbt brings a hundred packages, so that its figures are kept instead of itself.
Run it in an environment that has vectorbt==1.2.0 and arch:
``python tests/agreement/make_vectorbt_reference.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import vectorbt as vbt
from arch.data import nasdaq, sp500

START, STOP = 1500, 3500
PAIRS = [(5, 20), (10, 30), (20, 50), (50, 200), (3, 4)]


def sma(values: np.ndarray, window: int) -> np.ndarray:
    """Add the new value, divide, subtract the oldest."""
    out, total = np.full(len(values), np.nan), 0.0
    for row, value in enumerate(values):
        total += value
        if row >= window - 1:
            out[row] = total / window
            total -= values[row - window + 1]
    return out


def main() -> None:
    """Write the file beside this script."""
    found = []
    for name, module in (("sp500", sp500), ("nasdaq", nasdaq)):
        close = module.load().iloc[START:STOP]["Close"].astype(float)
        for short_window, long_window in PAIRS:
            fast = pd.Series(sma(close.to_numpy(), short_window), close.index)
            slow = pd.Series(sma(close.to_numpy(), long_window), close.index)
            run = vbt.Portfolio.from_signals(
                close,
                fast.vbt.crossed_above(slow),
                fast.vbt.crossed_below(slow),
                fees=0.001,
                init_cash=100_000.0,
                freq="1D",
            )
            orders, trades = run.orders.records, run.trades.records
            closed = trades[trades["status"] == 1]
            figures = run.returns().vbt.returns(freq="1D", year_freq="252 days")
            found.append(
                {
                    "series": name,
                    "short_window": short_window,
                    "long_window": long_window,
                    "orders": {
                        "row": orders["idx"].tolist(),
                        "quantity": (
                            orders["size"] * np.where(orders["side"] == 0, 1.0, -1.0)
                        ).tolist(),
                        "price": orders["price"].tolist(),
                        "commission": orders["fees"].tolist(),
                    },
                    "trades": {
                        "pnl": closed["pnl"].tolist(),
                        "return": closed["return"].tolist(),
                    },
                    "final_value": float(run.final_value()),
                    "total_return": float(run.total_return()),
                    "max_drawdown": float(run.max_drawdown()),
                    "sharpe_ratio": float(figures.sharpe_ratio()),
                    "sortino_ratio": float(figures.sortino_ratio()),
                    "calmar_ratio": float(figures.calmar_ratio()),
                    "omega_ratio": float(figures.omega_ratio()),
                    "cagr": float(figures.annualized()),
                    "annual_volatility": float(figures.annualized_volatility()),
                }
            )
    target = Path(__file__).with_name("vectorbt_reference.json")
    target.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
