"""How a list says which symbol to open, and which others it holds: the target of a jump."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SEPARATOR = "\n"
DATED = "\t"


class SymbolTarget(NamedTuple):
    """A symbol to open.

    Attributes
    ----------
    symbol
        Its name.
    listed
        The list that it is in, through which keys step; empty for all symbols.
    day
        ISO date on which the chart's cursor is put; "" for none.
    """

    symbol: str
    listed: tuple[str, ...] = ()
    day: str = ""


def symbol_target(symbol: str, listed: Sequence[str] = (), *, day: str = "") -> str:
    r"""Return the target that opens a symbol; with a list, keys step through that list.

    >>> symbol_target("GOOG", ["AAPL", "GOOG"])
    'GOOG\nAAPL\nGOOG'
    """
    first = f"{symbol}{DATED}{day}" if day else symbol
    return SEPARATOR.join([first, *listed])


def read_target(target: str) -> SymbolTarget:
    """Take a target apart."""
    first, *listed = target.split(SEPARATOR)
    symbol, _, day = first.partition(DATED)
    return SymbolTarget(symbol, tuple(dict.fromkeys(listed)), day)
