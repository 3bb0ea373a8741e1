"""Stops, targets and short positions against vectorbt and backtesting.py.

Both peers and we check stops inside the bar, fill a gap at the open and anything else at
the level, and take the stop where a bar touches stop and target (``pessimistic``).

Where definitions differ, and what is compared instead:

- vectorbt makes one order a bar: an entry signal on the bar on which a stop closed the
  position is lost, while ours fills at that bar's close. Such signals are taken away, for
  both sides, before anything is compared;
- vectorbt looks at the stop before the target even when a bar opens beyond the target and
  falls through the stop later; ours fills at the open then. A run is compared up to such a
  bar, of which three days of the crash of 2000 are examples;
- vectorbt's trailing stop follows the best price up to the bar before, as ours does when
  ``pessimistic``;
- vectorbt with ``direction="both"`` and its default size turns a long into a short as large
  as the money with which the long was opened allows, whatever the long has lost or won; ours
  sizes by the equity. They are compared with a fixed number of shares, and as one order a
  bar, because vectorbt turns in a single order where ours closes and opens;
- backtesting.py takes prices of stops, not distances: it is given those of our definition, a
  fraction of the price at which the entry will fill. It refuses levels that do not lie on
  both sides of the last close: such entries, before a wide gap, are left out. Its ``margin``
  leaves the fee out of what leverage bounds, so that leverage above one is not compared.
"""

from __future__ import annotations

import math
import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest
from backtesting import Backtest, Strategy

from quant_tui.engine import BacktestConfig
from quant_tui.engine.indicators.rolling import sma
from quant_tui.engine.simulation.orders import Stops, from_signals
from quant_tui.engine.simulation.simulator import simulate
from tests.agreement import series

PAIRS = series.PAIRS[::3]
NONE = math.nan
DISTANCES = {  # stop, target, trailing stop, in units of what the series moves in a bar
    "stop": (3.0, NONE, NONE),
    "target": (NONE, 3.0, NONE),
    "both": (1.0, 1.5, NONE),
    "trailing": (NONE, NONE, 2.5),
    "trailing and target": (NONE, 4.0, 1.5),
}
CASES = list(product(PAIRS, DISTANCES))
ROWS = 2000


def _move(frame: pd.DataFrame) -> float:
    return float(np.diff(np.log(frame["Close"].to_numpy())).std())


def _crossings(close: np.ndarray, pair: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows on which the fast average goes above the slow one, and below it."""
    fast, slow = (sma(close, window) for window in pair)
    above, below = fast > slow, fast < slow
    up, down = np.zeros(len(close), dtype=bool), np.zeros(len(close), dtype=bool)
    up[1:], down[1:] = above[1:] & below[:-1], below[1:] & above[:-1]
    return up, down


def _matrix(columns: list[np.ndarray]) -> np.ndarray:
    return np.column_stack(columns)


def _vectorbt(frame, entry, exit_, engine, distances=None, **settings):
    """Run the peer, a column a case."""
    import vectorbt

    stops = {}
    if distances is not None:
        loss, profit, trail = (np.tile(one, (len(frame), 1)) for one in distances)
        stops = {
            "sl_stop": np.where(np.isnan(trail), loss, trail), "sl_trail": ~np.isnan(trail),
            "tp_stop": profit, "open": frame["Open"], "high": frame["High"], "low": frame["Low"],
        }  # fmt: skip
    return vectorbt.Portfolio.from_signals(
        frame["Close"], entry, exit_, fees=0.001, init_cash=100_000.0, freq="1D", engine=engine,
        **stops, **settings,
    )  # fmt: skip


def _without_lost_entries(frame, entry, exit_, distances, direction):
    """Take away entries on bars on which the peer's stop has closed the position."""
    closing = 1 if direction == "longonly" else 0
    while True:
        run = _vectorbt(frame, entry, exit_, "rust", distances, direction=direction)
        orders = run.orders.records
        orders = orders[orders["side"] == closing]
        stopped = np.zeros_like(entry)
        stopped[orders["idx"], orders["col"]] = True
        lost = stopped & ~exit_ & entry
        if not lost.any():
            return entry
        entry = entry & ~lost


def _check_that_the_bar_opened_beyond_the_target(frame, fills, place, profit, stop) -> None:
    bar, entry = frame.iloc[int(fills.row[place])], float(fills.price[place - 1])
    side = float(np.sign(fills.quantity[place - 1]))
    worst = bar["Low"] if side > 0 else bar["High"]
    assert fills.price[place] == bar["Open"]
    assert side * bar["Open"] >= side * entry * (1 + side * profit)
    assert side * worst <= side * stop


@pytest.mark.usefixtures("peer_alone")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine", ["numba", "rust"])
@pytest.mark.parametrize("direction", ["longonly", "shortonly"])
def test_stops_of_vectorbt(name, engine, direction):
    pytest.importorskip("vectorbt_rust", reason="finding lost entries takes the rust engine")
    frame = series.frame(name).iloc[:ROWS]
    close, bars = frame["Close"].to_numpy(), series.bars_of(frame)
    both = [_crossings(close, pair) for pair, _ in CASES]
    if direction == "shortonly":
        both = [(down, up) for up, down in both]
    entry, exit_ = _matrix([one for one, _ in both]), _matrix([one for _, one in both])
    distances = np.array([DISTANCES[which] for _, which in CASES]).T * _move(frame)
    entry = _without_lost_entries(frame, entry, exit_, distances, direction)
    run = _vectorbt(frame, entry, exit_, engine, distances, direction=direction)
    peer, finals = run.orders.records, run.final_value().to_numpy()
    config = BacktestConfig(
        commission=0.001, fill="close", sizing="all_in", allow_short=direction == "shortonly"
    )
    never, closed_inside, opened_beyond = np.zeros((ROWS, 1), dtype=bool), 0, 0
    for place in range(len(CASES)):
        columns = entry[:, place : place + 1], exit_[:, place : place + 1]
        stops = Stops(*(np.full((ROWS, 1), one) for one in distances[:, place]))
        if direction == "longonly":
            orders = from_signals(bars, config, *columns, stops=stops)
        else:
            orders = from_signals(
                bars, config, never, never, short_entry=columns[0], short_exit=columns[1],
                stops=stops,
            )  # fmt: skip
        ours = simulate(bars, config, orders, lambda _: None)
        theirs = peer[peer["col"] == place]
        fills, signed = ours.fills, theirs["size"] * np.where(theirs["side"] == 0, 1.0, -1.0)
        np.testing.assert_array_equal(fills.row, theirs["idx"], err_msg=str(CASES[place]))
        alike = np.isclose(fills.price, theirs["price"], rtol=1e-12, atol=0.0)
        end = len(fills) if alike.all() else int(alike.argmin())
        np.testing.assert_allclose(fills.quantity[:end], signed[:end], rtol=1e-9)
        np.testing.assert_allclose(fills.commission[:end], theirs["fees"][:end], rtol=1e-9)
        if end == len(fills):
            assert ours.equity[-1] == pytest.approx(finals[place], rel=1e-9)
        else:
            _check_that_the_bar_opened_beyond_the_target(
                frame, fills, end, distances[1, place], theirs["price"].iloc[end]
            )
            opened_beyond += 1
        closed_inside += int((fills.price[:end] != close[fills.row[:end]]).sum())
    assert closed_inside > len(CASES)
    assert opened_beyond <= 3


@pytest.mark.usefixtures("peer_alone")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine", ["numba", "rust"])
def test_turning_from_long_to_short_as_vectorbt(name, engine):
    if engine == "rust":
        pytest.importorskip("vectorbt_rust", reason="the peer's rust engine has no wheel here")
    frame = series.frame(name).iloc[:ROWS]
    close, bars = frame["Close"].to_numpy(), series.bars_of(frame)
    shares = 0.2 * 100_000.0 / close.max()
    both = [_crossings(close, pair) for pair in PAIRS]
    up, down = _matrix([one for one, _ in both]), _matrix([one for _, one in both])
    run = _vectorbt(
        frame, up, down, engine, direction="both", size=shares, upon_opposite_entry="reverse"
    )
    peer, value = run.orders.records, run.value().to_numpy()
    config = BacktestConfig(
        commission=0.001, fill="close", sizing="fixed_shares", sizing_value=shares,
        allow_short=True, max_leverage=5.0,
    )  # fmt: skip
    never = np.zeros((ROWS, 1), dtype=bool)
    for place, pair in enumerate(PAIRS):
        one = slice(place, place + 1)
        orders = from_signals(
            bars, config, up[:, one], never, short_entry=down[:, one], short_exit=never
        )
        ours = simulate(bars, config, orders, lambda _: None)
        theirs = peer[peer["col"] == place]
        rows, first = np.unique(ours.fills.row, return_index=True)
        np.testing.assert_array_equal(rows, theirs["idx"], err_msg=str(pair))
        signed = theirs["size"] * np.where(theirs["side"] == 0, 1.0, -1.0)
        np.testing.assert_allclose(np.add.reduceat(ours.fills.quantity, first), signed, rtol=1e-9)
        fees = np.add.reduceat(ours.fills.commission, first)
        np.testing.assert_allclose(fees, theirs["fees"], rtol=1e-9)
        np.testing.assert_allclose(ours.equity, value[:, place], rtol=1e-9)


class Turning(Strategy):
    """Long above, short below, each with a stop and a target at a distance of its entry."""

    signals: tuple[np.ndarray, np.ndarray]
    opens: np.ndarray
    distances: tuple[float, float]

    def init(self):
        pass

    def next(self):
        row = len(self.data) - 1
        up, down = (bool(signal[row]) for signal in self.signals)
        if not (up or down) or (up and self.position.is_long) or (down and self.position.is_short):
            return  # after a tie, averages cross the same way twice
        self.position.close()
        if row + 1 < len(self.opens):
            side, price = (1, self.opens[row + 1]) if up else (-1, self.opens[row + 1])
            loss, profit = self.distances
            levels = {"sl": price * (1 - side * loss), "tp": price * (1 + side * profit)}
            known = {name: level for name, level in levels.items() if not math.isnan(level)}
            (self.buy if up else self.sell)(**known)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("which", ["none", "stop", "target", "both"])
@pytest.mark.parametrize("pair", PAIRS[::2], ids=str)
def test_stops_and_shorts_of_backtesting_py(name, which, pair):
    frame = series.frame(name).iloc[:1000]
    close, bars = frame["Close"].to_numpy(), series.bars_of(frame)
    up, down = _crossings(close, pair)
    distances = np.array(DISTANCES.get(which, (NONE, NONE, NONE))) * _move(frame)
    opens = frame["Open"].to_numpy()
    gap = np.append(close[:-1] / opens[1:] - 1.0, 0.0)
    wide = np.abs(gap) >= 0.999 * np.nanmin([*distances, 1.0])
    up, down = up & ~wide, down & ~wide
    Turning.signals, Turning.opens = (up, down), opens
    Turning.distances = (distances[0], distances[1])
    test = Backtest(
        frame, Turning, cash=1_000_000, commission=0.001, trade_on_close=False,
        exclusive_orders=False, finalize_trades=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stats = test.run()
    config = BacktestConfig(
        initial_capital=1_000_000, commission=0.001, fill="next_open", shares="whole",
        sizing="all_in", allow_short=True,
    )  # fmt: skip
    never = np.zeros((len(frame), 1), dtype=bool)
    orders = from_signals(
        bars, config, up[:, None], never, short_entry=down[:, None], short_exit=never,
        stops=Stops(*(np.full((len(frame), 1), one) for one in distances)),
    )  # fmt: skip
    ours = simulate(bars, config, orders, lambda _: None)
    fills, curve = ours.fills, stats["_equity_curve"]["Equity"].to_numpy()
    closing = np.flatnonzero(fills.position == 0.0)
    theirs = stats["_trades"].sort_values(["ExitBar", "EntryBar"])
    np.testing.assert_array_equal(fills.row[closing], theirs["ExitBar"])
    np.testing.assert_array_equal(fills.row[closing - 1], theirs["EntryBar"])
    np.testing.assert_array_equal(-fills.quantity[closing], theirs["Size"])
    np.testing.assert_allclose(fills.price[closing], theirs["ExitPrice"], rtol=1e-12)
    np.testing.assert_allclose(fills.price[closing - 1], theirs["EntryPrice"], rtol=1e-12)
    np.testing.assert_allclose(ours.equity[:-1], curve[:-1], rtol=1e-9)
    assert len(closing) > 1
