"""The loops that turn orders into fills.

They visit what can change something: rows with orders, and every row while a position
is held that has stops, is short or borrowed for, or while interest accrues. Within a row
things happen in the order of the clock: interest since the date before, orders at the
open (sales and covers first, then openings by precedence), stops and targets inside the
bar, orders at the close, forced sales, and the check for ruin.

Whether an order acts (an entry while flat, an exit while held) is decided at its fill: a
symbol's position changes inside bars and through its own orders alone, so that the state
before its fill is the state at its decision.
"""

from __future__ import annotations

import math

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.compiled import compiled
from quant_tui.engine.simulation.tables import Account, Forced, Market, OrderBook, Terms

EXIT, ENTRY, WEIGHT, SHORT_EXIT, SHORT_ENTRY, FLAT = 0, 1, 2, 3, 4, 5
"""What an order asks: sell, buy by the sizing, go to a weight, cover, sell short, be flat."""

STOP_LOSS, TAKE_PROFIT, TRAILING_STOP = 6, 7, 8
"""Kinds of fill inside a bar."""

DELISTED, FINAL, RUIN = 9, 10, 11
"""Kinds of forced sale."""

ALL_IN, FRACTION, FIXED_CASH, FIXED_SHARES, OWN_FRACTION, WEIGHTED = 0, 1, 2, 3, 4, 5
"""Codes of the sizings of an entry."""

NO_CASH, CUT, BELOW_ONE_SHARE, VOLUME, NO_VOLATILITY, RUINED = 0, 1, 2, 3, 4, 5
"""Why an order was not filled, or not wholly."""

ROW, ORDER, SALE, FILLS, DROPS, HELD, RUIN_ROW = 0, 1, 2, 3, 4, 5, 6
"""Places in the account's cursor."""

CASH, INTEREST, EQUITY, GROSS = 0, 1, 2, 3
"""Places in the account's money."""

POSITION, PRICE, BEST, LOSS, PROFIT, TRAIL, FLOOR, CEILING = 0, 1, 2, 3, 4, 5, 6, 7
UNSURE, BORROWED, USED, USED_ROW, STOPPED_ROW = 8, 9, 10, 11, 12
"""Columns of the account's table of symbols."""

_DUST = 1e-9
"""Share of the equity, or of the initial capital, below which nothing is traded."""

_HAIR = 1.0 + 1e-12
"""What rounding may add to a quantity that was sized to spend all."""


@compiled
def log_drop(
    account: Account, decided: int, column: int, reason: int, side: float, wanted: float,
    filled: float,
) -> None:  # fmt: skip
    """Note an order that was not, or not wholly, filled."""
    line = account.drops[account.cursor[DROPS]]
    line[0], line[1], line[2], line[3] = decided, column, reason, side
    line[4], line[5] = wanted, filled
    account.cursor[DROPS] += 1


@compiled
def log_fill(
    terms: Terms, account: Account, row: int, decided: int, column: int, kind: int,
    unsure: float, quantity: float, price: float, reference: float,
) -> None:  # fmt: skip
    """Pay for a signed quantity and note the fill; the position was set before."""
    value = abs(quantity) * price
    fee = value * terms.commission + abs(quantity) * terms.per_share
    if fee < terms.minimum:
        fee = terms.minimum
    cash = account.money[CASH]
    if quantity > 0.0:
        cash -= value + fee
        if abs(cash) < terms.initial * _DUST * 1e-3:
            cash = 0.0
    else:
        cash += value - fee
    account.money[CASH] = cash
    one = account.symbols[column]
    line = account.fills[account.cursor[FILLS]]
    line[0], line[1], line[2], line[3], line[4] = row, decided, column, kind, unsure
    line[5], line[6], line[7], line[8] = quantity, price, reference, fee
    line[9], line[10], line[11] = one[BORROWED], cash, one[POSITION]
    one[BORROWED] = 0.0
    if one[USED_ROW] != row:
        one[USED_ROW], one[USED] = row, 0.0
    one[USED] += abs(quantity)
    account.cursor[FILLS] += 1


@compiled
def volume_left(terms: Terms, account: Account, row: int, column: int, volume: float) -> float:
    """Shares of the bar's volume that may still be taken."""
    if terms.cap == math.inf or volume != volume:
        return math.inf
    left = terms.cap * volume
    if account.symbols[column, USED_ROW] == row:
        left -= account.symbols[column, USED]
    if left <= 0.0:
        return 0.0
    return float(math.floor(left)) if terms.whole else left


@compiled
def worse_by(terms: Terms, quantity: float, volume: float) -> float:
    """Fraction by which a fill's price is worse than its reference."""
    if terms.impact == 0.0 or volume != volume:
        return terms.slippage
    share = quantity / volume if quantity < volume else 1.0
    return min(terms.slippage + terms.impact * share * share, 0.9)


@compiled
def set_edges(account: Account, column: int) -> None:
    """Set the prices which a bar must touch for a stop, target or best price to change."""
    one = account.symbols[column]
    side = 1.0 if one[POSITION] > 0.0 else -1.0
    against, ahead = -side * math.inf, side * math.inf
    if one[LOSS] > 0.0:
        against = one[PRICE] * (1.0 - side * one[LOSS])
    if one[PROFIT] > 0.0:
        ahead = one[PRICE] * (1.0 + side * one[PROFIT])
    if one[TRAIL] > 0.0:
        level = one[BEST] * (1.0 - side * one[TRAIL])
        against = side * max(side * against, side * level)
        ahead = side * min(side * ahead, side * one[BEST])
    one[FLOOR] = against if side > 0.0 else ahead
    one[CEILING] = ahead if side > 0.0 else against


@compiled
def reduce(
    terms: Terms, account: Account, row: int, decided: int, column: int, kind: int,
    unsure: float, quantity: float, reference: float, volume: float,
) -> None:  # fmt: skip
    """Sell, or cover, a quantity of what is held."""
    held = account.symbols[column, POSITION]
    side = 1.0 if held > 0.0 else -1.0
    worse = 0.0
    if kind < DELISTED:
        left = volume_left(terms, account, row, column, volume)
        if quantity > left:
            log_drop(account, decided, column, VOLUME, -side, quantity, left)
            quantity = left
            if quantity <= 0.0:
                return
    if kind != DELISTED:
        worse = worse_by(terms, quantity, volume)
    left = abs(held) - quantity
    account.symbols[column, POSITION] = side * left if left > 0.0 else 0.0
    if left <= 0.0:
        account.cursor[HELD] -= 1
    price = reference * (1.0 - side * worse)
    log_fill(terms, account, row, decided, column, kind, unsure, -side * quantity, price, reference)


@compiled
def close_side(
    terms: Terms, account: Account, row: int, decided: int, column: int, what: int,
    weight: float, reference: float, sized: float, volume: float, equity: float,
) -> None:  # fmt: skip
    """Do the part of an order that makes a position smaller; ``sized`` is its price."""
    held = account.symbols[column, POSITION]
    size, quantity, kind = abs(held), 0.0, what
    if what == WEIGHT:
        target = weight * equity if held > 0.0 else -weight * equity
        if target <= 0.0:
            quantity = size
        elif size * sized - target > equity * _DUST:
            keep = target / sized
            if terms.whole:
                keep = float(math.floor(keep))
            quantity = size - keep
    elif held > 0.0 and what in (EXIT, FLAT, SHORT_ENTRY):
        quantity, kind = size, EXIT
    elif held < 0.0 and what in (SHORT_EXIT, FLAT, ENTRY):
        quantity, kind = size, SHORT_EXIT
    if quantity > 0.0:
        reduce(terms, account, row, decided, column, kind, 0.0, quantity, reference, volume)


@compiled
def open_side(
    terms: Terms, account: Account, row: int, decided: int, column: int, what: int,
    weight: float, since: int, reference: float, decision_price: float, volume: float,
    equity: float, loss: float, profit: float, trail: float,
) -> None:  # fmt: skip
    """Do the part of an order that opens a position or adds to one."""
    one = account.symbols[column]
    held = one[POSITION]
    side, gap, sizing = 1.0, 0.0, terms.sizing
    if what == WEIGHT:
        if since >= 0 and since < one[STOPPED_ROW]:
            return
        sizing = WEIGHTED
        if held < 0.0 or (held == 0.0 and weight < 0.0):
            side = -1.0
        worth = abs(held) * (decision_price if terms.decided else reference)
        gap = side * weight * equity - worth
        if gap <= equity * _DUST or equity < 0.0:
            return
    elif what == SHORT_ENTRY:
        side = -1.0
    elif what != ENTRY:
        return
    cash = limit = account.money[CASH]
    if terms.margin:
        limit = max(terms.leverage * account.money[EQUITY] - account.money[GROSS], 0.0)
    dust = terms.initial * _DUST
    quantity = 0.0
    for _ in range(1 if terms.impact == 0.0 else 2):
        price = reference * (1.0 + side * worse_by(terms, quantity, volume))
        cost = price * (1.0 + terms.commission) + terms.per_share
        unit, bare, least = cost, price, terms.minimum
        if terms.margin:  # costs come off the equity, which bounds the positions
            bare = reference + terms.leverage * abs(price - reference)
            unit = bare + terms.leverage * (price * terms.commission + terms.per_share)
            least = terms.leverage * terms.minimum
        affordable = limit / unit
        sized = decision_price if terms.decided else cost
        if sizing == WEIGHTED:
            budget = gap
        elif sizing == ALL_IN:
            budget, sized = limit, decision_price if terms.decided else unit
        elif sizing == FRACTION:
            budget = terms.sizing_value * equity
        elif sizing == OWN_FRACTION:
            budget = weight * equity
        else:
            budget = terms.sizing_value
        quantity = budget if sizing == FIXED_SHARES else budget / sized
        if terms.minimum > 0.0:
            most = max(limit - least, 0.0) / bare
            affordable = min(affordable, most)
            if not terms.decided and sizing == ALL_IN:
                quantity = min(quantity, most)
            elif not terms.decided and sizing != FIXED_SHARES:
                quantity = min(quantity, max(budget - terms.minimum, 0.0) / price)
        wanted = quantity
        if terms.whole:
            quantity = float(math.floor(quantity))
            affordable = float(math.floor(affordable))
    if sizing == OWN_FRACTION and weight <= 0.0:
        log_drop(account, decided, column, NO_VOLATILITY, side, math.nan, 0.0)
        return
    short = quantity > affordable * _HAIR
    if terms.decided and terms.reject:
        ticket = quantity * decision_price * (1.0 + terms.commission)
        short = short or ticket > limit * _HAIR
    if short and (terms.reject or affordable * cost <= dust):
        log_drop(account, decided, column, NO_CASH, side, wanted, 0.0)
        return
    reason = CUT
    quantity = min(quantity, affordable)
    left = volume_left(terms, account, row, column, volume)
    if quantity > left:
        quantity, reason, short = left, VOLUME, True
    if quantity * cost <= dust:
        if reason == CUT:
            reason = BELOW_ONE_SHARE if terms.whole and limit > dust else NO_CASH
        if reason == VOLUME or sizing != WEIGHTED:
            log_drop(account, decided, column, reason, side, wanted, 0.0)
        return
    if short:
        log_drop(account, decided, column, reason, side, wanted, quantity)
    if terms.impact > 0.0:
        price = reference * (1.0 + side * worse_by(terms, quantity, volume))
    size = abs(held)
    if size == 0.0:
        account.cursor[HELD] += 1
        one[BEST], one[UNSURE] = price, 0.0
        one[LOSS], one[PROFIT], one[TRAIL] = loss, profit, trail
    one[PRICE] = price if size == 0.0 else (
        (one[PRICE] * size + price * quantity) / (size + quantity)
    )  # fmt: skip
    one[POSITION] = held + side * quantity
    set_edges(account, column)
    log_fill(terms, account, row, decided, column, what, 0.0, side * quantity, price, reference)
    if terms.margin:
        account.money[EQUITY] += account.money[CASH] - cash + side * quantity * reference
        account.money[GROSS] += quantity * reference


@compiled
def hit_stop(
    terms: Terms, account: Account, row: int, column: int, start: float, high: float, low: float,
    volume: float,
) -> None:  # fmt: skip
    """Close a position whose stop or target a bar touches, or note its new best price.

    A bar that opens beyond a level fills at its open, otherwise at the level. The level
    of a trailing stop follows the best price up to the bar before; a bar that makes a new
    best and also touches the level that this gives is the second case, beside a bar
    that touches stop and target, in which the order of its prices matters.
    """
    one = account.symbols[column]
    side, worst, best = 1.0, low, high
    if one[POSITION] < 0.0:
        side, worst, best = -1.0, high, low
    stop, target, kind = -side * math.inf, side * math.inf, STOP_LOSS
    raised = stop
    if one[LOSS] > 0.0:
        stop = one[PRICE] * (1.0 - side * one[LOSS])
    if one[PROFIT] > 0.0:
        target = one[PRICE] * (1.0 + side * one[PROFIT])
    if one[TRAIL] > 0.0:
        level = one[BEST] * (1.0 - side * one[TRAIL])
        if side * (level - stop) > 0.0:
            stop, kind = level, TRAILING_STOP
        if side * (best - one[BEST]) > 0.0:
            raised = best * (1.0 - side * one[TRAIL])
    stopped, reached = side * (worst - stop) <= 0.0, side * (best - target) >= 0.0
    moved = side * (raised - stop) > 0.0 and side * (worst - raised) <= 0.0
    unsure = one[UNSURE]
    if side * (start - stop) <= 0.0:
        reference = start
    elif side * (start - target) >= 0.0:
        reference, kind = start, TAKE_PROFIT
    else:
        if moved or (stopped and reached):
            unsure = 1.0
        if reached and (terms.optimistic or not stopped):
            reference, kind = target, TAKE_PROFIT
        elif stopped:
            reference = stop
            if moved and terms.optimistic:
                reference, kind = raised, TRAILING_STOP
        else:
            one[UNSURE] = unsure
            one[BEST] = side * max(side * best, side * one[BEST])
            set_edges(account, column)
            return
    reduce(terms, account, row, row, column, kind, unsure, abs(one[POSITION]), reference, volume)
    if one[POSITION] == 0.0:
        one[STOPPED_ROW] = row


@compiled
def value_positions(
    account: Account, by_name: IntArray, marks: FloatArray, opens: FloatArray, at_open: bool
) -> None:
    """Bring the account's equity, and its positions' value whatever their sign, up to date."""
    gross, equity = 0.0, account.money[CASH]
    for place in range(by_name.shape[0]):
        column = by_name[place]
        held = account.symbols[column, POSITION]
        if held != 0.0:
            price = marks[column]
            if at_open and opens[column] == opens[column]:
                price = opens[column]
            equity += held * price
            gross += abs(held) * price
    account.money[EQUITY] = equity
    account.money[GROSS] = gross


@compiled
def accrue(
    terms: Terms, account: Account, by_name: IntArray, marks: FloatArray, days: float
) -> None:
    """Pay for what was borrowed, and take interest, since the date before."""
    years = days / 365.0
    cash = account.money[CASH]
    idle, paid, interest = cash, 0.0, 0.0
    if account.cursor[HELD] > 0:
        for place in range(by_name.shape[0]):
            column = by_name[place]
            held = account.symbols[column, POSITION]
            if held < 0.0:
                cost = -held * marks[column] * terms.borrow_rate * years
                account.symbols[column, BORROWED] += cost
                paid += cost
                idle += held * marks[column]
    if idle > 0.0:
        interest = idle * terms.cash_rate * years
    if cash < 0.0:
        interest += cash * terms.borrow_rate * years
    account.money[INTEREST] += interest
    account.money[CASH] = cash - paid + interest


@compiled
def force(
    terms: Terms, account: Account, row: int, column: int, kind: int, price: float, volume: float
) -> None:
    """Close a position, if there is one, without asking for volume."""
    held = account.symbols[column, POSITION]
    if held != 0.0:
        reduce(terms, account, row, row, column, kind, 0.0, abs(held), price, volume)


@compiled
def execute(
    stop: int, market: Market, terms: Terms, account: Account, book: OrderBook, forced: Forced,
    cash_curve: FloatArray,
) -> None:  # fmt: skip
    """Go on from where the account stands.

    Parameters
    ----------
    stop
        Row to stop before. The loop also stops where the log may not hold another row;
        the account's cursor tells.
    market, terms, book, forced
        Read only.
    account
        Written.
    cash_curve
        Cash at each close (T,), written where anything accrues; of length 0 otherwise.
    """
    cursor, money, symbols = account.cursor, account.money, account.symbols
    opens, highs, lows, volumes = market.open, market.high, market.low, market.volume
    closes, by_name = market.last_close, market.by_name
    due, sales = book.due, forced.row
    orders, count, last_row = due.shape[0], by_name.shape[0], opens.shape[0] - 1
    at_close = terms.at_close
    watches = terms.stops or terms.margin
    while cursor[ROW] < stop and cursor[RUIN_ROW] < 0:
        row, first, sale = cursor[ROW], cursor[ORDER], cursor[SALE]
        if not terms.accrues and not (watches and cursor[HELD] > 0):
            while first < orders:  # past what asks for what is the case already
                held = symbols[book.symbol[first], POSITION]
                if not (book.kind[first] == EXIT and held == 0.0) and not (
                    book.kind[first] == ENTRY and held > 0.0
                ):
                    break
                first += 1
            cursor[ORDER] = first
            row = stop
            if first < orders and due[first] < row:
                row = due[first]
            if sale < sales.shape[0] and sales[sale] < row:
                row = sales[sale]
            cursor[ROW] = row
            if row == stop:
                return
        last = first
        while last < orders and due[last] == row:
            last += 1
        need = 2 * (last - first) + 3 * count
        if account.fills.shape[0] - cursor[FILLS] < need or (
            account.drops.shape[0] - cursor[DROPS] < need
        ):
            return
        before = row - 1 if row > 0 else 0
        if terms.accrues and row > 0:
            accrue(terms, account, by_name, closes[before], market.days[row])
        for turn in range(3):
            if turn == 1:
                if first == last:
                    continue
                equity = money[CASH]
                if terms.values_equity:
                    value_positions(account, by_name, closes[row if at_close else before],
                                    opens[row], not at_close and not terms.decided)  # fmt: skip
                    equity = money[EQUITY]
                for order in range(first, last):
                    column = book.symbol[order]
                    if symbols[column, POSITION] != 0.0:
                        price = book.reference[order]
                        close_side(
                            terms, account, row, book.decided[order], column, book.kind[order],
                            book.weight[order], price,
                            book.decision_price[order] if terms.decided else price,
                            volumes[row, column], equity,
                        )  # fmt: skip
                if terms.margin:
                    value_positions(account, by_name, closes[row if at_close else before],
                                    opens[row], not at_close)  # fmt: skip
                for order in range(first, last):
                    column = book.symbol[order]
                    if symbols[column, POSITION] == 0.0 or book.kind[order] == WEIGHT:
                        loss = book.stop_loss[order] if terms.stops else 0.0
                        profit = book.take_profit[order] if terms.stops else 0.0
                        trail = book.trailing_stop[order] if terms.stops else 0.0
                        open_side(
                            terms, account, row, book.decided[order], column, book.kind[order],
                            book.weight[order], book.since[order], book.reference[order],
                            book.decision_price[order], volumes[row, column], equity,
                            loss, profit, trail,
                        )  # fmt: skip
                cursor[ORDER] = last
            elif terms.stops and cursor[HELD] > 0 and at_close == (turn == 0) and not (
                terms.ends_at_open and row == last_row
            ):  # fmt: skip
                for place in range(count):
                    column = by_name[place]
                    if symbols[column, POSITION] != 0.0 and (
                        lows[row, column] <= symbols[column, FLOOR]
                        or highs[row, column] >= symbols[column, CEILING]
                    ):
                        hit_stop(terms, account, row, column, opens[row, column],
                                 highs[row, column], lows[row, column],
                                 volumes[row, column])  # fmt: skip
        while sale < sales.shape[0] and sales[sale] == row:
            column = forced.symbol[sale]
            force(terms, account, row, column, forced.kind[sale], forced.price[sale],
                  volumes[row, column])  # fmt: skip
            sale += 1
        cursor[SALE] = sale
        if (terms.margin and cursor[HELD] > 0) or money[CASH] < 0.0:
            value_positions(account, by_name, closes[row], opens[row], False)
            if money[EQUITY] <= 0.0:
                for place in range(count):
                    column = by_name[place]
                    force(terms, account, row, column, RUIN, closes[row, column], math.nan)
                cursor[RUIN_ROW] = row
        if terms.accrues:
            cash_curve[row] = money[CASH]
        cursor[ROW] = row + 1
    if terms.accrues and cursor[RUIN_ROW] >= 0:
        cash_curve[cursor[RUIN_ROW] :] = money[CASH]
