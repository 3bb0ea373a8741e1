"""A symbol's bars with overlays, panels and comparisons, as what the chart widget draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.services.indicators import Indicator, compute
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.symbol.header import price_writer
from quant_tui.ui.widgets.candles import Candles
from quant_tui.ui.widgets.chart_axes import BarAxis
from quant_tui.ui.widgets.chart_data import ChartData, Markers, Pane, Pattern, Role, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quant_tui.services.price_series import Floats, PriceSeries
    from quant_tui.storage.duck.records import CorporateAction

    Computed = dict[str, Floats]

LOOKS: tuple[tuple[Role, Pattern], ...] = (
    ("first", "solid"), ("second", "dashed"), ("third", "long"),
    ("fourth", "dotted"), ("fifth", "sparse"), ("sixth", "thin"),
)  # fmt: skip
"""Colour and pattern of the lines of one pane, in turn."""

PRICE_ROWS, PANEL_ROWS = 10, 5
"""Fewest rows of the bars with their volume, and of a panel under them."""

PRICE_WEIGHT, VOLUME_WEIGHT, PANEL_WEIGHT = 8, 2, 3


def _change(value: float | None) -> str:
    text = fmt.signed(None if value is None else 100.0 * value)
    return text if text == fmt.NOTHING else f"{text}%"


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What is on a chart besides the bars.

    Attributes
    ----------
    overlays
        Indicators over the bars.
    panels
        Indicators under them, those of one panel together.
    others
        Symbols compared with, and their closes on the dates of the bars.
    """

    overlays: tuple[Indicator, ...] = ()
    panels: tuple[tuple[Indicator, ...], ...] = ()
    others: tuple[tuple[str, Floats], ...] = ()


def panels_that_fit(rows: int) -> int:
    """Return how many panels have room under the bars in so many rows."""
    return max(0, (rows - PRICE_ROWS) // PANEL_ROWS)


def bars_chart(
    prices: PriceSeries, actions: Sequence[CorporateAction], choice: ChartChoice, panels: int
) -> ChartData:
    """Draw up the chart; computes the indicators, so it is for a thread.

    Parameters
    ----------
    panels
        How many panels there is room for; the first ones are shown.
    """
    shown = [*choice.overlays, *(one for group in choice.panels[:panels] for one in group)]
    computed = dict(zip([one.text for one in shown], compute(shown, prices), strict=True))
    bars = Candles(prices.open, prices.high, prices.low, prices.close, prices.volume)
    lower = [_panel(computed, group) for group in choice.panels[:panels]]
    left_out = len(choice.panels) - len(lower)
    title = f"{left_out} more panel{'s' * (left_out != 1)}: needs more rows" if left_out else ""
    if choice.others:
        upper = _compared(prices, choice)
    else:
        upper = _over_bars(prices, bars, actions, choice, computed)
    upper = replace(upper, title=title)
    volume = Pane(weight=VOLUME_WEIGHT, write=fmt.compact, volume=bars)
    return ChartData(BarAxis(prices.dates), (upper, volume, *lower))


def _over_bars(
    prices: PriceSeries,
    bars: Candles,
    actions: Sequence[CorporateAction],
    choice: ChartChoice,
    computed: Computed,
) -> Pane:
    lines = [one for one in choice.overlays if not one.condition]
    marks = [
        _where_true(prices, one, computed[one.text], "◆◇"[at % 2])
        for at, one in enumerate(one for one in choice.overlays if one.condition)
    ]
    return Pane(
        _lines(computed, lines),
        weight=PRICE_WEIGHT,
        write=price_writer(prices.close),
        may_log=True,
        markers=(*_actions(prices, actions), *marks),
        candles=bars,
    )


def _compared(prices: PriceSeries, choice: ChartChoice) -> Pane:
    named = [(prices.symbol, prices.close), *choice.others]
    lines = [
        Series(name, values, *LOOKS[at % len(LOOKS)], label=chr(ord("A") + at))
        for at, (name, values) in enumerate(named)
    ]
    return Pane(tuple(lines), weight=PRICE_WEIGHT, write=_change, level=0.0, rebased=True)


def _lines(computed: Computed, indicators: Sequence[Indicator]) -> tuple[Series, ...]:
    return tuple(
        Series(short(one.text), computed[one.text], *LOOKS[at % len(LOOKS)])
        for at, one in enumerate(indicators)
    )


def _panel(computed: Computed, group: Sequence[Indicator]) -> Pane:
    series = _lines(computed, group)
    return Pane(series, weight=PANEL_WEIGHT, write=_figure_writer(series), level=0.0)


def _figure_writer(series: Sequence[Series]) -> Callable[[float | None], str]:
    """Write large figures short, small ones with as many decimals as they need."""
    known = [float(np.nanmax(np.abs(one.values))) for one in series
             if np.isfinite(one.values).any()]  # fmt: skip
    most = max(known, default=0.0)
    if most >= 100_000:
        return fmt.compact
    return partial(fmt.number, decimals=2 if most >= 10 else 3 if most >= 1 else 4)


def _where_true(prices: PriceSeries, indicator: Indicator, truth: Floats, mark: str) -> Markers:
    rows = np.flatnonzero(truth == 1.0)
    return Markers(short(indicator.text), rows, prices.high[rows], mark, "text", 1)


def _actions(prices: PriceSeries, actions: Sequence[CorporateAction]) -> tuple[Markers, ...]:
    found = [(position, "S" if "split" in text else "D") for position, text in
             sorted(remarks_of(prices, actions).items())]  # fmt: skip
    if not found:
        return ()
    rows = np.array([position for position, _ in found], dtype=np.int64)
    letters = "".join(letter for _, letter in found)
    return (Markers("actions", rows, prices.low[rows], letters, "text", -1),)


def remarks_of(prices: PriceSeries, actions: Sequence[CorporateAction]) -> dict[int, str]:
    """Return position → what splits and dividends fell into that bar, up to the last bar."""
    found: dict[int, str] = {}
    days = prices.dates.astype("datetime64[D]")
    for action in actions:
        day = np.datetime64(action.date, "D")
        at = int(np.searchsorted(days, day))
        if at >= len(days) or (at == 0 and day < days[0]):
            continue
        texts = [found[at]] if at in found else []
        if action.split_ratio != 1.0:
            texts.append(f"split {action.split_ratio:g}:1")
        if action.dividend:
            texts.append(f"dividend {action.dividend:g}")
        if texts:
            found[at] = ", ".join(texts)
    return found


def short(text: str) -> str:
    """Write an indicator for a legend: ``sma(close, 50)`` is ``sma 50``."""
    name, bracket, rest = text.partition("(")
    if not bracket or not rest.endswith(")") or "(" in rest or not name.isidentifier():
        return text if len(text) <= 24 else f"{text[:23]}…"
    arguments = [one.strip() for one in rest[:-1].split(",") if one.strip()]
    kept = [one.strip('"') for one in arguments if one not in ("close", '"sma"')]
    return " ".join([name, *kept])
