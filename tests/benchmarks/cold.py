"""Processes that start with nothing: one backtest, and the compiled loops."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.measure import ROOT

PEER = """
import sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

class Crossing(Strategy):
    def init(self):
        self.fast = self.I(lambda x: pd.Series(x).rolling(20).mean(), self.data.Close)
        self.slow = self.I(lambda x: pd.Series(x).rolling(50).mean(), self.data.Close)
    def next(self):
        if crossover(self.fast, self.slow):
            self.buy()
        elif crossover(self.slow, self.fast):
            self.position.close()

frame = pd.read_csv(sys.argv[1], index_col=0, parse_dates=True)
print(Backtest(frame, Crossing, cash=100_000, commission=0.001, finalize_trades=True).run())
"""

LOOPS = """
import time
from tests.benchmarks.sweeps import ours
run = ours(500, threads=2)
began = time.perf_counter()
run()
print(time.perf_counter() - began)
"""

SINGLE = """
import time
from tests.benchmarks import single
run = single.ours(single.daily())
began = time.perf_counter()
run()
print(time.perf_counter() - began)
"""


def timed(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, str]:
    """Run a command to its end; return seconds and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True,
        text=True,
    )  # fmt: skip
    taken = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{command[:4]} failed:\n{done.stderr[-3000:]}")
    return taken, done.stdout


def write_prices(folder: Path) -> Path:
    """Write the real daily bars of the S&P 500 as a file that both programs can read."""
    from tests.agreement.series import frame

    path = folder / "SPX.csv"
    frame("SPX").rename_axis("Date").to_csv(path)
    return path


def one_backtest(folder: Path, times: int = 5) -> dict[str, list[float]]:
    """Seconds of ``backtest run`` on a stored symbol, and of a script of backtesting.py.

    The first run of ours also starts the metadata server, which then waits for the next.
    """
    prices = write_prices(folder)
    home = {"QUANT_TUI_HOME": str(folder / "home")}
    quant_tui = [sys.executable, "-m", "quant_tui"]
    alone = {**home, "QUANT_TUI_MONGODB_LINGER_SECONDS": "0"}  # its server goes with it
    timed([*quant_tui, "data", "import", str(prices), "--symbol", "SPX"], alone)
    run = [
        *quant_tui, "backtest", "run", "--strategy", "SMA_CROSSOVER", "--symbols", "SPX",
        "--start", "1999-01-04", "--end", "2018-12-31", "--json",
    ]  # fmt: skip
    script = folder / "peer.py"
    script.write_text(PEER)
    peer = [sys.executable, str(script), str(prices)]
    found: dict[str, list[float]] = {"quant_tui": [], "backtesting.py": []}
    for _ in range(times):
        found["quant_tui"].append(timed(run, home)[0])
        found["backtesting.py"].append(timed(peer)[0])
    return found


def compiled_loops(folder: Path) -> dict[str, float]:
    """Seconds of the first sweep and the first backtest of a process, and of the process."""
    cache = {"NUMBA_CACHE_DIR": str(folder / "numba")}
    found = {}
    for name, script in (("first sweep", LOOPS), ("first backtest", SINGLE)):
        for state in ("no cache", "cached"):
            whole, printed = timed([sys.executable, "-c", script], cache)
            found[f"{name}, {state}"] = float(printed.split()[-1])
            found[f"{name}, {state}, whole process"] = whole
    return found
