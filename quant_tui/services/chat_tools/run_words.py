"""The set-up of a run as a proposal tells it to people: words and percent, no keys or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from quant_tui.services.backtest_figures import FIGURES, write_figure

if TYPE_CHECKING:
    from quant_tui.services.chat_tools.runs import RunArguments
    from quant_tui.services.chat_tools.studies import RunStudy, SearchRange

FILLS = {"next_open": "next bar's open", "close": "same bar's close"}

_TITLES = {one.key: one.title for one in FIGURES}


def run_lines(strategy: str, given: RunArguments) -> Iterator[str]:
    """Return what a run is, a line a thing."""
    yield f"strategy: {strategy}"
    yield f"symbols: {', '.join(given.symbols)}"
    yield f"period: {given.start} to {given.end}"
    if given.parameters:
        yield f"parameters: {value_words(given.parameters)}"
    yield f"capital: {given.initial_capital:,.2f}".removesuffix(".00")
    yield f"commission: {write_figure(given.commission, 'percent')} of every fill's value"
    yield f"slippage: {write_figure(given.slippage, 'percent')} of every fill's price"
    yield f"fill at: {FILLS[given.fill]}"
    yield f"shares: {given.shares}"
    if given.benchmark:
        yield f"benchmark: {given.benchmark}"
    if given.name:
        yield f"name: {given.name}"


def search_lines(given: RunStudy) -> Iterator[str]:
    """Return what a search looks for and where, a line a thing."""
    for name, searched in given.ranges.items():
        yield f"searched: {name} {range_words(searched)}"
    if not given.ranges:
        yield "searched: all parameters, in their usual ranges"
    yield f"looked for: {given.direction} {_TITLES.get(given.objective, given.objective)}"
    yield f"trials: {given.trials:,}, chosen by {given.sampler}, seed {given.seed}"
    yield f"walk forward: {'yes' if given.walk_forward else 'no'}"


def range_words(searched: SearchRange) -> str:
    """Write a range: ``5 … 50``, ``5 … 50 in steps of 5``, ``ema, sma``."""
    if searched.low is None or searched.high is None:
        return ", ".join(map(str, searched.choices))
    words = f"{searched.low:g} … {searched.high:g}"
    return words if searched.step is None else f"{words} in steps of {searched.step:g}"


def value_words(values: Mapping[str, object]) -> str:
    """Write values by name: ``short_window 15, long_window 50``."""
    return ", ".join(f"{name} {value}" for name, value in values.items())
