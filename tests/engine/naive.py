"""A naive account: walks over every bar with objects, and knows nothing of the future.

Written from the documentation of the configuration and of the strategy language, not from
the kernel, which it is an oracle for. It is slow on purpose: nothing is skipped, shared or
computed ahead, and every price is looked up where it is needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from quant_tui.engine import BacktestConfig, Bars

DUST = 1e-9
ROUNDING = 1 + 1e-12


@dataclass
class Signals:
    """Conditions (T, N), and distances of stops and targets (T, N), NaN for none."""

    entry: np.ndarray
    exit: np.ndarray
    short_entry: np.ndarray
    short_exit: np.ndarray
    stop_loss: np.ndarray
    take_profit: np.ndarray
    trailing_stop: np.ndarray
    rank: np.ndarray

    def wish(self, row: int, symbol: int) -> set[str]:
        """What a bar asks for: opposites of one side cancel, then entries of both sides."""
        at = {
            name: bool(getattr(self, name)[row, symbol])
            for name in ("entry", "exit", "short_entry", "short_exit")
        }
        for one, other in (("entry", "exit"), ("short_entry", "short_exit")):
            if at[one] and at[other]:
                at[one] = at[other] = False
        if at["entry"] and at["short_entry"]:
            at["entry"] = at["short_entry"] = False
        return {name for name, said in at.items() if said}


@dataclass
class Ticket:
    """An order that waits for its fill."""

    wish: set[str]
    rank: float
    decision_close: float
    stops: tuple[float, float, float]


@dataclass
class Holding:
    """A position, above zero when long, and what would close it inside a bar."""

    quantity: float
    price: float
    best: float
    loss: float
    profit: float
    trail: float

    @property
    def side(self) -> int:
        return 1 if self.quantity > 0 else -1


@dataclass
class Naive:
    """The account; call :meth:`walk` once."""

    bars: Bars
    config: BacktestConfig
    signals: Signals
    cash: float = 0.0
    held: dict[int, Holding] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)
    taken: dict[int, float] = field(default_factory=dict)
    fills: list[tuple] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    ruined: bool = False

    @property
    def margin(self) -> bool:
        return self.config.allow_short or self.config.max_leverage != 1.0

    def walk(self) -> None:
        bars, config = self.bars, self.config
        self.cash = config.initial_capital
        symbols = sorted(range(len(bars.symbols)), key=lambda s: bars.symbols[s])
        tickets: dict[int, Ticket] = {}
        for row in range(len(bars)):
            if self.ruined:
                self.equity.append(self.cash)
                continue
            here = [s for s in symbols if bars.present[row, s]]
            self.taken = {}
            self.accrue(row)
            if config.fill == "next_open":
                due = {s: tickets.pop(s) for s in here if s in tickets}
                self.fill_orders(row, due, bars.open, at_open=True)
            for s in here:
                self.check_stops(row, s)
                self.last[s] = bars.close[row, s]
            for s in here:
                wish = self.signals.wish(row, s)
                if wish:
                    distances = tuple(
                        float(getattr(self.signals, name)[row, s])
                        for name in ("stop_loss", "take_profit", "trailing_stop")
                    )
                    rank = float(self.signals.rank[row, s])
                    tickets[s] = Ticket(wish, rank, self.last[s], distances)
            if config.fill == "close":
                self.fill_orders(row, tickets, bars.close, at_open=False)
                tickets = {}
            self.forced(row, symbols)
            worth = self.worth()
            if worth <= 0 and (self.held or self.cash < 0):
                for s in symbols:
                    if s in self.held:
                        size = abs(self.held[s].quantity)
                        self.close(row, s, size, self.last[s], volume=math.nan, capped=False)
                self.ruined = True
                worth = self.cash
            self.equity.append(worth)

    def worth(self) -> float:
        return self.cash + sum(one.quantity * self.last[s] for s, one in self.held.items())

    def accrue(self, row: int) -> None:
        if row == 0:
            return
        dates = self.bars.dates.astype("datetime64[D]")
        years = int((dates[row] - dates[row - 1]).astype(int)) / 365
        short = sum(-h.quantity * self.last[s] for s, h in self.held.items() if h.quantity < 0)
        idle, borrowed = max(self.cash - short, 0.0), max(-self.cash, 0.0)
        cost = (short + borrowed) * self.config.borrow_rate
        self.cash += (idle * self.config.cash_rate - cost) * years

    def fill_orders(self, row, due, prices, *, at_open) -> None:
        config = self.config
        at = {s: float(prices[row, s]) for s in range(len(self.bars.symbols))}
        marks = {s: at[s] if self.bars.present[row, s] else self.last.get(s) for s in at}
        known = self.last if at_open and config.size_at == "decision" else marks
        equity = self.cash + sum(h.quantity * known[s] for s, h in self.held.items())
        order = sorted(due, key=lambda s: (-due[s].rank, self.bars.symbols[s]))
        for s in order:
            if s in self.held:
                long = self.held[s].quantity > 0
                leaves = {"exit", "short_entry"} if long else {"short_exit", "entry"}
                if due[s].wish & leaves:
                    size = abs(self.held[s].quantity)
                    self.close(row, s, size, at[s], volume=self.bars.volume[row, s])
        for s in order:
            side = 1 if "entry" in due[s].wish else -1 if "short_entry" in due[s].wish else 0
            if side and s not in self.held:
                self.open(row, s, side, due[s], at[s], marks, equity)

    def worse(self, quantity: float, volume: float) -> float:
        config = self.config
        if config.slippage_model == "spread":
            return config.slippage / 2
        if config.slippage_model == "volume_share" and not math.isnan(volume):
            share = min(quantity / volume, 1.0) if volume > 0 else 1.0
            return min(config.slippage + config.volume_impact * share**2, 0.9)
        return config.slippage

    def fee(self, quantity: float, price: float) -> float:
        config = self.config
        asked = quantity * price * config.commission + quantity * config.commission_per_share
        return max(asked, config.commission_minimum)

    def room(self, s: int, volume: float) -> float:
        cap = self.config.participation_cap
        if cap is None or math.isnan(volume):
            return math.inf
        left = max(cap * volume - self.taken.get(s, 0.0), 0.0)
        return math.floor(left) if self.config.shares == "whole" else left

    def open(self, row, s, side, ticket, reference, marks, equity) -> None:
        config, volume = self.config, float(self.bars.volume[row, s])
        decided, whole = config.size_at == "decision", config.shares == "whole"
        limit = self.cash
        if self.margin:
            gross = sum(abs(h.quantity) * marks[o] for o, h in self.held.items())
            value = self.cash + sum(h.quantity * marks[o] for o, h in self.held.items())
            limit = max(config.max_leverage * value - gross, 0.0)
        quantity = 0.0
        rounds = 2 if config.slippage_model == "volume_share" and config.volume_impact else 1
        for _ in range(rounds):  # sized at the price that the size itself makes
            price = reference * (1 + side * self.worse(quantity, volume))
            extra = price * config.commission + config.commission_per_share
            cost = price + extra
            unit, bare, least = cost, price, config.commission_minimum
            if self.margin:
                bare = reference + config.max_leverage * abs(price - reference)
                unit = bare + config.max_leverage * extra
                least *= config.max_leverage
            most = limit / unit
            budget = {
                "all_in": limit, "fraction": (config.sizing_value or 0) * equity,
                "fixed_cash": config.sizing_value, "fixed_shares": config.sizing_value,
            }[config.sizing]  # fmt: skip
            each = unit if config.sizing == "all_in" else cost
            each = ticket.decision_close if decided else each
            quantity = budget if config.sizing == "fixed_shares" else budget / each
            if config.commission_minimum > 0:
                with_least = max(limit - least, 0.0) / bare
                most = min(most, with_least)
                if not decided and config.sizing == "all_in":
                    quantity = min(quantity, with_least)
                elif not decided and config.sizing != "fixed_shares":
                    quantity = min(quantity, max(budget - config.commission_minimum, 0.0) / price)
            if whole:
                quantity, most = math.floor(quantity), math.floor(most)
        refused = quantity > most * ROUNDING
        if decided:
            ticket_cost = quantity * ticket.decision_close * (1 + config.commission)
            refused |= ticket_cost > limit * ROUNDING
        if refused and config.cash_short == "reject":
            return
        quantity = min(quantity, most, self.room(s, volume))
        if quantity * cost <= DUST * config.initial_capital:
            return
        price = reference * (1 + side * self.worse(quantity, volume))
        self.pay(row, s, side * quantity, price)
        self.held[s] = Holding(side * quantity, price, price, *ticket.stops)

    def close(self, row, s, quantity, reference, *, volume, capped=True, slips=True) -> None:
        holding = self.held[s]
        if capped:
            quantity = min(quantity, self.room(s, volume))
            if quantity <= 0:
                return
        worse = self.worse(quantity, volume) if slips else 0.0
        side = holding.side
        left = abs(holding.quantity) - quantity
        if left > 0:
            holding.quantity = side * left
        else:
            del self.held[s]
        self.pay(row, s, -side * quantity, reference * (1 - side * worse))

    def pay(self, row, s, quantity, price) -> None:
        size = abs(quantity)
        fee = self.fee(size, price)
        self.cash -= quantity * price + fee
        if quantity > 0 and abs(self.cash) < 1e-12 * self.config.initial_capital:
            self.cash = 0.0
        self.taken[s] = self.taken.get(s, 0.0) + size
        self.fills.append((row, s, quantity, price, fee))

    def check_stops(self, row: int, s: int) -> None:
        """A long's view; a short sees prices upside down."""
        holding = self.held.get(s)
        if holding is None:
            return
        side = holding.side
        start, high, low = (side * float(getattr(self.bars, name)[row, s])
                            for name in ("open", "high", "low"))  # fmt: skip
        if side < 0:
            high, low = low, high

        def level(price: float, fraction: float, way: int) -> float:
            there = fraction > 0  # false for NaN
            return side * price * (1 + way * side * fraction) if there else way * math.inf

        stop = max(level(holding.price, holding.loss, -1), level(holding.best, holding.trail, -1))
        target = level(holding.price, holding.profit, 1)
        best = side * max(side * holding.best, high)
        raised = level(best, holding.trail, -1)
        hopeful = self.config.intrabar == "optimistic"
        if start <= stop or start >= target:
            out = start
        elif low <= stop and high >= target:
            out = target if hopeful else stop
        elif high >= target:
            out = target
        elif low <= stop:
            out = max(stop, raised) if hopeful and low <= raised else stop
        else:
            holding.best = best
            return
        self.close(row, s, abs(holding.quantity), side * out, volume=self.bars.volume[row, s])

    def forced(self, row: int, symbols: list[int]) -> None:
        bars, config = self.bars, self.config
        for s in symbols:
            if s not in self.held or row != bars.last_row[s]:
                continue
            gone = len(bars) - 1 - row >= config.delist_after
            if gone or config.finalize == "close":
                size = abs(self.held[s].quantity)
                self.close(row, s, size, self.last[s], volume=bars.volume[row, s], capped=False,
                           slips=not gone)  # fmt: skip
