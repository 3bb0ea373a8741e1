"""Options that say how a backtest trades: capital, costs, fills and sizing."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

_FILLS, _COSTS, _SIZE = "Fills", "Costs and interest", "Size and leverage"

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
