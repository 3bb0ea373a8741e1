"""``quant-tui data show``: one symbol's last bars, figures and facts."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json, print_table
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.domain.errors import NotFound
from quant_tui.services.composition import Services

if TYPE_CHECKING:
    from quant_tui.services.price_series import PriceSeries
    from quant_tui.services.symbols import SymbolProfile

WIDEST, CHART_ROWS = 160, 30
EPILOG = (
    "Examples:  quant-tui data show GOOG  ·  quant-tui data show GOOG --chart --interval 1wk  ·  "
    'quant-tui data show GOOG --indicator "sma(close, 50), rsi(close, 14)" --json'
)


def show(
    context: typer.Context,
    symbol: Annotated[str, typer.Argument(help="Which symbol.")],
    interval: Annotated[
        str, typer.Option(help="1d, 1wk, 1mo, or as 5m and 1h where such bars are stored.")
    ] = "",
    bars: Annotated[int, typer.Option(min=1, help="How many of the last bars.")] = 10,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Nothing later than this day."),
    ] = None,
    indicator: Annotated[
        list[str] | None,
        typer.Option(help='An expression of the rule language, as "sma(close, 50)".'),
    ] = None,
    chart: Annotated[bool, typer.Option("--chart", help="Draw the bars.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a symbol: who it is, its last bars, and indicators on them."""
    command: CommandContext = context.obj
    until = None if as_of is None else datetime.combine(as_of.date(), time.max, UTC)

    async def work(services: Services) -> tuple[SymbolProfile, PriceSeries]:
        await services.market_data.require([symbol], field="symbol")
        profile = await services.symbols.profile(symbol)
        wanted = interval or profile.usual_interval
        prices = await services.symbols.prices(profile, wanted, until)
        if not len(prices):
            first = min(one.first for one in profile.summaries)
            raise NotFound(
                f"No bar of {symbol} was there on {as_of:%Y-%m-%d}.",
                hint=f"Its first is of {first}.",
            )
        return profile, prices

    texts = indicator or []
    columns = _indicator_texts(texts)
    profile, prices = command.run(work)
    computed = _computed(columns, prices)
    rows = _rows(prices, computed, bars)
    if as_json:
        print_json(_document(profile, prices, rows, until))
        return
    _print_facts(profile, prices)
    if chart:
        print(_drawn(prices, columns))
    titles = ["date", "open", "high", "low", "close", "change", "volume", *computed]
    print_table(titles, [row.written() for row in rows], "No bars.")


def _indicator_texts(texts: list[str]) -> list[str]:
    from quant_tui.services.indicators import split_expressions

    return [one for text in texts for one in split_expressions(text)]


def _computed(texts: list[str], prices: PriceSeries) -> dict[str, list[float | None]]:
    """Return expression → figures, None where undefined."""
    if not texts:
        return {}
    import math

    from quant_tui.services.indicators import compute, read_indicator

    indicators = [read_indicator(text) for text in texts]
    return {
        one.text: [value if math.isfinite(value) else None for value in values.tolist()]
        for one, values in zip(indicators, compute(indicators, prices), strict=True)
    }


class _Bar(NamedTuple):
    """One bar with what was computed on it."""

    when: date
    open: float
    high: float
    low: float
    close: float
    change: float | None
    volume: int
    indicators: dict[str, float | None]

    def to_document(self) -> Document:
        """Return the bar as plain data."""
        found: Document = self._asdict()
        return {"date": found.pop("when"), **found}

    def written(self) -> list[object]:
        """Return the cells of a table."""
        from quant_tui.ui import format as fmt

        timed = isinstance(self.when, datetime)
        day = f"{self.when:%Y-%m-%d %H:%M}" if timed else f"{self.when:%Y-%m-%d}"
        prices = [self.open, self.high, self.low, self.close]
        return [day, *prices, fmt.change(self.change), self.volume, *self.indicators.values()]


def _rows(prices: PriceSeries, computed: dict[str, list[float | None]], bars: int) -> list[_Bar]:
    found = []
    for at in range(max(0, len(prices) - bars), len(prices)):
        moment = prices.dates[at].item()
        found.append(
            _Bar(
                moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else moment,
                float(prices.open[at]),
                float(prices.high[at]),
                float(prices.low[at]),
                float(prices.close[at]),
                float(prices.returns[at - 1]) if at else None,
                int(prices.volume[at]),
                {text: values[at] for text, values in computed.items()},
            )
        )
    return found


def _document(
    profile: SymbolProfile,
    prices: PriceSeries,
    rows: list[_Bar],
    until: datetime | None,
) -> Document:
    from quant_tui.services.price_statistics import YearRange

    company = profile.company
    year = YearRange.of(prices)
    return {
        "symbol": profile.symbol,
        "name": company.name if company else None,
        "sector": company.sector or None if company else None,
        "industry": company.industry or None if company else None,
        "interval": prices.interval,
        "as_of": until,
        "synthetic": profile.synthetic,
        "stored": [
            {
                "interval": one.interval,
                "source": one.source,
                "adjustment": one.adjustment,
                "first": one.first,
                "last": one.last,
                "bars": one.rows,
            }
            for one in profile.summaries
        ],
        "last": {"date": rows[-1].when, "close": rows[-1].close, "change": rows[-1].change},
        "range_52_weeks": {"low": year.low, "high": year.high},
        "bars": [row.to_document() for row in rows],
    }


def _print_facts(profile: SymbolProfile, prices: PriceSeries) -> None:
    from quant_tui.services.price_statistics import YearRange
    from quant_tui.ui import format as fmt
    from quant_tui.ui.screens.symbol.header import place_bar, price_writer

    company = profile.company
    write = price_writer(prices.close)
    parts = [profile.symbol]
    if company is not None:
        parts += [company.name, company.sector]
    print(plain("  ".join(part for part in parts if part)))
    year = YearRange.of(prices)
    invented = "  invented figures" if profile.synthetic else ""
    print(
        f"{fmt.day(prices.moment(-1))}  {write(year.last)}  {fmt.change(prices.change)}  "
        f"52 weeks {write(year.low)} {place_bar(year.place, 13)} {write(year.high)}{invented}"
    )


def _drawn(prices: PriceSeries, texts: list[str]) -> str:
    from quant_tui.ui.screens.symbol.bars_chart import bars_chart, panels_that_fit
    from quant_tui.ui.screens.symbol.chart_page import read_choice
    from quant_tui.ui.widgets.chart_raster import draw

    width = min(shutil.get_terminal_size().columns, WIDEST)
    rows = CHART_ROWS
    choice = read_choice(tuple(texts))
    data = bars_chart(prices, (), choice, panels_that_fit(rows))
    grid = draw(data, max(0, len(prices) - width), len(prices), width, rows, log=False)
    return "\n".join("".join(line).rstrip() for line in grid.characters)
