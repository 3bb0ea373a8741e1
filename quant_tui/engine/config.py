"""How a backtest trades: capital, costs, fills and sizing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any

from quant_tui.domain.errors import InvalidInput

FILLS = ("next_open", "close")
SHARES = ("fractional", "whole")
SIZINGS = (
    "auto", "all_in", "fraction", "fixed_cash", "fixed_shares", "equal_weight",
    "volatility_target",
)  # fmt: skip
NUMBERED_SIZINGS = ("fraction", "fixed_cash", "fixed_shares", "volatility_target")
"""Sizings that need ``sizing_value``."""

SLIPPAGE_MODELS = ("fraction", "spread", "volume_share")
INTRABAR = ("pessimistic", "optimistic")
FINALIZE = ("mark", "close", "last_open")
SIZE_AT = ("fill", "decision")
CASH_SHORT = ("cut", "reject")

_CHOICES = {
    "fill": FILLS,
    "shares": SHARES,
    "sizing": SIZINGS,
    "finalize": FINALIZE,
    "size_at": SIZE_AT,
    "cash_short": CASH_SHORT,
    "slippage_model": SLIPPAGE_MODELS,
    "intrabar": INTRABAR,
}


@dataclass(frozen=True, slots=True)
class BacktestConfig:
    """Everything beside bars and strategy that decides a backtest's numbers.

    Attributes
    ----------
    initial_capital
        Cash at the start, above zero.
    commission
        Fraction of every fill's value, 0 to 0.5.
    commission_per_share
        Money for every share of a fill, on top.
    commission_minimum
        Least money that a fill's commission comes to.
    slippage_model
        How much worse than its reference a fill's price is, as a fraction of it.
        ``fraction``: ``slippage``. ``spread``: half of ``slippage``, which is the full
        quoted spread. ``volume_share``: ``slippage`` + ``volume_impact`` x (share of the
        bar's volume)² (the model of zipline's ``VolumeShareSlippage``).
    slippage
        Fraction that goes with the model, 0 to 0.5.
    volume_impact
        Price impact of taking a bar's whole volume, a fraction; with ``volume_share``.
    participation_cap
        Largest share of a bar's volume that the fills of a symbol take; the rest of an
        order is cut and counted. None for no cap. Where the volume is not known there is
        neither cap nor impact, and a warning says so. Forced sales know no cap.
    borrow_rate
        Annual rate, a fraction, on what is borrowed: shares sold short at their last
        close, and cash below zero. It accrues by calendar days / 365.
    cash_rate
        Annual rate, a fraction, on idle cash: cash less the value of shares sold short.
    allow_short
        Whether positions below zero may be taken.
    max_leverage
        Most that the value of all positions, long and short, may be of the equity when
        one is opened or added to.
    fill
        ``next_open``: decided on a bar's close, filled at the symbol's next bar's open.
        ``close``: filled at the deciding bar's close.
    shares
        ``fractional``, or ``whole`` (quantities rounded down).
    sizing
        Size of an entry. ``all_in``: all cash. ``fraction``: ``sizing_value`` of the
        equity. ``fixed_cash``: that much money. ``fixed_shares``: that many. All but
        ``fixed_shares`` include the commission, so that the budget is not passed.
        ``equal_weight``: whenever the set of symbols in position changes, each of the
        k symbols is set to 1/k of the equity; one that a stop closed stays closed until
        its next entry. ``volatility_target``: 1/N of the equity x ``sizing_value`` / the
        symbol's annual volatility over its last ``sizing_window`` returns (standard
        deviation with ddof=1), at most ``max_leverage`` of the equity (Moskowitz, Ooi &
        Pedersen 2012). ``auto``: the strategy's own sizing if it
        names one, otherwise ``all_in`` with one symbol and ``fraction`` 1/N with N.
        Strategies that give target weights use those.
    sizing_value
        Number that goes with ``fraction``, ``fixed_cash``, ``fixed_shares`` and
        ``volatility_target`` (annual volatility, a fraction).
    sizing_window
        Bars over which ``volatility_target`` measures.
    size_at
        ``fill``: equity and price are those at the fill. ``decision``: the quantity is
        budget / the deciding bar's close, costs on top, as an order ticket has it.
    cash_short
        When an order costs more than the cash: ``cut`` it to what cash pays, or
        ``reject`` it. Either is counted. With ``size_at`` decision an order is also
        rejected that the cash would not pay for at the deciding bar's close.
    intrabar
        What is assumed of a bar whose prices could have come in more than one order.
        ``pessimistic``: the stop was touched before the target. ``optimistic``: the
        target, and a trailing stop had first followed the bar's best price.
    finalize
        ``mark``: open positions stay open, valued at the last close. ``close``: sold at
        the last bar's close. ``last_open``: sold at the last bar's open.
    delist_after
        A symbol whose bars end at least this many rows before the data do has stopped
        trading: its position is closed at its last close.
    annualization
        Periods a year for annual figures; None derives it from the dates.
    risk_free
        Annual risk-free rate, a fraction; enters Sharpe, alpha and beta.
    seed
        Seed of anything random; kept for the record, the simulation itself has none.
    """

    initial_capital: float = 100_000.0
    commission: float = 0.0
    commission_per_share: float = 0.0
    commission_minimum: float = 0.0
    slippage_model: str = "fraction"
    slippage: float = 0.0
    volume_impact: float = 0.0
    participation_cap: float | None = None
    borrow_rate: float = 0.0
    cash_rate: float = 0.0
    allow_short: bool = False
    max_leverage: float = 1.0
    fill: str = "next_open"
    shares: str = "fractional"
    sizing: str = "auto"
    sizing_value: float | None = None
    sizing_window: int = 20
    size_at: str = "fill"
    cash_short: str = "cut"
    intrabar: str = "pessimistic"
    finalize: str = "mark"
    delist_after: int = 1
    annualization: float | None = None
    risk_free: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every field, so that a config that exists can be used."""
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InvalidInput(
                    f"{name} must be one of {', '.join(choices)}, not {value!r}.", field=name
                )
        self._number("initial_capital", least=0.01, most=1e15)
        self._check_costs()
        if not isinstance(self.allow_short, bool):
            raise InvalidInput(
                f"allow_short must be true or false, not {self.allow_short!r}.",
                field="allow_short",
            )
        self._number("max_leverage", above=0.0, most=100.0)
        self._number("risk_free", above=-1.0, most=1.0)
        if self.annualization is not None:
            self._number("annualization", above=0.0, most=1e8)
        self._whole("seed", least=0, most=2**63 - 1)
        self._whole("delist_after", least=1)
        self._whole("sizing_window", least=2, most=100_000)
        self._check_sizing_value()

    def _check_costs(self) -> None:
        self._number("commission", least=0.0, most=0.5)
        self._number("commission_per_share", least=0.0, most=1e9)
        self._number("commission_minimum", least=0.0, most=1e9)
        self._number("slippage", least=0.0, most=0.5)
        self._number("volume_impact", least=0.0, most=10.0)
        if self.volume_impact > 0.0 and self.slippage_model != "volume_share":
            raise InvalidInput(
                f"slippage_model {self.slippage_model} takes no volume_impact.",
                field="volume_impact",
                hint="Leave it out, or choose slippage_model volume_share.",
            )
        if self.participation_cap is not None:
            self._number("participation_cap", above=0.0, most=1.0)
        self._number("borrow_rate", least=0.0, most=10.0)
        self._number("cash_rate", least=-0.1, most=1.0)

    def _check_sizing_value(self) -> None:
        if self.sizing in NUMBERED_SIZINGS:
            if self.sizing_value is None:
                raise InvalidInput(
                    f"sizing {self.sizing} needs sizing_value.", field="sizing_value"
                )
            most = {"fraction": max(1.0, self.max_leverage), "volatility_target": 10.0}
            self._number("sizing_value", above=0.0, most=most.get(self.sizing, 1e15))
        elif self.sizing_value is not None:
            raise InvalidInput(
                f"sizing {self.sizing} takes no sizing_value.",
                field="sizing_value",
                hint=f"Leave it out, or choose one of {', '.join(NUMBERED_SIZINGS)}.",
            )

    def _number(
        self,
        name: str,
        *,
        least: float = -math.inf,
        above: float = -math.inf,
        most: float = math.inf,
    ) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise InvalidInput(f"{name} must be a number, not {value!r}.", field=name)
        number = float(value)
        if not math.isfinite(number) or number < least or number <= above or number > most:
            low = f"at least {least:g}" if math.isfinite(least) else f"above {above:g}"
            raise InvalidInput(f"{name} must be {low} and at most {most:g}.", field=name)
        object.__setattr__(self, name, number)

    def _whole(self, name: str, *, least: int, most: int = 2**31 - 1) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
            raise InvalidInput(
                f"{name} must be a whole number, at least {least}, not {value!r}.", field=name
            )
        if int(value) > most:
            raise InvalidInput(f"{name} must be at most {most}.", field=name)
        object.__setattr__(self, name, int(value))

    def resolve(
        self, *, symbols: int, annualization: float, sizing: tuple[str, float | None] | None = None
    ) -> BacktestConfig:
        """Fill in what depends on the bars and the strategy.

        Parameters
        ----------
        symbols
            Number of symbols traded.
        annualization
            Periods a year that the dates give.
        sizing
            The strategy's own sizing and its value, or None.
        """
        method, value = self.sizing, self.sizing_value
        if method == "auto":
            if sizing is not None:
                method, value = sizing
            elif symbols == 1:
                method = "all_in"
            else:
                method, value = "fraction", 1.0 / symbols
        return replace(
            self,
            sizing=method,
            sizing_value=value,
            annualization=self.annualization or annualization,
        )

    def to_document(self) -> dict[str, Any]:
        """Return every field, defaults filled in, ready for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> BacktestConfig:
        """Make a config from what ``to_document`` gave, or a part of it.

        Raises
        ------
        InvalidInput
            A key is unknown or a value cannot be used.
        """
        known = {field.name for field in fields(cls)}
        for name in document:
            if name not in known:
                raise InvalidInput(
                    f"{name} is not a field of the backtest configuration.",
                    field=str(name),
                    hint=f"Fields: {', '.join(sorted(known))}.",
                )
        return cls(**dict(document))
