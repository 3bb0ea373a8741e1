"""Loops of accounts: from the bits of signals to the figures of a run.

With one symbol the account's value between two changes is ``cash + quantity · close``.
So what it did there is read off sums and extremes of the closes that all combinations
share: the returns of a fully invested account are the symbol's own, and the value rises
and falls with the close whatever the cash.

With several symbols the signals are turned into bits of one word a date, so that a date
without anything to do costs one look. The account's curve is drawn afterwards, one
symbol's holding after the other.
"""

from __future__ import annotations

import math

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.compiled import compiled
from quant_tui.engine.sweep.masks import MaskArray

FINAL, SUM, SQUARES, LOSSES, LOST_SQUARES, WORST, CLOSED, OPEN = 0, 1, 2, 3, 4, 5, 6, 7
"""Columns of the figures: last value; sums of the returns, of their squares, of those
below zero and of the squares of these; least ratio of value to running peak; round trips
closed and open."""
FIGURES = 8
"""Number of these columns."""

CASH, COMMISSION, SLIPPAGE, SIZE, LAST_PRICE = 0, 1, 2, 3, 4
"""Places of the terms that are figures."""
SHIFT, SIZING, WHOLE, REJECT = 0, 1, 2, 3
"""Places of the terms that are whole numbers."""
ALL_IN, FRACTION, FIXED_CASH, FIXED_SHARES = 0, 1, 2, 3
"""Codes of the sizings."""

BLOCK = 16
"""Bars whose extremes are kept together."""

_DUST = 1e-9
_TABLE = np.zeros(64, dtype=np.int64)
_FACTOR = np.uint64(0x03F79D71B4CB0A89)
for _place in range(64):
    _TABLE[((int(_FACTOR) << _place) & 0xFFFFFFFFFFFFFFFF) >> 58] = _place


@compiled
def lowest(bits: np.uint64) -> int:
    """Return the place of the lowest bit that is set (de Bruijn multiplication)."""
    low = bits & (~bits + np.uint64(1))
    return int(_TABLE[(low * _FACTOR) >> np.uint64(58)])


@compiled
def bought(
    cash: float, equity: float, price: float, figures: FloatArray, numbers: IntArray
) -> float:
    """Return the shares that a purchase buys, as the simulator sizes it."""
    cost = price * (1.0 + figures[COMMISSION])
    sizing = numbers[SIZING]
    whole = numbers[WHOLE] != 0
    if sizing == ALL_IN:
        quantity = cash / cost
    elif sizing == FRACTION:
        quantity = figures[SIZE] * equity / cost
    elif sizing == FIXED_CASH:
        quantity = figures[SIZE] / cost
    else:
        quantity = figures[SIZE]
    affordable = cash / cost
    if whole:
        quantity = float(math.floor(quantity))
        affordable = float(math.floor(affordable))
    dust = figures[CASH] * _DUST
    if quantity > affordable * (1.0 + 1e-12):
        if numbers[REJECT] != 0 or affordable * cost <= dust:
            return 0.0
        quantity = affordable
    elif quantity > affordable:
        quantity = affordable
    return quantity if quantity * cost > dust else 0.0


@compiled
def trade(
    entry: MaskArray,
    exit_: MaskArray,
    reference: FloatArray,
    figures: FloatArray,
    numbers: IntArray,
    row: IntArray,
    cash_after: FloatArray,
    quantity_after: FloatArray,
) -> int:
    """Go from signal to signal that acts; return the number of changes.

    Parameters
    ----------
    entry, exit_
        Bits (W,) of the signals; where both hold, neither acts.
    reference
        Price (M,) at which each bar fills.
    figures, numbers
        Terms of trade.
    row, cash_after, quantity_after
        Take the bar of each change, and cash and shares after it.
    """
    commission = figures[COMMISSION]
    slippage = figures[SLIPPAGE]
    cash = figures[CASH]
    quantity = 0.0
    dust = cash * _DUST * 1e-3
    bars = reference.shape[0]
    count = 0
    word = 0
    ahead = ~np.uint64(0)
    while word < entry.shape[0]:
        if quantity > 0.0:
            bits = exit_[word] & ~entry[word] & ahead
        else:
            bits = entry[word] & ~exit_[word] & ahead
        if bits == np.uint64(0):
            word += 1
            ahead = ~np.uint64(0)
            continue
        place = lowest(bits)
        ahead = ~(((np.uint64(1) << np.uint64(place)) << np.uint64(1)) - np.uint64(1))
        due = word * 64 + place + numbers[SHIFT]
        if due >= bars:
            break
        if quantity > 0.0:
            price = reference[due] * (1.0 - slippage)
            value = quantity * price
            cash += value - value * commission
            quantity = 0.0
        else:
            price = reference[due] * (1.0 + slippage)
            quantity = bought(cash, cash, price, figures, numbers)
            if quantity == 0.0:
                continue
            value = quantity * price
            cash -= value + value * commission
            if abs(cash) < dust:
                cash = 0.0
        row[count] = due
        cash_after[count] = cash
        quantity_after[count] = quantity
        count += 1
    if quantity > 0.0 and figures[LAST_PRICE] > 0.0:
        value = quantity * figures[LAST_PRICE]
        cash += value - value * commission
        row[count] = bars - 1
        cash_after[count] = cash
        quantity_after[count] = 0.0
        count += 1
    return count


@compiled
def fall(
    close: FloatArray,
    high: FloatArray,
    low: FloatArray,
    start: int,
    stop: int,
    cash: float,
    quantity: float,
    peak: float,
    worst: float,
) -> tuple[float, float]:
    """Return running peak and least ratio to it after the bars from start to stop.

    Parameters
    ----------
    close
        Closes (M,).
    high, low
        Extremes of the closes of each block.
    start, stop
        Range of bars.
    cash, quantity
        What the account holds over them.
    peak, worst
        Peak and least ratio before them.
    """
    bar = start
    while bar < stop:
        block = bar // BLOCK
        border = min((block + 1) * BLOCK, stop)
        top = cash + quantity * high[block]
        bottom = cash + quantity * low[block]
        if top <= peak:
            if bottom >= worst * peak:
                bar = border
                continue
            if border - bar == BLOCK:
                worst = bottom / peak
                bar = border
                continue
        elif border - bar == BLOCK and bottom >= worst * top:
            peak = top
            bar = border
            continue
        for price in close[bar:border]:
            value = cash + quantity * price
            if value > peak:
                peak = value
            elif value < worst * peak:
                worst = value / peak
        bar = border
    return peak, worst


@compiled
def held_returns(
    prices: FloatArray, cash: float, quantity: float, moves: FloatArray
) -> tuple[float, float, float, float]:
    """Sum the returns over closes (B + 1), the first of which is where they start from.

    Idle cash dilutes them, so that each is computed; ``moves`` is room for them. Sums that
    do not wait for one another go on side by side. Given back are the sums of ``SUM``,
    ``SQUARES``, ``LOSSES`` and ``LOST_SQUARES``.
    """
    before = prices[:-1]
    after = prices[1:]
    size = after.shape[0]
    for bar in range(size):
        moves[bar] = (cash + quantity * after[bar]) / (cash + quantity * before[bar]) - 1.0
    total, squares, losses, lost = 0.0, 0.0, 0.0, 0.0
    other, other_squares, other_losses, other_lost = 0.0, 0.0, 0.0, 0.0
    for half in range(size // 2):
        part = moves[2 * half : 2 * half + 2]
        one, two = min(part[0], 0.0), min(part[1], 0.0)
        total += part[0]
        other += part[1]
        squares += part[0] * part[0]
        other_squares += part[1] * part[1]
        losses += one
        other_losses += two
        lost += one * one
        other_lost += two * two
    if size % 2 == 1:
        move = moves[size - 1]
        one = min(move, 0.0)
        total += move
        squares += move * move
        losses += one
        lost += one * one
    return total + other, squares + other_squares, losses + other_losses, lost + other_lost


@compiled
def measure(
    count: int,
    row: IntArray,
    cash_after: FloatArray,
    quantity_after: FloatArray,
    initial: float,
    close: FloatArray,
    sums: FloatArray,
    high: FloatArray,
    low: FloatArray,
    moves: FloatArray,
    found: FloatArray,
) -> None:
    """Compute the figures of an account from its changes.

    Parameters
    ----------
    count, row, cash_after, quantity_after
        Changes, as :func:`trade` gives them.
    initial
        Cash at the start.
    close
        Closes (M,).
    sums
        Sums up to each bar (M + 1, 8) that make ``SUM``, ``SQUARES``, ``LOSSES`` and
        ``LOST_SQUARES`` of the closes' returns, each as a value and what rounding left
        of it.
    high, low
        Extremes of the closes of each block.
    moves
        Room for the returns of the bars (M,).
    found
        Takes the figures.
    """
    bars = close.shape[0]
    cash = initial
    quantity = 0.0
    before = initial
    peak = initial
    worst = 1.0
    total, squares, losses, lost = 0.0, 0.0, 0.0, 0.0
    closed = 0
    start = 0
    for change in range(count + 1):
        stop = bars if change == count else row[change]
        if quantity > 0.0 and start < stop:
            if cash == 0.0:
                a, b = sums[start], sums[stop]
                total += (b[0] - a[0]) + (b[1] - a[1])
                squares += (b[2] - a[2]) + (b[3] - a[3])
                losses += (b[4] - a[4]) + (b[5] - a[5])
                lost += (b[6] - a[6]) + (b[7] - a[7])
            else:
                more, more_squares, more_losses, more_lost = held_returns(
                    close[start - 1 : stop], cash, quantity, moves
                )
                total += more
                squares += more_squares
                losses += more_losses
                lost += more_lost
            peak, worst = fall(close, high, low, start, stop, cash, quantity, peak, worst)
            before = cash + quantity * close[stop - 1]
        if change == count:
            break
        cash = cash_after[change]
        quantity = quantity_after[change]
        if quantity == 0.0:
            closed += 1
        start = stop + 1
        if change + 1 < count and row[change + 1] == stop:
            start = stop
            continue
        value = cash + quantity * close[stop]
        move = value / before - 1.0
        total += move
        squares += move * move
        losses += min(move, 0.0)
        lost += min(move, 0.0) * min(move, 0.0)
        peak = max(peak, value)
        worst = min(worst, value / peak)
        before = value
    found[FINAL] = before
    found[SUM] = total
    found[SQUARES] = squares
    found[LOSSES] = losses
    found[LOST_SQUARES] = lost
    found[WORST] = worst
    found[CLOSED] = closed
    found[OPEN] = 1.0 if quantity > 0.0 else 0.0


@compiled
def measure_all(
    entry: MaskArray,
    entry_index: IntArray,
    exit_: MaskArray,
    exit_index: IntArray,
    reference: FloatArray,
    figures: FloatArray,
    numbers: IntArray,
    close: FloatArray,
    sums: FloatArray,
    high: FloatArray,
    low: FloatArray,
    row: IntArray,
    room: FloatArray,
    found: FloatArray,
) -> None:
    """Compute the figures (K, ``FIGURES``) of K pairs of signals; see :func:`measure`.

    ``row`` (M + 2,) and ``room`` (3, M + 2) are room for the trades and the moves of one.
    """
    cash_after, quantity_after, moves = room[0], room[1], room[2]
    for pair in range(entry_index.shape[0]):
        count = trade(
            entry[entry_index[pair], 0], exit_[exit_index[pair], 0], reference, figures, numbers,
            row, cash_after, quantity_after,
        )  # fmt: skip
        measure(
            count, row, cash_after, quantity_after, figures[CASH], close, sums, high, low,
            moves, found[pair],
        )  # fmt: skip


@compiled
def running_sums(close: FloatArray, sums: FloatArray) -> None:
    """Fill ``sums`` (M + 1, 8) for :func:`measure`, in doubled precision (Knuth's two-sum)."""
    for bar in range(close.shape[0]):
        move = close[bar] / close[bar - 1] - 1.0 if bar > 0 else 0.0
        loss = min(move, 0.0)
        for kind in range(4):
            value = move if kind == 0 else move * move if kind == 1 else loss
            if kind == 3:
                value = loss * loss
            high = sums[bar, 2 * kind]
            total = high + value
            back = total - high
            sums[bar + 1, 2 * kind] = total
            rest = (high - (total - back)) + (value - back)
            sums[bar + 1, 2 * kind + 1] = sums[bar, 2 * kind + 1] + rest


@compiled
def by_date(wanted: MaskArray, other: MaskArray, due: IntArray, found: MaskArray) -> None:
    """Set for each signal its symbol's bit on the date it fills on.

    Parameters
    ----------
    wanted
        Bits (N, W) of the signals, over each symbol's own bars.
    other
        Bits of the opposite signals; where both hold, neither acts.
    due
        Row (N, 64 W) on which a decision of a symbol's bar fills; −1 where there is none.
    found
        Takes the bits (T, V).
    """
    for column in range(wanted.shape[0]):
        place = column // 64
        mark = np.uint64(1) << np.uint64(column % 64)
        for word in range(wanted.shape[1]):
            bits = wanted[column, word] & ~other[column, word]
            while bits != np.uint64(0):
                row = due[column, word * 64 + lowest(bits)]
                bits &= bits - np.uint64(1)
                if row >= 0:
                    found[row, place] |= mark


@compiled
def add_holding(
    curve: FloatArray, close: FloatArray, column: int, start: int, stop: int, quantity: float
) -> None:
    """Add the value of a holding to the curve from start to stop."""
    for row in range(np.uint64(start), np.uint64(stop)):
        curve[row] += quantity * close[column, row]


@compiled
def draw(
    buys: MaskArray,
    sells: MaskArray,
    forced: MaskArray,
    reference: FloatArray,
    mark: FloatArray,
    last_price: FloatArray,
    close: FloatArray,
    figures: FloatArray,
    numbers: IntArray,
    curve: FloatArray,
    position: FloatArray,
    since: IntArray,
    held: MaskArray,
) -> tuple[int, int]:
    """Trade, and draw the account's value at each close; return trips closed and open.

    Parameters
    ----------
    buys, sells, forced
        Bits (T, V) of the symbols, in the order of their names, with a purchase, a sale
        or a forced sale on each date.
    reference, mark
        Price of a fill (T, N), and price at which a holding counts when purchases of the
        date are sized, 0 before it is known.
    last_price
        Price of the forced sale of each symbol (N,).
    close
        Last close (N, T).
    figures, numbers
        Terms of trade.
    curve
        Takes the value of the account (T,).
    position, since
        Room for shares and date of purchase of each symbol (N,).
    held
        Room for the bits (V,) of the symbols that are held.
    """
    commission = figures[COMMISSION]
    slippage = figures[SLIPPAGE]
    cash = figures[CASH]
    tiny = cash * _DUST * 1e-3
    values_equity = numbers[SIZING] == FRACTION
    rows = buys.shape[0]
    places = buys.shape[1]
    held[:] = np.uint64(0)
    position[:] = 0.0
    curve[:] = 0.0
    closed = 0
    drawn = 0
    for row in range(rows):
        acts = False
        enters = False
        for place in range(places):
            wanted = buys[row, place] & ~held[place]
            enters = enters or wanted != np.uint64(0)
            leaving = (sells[row, place] | forced[row, place]) & held[place]
            acts = acts or leaving != np.uint64(0)
        if not (acts or enters):
            continue
        before = cash
        equity = cash
        if enters and values_equity:
            prices = mark[row]
            for column in range(position.shape[0]):
                equity += position[column] * prices[column]
        for place in range(places):
            bits = sells[row, place] & held[place]
            held[place] &= ~bits
            while bits != np.uint64(0):
                column = place * 64 + lowest(bits)
                bits &= bits - np.uint64(1)
                price = reference[row, column] * (1.0 - slippage)
                value = position[column] * price
                cash += value - value * commission
                add_holding(curve, close, column, since[column], row, position[column])
                position[column] = 0.0
                closed += 1
        for place in range(places):
            bits = buys[row, place] & ~held[place]
            while bits != np.uint64(0):
                column = place * 64 + lowest(bits)
                mark_bit = bits & (~bits + np.uint64(1))
                bits &= bits - np.uint64(1)
                price = reference[row, column] * (1.0 + slippage)
                quantity = bought(cash, equity, price, figures, numbers)
                if quantity > 0.0:
                    value = quantity * price
                    cash -= value + value * commission
                    if abs(cash) < tiny:
                        cash = 0.0
                    position[column] = quantity
                    since[column] = row
                    held[place] |= mark_bit
        for place in range(places):
            bits = forced[row, place] & held[place]
            held[place] &= ~bits
            while bits != np.uint64(0):
                column = place * 64 + lowest(bits)
                bits &= bits - np.uint64(1)
                value = position[column] * last_price[column]
                cash += value - value * commission
                add_holding(curve, close, column, since[column], row, position[column])
                position[column] = 0.0
                closed += 1
        if cash != before:
            for filled in range(drawn, row):
                curve[filled] += before
            drawn = row
    for filled in range(drawn, rows):
        curve[filled] += cash
    still = 0
    for place in range(places):
        bits = held[place]
        while bits != np.uint64(0):
            column = place * 64 + lowest(bits)
            bits &= bits - np.uint64(1)
            add_holding(curve, close, column, since[column], rows, position[column])
            still += 1
    return closed, still


@compiled
def draw_fills(
    fills: FloatArray,
    close: FloatArray,
    initial: float,
    pays_interest: bool,
    curve: FloatArray,
    position: FloatArray,
    since: IntArray,
) -> tuple[int, int]:
    """Draw an account's value from the simulator's fills; return trips closed and open.

    Parameters
    ----------
    fills
        As the simulator's account has them (C, 12).
    close
        Last close (N, T).
    initial
        Cash at the start.
    pays_interest
        Whether ``curve`` already has the cash at each close.
    curve
        Takes the value of the account (T,).
    position, since
        Room for shares and date of the last fill of each symbol (N,).
    """
    position[:] = 0.0
    closed = 0
    drawn = 0
    cash = initial
    rows = curve.shape[0]
    if not pays_interest:
        for fill in range(fills.shape[0]):
            row = int(fills[fill, 0])
            for filled in range(np.uint64(drawn), np.uint64(row)):
                curve[filled] = cash
            drawn = row
            cash = fills[fill, 10]
        for filled in range(np.uint64(drawn), np.uint64(rows)):
            curve[filled] = cash
    for fill in range(fills.shape[0]):
        row = int(fills[fill, 0])
        column = int(fills[fill, 2])
        if position[column] != 0.0:
            add_holding(curve, close, column, since[column], row, position[column])
        position[column] = fills[fill, 11]
        since[column] = row
        if position[column] == 0.0:
            closed += 1
    still = 0
    for column in range(position.shape[0]):
        if position[column] != 0.0:
            add_holding(curve, close, column, since[column], rows, position[column])
            still += 1
    return closed, still


@compiled
def measure_curve(curve: FloatArray, initial: float, found: FloatArray) -> None:
    """Compute the figures of a curve (T,): see :func:`measure`."""
    total, squares, losses, lost = 0.0, 0.0, 0.0, 0.0
    before = initial
    peak = initial
    worst = 1.0
    for value in curve:
        move = value / before - 1.0 if before > 0.0 else 0.0
        loss = min(move, 0.0)
        total += move
        squares += move * move
        losses += loss
        lost += loss * loss
        if value > peak:
            peak = value
        elif value < worst * peak:
            worst = value / peak
        before = value
    found[FINAL] = before
    found[SUM] = total
    found[SQUARES] = squares
    found[LOSSES] = losses
    found[LOST_SQUARES] = lost
    found[WORST] = worst


@compiled
def measure_shared(
    entry: MaskArray,
    entry_index: IntArray,
    exit_: MaskArray,
    exit_index: IntArray,
    due: IntArray,
    forced: MaskArray,
    reference: FloatArray,
    mark: FloatArray,
    last_price: FloatArray,
    close: FloatArray,
    figures: FloatArray,
    numbers: IntArray,
    position: FloatArray,
    since: IntArray,
    days: MaskArray,
    curve: FloatArray,
    found: FloatArray,
) -> None:
    """Compute the figures (K, ``FIGURES``) of K pairs of signals (R, N, W).

    ``days`` (2 T + 1, V) is room for the bits of purchases and of sales on each date, and
    of what is held; the rest is as in :func:`by_date` and :func:`draw`.
    """
    rows = close.shape[1]
    buys, sells, held = days[:rows], days[rows : 2 * rows], days[2 * rows]
    for pair in range(entry_index.shape[0]):
        days[:] = np.uint64(0)
        by_date(entry[entry_index[pair]], exit_[exit_index[pair]], due, buys)
        by_date(exit_[exit_index[pair]], entry[entry_index[pair]], due, sells)
        closed, still = draw(
            buys, sells, forced, reference, mark, last_price, close, figures, numbers, curve,
            position, since, held,
        )  # fmt: skip
        measure_curve(curve, figures[CASH], found[pair])
        found[pair, CLOSED] = closed
        found[pair, OPEN] = still
