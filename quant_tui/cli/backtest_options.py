"""Options that say what a backtest runs and how it trades: capital, costs, fills, sizing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from quant_tui.domain.base import Document

if TYPE_CHECKING:
    from quant_tui.engine import BacktestConfig

_FILLS, _COSTS, _SIZE = "Fills", "Costs and interest", "Size and leverage"

Symbols = Annotated[str, typer.Option(help="Symbols, with commas between.")]
Template = Annotated[str, typer.Option(help="A template's type.")]
StrategyId = Annotated[str, typer.Option("--id", help="One of your strategies, by id or name.")]
RulesFile = Annotated[Path | None, typer.Option(help="A rule document, YAML or JSON.")]
Start = Annotated[str, typer.Option(help="First session, YYYY-MM-DD.")]
End = Annotated[str, typer.Option(help="Last session, YYYY-MM-DD.")]
Capital = Annotated[float, typer.Option(help="Cash at the start.")]
Commission = Annotated[
    float, typer.Option(help="Fraction of the value of a fill.", rich_help_panel=_COSTS)
]
CommissionPerShare = Annotated[
    float, typer.Option(help="Money for every share of a fill, on top.", rich_help_panel=_COSTS)
]
CommissionMinimum = Annotated[
    float, typer.Option(help="Least money that a fill costs.", rich_help_panel=_COSTS)
]
Slippage = Annotated[
    float,
    typer.Option(
        help="Fraction of the price, against you; with the model spread, the full quoted"
        " spread, of which half is paid.",
        rich_help_panel=_COSTS,
    ),
]
SlippageModel = Annotated[
    Literal["fraction", "spread", "volume_share"],
    typer.Option(
        help="fraction: --slippage; spread: half of it; volume_share: it and --volume-impact"
        " times the squared share of the bar's volume.",
        rich_help_panel=_COSTS,
    ),
]
VolumeImpact = Annotated[
    float,
    typer.Option(
        help="Price impact, a fraction, of taking a bar's whole volume; with volume_share.",
        rich_help_panel=_COSTS,
    ),
]
BorrowRate = Annotated[
    float,
    typer.Option(
        help="Annual rate, a fraction, on shares sold short and on borrowed cash.",
        rich_help_panel=_COSTS,
    ),
]
CashRate = Annotated[
    float, typer.Option(help="Annual rate, a fraction, on idle cash.", rich_help_panel=_COSTS)
]
Fill = Annotated[
    Literal["next_open", "close"],
    typer.Option(help="When an order fills.", rich_help_panel=_FILLS),
]
Shares = Annotated[
    Literal["fractional", "whole"],
    typer.Option(help="What can be bought.", rich_help_panel=_FILLS),
]
ParticipationCap = Annotated[
    float | None,
    typer.Option(
        help="Largest share of a bar's volume to trade, a fraction; the rest is cut.",
        rich_help_panel=_FILLS,
    ),
]
Intrabar = Annotated[
    Literal["pessimistic", "optimistic"],
    typer.Option(
        help="What a bar that touches both stop and target is taken for: the stop, or the target.",
        rich_help_panel=_FILLS,
    ),
]
Sizing = Annotated[
    str,
    typer.Option(
        help="Size of an entry: auto, all_in, equal_weight, fraction:0.25 of the equity,"
        " fixed_cash:10000, fixed_shares:100, volatility_target:0.15 a year.",
        metavar="NAME[:VALUE]",
        rich_help_panel=_SIZE,
    ),
]
SizingWindow = Annotated[
    int,
    typer.Option(help="Bars over which volatility_target measures.", rich_help_panel=_SIZE),
]
AllowShort = Annotated[
    bool,
    typer.Option("--allow-short", help="Let the strategy sell short.", rich_help_panel=_SIZE),
]
MaxLeverage = Annotated[
    float,
    typer.Option(
        help="Most that all positions, long and short, may be of the equity.",
        rich_help_panel=_SIZE,
    ),
]


_FIELDS = {
    "capital": "initial_capital",
    **{
        name: name
        for name in (
            "commission", "commission_per_share", "commission_minimum", "slippage_model",
            "slippage", "volume_impact", "borrow_rate", "cash_rate", "fill", "shares",
            "participation_cap", "intrabar", "sizing_window", "allow_short", "max_leverage",
            "seed",
        )
    },
}  # fmt: skip
"""Fields of the configuration, by the options that say them."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a command line says of the run that it wants, read once for every such command.

    Attributes
    ----------
    symbols
        In their order.
    strategy_type, strategy_id, text
        One of a template's type, a strategy's id, and the text of a rule document.
    start, end
        First and last session; None for all there is.
    """

    symbols: tuple[str, ...]
    strategy_type: str
    strategy_id: str
    text: str | None
    start: date | None
    end: date | None
    _sizing: tuple[str, float | None]
    _given: Mapping[str, object]

    @classmethod
    def of(cls, given: Mapping[str, object], text: str | None) -> Self:
        """Read the options of a command.

        Parameters
        ----------
        given
            By the names of its parameters, as ``locals()`` has them.
        text
            Of the rule document; None without one.

        Raises
        ------
        typer.BadParameter
            Not exactly one strategy is given, or a date or the sizing cannot be read.
        """
        strategies = [given[name] for name in ("strategy", "strategy_id", "file")]
        if sum(map(bool, strategies)) != 1:
            raise typer.BadParameter("Give one of --strategy, --id and --file.")
        sizing = parse_sizing(str(given["sizing"]))
        start, end = (parse_date(str(given[name]), f"--{name}") for name in ("start", "end"))
        return cls(
            symbols=tuple(str(given["symbols"]).split(",")),
            strategy_type=str(given["strategy"]),
            strategy_id=str(given["strategy_id"]),
            text=text,
            start=start,
            end=end,
            _sizing=sizing,
            _given=given,
        )

    def document(self) -> Document:
        """Return the rule document of the file; empty without one.

        Raises
        ------
        StrategyError
            It cannot be read.
        """
        from quant_tui.engine.rules import parse_document

        return parse_document(self.text).to_document() if self.text is not None else {}

    def config(self) -> BacktestConfig:
        """Return how the run trades.

        Raises
        ------
        InvalidInput
            A number is out of range.
        """
        from quant_tui.engine import BacktestConfig

        values = {_FIELDS[name]: value for name, value in self._given.items() if name in _FIELDS}
        name, value = self._sizing
        return BacktestConfig(**values, sizing=name, sizing_value=value)  # type: ignore[arg-type]  # typer has read them


def parse_date(text: str, option: str) -> date | None:
    """Read a date as ISO 8601 has it; None for an empty text.

    Raises
    ------
    typer.BadParameter
        It is none.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text!r} is no date. Write YYYY-MM-DD.") from None


def parse_sizing(text: str) -> tuple[str, float | None]:
    """Read ``NAME`` or ``NAME:VALUE``.

    Raises
    ------
    typer.BadParameter
        There is no such sizing, it lacks its value or takes none, or that is no number.
    """
    from quant_tui.engine.config import NUMBERED_SIZINGS, SIZINGS

    name, colon, value = text.partition(":")
    if name not in SIZINGS:
        raise typer.BadParameter(f"--sizing {name!r} is none of {', '.join(SIZINGS)}.")
    if bool(colon) != (name in NUMBERED_SIZINGS):
        form = f"{name}:VALUE" if name in NUMBERED_SIZINGS else name
        raise typer.BadParameter(f"--sizing {text!r} is incomplete or too much. Write {form}.")
    if not colon:
        return name, None
    try:
        return name, float(value)
    except ValueError:
        raise typer.BadParameter(f"--sizing {text!r}: {value!r} is no number.") from None
