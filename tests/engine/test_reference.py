"""A second simulator, bar by bar with objects and no cleverness, agrees on random input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig
from quant_tui.engine.simulation.orders import from_signals, from_weights
from quant_tui.engine.simulation.simulator import simulate


class PlainAccount:
    """Walks over every bar, keeps pending orders, and knows nothing of the future."""

    def __init__(self, bars, config, rank):
        self.bars, self.config, self.rank = bars, config, rank
        self.cash, self.held, self.last = config.initial_capital, {}, {}
        self.pending, self.fills, self.equity = {}, [], []

    def walk(self, decide):
        bars, config = self.bars, self.config
        for row in range(len(bars.dates)):
            here = [s for s in range(len(bars.symbols)) if bars.present[row, s]]
            if config.fill == "next_open":
                due = {s: self.pending.pop(s) for s in here if s in self.pending}
                self.execute(row, due, {s: bars.open[row, s] for s in here})
            before = dict(self.last)
            for s in here:
                self.last[s] = bars.close[row, s]
            orders = {}
            for s in here:
                order = decide(row, s, self.held.get(s, 0.0))
                if order is not None:
                    orders[s] = (order, self.rank[row, s], bars.close[row, s])
            if config.fill == "close":
                self.execute(row, orders, {s: bars.close[row, s] for s in here})
            else:
                self.pending.update(orders)
            del before
            for s in sorted(here, key=lambda s: bars.symbols[s]):
                if row == bars.last_row[s] and len(bars.dates) - 1 - row >= config.delist_after:
                    if self.held.get(s, 0.0) > 0:
                        self.trade(row, s, -self.held[s], bars.close[row, s])
                    self.pending.pop(s, None)
            self.equity.append(self.cash + sum(q * self.last[s] for s, q in self.held.items()))

    def execute(self, row, orders, prices):
        config = self.config
        marks = {**self.last, **prices}
        if config.size_at == "decision":
            marks = dict(self.last)
        equity = self.cash + sum(q * marks[s] for s, q in self.held.items() if q > 0)
        by_name = sorted(orders, key=lambda s: self.bars.symbols[s])
        in_rank = sorted(by_name, key=lambda s: -orders[s][1])
        for s in in_rank:
            (kind, weight), _, close = orders[s]
            held, price = self.held.get(s, 0.0), prices[s]
            sized = close if config.size_at == "decision" else price
            if kind == "exit" and held > 0:
                self.trade(row, s, -held, price * (1 - config.slippage))
            elif kind == "weight" and held > 0:
                if weight == 0:
                    self.trade(row, s, -held, price * (1 - config.slippage))
                elif held * sized - weight * equity > 1e-9 * equity:
                    keep = weight * equity / sized
                    keep = math.floor(keep) if config.shares == "whole" else keep
                    if held > keep:
                        self.trade(row, s, keep - held, price * (1 - config.slippage))
        for s in in_rank:
            (kind, weight), _, close = orders[s]
            held, price = self.held.get(s, 0.0), prices[s] * (1 + config.slippage)
            cost = price * (1 + config.commission)
            decided = config.size_at == "decision"
            unit = close if decided else cost
            if kind == "entry" and held == 0:
                quantity = {
                    "all_in": self.cash / unit,
                    "fraction": (config.sizing_value or 0) * equity / unit,
                    "fixed_cash": (config.sizing_value or 0) / unit,
                    "fixed_shares": config.sizing_value or 0,
                }[config.sizing]
            elif kind == "weight":
                gap = weight * equity - held * (close if decided else prices[s])
                if gap <= 1e-9 * equity:
                    continue
                quantity = gap / unit
            else:
                continue
            most = self.cash / cost
            if config.shares == "whole":
                quantity, most = math.floor(quantity), math.floor(most)
            short = quantity > most * (1 + 1e-12)
            if decided and config.cash_short == "reject":
                short |= quantity * close * (1 + config.commission) > self.cash * (1 + 1e-12)
            if short and config.cash_short == "reject":
                continue
            quantity = min(quantity, most)
            if quantity * cost > 1e-9 * config.initial_capital:
                self.trade(row, s, quantity, price)

    def trade(self, row, symbol, quantity, price):
        self.cash -= quantity * price + abs(quantity) * price * self.config.commission
        if abs(self.cash) < 1e-12 * self.config.initial_capital:
            self.cash = 0.0
        left = self.held.get(symbol, 0.0) + quantity
        self.held[symbol] = left if left > 0 else 0.0
        self.fills.append((row, symbol, quantity, price))


CONFIGS = [
    {"fill": fill, "shares": shares, "size_at": size_at, "cash_short": short, **sizing}
    for fill in ("next_open", "close")
    for shares in ("fractional", "whole")
    for size_at, short in (("fill", "cut"), ("decision", "reject"), ("decision", "cut"))
    for sizing in (
        {"sizing": "all_in"},
        {"sizing": "fraction", "sizing_value": 0.4},
        {"sizing": "fixed_cash", "sizing_value": 45_000.0},
        {"sizing": "fixed_shares", "sizing_value": 900.0},
    )
    if (sizing["sizing"], short) != ("all_in", "reject")  # costs on top of all: always rejected
]


def compare(bars, config, rank, orders, decide):
    ours = simulate(bars, config, orders, lambda _: None)
    theirs = PlainAccount(bars, config, rank)
    theirs.walk(decide)
    found = list(zip(ours.fills.row.tolist(), ours.fills.symbol.tolist(), strict=True))
    assert found == [fill[:2] for fill in theirs.fills]
    assert len(found) > 10
    np.testing.assert_allclose(ours.fills.quantity, [f[2] for f in theirs.fills], rtol=1e-9)
    np.testing.assert_allclose(ours.fills.price, [f[3] for f in theirs.fills], rtol=1e-12)
    np.testing.assert_allclose(ours.equity, theirs.equity, rtol=1e-9)


@pytest.mark.parametrize("given", CONFIGS, ids=lambda given: "-".join(map(str, given.values())))
def test_signals(random_bars, given):
    for seed, gaps in ((1, False), (2, True), (3, True)):
        bars = random_bars(seed, 150, 4, gaps=gaps)
        random = np.random.default_rng(seed)
        entry = (random.random(bars.close.shape) < 0.1) & bars.present
        exit_ = (random.random(bars.close.shape) < 0.1) & bars.present
        rank = np.round(random.normal(size=bars.close.shape), 1)
        config = BacktestConfig(commission=0.002, slippage=0.001, **given)

        def decide(row, s, held, entry=entry, exit_=exit_):
            if entry[row, s] == exit_[row, s]:
                return None
            if entry[row, s]:
                return ("entry", 0.0) if held == 0 else None
            return ("exit", 0.0) if held > 0 else None

        compare(bars, config, rank, from_signals(bars, config, entry, exit_, rank), decide)


@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("shares", ["fractional", "whole"])
@pytest.mark.parametrize("size_at", ["fill", "decision"])
def test_target_weights(random_bars, fill, shares, size_at):
    for seed, gaps in ((4, False), (5, True)):
        bars = random_bars(seed, 150, 4, gaps=gaps)
        random = np.random.default_rng(seed)
        weights = random.dirichlet(np.ones(5), 150)[:, :4] * random.integers(0, 2, (150, 4))
        due = random.random(150) < 0.2
        rank = np.round(random.normal(size=bars.close.shape), 1)
        config = BacktestConfig(
            commission=0.002, fill=fill, shares=shares, size_at=size_at, sizing="all_in"
        )

        def decide(row, s, held, weights=weights, due=due):
            return ("weight", weights[row, s]) if due[row] else None

        compare(bars, config, rank, from_weights(bars, config, weights, due, rank), decide)
