"""Whether the bit loops know how to trade a strategy under a configuration, and its terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields

import numpy as np

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.config import BacktestConfig
from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.sweep import accounts

_SIZINGS = {
    "all_in": accounts.ALL_IN,
    "fraction": accounts.FRACTION,
    "fixed_cash": accounts.FIXED_CASH,
    "fixed_shares": accounts.FIXED_SHARES,
}


def _any(_value: object) -> bool:
    return True


_KNOWN: dict[str, Callable[[object], bool]] = {
    "initial_capital": _any,
    "commission": _any,
    "slippage": _any,
    "fill": lambda value: value in ("next_open", "close"),
    "shares": lambda value: value in ("fractional", "whole"),
    "sizing": lambda value: value in _SIZINGS,
    "sizing_value": _any,
    "cash_short": lambda value: value in ("cut", "reject"),
    "finalize": lambda value: value in ("mark", "close", "last_open"),
    "delist_after": _any,
    "annualization": _any,
    "risk_free": _any,
    "seed": _any,
}
"""Fields whose effect the loops have, and the values they know; any other field must be
at its default."""

_RULES = frozenset({"entry", "exit"})


def are_known(config: BacktestConfig, document: StrategyDocument, symbols: int) -> bool:
    """Return whether the loops trade this; what they do not know takes the simulator.

    Parameters
    ----------
    config
        Resolved configuration.
    document
        Strategy.
    symbols
        Number of symbols.
    """
    rules = set(document.rules)
    if symbols == 1:
        rules.discard("rank")  # one symbol comes before no other
    if "entry" not in rules or not rules <= _RULES:
        return False
    for field in fields(config):
        value = getattr(config, field.name)
        known = _KNOWN.get(field.name)
        if known is not None:
            if not known(value):
                return False
        elif field.default is MISSING or value != field.default:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of trade as the loops take them: figures, and whole numbers."""

    figures: FloatArray
    numbers: IntArray


def terms_of(config: BacktestConfig, last_price: float = 0.0) -> Terms:
    """Return the terms of a resolved configuration.

    Parameters
    ----------
    config
        One that :func:`are_known` accepts.
    last_price
        Price of the forced sale of the one symbol; 0 without any.
    """
    figures = np.zeros(5)
    figures[accounts.CASH] = config.initial_capital
    figures[accounts.COMMISSION] = config.commission
    figures[accounts.SLIPPAGE] = config.slippage
    figures[accounts.SIZE] = config.sizing_value or 0.0
    figures[accounts.LAST_PRICE] = last_price
    numbers = np.zeros(4, dtype=np.int64)
    numbers[accounts.SHIFT] = config.fill == "next_open"
    numbers[accounts.SIZING] = _SIZINGS[config.sizing]
    numbers[accounts.WHOLE] = config.shares == "whole"
    numbers[accounts.REJECT] = config.cash_short == "reject"
    return Terms(figures, numbers)
