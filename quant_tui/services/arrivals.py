"""Telling who waits for them that new bars are in the store."""

from __future__ import annotations

from dataclasses import dataclass

from quant_tui.services.feeds import Feed


@dataclass(frozen=True, slots=True)
class BarsArrived:
    """Bars of symbols were added, changed or removed.

    Attributes
    ----------
    symbols
        Whose bars; each once.
    interval
        ``1d``, ``5m`` …
    """

    symbols: tuple[str, ...]
    interval: str


class Arrivals(Feed[BarsArrived]):
    """Who wants to know of new bars."""
