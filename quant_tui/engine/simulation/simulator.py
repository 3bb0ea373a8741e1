"""Running the orders: the kernel in cancellable slices, then fills and curves as arrays."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.bars import Bars
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.simulation import kernel
from quant_tui.engine.simulation.orders import Orders
from quant_tui.engine.simulation.results import (
    AFTER_DELISTING,
    AFTER_END,
    Drops,
    Fills,
    Simulation,
)
from quant_tui.engine.simulation.tables import Account, Market, Terms

_SLICE = 200_000
"""Bars between two looks at whether to go on."""

_SIZING = {
    "all_in": kernel.ALL_IN,
    "fraction": kernel.FRACTION,
    "fixed_cash": kernel.FIXED_CASH,
    "fixed_shares": kernel.FIXED_SHARES,
    "equal_weight": kernel.ALL_IN,
    "volatility_target": kernel.OWN_FRACTION,
}


def simulate(
    bars: Bars,
    config: BacktestConfig,
    orders: Orders,
    pause: Callable[[float], None] = lambda _: None,
) -> Simulation:
    """Execute orders over bars.

    Parameters
    ----------
    bars
        T dates, N symbols.
    config
        Resolved configuration.
    orders
        What to execute.
    pause
        Called with the fraction done between slices; may raise to stop the work.
    """
    terms = terms_of(config, orders)
    account, accrued = run_orders(bars, terms, orders, pause)
    fills = _fills(account)
    invested, gross = _values(bars, fills)
    cash = accrued
    if not terms.accrues:
        cash = _steps(len(bars.dates), fills.row, fills.cash, config.initial_capital)
    equity = cash + invested
    ruin = int(account.cursor[kernel.RUIN_ROW])
    unknown = 0
    if terms.impact > 0.0 or np.isfinite(terms.cap):
        asked = fills.kind < kernel.DELISTED
        unknown = int(np.isnan(bars.volume[fills.row[asked], fills.symbol[asked]]).sum())
    return Simulation(
        fills=fills,
        drops=_drops(bars, orders, account, fills, equity),
        equity=equity,
        cash=cash,
        invested=invested,
        gross=gross,
        borrowed=account.symbols[:, kernel.BORROWED].copy(),
        interest=float(account.money[kernel.INTEREST]),
        ruin_row=ruin if ruin >= 0 else None,
        unknown_volume=unknown,
    )


def terms_of(config: BacktestConfig, orders: Orders) -> Terms:
    """Return the terms on which the kernel executes orders."""
    margin = config.allow_short or config.max_leverage != 1.0
    sized_by_equity = config.sizing in ("fraction", "volatility_target")
    half = 0.5 if config.slippage_model == "spread" else 1.0
    return Terms(
        commission=config.commission,
        per_share=config.commission_per_share,
        minimum=config.commission_minimum,
        slippage=half * config.slippage,
        impact=config.volume_impact,
        cap=np.inf if config.participation_cap is None else config.participation_cap,
        sizing=_SIZING[config.sizing],
        sizing_value=config.sizing_value or 0.0,
        borrow_rate=config.borrow_rate,
        cash_rate=config.cash_rate,
        leverage=config.max_leverage,
        initial=config.initial_capital,
        margin=margin,
        at_close=config.fill == "close",
        values_equity=sized_by_equity or bool((orders.book.kind == kernel.WEIGHT).any()),
        whole=config.shares == "whole",
        decided=config.size_at == "decision",
        reject=config.cash_short == "reject",
        stops=orders.stops,
        optimistic=config.intrabar == "optimistic",
        ends_at_open=config.finalize == "last_open",
        accrues=config.cash_rate != 0.0 or (margin and config.borrow_rate != 0.0),
    )


def run_orders(
    bars: Bars, terms: Terms, orders: Orders, pause: Callable[[float], None]
) -> tuple[Account, FloatArray]:
    """Let the kernel go over the rows, giving the log more room where it asks for it."""
    rows, count = bars.close.shape
    market = Market(
        bars.open, bars.high, bars.low, bars.volume, bars.last_close, bars.days, bars.by_name
    )
    book, forced = orders.book, orders.forced
    account = _account(count, terms, room=5 * count + min(len(book.due), 32_768))
    curve = np.zeros(rows if terms.accrues else 0)
    visited = rows * count if terms.stops or terms.margin or terms.accrues else 0
    execute = kernel.execute.sized(10 * len(book.due) + 3 * visited)
    stop, step = 0, max(1, _SLICE // count)
    with np.errstate(all="ignore"):
        while stop < rows:
            pause(stop / rows)
            stop = min(stop + step, rows)
            execute(stop, market, terms, account, book, forced, curve)
            while account.cursor[kernel.ROW] < stop and account.cursor[kernel.RUIN_ROW] < 0:
                account = account._replace(
                    fills=_doubled(account.fills), drops=_doubled(account.drops)
                )
                execute(stop, market, terms, account, book, forced, curve)
    return account, curve


def _account(count: int, terms: Terms, room: int) -> Account:
    cursor = np.zeros(7, dtype=np.int64)
    cursor[kernel.RUIN_ROW] = -1
    money = np.zeros(4)
    money[kernel.CASH] = money[kernel.EQUITY] = terms.initial
    symbols = np.zeros((count, 13))
    symbols[:, [kernel.USED_ROW, kernel.STOPPED_ROW]] = -1.0
    return Account(cursor, money, symbols, np.empty((room, 12)), np.empty((room, 6)))


def _doubled(table: FloatArray) -> FloatArray:
    return np.concatenate((table, np.empty_like(table)))


def _fills(account: Account) -> Fills:
    columns = np.ascontiguousarray(account.fills[: account.cursor[kernel.FILLS]].T)
    row, decided, symbol, kind = columns[:4].astype(np.int64)
    quantity, price, reference, commission, borrowed, cash, position = columns[5:]
    return Fills(
        row=row,
        decided_row=decided,
        symbol=symbol,
        quantity=quantity,
        price=price,
        reference=reference,
        commission=commission,
        slippage=np.abs(quantity) * np.abs(price - reference),
        borrowed=borrowed,
        kind=kind,
        assumed=columns[4] > 0.0,
        cash=cash,
        position=position,
    )


def _drops(bars: Bars, orders: Orders, account: Account, fills: Fills, equity: FloatArray) -> Drops:
    """Gather what the kernel dropped, what a ruin ended, and what had no bar to fill on."""
    found = account.drops[: account.cursor[kernel.DROPS]].T
    row, symbol, reason, side = found[:4].astype(np.int64)
    wanted, filled = found[4:]
    parts = [(row, symbol, reason, side, wanted, filled), _unfilled(bars, orders, fills, equity)]
    if account.cursor[kernel.RUIN_ROW] >= 0:
        parts.append(_after_ruin(orders, int(account.cursor[kernel.ORDER])))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    names = np.argsort(bars.by_name)
    order = np.lexsort((names[columns[1]], columns[0]))
    return Drops(*(column[order] for column in columns))


_Columns = tuple[IntArray, IntArray, IntArray, IntArray, FloatArray, FloatArray]


def _never_sized(row: IntArray, symbol: IntArray, reason: IntArray, side: IntArray) -> _Columns:
    unknown = np.full(len(row), np.nan)
    return row, symbol, reason, side, unknown, unknown


def _after_ruin(orders: Orders, first: int) -> _Columns:
    """Openings that came after everything was closed."""
    book = orders.book
    kind, weight = book.kind[first:], book.weight[first:]
    side = np.where(kind == kernel.SHORT_ENTRY, -1, np.where(kind == kernel.ENTRY, 1, 0))
    side = np.where(kind == kernel.WEIGHT, np.sign(weight), side).astype(np.int64)
    chosen = np.flatnonzero(side) + first
    reason = np.full(len(chosen), kernel.RUINED)
    return _never_sized(book.decided[chosen], book.symbol[chosen], reason, side[side != 0])


def _unfilled(bars: Bars, orders: Orders, fills: Fills, equity: FloatArray) -> _Columns:
    """Orders decided on a symbol's last bar, which has no later one to fill on."""
    row, column, kind, weight, _ = orders.late
    held = np.zeros(len(bars.symbols))
    closed = np.zeros(len(bars.symbols), dtype=np.bool_)
    forced = fills.kind >= kernel.DELISTED
    closed[fills.symbol[forced]] = True
    held[fills.symbol[~forced]] = fills.position[~forced]
    worth = held[column] * bars.close[row, column]
    gap = np.zeros(len(row))
    asked = kind == kernel.WEIGHT
    gap[asked] = weight[asked] * equity[row[asked]] - worth[asked]
    gap[(kind == kernel.ENTRY) & (worth <= 0.0)] = np.inf
    gap[(kind == kernel.SHORT_ENTRY) & (worth >= 0.0)] = -np.inf
    leaves = ((kind == kernel.EXIT) & (worth > 0.0)) | ((kind == kernel.SHORT_EXIT) & (worth < 0.0))
    leaves |= kind == kernel.FLAT
    gap[leaves] = -worth[leaves]
    closing: BoolArray = closed[column] & (np.sign(gap) * np.sign(worth) < 0.0)
    chosen = (np.abs(gap) > 1e-9 * np.abs(equity[row])) & ~closing
    ended = row[chosen] == len(bars.dates) - 1
    return _never_sized(
        row[chosen],
        column[chosen],
        np.where(ended, AFTER_END, AFTER_DELISTING),
        np.where(gap[chosen] > 0.0, 1, -1),
    )


def _values(bars: Bars, fills: Fills) -> tuple[FloatArray, FloatArray]:
    """Net and gross value of the positions at each close, (T,) each, summed by name."""
    count = len(bars.dates)
    place = np.argsort(bars.by_name)[fills.symbol]
    order = np.argsort(place, kind="stable")
    net = np.zeros(count)
    gross = np.zeros(count) if (fills.position < 0.0).any() else net
    for places in _groups(place[order]):
        chosen = order[places]
        column = int(fills.symbol[chosen[0]])
        first = int(fills.row[chosen[0]])
        value = _steps(count - first, fills.row[chosen] - first, fills.position[chosen], 0.0)
        value *= bars.last_close[first:, column]
        net[first:] += value
        if gross is not net:
            gross[first:] += np.abs(value)
    return net, gross


def _steps(count: int, rows: IntArray, values: FloatArray, before: float) -> FloatArray:
    """Spread values that hold from their rows on over all rows; the last of a row wins."""
    if len(rows) == 0:
        return np.full(count, before)
    final: BoolArray = np.append(rows[1:] != rows[:-1], True)
    starts = rows[final]
    lengths = np.diff(np.concatenate(([0], starts, [count])))
    return np.repeat(np.concatenate(([before], values[final])), lengths)


def _groups(keys: IntArray) -> list[slice]:
    """Ranges of equal keys in a sorted array."""
    if len(keys) == 0:
        return []
    borders = np.concatenate(([0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)]))
    return [slice(int(a), int(b)) for a, b in pairwise(borders)]
