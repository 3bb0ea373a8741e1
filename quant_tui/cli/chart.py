"""A result's equity and drawdown as a picture of characters, for a shell."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from quant_tui.domain.base import Document

_WIDEST = 120
_EQUITY_ROWS, _DRAWDOWN_ROWS = 16, 8
_MOST_POINTS = 4_000
"""Points that are drawn; more than the dots of any terminal's width."""


def equity_chart(document: Document) -> str:
    """Draw the equity curve of a backtest's document, and its fall from the peak below it.

    Parameters
    ----------
    document
        As ``backtest show --json`` prints it, with a result.
    """
    import plotext

    curve = document["portfolio_value"]
    dates, values = curve["date"], curve["value"]
    step = max(1, len(values) // _MOST_POINTS)
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    plotext.main()  # else the panes of a chart before this one would be kept in it
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(width, _EQUITY_ROWS + _DRAWDOWN_ROWS)
    plotext.subplots(2, 1)
    plotext.subplot(1, 1).plot_size(width, _EQUITY_ROWS)
    _draw("Equity", dates[::step], values[::step])
    plotext.subplot(2, 1).plot_size(width, _DRAWDOWN_ROWS)
    _draw("Drawdown, %", dates[::step], _falls(values, document)[::step])
    drawn: str = plotext.uncolorize(plotext.build())
    return drawn.rstrip()


def _draw(title: str, dates: Sequence[str], values: Sequence[float]) -> None:
    import plotext

    places = [0, len(dates) // 2, len(dates) - 1]
    plotext.title(title)
    plotext.plot(range(len(values)), values, marker="braille")
    plotext.xticks(places, [dates[place][:10] for place in places])


def _falls(values: Sequence[float], document: Document) -> list[float]:
    """Fall from the running peak, the initial capital included, in percent."""
    peak, falls = float(document["performance"]["initial_capital"]), []
    for value in values:
        peak = max(peak, value)
        falls.append(100.0 * (value / peak - 1.0))
    return falls
